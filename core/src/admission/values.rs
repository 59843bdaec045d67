//! Admission of safety and response: terms, grades, lesions and baseline values that exist.

use super::{Admission, Admitted, Refusal};
use crate::{
    dictionary::{Adoption, Dictionary, TermEntry},
    event::{
        AdverseEventReported, AdverseEventUpdated, BaselineValue, DeathRecorded, DltRuled, SeriousEventReported,
        TumourAssessed,
    },
    grade::Grade,
    ids::{Name, Seq, SubjectId},
    projection::AdverseEvent,
    protocol::{Protocol, Values},
    recist::Assessment,
    relation::Attribution,
    text::Text,
};

/// Whether a baseline value is one that the protocol knows.
pub(super) fn baseline(protocol: &Protocol, name: &Name, value: &BaselineValue) -> Admitted {
    let Some(characteristic) = protocol.characteristic(name) else {
        let known: Vec<_> = protocol.baseline.iter().map(|c| c.name.as_str()).collect();
        let message = format!("{name} is not a baseline characteristic: expected {}", known.join(", "));
        return Err(Refusal::new(message));
    };
    match (&characteristic.values, value) {
        (Values::Categories { categories }, BaselineValue::Category(found)) => {
            if categories.iter().any(|c| c.value == *found) {
                return Ok(());
            }
            let known: Vec<_> = categories.iter().map(|c| c.value.as_str()).collect();
            Err(Refusal::new(format!("{name} {found} is not known: expected {}", known.join(", "))))
        }
        (Values::Number { unit }, BaselineValue::Number { unit: found, .. }) if unit == found => Ok(()),
        (Values::Number { unit }, BaselineValue::Number { unit: found, .. }) => {
            Err(Refusal::new(format!("{name} is in {found}: expected {unit}")))
        }
        (Values::Code, BaselineValue::Category(_)) => Ok(()),
        (Values::Categories { .. } | Values::Code, BaselineValue::Number { .. }) => {
            Err(Refusal::new(format!("{name} is a number: expected a category")))
        }
        (Values::Number { unit }, BaselineValue::Category(_)) => {
            Err(Refusal::new(format!("{name} is a category: expected a number in {unit}")))
        }
    }
}

fn grade_exists(entry: &TermEntry, term: &Text, grade: Grade) -> Admitted {
    if entry.grades.contains(&grade) {
        return Ok(());
    }
    let grades: Vec<_> = entry.grades.iter().map(|g| g.to_string()).collect();
    Err(Refusal::new(format!("{term} has no grade {grade}: expected {}", grades.join(", "))))
}

