//! What came to be known between two points, put together again: the very state that folding gives, however it was cut.

use crate::histories::{fold, histories};
use chrono::Days;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::convert::Infallible;
use trial_core::{
    admission::{Admission, looks_at_own_subject_alone},
    entry::{Effect, Entry},
    event::EventKind,
    ids::{Seq, SubjectId},
    projection::{Marks, Projection as _, Share, Since, Subject, Trial},
};

/// The differences of a history at some places, each from the one that it goes on from.
fn differences(entries: &[Entry], bases: &[(usize, usize)]) -> Vec<Since> {
    let (mut trial, mut marks) = (Trial::default(), Marks::default());
    let mut made = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        trial.apply(entry);
        marks.see(entry);
        let ends = bases.iter().filter(|(_, end)| *end == place + 1);
        made.extend(ends.map(|(base, _)| trial.since(Seq(*base as u64), &marks)));
    }
    made
}

/// The differences of a history after every so many entries, each reaching back as far as its number has twos, made of
/// earlier ones by whoever keeps no subject's facts; as a head and the shares behind it.
fn joined(entries: &[Entry], every: usize) -> Vec<(Since, Vec<Share>)> {
    let (mut trial, mut marks) = (Trial::default(), Marks::default());
    let mut made: Vec<(Since, Vec<Share>)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        trial.apply(entry);
        marks.see(entry);
        if !(place + 1).is_multiple_of(every) {
            continue;
        }
        let number = made.len() + 1;
        let stretch = trial.stretch(seq(reach(number) * every), seq((number - 1) * every), &marks);
        trial.forget(&stretch);
        marks.begin_stretch();
        forgotten(&trial);
        let between = std::iter::successors(Some(number - 1), |number| Some(reach(*number)));
        let mut between: Vec<usize> = between.take_while(|between| *between > reach(number)).collect();
        between.reverse();
        let read = |number: &usize| {
            let (since, shares) = &made[number - 1];
            (since.from(), shares.iter().map(|share| Ok::<_, Infallible>(read_again(share))))
        };
        let (since, shares) = stretch.join(between.iter().map(read).collect(), 3);
        let shares = shares.map(Result::unwrap).collect();
        made.push((since, shares));
    }
    made
}

/// Nothing is left of subjects but what folding looks back on.
fn forgotten(trial: &Trial) {
    for (id, subject) in trial.subjects.iter() {
        assert_eq!(subject, &Subject { consents: subject.consents.clone(), ..Subject::default() });
        let treated = trial.exposure.of(id).next().is_some() || trial.radiotherapy.of(id).is_some();
        assert!(!treated && trial.response.of(id).is_none() && trial.follow_up.of(id).is_none(), "{id}");
        assert!(trial.safety.of(id).all(|(_, event)| event.reports.is_empty() && event.updates.is_empty()));
    }
}

/// A history whose adverse events are all corrected at its end, to what they say already.
fn corrected(mut entries: Vec<Entry>) -> Vec<Entry> {
    let last = entries.last().unwrap().clone();
    for entry in entries.clone() {
        let (seq, target, event) = (seq(entries.len()), entry.seq, entry.event);
        if event.kind().to_string().starts_with("adverse_event") || event.kind() == EventKind::DltRuled {
            let effect = Effect::Revises { target, event: Box::new(event) };
            entries.push(Entry { seq, effect, recorded_at: last.recorded_at + Days::new(9), ..last.clone() });
        }
    }
    entries
}

/// The number of the difference from which this one goes on.
fn reach(number: usize) -> usize {
    number & number.saturating_sub(1)
}

fn seq(place: usize) -> Seq {
    Seq(place as u64)
}

/// As it would be read from a file: JSON stands for any encoding.
fn read_again<T: Serialize + DeserializeOwned>(written: &T) -> T {
    serde_json::from_str(&serde_json::to_string(written).unwrap()).unwrap()
}

/// The same of a difference, in shares of three subjects.
fn since_again(since: &Since) -> Since {
    read_again(since).with(since.shares(3).map(|share| read_again(&share)))
}

