//! The decision function: from counts per level to what the rule recommends.
//!
//! Promises an answer for every count, whether or not the rule led there: it never recommends a level outside the
//! plan or one that the design excludes (two DLTs under the 3+3, a cell of the table). Looks at each level's own counts: it does not assume that toxicity rises with dose.
//! A recommendation opens no place; only a signed decision does.

use super::design::{COHORT, DeEscalation, Design, FULL, PartialCohort, ThreePlusThree};
use super::{interval, rolling};
use crate::grade::DoseLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The DLT-evaluable patients at one level, cumulative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct LevelCount {
    /// Patients who had a DLT or completed their window.
    pub evaluable: u32,
    /// Those of them who had a DLT: patients, not events.
    pub dlt: u32,
}

impl LevelCount {
    /// Two DLTs: too many at any number of patients under the 3+3.
    pub fn too_toxic(self) -> bool {
        self.dlt >= 2
    }
}

impl fmt::Display for LevelCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.dlt, self.evaluable)
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Action {
    /// Open the first cohort.
    Start,
    /// Open a cohort at a higher level.
    Escalate,
    /// Add patients at the same level.
    Expand,
    /// Go to a lower level.
    DeEscalate,
    /// Fill the top level to six.
    FillTop,
    /// Stop: the MTD is found.
    StopMtd,
    /// Stop: there is no MTD among the planned levels.
    StopNoMtd,
}

impl Action {
    /// Whether the action ends the escalation.
    pub fn stops(self) -> bool {
        match self {
            Action::StopMtd | Action::StopNoMtd => true,
            Action::Start | Action::Escalate | Action::Expand | Action::DeEscalate | Action::FillTop => false,
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// The rule that a recommendation follows, by its name in the table of the documentation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Rule::$variant => $name,)+ })
            }
        }
    };
}

rules! {
    /// The cohort is not complete: enrol or wait.
    R0 = "R0",
    /// 0/3, a higher level is open: escalate.
    R1 = "R1",
    /// 0/3 at the top: stop with the MTD, or fill to six where the MTD needs six.
    R2Top = "R2-top",
    /// 1/3: expand to six.
    R3 = "R3",
    /// Two DLTs in three: fill the lower level to six.
    R4Fill = "R4-fill",
    /// Two DLTs in three, the lower level is filled: it is the MTD.
    R4Stop = "R4-stop",
    /// Two DLTs in three, no lower level: no MTD.
    R4None = "R4-none",
    /// Two DLTs in three, the lower level was not given: a cohort there.
    R4New = "R4-new",
    /// At most 1/6, a higher level is open: escalate.
    R5 = "R5",
    /// At most 1/6 at the top: it is the MTD.
    R5Top = "R5-top",
    /// 0/3 below a level too toxic: fill to six.
    R5Fill = "R5-fill",
    /// Two DLTs in more than three: as R4-fill.
    R6Fill = "R6-fill",
    /// Two DLTs in more than three: as R4-stop.
    R6Stop = "R6-stop",
    /// Two DLTs in more than three: as R4-none.
    R6None = "R6-none",
    /// Two DLTs in more than three: as R4-new.
    R6New = "R6-new",
    /// At most 1/6 below a level too toxic: it is the MTD, an excluded level is never opened again.
    R7 = "R7",
    /// Table: the cohort is not complete: enrol or wait.
    TWait = "T-wait",
    /// Table: the cell says escalate.
    TEscalate = "T-escalate",
    /// Table: the cell says stay.
    TStay = "T-stay",
    /// Table: the cell says de-escalate.
    TDeEscalate = "T-de-escalate",
    /// Table: the level is excluded with all above: below it.
    TExclude = "T-exclude",
    /// Table: the cell says escalate, no higher level is open: stay.
    TTop = "T-top",
    /// Table: the cell says de-escalate, this is the lowest level and not excluded: stay.
    TLowest = "T-lowest",
    /// Table: the lowest level is excluded: no MTD.
    TNone = "T-none",
    /// Table: all planned subjects are evaluable: the end.
    TAll = "T-all",
    /// Table: the level to treat at has as many as planned: the end.
    TFull = "T-full",
}

/// Why no level is the MTD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum NoMtd {
    /// Every level down to the lowest is too toxic; a lower one needs an amendment.
    LowestLevelTooToxic,
    /// No lower level was given, and the design does not go down.
    NoLowerLevelGiven,
    /// Every level tried has an estimate above the target.
    NoneAtMostTarget,
}

