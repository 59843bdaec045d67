//! Deviations: departures from the protocol that follow from the facts, and those that people recorded.
//!
//! What happened is never refused because it broke the protocol: it is recorded, and it is found here.

use super::{
    chart::Chart,
    escalation::Escalation,
    response::SubjectResponse,
    serious::{Serious, Timeliness},
};
use crate::{
    escalation::Flag,
    event::DeviationCategory,
    grade::DoseLevel,
    ids::{Seq, SubjectId},
    projection::{AT_ONCE, Agent, Case, Course, Treated, Trial},
    protocol::{AgentPlan, Protocol, RadiotherapyRules},
    quantity::Mass,
    words::words,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

words!(
    /// The rule that finds a departure.
    DeviationRule {
        /// Treated under an edition of the protocol without consent to its form; found at the first such treatment.
        ConsentVersion = "consent_version",
        /// Enrolled although the last screening names a criterion that was not met.
        EligibilityNotMet = "eligibility_not_met",
        /// An intake that is not the level's dose, nor the dose to which it was reduced.
        DoseNotAssigned = "dose_not_assigned",
        /// An intake beyond the number planned.
        ExtraIntake = "extra_intake",
        /// An intake recorded as missed.
        IntakeMissed = "intake_missed",
        /// A prescription outside the protocol's limits.
        PrescriptionOutOfRange = "prescription_out_of_range",
        /// A prescription that is not the level's, where the level sets one.
        PrescriptionNotAssigned = "prescription_not_assigned",
        /// A plan with another number of fractions than the protocol's.
        FractionsNotPlanned = "fractions_not_planned",
        /// A plan, or a re-plan, with a mean dose to an organ above the protocol's limit.
        MeanDoseAboveLimit = "mean_dose_above_limit",
        /// More than three days between two fractions of a plan: more than a weekend.
        FractionGap = "fraction_gap",
        /// A fraction beyond the number planned.
        ExtraFraction = "extra_fraction",
        /// A fraction recorded as missed.
        FractionMissed = "fraction_missed",
        /// A tumour assessment meant for the time point, outside its window by less than the window's width.
        VisitOutOfWindow = "visit_out_of_window",
        /// No tumour assessment at the time point, of a subject alive and past its window.
        AssessmentMissing = "assessment_missing",
        /// A serious event reported more than 24 hours after awareness.
        SeriousEventLate = "serious_event_late",
        /// A serious event not reported, more than 24 hours after it was recorded as serious.
        SeriousEventOverdue = "serious_event_overdue",
        /// More subjects at a level than places.
        OverEnrolment = "over_enrolment",
        /// An entry recorded more days after the fact than the protocol allows without a reason.
        LateEntry = "late_entry",
        /// Found by a person, and recorded.
        Recorded = "recorded",
    }
);

/// One departure.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Deviation {
    /// The rule that found it.
    pub rule: DeviationRule,
    /// What kind.
    pub category: DeviationCategory,
    /// The subject, where it concerns one.
    pub subject: Option<SubjectId>,
    /// The day, where it has one.
    pub day: Option<NaiveDate>,
    /// What happened.
    pub what: String,
    /// Whether a person called it important.
    pub important: Option<bool>,
    /// The entry that it rests on.
    pub seq: Option<Seq>,
}

/// More days than this between two fractions of a plan is more than a weekend.
const LONGEST_GAP_DAYS: i64 = 3;

/// Reads all departures known on a day, by subject and day.
pub fn read(
    trial: &Trial,
    day: NaiveDate,
    charts: &[Chart],
    escalation: Option<&Escalation>,
    serious: &Serious,
) -> Vec<Deviation> {
    let Some(protocol) = trial.conduct.protocol() else { return Vec::new() };
    let in_force: Vec<_> = trial.conduct.in_force_since.facts().zip(trial.conduct.protocols.facts()).collect();
    let departures = charts.par_iter().with_min_len(AT_ONCE).flat_map_iter(|chart| {
        let mut found = Vec::new();
        if let Some(enrolment) = chart.case.enrolment() {
            let mut of = Finder { protocol, case: &chart.case, level: enrolment.level, found: &mut found };
            of.consent(&in_force);
            of.eligibility();
            of.drugs();
            of.radiotherapy();
            of.assessment(day, chart.measured);
        }
        found
    });
    let mut found: Vec<Deviation> = departures.collect();
    found.extend(serious_events(serious));
    found.extend(over_enrolments(escalation));
    found.extend(late_entries(trial, protocol));
    found.extend(recorded(trial));
    found.sort_by(|a, b| (&a.subject, a.day, a.seq).cmp(&(&b.subject, b.day, b.seq)));
    found
}

