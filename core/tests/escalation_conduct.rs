//! Running trials, event by event: the scenarios of the vectors, and properties over random conduct.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trial_core::escalation::{
    Action, Conduct, Decided, Design, Flag, LevelStatus, MtdConvention, Outcomes, OverEnrolment, Overrides, State,
    ThreePlusThree, conduct,
};
use trial_core::grade::DoseLevel;
use trial_core::ids::{Seq, SubjectId};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Standing {
    Pending,
    Clear,
    Dlt,
    Replaced,
}

/// A small trial: subjects at levels, and signed decisions with the subjects that each was signed on.
struct Trial {
    design: Design,
    levels: u8,
    subjects: BTreeMap<SubjectId, (DoseLevel, Standing)>,
    decisions: Vec<(Decided, Vec<SubjectId>)>,
    flags: Vec<Flag>,
}

fn level(number: u8) -> DoseLevel {
    DoseLevel::new(number).unwrap()
}

fn status<'a>(subjects: impl Iterator<Item = &'a (DoseLevel, Standing)>, at: DoseLevel) -> LevelStatus {
    let mut status = LevelStatus::default();
    for (_, standing) in subjects.filter(|(level, _)| *level == at) {
        match standing {
            Standing::Pending => status.pending += 1,
            Standing::Clear => status.evaluable += 1,
            Standing::Dlt => (status.evaluable, status.dlt) = (status.evaluable + 1, status.dlt + 1),
            Standing::Replaced => status.replaced += 1,
        }
    }
    status.enrolled = status.evaluable + status.pending;
    status
}

impl Trial {
    fn new(design: Design, levels: u8) -> Trial {
        Trial { design, levels, subjects: BTreeMap::new(), decisions: Vec::new(), flags: Vec::new() }
    }

    fn statuses(&self) -> Vec<LevelStatus> {
        (1..=self.levels).map(|number| status(self.subjects.values(), level(number))).collect()
    }

    fn conduct(&self) -> Conduct {
        let decisions: Vec<Decided> = self
            .decisions
            .iter()
            .map(|(signed, on)| {
                let now = status(on.iter().map(|subject| &self.subjects[subject]), signed.at_level);
                Decided { now, ..signed.clone() }
            })
            .collect();
        let mut found = conduct(&self.design, &self.statuses(), &decisions);
        found.flags.extend(self.flags.iter().cloned());
        found
    }

    fn enrol(&mut self, subject: &str, at: DoseLevel) {
        self.subjects.insert(subject.parse().unwrap(), (at, Standing::Pending));
    }

    fn set(&mut self, subject: &str, new: Standing) {
        let subject: SubjectId = subject.parse().unwrap();
        let (_, standing) = self.subjects.get_mut(&subject).expect("the subject is enrolled");
        match (*standing, new) {
            (Standing::Clear, Standing::Dlt) => self.flags.push(Flag::LateDlt(subject)),
            (Standing::Dlt, Standing::Clear) => self.flags.push(Flag::DltWithdrawn(subject)),
            _ => (),
        }
        *standing = new;
    }

    /// Signs a decision; one that differs from the rule without saying so is refused.
    fn sign(&mut self, action: Action, to: Option<DoseLevel>, add: Option<u32>, overrides: Overrides) -> bool {
        let found = self.conduct();
        let at_level = found.stale.first().map_or(found.current_level, |stale| stale.at_level);
        let said = found.recommendation.map(|said| said.action).or(found.stale.first().map(|stale| stale.would_be));
        if said != Some(action) && overrides == Overrides::FollowsRule {
            return false;
        }
        let then = self.statuses();
        let enrolled = |level: DoseLevel| then[usize::from(level.get()) - 1].enrolled;
        let rest = to.filter(|to| *to == found.current_level && !found.stale.is_empty());
        let by_rule = found.recommendation.filter(|said| said.action == action).map_or(3, |said| said.add);
        let add = add.unwrap_or(rest.map_or(by_rule, |to| found.places.saturating_sub(enrolled(to))));
        let seq = Seq(self.decisions.len() as u64);
        let now = LevelStatus::default();
        let on = self.subjects.iter().filter(|(_, (level, _))| *level == at_level).map(|(id, _)| id.clone()).collect();
        self.decisions.push((Decided { seq, at_level, action, level: to, add, overrides, then, now }, on));
        true
    }

