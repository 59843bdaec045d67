//! Prepare: all work on entries that needs no log in front of them, for many at once and on every processor.
//!
//! Promises the order of what it was given, and that a signature is said to hold only where the [`Engine`] says so under
//! the key that stands beside it. Does not judge: what it could not read or did not accept, the checks look at again, the
//! plain way.

use crate::{
    claims::{Claims, quick::Reader},
    engine::{Claim, Engine},
    envelope::Envelope,
    fault::Fault,
};
use std::{
    collections::VecDeque,
    num::NonZero,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// How many entries are prepared together: enough for the engine, and half a megabyte.
const CHUNK: usize = 512;

/// The engine that all verifiers share, and with it the tables of the signers.
static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| Arc::new(Engine::new()));

/// An entry with what could be found out about it alone.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub envelope: Envelope,
    /// What it says, if the quick way could read it.
    pub claims: Option<Claims>,
    /// Whether each signature is known to hold under its key.
    pub signatures_hold: bool,
}

impl Prepared {
    /// An entry to be checked the plain way from its first byte on.
    pub fn plain(envelope: Envelope) -> Prepared {
        Prepared { envelope, claims: None, signatures_hold: false }
    }

    /// One entry alone: read, its signatures left to the checks.
    pub fn alone(envelope: Envelope) -> Prepared {
        let claims = Reader::default().read(&envelope, envelope.leaf_hash());
        Prepared { envelope, claims, signatures_hold: false }
    }
}

/// Which way entries are verified; the answer is the same.
#[derive(Debug, Clone)]
pub enum Way {
    /// Every check one step after the other, signatures with `verify_strict` of ed25519-dalek alone: the reference.
    Plain,
    /// Read the quick way, on all processors, signatures judged by this engine.
    Quick(Arc<Engine>),
}

impl Default for Way {
    fn default() -> Way {
        Way::Quick(Arc::clone(&ENGINE))
    }
}

impl Way {
    /// What judges the signatures: `reference`, or the name of the engine.
    pub fn name(&self) -> &'static str {
        match self {
            Way::Plain => "reference",
            Way::Quick(engine) => engine.name(),
        }
    }
}

type Read = Result<Envelope, Fault>;
type Done = Result<Prepared, Fault>;

impl Way {
    /// Prepares entries, with the same reader from call to call.
    pub(crate) fn prepare(&self, chunk: Vec<Read>, reader: &mut Reader) -> Vec<Done> {
        let Way::Quick(engine) = self else {
            return chunk.into_iter().map(|read| read.map(Prepared::plain)).collect();
        };
        // Of one line alone the hash is taken the plain way at once.
        let is_alone = chunk.len() == 1;
        let lines: Vec<&[u8]> = chunk.iter().flatten().map(Envelope::as_bytes).collect();
        let mut hashes = if is_alone { Vec::new() } else { engine.leaf_hashes(&lines) }.into_iter();
        let mut read = |envelope: Envelope| {
            let claims = reader.read(&envelope, hashes.next().unwrap_or_else(|| envelope.leaf_hash()));
            Prepared { envelope, claims, signatures_hold: false }
        };
        let mut done: Vec<Done> = chunk.into_iter().map(|envelope| envelope.map(&mut read)).collect();
        if !is_alone {
            confirm(&mut done);
        }
        mark(&mut done, engine);
        done
    }
}

/// A hash that the next entry names is right; every other one is taken again, the plain way.
fn confirm(done: &mut [Done]) {
    for at in 0..done.len() {
        let (before, behind) = done.split_at_mut(at + 1);
        let Some(Ok(Prepared { envelope, claims: Some(said), .. })) = before.last_mut() else { continue };
        let next = behind.first().and_then(|next| next.as_ref().ok()).and_then(|next| next.claims.as_ref());
        if next.is_none_or(|next| next.prev != said.entry.hash) {
            said.entry.hash = envelope.leaf_hash();
        }
    }
}

/// Says of each entry whether its signatures hold.
fn mark(done: &mut [Done], engine: &Engine) {
    let mut claims = Vec::with_capacity(done.len());
    let mut of = Vec::with_capacity(done.len());
    for (place, prepared) in done.iter().enumerate() {
        let Ok(Prepared { envelope, claims: Some(said), .. }) = prepared else { continue };
        let message = [crate::body::CONTEXT, &envelope.as_bytes()[said.signed.clone()]];
        for (key, signature) in &said.signatures {
            let Some(signature) = *signature else { continue };
            claims.push(Claim { key: *key, message, signature });
            of.push(place);
        }
    }
    let verdicts = engine.accepts(&claims);
    let mut held = vec![0; done.len()];
    for (place, _) in of.into_iter().zip(verdicts).filter(|(_, holds)| *holds) {
        held[place] += 1;
    }
    for (prepared, held) in done.iter_mut().zip(held) {
        if let Ok(Prepared { claims: Some(said), signatures_hold, .. }) = prepared {
            *signatures_hold = said.signatures.len() == held;
        }
    }
}

