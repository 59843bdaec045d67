//! Response: lesions as measured, by subject. What they mean is judged on reading (RECIST 1.1).

use super::Projection;
use crate::{
    encoded,
    entry::{Change, Entry},
    event::{Event, TumourAssessed},
    ids::{Name, SubjectId},
    shared::Shared,
    stated::Stated,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tumour assessments of all subjects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    #[serde(with = "encoded::json")]
    pub(super) by_subject: BTreeMap<SubjectId, Stated<Visit>>,
    #[serde(skip)]
    names: Shared<Name>,
}

/// One assessment.
pub type Visit = TumourAssessed;

impl Response {
    /// One subject's assessments, in the order of the log.
    pub fn of(&self, subject: &SubjectId) -> Option<&Stated<Visit>> {
        self.by_subject.get(subject)
    }
}

impl Response {
    /// The assessment as it is, with the names of lesions, organs and methods kept once.
    fn shared(&mut self, assessed: &TumourAssessed) -> Visit {
        let mut visit = assessed.clone();
        visit.method = self.names.of(&visit.method);
        for lesion in &mut visit.targets {
            lesion.lesion = self.names.of(&lesion.lesion);
            lesion.site = self.names.of(&lesion.site);
        }
        for lesion in &mut visit.non_targets {
            lesion.lesion = self.names.of(&lesion.lesion);
            lesion.site = lesion.site.as_ref().map(|site| self.names.of(site));
        }
        visit
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
                let visit = self.shared(e);
                self.by_subject.entry(e.subject.clone()).or_default().set(seq, visit);
            }
            Change::Set(..) => {}
            Change::Unset(seq, whose) => whose.retain(&mut self.by_subject, |visits| {
                visits.unset(seq);
                !visits.is_empty()
            }),
        }
    }
}
