//! Body: what the people sign, and the line that carries it with their signatures.
//!
//! Promises that a body is written in one way only, and that a line is read only if it has exactly the members of
//! format version 1. Does not check whether what it says is right, nor the signatures: that is the verifier's part.

use crate::{
    canon::{self, NotRepresentable},
    envelope::Envelope,
    key::Signature,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Value, value::RawValue};
use serde_path_to_error::Segment;
use std::{collections::BTreeMap, fmt, ops::Range, str::FromStr};
use trial_core::{
    entry::Signer,
    ids::{Hash, Key, Name, Seq},
    spelling::{digits, parsed, put_digits},
    text::Text,
};

/// The version of the format.
pub const VERSION: u64 = 1;

/// The first line of what is signed, so that no signature of an entry can pass as one of something else.
pub const CONTEXT: &[u8] = b"trial-ledger/entry/v1\n";

/// When an entry was recorded: UTC in whole milliseconds, one spelling (`2016-10-10T01:00:00.000Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedAt(DateTime<Utc>);

impl RecordedAt {
    /// Cuts an instant to whole milliseconds.
    pub fn new(instant: DateTime<Utc>) -> RecordedAt {
        let whole = DateTime::from_timestamp_millis(instant.timestamp_millis());
        RecordedAt(whole.expect("the milliseconds are those of an instant"))
    }

    /// The instant.
    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }
}

impl fmt::Display for RecordedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0.naive_utc();
        let mut text = *b"YYYY-MM-DDThh:mm:ss.mmmZ";
        let Some(year) = u32::try_from(time.year()).ok().filter(|year| *year <= 9999) else {
            return f.pad(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true));
        };
        let parts = [(0..4, year), (5..7, time.month()), (8..10, time.day())];
        let clock = [(11..13, time.hour()), (14..16, time.minute()), (17..19, time.second())];
        let millis = [(20..23, time.and_utc().timestamp_subsec_millis())];
        for (place, number) in parts.into_iter().chain(clock).chain(millis) {
            put_digits(&mut text[place], number);
        }
        f.pad(std::str::from_utf8(&text).expect("digits and signs are ASCII"))
    }
}

impl FromStr for RecordedAt {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
            let part = |place: Range<usize>| digits(&bytes[place]);
            let day = NaiveDate::from_ymd_opt(i32::try_from(part(0..4)?).ok()?, part(5..7)?, part(8..10)?)?;
            let time = day.and_hms_milli_opt(part(11..13)?, part(14..16)?, part(17..19)?, part(20..23)?)?;
            let signs = [4, 7, 10, 13, 16, 19, 23].map(|place| bytes[place]);
            (signs == *b"--T::.Z").then(|| RecordedAt(time.and_utc()))
        };
        parse().ok_or_else(|| {
            format!("{text:?} is not a time: expected UTC in milliseconds, as in 2016-10-10T01:00:00.000Z")
        })
    }
}

impl Serialize for RecordedAt {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordedAt {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        parsed(d)
    }
}

/// What is signed: an event with its place in one ledger, its time and its signers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body<E = Value> {
    // In the order of the canonical form, which need not be sorted then.
    /// Others who sign the same body; left out when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "not_empty")]
    pub countersigners: Vec<Signer>,
    /// The event, with its type, its version and the facts.
    pub event: E,
    /// Leaf hash of the genesis entry; zeros in the genesis itself.
    pub ledger: Hash,
    /// Leaf hash of the entry before; zeros in the genesis.
    pub prev: Hash,
    /// Why, where the event asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<Text>,
    /// When it was recorded.
    pub recorded_at: RecordedAt,
    /// Commitments to values that stand outside the log, by name; left out when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "not_empty")]
    pub sealed: BTreeMap<Name, Hash>,
    /// Place in the log, from 0.
    pub seq: Seq,
    /// The author.
    pub signer: Signer,
    /// Format version, 1.
    pub v: u64,
}

impl<E: Serialize> Body<E> {
    /// The canonical bytes.
    ///
    /// # Errors
    /// The event holds a number that is not a small enough integer, or is nested too deep.
    pub fn to_vec(&self) -> Result<Vec<u8>, NotRepresentable> {
        canon::to_vec(self)
    }
}

