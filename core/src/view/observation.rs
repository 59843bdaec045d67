//! Observation: for each enrolled subject, the window for dose-limiting toxicity, and whether the subject counts.
//!
//! The window opens with the first treatment and closes some calendar months after the last, that day included,
//! clamped to the end of a shorter month. A subject counts once it has a DLT, or once the window has closed after
//! enough of the planned treatment and nothing about its adverse events is open. Everything else is pending, and says
//! what it waits for.

use crate::{
    date::months_after,
    dlt::{self, Adjudication, Onset, Outcome, Toxicity},
    entry::{Role, Signer},
    escalation::GateAnchor,
    event::{DltRuling, Evaluability, Withdrawal},
    grade::{DoseLevel, Grade},
    ids::{Name, Seq, SubjectId},
    projection::{self, AT_ONCE, AdverseEvent, Case, Enrolment, Trial},
    protocol::Protocol,
    relation::Attribution,
    rounded::rounded,
    text::Text,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// Whether a subject had a DLT by what stood before a place in the log.
pub(super) fn had_dlt(trial: &Trial, protocol: &Protocol, case: &Case, observation: &Observation, seq: Seq) -> bool {
    if case.events().all(|(_, ae)| ae.last_entry().is_none_or(|last| last < seq)) {
        return observation.status == Status::Dlt;
    }
    let window = observation.first_treatment.zip(observation.closes);
    let is_dlt = |judged: &Judged| judged.outcome() == Outcome::Dlt;
    case.events().any(|(name, ae)| {
        if ae.last_entry().is_none_or(|last| last < seq) {
            return observation.judged.iter().any(|judged| judged.ae == *name && is_dlt(judged));
        }
        let reported = ae.report().is_some_and(|(reported, _)| reported < seq);
        reported && judge(trial, protocol, name, &ae.before(seq), window).as_ref().is_some_and(is_dlt)
    })
}

/// What is known of one enrolled subject with respect to dose-limiting toxicity, on a day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Observation {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level: a DLT belongs to it whatever was given.
    pub level: DoseLevel,
    /// The day of enrolment.
    pub enrolled: NaiveDate,
    /// The first day of treatment.
    pub first_treatment: Option<NaiveDate>,
    /// The last day of the window; while treatment goes on, the day planned.
    pub closes: Option<NaiveDate>,
    /// Whether the subject counts.
    pub status: Status,
    /// What it waits for, in words; empty unless pending beyond its window.
    pub blockers: Vec<String>,
    /// The judgement of each adverse event that could count.
    pub judged: Vec<Judged>,
}

/// Whether a subject counts for dose-limiting toxicity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The window is open, or something about it is not known yet.
    Pending,
    /// Observed, without a DLT.
    Clear,
    /// Has a DLT.
    Dlt,
    /// Ruled out; the place may be taken by another.
    Replaced,
}

/// The judgement of one adverse event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judged {
    /// The adverse event.
    pub ae: Name,
    /// Its term.
    pub term: Text,
    /// Its worst grade.
    pub grade: Grade,
    /// The day of onset.
    pub onset: NaiveDate,
    /// What the protocol's definition says.
    pub rule: Adjudication,
    /// What people ruled, if they did; this counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruling: Option<Ruled>,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

/// What people ruled on an adverse event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Ruled {
    /// The entry.
    pub seq: Seq,
    /// What it says.
    pub ruling: DltRuling,
    /// The clause that it cites.
    pub clause: Option<Name>,
    /// Why.
    pub reason: Option<Text>,
    /// Who signed it, the author first.
    pub signatures: Vec<Signer>,
    /// When it was recorded.
    pub signed_at: DateTime<Utc>,
}

impl Ruled {
    fn new((seq, ruling): (Seq, &projection::Ruling)) -> Ruled {
        let projection::Ruling { ruling, clause, reason, signatures, signed_at } = ruling.clone();
        Ruled { seq, ruling, clause, reason, signatures, signed_at }
    }
}

impl Judged {
    /// The answer that counts: the ruling, else the rule.
    pub fn outcome(&self) -> Outcome {
        match self.ruling.as_ref().map(|ruled| ruled.ruling) {
            Some(DltRuling::Dlt) => Outcome::Dlt,
            Some(DltRuling::NotDlt) => Outcome::NotDlt,
            None => self.rule.outcome,
        }
    }
}

/// One subject's observation among those that [`read`] gave.
pub fn of<'o>(observations: &'o [Observation], subject: &SubjectId) -> Option<&'o Observation> {
    let place = observations.binary_search_by(|observation| observation.subject.cmp(subject)).ok()?;
    observations.get(place)
}

