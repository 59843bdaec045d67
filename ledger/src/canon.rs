//! Canonical JSON: RFC 8785 (JCS) narrowed to integers within ±(2^53-1), at most 16 containers deep.
//!
//! Promises that each value has exactly one spelling: [`check`] accepts bytes only if writing what they mean with
//! [`to_vec`] gives the same bytes again. Both walk with bounded recursion and never panic, whatever the input.
//! Does not check what the value means, nor how large the text is.

mod writer;

pub(crate) use writer::Writer;

use serde::Serialize;
use serde_json::Value;
use std::{cmp::Ordering, fmt};

/// How many containers may stand inside each other, the outermost one included.
pub const MAX_DEPTH: usize = 16;

/// The largest integer that every JSON reader keeps exactly (RFC 7493 section 2.2).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Says whether the bytes are one value in canonical form.
///
/// # Errors
/// The first byte at which the text departs from the canonical form, and how.
pub fn check(bytes: &[u8]) -> Result<(), NotCanonical> {
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(NotCanonical { at: error.valid_up_to(), why: Why::NotUtf8 });
    }
    let mut reader = Reader { bytes, at: 0, plain: bytes.is_ascii() && !bytes.contains(&b'\\') };
    reader.value(0)?;
    if reader.at == bytes.len() { Ok(()) } else { Err(reader.fail(Why::Trailing)) }
}

/// Reads bytes that must be in canonical form.
///
/// # Errors
/// The same as [`check`].
pub fn parse(bytes: &[u8]) -> Result<Value, NotCanonical> {
    check(bytes)?;
    serde_json::from_slice(bytes).map_err(|_| NotCanonical { at: 0, why: Why::Expected("a JSON value") })
}

/// Writes a value in canonical form.
///
/// # Errors
/// A number that is not an integer within ±(2^53-1), or containers nested too deep.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, NotRepresentable> {
    let mut writer = Writer::default();
    writer.write(value)?;
    Ok(writer.into_vec())
}

/// Where and why a text is not canonical JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCanonical {
    /// The offset of the first byte that is not as it must be.
    pub at: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// The ways in which a text can fail to be canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Something else had to stand here; white space is never right.
    Expected(&'static str),
    /// A number that is not the shortest spelling of an integer within ±(2^53-1).
    Number,
    /// An escape where the character itself, or a shorter escape, is canonical.
    Escape,
    /// A control character that must be escaped.
    Control,
    /// A member that had to stand before the one in front of it (order of UTF-16 code units).
    Order,
    /// A member name that was there already.
    Duplicate,
    /// More than [`MAX_DEPTH`] containers inside each other.
    Depth,
    /// Bytes after the end of the value.
    Trailing,
}

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.at)?;
        match self.why {
            Why::NotUtf8 => f.write_str("not UTF-8"),
            Why::Expected(what) => write!(f, "expected {what}"),
            Why::Number => f.write_str("expected an integer within ±(2^53-1) without leading zeros, point or exponent"),
            Why::Escape => f.write_str("an escape that is not the canonical spelling of its character"),
            Why::Control => f.write_str("a control character that is not escaped"),
            Why::Order => f.write_str("member names are not sorted by UTF-16 code units"),
            Why::Duplicate => f.write_str("a member name that occurs twice"),
            Why::Depth => write!(f, "more than {MAX_DEPTH} containers inside each other"),
            Why::Trailing => f.write_str("bytes after the end of the value"),
        }
    }
}

impl std::error::Error for NotCanonical {}

/// A value that has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRepresentable {
    /// A number that is not an integer within ±(2^53-1).
    Number,
    /// More than [`MAX_DEPTH`] containers inside each other.
    Depth,
    /// A member whose name is not a text.
    Name,
}

impl fmt::Display for NotRepresentable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRepresentable::Number => f.write_str("expected only integers within ±(2^53-1): write decimals as text"),
            NotRepresentable::Depth => write!(f, "expected at most {MAX_DEPTH} containers inside each other"),
            NotRepresentable::Name => f.write_str("expected a text as the name of each member"),
        }
    }
}

impl std::error::Error for NotRepresentable {}

/// A cursor over bytes known to be UTF-8.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether every byte of a string stands for its own character: then they sort as they are.
    plain: bool,
}