impl<E> Body<E> {
    /// The same with its event in another form.
    pub(crate) fn with<F>(self, form: impl FnOnce(E) -> F) -> Body<F> {
        let Body { v, ledger, seq, prev, recorded_at, signer, countersigners, event, reason, sealed } = self;
        Body { v, ledger, seq, prev, recorded_at, signer, countersigners, event: form(event), reason, sealed }
    }
}

/// What is signed: the context line, then the canonical body.
pub fn message(body: &[u8]) -> Vec<u8> {
    [CONTEXT, body].concat()
}

/// The line of a body (canonical bytes) and its signatures, in any order.
pub fn line(body: &[u8], signatures: impl IntoIterator<Item = (Key, Signature)>) -> Envelope {
    let mut signatures: Vec<(Key, Signature)> = signatures.into_iter().collect();
    signatures.sort_by_key(|(key, _)| *key);
    signatures.dedup_by_key(|(key, _)| *key);
    Envelope::new(assemble(body, signatures.into_iter().map(|(key, signature)| (key, STANDARD.encode(signature)))))
}

/// The line of a body (canonical bytes) with room for one signature by each of these keys, which are sorted: see
/// [`place_of_signature`].
#[cfg(feature = "store")]
pub(crate) fn unsigned_line(body: &[u8], by: impl ExactSizeIterator<Item = Key>) -> Vec<u8> {
    assemble(body, by.map(|key| (key, NO_SIGNATURE)))
}

/// Where the base64 of one of several signatures stands in a line of so many bytes.
#[cfg(feature = "store")]
pub(crate) fn place_of_signature(line: usize, which: usize, signatures: usize) -> Range<usize> {
    let behind = (signatures - 1 - which) * (SIGNATURE_LINE + 1) + r#""}"#.len() + CLOSING.len();
    line - behind - NO_SIGNATURE.len()..line - behind
}

/// Room for a signature: 64 zeros in base64.
#[cfg(feature = "store")]
const NO_SIGNATURE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// How a line begins.
pub(crate) const OPENING: &[u8] = b"{\"body\":";
/// What stands between the body and the first signature.
pub(crate) const BETWEEN: &[u8] = b",\"signatures\":[";
/// How a line ends.
pub(crate) const CLOSING: &[u8] = b"]}";
/// How many bytes a signature takes in a line.
pub(crate) const SIGNATURE_LINE: usize = r#"{"alg":"ed25519","key":"","sig":""}"#.len() + 64 + 88;

/// Where the body stands in a line of so many bytes with so many signatures; empty where there is no room for one.
pub(crate) fn place_of_body(line: usize, signatures: usize) -> Range<usize> {
    let commas = signatures.saturating_sub(1);
    let behind = BETWEEN.len() + signatures * SIGNATURE_LINE + commas + CLOSING.len();
    OPENING.len()..line.saturating_sub(behind).max(OPENING.len())
}

/// The bytes of a line, its signatures in the order given.
fn assemble(body: &[u8], signatures: impl ExactSizeIterator<Item = (Key, impl AsRef<str>)>) -> Vec<u8> {
    let around = OPENING.len() + BETWEEN.len() + CLOSING.len();
    let mut line = Vec::with_capacity(around + body.len() + signatures.len() * (SIGNATURE_LINE + 1));
    [OPENING, body, BETWEEN].into_iter().for_each(|part| line.extend_from_slice(part));
    for (i, (key, sig)) in signatures.enumerate() {
        let comma = if i > 0 { "," } else { "" };
        for part in [comma, r#"{"alg":"ed25519","key":""#, &key.to_string(), r#"","sig":""#, sig.as_ref(), r#""}"#] {
            line.extend_from_slice(part.as_bytes());
        }
    }
    line.extend_from_slice(CLOSING);
    line
}

/// The parts of a line that has the right shape.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// The canonical bytes of the body, which are what is signed.
    pub signed: &'a [u8],
    /// What they say.
    pub body: Body,
    /// The signatures as they stand in the line.
    pub signatures: Vec<SignatureLine<'a>>,
}

