//! Admission of doses, plans and fractions.

use super::{Admission, Admitted, Refusal};
use crate::{
    event::{
        DoseMissed, DoseTaken, DosingChange, DosingChanged, FractionDelivered, FractionMissed, RadiotherapyPlanned,
    },
    ids::{Name, Seq, SubjectId},
    projection::Plan,
    protocol::AgentPlan,
};
use chrono::NaiveDate;

impl Admission<'_> {
    fn enrolled(&self, what: &str, id: &SubjectId, day: NaiveDate) -> Admitted {
        let Some((seq, enrolment)) = self.subject(id)?.enrolments.first() else {
            let hint = format!("enrol first: trial append subject-enrolled --subject {id} ...");
            return Err(Refusal::new(format!("{id} is not enrolled")).hint(hint));
        };
        if day < enrolment.day {
            let message = format!("{what} on {day} lies before the enrolment of {id} on {}", enrolment.day);
            return Err(Refusal::new(message).contradicts(seq));
        }
        Ok(())
    }

    fn agent(&self, agent: &Name) -> Result<&AgentPlan, Refusal> {
        let protocol = self.protocol()?;
        protocol.agent(agent).ok_or_else(|| {
            let known: Vec<_> = protocol.treatment.agents.iter().map(|a| a.agent.as_str()).collect();
            Refusal::new(format!("{agent} is not a drug of the protocol: expected {}", known.join(" or ")))
        })
    }

    fn plan(&self, subject: &SubjectId, name: &Name) -> Result<(Seq, &Plan), Refusal> {
        let plans = self.trial.radiotherapy.of(subject).into_iter().flat_map(|course| course.plans.iter());
        plans.into_iter().find(|(_, plan)| plan.name == *name).ok_or_else(|| {
            let hint = "the physicist records it: trial append radiotherapy-planned ...";
            Refusal::new(format!("{subject} has no plan named {name}")).hint(hint)
        })
    }

    pub(super) fn dose_taken(&self, e: &DoseTaken) -> Admitted {
        self.agent(&e.agent)?;
        let day = e.occurred_at.day();
        self.enrolled("a dose", &e.subject, day)?;
        if e.dose.value.nanos() <= 0 {
            return Err(Refusal::new(format!("a dose of {} is not a dose: expected more than 0", e.dose))
                .hint("for an intake that did not happen: trial append dose-missed ..."));
        }
        let Some(agent) = self.trial.exposure.agent(&e.subject, &e.agent) else { return Ok(()) };
        let second = e.occurred_at.instant().map(|i| i.timestamp());
        // Doses come in the order of time, so a repeated one is near the end.
        let same = agent.doses.iter().rev().find(|(_, d)| second.is_some() && d.second() == second && d.day == day);
        match same {
            Some((seq, _)) => {
                Err(Refusal::new(format!("this intake of {} is recorded already", e.agent)).contradicts(seq))
            }
            None => Ok(()),
        }
    }

    pub(super) fn dose_missed(&self, e: &DoseMissed) -> Admitted {
        self.agent(&e.agent)?;
        self.enrolled("a missed dose", &e.subject, e.occurred_at.day())
    }

    pub(super) fn dosing_changed(&self, e: &DosingChanged) -> Admitted {
        self.agent(&e.agent)?;
        self.enrolled("a change of dosing", &e.subject, e.occurred_at.day())?;
        match (e.change, e.dose) {
            (DosingChange::Reduced, None) => {
                Err(Refusal::new("a reduction needs the dose from now on").hint("add --dose"))
            }
            (DosingChange::Reduced, Some(_)) | (_, None) => Ok(()),
            (_, Some(_)) => Err(Refusal::new(format!("a dose does not go with {}", e.change)).hint("leave out --dose")),
        }
    }

    pub(super) fn radiotherapy_planned(&self, e: &RadiotherapyPlanned) -> Admitted {
        let protocol = self.protocol()?;
        if protocol.treatment.radiotherapy.is_none() {
            return Err(Refusal::new("the protocol has no radiotherapy"));
        }
        self.enrolled("a plan", &e.subject, e.occurred_at.day())?;
        if e.prescription.nanogray() <= 0 || e.fractions == 0 {
            return Err(Refusal::new("a plan needs a dose and at least one fraction"));
        }
        match self.plan(&e.subject, &e.plan) {
            Ok((seq, _)) => Err(Refusal::new(format!("{} has a plan named {} already", e.subject, e.plan))
                .contradicts(seq)
                .hint("give a re-plan another name")),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn fraction_delivered(&self, e: &FractionDelivered) -> Admitted {
        let day = e.occurred_at.day();
        self.enrolled("a fraction", &e.subject, day)?;
        let (planned, plan) = self.plan(&e.subject, &e.plan)?;
        if day < plan.day {
            let message = format!("the fraction on {day} lies before its plan of {}", plan.day);
            return Err(Refusal::new(message).contradicts(planned));
        }
        if e.dose.nanogray() <= 0 || e.number == 0 {
            return Err(Refusal::new("a fraction needs a number from 1 and a dose above 0"));
        }
        let course = self.trial.radiotherapy.of(&e.subject);
        let delivered = || course.into_iter().flat_map(|c| c.fractions.iter()).filter(|(_, f)| f.plan == e.plan);
        if let Some((seq, fraction)) = delivered().find(|(_, f)| f.number == e.number) {
            let message = format!("fraction {} of plan {} was delivered on {}", e.number, e.plan, fraction.day);
            return Err(Refusal::new(message).contradicts(seq));
        }
        let next = delivered().map(|(_, f)| f.number).max().unwrap_or(0) + 1;
        if e.number != next && self.reason.is_none() {
            return Err(Refusal::new(format!("fraction {} is not the next: expected {next}", e.number))
                .hint("to record it as a departure from the protocol, add --reason \"...\""));
        }
        Ok(())
    }

    pub(super) fn fraction_missed(&self, e: &FractionMissed) -> Admitted {
        self.enrolled("a missed fraction", &e.subject, e.occurred_at.day())?;
        self.plan(&e.subject, &e.plan).map(|_| ())
    }
}