/// Reads every enrolled subject as of a day, in the order of their identifiers.
pub fn read(trial: &Trial, day: NaiveDate) -> Vec<Observation> {
    of_cases(trial, &trial.cases(), day)
}

/// Reads one subject, if enrolled.
pub fn one(trial: &Trial, id: &SubjectId, day: NaiveDate) -> Option<Observation> {
    of_cases(trial, trial.case(id).as_slice(), day).pop()
}

/// The same of cases that were found already.
pub(super) fn of_cases(trial: &Trial, cases: &[Case], day: NaiveDate) -> Vec<Observation> {
    let Some(protocol) = trial.conduct.protocol() else { return Vec::new() };
    let cases = cases.par_iter().with_min_len(AT_ONCE);
    cases.filter_map(|case| Some(observe(trial, protocol, case, case.enrolment()?, day))).collect()
}

fn observe(trial: &Trial, protocol: &Protocol, case: &Case, enrolment: Enrolment, day: NaiveDate) -> Observation {
    let first_treatment = case.first_treatment();
    let closes = first_treatment.map(|first| closes(protocol, case, first, day));
    let window = first_treatment.zip(closes);
    let judged: Vec<Judged> = case.events().filter_map(|(ae, e)| judge(trial, protocol, ae, e, window)).collect();
    let mut observation = Observation {
        subject: case.id.clone(),
        level: enrolment.level,
        enrolled: enrolment.day,
        first_treatment,
        closes,
        status: Status::Pending,
        blockers: Vec::new(),
        judged,
    };
    let has = |outcome| observation.judged.iter().any(|j| j.outcome() == outcome);
    let ruled = case.subject.rulings.last().map(|(_, ruling)| *ruling);
    observation.status = if has(Outcome::Dlt) {
        // A subject with a DLT can never be ruled out.
        Status::Dlt
    } else if ruled == Some(Evaluability::NotEvaluable) {
        Status::Replaced
    } else {
        observation.blockers = blockers(protocol, case, &observation, ruled, day);
        let closed = closes.is_some_and(|last| day > last);
        if closed && observation.blockers.is_empty() { Status::Clear } else { Status::Pending }
    };
    observation
}

/// The last day of the window: a patient counts only when the gate to the next level has passed, too.
fn closes(protocol: &Protocol, case: &Case, first: NaiveDate, day: NaiveDate) -> NaiveDate {
    let last = last_treatment(protocol, case, day).unwrap_or(first);
    let window = months_after(last, u32::from(protocol.evaluability.window_months));
    let (anchor, months) = protocol.design.gate();
    let anchor = match anchor {
        GateAnchor::FirstDose => first,
        GateAnchor::LastTreatment => last,
    };
    window.max(months_after(anchor, u32::from(months)))
}

/// The last day of treatment: of what was given, or, while a component goes on, of what is planned.
pub(super) fn last_treatment(protocol: &Protocol, case: &Case, day: NaiveDate) -> Option<NaiveDate> {
    let withdrawals = case.subject.withdrawals.facts();
    let withdrawn =
        withdrawals.into_iter().any(|(_, from)| matches!(from, Withdrawal::Treatment | Withdrawal::Consent));
    let died = case.follow_up.is_some_and(|f| f.death().is_some());
    let over = withdrawn || died;
    let planned_end =
        |first: NaiveDate, days: u16| first.checked_add_days(Days::new(u64::from(days).saturating_sub(1)));
    let mut ends = None;
    for (name, agent) in case.agents() {
        let Some((first, last)) = agent.first_day().zip(agent.last_day()) else { continue };
        let planned = protocol.agent(name).and_then(|plan| planned_end(first, plan.days));
        let going_on = !over && agent.ended().is_none() && planned.is_some_and(|end| day <= end);
        ends = ends.max(Some(if going_on { planned.map_or(last, |end| end.max(last)) } else { last }));
    }
    if let Some((course, (first, last))) = case.course.and_then(|c| Some((c, c.first_day().zip(c.last_day())?))) {
        let rules = protocol.treatment.radiotherapy.as_ref();
        let planned = rules.and_then(|r| planned_end(first, r.overall_days));
        let complete = course.plans.last().is_some_and(|(_, p)| course.fractions.len() >= usize::from(p.fractions));
        let going_on = !over && !complete && planned.is_some_and(|end| day <= end);
        ends = ends.max(Some(if going_on { planned.map_or(last, |end| end.max(last)) } else { last }));
    }
    ends
}

