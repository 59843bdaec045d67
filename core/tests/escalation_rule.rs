//! The decision function as a table of outcomes, the notation, and properties over arbitrary counts.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use proptest::prelude::*;
use trial_core::escalation::{
    Action, COHORT, DeEscalation, Departure, Design, FULL, LevelCount, NoMtd, Outcomes, OverEnrolment, PartialCohort,
    ThreePlusThree, decide, decide_when_closed,
};
use trial_core::grade::DoseLevel;

#[derive(Debug, PartialEq)]
enum Next {
    Start(u8),
    Escalate(u8),
    Expand(u8),
    DeEscalate(u8),
    FillTop(u8),
    Mtd(u8),
    NoLevel,
    Wait,
}
use Next::{DeEscalate, Escalate, Expand, FillTop, Mtd, NoLevel, Start, Wait};

fn level(number: u8) -> DoseLevel {
    DoseLevel::new(number).unwrap()
}

fn next(design: &Design, outcomes: &str) -> (Next, String, u32) {
    let Some(said) = Outcomes::parse(outcomes, 3).unwrap().next(design) else {
        return (Wait, "R0".into(), 0);
    };
    let to = said.level.map_or(0, DoseLevel::get);
    let next = match said.action {
        Action::Start => Start(to),
        Action::Escalate => Escalate(to),
        Action::Expand => Expand(to),
        Action::DeEscalate => DeEscalate(to),
        Action::FillTop => FillTop(to),
        Action::StopMtd => Mtd(to),
        Action::StopNoMtd => NoLevel,
    };
    (next, said.rule.to_string(), said.add)
}

fn assert_table(design: &Design, table: &[(&str, Next, &str, u32)]) {
    for (outcomes, expected, rule, add) in table {
        let found = next(design, outcomes);
        assert_eq!((&found.0, found.1.as_str(), found.2), (expected, *rule, *add), "{outcomes:?}");
    }
}

fn with(change: impl FnOnce(&mut ThreePlusThree)) -> Design {
    let mut rule = ThreePlusThree::default();
    change(&mut rule);
    Design::ThreePlusThree(rule)
}

#[test]
fn the_rule_is_this_table() {
    assert_table(
        &Design::default(),
        &[
            ("", Start(1), "R0", 3),
            ("1N", Wait, "R0", 0),
            ("1NT", Wait, "R0", 0),
            ("1NNN", Escalate(2), "R1", 3),
            ("1NNT", Expand(1), "R3", 3),
            ("1NNT 1N", Wait, "R0", 0),
            ("1NNT 1NNN", Escalate(2), "R5", 3),
            ("1NNT 1T", NoLevel, "R6-none", 0),
            ("1TT", NoLevel, "R4-none", 0),
            ("1NNN 2NNT", Expand(2), "R3", 3),
            ("1NNN 2NNT 2NNN", Escalate(3), "R5", 3),
            ("1NNN 2NNT 2NNT", DeEscalate(1), "R6-fill", 3),
            ("1NNN 2NTT", DeEscalate(1), "R4-fill", 3),
            ("1NNN 2TT", DeEscalate(1), "R4-fill", 3),
            ("1NNN 2NTT 1NNN", Mtd(1), "R7", 0),
            ("1NNN 2NTT 1NNT", Mtd(1), "R7", 0),
            ("1NNN 2NTT 1NTT", NoLevel, "R6-none", 0),
            ("1NNT 1NNN 2NTT", Mtd(1), "R4-stop", 0),
            ("1NNT 1NNN 2NNT 2NNT", Mtd(1), "R6-stop", 0),
            ("1NNN 2NNN 3NNN", Mtd(3), "R2-top", 0),
            ("1NNN 2NNN 3NNT", Expand(3), "R3", 3),
            ("1NNN 2NNN 3NNT 3NNN", Mtd(3), "R5-top", 0),
            ("1NNN 2NNN 3TTN 2NTT", DeEscalate(1), "R6-fill", 3),
            // Over-enrolled or corrected counts.
            ("1NNNN", Escalate(2), "R1", 3),
            ("1NNNNN 2TT", DeEscalate(1), "R4-fill", 1),
            ("1NNNT", Wait, "R0", 0),
            ("1NNN 1NNN", Escalate(2), "R5", 3),
            ("1NNN 2NTT 1NNNT 1N", Mtd(1), "R7", 0),
            // A level between was skipped, or is itself too toxic.
            ("1NNN 3TT", DeEscalate(2), "R4-new", 3),
            ("1NNN 2TT 3TT", DeEscalate(1), "R4-fill", 3),
            // A level above that a correction has cleared speaks for itself.
            ("2NNT 1NNN", Expand(2), "R3", 3),
            ("2NNN 1NNN", Escalate(3), "R1", 3),
        ],
    );
}

