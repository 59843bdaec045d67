//! From the text of a flag to a JSON value, by the shape of the member.
//!
//! Promises that a value that begins with `{` or `[` is JSON, and that nothing is guessed: a number without its unit
//! is not a quantity. Does not check spellings (identifiers, dates): the event types do, with their own words.

use super::shape::{Member, Shape, Spelling};
use crate::strict;
use serde_json::{Map, Value, json};
use trial_core::quantity::Decimal;

/// Why a text does not fit a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// JSON pointer inside the flag's value; empty for the whole.
    pub at: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The nearest word to the one found.
    pub nearest: Option<String>,
}

impl Unfit {
    fn new(expected: impl Into<String>, found: &str) -> Unfit {
        let found = match found.char_indices().nth(80) {
            Some((end, _)) => format!("{:?}..", &found[..end]),
            None => format!("{found:?}"),
        };
        Unfit { at: String::new(), expected: expected.into(), found, nearest: None }
    }

    fn below(mut self, step: &str) -> Unfit {
        self.at = format!("/{}{}", step.replace('~', "~0").replace('/', "~1"), self.at);
        self
    }
}

/// The nearest of some words, where one is near enough to be meant: alike on the whole, or one slip of the finger away.
pub fn nearest<'a>(found: &str, words: impl Iterator<Item = &'a str>) -> Option<String> {
    let score = |word: &str| match strsim::osa_distance(found, word) {
        0 | 1 => 1.0,
        _ => strsim::jaro_winkler(found, word),
    };
    let scored = words.map(|word| (score(word), word));
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, word)| word.to_owned())
}

/// All texts of one flag, in the order given.
pub fn gather(shape: &Shape, texts: &[&str]) -> Result<Value, Unfit> {
    match shape {
        Shape::List(item) => {
            let mut items = Vec::new();
            for text in texts {
                let before = items.len();
                let found = list(item, text).map_err(|(i, unfit)| unfit.below(&(before + i).to_string()))?;
                items.extend(found);
            }
            Ok(Value::Array(items))
        }
        Shape::Map(value) => {
            let mut all = Map::new();
            for text in texts {
                for (name, value) in map(value, text)? {
                    if all.insert(name.clone(), value).is_some() {
                        return Err(Unfit::new("each name once", &name));
                    }
                }
            }
            Ok(Value::Object(all))
        }
        _ => match texts {
            [text] => value(shape, text),
            _ => Err(Unfit::new("one value", &texts.join(" "))),
        },
    }
}

/// One text.
pub fn value(shape: &Shape, text: &str) -> Result<Value, Unfit> {
    let unfit = || Unfit::new(shape.expected(), text);
    match shape {
        Shape::Text(_) => Ok(text.into()),
        Shape::Integer { min, max } => {
            let number = text.parse::<i64>().ok().filter(|n| (min..=max).contains(&n));
            number.map(Value::from).ok_or_else(unfit)
        }
        Shape::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| unfit()),
        Shape::Word(words) => match words.iter().any(|w| w.word == text) {
            true => Ok(text.into()),
            false => {
                let nearest = nearest(text, words.iter().map(|w| w.word.as_str()));
                Err(Unfit { nearest, ..unfit() })
            }
        },
        Shape::Quantity(_) if text.starts_with('{') => json_text(text),
        Shape::Quantity(units) => match quantity(text) {
            Some((number, unit)) if units.is_empty() || units.iter().any(|u| u == unit) => {
                Ok(json!({ "value": number, "unit": unit }))
            }
            Some(_) | None => Err(unfit()),
        },
        Shape::CategoryOrQuantity if text.starts_with(['{', '"']) => json_text(text),
        Shape::CategoryOrQuantity => match quantity(text) {
            Some((number, unit)) => Ok(json!({ "value": number, "unit": unit })),
            None => Ok(text.into()),
        },
        Shape::List(_) | Shape::Map(_) => gather(shape, &[text]),
        Shape::Object(members) => object(members, text),
        Shape::Json => match text {
            "null" => Ok(Value::Null),
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ if text.starts_with(['{', '[', '"']) => json_text(text),
            // A number with a point stays text: decimals are strings in the log.
            _ => Ok(text.parse::<i64>().ok().filter(|n| n.to_string() == text).map_or(text.into(), Value::from)),
        },
    }
}

fn json_text(text: &str) -> Result<Value, Unfit> {
    strict::parse(text).map_err(|e| Unfit::new(format!("JSON ({e})"), text))
}

/// Whether several values may stand in one text, with commas between.
pub fn splits(item: &Shape) -> bool {
    match item {
        Shape::Text(spelling) => *spelling != Spelling::Free,
        Shape::Integer { .. } | Shape::Boolean | Shape::Word(_) => true,
        Shape::Quantity(units) => !units.is_empty(),
        Shape::CategoryOrQuantity | Shape::List(_) | Shape::Map(_) | Shape::Object(_) | Shape::Json => false,
    }
}

fn list(item: &Shape, text: &str) -> Result<Vec<Value>, (usize, Unfit)> {
    if text.starts_with('[') {
        return match json_text(text).map_err(|unfit| (0, unfit))? {
            Value::Array(items) => Ok(items),
            _ => Err((0, Unfit::new("a JSON array", text))),
        };
    }
    if !splits(item) {
        return value(item, text).map(|v| vec![v]).map_err(|unfit| (0, unfit));
    }
    text.split(',').enumerate().map(|(i, part)| value(item, part.trim()).map_err(|unfit| (i, unfit))).collect()
}

