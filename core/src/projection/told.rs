//! Told: facts by entry, of which some can be taken out and put together again; and the facts of one subject.
//!
//! Promises that what is picked from an entry on, joined to what was known before, is what is known: in the whole trial,
//! and in the facts of one subject alone.

use super::{AdverseEvent, Agent, Course, Subject, Survivorship, Trial, Visit};
use crate::{
    Stated, encoded,
    few::Few,
    ids::{Name, Seq, SubjectId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which facts of a subject belong to a difference.
pub(super) struct Picks {
    pub from: Seq,
    /// Earlier entries that were amended since.
    pub amended: BTreeSet<Seq>,
}

/// Facts by entry, of which some can be taken out and put together again.
trait Told: Default {
    fn pick(&self, picks: &Picks) -> Self;
    fn join(&mut self, later: Self);
    fn take_back(&mut self, seq: Seq);
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
        self.go_on(later);
    }

    fn take_back(&mut self, seq: Seq) {
        self.unset(seq);
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

    fn take_back(&mut self, seq: Seq) {
        self.retain(|_, value| {
            value.take_back(seq);
            !value.tells_nothing()
        });
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
            fn take_back(&mut self, seq: Seq) {
                $(self.$member.take_back(seq);)+
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

/// The facts of one subject, from all projections that keep them by subject.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    place: Option<Subject>,
    agents: Option<Few<Name, Agent>>,
    course: Option<Course>,
    events: Option<Few<Name, AdverseEvent>>,
    #[serde(with = "encoded::visits")]
    visits: Option<Stated<Visit>>,
    follow_up: Option<Survivorship>,
}

/// The facts of many subjects, each kind by itself.
#[derive(Default)]
struct Columns {
    place: Vec<(SubjectId, Subject)>,
    agents: Vec<(SubjectId, Few<Name, Agent>)>,
    course: Vec<(SubjectId, Course)>,
    events: Vec<(SubjectId, Few<Name, AdverseEvent>)>,
    visits: Vec<(SubjectId, Stated<Visit>)>,
    follow_up: Vec<(SubjectId, Survivorship)>,
}

fn pick<T: Told>(from: &BTreeMap<SubjectId, T>, id: &SubjectId, picks: &Picks) -> Option<T> {
    from.get(id).map(|facts| facts.pick(picks)).filter(|facts| !facts.tells_nothing())
}

fn join<T: Told>(into: &mut BTreeMap<SubjectId, T>, id: &SubjectId, later: Option<T>) {
    let Some(later) = later else { return };
    match into.get_mut(id) {
        Some(known) => known.join(later),
        None => drop(into.insert(id.clone(), later)),
    }
}

fn go_on<T: Told>(known: &mut Option<T>, later: Option<T>) {
    match (known.as_mut(), later) {
        (Some(known), Some(later)) => known.join(later),
        (None, later) => *known = later,
        (Some(_), None) => {}
    }
}

fn take_back<T: Told>(known: &mut Option<T>, seq: Seq) {
    let left = known.take().and_then(|mut known| {
        known.take_back(seq);
        (!known.tells_nothing()).then_some(known)
    });
    *known = left;
}

impl Facts {
    /// Those of a subject that belong to a difference, if there are any.
    pub fn of(trial: &Trial, id: &SubjectId, picks: &Picks) -> Option<Facts> {
        let facts = Facts {
            place: pick(&trial.subjects.by_id, id, picks),
            agents: pick(&trial.exposure.by_subject, id, picks),
            course: pick(&trial.radiotherapy.by_subject, id, picks),
            events: pick(&trial.safety.by_subject, id, picks),
            visits: pick(&trial.response.by_subject, id, picks),
            follow_up: pick(&trial.follow_up.by_subject, id, picks),
        };
        (!facts.tell_nothing()).then_some(facts)
    }

    /// Whether there are none.
    pub fn tell_nothing(&self) -> bool {
        let Facts { place, agents, course, events, visits, follow_up } = self;
        let treated = agents.is_some() || course.is_some();
        let followed = events.is_some() || visits.is_some() || follow_up.is_some();
        !(place.is_some() || treated || followed)
    }

    /// Goes on by what a later difference tells of the same subject.
    pub fn go_on(&mut self, later: Facts) {
        go_on(&mut self.place, later.place);
        go_on(&mut self.agents, later.agents);
        go_on(&mut self.course, later.course);
        go_on(&mut self.events, later.events);
        go_on(&mut self.visits, later.visits);
        go_on(&mut self.follow_up, later.follow_up);
    }

    /// Without those that an entry states.
    pub fn take_back(&mut self, seq: Seq) {
        take_back(&mut self.place, seq);
        take_back(&mut self.agents, seq);
        take_back(&mut self.course, seq);
        take_back(&mut self.events, seq);
        take_back(&mut self.visits, seq);
        take_back(&mut self.follow_up, seq);
    }

    /// Makes them what is known of subjects, of whom nothing is known yet: at once, which is faster than one by one.
    pub fn begin(trial: &mut Trial, told: impl Iterator<Item = (SubjectId, Facts)>) {
        let mut all = Columns::default();
        for (id, facts) in told {
            all.place.extend(facts.place.map(|place| (id.clone(), place)));
            all.agents.extend(facts.agents.map(|agents| (id.clone(), agents)));
            all.course.extend(facts.course.map(|course| (id.clone(), course)));
            all.events.extend(facts.events.map(|events| (id.clone(), events)));
            all.visits.extend(facts.visits.map(|visits| (id.clone(), visits)));
            all.follow_up.extend(facts.follow_up.map(|follow_up| (id, follow_up)));
        }
        trial.subjects.by_id = all.place.into_iter().collect();
        trial.exposure.by_subject = all.agents.into_iter().collect();
        trial.radiotherapy.by_subject = all.course.into_iter().collect();
        trial.safety.by_subject = all.events.into_iter().collect();
        trial.response.by_subject = all.visits.into_iter().collect();
        trial.follow_up.by_subject = all.follow_up.into_iter().collect();
    }

    /// Adds them to what is known of the subject.
    pub fn join(self, trial: &mut Trial, id: SubjectId) {
        join(&mut trial.subjects.by_id, &id, self.place);
        join(&mut trial.exposure.by_subject, &id, self.agents);
        join(&mut trial.radiotherapy.by_subject, &id, self.course);
        join(&mut trial.safety.by_subject, &id, self.events);
        join(&mut trial.response.by_subject, &id, self.visits);
        join(&mut trial.follow_up.by_subject, &id, self.follow_up);
    }
}
