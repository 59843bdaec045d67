//! Again: the entries of a verified log, read once more.
//!
//! Promises each entry as it was verified, with its effect: the lines of each block must give the block's root, which the
//! tip keeps, or reading ends with a fault. Does not verify signatures and authority a second time: whoever holds the tip
//! has done so, or has the word of a snapshot that they built themselves.

use crate::{
    check::Verified,
    claims::{Claims, quick},
    envelope::Envelope,
    fault::{Fault, FaultKind},
    merkle::BLOCK,
    tip::Tip,
    verifier::Lookup,
};
use std::{collections::BTreeMap, ops::Range, vec};
use trial_core::{
    entry::{Effect, Entry},
    event::Event,
    ids::{Hash, Seq},
};

/// The lines of a block, with the leaf hashes that they have.
pub(crate) type Block = Vec<(Envelope, Hash)>;

/// Reads lines with their hashes, if all can be had.
pub(crate) fn read_block(places: Range<u64>, lookup: &dyn Lookup) -> Option<Block> {
    let hashed = |line: Envelope| {
        let hash = line.leaf_hash();
        (line, hash)
    };
    Some(lookup.envelopes(places)?.into_iter().map(hashed).collect())
}

/// Entries of a verified log from some place on.
pub struct Again<'a> {
    tip: &'a Tip,
    lookup: &'a dyn Lookup,
    next: Seq,
    /// The blocks to come, from that of `next` on, as they were read; to be compared.
    blocks: Box<dyn Iterator<Item = Option<Block>> + 'a>,
    /// What is left of the block at hand.
    block: vec::IntoIter<(Envelope, Hash)>,
    /// Which entries amended which, in front of the first one that is read.
    amended: BTreeMap<Seq, Vec<Seq>>,
    /// What amended entries state, as far as that was needed.
    now: BTreeMap<Seq, Option<Event>>,
    reader: quick::Reader,
    ended: bool,
}

impl Tip {
    /// The entries from a place on, read again. `amended` names what was corrected or voided in front of it, and by which.
    pub fn again<'a>(&'a self, from: Seq, amended: BTreeMap<Seq, Vec<Seq>>, lookup: &'a dyn Lookup) -> Again<'a> {
        let blocks = self.blocks_from(from).map(move |places| read_block(places, lookup));
        self.again_from(from, amended, lookup, Box::new(blocks))
    }

    /// The same of blocks that are being read already.
    pub(crate) fn again_from<'a>(
        &'a self,
        from: Seq,
        amended: BTreeMap<Seq, Vec<Seq>>,
        lookup: &'a dyn Lookup,
        blocks: Box<dyn Iterator<Item = Option<Block>> + 'a>,
    ) -> Again<'a> {
        let (block, now, reader) = (Vec::new().into_iter(), BTreeMap::new(), quick::Reader::of_known_lines());
        Again { tip: self, lookup, next: from, blocks, block, amended, now, reader, ended: false }
    }
}

impl Again<'_> {
    fn line(&mut self) -> Option<(Envelope, Hash)> {
        if self.block.len() == 0 {
            let (number, within) = (self.next.0 / BLOCK, self.next.0 % BLOCK);
            let block = self.blocks.next()??;
            self.block = self.tip.as_verified(number, block)?.into_iter();
            if let Some(last) = usize::try_from(within).ok()?.checked_sub(1) {
                self.block.nth(last);
            }
        }
        self.block.next()
    }

    fn read(&mut self) -> Option<Verified> {
        let (envelope, hash) = self.line()?;
        let quick = self.reader.read(&envelope, hash);
        let claims = quick.or_else(|| Claims::plainly(self.next, &envelope).ok())?;
        if claims.entry.seq != self.next {
            return None;
        }
        let effect = self.effect(&claims.entry.event)?;
        let entry = Entry { effect, ..claims.entry };
        Some(Verified::again(envelope, entry, claims.prev, claims.sealed))
    }

    fn effect(&mut self, event: &Event) -> Option<Effect> {
        if let Event::EntryCorrected(correction) = event {
            let target = correction.target;
            let event = correction.apply_to(&self.current(target)?).ok()?;
            self.now.insert(target, Some(event.clone()));
            return Some(Effect::Revises { target, event: Box::new(event) });
        }
        if let Event::EntryVoided(voided) = event {
            let target = voided.target;
            let subject = self.current(target)?.subject().cloned();
            self.now.insert(target, None);
            return Some(Effect::Voids { target, subject });
        }
        Some(Effect::States)
    }

    /// What an entry states at this point of the log.
    fn current(&self, target: Seq) -> Option<Event> {
        if let Some(now) = self.now.get(&target) {
            return now.clone();
        }
        let mut current = Some(self.tip.recorded(target, self.lookup)?.0);
        for by in self.amended.get(&target).into_iter().flatten() {
            current = match self.tip.recorded(*by, self.lookup)?.0 {
                Event::EntryCorrected(correction) => Some(correction.apply_to(&current?).ok()?),
                _ => None,
            };
        }
        current
    }
}

impl Iterator for Again<'_> {
    type Item = Result<Verified, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.next.0 >= self.tip.size() {
            return None;
        }
        let read = self.read().ok_or_else(|| {
            let expected = "the entry as it was verified";
            Fault::at(FaultKind::StoreUnreadable, self.next, expected, "another one, or none that can be read")
        });
        self.ended = read.is_err();
        self.next = self.next.next();
        Some(read)
    }
}
