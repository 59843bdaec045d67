//! Joined: what differences that follow each other tell of subjects, put together subject by subject, in order.
//!
//! Promises the very shares of one difference over all of them, with no more in memory than a share of each. Does not check
//! where they come from, nor that they follow each other.

use super::{since::Share, told::Facts};
use crate::ids::{Seq, SubjectId};
use std::{collections::BTreeMap, iter::Peekable, vec};

/// What is told of subjects by one difference after the other, in shares.
pub struct Joined<I> {
    parts: Vec<Part<I>>,
    /// What each part took back of earlier ones: its number and the entry.
    taken_back: BTreeMap<SubjectId, Vec<(usize, Seq)>>,
    subjects: usize,
}

/// What one difference tells.
struct Part<I> {
    from: Seq,
    told: Peekable<vec::IntoIter<(SubjectId, Facts)>>,
    shares: Option<I>,
}

impl<I> Part<I> {
    fn new(from: Seq, Share(told): Share, shares: Option<I>) -> Part<I> {
        Part { from, told: told.into_iter().peekable(), shares }
    }
}

impl<E, I: Iterator<Item = Result<Share, E>>> Joined<I> {
    /// Of parts that are read, and perhaps a last one that is at hand, each with its first entry; `amended` is which entry
    /// amended which other one about whom, in order.
    pub(super) fn new<'a>(
        read: Vec<(Seq, I)>,
        last: Option<(Seq, Share)>,
        amended: impl Iterator<Item = (Seq, Seq, &'a SubjectId)>,
        subjects: usize,
    ) -> Joined<I> {
        let read = read.into_iter().map(|(from, shares)| Part::new(from, Share::default(), Some(shares)));
        let last = last.map(|(from, share)| Part::new(from, share, None));
        let parts: Vec<Part<I>> = read.chain(last).collect();
        let mut taken_back: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (by, target, subject) in amended {
            let Some(number) = parts.partition_point(|part| part.from <= by).checked_sub(1) else { continue };
            if target < parts[number].from {
                taken_back.entry(subject.clone()).or_default().push((number, target));
            }
        }
        Joined { parts, taken_back, subjects }
    }

    /// The next subject of whom anything is told.
    fn next_told(&mut self) -> Result<Option<(SubjectId, Facts)>, E> {
        loop {
            for part in &mut self.parts {
                part.fill()?;
            }
            let next = self.parts.iter_mut().filter_map(|part| part.told.peek()).map(|(id, _)| id).min();
            let Some(id) = next.cloned() else { return Ok(None) };
            let taken_back = self.taken_back.remove(&id).unwrap_or_default();
            let mut known = Facts::default();
            for (number, part) in self.parts.iter_mut().enumerate() {
                for (_, target) in taken_back.iter().filter(|(by, _)| *by == number) {
                    known.take_back(*target);
                }
                if let Some((_, later)) = part.told.next_if(|(told, _)| *told == id) {
                    known.go_on(later);
                }
            }
            if !known.tell_nothing() {
                return Ok(Some((id, known)));
            }
        }
    }

    fn share(&mut self) -> Result<Share, E> {
        let mut told = Vec::with_capacity(self.subjects);
        while told.len() < self.subjects
            && let Some(next) = self.next_told()?
        {
            told.push(next);
        }
        Ok(Share(told))
    }
}

impl<E, I: Iterator<Item = Result<Share, E>>> Part<I> {
    /// Has the next subject at hand, if there is one.
    fn fill(&mut self) -> Result<(), E> {
        while self.told.peek().is_none()
            && let Some(share) = self.shares.as_mut().and_then(Iterator::next)
        {
            self.told = share?.0.into_iter().peekable();
        }
        Ok(())
    }
}

impl<E, I: Iterator<Item = Result<Share, E>>> Iterator for Joined<I> {
    type Item = Result<Share, E>;

    fn next(&mut self) -> Option<Result<Share, E>> {
        self.share().map(|share| share.first().is_some().then_some(share)).transpose()
    }
}