struct Finder<'a> {
    protocol: &'a Protocol,
    case: &'a Case<'a>,
    /// The assigned level.
    level: DoseLevel,
    found: &'a mut Vec<Deviation>,
}

impl Finder<'_> {
    fn add(
        &mut self,
        rule: DeviationRule,
        category: DeviationCategory,
        at: (Option<NaiveDate>, Option<Seq>),
        what: String,
    ) {
        let subject = Some(self.case.id.clone());
        self.found.push(Deviation { rule, category, subject, day: at.0, what, important: None, seq: at.1 });
    }

    /// Under each edition that names a consent form: the first treatment without consent to that form.
    fn consent(&mut self, in_force: &[(&DateTime<Utc>, &Protocol)]) {
        let case = self.case;
        let Some(Treated { first: (first, _), .. }) = case.treated else { return };
        for (n, (_, edition)) in in_force.iter().enumerate() {
            let Some(form) = &edition.consent_form else { continue };
            let consented = case.subject.consents.facts().filter(|c| c.form == *form).map(|c| c.day).min();
            // Most consented before anything was given: then no treatment need be looked at.
            if consented.is_some_and(|consented| consented <= first) {
                continue;
            }
            let under =
                |day, second| in_force.iter().rposition(|(since, _)| came_before(**since, day, second)) == Some(n);
            let before = |day| consented.is_none_or(|consented| day < consented);
            let without = treatments(case).filter(|(day, second, _)| before(*day) && under(*day, *second));
            if let Some((day, _, seq)) = without.min() {
                let what = format!("treated under edition {} without consent to form {form}", edition.edition);
                self.add(DeviationRule::ConsentVersion, DeviationCategory::Consent, (Some(day), Some(seq)), what);
            }
        }
    }

    fn eligibility(&mut self) {
        let Some((seq, screening)) = self.case.subject.screenings.last() else { return };
        if !screening.criteria_not_met.is_empty() {
            let names: Vec<_> = screening.criteria_not_met.iter().map(|n| n.as_str()).collect();
            let what = format!("enrolled although not met: {}", names.join(", "));
            self.add(
                DeviationRule::EligibilityNotMet,
                DeviationCategory::Eligibility,
                (Some(screening.day), Some(seq)),
                what,
            );
        }
    }

    fn drugs(&mut self) {
        let protocol = self.protocol;
        let level = protocol.level(self.level);
        for plan in &protocol.treatment.agents {
            let Some(agent) = self.case.agent(&plan.agent) else { continue };
            let assigned = level.and_then(|l| l.doses.get(&plan.agent)).copied();
            self.doses(plan, agent, assigned);
        }
    }

    fn doses(&mut self, plan: &AgentPlan, agent: &Agent, assigned: Option<Mass>) {
        let category = DeviationCategory::Dosing;
        let mut expected = assigned.map(|dose| dose.value.nanos());
        let mut reductions = agent.changes.facts().filter_map(|c| Some((c.day, c.dose?.value.nanos()))).peekable();
        for (seq, dose) in agent.doses.iter() {
            while let Some((_, reduced)) = reductions.next_if(|(day, _)| *day <= dose.day) {
                expected = Some(reduced);
            }
            if expected.is_some_and(|expected| expected != dose.milligrams.nanos()) {
                let what = format!("{} mg of {} taken, another dose was due", dose.milligrams, plan.agent);
                self.add(DeviationRule::DoseNotAssigned, category, (Some(dose.day), Some(seq)), what);
            }
        }
        for (seq, dose) in agent.doses.iter().skip(plan.intakes() as usize) {
            let what = format!("{} taken beyond the {} planned intakes", plan.agent, plan.intakes());
            self.add(DeviationRule::ExtraIntake, category, (Some(dose.day), Some(seq)), what);
        }
        for (seq, (day, cause)) in agent.missed.iter() {
            self.add(
                DeviationRule::IntakeMissed,
                category,
                (Some(*day), Some(seq)),
                format!("{} not taken: {cause}", plan.agent),
            );
        }
    }

    fn radiotherapy(&mut self) {
        let (Some(rules), Some(course)) = (&self.protocol.treatment.radiotherapy, self.case.course) else { return };
        self.plans(rules, course);
        self.fractions(course);
    }

    fn plans(&mut self, rules: &RadiotherapyRules, course: &Course) {
        let category = DeviationCategory::Radiotherapy;
        let assigned = self.protocol.level(self.level).and_then(|l| l.prescription);
        for (seq, plan) in course.plans.iter() {
            let at = (Some(plan.day), Some(seq));
            let dose = plan.prescription.nanogray();
            if !(rules.prescription_min.nanogray()..=rules.prescription_max.nanogray()).contains(&dose) {
                let what = format!(
                    "{} prescribed, allowed {} to {}",
                    plan.prescription, rules.prescription_min, rules.prescription_max
                );
                self.add(DeviationRule::PrescriptionOutOfRange, category, at, what);
            }
            if assigned.is_some_and(|assigned| assigned.nanogray() != dose) {
                self.add(
                    DeviationRule::PrescriptionNotAssigned,
                    category,
                    at,
                    format!("{} prescribed, the level has another", plan.prescription),
                );
            }
            if plan.fractions != rules.fractions && assigned.is_none() {
                let what = format!("{} fractions planned, the protocol has {}", plan.fractions, rules.fractions);
                self.add(DeviationRule::FractionsNotPlanned, category, at, what);
            }
            for (organ, dose) in &plan.mean_doses {
                if let Some(limit) = rules.mean_dose_limits.get(organ).filter(|l| dose.nanogray() > l.nanogray()) {
                    let what = format!("mean dose to the {organ} {dose}, limit {limit}");
                    self.add(DeviationRule::MeanDoseAboveLimit, category, at, what);
                }
            }
        }
    }

    fn fractions(&mut self, course: &Course) {
        let category = DeviationCategory::Radiotherapy;
        for (_, plan) in course.plans.iter() {
            let mut delivered: Vec<_> = course.fractions.iter().filter(|(_, f)| f.plan == plan.name).collect();
            delivered.sort_by_key(|(_, f)| f.day);
            for pair in delivered.windows(2) {
                let days = (pair[1].1.day - pair[0].1.day).num_days();
                if days > LONGEST_GAP_DAYS {
                    let what = format!("{days} days between fractions {} and {}", pair[0].1.number, pair[1].1.number);
                    self.add(DeviationRule::FractionGap, category, (Some(pair[1].1.day), Some(pair[1].0)), what);
                }
            }
            for (seq, fraction) in delivered.iter().filter(|(_, f)| f.number > plan.fractions) {
                let what = format!("fraction {} of {} planned", fraction.number, plan.fractions);
                self.add(DeviationRule::ExtraFraction, category, (Some(fraction.day), Some(*seq)), what);
            }
        }
        for (seq, (_, day, cause)) in course.missed.iter() {
            self.add(
                DeviationRule::FractionMissed,
                category,
                (Some(*day), Some(seq)),
                format!("fraction missed: {cause}"),
            );
        }
    }

    /// The assessment at the protocol's time point, once its window has passed in a subject still followed.
    fn assessment(&mut self, day: NaiveDate, measured: Option<&SubjectResponse>) {
        let (case, plan) = (self.case, &self.protocol.response);
        let Some(first) = case.first_treatment() else { return };
        let on = |days: i64| first.checked_add_signed(TimeDelta::days(days));
        let window = i64::from(plan.window_days);
        let Some((target, last)) = on(plan.target_day.into()).zip(on(i64::from(plan.target_day) + window)) else {
            return;
        };
        let died = case.follow_up.and_then(|f| f.death()).map(|(_, d)| d.day);
        let assessed = measured.is_some_and(|s| s.at_time_point.is_some());
        if day <= last || assessed || died.is_some_and(|died| died <= last) {
            return;
        }
        // An assessment less than a window's width outside was meant for the time point; one further off was not.
        let visits = case.visits.into_iter().flat_map(|visits| visits.iter());
        let visits = visits.map(|(seq, v)| (seq, v.occurred_at.day())).filter(|(_, on)| *on > first);
        let away = |on: NaiveDate| (on - target).num_days().abs();
        let near = visits.filter(|(_, on)| away(*on) <= 2 * window).min_by_key(|(_, on)| away(*on));
        let category = DeviationCategory::Assessment;
        match near {
            Some((seq, on)) => {
                let outside = away(on) - window;
                let what = format!("assessed on {on}, {outside} days outside the window of {}", plan.label);
                self.add(DeviationRule::VisitOutOfWindow, category, (Some(on), Some(seq)), what);
            }
            None => {
                let what = format!("no tumour assessment at {}", plan.label);
                self.add(DeviationRule::AssessmentMissing, category, (Some(last), None), what);
            }
        }
    }
}

