//! Admission of consent, screening, enrolment and rulings.

use super::{Admission, Admitted, Refusal};
use crate::{
    event::{ConsentGiven, Evaluability, EvaluabilityRuled, ScreenFailed, SubjectEnrolled, SubjectScreened},
    view::{escalation::Escalation, observation},
};

impl Admission<'_> {
    pub(super) fn consent_given(&self, e: &ConsentGiven) -> Admitted {
        self.protocol()?;
        if !self.trial.conduct.sites.contains_key(&e.site) {
            let message = format!("site {} is not active", e.site);
            return Err(Refusal::new(message).hint("the sponsor activates it: trial append site-activated ..."));
        }
        let Some(subject) = self.trial.subjects.get(&e.subject) else { return Ok(()) };
        if let Some((seq, consent)) = subject.consents.iter().find(|(_, c)| c.form == e.form) {
            let message = format!("{} consented with form {} on {}", e.subject, consent.form, consent.day);
            return Err(Refusal::new(message).contradicts(seq));
        }
        if let Some((seq, consent)) = subject.consents.first().filter(|(_, c)| c.site != e.site) {
            return Err(Refusal::new(format!("{} belongs to site {}", e.subject, consent.site)).contradicts(seq));
        }
        Ok(())
    }

    pub(super) fn subject_screened(&self, e: &SubjectScreened) -> Admitted {
        let protocol = self.protocol()?;
        for (name, value) in &e.baseline {
            super::values::baseline(protocol, name, value)?;
        }
        Ok(())
    }

    pub(super) fn subject_enrolled(&self, e: &SubjectEnrolled) -> Admitted {
        let protocol = self.protocol()?;
        let subject = self.subject(&e.subject)?;
        if let Some((seq, enrolment)) = subject.enrolments.first() {
            let message = format!("{} was enrolled at level {} on {}", e.subject, enrolment.level, enrolment.day);
            return Err(Refusal::new(message).contradicts(seq));
        }
        if let Some((seq, day)) = subject.screen_failures.first() {
            return Err(Refusal::new(format!("{} failed screening on {day}", e.subject)).contradicts(seq));
        }
        let Some((seq, screening)) = subject.screenings.last() else {
            let hint = format!("record it first: trial append subject-screened --subject {} ...", e.subject);
            return Err(Refusal::new(format!("{} has not been screened", e.subject)).hint(hint));
        };
        if protocol.level(e.level).is_none() {
            let planned = protocol.levels.len();
            return Err(Refusal::new(format!("level {} is not planned: expected 1 to {planned}", e.level)));
        }
        let excuse = "to record it as a departure from the protocol, add --reason \"...\"";
        if !screening.criteria_not_met.is_empty() && self.reason.is_none() {
            let names: Vec<_> = screening.criteria_not_met.iter().map(|n| n.as_str()).collect();
            let message = format!("{} does not meet: {}", e.subject, names.join(", "));
            return Err(Refusal::new(message).contradicts(seq).hint(excuse));
        }
        let Some(now) = Escalation::read(self.trial, self.today) else { return Ok(()) };
        let open = now.current_level == e.level && now.open_slots > 0;
        if !open && self.reason.is_none() {
            let state = serde_json::to_value(now.state).ok().and_then(|s| s.as_str().map(str::to_owned));
            let message = format!(
                "no place is open at level {}: the trial is {} at level {} with {} open",
                e.level,
                state.unwrap_or_default().replace('_', " "),
                now.current_level,
                now.open_slots
            );
            return Err(Refusal::new(message).hint(excuse));
        }
        Ok(())
    }

    pub(super) fn screen_failed(&self, e: &ScreenFailed) -> Admitted {
        let subject = self.subject(&e.subject)?;
        if let Some((seq, enrolment)) = subject.enrolments.first() {
            let message = format!("{} was enrolled on {}", e.subject, enrolment.day);
            return Err(Refusal::new(message)
                .contradicts(seq)
                .hint("withdraw instead: trial append subject-withdrawn"));
        }
        match subject.screen_failures.first() {
            Some((seq, day)) => {
                Err(Refusal::new(format!("{} failed screening on {day} already", e.subject)).contradicts(seq))
            }
            None => Ok(()),
        }
    }

    pub(super) fn evaluability_ruled(&self, e: &EvaluabilityRuled) -> Admitted {
        let Some(observed) = observation::one(self.trial, &e.subject, self.today) else {
            return Err(Refusal::new(format!("{} is not enrolled", e.subject)));
        };
        let dlt = observed.judged.iter().find(|j| j.outcome() == crate::dlt::Outcome::Dlt);
        match (e.ruling, dlt) {
            (Evaluability::NotEvaluable, Some(judged)) => {
                let message = format!(
                    "{} had a dose-limiting toxicity ({} {} grade {}) and can never be ruled out",
                    e.subject, judged.ae, judged.term, judged.grade
                );
                let refusal = Refusal::new(message);
                Err(judged.entries.first().map_or(refusal.clone(), |seq| refusal.contradicts(*seq)))
            }
            (Evaluability::NotEvaluable | Evaluability::Evaluable, _) => Ok(()),
        }
    }
}