/// Prepares what a source gives, ahead of whoever takes it.
pub(crate) struct Preparer<I> {
    source: I,
    ended: bool,
    way: Way,
    threads: usize,
    workers: Option<Workers>,
    under_way: VecDeque<Receiver<Vec<Done>>>,
    ready: VecDeque<Done>,
    reader: Reader,
}

impl<I: Iterator<Item = Read>> Preparer<I> {
    /// With the shared engine, on all processors.
    pub fn new(source: I) -> Preparer<I> {
        Preparer {
            source,
            ended: false,
            way: Way::default(),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            workers: None,
            under_way: VecDeque::new(),
            ready: VecDeque::new(),
            reader: Reader::default(),
        }
    }

    /// The same another way.
    pub fn by(self, way: Way) -> Preparer<I> {
        Preparer { way, ..self }
    }

    /// The same on so many threads.
    pub fn on(self, threads: usize) -> Preparer<I> {
        Preparer { threads, ..self }
    }

    /// The entry that comes after those taken, if there is one.
    pub fn peek(&mut self) -> Option<&Done> {
        self.fill();
        self.ready.front()
    }

    fn fill(&mut self) {
        while self.ready.is_empty() {
            while !self.ended && self.under_way.len() <= self.threads {
                let chunk: Vec<Read> = self.source.by_ref().take(CHUNK).collect();
                self.ended = chunk.len() < CHUNK;
                if !self.hand_over(chunk) {
                    break;
                }
            }
            let Some(done) = self.under_way.pop_front() else { return };
            self.ready = done.recv().expect("a worker answers unless it panicked, which is told already").into();
        }
    }

    /// Gives a chunk to a worker, while nothing is ready; a log of one chunk is not worth a thread. Says whether more can be
    /// handed over.
    fn hand_over(&mut self, chunk: Vec<Read>) -> bool {
        let alone = self.threads < 2 || (self.ended && self.workers.is_none()) || matches!(self.way, Way::Plain);
        if !alone && self.workers.is_none() {
            self.workers = Workers::start(self.threads, &self.way);
        }
        match self.workers.as_ref().filter(|_| !alone) {
            Some(workers) => {
                self.under_way.push_back(workers.prepare(chunk));
                true
            }
            None => {
                self.ready = self.way.prepare(chunk, &mut self.reader).into();
                self.ready.is_empty()
            }
        }
    }
}

impl<I: Iterator<Item = Read>> Iterator for Preparer<I> {
    type Item = Done;

    fn next(&mut self) -> Option<Done> {
        self.fill();
        self.ready.pop_front()
    }
}

/// Threads that prepare chunks; they end when this goes.
struct Workers(Sender<Job>);

type Job = (Vec<Read>, Sender<Vec<Done>>);

impl Workers {
    /// None where threads cannot be had.
    fn start(threads: usize, way: &Way) -> Option<Workers> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (waiting, way) = (Arc::clone(&waiting), way.clone());
            let work = move || {
                let mut reader = Reader::default();
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((chunk, answer)) = next else { return };
                    // Nobody listens any more where the reader stopped half-way.
                    let _ = answer.send(way.prepare(chunk, &mut reader));
                }
            };
            thread::Builder::new().name("verify".to_owned()).spawn(work).ok()?;
        }
        Some(Workers(jobs))
    }

    fn prepare(&self, chunk: Vec<Read>) -> Receiver<Vec<Done>> {
        let (answer, done) = mpsc::channel();
        // A job that no worker takes is seen by whoever waits for its answer.
        let _ = self.0.send((chunk, answer));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chain;

    #[test]
    fn a_hash_that_the_next_entry_does_not_name_is_taken_again() {
        let mut done: Vec<Done> =
            Chain::sample().entries.iter().map(|entry| Ok(Prepared::alone(entry.envelope().clone()))).collect();
        let last = done.len() - 1;
        assert!(last > 5);
        for wrong in [0, 3, 4, last] {
            let Ok(Prepared { claims: Some(said), .. }) = &mut done[wrong] else { panic!("it is read the quick way") };
            said.entry.hash.0[7] ^= 1;
        }
        confirm(&mut done);
        for done in done {
            let Prepared { envelope, claims, .. } = done.unwrap();
            assert_eq!(claims.unwrap().entry.hash, envelope.leaf_hash());
        }
    }
}
