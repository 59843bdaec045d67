//! What a member of an event may hold, read from its JSON Schema: what flags, help and the events page share.
//!
//! Promises that every schema has a shape: what is not recognised is a [`Shape::Json`], given as JSON text. Does not
//! check values; the event types do.

use crate::strict::MAX_INTEGER;
use schemars::schema_for;
use serde_json::{Map, Value};
use trial_core::{
    date::{Moment, PartialDate},
    event::EventKind,
    ids::{Hash, Name},
    quantity::Decimal,
    text::Text,
};

/// What a member may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A JSON string.
    Text(Spelling),
    /// A whole number within bounds.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// True or false.
    Boolean,
    /// One word of a closed list.
    Word(Vec<Word>),
    /// A decimal number with one of these units; any unit where the list is empty.
    Quantity(Vec<String>),
    /// A category, or a decimal number with any unit.
    CategoryOrQuantity,
    /// Several of one shape, in order.
    List(Box<Shape>),
    /// Values of one shape by name.
    Map(Box<Shape>),
    /// Named members.
    Object(Vec<Member>),
    /// Any JSON.
    Json,
}

/// How a text is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// 1 to 64 characters of `[A-Za-z0-9._:-]`.
    Identifier,
    /// A day, or an instant with its offset.
    Moment,
    /// A year, a month or a day.
    PartialDate,
    /// A day.
    Day,
    /// A decimal number.
    Decimal,
    /// 64 lower-case hexadecimal digits.
    Hex,
    /// Text for people, or any other string.
    Free,
}

/// A word with what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The word as it stands in the log.
    pub word: String,
    /// What it means, in one sentence.
    pub meaning: String,
}

/// A member of an event or of an object in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name in JSON.
    pub name: String,
    /// What it means, in one sentence.
    pub meaning: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it may hold.
    pub shape: Shape,
}

impl Member {
    /// Its flag without the dashes: `occurred-at`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// The facts of an event: its members without `type` and `version`, required ones first, in the order of the facts.
pub fn members(kind: EventKind) -> Vec<Member> {
    let schema = kind.schema().to_value();
    let mut members = members_of(&schema, &schema);
    members.retain(|m| m.name != "type" && m.name != "version");
    members
}

/// The sentence that says what the event states.
pub fn sentence(kind: EventKind) -> String {
    text_of(kind.schema().as_value(), "description")
}

impl Shape {
    /// The shape of a schema; `root` is the document in which its references are looked up.
    pub fn of(schema: &Value, root: &Value) -> Shape {
        let schema = resolve(schema, root);
        if let Some(words) = words_of(schema, root) {
            return Shape::Word(words);
        }
        let choices = choices_of(schema, root);
        if let [only] = choices.as_slice() {
            return Shape::of(only, root);
        }
        if !choices.is_empty() {
            let shapes: Vec<_> = choices.iter().map(|choice| Shape::of(choice, root)).collect();
            return match shapes.as_slice() {
                [Shape::Text(Spelling::Identifier), Shape::Quantity(units)] if units.is_empty() => {
                    Shape::CategoryOrQuantity
                }
                _ => Shape::Json,
            };
        }
        match type_of(schema) {
            Some("string") => Shape::Text(Spelling::of(schema)),
            Some("integer") => Shape::Integer {
                min: bound(schema, "minimum").unwrap_or(-MAX_INTEGER),
                max: bound(schema, "maximum").unwrap_or(MAX_INTEGER),
            },
            Some("boolean") => Shape::Boolean,
            Some("array") => match schema.get("items") {
                Some(items) => Shape::List(Box::new(Shape::of(items, root))),
                None => Shape::Json,
            },
            Some("object") => object_of(schema, root),
            Some(_) | None => Shape::Json,
        }
    }
}

impl Spelling {
    /// Recognised by the pattern that the core's own types give in their schemas.
    fn of(schema: &Value) -> Spelling {
        if schema.get("format").and_then(Value::as_str) == Some("date") {
            return Spelling::Day;
        }
        let known = [
            (schema_for!(Name), Spelling::Identifier),
            (schema_for!(Moment), Spelling::Moment),
            (schema_for!(PartialDate), Spelling::PartialDate),
            (schema_for!(Decimal), Spelling::Decimal),
            (schema_for!(Hash), Spelling::Hex),
            (schema_for!(Text), Spelling::Free),
        ];
        let pattern = schema.get("pattern");
        known.iter().find(|(k, _)| pattern.is_some() && k.get("pattern") == pattern).map_or(Spelling::Free, |(_, s)| *s)
    }
}

fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    match target.and_then(|pointer| root.pointer(pointer)) {
        Some(found) => resolve(found, root),
        None => schema,
    }
}

fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        // A member that may be left out may also be null.
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn choices_of<'a>(schema: &'a Value, root: &'a Value) -> Vec<&'a Value> {
    let choices = ["anyOf", "oneOf", "allOf"].iter().find_map(|word| schema.get(word)).and_then(Value::as_array);
    let is_null = |choice: &Value| choice.get("type").and_then(Value::as_str) == Some("null");
    choices.into_iter().flatten().map(|choice| resolve(choice, root)).filter(|choice| !is_null(choice)).collect()
}

