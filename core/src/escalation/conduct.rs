//! The state of a running trial: what the counts and the signed decisions say together.
//!
//! Promises that only a signed decision moves the trial or opens a place, and that a decision whose counts changed
//! afterwards is brought back for review, never undone. Does not see subjects, dates or the escalation gate: whoever
//! counts keeps a patient pending until the window has closed, the gate has passed and every event is adjudicated.

use super::design::{Design, FULL, MtdConvention};
use super::rolling::{RollingAction, RollingSix};
use super::rule::{Action, Basis, LevelCount, Recommendation, at, at_once, decide_when_closed};
use crate::grade::DoseLevel;
use crate::ids::{Seq, SubjectId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The patients assigned to one level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct LevelStatus {
    /// Enrolled and not replaced: evaluable and pending together.
    pub enrolled: u32,
    /// Had a DLT, or completed the window.
    pub evaluable: u32,
    /// Evaluable with a DLT.
    pub dlt: u32,
    /// Window open, or an event not yet adjudicated.
    pub pending: u32,
    /// Ruled not evaluable, their places open again.
    pub replaced: u32,
}

impl LevelStatus {
    /// What the rule sees of it.
    pub fn count(self) -> LevelCount {
        LevelCount { evaluable: self.evaluable, dlt: self.dlt }
    }
}

/// Whether a signed decision follows the rule or departs from it with a stated reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overrides {
    /// It is what the rule recommended.
    FollowsRule,
    /// It is something else, knowingly.
    Override,
}

/// A signed escalation decision, with what it was signed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decided {
    /// Its entry in the log.
    pub seq: Seq,
    /// The level whose patients it judges.
    pub at_level: DoseLevel,
    /// What was decided.
    pub action: Action,
    /// The level to treat next, or the MTD; none where there is no MTD.
    pub level: Option<DoseLevel>,
    /// How many more patients may be enrolled at that level from now on.
    pub add: u32,
    /// Whether it departs from the rule.
    pub overrides: Overrides,
    /// Every planned level when it was signed, the lowest first.
    pub then: Vec<LevelStatus>,
    /// The patients who were enrolled at `at_level` when it was signed, as they are known now.
    pub now: LevelStatus,
}

/// Where a running trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Places are open.
    Enrolling,
    /// The cohort is full, not every patient is closed.
    Observing,
    /// Two DLTs (under a table: a count that leads down whatever follows) while patients are pending: no enrolment, the
    /// decision may be signed at once.
    SafetyHold,
    /// The counts carry a decision that nobody has signed.
    DecisionDue,
    /// A signed decision no longer follows from its counts: no enrolment until a signed decision confirms or reverses.
    ReviewRequired,
    /// A signed decision ended the escalation.
    Stopped,
}

/// A signed decision that the rule would not give on today's counts of the same patients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StaleDecision {
    /// Which decision, counted from 1.
    pub decision: usize,
    /// Its entry in the log.
    pub seq: Seq,
    /// The level it judged.
    pub at_level: DoseLevel,
    /// What was signed.
    pub was: Action,
    /// What the rule says now.
    pub would_be: Action,
}

/// The maximum tolerated dose that a signed decision declared, under both names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Mtd {
    /// The highest level tolerated: the recommended dose under either convention.
    pub level: DoseLevel,
    /// The counts it rests on today.
    pub basis: Basis,
    /// Which level the protocol calls the MTD.
    pub convention: MtdConvention,
    /// The level so called; left out where it was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<DoseLevel>,
    /// The lowest level with two DLTs, or that the table excludes; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest_intolerable: Option<DoseLevel>,
    /// The maximum administered dose: the highest level with an evaluable or pending patient.
    pub maximum_administered: DoseLevel,
}

/// What a reader should know besides the state. Written `late_dlt:S-001`, `over_enrolment:2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// More patients at this level than places were open for.
    OverEnrolment(DoseLevel),
    /// A DLT that became known after the patient had counted as free of one.
    LateDlt(SubjectId),
    /// A DLT that counted and was withdrawn or downgraded.
    DltWithdrawn(SubjectId),
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flag::OverEnrolment(level) => write!(f, "over_enrolment:{level}"),
            Flag::LateDlt(subject) => write!(f, "late_dlt:{subject}"),
            Flag::DltWithdrawn(subject) => write!(f, "dlt_withdrawn:{subject}"),
        }
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

crate::words::written!(Flag: "The kind of remark, a colon, and the subject or the level.");

