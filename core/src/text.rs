//! Text for people: names, titles, reasons; and free text, which stands beside the log. It is shown and never decides
//! anything.
//!
//! Promises 1 to 500 characters (16,000 in free text, which may have lines) with no control and no bidirectional
//! formatting characters, so that what is printed is what was signed.

use crate::{shared::Recent, spelling::parsed};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, cell::RefCell, fmt, str::FromStr, sync::Arc};

/// The most characters of a text.
pub const MOST: usize = 500;
/// The most characters of a free text.
pub const MOST_FREE: usize = 16_000;

/// One line of text for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Text of one or many lines, as people tell what happened: narratives, comments, words as they were said. It does not
/// belong into an entry, where nobody can take it out again; it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FreeText(String);

impl FreeText {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadText {
    /// Nothing but spaces.
    Empty,
    /// More than so many characters.
    TooLong(usize),
    /// A control or bidirectional formatting character.
    Unprintable(char),
}

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadText::Empty => f.write_str("the text is empty: expected more than white space"),
            BadText::TooLong(most) => write!(f, "the text is too long: expected 1 to {most} characters"),
            BadText::Unprintable(c) => write!(
                f,
                "the text holds U+{:04X}: expected no control and no bidirectional formatting characters",
                u32::from(*c)
            ),
        }
    }
}

impl std::error::Error for BadText {}

/// Whether a character steers a terminal, or makes a line read otherwise than it is stored.
pub fn is_unprintable(c: char) -> bool {
    // Bidirectional formatting (Unicode UAX #9) can make a line read otherwise than it is stored.
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of at most so many characters, of which these are allowed although they are control characters.
fn checked<'t>(text: &'t str, most: usize, allowed: &[char]) -> Result<&'t str, BadText> {
    // Nearly every text is a few plain words.
    let plain = |b: u8| matches!(b, b' '..=b'~');
    if text.len() <= most && text.bytes().all(plain) && text.bytes().any(|b| b != b' ') {
        return Ok(text);
    }
    if let Some(c) = text.chars().find(|c| is_unprintable(*c) && !allowed.contains(c)) {
        return Err(BadText::Unprintable(c));
    }
    if text.trim().is_empty() {
        return Err(BadText::Empty);
    }
    if text.chars().count() > most { Err(BadText::TooLong(most)) } else { Ok(text) }
}

impl FromStr for Text {
    type Err = BadText;
    fn from_str(text: &str) -> Result<Self, BadText> {
        thread_local! {
            static RECENT: RefCell<Recent> = const { RefCell::new(Recent::new()) };
        }
        RECENT.with_borrow_mut(|recent| recent.of(text, |text| checked(text, MOST, &[]).map(Arc::from))).map(Text)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl FromStr for FreeText {
    type Err = BadText;
    fn from_str(text: &str) -> Result<Self, BadText> {
        checked(text, MOST_FREE, &['\n', '\t']).map(|text| FreeText(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for FreeText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        parsed(d)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        parsed(d)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": 500,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*$"
        })
    }
}

impl JsonSchema for FreeText {
    fn schema_name() -> Cow<'static, str> {
        "FreeText".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": MOST_FREE,
            "pattern": "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_read_otherwise_than_it_is_stored_is_refused() {
        assert_eq!("naïve → 試験".parse::<Text>().unwrap().as_str(), "naïve → 試験");
        assert_eq!("a\u{202e}b".parse::<Text>(), Err(BadText::Unprintable('\u{202e}')));
        assert_eq!("line\nbreak".parse::<Text>(), Err(BadText::Unprintable('\n')));
        assert_eq!("   ".parse::<Text>(), Err(BadText::Empty));
        assert_eq!("x".repeat(501).parse::<Text>(), Err(BadText::TooLong(500)));
    }

    #[test]
    fn a_free_text_may_have_lines_and_nothing_that_steers_a_terminal() {
        assert_eq!("a\n\tb\n".parse::<FreeText>().unwrap().as_str(), "a\n\tb\n");
        for (text, expected) in [
            ("a\rb", BadText::Unprintable('\r')),
            ("\u{1b}[2J", BadText::Unprintable('\u{1b}')),
            ("a\u{2066}b", BadText::Unprintable('\u{2066}')),
            (" \n\t", BadText::Empty),
            (&"é".repeat(16_001), BadText::TooLong(16_000)),
        ] {
            assert_eq!(text.parse::<FreeText>(), Err(expected), "{text:.20}");
        }
        assert!("é".repeat(16_000).parse::<FreeText>().is_ok());
    }
}
