//! The quick way to read a line: the parts stand where canonical form puts them.
//!
//! Promises to accept only what [`Claims::plainly`] accepts, and to read the same: every byte is either compared with the
//! one it must be, or part of a value that is written again in canonical form and compared. It refuses without a word;
//! the plain way then says why, or accepts after all.

use super::{Claims, Signatures};
use crate::{
    body::{self, RecordedAt},
    canon,
    envelope::{Envelope, MAX_LINE},
    key::Signature,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem;
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::HashMap, str::FromStr};
use trial_core::{
    entry::{Effect, Entry, Signer},
    event::Event,
    ids::{Hash, Key, Name, Seq},
    text::Text,
};

/// How many signers are kept as they are spelled: more than a trial has at work at one time.
const MOST_SIGNERS: usize = 4096;

/// Reads lines one after the other, and keeps what comes again in many.
#[derive(Debug)]
pub(crate) struct Reader {
    lines: Lines,
    /// Finds [`AFTER_EVENT`].
    after_event: memmem::Finder<'static>,
    /// Room for writing again.
    writer: canon::Writer,
    /// Signers by the first key of a line, and how they are spelled there.
    signers: HashMap<Key, (Box<str>, Signer)>,
}

/// What is known of the lines.
#[derive(Debug, PartialEq, Eq)]
enum Lines {
    /// Nothing.
    Strange,
    /// That they are the very bytes that were verified before: their spelling is not looked at again.
    Known,
}

/// The rest of a line that is being read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn expect(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A value that takes so many characters, of a type that has one spelling for each.
    fn parse<T: FromStr>(&mut self, length: usize) -> Option<T> {
        self.take(length)?.parse().ok()
    }

    /// What stands before the next of these, where one stands at all.
    fn before(&mut self, mark: &str) -> Option<&'a str> {
        let (taken, _) = self.0.split_once(mark)?;
        self.take(taken.len())
    }
}

impl Default for Reader {
    fn default() -> Reader {
        let (writer, signers) = (canon::Writer::default(), HashMap::new());
        Reader { lines: Lines::Strange, after_event: memmem::Finder::new(AFTER_EVENT), writer, signers }
    }
}

impl Reader {
    /// Reads lines that are the very bytes that were verified before, as whoever compared their hashes knows.
    pub fn of_known_lines() -> Reader {
        Reader { lines: Lines::Known, ..Reader::default() }
    }

    /// Reads a line, which has this leaf hash.
    pub fn read(&mut self, envelope: &Envelope, hash: Hash) -> Option<Claims> {
        let line = std::str::from_utf8(envelope.as_bytes()).ok().filter(|line| line.len() <= MAX_LINE)?;
        let signatures = signatures(line.as_bytes())?;
        let signed = body::place_of_body(line.len(), signatures.len());
        let event_ends = self.after_event.find(&line.as_bytes()[signed.clone()])? + signed.start;
        let (head, mut rest) = (&line[signed.start..event_ends], Rest(&line[event_ends..signed.end]));

        rest.expect(AFTER_EVENT)?;
        let ledger = rest.parse::<Hash>(64)?;
        rest.expect("\",\"prev\":\"")?;
        let prev = rest.parse::<Hash>(64)?;
        rest.expect("\",")?;
        let reason = match rest.expect("\"reason\":") {
            Some(()) => Some(self.again::<Text>(rest.before(",\"recorded_at\":\"")?)?),
            None => None,
        };
        rest.expect(if reason.is_some() { ",\"recorded_at\":\"" } else { "\"recorded_at\":\"" })?;
        let recorded_at = rest.parse::<RecordedAt>(24)?;
        rest.expect("\",")?;
        let sealed = match rest.expect("\"sealed\":") {
            Some(()) => self.again::<Sealed>(rest.before(",\"seq\":")?).filter(|sealed| !sealed.is_empty())?,
            None => Sealed::new(),
        };
        rest.expect(if sealed.is_empty() { "\"seq\":" } else { ",\"seq\":" })?;
        let seq = self.again::<Seq>(rest.before(",")?)?;
        rest.expect(",\"signer\":")?;
        let signer = self.signer(signatures[0].0, rest.0.strip_suffix(",\"v\":1}")?)?;

        let (countersigners, event) = match head.strip_prefix("{\"event\":") {
            Some(event) => (Vec::new(), event),
            None => {
                let (list, event) = head.strip_prefix("{\"countersigners\":")?.split_once(",\"event\":")?;
                (self.again::<Vec<Signer>>(list).filter(|list| !list.is_empty())?, event)
            }
        };
        let typed = Event::from_text(event).ok()?;
        self.is_spelled(&typed, event)?;
        let (recorded_at, effect) = (recorded_at.instant(), Effect::States);
        let entry = Entry { seq, hash, recorded_at, signer, countersigners, event: typed, reason, effect };
        Some(Claims { entry, ledger, prev, sealed, signed, signatures })
    }