impl Admission<'_> {
    fn adverse_event(&self, subject: &SubjectId, ae: &Name) -> Result<(Seq, &AdverseEvent), Refusal> {
        let known = self.trial.safety.get(subject, ae);
        let known = known.and_then(|found| found.report().map(|(seq, _)| (seq, found)));
        known.ok_or_else(|| {
            Refusal::new(format!("{subject} has no adverse event named {ae}"))
                .hint("report it first: trial append adverse-event-reported ...")
        })
    }

    /// The dictionary that the protocol names; no other counts.
    fn dictionary(&self) -> Result<&Dictionary, Refusal> {
        let conduct = &self.trial.conduct;
        let name = &self.protocol()?.dictionary;
        let none = "no dictionary of adverse event terms is adopted";
        match conduct.dictionaries.adoption(name) {
            Some(Adoption::Whole) => {}
            Some(Adoption::Missing(parts)) => {
                let parts: Vec<_> = parts.iter().map(u8::to_string).collect();
                let message = format!("{none}: {name} lacks part {}", parts.join(", "));
                return Err(Refusal::new(message).hint("append the parts that are missing"));
            }
            Some(Adoption::Differs(_)) => {
                let message = format!("{none}: the parts of {name} do not add up to the SHA-256 that they name");
                return Err(Refusal::new(message).hint("adopt it again: trial dictionary FILE.csv --name NAME"));
            }
            None => {
                let hint = "the sponsor adopts one: trial append dictionary-adopted ... or trial dictionary FILE.csv";
                let others: Vec<_> = conduct.dictionaries.names().map(|n| n.as_str()).collect();
                let message = match others.is_empty() {
                    true => none.to_owned(),
                    false => format!("the protocol names the dictionary {name}, adopted is {}", others.join(", ")),
                };
                return Err(Refusal::new(message).hint(hint));
            }
        }
        conduct.dictionary().ok_or_else(|| Refusal::new(none))
    }

    /// Whether the term exists in the protocol's dictionary, and the grade for the term.
    fn graded(&self, term: &Text, grade: Grade) -> Admitted {
        let dictionary = self.dictionary()?;
        let Some(entry) = dictionary.get(term) else {
            let refusal = Refusal::new(format!("{term:?} is not a term of the dictionary", term = term.as_str()));
            return Err(match dictionary.nearest(term) {
                Some(near) => refusal.hint(format!("did you mean {:?}?", near.as_str())),
                None => refusal,
            });
        };
        grade_exists(entry, term, grade)
    }

    /// Whether a grade exists for a term that was reported under this or an earlier edition of the protocol.
    fn regraded(&self, term: &Text, grade: Grade) -> Admitted {
        match self.trial.conduct.term(term) {
            Some(entry) => grade_exists(entry, term, grade),
            None => self.graded(term, grade),
        }
    }

    fn components(&self, names: impl Iterator<Item = Name>) -> Admitted {
        let protocol = self.protocol()?;
        for name in names {
            if !protocol.dlt.components.contains(&name) {
                let known: Vec<_> = protocol.dlt.components.iter().map(|c| c.as_str()).collect();
                let message = format!("{name} is not a component of the treatment: expected {}", known.join(" or "));
                return Err(Refusal::new(message));
            }
        }
        Ok(())
    }

    fn attributed(&self, attribution: Option<&Attribution>) -> Admitted {
        self.components(attribution.into_iter().flat_map(|a| a.keys().cloned()))
    }

    pub(super) fn adverse_event_reported(&self, e: &AdverseEventReported) -> Admitted {
        if let Some((seq, _)) = self.trial.safety.get(&e.subject, &e.ae).and_then(|ae| ae.report()) {
            return Err(Refusal::new(format!("{} has an adverse event named {} already", e.subject, e.ae))
                .contradicts(seq)
                .hint("for news of it: trial append adverse-event-updated ..."));
        }
        self.graded(&e.term, e.grade)?;
        if e.term.as_str().ends_with("Other, specify") && e.specify.is_none() {
            return Err(Refusal::new(format!("{} needs to say what it was", e.term)).hint("add --specify \"...\""));
        }
        self.attributed(e.attribution.as_ref())?;
        self.components(e.action.keys().cloned())
    }

    pub(super) fn adverse_event_updated(&self, e: &AdverseEventUpdated) -> Admitted {
        let (seq, ae) = self.adverse_event(&e.subject, &e.ae)?;
        if let (Some(grade), Some((_, report))) = (e.grade, ae.report()) {
            self.regraded(&report.term, grade)?;
        }
        let onset = ae.report().map(|(_, report)| report.onset.day());
        let days = [Some(e.occurred_at), e.ended_at].into_iter().flatten().map(|m| m.day());
        for day in days {
            if onset.is_some_and(|onset| day < onset) {
                let message = format!("{day} lies before the onset of {}", e.ae);
                return Err(Refusal::new(message).contradicts(seq));
            }
            if day > self.today {
                return Err(Refusal::new(format!("{day} has not come yet: today is {}", self.today)));
            }
        }
        self.attributed(e.attribution.as_ref())?;
        self.components(e.action.keys().cloned())
    }

    pub(super) fn serious_event_reported(&self, e: &SeriousEventReported) -> Admitted {
        self.adverse_event(&e.subject, &e.ae)?;
        if e.criteria.is_empty() {
            return Err(Refusal::new("a serious event needs at least one criterion").hint("add --criteria"));
        }
        let earlier = match (e.occurred_at.instant(), e.aware_at.instant()) {
            (Some(reported), Some(aware)) => reported < aware,
            _ => e.occurred_at.day() < e.aware_at.day(),
        };
        if earlier {
            return Err(Refusal::new(format!("reported at {} before aware at {}", e.occurred_at, e.aware_at)));
        }
        Ok(())
    }

    pub(super) fn dlt_ruled(&self, e: &DltRuled) -> Admitted {
        self.adverse_event(&e.subject, &e.ae)?;
        let Some(clause) = &e.clause else { return Ok(()) };
        let clauses = &self.protocol()?.dlt.clauses;
        if clauses.iter().any(|c| c.id == *clause) {
            return Ok(());
        }
        let known: Vec<_> = clauses.iter().map(|c| c.id.as_str()).collect();
        Err(Refusal::new(format!("{clause} is not a clause of the protocol: expected {}", known.join(", "))))
    }

    pub(super) fn death_recorded(&self, e: &DeathRecorded) -> Admitted {
        let day = e.occurred_at.day();
        let follow_up = self.trial.follow_up.of(&e.subject);
        let seen = follow_up.into_iter().flat_map(|f| f.contacts.iter()).find(|(_, (contact, _))| *contact > day);
        if let Some((seq, (contact, _))) = seen {
            let message = format!("{} was in contact on {contact}, after a death on {day}", e.subject);
            return Err(Refusal::new(message).contradicts(seq));
        }
        let doses = self.trial.exposure.of(&e.subject).flat_map(|(_, agent)| agent.doses.iter());
        match doses.into_iter().find(|(_, dose)| dose.day > day) {
            Some((seq, dose)) => {
                let message = format!("{} took a dose on {}, after a death on {day}", e.subject, dose.day);
                Err(Refusal::new(message).contradicts(seq))
            }
            None => Ok(()),
        }
    }

    pub(super) fn tumour_assessed(&self, e: &TumourAssessed) -> Admitted {
        let assessment = Assessment {
            day: e.occurred_at.day(),
            targets: e.targets.clone(),
            non_targets: e.non_targets.clone(),
            new_lesions: e.new_lesions.clone(),
            marker: None,
        };
        if let Some(fault) = assessment.faults().into_iter().next() {
            return Err(Refusal::new(fault));
        }
        let visits = self.trial.response.of(&e.subject);
        let same = visits.and_then(|v| v.iter().find(|(_, visit)| visit.occurred_at.day() == assessment.day));
        match same {
            Some((seq, _)) => {
                let message = format!("an assessment of {} on {} is recorded already", e.subject, assessment.day);
                Err(Refusal::new(message).contradicts(seq))
            }
            None => Ok(()),
        }
    }
}
