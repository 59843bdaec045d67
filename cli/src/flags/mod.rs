//! Flags for every event, generated from its JSON Schema: `trial append dose-taken --subject S-001 --dose 1mg`.
//!
//! Promises that a new member of an event has its flag and its help without a line here. Does not check whether the
//! event can have happened: that is admission, at append.

pub mod read;
pub mod shape;
pub mod write;

use crate::draft;
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValue, builder::PossibleValuesParser};
use read::Unfit;
use serde_json::{Map, Value};
use shape::{Member, Shape, Spelling};
use std::fmt;
use trial_core::{
    authority,
    event::{EventError, EventKind, VERSION},
};

/// The longest line of an example: help is wrapped at 100 columns, and a wrapped example cannot be copied.
const EXAMPLE_COLUMNS: usize = 97;

/// Why flags do not state an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagError {
    /// A text that cannot be read.
    Unfit {
        /// The flag without its dashes.
        flag: String,
        /// What was expected, what was found, and where in the value.
        unfit: Unfit,
    },
    /// A value that the event refuses.
    Refused {
        /// The flag without its dashes; empty where it is the event as a whole.
        flag: String,
        /// JSON pointer inside the flag's value; empty for the whole.
        at: String,
        /// What was expected and found, in the words of the event.
        message: String,
    },
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |f: &mut fmt::Formatter<'_>, flag: &str, at: &str| match (flag, at) {
            ("", _) => Ok(()),
            (flag, "") => write!(f, "--{flag}: "),
            (flag, at) => write!(f, "--{flag} at {at}: "),
        };
        match self {
            FlagError::Unfit { flag, unfit } => {
                place(f, flag, &unfit.at)?;
                write!(f, "expected {}, found {}", unfit.expected, unfit.found)
            }
            FlagError::Refused { flag, at, message } => {
                place(f, flag, at)?;
                f.write_str(message)
            }
        }
    }
}

impl std::error::Error for FlagError {}

impl FlagError {
    /// What to do next, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            FlagError::Unfit { unfit, .. } => unfit.nearest.as_ref().map(|word| format!("did you mean {word}?")),
            FlagError::Refused { .. } => None,
        }
    }
}

/// No event goes by this word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEvent {
    found: String,
    nearest: Option<String>,
}

impl fmt::Display for UnknownEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an event such as dose-taken, found {:?}", self.found)
    }
}

impl std::error::Error for UnknownEvent {}

impl UnknownEvent {
    /// The nearest event type as it stands in the log.
    pub fn hint_word(&self) -> Option<String> {
        self.nearest.as_ref().map(|word| word.replace('-', "_"))
    }

    /// What to do next, where that is known.
    pub fn hint(&self) -> Option<String> {
        self.nearest.as_ref().map(|word| format!("did you mean {word}?"))
    }
}

/// The word of an event on the command line: `dose-taken`.
pub fn subcommand(kind: EventKind) -> String {
    kind.as_str().replace('_', "-")
}

/// The event that goes by a word, spelled with hyphens or underscores.
///
/// # Errors
/// No such event, with the nearest one.
pub fn kind(word: &str) -> Result<EventKind, UnknownEvent> {
    word.replace('-', "_").parse().map_err(|_| {
        let words: Vec<_> = EventKind::ALL.iter().map(|kind| subcommand(*kind)).collect();
        let nearest = read::nearest(&word.replace('_', "-"), words.iter().map(String::as_str));
        UnknownEvent { found: word.chars().take(80).collect(), nearest }
    })
}

/// The subcommands of `trial append`: one for each event.
pub fn commands() -> impl Iterator<Item = Command> {
    EventKind::ALL.iter().map(|kind| command(*kind))
}

/// The subcommand of one event.
pub fn command(kind: EventKind) -> Command {
    let command = Command::new(subcommand(kind)).alias(kind.as_str()).about(shape::sentence(kind));
    command.after_help(after_help(kind)).args(shape::members(kind).iter().map(|member| {
        let filled = draft::filled_in(kind).contains(&member.name.as_str());
        let arg = arg(member);
        if filled { arg.required(false).help(format!("{} [filled in where left out]", help(member))) } else { arg }
    }))
}