fn words_of(schema: &Value, root: &Value) -> Option<Vec<Word>> {
    let word = |value: &Value, meaning: String| value.as_str().map(|w| Word { word: w.to_owned(), meaning });
    if let Some(constant) = schema.get("const") {
        return word(constant, text_of(schema, "description")).map(|word| vec![word]);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return values.iter().filter(|v| !v.is_null()).map(|value| word(value, String::new())).collect();
    }
    let choices = choices_of(schema, root);
    let lists: Option<Vec<_>> = choices.iter().map(|choice| words_of(choice, root)).collect();
    lists.filter(|lists| !lists.is_empty()).map(|lists| lists.into_iter().flatten().collect())
}

fn object_of(schema: &Value, root: &Value) -> Shape {
    let values =
        schema.get("patternProperties").and_then(Value::as_object).and_then(|patterns| patterns.values().next());
    let values = values.or_else(|| schema.get("additionalProperties").filter(|more| more.is_object()));
    if let Some(values) = values {
        return Shape::Map(Box::new(Shape::of(values, root)));
    }
    let members = members_of(schema, root);
    let shape = |name: &str| members.iter().find(|m| m.name == name).map(|m| &m.shape);
    match (members.len(), shape("value"), shape("unit")) {
        (2, Some(Shape::Text(Spelling::Decimal)), Some(Shape::Word(units))) => {
            Shape::Quantity(units.iter().map(|unit| unit.word.clone()).collect())
        }
        (2, Some(Shape::Text(Spelling::Decimal)), Some(Shape::Text(Spelling::Free))) => Shape::Quantity(Vec::new()),
        (0, ..) => Shape::Json,
        _ => Shape::Object(members),
    }
}

fn members_of(schema: &Value, root: &Value) -> Vec<Member> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    // `required` keeps the order of the facts; `properties` is sorted by name.
    let optional = properties.keys().map(String::as_str).filter(|name| !required.contains(name));
    let names: Vec<&str> = required.iter().copied().chain(optional).collect();
    let member = |name: &str| {
        let property = properties.get(name)?;
        let own = text_of(property, "description");
        let meaning = if own.is_empty() { text_of(resolve(property, root), "description") } else { own };
        let required = required.contains(&name);
        Some(Member { name: name.to_owned(), meaning, required, shape: Shape::of(property, root) })
    };
    names.into_iter().filter_map(member).collect()
}

fn bound(schema: &Value, word: &str) -> Option<i64> {
    let bound = schema.get(word)?;
    bound.as_i64().or_else(|| bound.as_f64().map(|b| b as i64)).map(|b| b.clamp(-MAX_INTEGER, MAX_INTEGER))
}

fn text_of(schema: &Value, word: &str) -> String {
    schema.get(word).and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

impl Shape {
    /// What is expected, in words: `a number with its unit (Gy or cGy), such as 3.0Gy`.
    pub fn expected(&self) -> String {
        match self {
            Shape::Text(spelling) => spelling.expected().to_owned(),
            Shape::Integer { min, max } if *max == MAX_INTEGER && *min == -MAX_INTEGER => "a whole number".to_owned(),
            Shape::Integer { min, max } if *max == MAX_INTEGER => format!("a whole number from {min}"),
            Shape::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Shape::Boolean => "true or false".to_owned(),
            Shape::Word(words) => format!("one of {}", list(words.iter().map(|w| w.word.as_str()))),
            Shape::Quantity(units) => match units.first() {
                Some(unit) => {
                    format!("a number with its unit ({}), such as 3.0{unit}", list(units.iter().map(String::as_str)))
                }
                None => "a number with its unit, such as 72years".to_owned(),
            },
            Shape::CategoryOrQuantity => "a category, or a number with its unit, such as 72years".to_owned(),
            Shape::List(item) => format!("a list, each item {}", item.expected()),
            Shape::Map(value) => format!("NAME=VALUE, the value {}", value.expected()),
            Shape::Object(members) => format!("members {}", list(members.iter().map(|m| m.name.as_str()))),
            Shape::Json => "JSON, or plain text".to_owned(),
        }
    }
}

impl Spelling {
    /// What is expected, in words.
    pub fn expected(self) -> &'static str {
        match self {
            Spelling::Identifier => "an identifier: 1 to 64 characters of A-Z a-z 0-9 . _ : -",
            Spelling::Moment => "a day (YYYY-MM-DD), or an instant with its offset such as 2016-10-17T08:00:00+08:00",
            Spelling::PartialDate => "YYYY, YYYY-MM or YYYY-MM-DD",
            Spelling::Day => "a day (YYYY-MM-DD)",
            Spelling::Decimal => "a decimal number such as 3, 2.50 or -0.5",
            Spelling::Hex => "64 lower-case hexadecimal digits",
            Spelling::Free => "text",
        }
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