    fn apply(&mut self, event: &Value) {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let to = event["level"].as_u64().map(|number| level(number as u8));
        match event["e"].as_str().unwrap() {
            "enrol" => self.enrol(&text("p"), to.unwrap()),
            "clear" | "revised_not_dlt" => self.set(&text("p"), Standing::Clear),
            "dlt" => self.set(&text("p"), Standing::Dlt),
            "undetermined" => self.set(&text("p"), Standing::Pending),
            "inevaluable" => self.set(&text("p"), Standing::Replaced),
            "decision" => {
                let action = serde_json::from_value(event["action"].clone()).unwrap();
                let stated = event.get("override").is_some_and(|stated| stated != &json!(false));
                let overrides = if stated { Overrides::Override } else { Overrides::FollowsRule };
                self.sign(action, to, None, overrides);
            }
            other => panic!("{other} is not an event of the scenarios"),
        }
    }
}

/// The trial after these steps: `1abc` enrols at level 1; `N`, `T`, `?`, `R` say no DLT, DLT, pending, replaced;
/// `=E2` signs what the rule says, `!E2` overrides it (E escalate, X expand, D de-escalate, M the MTD, 0 none).
fn after(design: Design, steps: &str) -> Trial {
    let mut trial = Trial::new(design, 3);
    for step in steps.split_whitespace() {
        let (verb, rest) = step.split_at(1);
        let to = || level(rest[1..2].parse().unwrap());
        match verb {
            "1" | "2" | "3" => rest.chars().for_each(|id| trial.enrol(&id.to_string(), level(verb.parse().unwrap()))),
            "N" => rest.chars().for_each(|id| trial.set(&id.to_string(), Standing::Clear)),
            "T" => rest.chars().for_each(|id| trial.set(&id.to_string(), Standing::Dlt)),
            "?" => rest.chars().for_each(|id| trial.set(&id.to_string(), Standing::Pending)),
            "R" => rest.chars().for_each(|id| trial.set(&id.to_string(), Standing::Replaced)),
            "=" | "!" => {
                let overrides = if verb == "=" { Overrides::FollowsRule } else { Overrides::Override };
                let (action, to) = match &rest[..1] {
                    "E" => (Action::Escalate, Some(to())),
                    "X" => (Action::Expand, Some(to())),
                    "D" => (Action::DeEscalate, Some(to())),
                    "M" => (Action::StopMtd, Some(to())),
                    "0" => (Action::StopNoMtd, None),
                    other => panic!("{other} is not an action"),
                };
                assert!(trial.sign(action, to, None, overrides), "{step} is refused");
            }
            other => panic!("{other} is not a step"),
        }
    }
    trial
}

fn now(steps: &str) -> Conduct {
    after(Design::default(), steps).conduct()
}

fn said(found: &Conduct) -> Option<(Action, u8, u32)> {
    found.recommendation.map(|said| (said.action, said.level.map_or(0, DoseLevel::get), said.add))
}

#[test]
fn every_scenario_ends_as_listed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/three_plus_three_scenarios.json");
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let scenarios = vector["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 12);
    for scenario in scenarios {
        let mut trial = Trial::new(Design::default(), 3);
        scenario["events"].as_array().unwrap().iter().for_each(|event| trial.apply(event));
        let found = trial.conduct();
        let shown = serde_json::to_value(&found).unwrap();
        let (id, expected) = (&scenario["id"], &scenario["expected"]);
        for (member, name) in [("state", "state"), ("current_level", "current_level"), ("open_slots", "slots")] {
            assert_eq!(shown[member], expected[name], "{id}: {member}");
        }
        match expected["recommended"].as_object() {
            None => assert!(shown["recommendation"].is_null(), "{id}: {shown}"),
            Some(members) => {
                for (member, value) in members {
                    assert_eq!(&shown["recommendation"][member], value, "{id}: {member}");
                }
            }
        }
        for (status, number) in trial.statuses().iter().zip(1..) {
            let counts = json!({"n": status.evaluable, "dlt": status.dlt, "pending": status.pending,
                "replaced": status.replaced});
            assert_eq!(counts, expected["counts"][format!("{number}")], "{id}: level {number}");
        }
        let stale = expected["stale"].as_array().unwrap();
        assert_eq!(found.stale.len(), stale.len(), "{id}");
        for (found, expected) in shown["stale"].as_array().unwrap().iter().zip(stale) {
            for (member, value) in expected.as_object().unwrap() {
                assert_eq!(&found[member], value, "{id}: {member}");
            }
        }
        assert_eq!(shown["flags"], expected["flags"], "{id}");
    }
}