#[test]
fn a_higher_start_comes_down_to_a_level_not_given() {
    let design = with(|rule| rule.start_level = level(2));
    assert_table(
        &design,
        &[
            ("", Start(2), "R0", 3),
            ("2NTT", DeEscalate(1), "R4-new", 3),
            ("2NNT 2NNT", DeEscalate(1), "R6-new", 3),
            ("2NTT 1NNN", Expand(1), "R5-fill", 3),
            ("2NTT 1NNN 1N", Wait, "R0", 0),
            ("2NTT 1NNN 1NNT", Mtd(1), "R7", 0),
            ("2NTT 1NNT", Expand(1), "R3", 3),
        ],
    );
}

#[test]
fn an_mtd_that_needs_six_fills_the_top() {
    let design = with(|rule| rule.mtd_needs_six = true);
    assert_table(
        &design,
        &[
            ("1NNN 2NNN 3NNN", FillTop(3), "R2-top", 3),
            ("1NNN 2NNN 3NNN 3N", Wait, "R0", 0),
            ("1NNN 2NNN 3NNN 3NNT", Mtd(3), "R5-top", 0),
            ("1NNN 2NNN 3NNN 3TTN", DeEscalate(2), "R6-fill", 3),
        ],
    );
}

#[test]
fn without_de_escalation_the_previous_level_is_the_mtd() {
    let design = with(|rule| rule.de_escalation = DeEscalation::None);
    assert_table(
        &design,
        &[
            ("1NNN 2NTT", Mtd(1), "R4-stop", 0),
            ("1NNN 2NNT 2T", Mtd(1), "R6-stop", 0),
            ("1TT", NoLevel, "R4-none", 0),
            ("1NNN 2TT 1N", Mtd(1), "R7", 0),
        ],
    );
    let high = with(|rule| (rule.de_escalation, rule.start_level) = (DeEscalation::None, level(2)));
    let said = Outcomes::parse("2TT", 3).unwrap().next(&high).unwrap();
    assert_eq!(said.reason, Some(NoMtd::NoLowerLevelGiven));
    assert_eq!(said.basis.to_string(), "2/2 at level 2, level 1 not yet given");
}

#[test]
fn a_partial_cohort_can_be_completed_instead() {
    let design = with(|rule| rule.partial_cohort = PartialCohort::Complete);
    assert_table(&design, &[("1NNNN", Wait, "R0", 0), ("1NNNNNN", Escalate(2), "R5", 3)]);
}

#[test]
fn the_basis_is_written_from_the_counts() {
    let basis = |outcomes| Outcomes::parse(outcomes, 3).unwrap().next(&Design::default()).unwrap().basis.to_string();
    for (outcomes, expected) in [
        ("", "no evaluable patient at level 1"),
        ("1NNN", "0/3 at level 1"),
        ("1NNN 2NNN 3NNN", "0/3 at level 3, the top planned level"),
        ("1NNN 2NTT 1NNT", "1/6 at level 1, level 2 too toxic (2/3)"),
        ("1NNT 1NNN 2TT", "1/6 at level 1, level 2 too toxic (2/2)"),
        ("1TTT", "3/3 at level 1, no lower level"),
    ] {
        assert_eq!(basis(outcomes), expected, "{outcomes:?}");
    }
}

