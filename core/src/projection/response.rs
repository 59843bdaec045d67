//! Response: lesions as measured, by subject. What they mean is judged on reading (RECIST 1.1).

use super::Projection;
use crate::{
    entry::{Change, Entry},
    event::{Event, TumourAssessed},
    ids::SubjectId,
    stated::Stated,
};
use std::collections::BTreeMap;

/// Tumour assessments of all subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    by_subject: BTreeMap<SubjectId, Stated<Visit>>,
}

/// One assessment.
pub type Visit = TumourAssessed;

impl Response {
    /// One subject's assessments, in the order of the log.
    pub fn of(&self, subject: &SubjectId) -> Option<&Stated<Visit>> {
        self.by_subject.get(subject)
    }
}

impl Projection for Response {
    fn apply(&mut self, entry: &Entry) {
        self.change(entry.change());
    }
}

impl Response {
    /// One step of what is known.
    pub(crate) fn change(&mut self, change: Change<'_>) {
        match change {
            Change::Set(seq, Event::TumourAssessed(e)) => {
                self.by_subject.entry(e.subject.clone()).or_default().set(seq, (**e).clone());
            }
            Change::Set(..) => {}
            Change::Unset(seq) => self.by_subject.retain(|_, visits| {
                visits.unset(seq);
                !visits.is_empty()
            }),
        }
    }
}