#[test]
fn a_recommendation_opens_no_place_and_the_signed_decision_does() {
    let due = now("1abc Nabc");
    assert_eq!((due.state, due.current_level, due.open_slots), (State::DecisionDue, level(1), 0));
    assert_eq!(said(&due), Some((Action::Escalate, 2, 3)));
    let signed = now("1abc Nabc =E2");
    assert_eq!((signed.state, signed.current_level, signed.open_slots), (State::Enrolling, level(2), 3));
    assert_eq!(said(&signed), None);
}

#[test]
fn two_dlts_hold_enrolment_at_once_and_the_decision_may_be_signed() {
    let hold = now("1abc Tab");
    assert_eq!((hold.state, said(&hold)), (State::SafetyHold, Some((Action::StopNoMtd, 0, 0))));
    let unfilled = now("1ab Tab");
    assert_eq!((unfilled.state, unfilled.open_slots), (State::DecisionDue, 0));
    assert_eq!(now("1abc Tab =0").state, State::Stopped);
}

#[test]
fn a_patient_whose_event_is_not_adjudicated_blocks_the_decision() {
    let found = now("1abc Nab ?c");
    assert_eq!((found.state, said(&found)), (State::Observing, None));
}

#[test]
fn a_replaced_patient_gives_the_place_back() {
    let found = now("1abc Nab Rc");
    assert_eq!((found.state, found.open_slots), (State::Enrolling, 1));
}

#[test]
fn a_fourth_patient_is_counted_and_flagged_even_after_the_next_decision() {
    let found = now("1abcd Nabc");
    assert_eq!((found.state, found.flags), (State::Observing, vec![Flag::OverEnrolment(level(1))]));
    let none = now("1abcd Nabcd");
    assert_eq!(said(&none), Some((Action::Escalate, 2, 3)));
    let one = now("1abcd Nabc Td");
    assert_eq!((one.state, said(&one)), (State::DecisionDue, Some((Action::Expand, 1, 2))));
    let expanded = now("1abcd Nabc Td =X1");
    assert_eq!((expanded.open_slots, expanded.flags), (2, vec![Flag::OverEnrolment(level(1))]));

    let up_to_six = ThreePlusThree { over_enrolment: OverEnrolment::UpToSix, ..ThreePlusThree::default() };
    assert_eq!(after(Design::ThreePlusThree(up_to_six), "1abcd").conduct().flags, []);
}

#[test]
fn a_patient_at_a_level_never_opened_is_flagged() {
    assert_eq!(now("2a").flags, [Flag::OverEnrolment(level(2))]);
}

#[test]
fn a_late_dlt_brings_the_decision_back_and_a_signed_one_settles_it() {
    let running = "1abc Nabc =E2 2d Ta";
    let review = now(running);
    assert_eq!((review.state, review.current_level, review.open_slots), (State::ReviewRequired, level(2), 0));
    assert_eq!((review.stale[0].was, review.stale[0].would_be), (Action::Escalate, Action::Expand));
    assert_eq!(review.flags, [Flag::LateDlt("a".parse().unwrap())]);

    let reversed = now(&format!("{running} =X1"));
    assert_eq!((reversed.state, reversed.current_level, reversed.open_slots), (State::Enrolling, level(1), 3));
    let confirmed = now(&format!("{running} !E2"));
    assert_eq!((confirmed.state, confirmed.current_level, confirmed.open_slots), (State::Enrolling, level(2), 2));
    let again = now(&format!("{running} !E2 Tb"));
    assert_eq!(again.state, State::ReviewRequired, "a further late DLT was not part of what was confirmed");
    assert_eq!((again.stale[0].decision, again.stale[0].would_be), (2, Action::StopNoMtd));
}

#[test]
fn a_late_dlt_that_leaves_the_action_as_it_was_is_only_a_note() {
    let found = now("1abc Nab Tc =X1 1def Ndef =E2 2g Nc");
    assert_eq!((found.state, found.open_slots), (State::Enrolling, 2));
    assert_eq!(found.flags, [Flag::DltWithdrawn("c".parse().unwrap())]);
    let second = now("1abc Nabc =E2 2def Td Tef =D1 Nd");
    assert_eq!(second.stale, [], "2/3 is as much too toxic as 3/3");
}

