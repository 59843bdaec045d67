//! Ahead: blocks of lines, read and hashed on a thread of their own before they are asked for.
//!
//! Promises the blocks in their order, and that what they are read from is let go when this goes. Does not compare them with anything:
//! whoever takes them does.

use crate::{
    again::{Block, read_block},
    verifier::Lookup,
};
use std::{
    ops::Range,
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
};

/// How many blocks may wait to be taken: a megabyte.
const MOST_WAITING: usize = 4;

pub(super) struct Ahead {
    blocks: Option<Receiver<Option<Block>>>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// None where there is no thread to be had.
    pub fn start<P>(lines: impl Lookup + Send + 'static, places: P) -> Option<Ahead>
    where
        P: Iterator<Item = Range<u64>> + Send + 'static,
    {
        let (sender, blocks) = mpsc::sync_channel(MOST_WAITING);
        let read = move || {
            let mut blocks = places.map(|places| read_block(places, &lines));
            // Nobody listens any more where the reader stopped half-way.
            while blocks.next().is_some_and(|block| sender.send(block).is_ok()) {}
        };
        let thread = thread::Builder::new().name("read".to_owned()).spawn(read).ok()?;
        Some(Ahead { blocks: Some(blocks), thread: Some(thread) })
    }
}

impl Iterator for Ahead {
    type Item = Option<Block>;

    fn next(&mut self) -> Option<Option<Block>> {
        self.blocks.as_ref()?.recv().ok()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            // Whatever it panicked about is told already, and nothing that it read was taken.
            let _ = thread.join();
        }
    }
}