impl<'a> Reader<'a> {
    fn fail(&self, why: Why) -> NotCanonical {
        NotCanonical { at: self.at, why }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8, what: &'static str) -> Result<(), NotCanonical> {
        if self.peek() != Some(byte) {
            return Err(self.fail(Why::Expected(what)));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(self.fail(Why::Depth)),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => Err(self.fail(Why::Expected("a value"))),
        }
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), NotCanonical> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fail(Why::Expected("true, false or null")));
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.fail(Why::Expected("a comma or the end of the array"))),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut before: Option<&'a [u8]> = None;
        loop {
            let start = self.at;
            let name = self.string()?;
            let order = match before {
                None => Ordering::Less,
                Some(before) if self.plain => before.cmp(name),
                Some(before) => by_utf16(before, name),
            };
            match order {
                Ordering::Less => before = Some(name),
                Ordering::Equal => return Err(NotCanonical { at: start, why: Why::Duplicate }),
                Ordering::Greater => return Err(NotCanonical { at: start, why: Why::Order }),
            }
            self.take(b':', "a colon")?;
            self.value(depth)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.fail(Why::Expected("a comma or the end of the object"))),
            }
        }
    }

    /// The raw text between the quotes.
    fn string(&mut self) -> Result<&'a [u8], NotCanonical> {
        self.take(b'"', "a string in quotes")?;
        let start = self.at;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.bytes[start..self.at - 1]);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.fail(Why::Control)),
                None => return Err(self.fail(Why::Expected("the end of the string"))),
            }
        }
    }

    /// RFC 8785 section 3.2.2.2: two-character escapes where there is one, else `\u00xx` in lower case, for C0 only.
    fn escape(&mut self) -> Result<(), NotCanonical> {
        let rest = &self.bytes[self.at..];
        let length = match rest.get(1) {
            Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r') => 2,
            Some(b'u') => match rest.get(2..6) {
                Some(&[b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f']) => 6,
                Some(&[b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f']) => 6,
                _ => return Err(self.fail(Why::Escape)),
            },
            _ => return Err(self.fail(Why::Escape)),
        };
        self.at += length;
        Ok(())
    }

    fn integer(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        let fail = Err(NotCanonical { at: start, why: Why::Number });
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let digits = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let text = &self.bytes[self.at..self.at + digits];
        self.at += digits;
        // Sixteen digits hold 2^53-1 and cannot overflow 64 bits.
        let shortest = match text {
            [] => false,
            [b'0'] => !negative,
            [b'0', ..] => false,
            _ => digits <= 16,
        };
        if !shortest || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return fail;
        }
        let magnitude = text.iter().fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'));
        if magnitude > MAX_INTEGER { fail } else { Ok(()) }
    }
}

/// How many bytes from the first on stand for themselves in a string: neither quote, backslash nor control character.
fn plain_run(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 255;
    const TOP: u64 = EACH << 7;
    // Eight at a time: a byte below n, less n, borrows from above. The lowest one found is right; above it a borrow may
    // have run on.
    let below = |eight: u64, n: u64| eight.wrapping_sub(EACH * n) & !eight & TOP;
    let eights = bytes.chunks_exact(8);
    let rest = eights.remainder();
    for (i, eight) in eights.enumerate() {
        let eight = u64::from_le_bytes(eight.try_into().expect("a chunk of eight"));
        let special = below(eight, 0x20)
            | below(eight ^ (EACH * u64::from(b'"')), 1)
            | below(eight ^ (EACH * u64::from(b'\\')), 1);
        if special != 0 {
            return i * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    bytes.len() - rest.len() + rest.iter().take_while(plain).count()
}

/// Compares two raw member names, both with canonical escapes, as RFC 8785 section 3.2.3 asks.
fn by_utf16(a: &[u8], b: &[u8]) -> Ordering {
    if is_plain(a) && is_plain(b) {
        return a.cmp(b);
    }
    decoded(a).encode_utf16().cmp(decoded(b).encode_utf16())
}

/// Whether each byte of a raw name stands for its own character.
fn is_plain(name: &[u8]) -> bool {
    name.iter().fold(true, |all, b| all & b.is_ascii() & (*b != b'\\'))
}

/// What a raw name with canonical escapes means.
fn decoded(name: &[u8]) -> String {
    let mut quoted = Vec::with_capacity(name.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(name);
    quoted.push(b'"');
    serde_json::from_slice(&quoted).expect("the string was read as canonical JSON before it is compared")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    fn vectors(list: &str) -> Vec<(String, Vec<u8>)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/canonical_json.json");
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let cases = file[list].as_array().unwrap();
        assert!(!cases.is_empty());
        let case = |c: &Value| {
            (c["desc"].as_str().unwrap().to_owned(), STANDARD.decode(c["input_b64"].as_str().unwrap()).unwrap())
        };
        cases.iter().map(case).collect()
    }

    #[test]
    fn every_alias_of_a_value_is_refused() {
        for (name, bytes) in vectors("must_reject") {
            assert!(check(&bytes).is_err(), "{name}");
        }
    }

    #[test]
    fn every_canonical_text_is_accepted_and_written_back() {
        for (name, bytes) in vectors("must_accept") {
            assert_eq!(check(&bytes), Ok(()), "{name}");
            assert_eq!(to_vec(&parse(&bytes).unwrap()).unwrap(), bytes, "{name}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_named() {
        let at = |text: &[u8]| check(text).unwrap_err();
        assert_eq!(at(b"{\"dose\":1,\"dose\":2}"), NotCanonical { at: 10, why: Why::Duplicate });
        assert_eq!(at(b"{\"b\":1,\"a\":2}"), NotCanonical { at: 7, why: Why::Order });
        assert_eq!(at(b"[1, 2]").at, 3);
        assert_eq!(at(b"[9007199254740992]"), NotCanonical { at: 1, why: Why::Number });
        assert_eq!(at(b"\"\xff\""), NotCanonical { at: 1, why: Why::NotUtf8 });
    }

    #[test]
    fn sixteen_containers_are_allowed_and_seventeen_are_not() {
        let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert_eq!(check(&nested(16)), Ok(()));
        assert_eq!(check(&nested(17)), Err(NotCanonical { at: 16, why: Why::Depth }));
        let value: Value = serde_json::from_slice(&nested(17)).unwrap();
        assert_eq!(to_vec(&value), Err(NotRepresentable::Depth));
        assert!(check(&vec![b'['; 1_000_000]).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let name = prop_oneof!["[a-c]{0,2}", ".{0,3}", "[\u{e000}-\u{ffff}\u{10000}-\u{10ffff}\\x00-\\x1f\"\\\\]{0,2}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-MAX_INTEGER..=MAX_INTEGER).prop_map(Value::from),
            (-20_i64..20).prop_map(Value::from),
            name.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// The definition that `check` must agree with: parse with another parser, write, compare.
    fn round_trips(bytes: &[u8]) -> bool {
        serde_json::from_slice::<Value>(bytes).is_ok_and(|v| to_vec(&v).is_ok_and(|again| again == bytes))
    }

    proptest! {
        #[test]
        fn our_canonical_form_is_that_of_rfc_8785(value in any_value()) {
            let ours = to_vec(&value).unwrap();
            prop_assert_eq!(&ours, &serde_json_canonicalizer::to_vec(&value).unwrap());
            prop_assert_eq!(check(&ours), Ok(()));
        }

        #[test]
        fn a_changed_text_is_accepted_only_if_it_round_trips(
            value in any_value(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, prop_oneof![
                any::<u8>(), prop::sample::select(b"{}[]:,\"\\u0123456789abcdefAF-.eE \ntrn/".to_vec())
            ]), 1..4),
        ) {
            let mut bytes = to_vec(&value).unwrap();
            for (place, how, byte) in edits {
                let at = place.index(bytes.len().max(1));
                match how {
                    0 if at < bytes.len() => bytes[at] = byte,
                    1 if at < bytes.len() => { bytes.remove(at); }
                    _ => bytes.insert(at.min(bytes.len()), byte),
                }
            }
            prop_assert_eq!(check(&bytes).is_ok(), round_trips(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn any_bytes_are_judged_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(check(&bytes).is_ok(), round_trips(&bytes));
        }
    }
}
