//! The rule of a [`DecisionTable`]: from the counts of all levels to the next cohort or the end.
//!
//! Promises never to recommend a level that is excluded, above an excluded one, or not planned. A cell that points
//! beyond the ladder stays: at the top, below an excluded level, and at the lowest level, unless that is excluded.

use super::isotonic;
use super::rule::{Action, Basis, Ground, LevelCount, NoMtd, Recommendation, Rule, Verdict, at};
use super::table::{DecisionTable, TableAction};
use crate::grade::DoseLevel;

/// Where the counts point, before it is asked whether anybody may still be treated.
enum Move {
    To(DoseLevel, Action, Rule, Basis),
    Nowhere(Basis),
}

impl Move {
    fn is_down(&self) -> bool {
        match self {
            Move::To(_, action, ..) => *action == Action::DeEscalate,
            Move::Nowhere(_) => true,
        }
    }
}

/// The lowest level that the table excludes on its own count.
pub(super) fn lowest_excluded(table: &DecisionTable, counts: &[LevelCount]) -> Option<(DoseLevel, LevelCount)> {
    let excludes = |count: LevelCount| table.action(count) == TableAction::DeEscalateAndExclude;
    (1..).map_while(DoseLevel::new).zip(counts.iter().copied()).find(|(_, count)| excludes(*count))
}

pub(super) fn verdict(table: &DecisionTable, counts: &[LevelCount], here: Basis) -> Verdict {
    let n = here.count.evaluable;
    let lacking = table.lacking(n);
    let full = table.max_at_level.is_some_and(|most| n >= u32::from(most));
    let below = lowest_excluded(table, counts).is_some_and(|(level, _)| level < here.level);
    let whole = n > 0 && lacking == u32::from(table.cohort_size);
    if whole || full || below || in_all(counts) >= u32::from(table.max_subjects) {
        return Verdict::Due(judge(table, counts, here));
    }
    match at_once(table, counts, here.level, lacking) {
        Some(recommendation) => Verdict::Due(recommendation),
        None if n < u32::from(table.cohort_size) => {
            let add = lacking.min(room(table, counts, here.count));
            Verdict::Short(Recommendation::treat(Action::Expand, here.level, add, Rule::TWait, here))
        }
        None => Verdict::Short(judge(table, counts, here)),
    }
}

/// The first cohort.
pub(super) fn start(table: &DecisionTable, counts: &[LevelCount]) -> Option<Recommendation> {
    let (level, count) = (table.start_level, at(counts, table.start_level)?);
    let add = table.lacking(0).min(room(table, counts, count));
    let basis = Basis { level, count, ground: Ground::CountAlone };
    Some(Recommendation::treat(Action::Start, level, add, Rule::TWait, basis))
}

/// The recommendation while `rest` subjects of the cohort are open, where every outcome of theirs leads down: the
/// mildest of them.
pub(super) fn at_once(
    table: &DecisionTable,
    counts: &[LevelCount],
    level: DoseLevel,
    rest: u32,
) -> Option<Recommendation> {
    let now = at(counts, level).filter(|count| count.dlt > 0)?;
    let mut moves = (0..=rest).map(|with| {
        let then = LevelCount { evaluable: now.evaluable + rest, dlt: now.dlt + with };
        let mut counts = counts.to_vec();
        if let Some(count) = counts.get_mut(usize::from(level.get()) - 1) {
            *count = then;
        }
        direction(table, &counts, Basis { level, count: then, ground: Ground::CountAlone })
    });
    let mildest = moves.next().filter(Move::is_down)?;
    let seen = |basis: Basis| if basis.level == level { Basis { count: now, ..basis } } else { basis };
    let mildest = match mildest {
        Move::To(to, action, rule, basis) => Move::To(to, action, rule, seen(basis)),
        Move::Nowhere(basis) => Move::Nowhere(seen(basis)),
    };
    moves.all(|then| then.is_down()).then(|| settle(table, counts, mildest))
}

