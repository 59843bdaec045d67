//! Decision tables and the rolling six: the rule as tables of outcomes, running trials, and every design against
//! second implementations.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use proptest::prelude::*;
use serde_json::json;
use trial_core::escalation::generate::{IntervalDesign, Wanted, table};
use trial_core::escalation::{
    Action, Conduct, Decided, Departure, Design, FULL, LevelCount, LevelStatus, MtdEstimate, Outcomes, Overrides,
    Paths, RollingAction, RollingSix, State, TableAction, ThreePlusThree, conduct, decide, decide_when_closed,
    next_step_table, operating_characteristics, path_counts,
};
use trial_core::grade::DoseLevel;
use trial_core::ids::Seq;

fn level(number: u8) -> DoseLevel {
    DoseLevel::new(number).unwrap()
}

fn interval(design: IntervalDesign, cohort_size: u8, max_at_level: u8, max_subjects: u16) -> Design {
    let (target, half_width) = ("0.30".parse().unwrap(), "0.05".parse().unwrap());
    Design::DecisionTable(
        table(design, &Wanted { target, half_width, cohort_size, max_at_level, max_subjects }).unwrap(),
    )
}

/// A way to spoil a protocol's design.
type Change<'a> = &'a dyn Fn(&mut serde_json::Value);
/// A signed decision: the level judged, the action, the level it concerns, places, and the levels as they were.
type Signed<'a> = (u8, Action, Option<u8>, u32, &'a [&'a str]);

fn boin() -> Design {
    interval(IntervalDesign::Boin, 3, 12, 18)
}

/// `E2 T-escalate 3`: the action, the level, the rule, how many to add.
fn said(design: &Design, outcomes: &str) -> String {
    let Some(said) = Outcomes::parse(outcomes, 3).unwrap().next(design) else { return "wait".into() };
    let action = match said.action {
        Action::Start | Action::Escalate => "E",
        Action::Expand | Action::FillTop => "X",
        Action::DeEscalate => "D",
        Action::StopMtd => "M",
        Action::StopNoMtd => "0",
    };
    let to = said.level.map_or(String::new(), |level| level.to_string());
    format!("{action}{to} {} {}", said.rule, said.add)
}

#[test]
fn a_boin_trial_is_this_table() {
    for (outcomes, expected) in [
        ("", "E1 T-wait 3"),
        ("1N", "wait"),
        ("1TT", "wait"),
        ("1NNN", "E2 T-escalate 3"),
        ("1NNT", "X1 T-stay 3"),
        ("1NTT", "X1 T-lowest 3"),
        ("1TTT", "0 T-none 0"),
        ("1NNN 2NNT", "X2 T-stay 3"),
        ("1NNN 2NTT", "D1 T-de-escalate 3"),
        ("1NNN 2TT", "D1 T-de-escalate 3"),
        ("1NNN 2TTT", "D1 T-exclude 3"),
        ("1NNN 2NNT 2NNN", "E3 T-escalate 3"),
        ("1NNN 2NTT 1NNN", "E2 T-escalate 3"),
        ("1NNN 2TTT 1NNN", "X1 T-top 3"),
        ("1NNN 2NNN 3NNN", "X3 T-top 3"),
        ("1NNN 2NTT 1NNN 2NNN", "X2 T-stay 3"),
        ("1NNN 2NNN 3TTT 2NNN 2NNN 2NNN", "M2 T-all 0"),
        ("1NNN 2TTT 1NNN 1NNN 1NNN", "M1 T-full 0"),
        // More patients than a cohort: it waits for the next whole one, and a closed level speaks at any number.
        ("1NNNN", "wait"),
        // A lower level found out too late.
        ("1NNN 2NNN 1TTTTT", "0 T-none 0"),
        ("1NNN 2TTT 3NNN", "D1 T-exclude 3"),
    ] {
        assert_eq!(said(&boin(), outcomes), expected, "{outcomes:?}");
    }
    let over = Outcomes::parse("1NNNN", 3).unwrap();
    let closed = decide_when_closed(&boin(), &over.counts(), level(1)).unwrap();
    assert_eq!((closed.action, closed.level, closed.add), (Action::Escalate, Some(level(2)), 3), "row 4 of the table");
}

#[test]
fn the_basis_of_a_table_is_written_from_the_counts() {
    for (outcomes, expected) in [
        ("1NNN 2TT", "2/2 at level 2"),
        ("1NNN 2TTT 1NNN", "0/6 at level 1, level 2 too toxic (3/3)"),
        ("1NNN 2NNN 3NNN", "0/3 at level 3, the top planned level"),
        ("1NTT", "2/3 at level 1, no lower level"),
        ("1NNN 2NNN 3TTT 2NNN 2NNN 2NNN", "0/12 at level 2, all 18 planned subjects evaluable"),
        ("1NNN 2TTT 1NNN 1NNN 1NNN", "0/12 at level 1, level 1 has the 12 subjects planned"),
    ] {
        let next = Outcomes::parse(outcomes, 3).unwrap().next(&boin()).unwrap();
        assert_eq!(next.basis.to_string(), expected, "{outcomes:?}");
    }
}

#[test]
fn the_last_cohort_is_as_large_as_the_trial_has_room() {
    let design = interval(IntervalDesign::Boin, 3, 10, 11);
    assert_eq!(said(&design, "1NNN 2NNN 3NNN"), "X3 T-top 2");
    assert_eq!(said(&design, "1NNN 2NNN 3NNN 3NN"), "M3 T-all 0");
    let full = interval(IntervalDesign::Boin, 3, 4, 11);
    assert_eq!(said(&full, "1NNN 2NTT 1N"), "E2 T-escalate 1", "one more fits at level 2");
}

#[test]
fn a_table_with_no_level_at_most_at_target_has_no_mtd_where_it_asks_for_one() {
    let Design::DecisionTable(mut table) = interval(IntervalDesign::Boin, 3, 6, 6) else { panic!("it is a table") };
    let toxic = "1NTT 1NTT";
    assert_eq!(said(&Design::DecisionTable(table.clone()), toxic), "0 T-none 0", "4/6 is excluded");
    let half = "1NNT 1NTT";
    assert_eq!(said(&Design::DecisionTable(table.clone()), half), "M1 T-all 0");
    table.mtd = MtdEstimate::HighestNotAboveTarget;
    assert_eq!(said(&Design::DecisionTable(table), half), "0 T-all 0");
}

#[test]
fn a_cohort_in_parts_is_no_departure_under_a_table_and_another_level_is() {
    let departures = |outcomes: &str| {
        let read = Outcomes::parse(outcomes, 3).unwrap();
        read.departures(&boin()).iter().map(Departure::to_string).collect::<Vec<_>>()
    };
    for conforming in ["1NN 1N 2N 2NN", "1NNN 2NNT 2N 2NN", "1NNT 1NN 1N 2NNN"] {
        assert_eq!(departures(conforming), [""; 0], "{conforming:?}");
    }
    assert_eq!(departures("1NNN 1NNN"), ["cohort 2 is 1NNN: expected 3 at level 2 (T-escalate, 0/3 at level 1)"]);
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let row = |n: u8| json!({"n": n, "escalate_if_at_most": 0});
    let good = json!({"kind": "decision_table", "max_subjects": 2, "target": {"numerator": 1, "denominator": 4},
        "rows": [row(1), row(2)]});
    let check = |change: Change<'_>| {
        let mut changed = good.clone();
        change(&mut changed);
        let design: Design = serde_json::from_value(changed).unwrap();
        design.check(3).map_err(|e| e.to_string())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    let refused = |change: Change<'_>| check(change).unwrap_err();
    let cases: [(&str, Change<'_>); 10] = [
        ("start_level is 4", &|d| d["start_level"] = json!(4)),
        ("target: expected a fraction", &|d| d["target"]["numerator"] = json!(4)),
        ("max_subjects", &|d| d["max_subjects"] = json!(0)),
        ("rows: expected one for each n from 1", &|d| d["rows"][1]["n"] = json!(3)),
        ("rows: expected one for each n up to", &|d| d["max_subjects"] = json!(3)),
        ("row 2: a threshold is above n", &|d| d["rows"][1]["de_escalate_if_at_least"] = json!(3)),
        ("row 2: exclude_if_at_least without", &|d| d["rows"][1]["exclude_if_at_least"] = json!(2)),
        ("row 1: expected escalate_if_at_most below", &|d| d["rows"][0]["de_escalate_if_at_least"] = json!(0)),
        ("row 1: expected cells or thresholds", &|d| d["rows"][0]["cells"] = json!(["escalate", "stay"])),
        ("row 1: expected a cell for each", &|d| d["rows"][0] = json!({"n": 1, "cells": ["stay"]})),
    ];
    for (expected, change) in cases {
        assert!(refused(change).starts_with(expected), "{expected}: {}", refused(change));
    }
    let undone = |d: &mut serde_json::Value| {
        d["rows"][0] = json!({"n": 1, "cells": ["de_escalate_and_exclude", "stay"]});
    };
    assert_eq!(refused(&undone), "row 1: more DLTs than exclude a level exclude it too");
    let mut unknown = good.clone();
    unknown["rows"][0]["stay_if"] = json!(1);
    assert!(serde_json::from_value::<Design>(unknown).unwrap_err().to_string().contains("stay_if"));
}

#[test]
fn a_row_that_no_threshold_describes_is_followed_cell_by_cell() {
    use TableAction::{DeEscalate, Escalate, Stay};
    let design: Design = serde_json::from_value(json!({"kind": "decision_table", "cohort_size": 2, "max_subjects": 2,
        "max_at_level": 2, "target": {"numerator": 1, "denominator": 4}, "rows": [{"n": 1},
        {"n": 2, "cells": ["stay", "escalate", "de_escalate"]}]}))
    .unwrap();
    let Design::DecisionTable(table) = &design else { panic!("it is a table") };
    let cells = [0, 1, 2, 3].map(|dlt| table.action(LevelCount { evaluable: 2, dlt }));
    assert_eq!(cells, [Stay, Escalate, DeEscalate, DeEscalate]);
    assert_eq!(table.action(LevelCount { evaluable: 9, dlt: 1 }), Escalate, "beyond the last row the last row speaks");
    assert_eq!(table.action(LevelCount { evaluable: 1, dlt: 1 }), Stay);
}

/// The table of the design over patients enrolled, with DLT, without, and with data pending.
#[test]
fn the_rolling_six_is_this_table() {
    use RollingAction::{DeEscalate, Escalate, Same, Suspend};
    for enrolled in 0..=6 {
        for dlt in 0..=enrolled {
            for clear in 0..=enrolled - dlt {
                let pending = enrolled - dlt - clear;
                let expected = match (enrolled, dlt, clear, pending) {
                    (2.., 2.., ..) => DeEscalate,
                    (0..=2, 0 | 1, ..) => Same,
                    (3, 0, 3, 0) | (4, 0, 4, 0) | (5, 0, 5, 0) => Escalate,
                    (3..=5, 0 | 1, ..) => Same,
                    (6, 0, 5, 1) | (6, 0, 6, 0) | (6, 1, 5, 0) => Escalate,
                    (6, 0 | 1, ..) => Suspend,
                    other => panic!("{other:?} is not in the table"),
                };
                let status = LevelStatus { enrolled, evaluable: dlt + clear, dlt, pending, replaced: 0 };
                assert_eq!(RollingSix::says(status), expected, "{status:?}");
            }
        }
    }
}

#[test]
fn a_rolling_six_with_nobody_pending_is_a_3_plus_3_that_opens_six_places() {
    let rolling = Design::RollingSix(RollingSix::default());
    for (outcomes, expected) in [
        ("", "E1 R0 6"),
        ("1NN", "wait"),
        ("1NNN", "E2 R1 6"),
        ("1NNNN", "E2 R1 6"),
        ("1NNNT", "wait"),
        ("1NNNNNT", "E2 R5 6"),
        ("1NNN 2TT", "D1 R4-fill 3"),
        ("1NNNNNN 2TT", "M1 R4-stop 0"),
        ("1TT", "0 R4-none 0"),
        ("1NNN 2NNN 3NNN", "X3 R2-top 3"),
        ("1NNN 2NNN 3NNNNNT", "M3 R5-top 0"),
    ] {
        assert_eq!(said(&rolling, outcomes), expected, "{outcomes:?}");
    }
}

/// The levels of a trial from `enrolled:dlt:clear`, and signed decisions given with the levels as they were.
fn standing(design: &Design, levels: &[&str], decisions: &[Signed<'_>]) -> Conduct {
    let status = |text: &&str| {
        let [enrolled, dlt, clear] = text.split(':').map(|n| n.parse().unwrap()).collect::<Vec<u32>>()[..] else {
            panic!("{text}")
        };
        LevelStatus { enrolled, evaluable: dlt + clear, dlt, pending: enrolled - dlt - clear, replaced: 0 }
    };
    let levels: Vec<LevelStatus> = levels.iter().map(status).collect();
    let decided = |(seq, (at, action, to, add, then)): (u64, &Signed<'_>)| Decided {
        seq: Seq(seq),
        at_level: level(*at),
        action: *action,
        level: to.map(level),
        add: *add,
        overrides: Overrides::FollowsRule,
        then: then.iter().map(status).collect(),
        now: levels[usize::from(*at) - 1],
    };
    let decisions: Vec<Decided> = (0..).zip(decisions).map(decided).collect();
    conduct(design, &levels, &decisions)
}

fn shown(found: &Conduct) -> (State, u32, Option<(Action, u8, u32)>) {
    let said = found.recommendation.map(|said| (said.action, said.level.map_or(0, DoseLevel::get), said.add));
    (found.state, found.open_slots, said)
}

#[test]
fn a_running_rolling_six_enrols_suspends_and_moves_on_early() {
    let rolling = Design::RollingSix(RollingSix::default());
    let first = |level: &str| shown(&standing(&rolling, &[level, "0:0:0"], &[]));
    assert_eq!(first("0:0:0"), (State::Enrolling, 6, None));
    assert_eq!(first("3:0:2"), (State::Enrolling, 3, None));
    assert_eq!(first("3:0:3"), (State::DecisionDue, 0, Some((Action::Escalate, 2, 6))));
    assert_eq!(first("4:0:3"), (State::Enrolling, 2, None), "the fourth is pending");
    assert_eq!(first("6:1:4"), (State::Observing, 0, None), "suspended");
    assert_eq!(first("6:0:5"), (State::DecisionDue, 0, Some((Action::Escalate, 2, 6))));
    assert_eq!(first("4:2:0"), (State::SafetyHold, 0, Some((Action::StopNoMtd, 0, 0))));

    let early: Signed<'_> = (1, Action::Escalate, Some(2), 6, &["6:0:5", "0:0:0"]);
    let above = |levels: &[&str]| shown(&standing(&rolling, levels, &[early]));
    assert_eq!(above(&["6:1:5", "2:0:0"]), (State::Enrolling, 4, None), "1/6 escalates as well");
    let back = above(&["6:0:5", "3:2:0"]);
    assert_eq!(back, (State::SafetyHold, 0, Some((Action::DeEscalate, 1, 0))), "all six places are taken there");
    let top = above(&["6:0:6", "3:0:3"]);
    assert_eq!(top, (State::Enrolling, 3, None), "the top level is filled to six");
    assert_eq!(above(&["6:0:6", "6:0:5"]), (State::Observing, 0, None), "the MTD needs the sixth");
    assert_eq!(above(&["6:0:6", "6:1:5"]), (State::DecisionDue, 0, Some((Action::StopMtd, 2, 0))));
}

#[test]
fn a_running_table_holds_when_every_outcome_of_the_cohort_leads_down() {
    let first = |levels: &[&str]| shown(&standing(&boin(), levels, &[]));
    assert_eq!(first(&["3:0:3", "0:0:0"]), (State::DecisionDue, 0, Some((Action::Escalate, 2, 3))));
    assert_eq!(first(&["3:1:1", "0:0:0"]), (State::Observing, 0, None));
    assert_eq!(first(&["3:2:0", "0:0:0"]), (State::Observing, 0, None), "2/3 at the lowest level stays there");
    assert_eq!(first(&["4:4:0", "0:0:0"]).0, State::DecisionDue);

    let up: Signed<'_> = (1, Action::Escalate, Some(2), 3, &["3:0:3", "0:0:0"]);
    let above = |levels: &[&str]| standing(&boin(), levels, &[up]);
    let hold = above(&["3:0:3", "3:2:0"]);
    assert_eq!(shown(&hold), (State::SafetyHold, 0, Some((Action::DeEscalate, 1, 3))));
    assert_eq!(hold.recommendation.unwrap().basis.to_string(), "2/2 at level 2");
    assert_eq!(shown(&above(&["3:0:3", "2:2:0"])).0, State::DecisionDue, "no place is offered to a third");
    assert_eq!(shown(&above(&["3:0:3", "3:1:0"])), (State::Observing, 0, None));
    let late = above(&["3:1:2", "1:0:0"]);
    assert_eq!(late.state, State::ReviewRequired, "1/3 would not have escalated");
    assert_eq!((late.stale[0].was, late.stale[0].would_be), (Action::Escalate, Action::Expand));

    let again: Signed<'_> = (2, Action::DeEscalate, Some(1), 3, &["3:0:3", "3:2:1"]);
    let twice: Signed<'_> = (1, Action::Escalate, Some(2), 3, &["6:0:6", "3:2:1"]);
    let reopened = standing(&boin(), &["6:0:6", "3:2:1"], &[up, again, twice]);
    assert_eq!(shown(&reopened), (State::Enrolling, 3, None), "2/6 would stay: no hold");
    let worse = standing(&boin(), &["6:0:6", "4:3:1"], &[up, again, twice]);
    assert_eq!(shown(&worse), (State::DecisionDue, 0, Some((Action::DeEscalate, 1, 3))), "3/6 at best leads down");
}

#[test]
fn the_mtd_of_a_table_is_declared_with_what_it_rests_on() {
    let end: Signed<'_> = (2, Action::StopMtd, Some(1), 0, &["12:1:11", "3:3:0"]);
    let found = standing(&boin(), &["12:1:11", "3:3:0", "0:0:0"], &[end]).mtd.unwrap();
    assert_eq!(found.basis.to_string(), "1/12 at level 1, level 2 too toxic (3/3)");
    assert_eq!((found.level, found.lowest_intolerable, found.declared), (level(1), Some(level(2)), Some(level(1))));
}

#[test]
fn the_next_step_table_and_the_paths_know_a_table() {
    let counts = Outcomes::parse("1NNN 2N", 3).unwrap().counts();
    let rows = next_step_table(&boin(), &counts, level(2), 2);
    let rules: Vec<_> = rows.iter().map(|row| row.recommendation.unwrap().rule.to_string()).collect();
    assert_eq!(rules, ["T-escalate", "T-stay", "T-de-escalate"]);

    let small = interval(IntervalDesign::Boin, 3, 6, 9);
    let nodes: Vec<_> = Paths::new(&small, 2).collect();
    let found = path_counts(&small, 2);
    assert_eq!(found.nodes, nodes.len() as u64);
    assert_eq!(found.end_points, nodes.iter().filter(|node| node.is_end()).count() as u64);
    assert_eq!(found.no_mtd, nodes.iter().filter(|node| node.is_end() && node.mtd().is_none()).count() as u64);
    for (number, ways) in (1..).zip(&found.mtd) {
        assert_eq!(*ways, nodes.iter().filter(|node| node.mtd() == Some(level(number))).count() as u64);
    }
    assert!(!path_counts(&boin(), 6).too_many);
    let endless = interval(IntervalDesign::Boin, 1, 60, 240);
    assert!(path_counts(&endless, 9).too_many);
    let refused = operating_characteristics(&endless, &[0.3; 9]).unwrap_err().to_string();
    assert_eq!(refused, "the design can go more than 500000 ways over 9 levels: expected fewer");
}

fn any_design() -> impl Strategy<Value = Design> {
    let interval =
        (0..4_usize, 1..=4_u8, 1..=12_u8, 1..=30_u16, 1..=6_u8).prop_map(|(which, size, most, all, start)| {
            let Design::DecisionTable(mut table) = interval(IntervalDesign::ALL[which], size, most, all) else {
                panic!("it is a table")
            };
            table.start_level = level(start);
            if all % 2 == 0 {
                table.mtd = MtdEstimate::HighestNotAboveTarget;
            }
            Design::DecisionTable(table)
        });
    let rolling = (1..=6_u8)
        .prop_map(|start| Design::RollingSix(RollingSix { start_level: level(start), ..RollingSix::default() }));
    let three = any::<bool>()
        .prop_map(|six| Design::ThreePlusThree(ThreePlusThree { mtd_needs_six: six, ..ThreePlusThree::default() }));
    prop_oneof![4 => interval, 1 => rolling, 1 => three]
}

fn any_counts() -> impl Strategy<Value = Vec<LevelCount>> {
    let count = (0..=14_u32).prop_flat_map(|n| (Just(n), 0..=n.min(6)));
    prop::collection::vec(count.prop_map(|(evaluable, dlt)| LevelCount { evaluable, dlt }), 6)
}

proptest! {
    #[test]
    fn no_design_recommends_a_level_that_is_excluded_or_not_planned(
        design in any_design(), counts in any_counts(), current in 1..=6_u8,
    ) {
        let said = decide_when_closed(&design, &counts, level(current));
        let said = said.expect("a closed cohort always has a recommendation");
        prop_assert_eq!(said.level.is_none(), said.action == Action::StopNoMtd);
        prop_assert_eq!(said.add == 0, said.action.stops(), "{:?}", said);
        prop_assert_eq!(said.reason.is_some(), said.action == Action::StopNoMtd);
        if let Some(to) = said.level {
            let index = usize::from(to.get()) - 1;
            prop_assert!(index < counts.len());
            prop_assert!(!design.excludes(counts[index]), "{:?}", said);
            if let Design::DecisionTable(table) = &design {
                prop_assert!(counts[..index].iter().all(|below| !design.excludes(*below)), "{:?}", said);
                let total: u32 = counts.iter().map(|count| count.evaluable).sum();
                prop_assert!(said.action.stops() || total + said.add <= u32::from(table.max_subjects));
                let most = u32::from(table.max_at_level.unwrap());
                prop_assert!(said.action.stops() || counts[index].evaluable + said.add <= most);
            }
            prop_assert!(said.action != Action::StopMtd || counts[index].evaluable > 0);
            prop_assert!(said.action != Action::Escalate || to > level(current));
            prop_assert!(said.action != Action::DeEscalate || to < level(current));
        }
        if let Some(due) = decide(&design, &counts, level(current)) {
            let at_once = due.action == Action::DeEscalate || due.action == Action::StopNoMtd;
            prop_assert!(due == said || at_once, "{:?} {:?}", due, said);
        }
    }

    #[test]
    fn every_way_of_a_design_ends_within_its_bounds(design in any_design(), levels in 1..=3_u8, seed in any::<u64>()) {
        let mut node = Paths::new(&design, levels).next();
        prop_assert_eq!(node.is_none(), design.start_level().get() > levels);
        let mut bits = seed;
        let mut counts = vec![LevelCount::default(); usize::from(levels)];
        let mut steps = 0;
        while let Some(next) = node.take().map(|node| node.next).filter(|next| !next.action.stops()) {
            let at = next.level.unwrap();
            let mut dlt = 0;
            for _ in 0..next.add {
                dlt += u32::from(bits % 4 == 0);
                bits = bits.rotate_right(2).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
            let count = &mut counts[usize::from(at.get()) - 1];
            (count.evaluable, count.dlt) = (count.evaluable + next.add, count.dlt + dlt);
            steps += 1;
            prop_assert!(steps < 100, "{:?}", counts);
            let said = decide_when_closed(&design, &counts, at).unwrap();
            if said.action.stops() { break }
            let mut again = Paths::new(&design, levels).next().unwrap();
            again.next = said;
            node = Some(again);
        }
        if matches!(design, Design::RollingSix(_)) {
            prop_assert!(counts.iter().all(|count| count.evaluable <= FULL));
        }
    }
}