/// One signature as it stands in a line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureLine<'a> {
    alg: Algorithm,
    pub key: Key,
    sig: &'a str,
}

/// The algorithms of format version 1; the member keeps the place open for others.
#[derive(Debug, Deserialize)]
enum Algorithm {
    #[serde(rename = "ed25519")]
    Ed25519,
}

impl SignatureLine<'_> {
    /// The 64 bytes, where the base64 is padded and canonical.
    pub fn signature(&self) -> Option<Signature> {
        match self.alg {
            Algorithm::Ed25519 => STANDARD.decode(self.sig).ok()?.try_into().ok(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow)]
    signatures: Vec<SignatureLine<'a>>,
}

/// A member that does not fit: where, and what was expected.
#[derive(Debug)]
pub(crate) struct Misshapen {
    pub pointer: String,
    pub message: String,
}

/// Reads the parts of a line that is known to be canonical.
pub(crate) fn read(envelope: &Envelope) -> Result<Parts<'_>, Misshapen> {
    let line: Line<'_> = typed(envelope.as_bytes(), "")?;
    let signed = line.body.get().as_bytes();
    let body: Body = typed(signed, "/body")?;
    // One spelling for each entry: serde would also take an array for an object, or {"ed25519":null} for a word, and
    // whoever holds the file could then change bytes that nobody signed.
    let other = |pointer: &str| Misshapen {
        pointer: pointer.to_owned(),
        message: "members in another than their one spelling".to_owned(),
    };
    if body.to_vec().ok().as_deref() != Some(signed) {
        return Err(other("/body"));
    }
    let spelled = assemble(signed, line.signatures.iter().map(|s| (s.key, s.sig)));
    if spelled != envelope.as_bytes() {
        return Err(other("/signatures"));
    }
    Ok(Parts { signed, body, signatures: line.signatures })
}

fn typed<'a, T: Deserialize<'a>>(bytes: &'a [u8], parent: &str) -> Result<T, Misshapen> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let steps = error.path().iter().map(|step| match step {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => format!("/{key}"),
            Segment::Unknown => String::new(),
        });
        let pointer = parent.to_owned() + &steps.collect::<String>();
        Misshapen { pointer, message: error.into_inner().to_string() }
    })
}

