//! Prover: reads entries that were just made as readers will, on a thread of its own, while the next ones are made.
//!
//! Promises that [`Prover::finish`] says yes only when every line it was given is read as the entry that was made, with
//! signatures that hold, in the [`Way`] of the readers. Does not make a thread for a few entries. Does not check what depends
//! on the log in front: whoever made the entries has.

use crate::{
    body,
    check::Verified,
    claims::{Claims, quick::Reader},
    fault::{Fault, FaultKind},
    key::PublicKey,
    prepare::{Prepared, Way},
};
use std::{
    mem,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};
use trial_core::{entry::Entry, ids::Hash};

/// How many entries are read together.
const CHUNK: usize = 16;

type Chunk = Vec<Arc<Verified>>;
type Judged = Result<(), Fault>;

/// What reads, and of which ledger.
#[derive(Debug)]
pub(crate) struct Judge {
    ledger: Hash,
    way: Way,
    reader: Reader,
}

/// Reads entries as they are made.
#[derive(Debug)]
pub(crate) struct Prover {
    judge: Judge,
    waiting: Chunk,
    thread: Option<Thread>,
}

/// Where chunks go, and their verdicts come from; ends when this goes.
#[derive(Debug)]
struct Thread {
    chunks: Sender<Chunk>,
    verdicts: Receiver<Judged>,
    pending: usize,
}

impl Prover {
    /// Of entries of this ledger.
    pub fn new(ledger: Hash) -> Prover {
        Prover { judge: Judge::new(ledger), waiting: Vec::new(), thread: None }
    }

    /// Takes what is to be read.
    pub fn push(&mut self, made: Arc<Verified>) {
        self.waiting.push(made);
        if self.waiting.len() < CHUNK {
            return;
        }
        if self.thread.is_none() {
            // Where there is no thread to be had, everything is read at the end.
            self.thread = Thread::start(self.judge.ledger);
        }
        if let Some(thread) = &mut self.thread {
            thread.give(mem::take(&mut self.waiting));
        }
    }

    /// Waits until everything is read; then nobody but the caller has the entries.
    ///
    /// # Errors
    /// The fault that a reader would find in one of them.
    pub fn finish(&mut self) -> Judged {
        let rest = self.judge.judge(&mem::take(&mut self.waiting));
        self.thread.as_mut().map_or(Ok(()), Thread::verdict).and(rest)
    }
}

impl Thread {
    fn start(ledger: Hash) -> Option<Thread> {
        let (chunks, given) = mpsc::channel::<Chunk>();
        let (judged, verdicts) = mpsc::channel();
        let work = move || {
            let mut judge = Judge::new(ledger);
            // Nobody listens any more where the batch was dropped half-way.
            let mut one = |chunk: Chunk| {
                let verdict = judge.judge(&chunk);
                drop(chunk);
                judged.send(verdict).is_ok()
            };
            while given.recv().is_ok_and(&mut one) {}
        };
        thread::Builder::new().name("prove".to_owned()).spawn(work).ok()?;
        Some(Thread { chunks, verdicts, pending: 0 })
    }

    fn give(&mut self, chunk: Chunk) {
        // A chunk that the thread does not take is seen by whoever waits for its verdict.
        let _ = self.chunks.send(chunk);
        self.pending += 1;
    }

    /// The first fault in what is pending.
    fn verdict(&mut self) -> Judged {
        let verdict = |_| self.verdicts.recv().expect("reading does not panic");
        (0..mem::take(&mut self.pending)).map(verdict).fold(Ok(()), Result::and)
    }
}

impl Judge {
    /// Of lines of this ledger.
    pub fn new(ledger: Hash) -> Judge {
        Judge { ledger, way: Way::default(), reader: Reader::default() }
    }

    /// Reads lines that were just made.
    ///
    /// # Errors
    /// The first fault that a reader would find.
    pub fn judge(&mut self, chunk: &[Arc<Verified>]) -> Judged {
        let lines = chunk.iter().map(|made| Ok(made.envelope().clone())).collect();
        let read = self.way.prepare(lines, &mut self.reader);
        read.into_iter().zip(chunk).try_for_each(|(read, made)| self.agrees(read?, made))
    }