#[test]
fn a_cohort_that_the_rule_would_not_have_allowed_is_told_not_refused() {
    let departures = |outcomes: &str, design: &Design| {
        let read = Outcomes::parse(outcomes, 3).unwrap();
        read.departures(design).iter().map(Departure::to_string).collect::<Vec<_>>()
    };
    let seed = Design::default();
    for conforming in ["", "1NNN 2NNT 2NNN 3NNN", "1NN 1N 2N 2NN", "1NNT 1N 1NN"] {
        assert_eq!(departures(conforming, &seed), [""; 0], "{conforming:?}");
    }
    assert_eq!(departures("1NNN 1NNN", &seed), ["cohort 2 is 1NNN: expected 3 at level 2 (R1, 0/3 at level 1)"]);
    assert_eq!(
        departures("1NNNN", &seed),
        ["cohort 1 is 1NNNN: expected 3 at level 1 (R0, no evaluable patient at level 1)"]
    );
    assert_eq!(
        departures("1TTN 2NNN", &seed),
        ["cohort 2 is 2NNN: expected the end of the trial (R4-none, 2/3 at level 1, no lower level)"]
    );
    let up_to_six = with(|rule| rule.over_enrolment = OverEnrolment::UpToSix);
    assert_eq!(departures("1NNNN 2NNNNNN", &up_to_six), [""; 0]);
    assert_eq!(departures("1NNNNNNN", &up_to_six).len(), 1);
}

#[test]
fn a_text_that_is_no_outcome_is_refused_where_it_goes_wrong() {
    for (text, expected) in [
        ("1NNN 2NXT", "expected N (no DLT) or T (DLT), found 'X' at character 8"),
        ("NNN", "expected a level from 1 to 3, found \"N\" at character 1"),
        ("1NNN 4NNN", "expected a level from 1 to 3, found \"4\" at character 6"),
        ("0NNN", "expected a level from 1 to 3, found \"0\" at character 1"),
        ("1NNN  2 NNN", "expected N (no DLT) or T (DLT) after level 2, found nothing at character 8"),
        ("99999999999N", "expected a level from 1 to 3, found \"99999999999\" at character 1"),
    ] {
        assert_eq!(Outcomes::parse(text, 3).unwrap_err().to_string(), expected, "{text:?}");
    }
    assert_eq!(Outcomes::parse(" 1NTN\t2NNN\n", 3).unwrap().to_string(), "1TNN 2NNN");
}

fn designs() -> impl Strategy<Value = Design> {
    (1..=6_u8, any::<[bool; 3]>()).prop_map(|(start, [six, fill, partial])| {
        with(|rule| {
            rule.start_level = level(start);
            rule.mtd_needs_six = six;
            rule.de_escalation = if fill { DeEscalation::Fill } else { DeEscalation::None };
            rule.partial_cohort = if partial { PartialCohort::Escalate } else { PartialCohort::Complete };
        })
    })
}

fn counts() -> impl Strategy<Value = Vec<LevelCount>> {
    let count = (0..=9_u32).prop_flat_map(|n| (Just(n), 0..=n.min(4)));
    prop::collection::vec(count.prop_map(|(evaluable, dlt)| LevelCount { evaluable, dlt }), 6)
}

proptest! {
    #[test]
    fn a_recommended_level_is_planned_and_never_one_found_too_toxic(
        design in designs(), counts in counts(), current in 1..=6_u8,
    ) {
        let said = decide_when_closed(&design, &counts, level(current));
        let said = said.expect("a closed cohort always has a recommendation");
        prop_assert_eq!(said.level.is_none(), said.action == Action::StopNoMtd);
        prop_assert_eq!(said.add == 0, said.action.stops());
        if let Some(level) = said.level {
            prop_assert!(usize::from(level.get()) <= counts.len());
            let found = counts[usize::from(level.get()) - 1];
            prop_assert!(!found.too_toxic(), "{:?}", said);
            prop_assert!(said.action.stops() || found.evaluable + said.add <= FULL, "{:?}", said);
            prop_assert!(said.action != Action::StopMtd || found.evaluable > 0, "{:?}", said);
        }
    }

    #[test]
    fn counts_carry_a_decision_at_three_from_six_and_with_two_dlts(
        design in designs(), counts in counts(), current in 1..=6_u8,
    ) {
        let said = decide(&design, &counts, level(current));
        let LevelCount { evaluable, dlt } = counts[usize::from(current) - 1];
        let cleared = usize::from(current) < 6 && counts[usize::from(current)].evaluable >= COHORT;
        if dlt >= 2 || ((evaluable == COHORT || evaluable >= FULL) && !cleared) {
            prop_assert!(said.is_some());
        }
        if let Some(said) = said {
            prop_assert_eq!(Some(said), decide_when_closed(&design, &counts, level(current)));
        }
    }

    #[test]
    fn a_level_that_is_not_planned_has_no_recommendation(design in designs(), counts in counts(), beyond in 7..=99_u8) {
        prop_assert_eq!(decide_when_closed(&design, &counts, level(beyond)), None);
    }
}