/// The counts that a recommendation or an MTD rests on, in words: `0/3 at level 3, the top planned level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// The level that speaks.
    pub level: DoseLevel,
    /// Its count.
    pub count: LevelCount,
    /// What else counts.
    pub ground: Ground,
}

/// What a [`Basis`] rests on besides the count of its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Nothing.
    CountAlone,
    /// No higher level is planned.
    TopPlanned,
    /// This higher level is too toxic.
    TooToxic(DoseLevel, LevelCount),
    /// No lower level remains.
    NoLower,
    /// This lower level was not given yet.
    NotGiven(DoseLevel),
    /// So many subjects are evaluable, all that are planned.
    MostInAll(u32),
    /// This level would be treated on, and has as many as a level may have.
    MostAtLevel(DoseLevel, LevelCount),
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Basis { level, count, ground } = self;
        if *count == LevelCount::default() {
            write!(f, "no evaluable patient at level {level}")?;
        } else {
            write!(f, "{count} at level {level}")?;
        }
        match ground {
            Ground::CountAlone => Ok(()),
            Ground::TopPlanned => f.write_str(", the top planned level"),
            Ground::TooToxic(higher, found) => write!(f, ", level {higher} too toxic ({found})"),
            Ground::NoLower => f.write_str(", no lower level"),
            Ground::NotGiven(lower) => write!(f, ", level {lower} not yet given"),
            Ground::MostInAll(subjects) => write!(f, ", all {subjects} planned subjects evaluable"),
            Ground::MostAtLevel(full, found) => {
                write!(f, ", level {full} has the {} subjects planned", found.evaluable)
            }
        }
    }
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

crate::words::written!(Basis: "In words: the counts at a level and why they decide.");

impl Basis {
    /// Why this level is the MTD on these counts: it is the top, or the next higher level is too toxic.
    pub fn of_mtd(design: &Design, counts: &[LevelCount], level: DoseLevel) -> Option<Basis> {
        let count = at(counts, level)?;
        let ground = match level.up().and_then(|up| Some((up, at(counts, up)?))) {
            None => Ground::TopPlanned,
            Some((higher, found)) if design.excludes(found) => Ground::TooToxic(higher, found),
            Some(_) => Ground::CountAlone,
        };
        Some(Basis { level, count, ground })
    }
}

/// What the rule says on the counts at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Recommendation {
    /// What to do.
    pub action: Action,
    /// The level to treat next, or the MTD; left out where there is no MTD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<DoseLevel>,
    /// How many evaluable patients to add at that level; 0 where the trial stops.
    pub add: u32,
    /// The rule followed.
    pub rule: Rule,
    /// The counts it rests on.
    pub basis: Basis,
    /// Why there is no MTD; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoMtd>,
}

impl Recommendation {
    pub(super) fn treat(action: Action, level: DoseLevel, add: u32, rule: Rule, basis: Basis) -> Recommendation {
        Recommendation { action, level: Some(level), add, rule, basis, reason: None }
    }

    pub(super) fn mtd(rule: Rule, basis: Basis) -> Recommendation {
        Recommendation::treat(Action::StopMtd, basis.level, 0, rule, basis)
    }

    pub(super) fn no_mtd(rule: Rule, basis: Basis, reason: NoMtd) -> Recommendation {
        Recommendation { action: Action::StopNoMtd, level: None, add: 0, rule, basis, reason: Some(reason) }
    }
}

/// What the rule says at the current level; `None` means R0, enrol or wait.
///
/// `counts` holds every planned level, the lowest first. Under the 3+3, counts are enough for a decision at 3 and from
/// 6 patients, with two DLTs at any number, and without a DLT at 4 or 5 where the protocol lets a partial cohort
/// escalate; under a table, when the cohort is whole or whatever it lacks leads down. `None` too where `current` is not a planned level.
pub fn decide(design: &Design, counts: &[LevelCount], current: DoseLevel) -> Option<Recommendation> {
    match verdict(design, counts, current)? {
        Verdict::Due(recommendation) => Some(recommendation),
        Verdict::Short(_) => None,
    }
}

/// What the rule says when nobody is pending and no place is open at the current level: as [`decide`], and where the
/// count is short (an over-enrolled 1/4, a cohort signed too small), how many are lacking.
///
/// `None` only where `current` is not a planned level.
pub fn decide_when_closed(design: &Design, counts: &[LevelCount], current: DoseLevel) -> Option<Recommendation> {
    match verdict(design, counts, current)? {
        Verdict::Due(recommendation) | Verdict::Short(recommendation) => Some(recommendation),
    }
}