    /// Whether a line that was read is the entry that was made.
    fn agrees(&self, read: Prepared, made: &Verified) -> Judged {
        let Prepared { envelope, claims, signatures_hold } = read;
        let seq = made.entry().seq;
        let claims = claims.map_or_else(|| Claims::plainly(seq, &envelope), Ok)?;
        let hold = signatures_hold || hold(&claims, &body::message(&envelope.as_bytes()[claims.signed.clone()]));
        let Claims { entry, ledger, prev, sealed, .. } = claims;
        let entry = Entry { effect: made.entry().effect.clone(), ..entry };
        if (&entry, ledger, prev, &sealed) != (made.entry(), self.ledger, made.prev(), made.sealed()) {
            return Err(Fault::at(FaultKind::SchemaViolation, seq, "a line that says what was signed", "another one"));
        }
        match hold {
            true => Ok(()),
            false => {
                let (expected, found) = ("signatures by these keys over this body", "one that is not");
                Err(Fault::at(FaultKind::SignatureInvalid, seq, expected, found))
            }
        }
    }
}

/// The plain way, for what the quick way did not read or accept.
fn hold(claims: &Claims, message: &[u8]) -> bool {
    claims.signatures.iter().all(|(key, signature)| {
        let public = PublicKey::admit(*key).ok();
        public.zip(*signature).is_some_and(|(public, signature)| public.verify(message, &signature).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{envelope::Envelope, sample::Chain};

    /// The entry with a change in its line, as if its memory had changed before it was written.
    fn spoiled(made: &Verified, from: &str, to: &str) -> Verified {
        let line = String::from_utf8(made.envelope().as_bytes().to_vec()).unwrap();
        assert!(line.contains(from), "{from} in {line}");
        let envelope = Envelope::new(line.replacen(from, to, 1).into_bytes());
        let entry = Entry { hash: envelope.leaf_hash(), ..made.entry().clone() };
        Verified::again(envelope, entry, made.prev(), made.sealed().clone())
    }

    #[test]
    fn a_line_that_a_reader_would_refuse_is_found_wherever_it_stands() {
        let chain = Chain::of(60);
        let ledger = chain.entries[0].entry().hash;
        let made = &chain.entries[8..];
        let mut prover = Prover::new(ledger);
        for length in [0, 1, 15, 16, 17, 32, 50] {
            for bad in [None, Some(0), Some(16), Some(31), Some(49)]
                .into_iter()
                .filter(|bad| bad.is_none_or(|bad| bad < length))
            {
                for (from, to, kind) in [
                    ("sig\":\"", "sig\":\"AAAA", FaultKind::SignatureInvalid),
                    ("\"number\":", "\"number\":1", FaultKind::SchemaViolation),
                    ("\"version\":1", "\"version\":1 ", FaultKind::NotCanonical),
                    ("\"key\":\"", "\"key\":\"00", FaultKind::SchemaViolation),
                ] {
                    for (at, entry) in made[..length].iter().enumerate() {
                        let entry = if bad == Some(at) { spoiled(entry, from, to) } else { entry.clone() };
                        prover.push(Arc::new(entry));
                    }
                    let found = prover.finish().err().map(|fault| (fault.kind, fault.seq));
                    assert_eq!(found, bad.map(|at| (kind, Some(made[at].entry().seq))), "{length} entries, {from}");
                }
            }
        }
    }

    #[test]
    fn a_signature_that_does_not_hold_is_found() {
        let chain = Chain::of(60);
        for bad in [8, 30, 59] {
            let mut prover = Prover::new(chain.entries[0].entry().hash);
            for entry in &chain.entries[8..] {
                let sig = String::from_utf8_lossy(entry.envelope().as_bytes()).split_once("sig\":\"").unwrap().1[..8]
                    .to_owned();
                let other = if sig.starts_with('A') { "BBBBBBBB" } else { "AAAAAAAA" };
                let is_bad = entry.entry().seq.0 == bad;
                prover.push(Arc::new(if is_bad { spoiled(entry, &sig, other) } else { entry.clone() }));
            }
            let fault = prover.finish().unwrap_err();
            assert_eq!((fault.kind, fault.seq.map(|seq| seq.0)), (FaultKind::SignatureInvalid, Some(bad)));
        }
    }
}
