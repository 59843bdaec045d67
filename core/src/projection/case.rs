//! Case: what all projections know of one subject, side by side.
//!
//! Promises what the projections say, found once: views that tell of every subject walk the cases instead of looking each
//! subject up in each projection. Does not judge anything.

use super::{AdverseEvent, Agent, Course, Enrolment, Subject, Survivorship, Trial, Visit};
use crate::{
    few::Few,
    ids::{Name, Seq, SubjectId},
    stated::Stated,
};
use chrono::NaiveDate;
use rayon::prelude::*;
use std::iter::Peekable;

/// From how many cases on it is worth it that another processor looks at some.
pub(crate) const AT_ONCE: usize = 64;

/// One subject, as far as the trial knows.
#[derive(Debug, Clone, Copy)]
pub struct Case<'t> {
    /// The coded identifier.
    pub id: &'t SubjectId,
    /// Consent, screening, enrolment and what ended it.
    pub subject: &'t Subject,
    /// Radiotherapy, once anything of it is recorded.
    pub course: Option<&'t Course>,
    /// Tumour assessments.
    pub visits: Option<&'t Stated<Visit>>,
    /// Follow-up.
    pub follow_up: Option<&'t Survivorship>,
    /// From the first to the last treatment, once treated.
    pub treated: Option<Treated>,
    agents: Option<&'t Few<Name, Agent>>,
    events: Option<&'t Few<Name, AdverseEvent>>,
}

/// The first and the last protocol treatment, a dose of any drug or a fraction, each with its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Treated {
    /// The first; of several on one day the one recorded first.
    pub first: (NaiveDate, Seq),
    /// The last; of several on one day the one recorded last.
    pub last: (NaiveDate, Seq),
}

impl Trial {
    /// Every known subject, by identifier.
    pub fn cases(&self) -> Vec<Case<'_>> {
        let mut agents = Beside::of(self.exposure.by_subject.iter());
        let mut courses = Beside::of(self.radiotherapy.by_subject.iter());
        let mut events = Beside::of(self.safety.by_subject.iter());
        let mut visits = Beside::of(self.response.by_subject.iter());
        let mut follow_ups = Beside::of(self.follow_up.by_subject.iter());
        let case = |(id, subject)| {
            let (agents, course) = (agents.at(id), courses.at(id));
            let (events, visits, follow_up) = (events.at(id), visits.at(id), follow_ups.at(id));
            Case { id, subject, course, visits, follow_up, treated: None, agents, events }
        };
        let mut cases: Vec<Case<'_>> = self.subjects.iter().map(case).collect();
        let all = cases.par_iter_mut().with_min_len(AT_ONCE);
        all.for_each(|case| case.treated = treated(case.agents, case.course));
        cases
    }

    /// One known subject.
    pub fn case<'t>(&'t self, id: &'t SubjectId) -> Option<Case<'t>> {
        let subject = self.subjects.get(id)?;
        let (agents, course) = (self.exposure.by_subject.get(id), self.radiotherapy.of(id));
        let (events, visits) = (self.safety.by_subject.get(id), self.response.of(id));
        let follow_up = self.follow_up.of(id);
        Some(Case { id, subject, course, visits, follow_up, treated: treated(agents, course), agents, events })
    }
}

impl<'t> Case<'t> {
    /// The place at a dose level, once enrolled.
    pub fn enrolment(&self) -> Option<Enrolment> {
        self.subject.enrolments.first().map(|(_, enrolment)| *enrolment)
    }

    /// The drugs, each with its intakes.
    pub fn agents(&self) -> impl Iterator<Item = (&'t Name, &'t Agent)> + use<'t> {
        self.agents.into_iter().flatten()
    }

    /// One drug.
    pub fn agent(&self, name: &Name) -> Option<&'t Agent> {
        self.agents?.get(name)
    }

    /// The adverse events.
    pub fn events(&self) -> impl Iterator<Item = (&'t Name, &'t AdverseEvent)> + use<'t> {
        self.events.into_iter().flatten()
    }

    /// The day of the first treatment.
    pub fn first_treatment(&self) -> Option<NaiveDate> {
        self.treated.map(|treated| treated.first.0)
    }
}

/// The first and the last of all doses and fractions.
pub(super) fn treated(agents: Option<&Few<Name, Agent>>, course: Option<&Course>) -> Option<Treated> {
    let doses = agents.into_iter().flat_map(Few::values).flat_map(|agent| agent.doses.iter());
    let doses = doses.map(|(seq, dose)| (dose.day, seq));
    let fractions = course.into_iter().flat_map(|course| course.fractions.iter());
    let mut all = doses.chain(fractions.map(|(seq, fraction)| (fraction.day, seq)));
    let one = all.next()?;
    let (first, last) = all.fold((one, one), |(first, last), at| (at.min(first), at.max(last)));
    Some(Treated { first, last })
}

/// Something known by subject, walked beside the subjects in the same order.
pub(crate) struct Beside<I: Iterator> {
    rest: Peekable<I>,
}

impl<'t, T, I: Iterator<Item = (&'t SubjectId, T)>> Beside<I> {
    pub(crate) fn of(by_subject: I) -> Self {
        Beside { rest: by_subject.peekable() }
    }

    /// What is known of a subject. Subjects MUST be asked for in the order of their identifiers, each once.
    pub(crate) fn at(&mut self, id: &SubjectId) -> Option<T> {
        while self.rest.next_if(|(known, _)| *known < id).is_some() {}
        self.rest.next_if(|(known, _)| *known == id).map(|(_, known)| known)
    }
}
