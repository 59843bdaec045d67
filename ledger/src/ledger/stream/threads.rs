//! The threads of a stream: one links and signs, one after the other; one proves, and writes what is proven.
//!
//! Promises that nothing is written before all of its group is proven, that groups are written in their order, and that
//! nothing is written behind one that failed. Does not know what was asked of them: the stream counts.

use crate::{
    check::{Unsigned, Verified},
    fault::Fault,
    journal::Journal,
    prover::Judge,
};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};
use trial_core::ids::Hash;

/// Entries in a row, shared by those who wait for them to be written.
pub(super) type Chunk = Vec<Arc<Verified>>;

/// What is to be done next.
pub(super) enum Step {
    /// Link and sign these, and prove them.
    Sign(Vec<Unsigned>),
    /// Write all since the last group, once it is proven.
    Write,
    /// Prove all since the last group, and leave writing it to whoever asks.
    Prove,
}

/// What the thread that signs passes on.
enum Task {
    Prove(Chunk),
    Close(Close),
}

/// What becomes of a group that is proven.
#[derive(PartialEq, Eq)]
enum Close {
    Write,
    Leave,
}

/// Why a group was not written.
pub(super) enum Broken {
    /// A reader would find this fault.
    Refused(Box<Fault>),
    /// The journal could not be written, or not synced.
    Unwritten(io::Error),
}

/// Both threads, and what goes to and fro.
pub(super) struct Threads {
    /// None when they are to end.
    steps: Option<Sender<Step>>,
    signed: Receiver<Chunk>,
    written: Receiver<Result<(), Broken>>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// For the ledger with this genesis, behind this head.
    pub fn start(genesis: Hash, head: Hash, journal: Arc<Mutex<Journal>>) -> io::Result<Threads> {
        let (steps, to_sign) = mpsc::channel();
        let (give_signed, signed) = mpsc::channel();
        let (tasks, to_prove) = mpsc::channel();
        let (give_written, written) = mpsc::channel();
        let sign = move || sign(head, &to_sign, &give_signed, &tasks);
        let write = move || write(Judge::new(genesis), &to_prove, &journal, &give_written);
        let write = thread::Builder::new().name("write".to_owned()).spawn(write)?;
        let sign = thread::Builder::new().name("sign".to_owned()).spawn(sign)?;
        Ok(Threads { steps: Some(steps), signed, written, handles: vec![sign, write] })
    }

    /// Gives one more step. Where the threads have ended since a group failed, it is done by nobody.
    pub fn give(&self, step: Step) {
        let _ = self.steps.as_ref().map(|steps| steps.send(step));
    }

    /// The next entries that are signed, if there are any yet.
    pub fn signed(&self) -> Option<Chunk> {
        self.signed.try_recv().ok()
    }

    /// Waits for them; none when there are no more.
    pub fn wait_until_signed(&self) -> Option<Chunk> {
        self.signed.recv().ok()
    }

    /// What became of the next group, if it is known.
    pub fn written(&self) -> Option<Result<(), Broken>> {
        self.written.try_recv().ok()
    }

    /// Waits for that.
    pub fn wait_until_written(&self) -> Result<(), Broken> {
        self.written
            .recv()
            .unwrap_or_else(|_| Err(Broken::Unwritten(io::Error::other("the thread that writes has ended"))))
    }

    /// Waits until both have ended.
    pub fn end(&mut self) {
        self.steps = None;
        self.handles.drain(..).for_each(|handle| drop(handle.join()));
    }
}

/// Links and signs what it is given.
fn sign(mut prev: Hash, steps: &Receiver<Step>, signed: &Sender<Chunk>, tasks: &Sender<Task>) {
    for step in steps {
        let task = match step {
            Step::Sign(entries) => {
                let mut link = |unsigned: Unsigned| {
                    let verified = unsigned.sign(prev);
                    prev = verified.entry().hash;
                    verified
                };
                let chunk: Chunk = entries.into_iter().map(&mut link).collect();
                if signed.send(chunk.clone()).is_err() {
                    return;
                }
                Task::Prove(chunk)
            }
            Step::Write => Task::Close(Close::Write),
            Step::Prove => Task::Close(Close::Leave),
        };
        if tasks.send(task).is_err() {
            return;
        }
    }
}

/// Proves what was signed, and writes what is proven.
fn write(mut judge: Judge, tasks: &Receiver<Task>, journal: &Mutex<Journal>, written: &Sender<Result<(), Broken>>) {
    let (mut group, mut verdict) = (Chunk::new(), Ok(()));
    for task in tasks {
        match task {
            Task::Prove(mut chunk) => {
                verdict = verdict.and_then(|()| judge.judge(&chunk));
                group.append(&mut chunk);
            }
            Task::Close(close) => {
                let proven = verdict.clone().map_err(|fault| Broken::Refused(Box::new(fault)));
                let outcome = proven.and_then(|()| match close {
                    Close::Leave => Ok(()),
                    Close::Write => {
                        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
                        journal.append(group.iter().map(|verified| verified.envelope())).map_err(Broken::Unwritten)
                    }
                });
                group.clear();
                let is_over = outcome.is_err();
                if written.send(outcome).is_err() || is_over {
                    return;
                }
            }
        }
    }
}