fn after_help(kind: EventKind) -> String {
    let roles: Vec<_> = authority::roles(kind).iter().map(|role| role.as_str()).collect();
    let reason = if kind.needs_reason() { "\nNeeds a reason." } else { "" };
    let mut event = crate::examples::example(kind);
    if let Some(members) = event.as_object_mut() {
        members.retain(|name, _| !draft::filled_in(kind).contains(&name.as_str()));
    }
    let example = write::command_line(kind, &event);
    let example = match example.lines().all(|line| line.chars().count() <= EXAMPLE_COLUMNS) {
        true => format!("Example:\n  {example}"),
        false => format!("For an example see: trial append --template {}", subcommand(kind)),
    };
    let other = authority::countersigned_by(kind);
    let other = other.map_or_else(String::new, |role| format!(", and by another person who is {role}"));
    format!("Signed by: {}{other}.{reason}\n\n{example}", roles.join(", "))
}

fn arg(member: &Member) -> Arg {
    let arg = Arg::new(member.name.clone()).long(member.flag()).required(member.required).help(help(member));
    // Who copies a name from the log or a schema should not stumble over a hyphen.
    let arg = if member.name.contains('_') { arg.alias(member.name.clone()) } else { arg };
    let arg = arg.value_name(value_name(&member.shape)).allow_negative_numbers(true);
    match &member.shape {
        Shape::Boolean => {
            arg.num_args(0..=1).default_missing_value("true").value_parser(PossibleValuesParser::new(["true", "false"]))
        }
        Shape::Word(words) => {
            let values = words.iter().map(|word| PossibleValue::new(word.word.clone()).help(word.meaning.clone()));
            arg.value_parser(PossibleValuesParser::new(values))
        }
        Shape::List(_) | Shape::Map(_) => arg.action(ArgAction::Append),
        Shape::Text(_)
        | Shape::Integer { .. }
        | Shape::Quantity(_)
        | Shape::CategoryOrQuantity
        | Shape::Object(_)
        | Shape::Json => arg,
    }
}

fn value_name(shape: &Shape) -> String {
    match shape {
        Shape::Text(spelling) => match spelling {
            Spelling::Identifier => "NAME".into(),
            Spelling::Moment => "DATE|INSTANT".into(),
            Spelling::PartialDate => "YYYY[-MM[-DD]]".into(),
            Spelling::Day => "DATE".into(),
            Spelling::Decimal => "DECIMAL".into(),
            Spelling::Hex => "HEX".into(),
            Spelling::Free => "TEXT".into(),
        },
        Shape::Integer { .. } => "NUMBER".into(),
        Shape::Boolean => "BOOL".into(),
        Shape::Word(_) => "WORD".into(),
        Shape::Quantity(units) if units.is_empty() => "DECIMAL+UNIT".into(),
        Shape::Quantity(units) => format!("DECIMAL({})", units.join("|")),
        Shape::CategoryOrQuantity => "WORD|DECIMAL+UNIT".into(),
        Shape::List(item) if read::splits(item) => format!("{},..", value_name(item)),
        Shape::List(item) => value_name(item),
        Shape::Map(value) => format!("NAME={}", value_name(value)),
        Shape::Object(members) if is_flat(members) => "MEMBER=VALUE,..".into(),
        Shape::Object(_) => "JSON".into(),
        Shape::Json => "JSON|TEXT".into(),
    }
}

fn help(member: &Member) -> String {
    let more = match &member.shape {
        Shape::Text(_) | Shape::Boolean | Shape::Word(_) | Shape::Integer { .. } => String::new(),
        Shape::Quantity(_) | Shape::CategoryOrQuantity | Shape::Json => format!(" [{}]", member.shape.expected()),
        Shape::Object(members) if is_flat(members) => format!(" [{}; or JSON]", described(members)),
        Shape::Object(_) => " [JSON, see its schema]".to_owned(),
        Shape::List(item) => match item.as_ref() {
            Shape::Object(members) if is_flat(members) => format!(" [repeatable; {}; or JSON]", described(members)),
            Shape::Word(_) => format!(" [repeatable; {}]", item.expected()),
            _ => " [repeatable]".to_owned(),
        },
        Shape::Map(value) => format!(" [repeatable; the value: {}]", value.expected()),
    };
    format!("{}{more}", member.meaning)
}