#[test]
fn a_decision_is_superseded_by_the_next_one_at_its_level() {
    let filling = now("1abc Nabc =E2 2def Tde Nf =D1 1g Ta");
    assert_eq!((filling.state, filling.open_slots), (State::Enrolling, 2), "the fill counts the late DLT anyway");
    let withdrawn = now("1abc Nab Tc =X1 1d Nc");
    assert_eq!(withdrawn.state, State::ReviewRequired, "0/3 would not have been expanded");
    let second = now("1abc Nab Tc =X1 1d Ta");
    assert_eq!((second.state, said(&second)), (State::SafetyHold, Some((Action::StopNoMtd, 0, 0))));
}

#[test]
fn an_event_opened_again_is_no_review_until_it_is_settled() {
    let open = now("1abc Nabc =E2 2d ?a");
    assert_eq!((open.state, open.open_slots), (State::Enrolling, 2));
    assert_eq!(now("1abc Nabc =E2 2d ?a Ta").state, State::ReviewRequired);
    let questioned = "1abc Nabc =E2 2def Tde Nf =D1 ?e";
    assert_eq!(now(questioned).stale, [], "it may still be a DLT");
    assert_eq!(now(&format!("{questioned} Ne")).stale[0].would_be, Action::Expand);
    assert_eq!(now("1abc Nabc =E2 2d ?ab Tc").state, State::ReviewRequired, "no outcome of a and b gives 0/3 again");
}

#[test]
fn a_late_dlt_at_the_mtd_brings_a_stopped_trial_back_to_review() {
    let stopped = "1abc Nabc =E2 2def Tde Nf =D1 1ghi Nghi =M1";
    let found = now(stopped);
    let mtd = found.mtd.unwrap();
    assert_eq!((found.state, mtd.level), (State::Stopped, level(1)));
    assert_eq!(mtd.basis.to_string(), "0/6 at level 1, level 2 too toxic (2/3)");
    let late = now(&format!("{stopped} Tab"));
    assert_eq!((late.state, late.stale[0].was), (State::ReviewRequired, Action::StopMtd));
    let one = now(&format!("{stopped} Ta"));
    assert_eq!((one.state, one.mtd.unwrap().basis.count.to_string()), (State::Stopped, "1/6".into()));

    let below = "1abc Nab Tc =X1 1def Ndef =E2 2ghi Tgh Ni =M1";
    assert_eq!(now(below).state, State::Stopped);
    let late = now(&format!("{below} Ta"));
    assert_eq!((late.stale[0].decision, late.stale[0].would_be), (2, Action::StopNoMtd), "2/6 at the MTD");
}

#[test]
fn an_override_is_kept_until_its_counts_change() {
    let kept = now("1abc Nabc !X1 1d");
    assert_eq!((kept.state, kept.open_slots), (State::Enrolling, 2));
    let early = now("1abc Nab !E2 2d Nc");
    assert_eq!(early.state, State::Enrolling, "the third patient closed as expected");
    assert_eq!(now("1abc Nab !E2 2d Tc").state, State::ReviewRequired);
    let on = now("1abc Tab Nc !X1");
    assert_eq!((on.state, on.open_slots), (State::Enrolling, 3), "treated on in full knowledge of two DLTs");
    assert_eq!(now("1abc Tab Nc !X1 1de Td").state, State::SafetyHold);
}

#[test]
fn a_decision_that_differs_without_saying_so_brings_review() {
    let mut trial = after(Design::default(), "1abc Tab Nc");
    assert!(!trial.sign(Action::Escalate, Some(level(2)), None, Overrides::FollowsRule), "refused when signed");
    trial.sign(Action::Escalate, Some(level(2)), None, Overrides::Override);
    trial.decisions[0].0.overrides = Overrides::FollowsRule;
    assert_eq!(trial.conduct().state, State::ReviewRequired);
}

#[test]
fn the_mtd_has_both_names() {
    let japanese = Design::ThreePlusThree(ThreePlusThree {
        mtd_convention: MtdConvention::LowestIntolerable,
        ..ThreePlusThree::default()
    });
    let found = after(japanese.clone(), "1abc Nabc =E2 2def Tde Nf =D1 1ghi Nghi =M1").conduct().mtd.unwrap();
    assert_eq!((found.level, found.declared), (level(1), Some(level(2))));
    assert_eq!((found.lowest_intolerable, found.maximum_administered), (Some(level(2)), level(2)));

    let reached = "1abc Nabc =E2 2def Ndef =E3 3ghi Nghi";
    assert_eq!(now(reached).mtd, None, "a recommendation declares nothing");
    let top = after(japanese, &format!("{reached} =M3")).conduct().mtd.unwrap();
    assert_eq!((top.level, top.declared), (level(3), None), "not reached");
    assert_eq!(top.basis.to_string(), "0/3 at level 3, the top planned level");
    let shown = serde_json::to_value(now(&format!("{reached} =M3")).mtd).unwrap();
    assert_eq!((&shown["level"], &shown["declared"]), (&json!(3), &json!(3)));
}

