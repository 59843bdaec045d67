//! Sealed values: what is too personal for a log that nobody can erase stands beside it; the log has a commitment.
//!
//! Promises that a commitment binds exactly one value, and tells nothing of it to whoever lacks its salt: 32 random
//! bytes, deleted with the value. Does not touch files: where values lie is the part of `sealed_folder`.

use crate::{
    canon::{self, MAX_DEPTH, NotRepresentable},
    hash,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use trial_core::{
    entry::{Entry, Signer},
    event::ValueRedacted,
    ids::{Hash, Name, Seq, SubjectId},
    text::Text,
};

/// The first line of what is committed to, so that no commitment can pass as a hash of something else.
pub const CONTEXT: &[u8] = b"trial-ledger/sealed/v1\n";

/// The most bytes that a sealed value may have in canonical form.
pub const MAX_VALUE: usize = 64 * 1024;

/// The most bytes of a line in a file of sealed values: a value, and less than 400 bytes around it.
pub const MAX_SEALED_LINE: usize = MAX_VALUE + 512;

/// Where a sealed value belongs: the entry that commits to it, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The entry.
    pub seq: Seq,
    /// The name.
    pub name: Name,
}

impl Place {
    /// What a redaction is about.
    pub fn of(redacted: &ValueRedacted) -> Place {
        Place { seq: redacted.target, name: redacted.value.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of entry {}", self.name, self.seq)
    }
}

/// A value that stands outside the log, with its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    salt: [u8; 32],
    value: Value,
}

impl Sealed {
    /// Seals a value with a salt, which must be random and used once.
    ///
    /// # Errors
    /// The value has no canonical form, or is too large.
    pub fn new(salt: [u8; 32], value: Value) -> Result<Sealed, NotSealable> {
        let bytes = canon::to_vec(&value).map_err(NotSealable::Form)?;
        // In its file the value stands inside one object more.
        if canon::to_vec(&Value::Array(vec![value.clone()])).is_err() {
            return Err(NotSealable::Form(NotRepresentable::Depth));
        }
        if bytes.len() > MAX_VALUE { Err(NotSealable::Size(bytes.len())) } else { Ok(Sealed { salt, value }) }
    }

    /// Seals a value with a salt from the randomness of the operating system.
    ///
    /// # Errors
    /// See [`Sealed::new`]; or there is no randomness.
    #[cfg(feature = "store")]
    pub fn with_new_salt(value: Value) -> Result<Sealed, NotSealable> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| NotSealable::Randomness(error.to_string()))?;
        Sealed::new(salt, value)
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What an entry holds of it: SHA-256(context + salt + canonical value).
    pub fn commitment(&self) -> Hash {
        let value = canon::to_vec(&self.value).expect("it had a canonical form when it was sealed");
        hash::sha256(&[CONTEXT, &self.salt, &value])
    }
}

/// The salt is as secret as the value: neither is printed by accident.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.commitment())
    }
}

/// Why a value cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSealable {
    /// It has no canonical form.
    Form(NotRepresentable),
    /// It has so many bytes.
    Size(usize),
    /// The operating system gave no randomness.
    Randomness(String),
}

impl fmt::Display for NotSealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSealable::Form(NotRepresentable::Depth) => {
                write!(f, "expected less than {MAX_DEPTH} containers inside each other")
            }
            NotSealable::Form(form) => form.fmt(f),
            NotSealable::Size(found) => write!(f, "expected at most {MAX_VALUE} bytes, found {found}"),
            NotSealable::Randomness(why) => write!(f, "the operating system gives no randomness: {why}"),
        }
    }
}

impl std::error::Error for NotSealable {}

/// A line of a file of sealed values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: Name,
    salt: Hash,
    seq: Seq,
    value: Value,
}

/// The line of a value, without its newline.
pub fn line(place: &Place, sealed: &Sealed) -> Vec<u8> {
    let Place { seq, name } = place.clone();
    let line = Line { name, salt: Hash(sealed.salt), seq, value: sealed.value.clone() };
    let value = serde_json::to_value(line).expect("a line is plain JSON");
    canon::to_vec(&value).expect("the value was sealed with room for one object around it")
}

/// The value of a line; none where it is not exactly as [`line`] writes it.
pub fn read_line(bytes: &[u8]) -> Option<(Place, Sealed)> {
    let read: Line = serde_json::from_value(canon::parse(bytes).ok()?).ok()?;
    let place = Place { seq: read.seq, name: read.name };
    let sealed = Sealed::new(read.salt.0, read.value).ok()?;
    (line(&place, &sealed) == bytes).then_some((place, sealed))
}

/// The file for the values of a subject, or of entries that are about none.
///
/// Two subjects have two names on every file system, also on one that does not tell capitals from small letters or that
/// gives dots a meaning: all but `a-z 0-9 _ -` is written as `%` and two hexadecimal digits.
pub fn file_name(subject: Option<&SubjectId>) -> String {
    let Some(subject) = subject else { return "trial.jsonl".to_owned() };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    let bytes = subject.as_str().bytes();
    let spelled: String =
        bytes.map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02x}") }).collect();
    format!("subject-{spelled}.jsonl")
}

