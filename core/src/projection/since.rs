//! Since: what came to be known between two points of the log. States put one after the other give the state at the end.
//!
//! Promises that [`Trial::advance`] by what [`Trial::since`] gives is the very state that folding the entries gives, and
//! that one history has one difference, whoever computes it. Does not check where a difference comes from: that is the
//! part of snapshots.

use super::{
    Trial,
    joined::Joined,
    told::{Facts, Picks},
};
use crate::{
    entry::{Change, Effect, Entry, Whose},
    event::EventKind,
    ids::{Seq, SubjectId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of what is known: to be raised whenever the same entries give another state, or another encoding of it.
pub const STATE_VERSION: u32 = 3;

/// What came to be known from one entry on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Since {
    from: Seq,
    amended: Vec<Amended>,
    /// Whether anything became known of the trial itself: then all of that is here.
    conduct: bool,
    /// What stands since then of the trial itself, without any subject's facts.
    facts: Trial,
    /// The facts of subjects that stand since then, by identifier.
    #[serde(skip)]
    told: Vec<(SubjectId, Facts)>,
}

/// What came to be known from one entry on, of subjects only as far as it came in the last entries: the rest is in
/// differences that end where these begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    since: Since,
    /// The first of the last entries.
    from: Seq,
}

/// A part of what a difference tells of subjects: that of some who follow each other by identifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Share(pub(super) Vec<(SubjectId, Facts)>);

/// An entry that was corrected or voided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Amended {
    by: Seq,
    target: Seq,
    subject: Option<SubjectId>,
}

/// What happened where, as far as [`Trial::since`] must know it.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// The last entry about each subject.
    touched: BTreeMap<SubjectId, Seq>,
    amended: Vec<Amended>,
    /// The last entry that may have changed what is known of the trial itself.
    conduct: Option<Seq>,
}

impl Marks {
    /// Marks what the next entry is about.
    pub fn see(&mut self, entry: &Entry) {
        let (target, subject) = match &entry.effect {
            Effect::States | Effect::Withheld => (None, entry.event.subject()),
            Effect::Revises { target, event } => (Some(*target), event.subject()),
            Effect::Voids { target, subject } => (Some(*target), subject.as_ref()),
        };
        let deviates = entry.event.kind() == EventKind::DeviationRecorded;
        if subject.is_none() || target.is_some() || deviates {
            self.conduct = Some(entry.seq);
        }
        self.amended.extend(target.map(|target| Amended { by: entry.seq, target, subject: subject.cloned() }));
        match subject.and_then(|subject| self.touched.get_mut(subject)) {
            Some(last) => *last = entry.seq,
            None => self.touched.extend(subject.map(|subject| (subject.clone(), entry.seq))),
        }
    }

    /// What comes from here on is another stretch.
    pub fn begin_stretch(&mut self) {
        self.touched.clear();
    }

    /// Marks what a difference is about, as if its entries had been seen: each at its end.
    pub fn see_all(&mut self, since: &Since) {
        let Some(last) = since.facts.cut.entries.checked_sub(1).map(Seq) else { return };
        let subjects = since.told.iter().map(|(subject, _)| subject);
        let amended = since.amended.iter().filter_map(|amended| amended.subject.as_ref());
        self.touched.extend(subjects.chain(amended).map(|subject| (subject.clone(), last)));
        self.amended.extend(since.amended.iter().cloned());
        self.conduct = if since.conduct { Some(last) } else { self.conduct };
    }
}

impl Trial {
    /// What came to be known from an entry on. `marks` has seen every entry that was folded, or the differences that
    /// were put together, one of which ends where this begins.
    pub fn since(&self, from: Seq, marks: &Marks) -> Since {
        self.stretch(from, from, marks).since
    }

    /// What came to be known from an entry on; of subjects, what came from a later entry on, the first of a stretch.
    pub fn stretch(&self, from: Seq, stretch: Seq, marks: &Marks) -> Stretch {
        let earlier = marks.amended_before(stretch);
        let mut told = Vec::new();
        for (id, _) in marks.touched.iter().filter(|(_, last)| **last >= stretch) {
            let picks = Picks { from: stretch, amended: earlier.get(&Some(id)).cloned().unwrap_or_default() };
            let facts = Facts::of(self, id, &picks);
            told.extend(facts.map(|facts| (id.clone(), facts)));
        }
        let earlier = marks.amended_before(from);
        let mut facts = Trial::default();
        let conduct = marks.conduct.is_some_and(|last| last >= from);
        if conduct {
            facts.conduct = self.conduct.clone();
            facts.witnessing = self.witnessing.clone();
        }
        (facts.cut.entries, facts.cut.head, facts.cut.recorded_at) =
            (self.cut.entries, self.cut.head, self.cut.recorded_at);
        let still_late = |seq: &Seq| Some((*seq, self.cut.late.get(seq)?.clone()));
        facts.cut.late = earlier.values().flatten().filter_map(still_late).collect();
        facts.cut.late.extend(self.cut.late.range(from..).map(|(seq, late)| (*seq, late.clone())));
        let since = Since { from, amended: marks.amended_from(from).to_vec(), conduct, facts, told };
        Stretch { since, from: stretch }
    }

    /// Forgets what a stretch tells of subjects, but for what folding a later entry looks back on: the consents, by which
    /// an entry is late or not, and what the correction of an adverse event keeps.
    pub fn forget(&mut self, stretch: &Stretch) {
        for (id, _) in &stretch.since.told {
            self.subjects.forget(id);
            self.exposure.by_subject.remove(id);
            self.radiotherapy.by_subject.remove(id);
            self.safety.forget(id);
            self.response.by_subject.remove(id);
            self.follow_up.by_subject.remove(id);
        }
        self.cut.amended.clear();
    }