/// A member that may be left out but is never null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// A list or map that may be left out but is never empty.
fn not_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default + PartialEq>(d: D) -> Result<T, D::Error> {
    let found = T::deserialize(d)?;
    if found == T::default() {
        Err(D::Error::custom("expected at least one, or the member left out"))
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash, key::Secret};
    use std::collections::BTreeMap;

    fn golden() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/golden_chain.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn secrets(file: &Value) -> BTreeMap<Key, Secret> {
        let seed = |text: &Value| {
            let mut seed = [0; 32];
            hex::decode_to_slice(text.as_str().unwrap(), &mut seed).unwrap();
            Secret::from_seed(&seed)
        };
        file["seeds"].as_object().unwrap().values().map(|s| (seed(s).key(), seed(s))).collect()
    }

    #[test]
    fn the_golden_chain_is_reproduced_byte_for_byte() {
        let file = golden();
        let secrets = secrets(&file);
        let (mut genesis, mut prev) = (Hash::ZERO, Hash::ZERO);
        for (i, entry) in file["entries"].as_array().unwrap().iter().enumerate() {
            let expected = Envelope::new(entry["line"].as_str().unwrap().as_bytes());
            let parts = read(&expected).unwrap();
            let body = Body { v: VERSION, ledger: genesis, seq: Seq(i as u64), prev, ..parts.body };
            let bytes = body.to_vec().unwrap();
            assert_eq!(bytes, parts.signed);
            let digest = hash::sha256(&[&bytes]);
            assert_eq!(digest.to_string(), entry["body_sha256"].as_str().unwrap());

            let signers = body.countersigners.iter().chain([&body.signer]);
            let made = line(&bytes, signers.map(|s| (s.key, secrets[&s.key].sign(&message(&bytes)))));
            assert_eq!(made, expected);
            assert_eq!(made.leaf_hash().to_string(), entry["leaf"].as_str().unwrap());
            prev = made.leaf_hash();
            if i == 0 {
                genesis = prev;
            }
        }
    }

    #[test]
    fn the_golden_signatures_hold_and_are_sorted_by_key() {
        for entry in golden()["entries"].as_array().unwrap() {
            let envelope = Envelope::new(entry["line"].as_str().unwrap().as_bytes());
            assert_eq!(canon::check(envelope.as_bytes()), Ok(()));
            let parts = read(&envelope).unwrap();
            assert!(parts.signatures.is_sorted_by_key(|s| s.key));
            for line in &parts.signatures {
                let public = crate::key::PublicKey::admit(line.key).unwrap();
                assert_eq!(public.verify(&message(parts.signed), &line.signature().unwrap()), Ok(()));
            }
        }
    }

    #[test]
    fn a_line_with_a_member_more_or_less_or_empty_is_refused() {
        let text = golden()["entries"][3]["line"].as_str().unwrap().to_owned();
        let refused = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            read(&Envelope::new(text.replacen(from, to, 1).into_bytes())).unwrap_err().pointer
        };
        assert_eq!(refused(r#""v":1}"#, r#""v":1,"w":1}"#), "/body/w");
        assert_eq!(refused(r#","v":1}"#, "}"), "/body");
        assert_eq!(refused(r#""role":"sponsor""#, r#""role":"king""#), "/body/countersigners/0/role");
        assert_eq!(
            refused(r#""recorded_at":"2016-10-13T01:03:00.003Z""#, r#""recorded_at":"2016-10-13T01:03:00Z""#),
            "/body/recorded_at"
        );
        assert_eq!(refused(r#","recorded_at""#, r#","reason":null,"recorded_at""#), "/body/reason");
        assert_eq!(refused(r#","signer""#, r#","sealed":{},"signer""#), "/body/sealed");
        assert_eq!(refused(r#""alg":"ed25519""#, r#""alg":"none""#), "/signatures/0/alg");
    }

    #[test]
    fn a_second_spelling_of_the_same_members_is_refused() {
        let text = golden()["entries"][3]["line"].as_str().unwrap().to_owned();
        let refused = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            let other = Envelope::new(text.replacen(from, to, 1).into_bytes());
            assert_eq!(canon::check(other.as_bytes()), Ok(()), "{to}");
            read(&other).unwrap_err().pointer
        };
        assert_eq!(refused(r#""alg":"ed25519""#, r#""alg":{"ed25519":null}"#), "/signatures");
        assert_eq!(refused(r#""role":"investigator""#, r#""role":{"investigator":null}"#), "/body");
        assert_eq!(refused(r#""role":"investigator""#, r#""role":"investigator","site":null"#), "/body");
        let (body, signatures) = text.split_once(r#","signatures":"#).unwrap();
        let first = signatures.split_once(r#"},"#).unwrap().0.trim_start_matches('[');
        let fields: Value = serde_json::from_str(&format!("{first}}}")).unwrap();
        let array = format!("[{},{},{}]", fields["alg"], fields["key"], fields["sig"]);
        assert_eq!(refused(&format!("{first}}}"), &array), "/signatures");
        let line = format!("[{},{}]", body.trim_start_matches(r#"{"body":"#), &signatures[..signatures.len() - 1]);
        assert_eq!(refused(&text, &line), "/signatures");
    }

    #[test]
    fn a_time_has_one_spelling() {
        assert!("2016-10-10T01:00:00.000Z".parse::<RecordedAt>().is_ok());
        for bad in [
            "2016-10-10T01:00:00Z",
            "2016-10-10T01:00:00.0000Z",
            "2016-10-10T01:00:00.000+00:00",
            "2016-10-10t01:00:00.000z",
            "2016-10-10T25:00:00.000Z",
            "",
        ] {
            assert!(bad.parse::<RecordedAt>().is_err(), "{bad}");
        }
    }
}
