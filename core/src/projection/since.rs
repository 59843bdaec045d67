//! Since: what came to be known between two points of the log. States put one after the other give the state at the end.
//!
//! Promises that [`Trial::advance`] by what [`Trial::since`] gives is the very state that folding the entries gives, and
//! that one history has one difference, whoever computes it. Does not check where a difference comes from: that is the
//! part of snapshots.

use super::{AdverseEvent, Agent, Course, Subject, Survivorship, Trial};
use crate::{
    Stated,
    entry::{Change, Effect, Entry, Whose},
    event::EventKind,
    few::Few,
    ids::{Seq, SubjectId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of what is known: to be raised whenever the same entries give another state, or another encoding of it.
pub const STATE_VERSION: u32 = 1;

/// What came to be known from one entry on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Since {
    from: Seq,
    amended: Vec<Amended>,
    /// Whether anything became known of the trial itself: then all of that is here.
    conduct: bool,
    /// The facts alone that stand since then.
    facts: Trial,
}

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

    /// Marks what a difference is about, as if its entries had been seen: each at its end.
    pub fn see_all(&mut self, since: &Since) {
        let Some(last) = since.facts.cut.entries.checked_sub(1).map(Seq) else { return };
        let facts = &since.facts;
        let subjects = facts.subjects.by_id.keys().chain(facts.exposure.by_subject.keys());
        let subjects = subjects.chain(facts.radiotherapy.by_subject.keys()).chain(facts.safety.by_subject.keys());
        let subjects = subjects.chain(facts.response.by_subject.keys()).chain(facts.follow_up.by_subject.keys());
        let amended = since.amended.iter().filter_map(|amended| amended.subject.as_ref());
        self.touched.extend(subjects.chain(amended).map(|subject| (subject.clone(), last)));
        self.amended.extend(since.amended.iter().cloned());
        self.conduct = if since.conduct { Some(last) } else { self.conduct };
    }
}

/// Which facts of a subject belong to a difference.
struct Picks {
    from: Seq,
    /// Earlier entries that were amended since.
    amended: BTreeSet<Seq>,
}

/// Facts by entry, of which some can be taken out and put together again.
trait Told: Default {
    fn pick(&self, picks: &Picks) -> Self;
    fn join(&mut self, later: Self);
    fn tells_nothing(&self) -> bool;
}

impl<T: Clone> Told for Stated<T> {
    fn pick(&self, picks: &Picks) -> Self {
        let mut picked = Stated::default();
        let amended = picks.amended.iter().filter_map(|seq| Some((*seq, self.get(*seq)?)));
        let later = self.iter().rev().take_while(|(seq, _)| *seq >= picks.from).count();
        let later = self.iter().skip(self.len() - later);
        amended.chain(later).for_each(|(seq, fact)| picked.set(seq, fact.clone()));
        picked
    }

    fn join(&mut self, later: Self) {
        if self.is_empty() {
            *self = later;
        } else {
            later.into_facts().for_each(|(seq, fact)| self.set(seq, fact));
        }
    }

    fn tells_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Ord + Clone, V: Told> Told for Few<K, V> {
    fn pick(&self, picks: &Picks) -> Self {
        let picked = self.iter().map(|(key, value)| (key.clone(), value.pick(picks)));
        picked.filter(|(_, value)| !value.tells_nothing()).collect()
    }

    fn join(&mut self, later: Self) {
        if self.is_empty() {
            *self = later;
        } else {
            later.into_members().into_iter().for_each(|(key, value)| self.at(&key, || key.clone()).join(value));
        }
    }

    fn tells_nothing(&self) -> bool {
        self.is_empty()
    }
}

macro_rules! told {
    ($($name:ident { $($member:ident),+ })+) => { $(
        impl Told for $name {
            fn pick(&self, picks: &Picks) -> Self {
                $name { $($member: self.$member.pick(picks)),+ }
            }
            fn join(&mut self, later: Self) {
                $(self.$member.join(later.$member);)+
            }
            fn tells_nothing(&self) -> bool {
                true $(&& self.$member.tells_nothing())+
            }
        }
    )+ };
}

told!(
    Subject { consents, screenings, enrolments, screen_failures, withdrawals, rulings, sign_offs }
    Agent { doses, missed, changes }
    Course { plans, fractions, missed }
    AdverseEvent { reports, updates, serious_reports, recorded_serious, rulings }
    Survivorship { contacts, progressions, deaths, laboratory }
);

type BySubject<T> = BTreeMap<SubjectId, T>;

fn pick<T: Told>(from: &BySubject<T>, id: &SubjectId, picks: &Picks, into: &mut BySubject<T>) {
    let picked = from.get(id).map(|facts| facts.pick(picks)).filter(|facts| !facts.tells_nothing());
    into.extend(picked.map(|facts| (id.clone(), facts)));
}

fn join<T: Told>(into: &mut BySubject<T>, later: BySubject<T>) {
    if into.is_empty() {
        *into = later;
        return;
    }
    for (id, facts) in later {
        match into.get_mut(&id) {
            Some(known) => known.join(facts),
            None => drop(into.insert(id, facts)),
        }
    }
}

impl Trial {
    /// What came to be known from an entry on. `marks` has seen every entry that was folded, or the differences that
    /// were put together, one of which ends where this begins.
    pub fn since(&self, from: Seq, marks: &Marks) -> Since {
        let first = marks.amended.partition_point(|amended| amended.by < from);
        let amended = marks.amended[first..].to_vec();
        let mut earlier: BTreeMap<Option<&SubjectId>, BTreeSet<Seq>> = BTreeMap::new();
        for amended in amended.iter().filter(|amended| amended.target < from) {
            earlier.entry(amended.subject.as_ref()).or_default().insert(amended.target);
        }
        let mut facts = Trial::default();
        for (id, _) in marks.touched.iter().filter(|(_, last)| **last >= from) {
            let picks = Picks { from, amended: earlier.get(&Some(id)).cloned().unwrap_or_default() };
            pick(&self.subjects.by_id, id, &picks, &mut facts.subjects.by_id);
            pick(&self.exposure.by_subject, id, &picks, &mut facts.exposure.by_subject);
            pick(&self.radiotherapy.by_subject, id, &picks, &mut facts.radiotherapy.by_subject);
            pick(&self.safety.by_subject, id, &picks, &mut facts.safety.by_subject);
            pick(&self.response.by_subject, id, &picks, &mut facts.response.by_subject);
            pick(&self.follow_up.by_subject, id, &picks, &mut facts.follow_up.by_subject);
        }
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
        Since { from, amended, conduct, facts }
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
        join(&mut self.subjects.by_id, later.subjects.by_id);
        join(&mut self.exposure.by_subject, later.exposure.by_subject);
        join(&mut self.radiotherapy.by_subject, later.radiotherapy.by_subject);
        join(&mut self.safety.by_subject, later.safety.by_subject);
        join(&mut self.response.by_subject, later.response.by_subject);
        join(&mut self.follow_up.by_subject, later.follow_up.by_subject);
        (self.cut.entries, self.cut.head, self.cut.recorded_at) =
            (later.cut.entries, later.cut.head, later.cut.recorded_at);
        self.cut.late.extend(later.cut.late);
        for amended in since.amended {
            self.cut.amended.entry(amended.target).or_default().push(amended.by);
        }
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
}
