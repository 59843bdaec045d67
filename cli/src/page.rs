//! The page `docs/events.md`: every event, its members, who may sign it and whether it needs a reason.
//!
//! Promises that it says what the program does: a test writes it anew and compares.

use crate::{
    draft::filled_in,
    flags::shape::{Member, Shape, Spelling, members, sentence},
};
use std::fmt::{self, Write};
use trial_core::{authority, event::EventKind};

const HEAD: &str = "# Events

An event is a fact in the past tense. In the log it stands as `{\"type\":..,\"version\":1, the facts}`; on the command line
it is `trial append` and its word with hyphens, each member a flag. Members that may be left out are left out, never
null. The schemas are in `schemas/events`, one example of each in `schemas/examples`.

This page is made from the event types. To bring it up to date: `UPDATE=1 cargo test -p trial-cli --test schemas`.
";

/// The whole page.
pub fn events() -> String {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for kind in EventKind::ALL {
        if kind.group() != group {
            group = kind.group();
            page.push_str(&format!("\n## {}\n", capitalised(group)));
        }
        section(&mut page, *kind).expect("a string takes any text");
    }
    page
}

fn section(page: &mut String, kind: EventKind) -> fmt::Result {
    writeln!(page, "\n### {kind}\n\n{}\n", sentence(kind))?;
    writeln!(page, "| member | kind | required | meaning |\n|---|---|---|---|")?;
    for member in members(kind) {
        let filled = filled_in(kind).contains(&member.name.as_str());
        let required = match (member.required, filled) {
            (true, true) => "yes; append fills it in",
            (true, false) => "yes",
            (false, _) => "no",
        };
        row(page, "", &member, required)?;
        inner(page, &member.name, &member.shape)?;
    }
    let roles: Vec<_> = authority::roles(kind).iter().map(|role| format!("`{role}`")).collect();
    let reason = if kind.needs_reason() { "Needs a reason." } else { "Needs no reason." };
    let other = authority::countersigned_by(kind);
    let other = other.map_or_else(String::new, |role| format!(", and by another person who is `{role}`"));
    writeln!(page, "\nSigned by {}{other}. {reason}", roles.join(", "))
}

/// The members of objects one level down; deeper ones are in the schema file.
fn inner(page: &mut String, name: &str, shape: &Shape) -> fmt::Result {
    let (prefix, members) = match shape {
        Shape::Object(members) => (format!("{name}."), members),
        Shape::List(item) => match item.as_ref() {
            Shape::Object(members) => (format!("{name}[]."), members),
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    members.iter().try_for_each(|m| row(page, &prefix, m, if m.required { "yes" } else { "no" }))
}

fn row(page: &mut String, prefix: &str, member: &Member, required: &str) -> fmt::Result {
    let kind = described(&member.shape);
    writeln!(page, "| `{prefix}{}` | {kind} | {required} | {} |", member.name, cell(&member.meaning))
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn described(shape: &Shape) -> String {
    match shape {
        Shape::Text(spelling) => match spelling {
            Spelling::Identifier => "identifier",
            Spelling::Moment => "day or instant",
            Spelling::PartialDate => "year, month or day",
            Spelling::Day => "day",
            Spelling::Decimal => "decimal",
            Spelling::Hex => "64 hex digits",
            Spelling::Free => "text",
        }
        .to_owned(),
        Shape::Integer { .. } => shape.expected().trim_start_matches("a ").to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Word(words) => words.iter().map(|w| format!("`{}`", w.word)).collect::<Vec<_>>().join(", "),
        Shape::Quantity(units) if units.is_empty() => "decimal with its unit".to_owned(),
        Shape::Quantity(units) => {
            format!("decimal in {}", units.iter().map(|u| format!("`{u}`")).collect::<Vec<_>>().join(" or "))
        }
        Shape::CategoryOrQuantity => "category (identifier), or decimal with its unit".to_owned(),
        Shape::List(item) => match item.as_ref() {
            Shape::Object(_) => "list of objects".to_owned(),
            item => format!("list of: {}", described(item)),
        },
        Shape::Map(value) => format!("by name: {}", described(value)),
        Shape::Object(_) => "object".to_owned(),
        Shape::Json => "any JSON".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