/// The running trial at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conduct {
    /// Where it stands.
    pub state: State,
    /// The level being treated.
    pub current_level: DoseLevel,
    /// How many places were opened at the current level, taken or not: a decision that confirms states the rest.
    pub places: u32,
    /// How many patients may be enrolled at the current level now.
    pub open_slots: u32,
    /// What the rule recommends, where a decision is due or may be signed at once.
    pub recommendation: Option<Recommendation>,
    /// Signed decisions that need review.
    pub stale: Vec<StaleDecision>,
    /// The MTD, once a signed decision has declared it; still shown while that decision is under review.
    pub mtd: Option<Mtd>,
    /// What else to know. Those of a subject ([`Flag::LateDlt`], [`Flag::DltWithdrawn`]) are added by whoever counts.
    pub flags: Vec<Flag>,
}

/// The state of a trial from every planned level, the lowest first, and the signed decisions in the order signed.
pub fn conduct(design: &Design, levels: &[LevelStatus], decisions: &[Decided]) -> Conduct {
    let counts: Vec<LevelCount> = levels.iter().map(|level| level.count()).collect();
    let current_level = decisions.iter().rev().find_map(treated).unwrap_or(design.start_level());
    let here = status(levels, current_level);
    let opened = Places::of(design, levels.len(), decisions);
    let places = opened.at(current_level);
    let stopped = decisions.last().filter(|last| last.action.stops());
    let room = places.saturating_sub(here.enrolled);
    let hold = at_once(design, &counts, current_level, here.pending + room)
        .filter(|_| !accepted(decisions, current_level, here.dlt));
    let too_toxic = hold.is_some();
    let due_at_once = (too_toxic && stopped.is_none()).then_some(current_level);
    let stale = stale(design, decisions, due_at_once);
    let closed = || decide_when_closed(design, &counts, current_level).map(|said| unfilled(design, levels, said));
    let state = if !stale.is_empty() {
        State::ReviewRequired
    } else if stopped.is_some() {
        State::Stopped
    } else if too_toxic && here.pending > 0 {
        State::SafetyHold
    } else if too_toxic || rolls_on(design, here, current_level, closed()) {
        State::DecisionDue
    } else if room > 0 {
        State::Enrolling
    } else if here.pending > 0 {
        State::Observing
    } else {
        State::DecisionDue
    };
    let recommendation = match state {
        State::SafetyHold | State::DecisionDue => hold.map(|said| unfilled(design, levels, said)).or_else(closed),
        State::Enrolling | State::Observing | State::ReviewRequired | State::Stopped => None,
    };
    let open_slots = match state {
        State::Enrolling => room,
        State::Observing | State::SafetyHold | State::DecisionDue | State::ReviewRequired | State::Stopped => 0,
    };
    let mtd = stopped
        .filter(|last| last.action == Action::StopMtd)
        .and_then(|last| declared(design, levels, &counts, last.level?));
    let flags = opened.exceeded(design, levels);
    Conduct { state, current_level, places, open_slots, recommendation, stale, mtd, flags }
}

/// The places that the design and the signed decisions opened at each planned level, taken or not, the lowest first.
pub fn places_opened(design: &Design, levels: usize, decisions: &[Decided]) -> Vec<u32> {
    Places::of(design, levels, decisions).open
}

fn status(levels: &[LevelStatus], level: DoseLevel) -> LevelStatus {
    levels.get(usize::from(level.get()) - 1).copied().unwrap_or_default()
}

/// Whether a rolling six leaves this level before its six places are taken or its last patient has closed.
fn rolls_on(design: &Design, here: LevelStatus, level: DoseLevel, said: Option<Recommendation>) -> bool {
    match design {
        Design::ThreePlusThree(_) | Design::DecisionTable(_) => false,
        Design::RollingSix(_) => {
            let leaves = said.is_some_and(|said| said.action.stops() || said.level != Some(level));
            leaves && RollingSix::says(here) == RollingAction::Escalate
        }
    }
}

/// A rolling six may go to a level where patients are still pending: they have their places.
fn unfilled(design: &Design, levels: &[LevelStatus], said: Recommendation) -> Recommendation {
    let treated = said.level.filter(|_| !said.action.stops());
    match (design, treated) {
        (Design::RollingSix(_), Some(level)) => {
            Recommendation { add: FULL.saturating_sub(status(levels, level).enrolled), ..said }
        }
        (Design::RollingSix(_), None) | (Design::ThreePlusThree(_) | Design::DecisionTable(_), _) => said,
    }
}

/// The level that a decision opens; none where it stops.
fn treated(decision: &Decided) -> Option<DoseLevel> {
    decision.level.filter(|_| !decision.action.stops())
}

/// Whether the last decision treats on at this level, in full knowledge of at least this many DLTs.
fn accepted(decisions: &[Decided], level: DoseLevel, dlt: u32) -> bool {
    decisions.last().is_some_and(|last| {
        last.overrides == Overrides::Override && treated(last) == Some(level) && status(&last.then, level).dlt >= dlt
    })
}

