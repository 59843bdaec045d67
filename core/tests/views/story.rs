//! A story: an invented trial, one event after the other, folded as a reader folds a log. Nothing is signed here.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trial_core::{
    dictionary::{TermEntry, digest},
    entry::{Effect, Entry, Meaning, Role, Signer},
    event::Event,
    ids::{Hash, Key, Seq, SubjectId},
    projection::{Projection as _, Trial},
    protocol::Protocol,
    text::Text,
    view::replay::{Reading, Replay},
};

const PROTOCOL: &str = include_str!("../../../schemas/examples/protocols/axitinib-rt.json");
const TERMS: &str = include_str!("../../../schemas/dictionaries/ctcae-4.0-short.json");

pub struct Story {
    pub trial: Trial,
    next: u64,
    reason: Option<Text>,
    /// Whom each entry is about.
    subjects: BTreeMap<Seq, SubjectId>,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// The example protocol with some members changed.
pub fn protocol(change: impl FnOnce(&mut Value)) -> Value {
    let mut protocol: Value = serde_json::from_str(PROTOCOL).unwrap();
    change(&mut protocol);
    let read: Protocol = serde_json::from_value(protocol.clone()).unwrap();
    assert_eq!(read.faults(), Vec::<String>::new());
    protocol
}

pub fn dictionary(name: &str) -> Value {
    let terms: Vec<TermEntry> = serde_json::from_str(TERMS).unwrap();
    json!({
        "type": "dictionary_adopted", "dictionary": name, "sha256": digest(&terms), "part": 1, "parts": 1, "terms": terms
    })
}

impl Story {
    /// A trial that is open under the example protocol with some members changed.
    pub fn under(change: impl FnOnce(&mut Value)) -> Story {
        let mut story = Story { trial: Trial::default(), next: 0, reason: None, subjects: BTreeMap::new() };
        let opened = json!({
            "type": "trial_opened", "trial": "MADE-UP", "title": "An invented trial", "zone": "Asia/Taipei",
            "origin": "sponsor.example/made-up", "clock": "simulated", "data": "synthetic"
        });
        for event in [opened, json!({ "type": "protocol_activated", "protocol": protocol(change) })] {
            story.recorded("2019-12-01T00:00:00Z", event);
        }
        story.recorded(
            "2019-12-01T00:00:00Z",
            json!({ "type": "site_activated", "site": "S1", "name": "An invented site" }),
        );
        story.recorded("2019-12-01T00:00:00Z", dictionary("CTCAE-4.0"));
        story
    }

    pub fn new() -> Story {
        Story::under(|_| {})
    }

    /// Records an event at an instant.
    pub fn recorded(&mut self, at: &str, event: Value) -> Seq {
        let event = read(event);
        self.apply(at, event, Effect::States)
    }

    /// The reason of the next entry.
    pub fn because(&mut self, reason: &str) -> &mut Story {
        self.reason = Some(reason.parse().unwrap());
        self
    }

    /// Records an event on the day that it occurred.
    pub fn say(&mut self, event: Value) -> Seq {
        let on = event["occurred_at"].as_str().map_or("2020-01-01", |at| &at[..10]).to_owned();
        self.recorded(&format!("{on}T12:00:00Z"), event)
    }

    /// Gives an entry another event.
    pub fn revise(&mut self, at: &str, target: Seq, event: Value) -> Seq {
        let revised = Box::new(read(event));
        let correction =
            json!({ "type": "entry_corrected", "target": target, "field": "/x", "old": null, "new": null });
        self.apply(at, read(correction), Effect::Revises { target, event: revised })
    }

    /// Takes an entry back.
    pub fn void(&mut self, at: &str, target: Seq) -> Seq {
        let subject = self.subjects.get(&target).cloned();
        self.apply(at, read(json!({ "type": "entry_voided", "target": target })), Effect::Voids { target, subject })
    }

    fn apply(&mut self, at: &str, event: Event, effect: Effect) -> Seq {
        let seq = Seq(self.next);
        self.next += 1;
        self.subjects.extend(event.subject().map(|subject| (seq, subject.clone())));
        let signer = Signer {
            key: Key([0; 32]),
            meaning: Meaning::Authorship,
            name: "Ada Example".parse().unwrap(),
            organisation: "Example".parse().unwrap(),
            role: Role::Investigator,
            site: None,
        };
        let recorded_at = instant(at);
        let (countersigners, reason, hash) = (Vec::new(), self.reason.take(), Hash::ZERO);
        self.trial.apply(&Entry { seq, hash, recorded_at, signer, countersigners, event, reason, effect });
        seq
    }