/// Every dose and fraction of a subject: the day, the second where it is known, the entry.
fn treatments(case: &Case) -> impl Iterator<Item = (NaiveDate, Option<i64>, Seq)> {
    let doses = case.agents().flat_map(|(_, agent)| agent.doses.iter());
    let doses = doses.map(|(seq, dose)| (dose.day, dose.second(), seq));
    let fractions = case.course.into_iter().flat_map(|course| course.fractions.iter());
    doses.chain(fractions.map(|(seq, fraction)| (fraction.day, None, seq)))
}

/// Whether something that came into force at an instant was so at a treatment. A treatment known to the day only is
/// judged by the day after: the day in UTC may be one behind the day at the place.
fn came_before(since: DateTime<Utc>, day: NaiveDate, second: Option<i64>) -> bool {
    match second {
        Some(second) => since.timestamp() <= second,
        None => (day - since.date_naive()).num_days() > 1,
    }
}

/// Reports of serious events that came, or have been waited for, longer than allowed.
fn serious_events(serious: &Serious) -> Vec<Deviation> {
    let clocks = serious.lines.iter().flat_map(|line| {
        let later = line.follow_ups.iter();
        std::iter::once(&line.clock).chain(later).map(move |clock| (line, clock))
    });
    let late = clocks.filter(|(_, clock)| clock.late);
    late.map(|(line, clock)| {
        let rule = match clock.status {
            Timeliness::Overdue => DeviationRule::SeriousEventOverdue,
            Timeliness::Met | Timeliness::Late | Timeliness::Open | Timeliness::DateOnly => {
                DeviationRule::SeriousEventLate
            }
        };
        let day = clock.reported_at.map(|at| at.day()).or_else(|| clock.due.map(|due| due.date_naive()));
        Deviation {
            rule,
            category: DeviationCategory::SafetyReporting,
            subject: Some(line.subject.clone()),
            day,
            what: format!("{} {}", line.ae, clock.because),
            important: None,
            seq: clock.seq.or_else(|| line.entries.first().copied()),
        }
    })
    .collect()
}

