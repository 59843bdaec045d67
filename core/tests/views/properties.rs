//! Properties of every history that can have happened: how it is read does not change what it says.

use crate::histories::{History, fold, histories, numbers, on};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use trial_core::{
    entry::{Effect, Entry},
    escalation::{Action, State},
    ids::Seq,
    projection::{Projection as _, Trial},
    view::{
        escalation::Escalation,
        replay::Replay,
        why::{self, Narrow},
    },
};

/// Some hundred entries a case: PROPTEST_CASES asks for more of them.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    ProptestConfig { cases, max_shrink_iters: 120, failure_persistence: None, ..ProptestConfig::default() }
}

/// Days on which a history is read: its last, and when every window has closed.
fn days(history: &History) -> [NaiveDate; 2] {
    [history.today, history.today + Days::new(400)]
}

fn next(now: &Escalation) -> Result<(), TestCaseError> {
    let Some(said) = &now.recommendation else { return Ok(()) };
    let planned = |level: u8| (1..=now.levels.len()).contains(&usize::from(level));
    let here = now.current_level.get();
    if let Some(level) = said.level {
        prop_assert!(planned(level.get()), "{said:?}");
        let row = &now.levels[usize::from(level.get()) - 1];
        prop_assert!(!row.excluded, "an excluded level is recommended: {said:?} {row:?}");
    }
    let level = said.level.map(|l| l.get());
    let consistent = match said.action {
        Action::Start => level.is_some() && said.add > 0,
        Action::Escalate => level == Some(here + 1) && said.add > 0,
        Action::Expand | Action::FillTop => level == Some(here) && said.add > 0,
        Action::DeEscalate => level.is_some_and(|l| l < here) && said.add > 0,
        Action::StopMtd => level.is_some_and(|l| l <= here) && said.add == 0,
        Action::StopNoMtd => level.is_none() && said.add == 0,
    };
    prop_assert!(consistent, "{said:?} at level {here}");
    prop_assert!(
        matches!(now.state, State::DecisionDue | State::SafetyHold | State::Observing | State::Enrolling),
        "{now:?}"
    );
    Ok(())
}

/// A value without the places of entries, which differ when only the order does.
fn without_places(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !matches!(name.as_str(), "seq" | "entries" | "follows"));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_places(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_places).collect()),
        other => other.clone(),
    }
}

/// Whom an entry is about; an amendment is about the subject of what it amends.
fn about(entry: &Entry, entries: &[Entry]) -> String {
    let target = match &entry.effect {
        Effect::Revises { target, .. } | Effect::Voids { target, .. } => &entries[target.0 as usize].event,
        Effect::States | Effect::Withheld => &entry.event,
    };
    target.subject().map_or_else(String::new, |subject| subject.to_string())
}

/// The same entries with those of different subjects in another order; each subject's own keep theirs.
fn shuffled(entries: &[Entry], draws: &[u8]) -> Vec<Entry> {
    const OPENING: usize = 4;
    let mut queues: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate().skip(OPENING) {
        queues.entry(about(entry, entries)).or_default().push(place);
    }
    let mut queues: Vec<_> = queues.into_values().map(|queue| queue.into_iter().peekable()).collect();
    let mut order: Vec<usize> = (0..entries.len().min(OPENING)).collect();
    for draw in draws.iter().cycle() {
        queues.retain_mut(|queue| queue.peek().is_some());
        if queues.is_empty() {
            break;
        }
        let chosen = usize::from(*draw) % queues.len();
        order.extend(queues[chosen].next());
    }
    let place: BTreeMap<usize, Seq> = order.iter().enumerate().map(|(new, old)| (*old, Seq(new as u64))).collect();
    let moved = |old: &usize| {
        let mut entry = entries[*old].clone();
        entry.seq = place[old];
        if let Effect::Revises { target, .. } | Effect::Voids { target, .. } = &mut entry.effect {
            *target = place[&(target.0 as usize)];
        }
        entry
    };
    order.iter().map(moved).collect()
}

/// Fails at the first part of two replays that is not the same.
fn same(is: &Value, expected: &Value, what: &str) -> Result<(), TestCaseError> {
    for (part, found) in is.as_object().unwrap() {
        prop_assert_eq!(found, &expected[part], "{}, {}", part, what);
    }
    Ok(())
}

/// What entry amends which, for each that is voided and not stated anew.
fn voided(entries: &[Entry]) -> Vec<(Seq, Seq)> {
    let voids = entries.iter().filter_map(|entry| match entry.effect {
        Effect::Voids { target, .. } => Some((target, entry.seq)),
        Effect::States | Effect::Revises { .. } | Effect::Withheld => None,
    });
    voids.collect()
}

