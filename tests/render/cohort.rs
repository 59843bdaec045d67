//! The synthetic cohort read through the real projections, from the shipped drafts with made-up signatures and hashes.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::{collections::BTreeMap, sync::LazyLock};
use trial_cli::{
    demo::{Actor, Demo},
    draft::{Draft, Standing},
};
use trial_core::{
    entry::{Effect, Entry, Meaning, Signer},
    event::Event,
    ids::{Hash, Key, Seq},
    projection::{Projection, Trial},
    protocol::Protocol,
    text::Text,
    view::{
        escalation::Escalation,
        replay::{Reading, Replay},
        status::Status,
    },
};

/// Every entry of the demonstration, in order.
pub static LOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let demo = Demo::shipped().unwrap();
    let mut log = Log { demo: &demo, entries: Vec::new(), trial: Trial::default(), current: BTreeMap::new() };
    log.record("sponsor", demo.opens_at, Event::from(demo.opened.clone()), None);
    for event in demo.opening_events(std::iter::empty()).unwrap() {
        log.record("sponsor", demo.opens_at, Event::from_value(event).unwrap(), None);
    }
    let before = log.entries.len() as u64;
    for (line, text) in demo.drafts.lines().enumerate() {
        log.draft(&Draft::parse(line + 1, text.as_bytes()).unwrap(), before);
    }
    log.entries
});

struct Log<'a> {
    demo: &'a Demo,
    entries: Vec<Entry>,
    trial: Trial,
    current: BTreeMap<Seq, Event>,
}

impl Log<'_> {
    /// Records a draft; the first line of the drafts is the entry after `before` others.
    fn draft(&mut self, draft: &Draft, before: u64) {
        let at = draft.recorded_at.unwrap();
        let standing = Standing {
            target: draft.target_line.map(|line| Seq(before + line as u64 - 1)),
            entries: self.trial.cut.entries,
            head: self.trial.cut.head.unwrap(),
            levels: Escalation::counts(&self.trial, at.date_naive()),
        };
        let event = draft.complete(&standing).unwrap();
        self.record(draft.by.as_deref().unwrap(), at, event, draft.reason.clone());
    }

    fn record(&mut self, by: &str, at: DateTime<FixedOffset>, event: Event, reason: Option<Text>) {
        let seq = Seq(self.entries.len() as u64);
        let effect = match &event {
            Event::EntryCorrected(correction) => {
                let corrected = correction.apply_to(&self.current[&correction.target]).unwrap();
                self.current.insert(correction.target, corrected.clone());
                Effect::Revises { target: correction.target, event: Box::new(corrected) }
            }
            Event::EntryVoided(voided) => {
                let subject = self.current[&voided.target].subject().cloned();
                Effect::Voids { target: voided.target, subject }
            }
            _ => Effect::States,
        };
        self.current.insert(seq, event.clone());
        let actor = self.demo.actors.iter().find(|actor| actor.alias == by).unwrap();
        let entry = Entry {
            seq,
            hash: made_up(seq),
            recorded_at: at.to_utc(),
            signer: signer(actor),
            countersigners: Vec::new(),
            event,
            reason,
            effect,
        };
        self.trial.apply(&entry);
        self.entries.push(entry);
    }
}

/// A hash that differs from entry to entry.
fn made_up(seq: Seq) -> Hash {
    let spread = (seq.0 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    Hash(std::array::from_fn(|i| spread[i % 8]))
}

fn signer(actor: &Actor) -> Signer {
    Signer {
        key: Key([1; 32]),
        meaning: Meaning::Authorship,
        name: actor.name.clone(),
        organisation: actor.organisation.clone(),
        role: actor.role,
        site: actor.site.clone(),
    }
}

/// The trial as it was known at the end of a day in Taipei.
pub fn known_on(day: &str) -> (Replay, Protocol) {
    let (trial, reading) = trial_on(LOG.iter().cloned(), day);
    (Replay::read(&trial, reading), trial.conduct.protocol().unwrap().clone())
}

/// Where the trial stood by any log at the end of a day.
pub fn stood_on(entries: impl Iterator<Item = Entry>, day: &str) -> (Status, Protocol) {
    let (trial, reading) = trial_on(entries, day);
    (Status::read(&trial, reading), trial.conduct.protocol().unwrap().clone())
}

/// What any log says of the trial at the end of a day in Taipei.
pub fn trial_on(entries: impl Iterator<Item = Entry>, day: &str) -> (Trial, Reading) {
    let day: NaiveDate = day.parse().unwrap();
    let taipei = FixedOffset::east_opt(8 * 3600).unwrap();
    let midnight = day.succ_opt().unwrap().and_time(NaiveTime::MIN).and_local_timezone(taipei).unwrap();
    let as_of: DateTime<Utc> = midnight.to_utc() - TimeDelta::milliseconds(1);
    let mut trial = Trial::default();
    entries.filter(|entry| entry.recorded_at <= as_of).for_each(|entry| trial.apply(&entry));
    (trial, Reading { day, instant: as_of, as_of: Some(as_of), cutoff: None })
}