/// A redaction: which entry says so, who signed it, when and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Redaction {
    /// The entry that says so.
    pub seq: Seq,
    /// Its author.
    pub signer: Signer,
    /// Who signed it too.
    pub countersigners: Vec<Signer>,
    /// When it was recorded.
    #[serde(serialize_with = "stamped")]
    pub recorded_at: chrono::DateTime<chrono::Utc>,
    /// Why.
    pub reason: Option<Text>,
}

impl Redaction {
    pub(crate) fn of(entry: &Entry) -> Redaction {
        Redaction {
            seq: entry.seq,
            signer: entry.signer.clone(),
            countersigners: entry.countersigners.clone(),
            recorded_at: entry.recorded_at,
            reason: entry.reason.clone(),
        }
    }
}

fn stamped<S: serde::Serializer>(at: &chrono::DateTime<chrono::Utc>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&crate::body::RecordedAt::new(*at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn place(seq: u64, name: &str) -> Place {
        Place { seq: Seq(seq), name: name.parse().unwrap() }
    }

    #[test]
    fn a_commitment_is_the_hash_of_context_salt_and_canonical_value() {
        let sealed = Sealed::new([7; 32], json!("line\nbreak é")).unwrap();
        let bytes = [&b"trial-ledger/sealed/v1\n"[..], &[7; 32], "\"line\\nbreak é\"".as_bytes()].concat();
        assert_eq!(sealed.commitment(), hash::sha256(&[&bytes]));
        // As Python's hashlib gives it.
        let known = "3bdbb695fdf58e28cd0173c7196732df1f8805f01a2b90892217a7c275cd61a7";
        assert_eq!(sealed.commitment().to_string(), known);
    }

    #[test]
    fn another_salt_or_another_value_has_another_commitment() {
        let of = |salt: u8, value: Value| Sealed::new([salt; 32], value).unwrap().commitment();
        let all =
            [of(1, json!("yes")), of(2, json!("yes")), of(1, json!("no")), of(1, json!(["yes"])), of(1, json!(1))];
        assert_eq!(BTreeSet::from(all).len(), all.len());
    }

    #[cfg(feature = "store")]
    #[test]
    fn the_same_value_sealed_twice_cannot_be_recognised() {
        let twice = [(); 2].map(|()| Sealed::with_new_salt(json!("yes")).unwrap().commitment());
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn a_line_is_read_only_in_its_one_spelling() {
        let sealed = Sealed::new([0xab; 32], json!("text \"quoted\"")).unwrap();
        let bytes = line(&place(41, "narrative"), &sealed);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let expected =
            format!(r#"{{"name":"narrative","salt":"{}","seq":41,"value":"text \"quoted\""}}"#, "ab".repeat(32));
        assert_eq!(text, expected);
        assert_eq!(read_line(&bytes), Some((place(41, "narrative"), sealed)));
        for other in [
            text.replace("\"seq\":41", "\"seq\": 41"),
            text.replace("\"seq\":41", "\"seq\":\"41\""),
            text.replace("ab", "AB"),
            text.replace("{\"name\"", "{\"more\":1,\"name\""),
            format!("[\"narrative\",\"{}\",41,\"x\"]", "ab".repeat(32)),
            text[..text.len() - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(read_line(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn what_is_too_large_too_deep_or_not_canonical_is_not_sealed() {
        let sealed = |value| Sealed::new([0; 32], value).map(|_| ());
        assert_eq!(sealed(json!("x".repeat(MAX_VALUE - 2))), Ok(()));
        assert_eq!(sealed(json!("x".repeat(MAX_VALUE - 1))), Err(NotSealable::Size(MAX_VALUE + 1)));
        assert_eq!(sealed(json!(1.5)), Err(NotSealable::Form(NotRepresentable::Number)));
        let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(sealed(nested(MAX_DEPTH - 1)), Ok(()));
        assert_eq!(sealed(nested(MAX_DEPTH)), Err(NotSealable::Form(NotRepresentable::Depth)));
        let longest = Sealed::new([0; 32], json!("x".repeat(MAX_VALUE - 2))).unwrap();
        let line = line(&place(u64::MAX >> 11, &"n".repeat(64)), &longest);
        assert!(line.len() <= MAX_SEALED_LINE, "{}", line.len());
    }

    #[test]
    fn each_subject_has_a_file_of_its_own_on_every_file_system() {
        let name = |subject: &str| file_name(Some(&subject.parse().unwrap()));
        assert_eq!(name("S-001"), "subject-%53-001.jsonl");
        assert_eq!(name(".."), "subject-%2e%2e.jsonl");
        assert_eq!(name(".jsonl:x"), "subject-%2ejsonl%3ax.jsonl");
        assert_eq!(file_name(None), "trial.jsonl");
        let odd = ["s-001", "S-001", ".", "..", "...", "a.", "a", "A", "a:b", "a.b", "CON", "con", "trial", "%53"];
        let names: BTreeSet<String> =
            odd.iter().filter_map(|s| s.parse().ok()).map(|s| file_name(Some(&s)).to_lowercase()).collect();
        assert_eq!(names.len(), odd.len() - 1, "a percent sign is in no identifier");
        assert!(name(&"A".repeat(64)).len() < 255);
    }

    #[test]
    fn neither_salt_nor_value_is_printed_by_accident() {
        let shown = format!("{:?}", Sealed::new([0xab; 32], json!("secret")).unwrap());
        assert!(!shown.contains("secret") && !shown.contains("abab") && !shown.contains("171"), "{shown}");
    }
}