fn amends(entry: &Entry) -> Option<Seq> {
    match entry.effect {
        Effect::Revises { target, .. } | Effect::Voids { target, .. } => Some(target),
        Effect::States | Effect::Withheld => None,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_log_read_in_two_parts_is_the_log_read_at_once(history in histories(10..160), at in any::<prop::sample::Index>()) {
        let cut = at.index(history.entries.len() + 1);
        let mut parts = fold(&history.entries[..cut]);
        numbers(&parts, history.today);
        history.entries[cut..].iter().for_each(|entry| parts.apply(entry));
        prop_assert_eq!(&parts, &fold(&history.entries));
        prop_assert_eq!(&parts, &history.trial);
    }

    #[test]
    fn the_order_of_independent_subjects_moves_no_number(history in histories(10..160), draws in prop::collection::vec(any::<u8>(), 1..40)) {
        let other = shuffled(&history.entries, &draws);
        prop_assert_eq!(other.len(), history.entries.len());
        let other = fold(&other);
        for day in days(&history) {
            let (was, is) = (numbers(&history.trial, day), numbers(&other, day));
            for part in ["baseline", "toxicity", "serious", "exposure", "radiotherapy", "response", "survival", "association", "analysis_sets", "subjects"] {
                prop_assert_eq!(without_places(&was[part]), without_places(&is[part]), "{}", part);
            }
            prop_assert_eq!(&was["escalation"]["levels"], &is["escalation"]["levels"]);
        }
    }

    #[test]
    fn no_history_stops_a_view_and_what_is_recommended_is_one_of_the_actions_of_the_rule(history in histories(10..200)) {
        for day in days(&history) {
            let replay = Replay::read(&history.trial, on(day));
            let all = serde_json::to_value(&replay).unwrap();
            next(replay.escalation.as_ref().unwrap())?;
            for part in why::parts() {
                let why = why::why(&history.trial, on(day), part, &Narrow::default()).unwrap();
                prop_assert!(why.entries.iter().all(|seq| seq.0 < history.trial.cut.entries), "{} of {}", part, all);
            }
        }
        let mut trial = Trial::default();
        for entry in &history.entries {
            trial.apply(entry);
            let now = Escalation::read(&trial, entry.recorded_at.date_naive());
            now.as_ref().map_or(Ok(()), next)?;
        }
    }

    #[test]
    fn no_cutoff_stops_a_view(history in histories(10..160), back in 0_u64..400) {
        let last = history.today - Days::new(back);
        let mut trial = Trial::default();
        history.entries.iter().for_each(|entry| trial.apply(&entry.clone().cut(last)));
        numbers(&trial, last);
    }

    #[test]
    fn a_voided_entry_leaves_no_trace_in_numbers_and_every_trace_in_the_record(
        history in histories(20..120), picks in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        let mut history = history;
        for pick in picks {
            history.take_back(Seq(pick.index(history.entries.len()) as u64));
        }
        for (target, by) in voided(&history.entries) {
            prop_assert!(history.trial.cut.amended[&target].contains(&by));
            let never = history.entries.iter().filter(|e| e.seq != target && amends(e) != Some(target));
            let never = fold(never);
            // Nothing is kept of it but that it was amended.
            prop_assert_eq!(&history.trial, &Trial { cut: history.trial.cut.clone(), ..never.clone() });
            for day in days(&history) {
                same(&numbers(&history.trial, day), &numbers(&never, day), &format!("{target} voided by {by}"))?;
                for part in why::parts() {
                    let why = why::why(&history.trial, on(day), part, &Narrow::default()).unwrap();
                    prop_assert!(!why.entries.contains(&target), "{} rests on {}", part, target);
                }
            }
        }
    }

    #[test]
    fn a_corrected_entry_counts_as_if_it_had_been_right_at_once(history in histories(40..200)) {
        let mut right: Vec<Entry> = history.entries.clone();
        for entry in &history.entries {
            if let Effect::Revises { target, event } = &entry.effect {
                right[target.0 as usize].event = (**event).clone();
            }
        }
        let right = fold(right.iter().filter(|e| !matches!(e.effect, Effect::Revises { .. })));
        for day in days(&history) {
            let (mut is, mut at_once) = (numbers(&history.trial, day), numbers(&right, day));
            // An entry is as late as it was, whatever it is corrected to.
            for all in [&mut is, &mut at_once] {
                let found = all["deviations"].as_array_mut().unwrap();
                found.retain(|deviation| deviation["rule"] != "late_entry");
            }
            same(&is, &at_once, "corrected")?;
        }
    }
}

#[test]
fn the_histories_are_worth_reading() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..60 {
        let history = histories(100..200).new_tree(&mut runner).unwrap().current();
        for entry in &history.entries {
            *seen.entry(entry.event.kind().to_string()).or_default() += 1;
        }
        let now = Escalation::read(&history.trial, history.today + Days::new(400)).unwrap();
        *seen.entry(format!("state {:?}", now.state)).or_default() += 1;
        *seen.entry(format!("evaluable {}", now.levels.iter().any(|l| l.evaluable > 2))).or_default() += 1;
        *seen.entry(format!("recommendation {:?}", now.recommendation.map(|r| r.action))).or_default() += 1;
    }
    for wanted in [
        "entry_voided",
        "entry_corrected",
        "escalation_decided",
        "adverse_event_updated",
        "dlt_ruled",
        "death_recorded",
        "evaluable true",
    ] {
        assert!(seen.get(wanted).is_some_and(|n| *n > 20), "{wanted}: {seen:#?}");
    }
}