fn map(shape: &Shape, text: &str) -> Result<Map<String, Value>, Unfit> {
    if text.starts_with('{') {
        return match json_text(text)? {
            Value::Object(members) => Ok(members),
            _ => Err(Unfit::new("a JSON object", text)),
        };
    }
    let mut values = Map::new();
    for (name, raw) in pairs(text)? {
        let found = raw.value(shape).map_err(|unfit| unfit.below(name))?;
        if values.insert(name.to_owned(), found).is_some() {
            return Err(Unfit::new("each name once", name));
        }
    }
    Ok(values)
}

fn object(members: &[Member], text: &str) -> Result<Value, Unfit> {
    if text.starts_with('{') {
        return json_text(text);
    }
    let mut found = Map::new();
    for (name, raw) in pairs(text)? {
        let Some(member) = members.iter().find(|m| m.name == name || m.flag() == name) else {
            let expected = Shape::Object(members.to_vec()).expected();
            let nearest = nearest(name, members.iter().map(|m| m.name.as_str()));
            return Err(Unfit { nearest, ..Unfit::new(expected, name) });
        };
        let value = raw.value(&member.shape).map_err(|unfit| unfit.below(&member.name))?;
        if found.insert(member.name.clone(), value).is_some() {
            return Err(Unfit::new("each member once", name));
        }
    }
    if let Some(missing) = members.iter().find(|m| m.required && !found.contains_key(&m.name)) {
        return Err(Unfit::new(format!("the member {}: {}", missing.name, missing.shape.expected()), text));
    }
    Ok(Value::Object(found))
}

/// The right side of `name=value`.
enum Raw<'a> {
    Text(&'a str),
    Json(Value),
}

impl Raw<'_> {
    fn value(self, shape: &Shape) -> Result<Value, Unfit> {
        match self {
            Raw::Text(text) => value(shape, text),
            Raw::Json(value) => Ok(value),
        }
    }
}

/// Splits `a=1,b=x, y,c=[..]`: a comma begins a new member only where `name=` follows; a value that begins with `{`,
/// `[` or `"` is JSON and ends where that ends.
fn pairs(text: &str) -> Result<Vec<(&str, Raw<'_>)>, Unfit> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        let Some((name, after)) = name_before_equals(rest) else {
            return Err(Unfit::new("NAME=VALUE", rest));
        };
        if after.starts_with(['{', '[', '"']) {
            let (value, left) =
                strict::parse_front(after).map_err(|e| Unfit::new(format!("JSON ({e})"), after).below(name))?;
            pairs.push((name, Raw::Json(value)));
            match left.trim_start() {
                "" => return Ok(pairs),
                left => match left.strip_prefix(',') {
                    Some(next) => rest = next,
                    None => return Err(Unfit::new("a comma after the JSON value", left).below(name)),
                },
            }
        } else {
            let end = after.match_indices(',').map(|(i, _)| i).find(|i| name_before_equals(&after[i + 1..]).is_some());
            pairs.push((name, Raw::Text(after[..end.unwrap_or(after.len())].trim())));
            match end {
                Some(end) => rest = &after[end + 1..],
                None => return Ok(pairs),
            }
        }
    }
}

fn name_before_equals(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.split_once('=')?;
    let name = name.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
    (!name.is_empty() && name.bytes().all(allowed)).then_some((name, after.trim_start()))
}

/// `3.0Gy`, `1 mg`, `150 10^9/L`: a decimal number and what stands after it. A unit that begins with a digit or a
/// sign needs a space before it, so that `1-3` and `2016-10-17` are no quantities.
fn quantity(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let end = text.char_indices().find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || (*i == 0 && *c == '-')));
    let (number, unit) = text.split_at(end?.0);
    number.parse::<Decimal>().ok()?;
    let begins = |c: char| c.is_alphabetic() || matches!(c, '%' | '°' | '{' | '[' | '/');
    let stands = unit.starts_with(' ') || unit.starts_with(begins);
    stands.then_some((number, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_followed_by_a_unit_is_a_quantity_and_nothing_else_is() {
        for (text, number, unit) in
            [("3.0Gy", "3.0", "Gy"), ("1 mg", "1", "mg"), ("150 10^9/L", "150", "10^9/L"), ("-0.5%", "-0.5", "%")]
        {
            assert_eq!(quantity(text), Some((number, unit)));
        }
        for text in ["3", "3.0", "Gy", "", "1-3", "2016-10-17", "01mg", ".5mg", "1.2.3mg", "--1mg"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }

    #[test]
    fn a_comma_begins_a_member_only_where_a_name_follows() {
        let text = "term=Nausea, mild,grades=1,2,3,more={\"a\":[1,2]},last=x";
        let found: Vec<_> =
            pairs(text).unwrap().into_iter().map(|(name, raw)| (name, raw.value(&Shape::Json))).collect();
        let expected = [
            ("term", Ok(json!("Nausea, mild"))),
            ("grades", Ok(json!("1,2,3"))),
            ("more", Ok(json!({"a": [1, 2]}))),
            ("last", Ok(json!("x"))),
        ];
        assert_eq!(found, expected);
        for bad in ["", "T1", "=T1", "a b=1", "a={", "a={}b"] {
            assert!(pairs(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn any_json_takes_whole_numbers_and_words_and_leaves_decimals_as_text() {
        for (text, expected) in [
            ("3", json!(3)),
            ("3.5", json!("3.5")),
            ("\"3\"", json!("3")),
            ("null", Value::Null),
            ("2016-10-17", json!("2016-10-17")),
            ("007", json!("007")),
            ("{\"value\":\"3\",\"unit\":\"Gy\"}", json!({"value": "3", "unit": "Gy"})),
        ] {
            assert_eq!(value(&Shape::Json, text), Ok(expected));
        }
    }
}
