//! Escalation: where the trial stands, what the rule says next and why, and what people decided.

use super::observation::{self, Judged, Observation, Status};
use crate::{
    dlt::Outcome,
    entry::Signer,
    escalation::{self, Action, Decided, Flag, LevelStatus, Mtd, Overrides, Recommendation, StaleDecision, State},
    event::Conformity,
    grade::DoseLevel,
    ids::{Hash, Name, Seq, SubjectId},
    projection::{Case, Decision, Trial},
    protocol::Protocol,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// Where the escalation stands on a day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Escalation {
    /// The state.
    pub state: State,
    /// The level being treated.
    pub current_level: DoseLevel,
    /// Places open now.
    pub open_slots: u32,
    /// What the rule recommends, where a decision is due or may be signed.
    pub recommendation: Option<Recommendation>,
    /// The maximum tolerated dose, once decided.
    pub mtd: Option<Mtd>,
    /// Every planned level, lowest first.
    pub levels: Vec<LevelRow>,
    /// Signed decisions, in order.
    pub decisions: Vec<DecisionRow>,
    /// Decisions that no longer follow from what is known.
    pub stale: Vec<StaleDecision>,
    /// What else to know.
    pub flags: Vec<Flag>,
    /// Every adverse event of grade 3 or more, and every other that was ruled on or could count, as judged.
    pub adjudications: Vec<AdjudicationRow>,
    /// What keeps pending subjects from counting, beyond their windows.
    pub blockers: Vec<Blocker>,
    /// The first day on which every window now open has closed.
    pub windows_closed_on: Option<NaiveDate>,
}

/// One dose level.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LevelRow {
    /// Its number.
    pub level: DoseLevel,
    /// Its label.
    pub label: Name,
    /// What is given.
    pub description: String,
    /// Places that the design and the signed decisions opened, taken or not.
    pub places: u32,
    /// Subjects enrolled, replaced ones too.
    pub enrolled: u32,
    /// Of these, treated.
    pub treated: u32,
    /// Of these, evaluable for dose-limiting toxicity.
    pub evaluable: u32,
    /// Not yet evaluable.
    pub pending: u32,
    /// Evaluable with a dose-limiting toxicity.
    pub dlt: u32,
    /// Whether the design may not treat at this level any more: two such subjects, or what its table says.
    pub excluded: bool,
    /// Ruled out and replaced.
    pub replaced: u32,
    /// Windows still open.
    pub windows: Vec<Window>,
}

/// An open window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Window {
    /// The subject.
    pub subject: SubjectId,
    /// The last day of the window; none before the first treatment.
    pub closes: Option<NaiveDate>,
}

/// A signed decision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DecisionRow {
    /// Its entry.
    pub seq: Seq,
    /// The day.
    pub day: NaiveDate,
    /// The level judged.
    pub at_level: DoseLevel,
    /// What was decided.
    pub action: Action,
    /// The level that it concerns.
    pub level: Option<DoseLevel>,
    /// Places opened.
    pub places: u8,
    /// Whether it follows the rule.
    pub conformity: Conformity,
    /// Evaluable subjects and dose-limiting toxicities at the level judged, when signed.
    pub evaluable: u32,
    /// See `evaluable`.
    pub dlt: u32,
    /// Entries in the log that it rests on.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Hash,
    /// Printed name of its author.
    pub signed_by: String,
    /// All who signed it, the author first, with what each signature means (21 CFR 11.50).
    pub signatures: Vec<Signer>,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// Why, where it is an override.
    pub reason: Option<String>,
}

/// An adverse event, as the protocol's definition or people judge it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AdjudicationRow {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level: a dose-limiting toxicity belongs to it.
    pub level: DoseLevel,
    /// The answer that counts: the ruling, else the rule.
    pub outcome: Outcome,
    /// The event with the judgement of the rule, and the ruling if there is one.
    #[serde(flatten)]
    pub judged: Judged,
}

/// What keeps a subject from counting.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Blocker {
    /// The subject.
    pub subject: SubjectId,
    /// What is missing.
    pub what: String,
}

impl Escalation {
    /// Reads the escalation on a day; none before a protocol is in force.
    pub fn read(trial: &Trial, day: NaiveDate) -> Option<Escalation> {
        let cases = trial.cases();
        let observations = observation::of_cases(trial, &cases, day);
        Escalation::of_cases(trial, &cases, &observations)
    }

    /// The same of cases that were observed already.
    pub(super) fn of_cases(trial: &Trial, cases: &[Case], observations: &[Observation]) -> Option<Escalation> {
        let protocol = trial.conduct.protocol()?;
        let placed = placed(cases, observations);
        let levels = levels(protocol, observations);
        let decided = decisions(trial, &placed);
        let conduct = escalation::conduct(&protocol.design, &levels, &decided);
        let mut flags = conduct.flags;
        flags.extend(changed_dlts(trial, protocol, &placed));
        let open = observations.iter().filter(|o| o.status == Status::Pending);
        let places = escalation::places_opened(&protocol.design, levels.len(), &decided);
        let rows = protocol.levels.iter().zip(places).map(|(level, places)| row(protocol, level, places, observations));
        Some(Escalation {
            state: conduct.state,
            current_level: conduct.current_level,
            open_slots: conduct.open_slots,
            recommendation: conduct.recommendation,
            mtd: conduct.mtd,
            levels: rows.collect(),
            decisions: trial.conduct.decisions.iter().map(|(seq, d)| decision(seq, d)).collect(),
            stale: conduct.stale,
            flags,
            adjudications: observations.iter().flat_map(adjudications).collect(),
            blockers: observations.iter().flat_map(blockers).collect(),
            windows_closed_on: open.filter_map(|o| o.closes).max().and_then(|last| last.succ_opt()),
        })
    }