fn judge(table: &DecisionTable, counts: &[LevelCount], here: Basis) -> Recommendation {
    settle(table, counts, direction(table, counts, here))
}

fn direction(table: &DecisionTable, counts: &[LevelCount], here: Basis) -> Move {
    let excluded = lowest_excluded(table, counts);
    if let Some((level, count)) = excluded.filter(|(level, _)| *level <= here.level) {
        let ground = if level == here.level { Ground::CountAlone } else { Ground::TooToxic(level, count) };
        return match level.down() {
            Some(down) => Move::To(down, Action::DeEscalate, Rule::TExclude, Basis { ground, ..here }),
            None => Move::Nowhere(Basis { level, count, ground: Ground::NoLower }),
        };
    }
    let stay = |rule, ground| Move::To(here.level, Action::Expand, rule, Basis { ground, ..here });
    match table.action(here.count) {
        TableAction::Escalate => match here.level.up().filter(|up| at(counts, *up).is_some()) {
            None => stay(Rule::TTop, Ground::TopPlanned),
            Some(up) => match excluded.filter(|(level, _)| *level == up) {
                Some((level, count)) => stay(Rule::TTop, Ground::TooToxic(level, count)),
                None => Move::To(up, Action::Escalate, Rule::TEscalate, here),
            },
        },
        TableAction::Stay => stay(Rule::TStay, Ground::CountAlone),
        TableAction::DeEscalate | TableAction::DeEscalateAndExclude => match here.level.down() {
            Some(down) => Move::To(down, Action::DeEscalate, Rule::TDeEscalate, here),
            None => stay(Rule::TLowest, Ground::NoLower),
        },
    }
}

/// The next cohort, or the end where no subject may be added.
fn settle(table: &DecisionTable, counts: &[LevelCount], to: Move) -> Recommendation {
    let (level, action, rule, basis) = match to {
        Move::Nowhere(basis) => return Recommendation::no_mtd(Rule::TNone, basis, NoMtd::LowestLevelTooToxic),
        Move::To(level, action, rule, basis) => (level, action, rule, basis),
    };
    let count = at(counts, level).unwrap_or_default();
    let add = table.lacking(count.evaluable).min(room(table, counts, count));
    if add > 0 {
        return Recommendation::treat(action, level, add, rule, basis);
    }
    let total = in_all(counts);
    let (rule, ground) = if total >= u32::from(table.max_subjects) {
        (Rule::TAll, Ground::MostInAll(total))
    } else {
        (Rule::TFull, Ground::MostAtLevel(level, count))
    };
    end(table, counts, Basis { ground, ..basis }, rule)
}

fn end(table: &DecisionTable, counts: &[LevelCount], basis: Basis, rule: Rule) -> Recommendation {
    let top = lowest_excluded(table, counts).map(|(level, _)| level);
    let numbered = (1..).map_while(DoseLevel::new).zip(counts.iter().copied());
    let tried: Vec<_> = numbered
        .take_while(|(level, _)| top.is_none_or(|top| *level < top))
        .filter(|(_, count)| count.evaluable > 0)
        .collect();
    match isotonic::mtd(table.mtd, table.target, &tried) {
        Some((level, count)) => Recommendation::mtd(rule, Basis { level, count, ..basis }),
        None if tried.is_empty() => Recommendation::no_mtd(rule, basis, NoMtd::NoLowerLevelGiven),
        None => Recommendation::no_mtd(rule, basis, NoMtd::NoneAtMostTarget),
    }
}

/// How many may still be added at a level with this count.
fn room(table: &DecisionTable, counts: &[LevelCount], count: LevelCount) -> u32 {
    let at_level = table.max_at_level.map_or(u32::MAX, |most| u32::from(most).saturating_sub(count.evaluable));
    u32::from(table.max_subjects).saturating_sub(in_all(counts)).min(at_level)
}

fn in_all(counts: &[LevelCount]) -> u32 {
    counts.iter().map(|count| count.evaluable).sum()
}
