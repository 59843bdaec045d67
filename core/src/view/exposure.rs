//! Exposure: cumulative dose, relative dose and relative dose intensity of each drug, by subject.
//!
//! Relative dose = taken / planned amount. Relative dose intensity = (taken amount per day) / (planned amount per
//! day), once over the time on drug and once over the planned time: they differ when a subject stops early.

use crate::{
    event::DosingChange,
    grade::DoseLevel,
    ids::{Name, SubjectId},
    projection::{AT_ONCE, Agent, Case},
    protocol::{AgentPlan, Protocol},
    quantity::Decimal,
};
use chrono::NaiveDate;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// Exposure of one subject to one drug.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AgentExposure {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// The drug.
    pub agent: Name,
    /// Planned number of intakes.
    pub planned_intakes: u32,
    /// Intakes taken.
    pub taken_intakes: usize,
    /// Intakes recorded as missed.
    pub missed_intakes: usize,
    /// Planned amount in milligrams, where the level sets the dose.
    pub planned_mg: Option<f64>,
    /// Amount taken in milligrams.
    pub taken_mg: f64,
    /// First day.
    pub first_day: Option<NaiveDate>,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// Days from the first to the last intake, both counted.
    pub days_on_drug: Option<i64>,
    /// Taken / planned amount.
    pub relative_dose: Option<f64>,
    /// Dose intensity as planned: milligrams a day over the planned days.
    pub planned_mg_per_day: Option<f64>,
    /// Dose intensity as taken: milligrams a day over the time on drug.
    pub taken_mg_per_day: Option<f64>,
    /// Relative dose intensity over the time on drug.
    pub relative_dose_intensity: Option<f64>,
    /// Relative dose intensity over the planned time.
    pub relative_dose_intensity_over_planned_time: Option<f64>,
    /// Interruptions recorded.
    pub interruptions: usize,
    /// Reductions recorded.
    pub reductions: usize,
    /// How dosing ended, once it has.
    pub ended: Option<DosingChange>,
}

/// Reads the exposure of every treated subject to every drug of the protocol.
pub fn read(protocol: Option<&Protocol>, cases: &[Case]) -> Vec<AgentExposure> {
    let Some(protocol) = protocol else { return Vec::new() };
    let all = cases.par_iter().with_min_len(AT_ONCE).filter_map(|case| Some((case, case.enrolment()?)));
    let rows = all.flat_map_iter(|(case, enrolment)| {
        protocol.treatment.agents.iter().filter_map(move |plan| {
            let agent = case.agent(&plan.agent)?;
            let dose = protocol.level(enrolment.level).and_then(|l| l.doses.get(&plan.agent));
            Some(row(case.id, enrolment.level, plan, agent, dose.map(|d| d.value)))
        })
    });
    rows.collect()
}

/// Milligrams from thousand-millionths of a milligram.
fn milligrams(nanos: i128) -> f64 {
    nanos as f64 / 1e9
}

fn row(
    subject: &SubjectId,
    level: DoseLevel,
    plan: &AgentPlan,
    agent: &Agent,
    assigned: Option<Decimal>,
) -> AgentExposure {
    let taken_mg = milligrams(agent.doses.facts().map(|d| d.milligrams.nanos()).sum());
    let planned_mg = assigned.map(|dose| milligrams(dose.nanos() * i128::from(plan.intakes())));
    let (first_day, last_day) = (agent.first_day(), agent.last_day());
    let days_on_drug = first_day.zip(last_day).map(|(first, last)| (last - first).num_days() + 1);
    let planned_mg_per_day = planned_mg.map(|mg| mg / f64::from(plan.days));
    let taken_mg_per_day = days_on_drug.map(|days| taken_mg / days as f64);
    let relative = |taken: f64| planned_mg_per_day.map(|planned| taken / planned);
    let changes = |change| agent.changes.facts().filter(|c| c.change == change).count();
    AgentExposure {
        subject: subject.clone(),
        level,
        agent: plan.agent.clone(),
        planned_intakes: plan.intakes(),
        taken_intakes: agent.doses.len(),
        missed_intakes: agent.missed.len(),
        planned_mg,
        taken_mg,
        first_day,
        last_day,
        days_on_drug,
        relative_dose: planned_mg.map(|planned| taken_mg / planned),
        planned_mg_per_day,
        taken_mg_per_day,
        relative_dose_intensity: taken_mg_per_day.and_then(relative),
        relative_dose_intensity_over_planned_time: relative(taken_mg / f64::from(plan.days)),
        interruptions: changes(DosingChange::Interrupted),
        reductions: changes(DosingChange::Reduced),
        ended: agent.ended().and_then(|_| agent.changes.last().map(|(_, c)| c.change)),
    }
}