    /// The counts of every planned level, as a decision cites them.
    pub fn counts(trial: &Trial, day: NaiveDate) -> Vec<LevelStatus> {
        let protocol = trial.conduct.protocol();
        protocol.map_or_else(Vec::new, |p| levels(p, &observation::read(trial, day)))
    }
}

fn levels(protocol: &Protocol, observations: &[Observation]) -> Vec<LevelStatus> {
    protocol.levels.iter().map(|l| status(observations.iter().filter(|o| o.level == l.level))).collect()
}

fn status<'a>(observations: impl Iterator<Item = &'a Observation>) -> LevelStatus {
    let mut level = LevelStatus::default();
    for observation in observations {
        match observation.status {
            Status::Pending => level.pending += 1,
            Status::Clear => level.evaluable += 1,
            Status::Dlt => {
                level.evaluable += 1;
                level.dlt += 1;
            }
            Status::Replaced => level.replaced += 1,
        }
    }
    level.enrolled = level.evaluable + level.pending;
    level
}

/// A subject in the place taken at a level.
struct Placed<'t> {
    /// The entry of the enrolment.
    since: Seq,
    case: &'t Case<'t>,
    observation: &'t Observation,
}

fn placed<'t>(cases: &'t [Case<'t>], observations: &'t [Observation]) -> Vec<Placed<'t>> {
    let enrolled = cases.iter().filter_map(|case| Some((case, case.subject.enrolments.first()?.0)));
    enrolled.zip(observations).map(|((case, since), observation)| Placed { since, case, observation }).collect()
}

/// The subjects who were enrolled at the level that a decision judged, when it was signed.
fn judged<'a>(placed: &'a [Placed], seq: Seq, at_level: DoseLevel) -> impl Iterator<Item = &'a Placed<'a>> {
    placed.iter().filter(move |p| p.observation.level == at_level && p.since < seq)
}

fn decisions(trial: &Trial, placed: &[Placed]) -> Vec<Decided> {
    let decided = trial.conduct.decisions.iter().map(|(seq, decision)| {
        let d = &decision.decided;
        Decided {
            seq,
            at_level: d.at_level,
            action: d.action,
            level: d.level,
            add: u32::from(d.places),
            overrides: match d.conformity {
                Conformity::Rule => Overrides::FollowsRule,
                Conformity::Override => Overrides::Override,
            },
            then: d.basis.levels.clone(),
            now: status(judged(placed, seq, d.at_level).map(|p| p.observation)),
        }
    });
    decided.collect()
}

/// Subjects whose DLT became known, or was withdrawn, after a signed decision had counted them otherwise.
fn changed_dlts(trial: &Trial, protocol: &Protocol, placed: &[Placed]) -> Vec<Flag> {
    let mut changed = Vec::new();
    for (seq, decision) in trial.conduct.decisions.iter() {
        for Placed { case, observation, .. } in judged(placed, seq, decision.decided.at_level) {
            let subject = || observation.subject.clone();
            let had_dlt = observation::had_dlt(trial, protocol, case, observation, seq);
            let flag = match (had_dlt, observation.status == Status::Dlt) {
                (false, true) => Flag::LateDlt(subject()),
                (true, false) => Flag::DltWithdrawn(subject()),
                (false, false) | (true, true) => continue,
            };
            if !changed.contains(&flag) {
                changed.push(flag);
            }
        }
    }
    changed
}

fn row(protocol: &Protocol, level: &crate::protocol::Level, places: u32, observations: &[Observation]) -> LevelRow {
    let here = || observations.iter().filter(|o| o.level == level.level);
    let counts = status(here());
    let open = here().filter(|o| o.status == Status::Pending);
    LevelRow {
        level: level.level,
        label: level.label.clone(),
        description: level.description.to_string(),
        places,
        enrolled: counts.enrolled + counts.replaced,
        treated: here().filter(|o| o.first_treatment.is_some()).count() as u32,
        evaluable: counts.evaluable,
        pending: counts.pending,
        dlt: counts.dlt,
        excluded: protocol.design.excludes(counts.count()),
        replaced: counts.replaced,
        windows: open.map(|o| Window { subject: o.subject.clone(), closes: o.closes }).collect(),
    }
}

fn decision(seq: Seq, decision: &Decision) -> DecisionRow {
    let d = &decision.decided;
    let then = d.basis.levels.get(usize::from(d.at_level.get()) - 1).copied().unwrap_or_default();
    DecisionRow {
        seq,
        day: d.occurred_at.day(),
        at_level: d.at_level,
        action: d.action,
        level: d.level,
        places: d.places,
        conformity: d.conformity,
        evaluable: then.evaluable,
        dlt: then.dlt,
        entries: d.basis.entries,
        head: d.basis.head,
        signed_by: decision.signers.first().map(|signer| signer.name.to_string()).unwrap_or_default(),
        signatures: decision.signers.clone(),
        signed_at: decision.recorded_at,
        reason: decision.reason.as_ref().map(|r| r.to_string()),
    }
}

fn blockers(observation: &Observation) -> impl Iterator<Item = Blocker> {
    observation.blockers.iter().map(|what| Blocker { subject: observation.subject.clone(), what: what.clone() })
}

fn adjudications(observation: &Observation) -> impl Iterator<Item = AdjudicationRow> {
    observation.judged.iter().map(|judged| AdjudicationRow {
        subject: observation.subject.clone(),
        level: observation.level,
        outcome: judged.outcome(),
        judged: judged.clone(),
    })
}
