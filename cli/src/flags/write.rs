//! From an event back to flags: the example in each help page, and the proof that flags can say every event.
//!
//! Promises that what is written reads back to the same value: where the short form would not, it is JSON.

use super::{
    read::{self, splits},
    shape::{self, Shape},
};
use serde_json::Value;
use trial_core::event::EventKind;

/// The flags that state an event, without the subcommand: `--subject`, `S-001`, ...
pub fn arguments(kind: EventKind, event: &Value) -> Vec<String> {
    let mut arguments = Vec::new();
    for member in shape::members(kind) {
        let Some(value) = event.get(&member.name) else { continue };
        let flag = format!("--{}", member.flag());
        for text in texts(&member.shape, value) {
            // An empty value, or one that looks like a flag, has to be tied to its flag.
            if text.is_empty() || text.starts_with('-') {
                arguments.push(format!("{flag}={text}"));
            } else {
                arguments.extend([flag.clone(), text]);
            }
        }
    }
    arguments
}

/// The whole command line for an event, quoted for a POSIX shell.
pub fn command_line(kind: EventKind, event: &Value) -> String {
    let mut line = format!("trial append {}", super::subcommand(kind));
    for argument in arguments(kind, event) {
        let gap = if argument.starts_with("--") { " \\\n    " } else { " " };
        line.push_str(gap);
        line.push_str(&quoted(&argument));
    }
    line
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:-/=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The texts of a repeatable flag, or the one text of another.
fn texts(shape: &Shape, value: &Value) -> Vec<String> {
    let texts: Option<Vec<String>> = match (shape, value) {
        (Shape::List(item), Value::Array(values)) if !values.is_empty() => {
            let texts = values.iter().map(|v| text(item, v)).collect::<Option<Vec<_>>>();
            texts.map(|texts| if splits(item) { vec![texts.join(",")] } else { texts })
        }
        (Shape::Map(inner), Value::Object(values)) if !values.is_empty() => {
            values.iter().map(|(name, v)| text(inner, v).map(|text| format!("{name}={text}"))).collect()
        }
        _ => text(shape, value).map(|text| vec![text]),
    };
    let reads_back = |texts: &Vec<String>| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        read::gather(shape, &texts).as_ref() == Ok(value)
    };
    texts.filter(reads_back).unwrap_or_else(|| vec![value.to_string()])
}

/// The short form of one value, where it has one.
fn text(shape: &Shape, value: &Value) -> Option<String> {
    match shape {
        Shape::Text(_) | Shape::Word(_) => value.as_str().map(str::to_owned),
        Shape::Integer { .. } | Shape::Boolean => Some(value.to_string()),
        Shape::Quantity(_) => quantity(value),
        Shape::CategoryOrQuantity => value.as_str().map(str::to_owned).or_else(|| quantity(value)),
        Shape::List(_) | Shape::Map(_) => Some(value.to_string()),
        Shape::Object(members) => {
            let object = value.as_object()?;
            // In the order of the facts, as in the help.
            let present = members.iter().filter_map(|m| object.get(&m.name).map(|v| (m, v)));
            let pairs = present.map(|(m, v)| text(&m.shape, v).map(|text| format!("{}={text}", m.name)));
            let short = pairs.collect::<Option<Vec<_>>>()?.join(",");
            let same = read::value(shape, &short).as_ref() == Ok(value);
            Some(if same { short } else { value.to_string() })
        }
        Shape::Json => {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(if read::value(shape, &plain).as_ref() == Ok(value) { plain } else { value.to_string() })
        }
    }
}

fn quantity(value: &Value) -> Option<String> {
    let (number, unit) = (value.get("value")?.as_str()?, value.get("unit")?.as_str()?);
    let gap = if unit.starts_with(char::is_alphabetic) { "" } else { " " };
    Some(format!("{number}{gap}{unit}"))
}