/// The places that were opened at each level, and the levels where more were taken.
struct Places {
    open: Vec<u32>,
    exceeded: Vec<bool>,
}

impl Places {
    fn of(design: &Design, levels: usize, decisions: &[Decided]) -> Places {
        let mut places = Places { open: vec![0; levels], exceeded: vec![false; levels] };
        places.set(design.start_level(), design.first_cohort());
        for decision in decisions {
            places.compare(design, &decision.then);
            if let Some(level) = treated(decision) {
                places.set(level, status(&decision.then, level).enrolled + decision.add);
            }
        }
        places
    }

    fn set(&mut self, level: DoseLevel, open: u32) {
        if let Some(places) = self.open.get_mut(usize::from(level.get()) - 1) {
            *places = open;
        }
    }

    fn at(&self, level: DoseLevel) -> u32 {
        self.open.get(usize::from(level.get()) - 1).copied().unwrap_or_default()
    }

    fn compare(&mut self, design: &Design, levels: &[LevelStatus]) {
        for ((open, exceeded), level) in self.open.iter().zip(&mut self.exceeded).zip(levels) {
            *exceeded |= level.enrolled > design.allowed(*open);
        }
    }

    fn exceeded(mut self, design: &Design, levels: &[LevelStatus]) -> Vec<Flag> {
        self.compare(design, levels);
        let numbered = (1..).map_while(DoseLevel::new).zip(self.exceeded);
        numbered.filter(|(_, exceeded)| *exceeded).map(|(level, _)| Flag::OverEnrolment(level)).collect()
    }
}

/// The last decision at each level, where it no longer follows from its counts.
///
/// An earlier decision at a level is superseded by a later one, by a return to the level (whose next decision counts
/// everybody there), and by a decision that is due there at once because of two DLTs.
fn stale(design: &Design, decisions: &[Decided], due_at_once: Option<DoseLevel>) -> Vec<StaleDecision> {
    let superseded = |index: usize, level: DoseLevel| {
        let later = &decisions[index + 1..];
        due_at_once == Some(level) || later.iter().any(|later| later.at_level == level || treated(later) == Some(level))
    };
    let last = decisions.iter().enumerate().filter(|(index, decision)| !superseded(*index, decision.at_level));
    last.filter_map(|(index, decision)| {
        let would_be = changed(design, decision)?;
        let Decided { seq, at_level, action, .. } = *decision;
        Some(StaleDecision { decision: index + 1, seq, at_level, was: action, would_be })
    })
    .collect()
}

/// What the rule says now of the patients a decision judged, where that is neither what was signed nor, for an
/// override, what the signers overruled.
///
/// A patient who became pending again (an event not yet adjudicated) makes it stale only if no outcome of the pending
/// could still give the same action. Other levels count as they stood at signing: what a change there means is the
/// matter of the last decision there.
fn changed(design: &Design, decision: &Decided) -> Option<Action> {
    let says = |evaluable, dlt| {
        let mut counts: Vec<LevelCount> = decision.then.iter().map(|level| level.count()).collect();
        *counts.get_mut(usize::from(decision.at_level.get()) - 1)? = LevelCount { evaluable, dlt };
        decide_when_closed(design, &counts, decision.at_level).map(|recommendation| recommendation.action)
    };
    let then = status(&decision.then, decision.at_level);
    let overruled = match decision.overrides {
        Overrides::FollowsRule => None,
        Overrides::Override => says(then.evaluable + then.pending, then.dlt),
    };
    let LevelStatus { evaluable, dlt, pending, .. } = decision.now;
    let possible = |with| says(evaluable + pending, dlt + with);
    let stands = |says: Option<Action>| says.is_some_and(|says| says == decision.action || overruled == Some(says));
    if (0..=pending).map(possible).any(stands) { None } else { possible(0) }
}

fn declared(design: &Design, levels: &[LevelStatus], counts: &[LevelCount], level: DoseLevel) -> Option<Mtd> {
    let numbered = || (1..).map_while(DoseLevel::new).take(levels.len());
    let lowest_intolerable = numbered().find(|level| at(counts, *level).is_some_and(|count| design.excludes(count)));
    let maximum_administered = numbered().filter(|level| status(levels, *level).enrolled > 0).last().unwrap_or(level);
    let convention = design.mtd_convention();
    let declared = match convention {
        MtdConvention::HighestTolerated => Some(level),
        MtdConvention::LowestIntolerable => lowest_intolerable,
    };
    let basis = Basis::of_mtd(design, counts, level)?;
    Some(Mtd { level, basis, convention, declared, lowest_intolerable, maximum_administered })
}