    pub fn consent(&mut self, subject: &str, on: &str, form: &str) -> Seq {
        self.say(json!({ "type": "consent_given", "subject": subject, "site": "S1", "occurred_at": on, "form": form }))
    }

    /// A subject who consented and was enrolled at level 1 on the last days of 2019.
    pub fn enrol(&mut self, subject: &str) {
        self.consent(subject, "2019-12-20", "v1");
        self.say(
            json!({ "type": "subject_screened", "subject": subject, "occurred_at": "2019-12-21", "baseline": {} }),
        );
        self.say(json!({ "type": "subject_enrolled", "subject": subject, "occurred_at": "2019-12-30", "level": 1 }));
    }

    pub fn dose(&mut self, subject: &str, at: &str, milligrams: &str) -> Seq {
        let dose = json!({ "value": milligrams, "unit": "mg" });
        self.say(
            json!({ "type": "dose_taken", "subject": subject, "agent": "axitinib", "occurred_at": at, "dose": dose }),
        )
    }

    /// Two intakes of 1 mg on each of some days from 1 January 2020.
    pub fn doses(&mut self, subject: &str, days: u64) {
        for n in 0..days {
            let on = day("2020-01-01") + Days::new(n);
            for hour in ["08", "20"] {
                self.dose(subject, &format!("{on}T{hour}:00:00+08:00"), "1");
            }
        }
    }

    pub fn plan(&mut self, subject: &str, gray: &str, fractions: u8, liver: &str) -> Seq {
        self.say(json!({
            "type": "radiotherapy_planned", "subject": subject, "plan": "P1", "occurred_at": "2019-12-30",
            "prescription": { "value": gray, "unit": "Gy" }, "fractions": fractions,
            "mean_doses": { "liver": { "value": liver, "unit": "Gy" } }, "machine": "LINAC-1"
        }))
    }

    pub fn fraction(&mut self, subject: &str, number: usize, on: NaiveDate, gray: &str) -> Seq {
        self.say(json!({
            "type": "fraction_delivered", "subject": subject, "plan": "P1", "number": number, "occurred_at": on,
            "dose": { "value": gray, "unit": "Gy" }
        }))
    }

    /// So many fractions of 3 Gy on the weekdays from a day.
    pub fn fractions(&mut self, subject: &str, from: &str, count: usize) {
        for (n, on) in weekdays(day(from)).take(count).enumerate() {
            self.fraction(subject, n + 1, on, "3");
        }
    }

    /// Treated as planned from 1 January 2020: 56 days of drug, 15 fractions.
    pub fn treat(&mut self, subject: &str) {
        self.enrol(subject);
        self.plan(subject, "45", 15, "17");
        self.doses(subject, 56);
        self.fractions(subject, "2020-01-01", 15);
    }

    /// An assessment with one target; a dash is not assessed.
    pub fn assess(&mut self, subject: &str, on: &str, mm: &str) -> Seq {
        let mut target = json!({ "lesion": "T1", "site": "liver", "in_field": true });
        match mm {
            "-" => target["state"] = json!("not_assessed"),
            mm => target["diameter"] = json!({ "value": mm, "unit": "mm" }),
        }
        self.say(json!({
            "type": "tumour_assessed", "subject": subject, "occurred_at": on, "method": "CT", "targets": [target]
        }))
    }

    pub fn die(&mut self, subject: &str, on: &str, cause: &str) -> Seq {
        self.say(json!({
            "type": "death_recorded", "subject": subject, "occurred_at": on, "cause": cause, "relation": "unrelated"
        }))
    }

    /// Every view at noon (UTC) of a day.
    pub fn on(&self, text: &str) -> Replay {
        let noon = day(text).and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()).and_utc();
        Replay::read(&self.trial, Reading { day: day(text), instant: noon, as_of: None, cutoff: None })
    }
}

pub fn weekdays(from: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    use chrono::{Datelike as _, Weekday};
    from.iter_days().filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

pub fn read(mut event: Value) -> Event {
    event["version"] = json!(1);
    Event::from_value(event.clone()).unwrap_or_else(|e| panic!("{e}: {event}"))
}