/// What the rule says at once, while `rest` patients of the cohort are pending or not yet enrolled: two DLTs under the
/// 3+3, under a table a count from which every outcome of the rest leads down.
pub(super) fn at_once(design: &Design, counts: &[LevelCount], current: DoseLevel, rest: u32) -> Option<Recommendation> {
    match design {
        Design::ThreePlusThree(_) | Design::RollingSix(_) => {
            at(counts, current).filter(|count| count.too_toxic())?;
            decide_when_closed(design, counts, current)
        }
        Design::DecisionTable(table) => interval::at_once(table, counts, current, rest),
    }
}

/// A count that carries a decision, or one that is short of it.
pub(super) enum Verdict {
    Due(Recommendation),
    Short(Recommendation),
}

enum Above {
    Top,
    TooToxic(DoseLevel, LevelCount),
    Open(DoseLevel, LevelCount),
}

pub(super) fn at(counts: &[LevelCount], level: DoseLevel) -> Option<LevelCount> {
    counts.get(usize::from(level.get()) - 1).copied()
}

fn above(counts: &[LevelCount], level: DoseLevel) -> Above {
    match level.up().and_then(|up| Some((up, at(counts, up)?))) {
        None => Above::Top,
        Some((up, count)) if count.too_toxic() => Above::TooToxic(up, count),
        Some((up, count)) => Above::Open(up, count),
    }
}

fn verdict(design: &Design, counts: &[LevelCount], current: DoseLevel) -> Option<Verdict> {
    let here = Basis { level: current, count: at(counts, current)?, ground: Ground::CountAlone };
    let untreated = counts.iter().all(|count| *count == LevelCount::default());
    match design {
        Design::ThreePlusThree(rule) => three_plus_three(rule, counts, here, untreated),
        Design::RollingSix(rule) => {
            three_plus_three(&rule.closed(), counts, here, untreated).map(|verdict| rolling::six(verdict, counts))
        }
        Design::DecisionTable(table) if untreated => interval::start(table, counts).map(Verdict::Due),
        Design::DecisionTable(table) => Some(interval::verdict(table, counts, here)),
    }
}

fn three_plus_three(rule: &ThreePlusThree, counts: &[LevelCount], here: Basis, untreated: bool) -> Option<Verdict> {
    if untreated { start(rule, counts).map(Verdict::Due) } else { Some(judge(rule, counts, here)) }
}

fn start(design: &ThreePlusThree, counts: &[LevelCount]) -> Option<Recommendation> {
    let level = design.start_level;
    let basis = Basis { level, count: at(counts, level)?, ground: Ground::CountAlone };
    Some(Recommendation::treat(Action::Start, level, COHORT, Rule::R0, basis))
}

fn judge(design: &ThreePlusThree, counts: &[LevelCount], here: Basis) -> Verdict {
    match (here.count.dlt, here.count.evaluable) {
        (2.., _) => Verdict::Due(too_toxic(design, counts, here)),
        (_, n @ 0..COHORT) => Verdict::Short(expand(here, COHORT - n, Rule::R0)),
        (1, COHORT) => Verdict::Due(expand(here, FULL - COHORT, Rule::R3)),
        (1, n @ COHORT..FULL) => Verdict::Short(expand(here, FULL - n, Rule::R3)),
        (0, COHORT..FULL) => none_in_three(design, counts, here),
        (0 | 1, FULL..) => at_most_one_in_six(design, counts, here),
    }
}

fn expand(here: Basis, add: u32, rule: Rule) -> Recommendation {
    Recommendation::treat(Action::Expand, here.level, add, rule, here)
}