    /// Most entries are signed by somebody who has signed before: the same bytes are the same signer.
    fn signer(&mut self, key: Key, text: &str) -> Option<Signer> {
        if let Some((_, known)) = self.signers.get(&key).filter(|(spelled, _)| **spelled == *text) {
            return Some(known.clone());
        }
        let signer: Signer = self.again(text)?;
        if self.signers.len() == MOST_SIGNERS {
            self.signers.clear();
        }
        self.signers.insert(key, (text.into(), signer.clone()));
        Some(signer)
    }

    /// Reads a value and sees that this is its one spelling.
    fn again<T: DeserializeOwned + Serialize>(&mut self, text: &str) -> Option<T> {
        let value = serde_json::from_str(text).ok()?;
        self.is_spelled(&value, text)?;
        Some(value)
    }

    fn is_spelled<T: Serialize>(&mut self, value: &T, text: &str) -> Option<()> {
        match self.lines {
            Lines::Known => Some(()),
            Lines::Strange => (self.writer.write_inside(IN_BODY, value).ok()? == text.as_bytes()).then_some(()),
        }
    }
}

/// A member of the body stands inside two containers: the line and the body.
const IN_BODY: usize = 2;

/// What follows the event. In an event it would be read as its end, and the line the plain way.
const AFTER_EVENT: &str = ",\"ledger\":\"";

type Sealed = std::collections::BTreeMap<Name, Hash>;

/// The signatures at the end of a line, where each takes the same room; that they are spelled as they must be is seen
/// here, byte for byte.
fn signatures(line: &[u8]) -> Option<Signatures> {
    let mut rest = line.strip_suffix(body::CLOSING)?;
    let mut found = Vec::with_capacity(1);
    loop {
        let (before, signature) = rest.split_at_checked(rest.len().checked_sub(body::SIGNATURE_LINE)?)?;
        found.push(one_signature(signature)?);
        if before.ends_with(body::BETWEEN) {
            found.reverse();
            return line.starts_with(body::OPENING).then_some(found);
        }
        rest = before.strip_suffix(b",")?;
    }
}

fn one_signature(text: &[u8]) -> Option<(Key, Option<Signature>)> {
    let rest = text.strip_prefix(br#"{"alg":"ed25519","key":""#)?;
    let (key, rest) = rest.split_at_checked(64)?;
    let base64 = rest.strip_prefix(br#"","sig":""#)?.strip_suffix(br#""}"#)?;
    let key = std::str::from_utf8(key).ok()?.parse::<Key>().ok()?;
    let mut signature = [0; 64];
    let length = STANDARD.decode_slice(base64, &mut signature).ok()?;
    (length == signature.len()).then_some((key, Some(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chain;
    use proptest::prelude::*;
    use trial_core::ids::Seq;

    fn quickly(envelope: &Envelope) -> Option<Claims> {
        Reader::default().read(envelope, envelope.leaf_hash())
    }

    #[test]
    fn an_honest_line_is_read_the_quick_way_and_says_the_same() {
        for verified in &Chain::sample().entries {
            let (line, plain) = (verified.envelope(), Claims::plainly(Seq(0), verified.envelope()));
            assert_eq!(Ok(quickly(line).expect("an honest line is read the quick way")), plain);
            assert_eq!(Ok(Reader::of_known_lines().read(line, line.leaf_hash()).unwrap()), plain);
        }
    }

    proptest! {
        #[test]
        fn a_changed_line_is_read_the_quick_way_only_if_the_plain_way_reads_the_same(
            which in any::<prop::sample::Index>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, prop_oneof![
                any::<u8>(), prop::sample::select(b"{}[]:,\"\\u0123456789abcdefAF-.eE \ntrnlsyp/=".to_vec())
            ]), 1..4),
        ) {
            thread_local!(static LINES: Vec<Vec<u8>> =
                Chain::sample().entries.iter().map(|v| v.envelope().as_bytes().to_vec()).collect());
            let mut line = LINES.with(|lines| lines[which.index(lines.len())].clone());
            for (place, how, byte) in edits {
                let at = place.index(line.len());
                match how {
                    0 => line[at] = byte,
                    1 => { line.remove(at); }
                    2 => line.insert(at, byte),
                    // Pieces of the line itself, so that members come twice or change places.
                    _ => { let piece = line[at..(at + usize::from(byte)).min(line.len())].to_vec(); line.splice(at..at, piece); }
                }
            }
            let envelope = Envelope::new(line);
            if let Some(quick) = quickly(&envelope) {
                prop_assert_eq!(Ok(quick), Claims::plainly(Seq(0), &envelope));
            }
        }
    }
}