/// Whether the members hold no further objects: what is deeper is better written as JSON.
fn is_flat(members: &[Member]) -> bool {
    let holds_object = |shape: &Shape| match shape {
        Shape::Object(_) => true,
        Shape::List(item) | Shape::Map(item) => matches!(item.as_ref(), Shape::Object(_)),
        _ => false,
    };
    !members.iter().any(|member| holds_object(&member.shape))
}

fn described(members: &[Member]) -> String {
    let one = |m: &Member| {
        let words = match &m.shape {
            Shape::Word(words) => words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join("|"),
            shape => value_name(shape),
        };
        format!("{}={words}{}", m.name, if m.required { "" } else { " (optional)" })
    };
    members.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The event that the flags state, as the event types write it, still without what append fills in
/// ([`draft::filled_in`]).
///
/// # Errors
/// The first flag that cannot be read, or whose value the event refuses.
pub fn event(kind: EventKind, matches: &ArgMatches) -> Result<Value, FlagError> {
    let members = shape::members(kind);
    let mut facts = Map::new();
    facts.insert("type".into(), kind.as_str().into());
    facts.insert("version".into(), VERSION.into());
    for member in &members {
        let Ok(Some(texts)) = matches.try_get_many::<String>(&member.name) else { continue };
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        let value =
            read::gather(&member.shape, &texts).map_err(|unfit| FlagError::Unfit { flag: member.flag(), unfit })?;
        facts.insert(member.name.clone(), value);
    }
    draft::checked(Value::Object(facts)).map_err(refused)
}

/// One value by its place in an event: what `--new 2.0Gy` means at `/dose`. `null` leaves the member out.
///
/// # Errors
/// The event has no such place, or the text does not fit there.
pub fn value(kind: EventKind, pointer: &str, text: &str) -> Result<Value, FlagError> {
    let wrong = |expected: String, step: &str| FlagError::Unfit {
        flag: "field".into(),
        unfit: Unfit { at: pointer.into(), expected, found: format!("{step:?}"), nearest: None },
    };
    let mut shape = Shape::Object(shape::members(kind));
    let Some(path) = pointer.strip_prefix('/') else {
        return Err(wrong("a JSON pointer such as /grade".into(), pointer));
    };
    for step in path.split('/') {
        let name = step.replace("~1", "/").replace("~0", "~");
        let below = match &shape {
            Shape::Object(members) => members.iter().find(|m| m.name == name).map(|m| m.shape.clone()),
            Shape::List(item) => name.parse::<usize>().ok().map(|_| item.as_ref().clone()),
            Shape::Map(value) => Some(value.as_ref().clone()),
            Shape::Quantity(_) | Shape::CategoryOrQuantity => match name.as_str() {
                "value" => Some(Shape::Text(Spelling::Decimal)),
                "unit" => Some(Shape::Text(Spelling::Free)),
                _ => None,
            },
            Shape::Json => Some(Shape::Json),
            Shape::Text(_) | Shape::Integer { .. } | Shape::Boolean | Shape::Word(_) => None,
        };
        shape = below.ok_or_else(|| wrong(shape.expected(), &name))?;
    }
    if text == "null" {
        return Ok(Value::Null);
    }
    read::gather(&shape, &[text]).map_err(|unfit| FlagError::Unfit { flag: "new".into(), unfit })
}

fn refused(error: EventError) -> FlagError {
    match error {
        EventError::UnknownType(found) => {
            FlagError::Refused { flag: String::new(), at: String::new(), message: format!("no event {found:?}") }
        }
        EventError::Schema { pointer, message } => {
            let path = pointer.strip_prefix('/').unwrap_or_default();
            let (flag, at) = match path.split_once('/') {
                Some((flag, rest)) => (flag, format!("/{rest}")),
                None => (path, String::new()),
            };
            FlagError::Refused { flag: flag.replace('_', "-"), at, message }
        }
    }
}

#[cfg(test)]
mod tests;