fn judge(
    trial: &Trial,
    protocol: &Protocol,
    name: &Name,
    ae: &AdverseEvent,
    window: Option<(NaiveDate, NaiveDate)>,
) -> Option<Judged> {
    let (_, report) = ae.report()?;
    let onset = report.onset.day();
    let soc = trial.conduct.term(&report.term).map_or("", |t| t.soc.as_str());
    let grade = ae.worst_grade()?;
    let none = Attribution::new();
    let inside = window.is_some_and(|(first, last)| (first..=last).contains(&onset));
    let toxicity = Toxicity {
        term: report.term.as_str(),
        soc,
        grade,
        attribution: ae.attribution().unwrap_or(&none),
        onset: if inside { Onset::InWindow } else { Onset::OutsideWindow },
        intervention: ae.intervention(),
        prophylaxis: ae.prophylaxis(),
        controlled: ae.controlled(),
        baseline: None,
    };
    let rule = dlt::adjudicate(&protocol.dlt, &toxicity);
    let ruling = ae.rulings.last().map(Ruled::new);
    let worth_showing = grade.get() >= 3 || ruling.is_some() || rule.outcome != Outcome::NotDlt;
    worth_showing.then(|| Judged {
        ae: name.clone(),
        term: report.term.clone(),
        grade,
        onset,
        rule,
        ruling,
        entries: ae.entries(),
    })
}

/// What keeps a subject without a DLT from counting, beyond the window itself.
fn blockers(
    protocol: &Protocol,
    case: &Case,
    observation: &Observation,
    ruled: Option<Evaluability>,
    day: NaiveDate,
) -> Vec<String> {
    let mut blockers: Vec<String> = observation
        .judged
        .iter()
        .filter(|j| j.outcome() == Outcome::Undetermined)
        .map(|j| format!("{} {} grade {}: {}", j.ae, j.term, j.grade, missing(&j.rule)))
        .collect();
    if ruled == Some(Evaluability::Evaluable) {
        return blockers;
    }
    let needs_ruling = || format!("needs a signed ruling by {} or {}", Role::Investigator, Role::SafetyCommittee);
    let death = case.follow_up.and_then(|f| f.death()).map(|(_, d)| d.day);
    if let Some(died) = death.filter(|died| observation.closes.is_none_or(|last| *died <= last)) {
        blockers.push(format!("died on {died} before the window closed: {}", needs_ruling()));
    } else if observation.closes.is_some_and(|last| day > last) {
        let short = received(protocol, case).filter(Received::is_short);
        let told = |s: Received| format!("received {:.0} % of the planned {}: {}", s.percent, s.what, needs_ruling());
        blockers.extend(short.map(told));
    }
    blockers
}

fn missing(rule: &Adjudication) -> String {
    let words = serde_json::to_value(&rule.missing).unwrap_or_default();
    let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(|w| w.as_str()).collect();
    if words.is_empty() { rule.reason.replace('_', " ") } else { format!("not recorded: {}", words.join(", ")) }
}

/// The share of a planned component that a subject received.
#[derive(Clone, Copy)]
pub(super) struct Received<'p> {
    /// Of what.
    pub what: Component<'p>,
    /// The share, in percent.
    pub percent: f64,
    /// The least that the protocol asks for, in percent.
    pub minimum: u8,
}

impl Received<'_> {
    /// Whether it is less than the protocol asks for.
    pub fn is_short(&self) -> bool {
        self.percent < f64::from(self.minimum)
    }
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} % of the planned {}", rounded(self.percent, 1), self.what)
    }
}

/// A component of the treatment, as it is counted.
#[derive(Clone, Copy)]
pub(super) enum Component<'p> {
    /// By intakes of a drug.
    Intakes(&'p Name),
    /// By fractions.
    Fractions,
}

impl fmt::Display for Component<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Component::Intakes(agent) => write!(f, "intakes of {agent}"),
            Component::Fractions => f.write_str("fractions"),
        }
    }
}

/// Shares of the planned intakes and fractions that a subject received.
pub(super) fn received<'p>(protocol: &'p Protocol, case: &Case<'p>) -> impl Iterator<Item = Received<'p>> + Clone {
    let share = |part: usize, whole: u32| 100.0 * part as f64 / f64::from(whole.max(1));
    let (case, course) = (*case, case.course);
    let intakes = protocol.treatment.agents.iter().map(move |plan| Received {
        what: Component::Intakes(&plan.agent),
        percent: share(case.agent(&plan.agent).map_or(0, |a| a.doses.len()), plan.intakes()),
        minimum: protocol.evaluability.min_intakes_percent,
    });
    let fractions = protocol.treatment.radiotherapy.iter().map(move |rules| {
        let planned = course.and_then(|c| c.plans.last()).map_or(rules.fractions, |(_, plan)| plan.fractions);
        Received {
            what: Component::Fractions,
            percent: share(course.map_or(0, |c| c.fractions.len()), u32::from(planned)),
            minimum: protocol.evaluability.min_fractions_percent,
        }
    });
    intakes.chain(fractions)
}