/// What is known of the trial itself, and of this subject.
fn about(trial: &Trial, entries: &[Entry], subject: Option<&SubjectId>) -> Trial {
    let mut marks = Marks::default();
    entries.iter().for_each(|entry| marks.see(entry));
    let since = trial.since(Seq(0), &marks);
    let mut narrow = Trial::default();
    let shares = subject.into_iter().flat_map(|subject| since.shares(3).map(|share| share.only(subject)));
    narrow.advance(read_again(&since).with(shares));
    narrow
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn states_put_together_are_the_state_that_folding_gives(
        history in histories(40..200), places in prop::collection::vec(1_usize..200, 1..6),
    ) {
        let mut ends: Vec<usize> = places.into_iter().map(|place| place.min(history.entries.len())).collect();
        ends.sort_unstable();
        ends.dedup();
        let bases: Vec<(usize, usize)> = std::iter::once(0).chain(ends.iter().copied()).zip(ends.iter().copied()).collect();
        let mut joined = Trial::default();
        let mut marks = Marks::default();
        for (since, end) in differences(&history.entries, &bases).iter().zip(&ends) {
            marks.see_all(since);
            joined.advance(since_again(since));
            prop_assert_eq!(&joined, &fold(&history.entries[..*end]), "after {}", end);
        }
        // Whoever goes on from what was read makes the same differences as whoever saw every entry.
        let whole = joined.cut.entries as usize;
        for base in std::iter::once(0).chain(ends.iter().copied()) {
            let seen = differences(&history.entries[..whole], &[(base, whole)]);
            if let Some(seen) = seen.first() {
                prop_assert_eq!(&joined.since(Seq(base as u64), &marks), seen, "from {}", base);
            }
        }
        history.entries[whole..].iter().for_each(|entry| joined.apply(entry));
        prop_assert_eq!(joined, history.trial);
    }

    #[test]
    fn a_difference_made_of_earlier_ones_is_the_very_one_of_the_whole_trial(
        history in histories(60..250), every in 3_usize..30,
    ) {
        let entries = corrected(history.entries);
        let joined = joined(&entries, every);
        let bases: Vec<(usize, usize)> = (1..=joined.len()).map(|number| (reach(number) * every, number * every)).collect();
        for (number, (whole, (since, shares))) in differences(&entries, &bases).iter().zip(&joined).enumerate() {
            let text = |shares: &[Share]| serde_json::to_string(shares).unwrap();
            prop_assert_eq!(serde_json::to_string(since).unwrap(), serde_json::to_string(whole).unwrap());
            prop_assert_eq!(text(shares), text(&whole.shares(3).collect::<Vec<_>>()), "{} of {}", number + 1, every);
        }
    }

    #[test]
    fn differences_put_together_at_once_subjects_cut_anywhere_are_the_state_that_folding_gives(
        history in histories(60..250), every in 3_usize..30, cuts in prop::collection::btree_set(0_usize..12, 0..4),
    ) {
        let entries = corrected(history.entries);
        let parts: Vec<(usize, usize)> = (0..entries.len()).step_by(every).map(|at| (at, entries.len().min(at + every))).collect();
        let differences = differences(&entries, &parts);
        let whole = fold(&entries);
        let known: Vec<SubjectId> = whole.subjects.iter().map(|(id, _)| id.clone()).collect();
        let cuts: Vec<&SubjectId> = cuts.iter().filter_map(|place| known.get(*place)).collect();
        let ends = |from: Option<&SubjectId>, to: Option<&SubjectId>| -> Vec<Share> {
            let shares = |since: &Since| -> Vec<Result<Share, ()>> {
                since.shares(3).map(|share| Ok(read_again(&share).between(from, to))).collect()
            };
            Since::joined(differences.iter().map(|since| (since, shares(since).into_iter())), 2).map(Result::unwrap).collect()
        };
        let from = [None].into_iter().chain(cuts.iter().copied().map(Some));
        let to = cuts.iter().copied().map(Some).chain([None]);
        let told: Vec<Share> = from.zip(to).flat_map(|(from, to)| ends(from, to)).collect();
        prop_assert_eq!(Trial::of(differences.iter().map(read_again), told), whole);
    }

    #[test]
    fn what_looks_at_its_own_subject_is_admitted_without_the_facts_of_others(history in histories(60..200)) {
        let whole = fold(&history.entries);
        for entry in &history.entries {
            if !looks_at_own_subject_alone(entry.event.kind()) {
                continue;
            }
            // Every event once more at the end: most contradict what is known by then.
            let narrow = about(&whole, &history.entries, entry.event.subject());
            for today in [history.today, entry.recorded_at.date_naive()] {
                let verdict = |trial| Admission { trial, today, reason: entry.reason.as_ref() }.check(&entry.event);
                let (expected, found) = (verdict(&whole), verdict(&narrow));
                match expected {
                    Err(refusal) if refusal.message.contains("is not known") => prop_assert!(found.is_err()),
                    _ => prop_assert_eq!(found, expected, "{}", entry.event.to_value()),
                }
            }
        }
    }
}
