//! Prover: judges the signatures of entries that were just made, on a thread of its own, while the next ones are made.
//!
//! Promises that [`Prover::finish`] says yes only when every signature it was given holds, by the [`Engine`] that readers
//! use. Does not make a thread for a few entries. Does not check anything else of an entry.

use crate::{
    engine::{Claim, Engine},
    fault::{Fault, FaultKind},
    key::Signature,
};
use std::{
    mem,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};
use trial_core::ids::{Key, Seq};

/// How many entries are judged together.
const CHUNK: usize = 32;

/// What was signed, and by whom.
#[derive(Debug)]
pub(crate) struct Unproven {
    pub seq: Seq,
    pub message: Vec<u8>,
    pub signatures: Vec<(Key, Signature)>,
}

impl Unproven {
    fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        let claim = |(key, signature): &(Key, Signature)| Claim {
            key: *key,
            message: [&self.message, b""],
            signature: *signature,
        };
        self.signatures.iter().map(claim)
    }
}

/// Where a signature did not hold.
type Judged = Result<(), Seq>;

/// Judges signatures as they are made.
#[derive(Debug)]
pub(crate) struct Prover {
    engine: Arc<Engine>,
    waiting: Vec<Unproven>,
    thread: Option<(Sender<Vec<Unproven>>, JoinHandle<Judged>)>,
}

impl Prover {
    /// With an engine.
    pub fn new(engine: Arc<Engine>) -> Prover {
        Prover { engine, waiting: Vec::new(), thread: None }
    }

    /// Takes what is to be judged.
    pub fn push(&mut self, signed: Unproven) {
        self.waiting.push(signed);
        if self.waiting.len() < CHUNK {
            return;
        }
        if self.thread.is_none() {
            let engine = Arc::clone(&self.engine);
            let (chunks, given) = mpsc::channel::<Vec<Unproven>>();
            let work = move || given.iter().try_for_each(|chunk| judge(&engine, &chunk));
            // Where there is no thread to be had, everything is judged at the end.
            self.thread = thread::Builder::new().name("prove".to_owned()).spawn(work).ok().map(|work| (chunks, work));
        }
        if let Some((chunks, _)) = &self.thread {
            // A thread that found one that does not hold listens no more; its answer is asked for at the end.
            let _ = chunks.send(mem::take(&mut self.waiting));
        }
    }

    /// Waits until everything is judged.
    ///
    /// # Errors
    /// An entry of which a signature does not hold.
    pub fn finish(self) -> Result<(), Fault> {
        let rest = judge(&self.engine, &self.waiting);
        let before = self.thread.map_or(Ok(()), |(chunks, work)| {
            drop(chunks);
            work.join().expect("judging does not panic")
        });
        before.and(rest).map_err(|seq| {
            Fault::at(FaultKind::SignatureInvalid, seq, "signatures by these keys over this body", "one that is not")
        })
    }
}

fn judge(engine: &Engine, chunk: &[Unproven]) -> Judged {
    let claims: Vec<Claim<'_>> = chunk.iter().flat_map(Unproven::claims).collect();
    let mut verdicts = engine.accepts(&claims).into_iter();
    let holds = |made: &Unproven| made.signatures.iter().fold(true, |all, _| verdicts.next() == Some(true) && all);
    chunk.iter().map(holds).zip(chunk).find(|(holds, _)| !holds).map_or(Ok(()), |(_, made)| Err(made.seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Secret;

    fn signed(seq: u64, secrets: &[&Secret]) -> Unproven {
        let message = format!("entry {seq}").into_bytes();
        let signatures = secrets.iter().map(|secret| (secret.key(), secret.sign(&message))).collect();
        Unproven { seq: Seq(seq), message, signatures }
    }

    #[test]
    fn signatures_that_hold_are_proven_and_one_that_does_not_is_named() {
        let (one, two) = (Secret::from_seed(&[1; 32]), Secret::from_seed(&[2; 32]));
        let both = [&one, &two];
        for length in [0, 1, 31, 32, 33, 100] {
            for bad in [None, Some(0), Some(40), Some(99)].into_iter().filter(|bad| bad.is_none_or(|bad| bad < length))
            {
                let mut prover = Prover::new(Arc::new(Engine::new()));
                for seq in 0..length {
                    let mut entry = signed(seq, if seq % 3 == 0 { &both } else { &both[..1] });
                    if bad == Some(seq) {
                        entry.signatures.last_mut().unwrap().1[40] ^= 1;
                    }
                    prover.push(entry);
                }
                let found = prover.finish().err().map(|fault| (fault.kind, fault.seq));
                let expected = bad.map(|seq| (FaultKind::SignatureInvalid, Some(Seq(seq))));
                assert_eq!(found, expected, "{length} entries");
            }
        }
    }
}