/// Enrols and signs as told, with these outcomes in turn (then none), until the trial stops.
fn run(design: &Design, levels: u8, dlts: &[bool]) -> (Trial, String) {
    let mut trial = Trial::new(design.clone(), levels);
    let mut outcomes = dlts.iter().copied().chain(std::iter::repeat(false));
    let mut notation = String::new();
    for step in 0..1000 {
        let found = trial.conduct();
        match found.state {
            State::Enrolling => {
                notation += &format!(" {}", found.current_level);
                for place in 0..found.open_slots {
                    let dlt = outcomes.next().unwrap();
                    let id = format!("s{step}-{place}");
                    trial.enrol(&id, found.current_level);
                    trial.set(&id, if dlt { Standing::Dlt } else { Standing::Clear });
                    notation.push(if dlt { 'T' } else { 'N' });
                }
            }
            State::DecisionDue => {
                let said = found.recommendation.expect("a decision is due");
                assert!(trial.sign(said.action, said.level, None, Overrides::FollowsRule));
            }
            State::Stopped => return (trial, notation),
            State::Observing | State::SafetyHold | State::ReviewRequired => panic!("{found:?}"),
        }
    }
    panic!("the trial does not end: {notation}");
}

proptest! {
    #[test]
    fn a_trial_that_does_as_told_walks_a_path_of_the_design_to_its_end(
        dlts in prop::collection::vec(any::<bool>(), 0..40), sparse in any::<bool>(),
        levels in 1..=5_u8, six in any::<bool>(), start in 1..=5_u8,
    ) {
        let start_level = level(start.min(levels));
        let design = Design::ThreePlusThree(ThreePlusThree { start_level, mtd_needs_six: six, ..ThreePlusThree::default() });
        let dlts: Vec<bool> = dlts.iter().enumerate().map(|(i, dlt)| *dlt && (!sparse || i % 4 == 0)).collect();
        let (trial, notation) = run(&design, levels, &dlts);
        let read = Outcomes::parse(&notation, levels).unwrap();
        prop_assert_eq!(read.departures(&design), []);
        let end = read.next(&design).unwrap();
        prop_assert!(end.action.stops());
        let found = trial.conduct();
        prop_assert_eq!(found.mtd.map(|mtd| mtd.level), end.level);
        prop_assert_eq!(found.flags, []);
    }

    #[test]
    fn any_conduct_has_a_state_that_agrees_with_itself(
        steps in prop::collection::vec((0..6_u8, 0..12_usize, 1..=3_u8), 0..60),
    ) {
        let mut trial = Trial::new(Design::default(), 3);
        for (verb, subject, at) in steps {
            let id = format!("s{subject}");
            let known = trial.subjects.contains_key(&id.parse::<SubjectId>().unwrap());
            match verb {
                0 if !known => trial.enrol(&id, trial.conduct().current_level),
                1 if known => trial.set(&id, Standing::Clear),
                2 if known => trial.set(&id, Standing::Dlt),
                3 if known => trial.set(&id, Standing::Replaced),
                4 => {
                    if let Some(said) = trial.conduct().recommendation {
                        trial.sign(said.action, said.level, None, Overrides::FollowsRule);
                    }
                }
                5 => {
                    trial.sign(Action::Escalate, Some(level(at)), None, Overrides::Override);
                }
                _ => (),
            }
            let found = trial.conduct();
            let due = matches!(found.state, State::DecisionDue | State::SafetyHold);
            prop_assert_eq!(found.recommendation.is_some(), due);
            prop_assert_eq!(found.open_slots > 0, found.state == State::Enrolling);
            prop_assert_eq!(found.stale.is_empty(), found.state != State::ReviewRequired);
            let here = trial.statuses()[usize::from(found.current_level.get()) - 1];
            prop_assert!(found.open_slots + here.enrolled <= found.places.max(here.enrolled));
            if let Some(level) = found.recommendation.and_then(|said| said.level) {
                prop_assert!(trial.statuses()[usize::from(level.get()) - 1].dlt < 2);
            }
        }
    }
}
