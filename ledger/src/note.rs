//! Note: text that several keys have signed (C2SP signed-note v1.0.0).
//!
//! Promises that a [`Note`] has one spelling, that signatures count only under keys that were named beforehand, looked
//! up by the whole key, and that one bad signature of a known key spoils the note. Lines of unknown keys are carried
//! along and mean nothing. Does not look into the text.

mod vkey;

pub use vkey::{BadVkey, KeyName, SignatureType, Vkey, Vkeys};

use crate::cosignature;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};
use trial_core::ids::Key;

/// How many signature lines a note may have: 16 must be accepted, more need not be.
pub const MOST_SIGNATURES: usize = 64;

/// How many bytes a note may have.
pub const MOST_BYTES: usize = 1 << 18;

/// The em dash and the space that begin a signature line.
const DASH: &str = "\u{2014} ";

/// Text with its signature lines, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<SignatureLine>,
}

/// A signature line: who claims to have signed, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: KeyName,
    /// The first four bytes of a hash over name, type and key: they can be forged, so nothing is looked up by them alone.
    pub id: [u8; 4],
    /// What the type of the key says.
    pub signature: Vec<u8>,
}

/// A signature that holds, by a key that was named beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Name of the key.
    pub name: KeyName,
    /// The whole key.
    pub key: Key,
    /// When, in seconds since 1970 (UTC), where the type says so.
    pub time: Option<u64>,
}

impl Note {
    /// A note that nobody has signed yet.
    ///
    /// # Errors
    /// The text does not end in a newline, or holds control characters.
    pub fn unsigned(text: impl Into<String>) -> Result<Note, BadNote> {
        let text = text.into();
        if has_controls(&text) {
            return Err(BadNote::Control);
        }
        if !text.ends_with('\n') {
            return Err(BadNote::NoNewline);
        }
        Ok(Note { text, lines: Vec::new() })
    }

    /// Reads a note: text, empty line, signature lines. The last empty line divides it.
    ///
    /// # Errors
    /// It is not spelled as a note, whoever may have signed it.
    pub fn parse(bytes: &[u8]) -> Result<Note, BadNote> {
        if bytes.len() > MOST_BYTES {
            return Err(BadNote::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| BadNote::NotUtf8)?;
        if has_controls(whole) {
            return Err(BadNote::Control);
        }
        if !whole.ends_with('\n') {
            return Err(BadNote::NoNewline);
        }
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(BadNote::NoEmptyLine)?;
        let lines = signature_lines(lines)?;
        if lines.is_empty() {
            return Err(BadNote::NoSignature);
        }
        Ok(Note { text: format!("{text}\n"), lines })
    }

    /// What is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines as they stand.
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// Adds a signature line, once.
    pub fn add(&mut self, line: SignatureLine) {
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// The signatures that hold under keys that were named beforehand, in the order of their lines.
    ///
    /// # Errors
    /// A line names one of these keys and its signature does not hold. That none has signed is no error here.
    pub fn signed_by(&self, keys: &Vkeys) -> Result<Vec<Signed>, BadNote> {
        let known = self.lines.iter().filter_map(|line| Some((line, keys.find(&line.name, line.id)?)));
        known
            .map(|(line, key)| {
                let bad = || BadNote::BadSignature(key.name().clone(), key.key());
                let time = key.verify(&self.text, &line.signature).ok_or_else(bad)?;
                Ok(Signed { name: key.name().clone(), key: key.key(), time })
            })
            .collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn has_controls(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}

/// Reads signature lines that stand alone, as a witness answers (C2SP tlog-witness).
///
/// # Errors
/// One of them is not spelled as a signature line, or there are too many.
pub fn signature_lines(text: &str) -> Result<Vec<SignatureLine>, BadNote> {
    let lines: Vec<SignatureLine> = text.split_terminator('\n').map(str::parse).collect::<Result<_, _>>()?;
    if lines.len() > MOST_SIGNATURES { Err(BadNote::TooLong) } else { Ok(lines) }
}

impl FromStr for SignatureLine {
    type Err = BadNote;
    fn from_str(text: &str) -> Result<Self, BadNote> {
        let malformed = || BadNote::Malformed(text.chars().take(60).collect());
        let (name, sig) = text.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or_else(malformed)?;
        // The engine takes one spelling only: padded, and with its unused bits zero.
        let bytes = STANDARD.decode(sig).map_err(|_| malformed())?;
        match bytes.split_first_chunk() {
            Some((id, signature)) if !signature.is_empty() => {
                let name = name.parse().map_err(|_| malformed())?;
                Ok(SignatureLine { name, id: *id, signature: signature.to_vec() })
            }
            Some(_) | None => Err(malformed()),
        }
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode([&self.id[..], &self.signature].concat()))
    }
}

impl Vkey {
    /// Checks a signature over a text as the type of the key says: the time it states, if it states one.
    fn verify(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        match self.kind() {
            SignatureType::Ed25519 => {
                self.public().verify(text.as_bytes(), signature.try_into().ok()?).ok()?;
                Some(None)
            }
            SignatureType::Cosignature => Some(Some(cosignature::verify(self.public(), text, signature)?)),
        }
    }
}

/// Why a note does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadNote {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// There are control characters besides the newline.
    Control,
    /// More bytes or signatures than are read.
    TooLong,
    /// It does not end in a newline.
    NoNewline,
    /// No empty line divides text and signatures.
    NoEmptyLine,
    /// There is no signature line.
    NoSignature,
    /// A line that should be a signature line is none.
    Malformed(String),
    /// A line names a known key, and the signature does not hold under it.
    BadSignature(KeyName, Key),
}

impl fmt::Display for BadNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadNote::NotUtf8 => f.write_str("the note is not UTF-8"),
            BadNote::Control => f.write_str("the note holds a control character (a carriage return, a tab)"),
            BadNote::TooLong => {
                write!(f, "the note is longer than {MOST_BYTES} bytes or has more than {MOST_SIGNATURES} signatures")
            }
            BadNote::NoNewline => f.write_str("the note does not end in a newline"),
            BadNote::NoEmptyLine => f.write_str("the note has no empty line between its text and its signatures"),
            BadNote::NoSignature => f.write_str("the note has no signature line"),
            BadNote::Malformed(line) => write!(f, "{line:?} is not a signature line"),
            BadNote::BadSignature(name, key) => {
                write!(f, "the signature of {name} does not hold under its key {key}")
            }
        }
    }
}

impl std::error::Error for BadNote {}

#[cfg(test)]
mod tests;