/// R1, R2-top, R5-fill: no DLT in three, four or five.
fn none_in_three(design: &ThreePlusThree, counts: &[LevelCount], here: Basis) -> Verdict {
    let lacking = FULL - here.count.evaluable;
    // A fill is recommended at three; at four or five it is under way.
    let fill = |action, rule, basis| {
        let recommendation = Recommendation::treat(action, here.level, lacking, rule, basis);
        if here.count.evaluable == COHORT { Verdict::Due(recommendation) } else { Verdict::Short(recommendation) }
    };
    match above(counts, here.level) {
        Above::TooToxic(higher, found) => {
            let basis = Basis { ground: Ground::TooToxic(higher, found), ..here };
            match design.de_escalation {
                DeEscalation::Fill => fill(Action::Expand, Rule::R5Fill, basis),
                DeEscalation::None => Verdict::Due(Recommendation::mtd(Rule::R7, basis)),
            }
        }
        Above::Top if design.mtd_needs_six => {
            fill(Action::FillTop, Rule::R2Top, Basis { ground: Ground::TopPlanned, ..here })
        }
        Above::Top | Above::Open(..)
            if here.count.evaluable > COHORT && design.partial_cohort == PartialCohort::Complete =>
        {
            fill(Action::Expand, Rule::R0, here)
        }
        Above::Top => Verdict::Due(Recommendation::mtd(Rule::R2Top, Basis { ground: Ground::TopPlanned, ..here })),
        Above::Open(up, found) => escalate(design, counts, here, (up, found), Rule::R1),
    }
}

/// R5, R5-top, R7: at most one DLT in six or more.
fn at_most_one_in_six(design: &ThreePlusThree, counts: &[LevelCount], here: Basis) -> Verdict {
    match above(counts, here.level) {
        Above::TooToxic(higher, found) => {
            Verdict::Due(Recommendation::mtd(Rule::R7, Basis { ground: Ground::TooToxic(higher, found), ..here }))
        }
        Above::Top => Verdict::Due(Recommendation::mtd(Rule::R5Top, Basis { ground: Ground::TopPlanned, ..here })),
        Above::Open(up, found) => escalate(design, counts, here, (up, found), Rule::R5),
    }
}

/// To the next level; where a correction has cleared a level that already has its cohort, that level speaks for itself.
fn escalate(
    design: &ThreePlusThree,
    counts: &[LevelCount],
    here: Basis,
    (up, found): (DoseLevel, LevelCount),
    rule: Rule,
) -> Verdict {
    if found.evaluable < COHORT {
        Verdict::Due(Recommendation::treat(Action::Escalate, up, COHORT - found.evaluable, rule, here))
    } else {
        judge(design, counts, Basis { level: up, count: found, ground: Ground::CountAlone })
    }
}

/// R4 and R6: two DLTs. The highest lower level that is not itself too toxic is filled, opened, or the MTD.
fn too_toxic(design: &ThreePlusThree, counts: &[LevelCount], here: Basis) -> Recommendation {
    let pick = |in_three, in_more| if here.count.evaluable <= COHORT { in_three } else { in_more };
    let none = pick(Rule::R4None, Rule::R6None);
    let below = std::iter::successors(here.level.down(), |level| level.down());
    let mut tolerated =
        below.filter_map(|level| Some((level, at(counts, level)?))).filter(|(_, count)| !count.too_toxic());
    let ground = Ground::TooToxic(here.level, here.count);
    match design.de_escalation {
        DeEscalation::None => {
            let Some((nearest, _)) = tolerated.clone().next() else {
                let basis = Basis { ground: Ground::NoLower, ..here };
                return Recommendation::no_mtd(none, basis, NoMtd::LowestLevelTooToxic);
            };
            match tolerated.find(|(_, count)| count.evaluable > 0) {
                Some((level, count)) => {
                    Recommendation::mtd(pick(Rule::R4Stop, Rule::R6Stop), Basis { level, count, ground })
                }
                None => {
                    let basis = Basis { ground: Ground::NotGiven(nearest), ..here };
                    Recommendation::no_mtd(none, basis, NoMtd::NoLowerLevelGiven)
                }
            }
        }
        DeEscalation::Fill => match tolerated.next() {
            None => {
                let basis = Basis { ground: Ground::NoLower, ..here };
                Recommendation::no_mtd(none, basis, NoMtd::LowestLevelTooToxic)
            }
            Some((level, LevelCount { evaluable: 0, .. })) => {
                let basis = Basis { ground: Ground::NotGiven(level), ..here };
                Recommendation::treat(Action::DeEscalate, level, COHORT, pick(Rule::R4New, Rule::R6New), basis)
            }
            Some((level, count)) if count.evaluable >= FULL => {
                Recommendation::mtd(pick(Rule::R4Stop, Rule::R6Stop), Basis { level, count, ground })
            }
            Some((level, count)) => {
                let rule = pick(Rule::R4Fill, Rule::R6Fill);
                Recommendation::treat(Action::DeEscalate, level, FULL - count.evaluable, rule, here)
            }
        },
    }
}