fn over_enrolments(escalation: Option<&Escalation>) -> impl Iterator<Item = Deviation> {
    let flags = escalation.into_iter().flat_map(|e| &e.flags);
    flags.filter_map(|flag| match flag {
        Flag::OverEnrolment(level) => Some(Deviation {
            rule: DeviationRule::OverEnrolment,
            category: DeviationCategory::Other,
            subject: None,
            day: None,
            what: format!("more subjects at level {level} than places"),
            important: None,
            seq: None,
        }),
        Flag::LateDlt(_) | Flag::DltWithdrawn(_) => None,
    })
}

fn late_entries(trial: &Trial, protocol: &Protocol) -> Vec<Deviation> {
    let late = trial.cut.late.iter().filter(|(_, late)| late.days > i64::from(protocol.late_entry_days));
    late.map(|(seq, late)| Deviation {
        rule: DeviationRule::LateEntry,
        category: DeviationCategory::Other,
        subject: late.subject.clone(),
        day: Some(late.day),
        what: format!("{} recorded {} days after it occurred", late.kind, late.days),
        important: None,
        seq: Some(*seq),
    })
    .collect()
}

fn recorded(trial: &Trial) -> impl Iterator<Item = Deviation> {
    trial.conduct.deviations.iter().map(|(seq, d)| Deviation {
        rule: DeviationRule::Recorded,
        category: d.category,
        subject: d.subject.clone(),
        day: Some(d.occurred_at.day()),
        what: d.description.to_string(),
        important: Some(d.important),
        seq: Some(seq),
    })
}