    /// Goes on by what came to be known since the last entry that was taken in.
    pub fn advance(&mut self, since: Since) {
        for amended in since.amended.iter().filter(|amended| amended.target < since.from) {
            let unset = Change::Unset(amended.target, Whose::of(amended.subject.as_ref()));
            self.subjects.change(unset);
            self.exposure.change(unset);
            self.radiotherapy.change(unset);
            self.safety.change(unset);
            self.response.change(unset);
            self.follow_up.change(unset);
            self.cut.late.remove(&amended.target);
        }
        let later = since.facts;
        if since.conduct {
            self.conduct = later.conduct;
            self.witnessing = later.witnessing;
        }
        if self.cut.entries == 0 {
            Facts::begin(self, since.told.into_iter());
        } else {
            since.told.into_iter().for_each(|(id, facts)| facts.join(self, id));
        }
        (self.cut.entries, self.cut.head, self.cut.recorded_at) =
            (later.cut.entries, later.cut.head, later.cut.recorded_at);
        self.cut.late.extend(later.cut.late);
        for amended in since.amended {
            self.cut.amended.entry(amended.target).or_default().push(amended.by);
        }
    }
}

impl Trial {
    /// What is known after differences that go on from each other, the first from the first entry on. What they tell of
    /// subjects is given beside them, put together already: see [`Since::joined`].
    pub fn of(differences: impl IntoIterator<Item = Since>, told: impl IntoIterator<Item = Share>) -> Trial {
        let mut trial = Trial::default();
        differences.into_iter().for_each(|since| trial.advance(since));
        Facts::begin(&mut trial, told.into_iter().flat_map(|share| share.0));
        trial
    }
}

impl Marks {
    /// What was amended from an entry on.
    fn amended_from(&self, from: Seq) -> &[Amended] {
        &self.amended[self.amended.partition_point(|amended| amended.by < from)..]
    }

    /// The entries before this one that were amended from there on, by the subject that they are about.
    fn amended_before(&self, from: Seq) -> BTreeMap<Option<&SubjectId>, BTreeSet<Seq>> {
        let mut earlier: BTreeMap<_, BTreeSet<Seq>> = BTreeMap::new();
        for amended in self.amended_from(from).iter().filter(|amended| amended.target < from) {
            earlier.entry(amended.subject.as_ref()).or_default().insert(amended.target);
        }
        earlier
    }
}

impl Stretch {
    /// How many entries are taken in after it.
    pub fn entries(&self) -> u64 {
        self.since.entries()
    }

    /// The whole difference: itself, and what is told of subjects, in shares of at most so many of them. `earlier` are the
    /// shares of the differences between, in order, each with its first entry.
    pub fn join<E, I>(self, earlier: Vec<(Seq, I)>, subjects: usize) -> (Since, Joined<I>)
    where
        I: Iterator<Item = Result<Share, E>>,
    {
        let Stretch { mut since, from } = self;
        let own = Share(std::mem::take(&mut since.told));
        let joined = Joined::new(earlier, Some((from, own)), since.amended(), subjects);
        (since, joined)
    }
}

impl Since {
    /// The first entry that it takes in.
    pub fn from(&self) -> Seq {
        self.from
    }

    /// How many entries are taken in after it.
    pub fn entries(&self) -> u64 {
        self.facts.cut.entries
    }

    /// What differences that go on from each other tell of subjects, in shares of at most so many of them: all that they
    /// tell, or that of the subjects between two. The shares of each are read as they are needed.
    pub fn joined<'a, E, I>(differences: impl IntoIterator<Item = (&'a Since, I)>, subjects: usize) -> Joined<I>
    where
        I: Iterator<Item = Result<Share, E>>,
    {
        let (differences, read): (Vec<_>, Vec<_>) =
            differences.into_iter().map(|(since, shares)| (since, (since.from, shares))).unzip();
        Joined::new(read, None, differences.into_iter().flat_map(Since::amended), subjects)
    }

    /// Whom it amends what about: the entry that does, the target and the subject.
    fn amended(&self) -> impl Iterator<Item = (Seq, Seq, &SubjectId)> {
        self.amended.iter().filter_map(|amended| Some((amended.by, amended.target, amended.subject.as_ref()?)))
    }

    /// What it tells of subjects, in shares of at most so many of them. [`Since`] itself is written without it.
    pub fn shares(&self, subjects: usize) -> impl Iterator<Item = Share> {
        self.told.chunks(subjects).map(|share| Share(share.to_vec()))
    }

    /// Takes back what was written beside it: all shares, in order, or those of some subjects.
    pub fn with(self, shares: impl IntoIterator<Item = Share>) -> Since {
        let told = shares.into_iter().flat_map(|share| share.0).collect();
        Since { told, ..self }
    }
}

impl Share {
    /// The first subject that it tells of.
    pub fn first(&self) -> Option<&SubjectId> {
        self.0.first().map(|(subject, _)| subject)
    }

    /// What it tells of one subject alone.
    pub fn only(mut self, subject: &SubjectId) -> Share {
        self.0.retain(|(id, _)| id == subject);
        self
    }

    /// What it tells of the subjects from one on and before another, where these are named.
    pub fn between(mut self, from: Option<&SubjectId>, to: Option<&SubjectId>) -> Share {
        let before = |end: &SubjectId| self.0.partition_point(|(id, _)| id < end);
        let (start, end) = (from.map_or(0, before), to.map_or(self.0.len(), before));
        self.0.truncate(end);
        self.0.drain(..start.min(end));
        self
    }
}
