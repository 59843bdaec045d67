//! Histories: random ones that can have happened. Each step proposes an event, and admission decides whether it enters,
//! as it does for a real log; so a history has what real ones have, departures from the protocol too.
//!
//! Promises that the same steps give the same history. The doses and fractions planned are few, so that subjects become
//! evaluable within a history of some hundred entries.

use crate::story;
use chrono::{Days, NaiveDate, NaiveTime};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trial_core::{
    admission::Admission,
    entry::{Effect, Entry, Meaning, Role, Signer},
    escalation::{
        Design,
        generate::{IntervalDesign, Wanted, table},
    },
    event::{EntryCorrected, Event},
    ids::{Hash, Key, Seq},
    projection::{Projection as _, Trial},
    view::{
        escalation::Escalation,
        replay::{Reading, Replay},
    },
};

/// What happens next, to whom, and two numbers that say how.
pub type Step = (u8, u8, u8, u8);

/// A log that can have happened, with what is known at its end.
pub struct History {
    pub entries: Vec<Entry>,
    pub trial: Trial,
    pub today: NaiveDate,
    stated: BTreeMap<Seq, Event>,
}

const TERMS: &[&str] =
    &["Nausea", "Diarrhea", "Hypertension", "Anemia", "Fatigue", "Platelet count decreased", "Colitis"];
const RELATIONS: &[&str] = &["unrelated", "unlikely", "possible", "probable", "definite"];

/// Designs under which histories are made.
pub fn designs() -> Vec<Value> {
    let three = |change: &dyn Fn(&mut Value)| {
        let mut design = story::protocol(|_| {})["design"].clone();
        change(&mut design);
        design
    };
    let (target, half_width) = ("0.30".parse().unwrap(), "0.05".parse().unwrap());
    let wanted = Wanted { target, half_width, cohort_size: 2, max_at_level: 6, max_subjects: 12 };
    vec![
        three(&|_| {}),
        three(&|d| d["mtd_needs_six"] = json!(true)),
        three(&|d| {
            d["start_level"] = json!(2);
            d["over_enrolment"] = json!("up_to_six");
        }),
        three(&|d| {
            d["de_escalation"] = json!("none");
            d["gate_anchor"] = json!("first_dose");
        }),
        json!({ "kind": "rolling_six", "start_level": 1, "gate_months": 1 }),
        json!(Design::DecisionTable(table(IntervalDesign::Boin, &wanted).unwrap())),
    ]
}

/// Histories of some length under any of the designs.
pub fn histories(steps: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    let step = (0_u8..33, 0_u8..8, any::<u8>(), any::<u8>());
    (0..designs().len(), prop::collection::vec(step, steps)).prop_map(|(design, steps)| {
        let mut history = History::under(&designs()[design]);
        steps.into_iter().for_each(|step| history.step(step));
        history
    })
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for entry in self.entries.iter().skip(4) {
            writeln!(f, "{} {} {}", entry.seq, entry.recorded_at.date_naive(), entry.event.to_value())?;
        }
        Ok(())
    }
}

/// Folds entries.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Trial {
    let mut trial = Trial::default();
    entries.into_iter().for_each(|entry| trial.apply(entry));
    trial
}

/// Every view on a day, as JSON, without the cut that it rests on.
pub fn numbers(trial: &Trial, day: NaiveDate) -> Value {
    let mut all = serde_json::to_value(Replay::read(trial, on(day))).unwrap();
    all["cut"] = Value::Null;
    all
}

pub fn on(day: NaiveDate) -> Reading {
    let instant = day.and_time(NaiveTime::from_hms_opt(23, 0, 0).unwrap()).and_utc();
    Reading { day, instant, as_of: None, cutoff: None }
}

impl History {
    fn under(design: &Value) -> History {
        let (trial, today) = (Trial::default(), story::day("2019-12-01"));
        let mut history = History { entries: Vec::new(), trial, today, stated: BTreeMap::new() };
        let short = |protocol: &mut Value| {
            protocol["design"] = design.clone();
            protocol["treatment"]["agents"][0]["days"] = json!(2);
            protocol["treatment"]["radiotherapy"]["fractions"] = json!(2);
            protocol["treatment"]["radiotherapy"]["overall_days"] = json!(2);
            protocol["consent_form"] = json!("v1");
        };
        let opened = json!({
            "type": "trial_opened", "trial": "MADE-UP", "title": "An invented trial", "zone": "Asia/Taipei",
            "origin": "sponsor.example/made-up", "clock": "simulated", "data": "synthetic"
        });
        let opening = [
            opened,
            json!({ "type": "protocol_activated", "protocol": story::protocol(short) }),
            json!({ "type": "site_activated", "site": "S1", "name": "An invented site" }),
            story::dictionary("CTCAE-4.0"),
        ];
        for event in opening {
            history.enter(story::read(event), Effect::States);
        }
        history
    }

    fn enter(&mut self, event: Event, effect: Effect) {
        let seq = Seq(self.entries.len() as u64);
        match &effect {
            Effect::States => self.stated.insert(seq, event.clone()),
            Effect::Revises { target, event } => self.stated.insert(*target, (**event).clone()),
            Effect::Voids { target, .. } => self.stated.remove(target),
            Effect::Withheld => None,
        };
        let signer = Signer {
            key: Key([0; 32]),
            meaning: Meaning::Authorship,
            name: "Ada Example".parse().unwrap(),
            organisation: "Example".parse().unwrap(),
            role: Role::Investigator,
            site: None,
        };
        let recorded_at = self.today.and_hms_opt(12, 0, 0).unwrap().and_utc();
        let reason = Some("invented".parse().unwrap());
        let mut hash = Hash::ZERO;
        hash.0[..8].copy_from_slice(&seq.0.to_be_bytes());
        let entry = Entry { seq, hash, recorded_at, signer, countersigners: Vec::new(), event, reason, effect };
        self.trial.apply(&entry);
        self.entries.push(entry);
    }

    /// Enters an event that can have happened; any other leaves no trace.
    fn say(&mut self, event: Value) {
        let event = story::read(event);
        let reason = "invented".parse().unwrap();
        let admission = Admission { trial: &self.trial, today: self.today, reason: Some(&reason) };
        if admission.check(&event).is_ok() {
            self.enter(event, Effect::States);
        }
    }

    fn back(&self, days: u8) -> NaiveDate {
        self.today - Days::new(u64::from(days % 4))
    }

    fn step(&mut self, (kind, who, a, b): Step) {
        let subject = format!("A-{who}");
        let at = self.back(b);
        let about = |kind: &str, more: Value| {
            let mut event = json!({ "type": kind, "subject": subject, "occurred_at": at });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event
        };
        match kind {
            0..=2 => self.arrive(&subject, a, b),
            3 => self.treat(&subject, a),
            4 => self.say(about("dose_taken", json!({ "agent": "axitinib", "dose": mg(a) }))),
            5 => self.say(about("dose_missed", json!({ "agent": "axitinib", "cause": "forgotten" }))),
            6 => {
                let change = ["interrupted", "resumed", "reduced", "stopped", "completed"][usize::from(a % 5)];
                let mut event =
                    about("dosing_changed", json!({ "agent": "axitinib", "change": change, "cause": "adverse_event" }));
                if change == "reduced" {
                    event["dose"] = json!({ "value": "0.5", "unit": "mg" });
                }
                self.say(event);
            }
            7 => self.say(about("fraction_delivered", json!({ "plan": "P1", "number": 1 + a % 4, "dose": gray(b) }))),
            8 => self.say(about("fraction_missed", json!({ "plan": "P1", "cause": "machine" }))),
            9..=11 => {
                self.say(adverse_event(about("adverse_event_reported", json!({ "ae": format!("AE{}", b % 2) })), a, b))
            }
            12 | 13 => {
                let mut event = about("adverse_event_updated", json!({ "ae": format!("AE{}", a % 2) }));
                match b % 5 {
                    0 => event["grade"] = json!(1 + a % 5),
                    1 => event["attribution"] = json!({ "axitinib": word(RELATIONS, a) }),
                    2 => event["controlled"] = json!(a.is_multiple_of(2)),
                    3 => event["serious"] = json!(a.is_multiple_of(2)),
                    _ => event["outcome"] = json!(word(&["recovered", "fatal", "unknown"], a)),
                }
                self.say(event);
            }
            14 => {
                let aware = self.back(a);
                let more = json!({ "ae": format!("AE{}", a % 2), "aware_at": aware, "criteria": ["hospitalisation"] });
                self.say(about("serious_event_reported", more));
            }
            15 => {
                let ruling = if a.is_multiple_of(2) { "dlt" } else { "not_dlt" };
                self.say(
                    json!({ "type": "dlt_ruled", "subject": subject, "ae": format!("AE{}", b % 2), "ruling": ruling }),
                );
            }
            16 if a.is_multiple_of(4) => {
                self.say(about("death_recorded", json!({ "cause": "disease", "relation": "unrelated" })))
            }
            17 | 18 => self.say(about("tumour_assessed", assessment(a, b))),
            19 => self.say(about("progression_recorded", json!({ "basis": "clinical" }))),
            16 | 20 => self.say(about("followed_up", json!({ "status": "alive" }))),
            21 => {
                let value = json!({ "test": "AFP", "value": a.to_string(), "unit": "ng/mL" });
                self.say(about("laboratory_measured", value));
            }
            22 | 23 => self.decide(None),
            24 if a.is_multiple_of(4) => self.decide(Some((b, a / 4))),
            24 => self.decide(None),
            25 => {
                let more = json!({ "category": "other", "important": a.is_multiple_of(2), "description": "invented" });
                self.say(about("deviation_recorded", more));
            }
            26 => {
                let ruling = if a.is_multiple_of(2) { "not_evaluable" } else { "evaluable" };
                self.say(json!({ "type": "evaluability_ruled", "subject": subject, "ruling": ruling }));
            }
            27 if a.is_multiple_of(3) => {
                let from = ["treatment", "consent"][usize::from(b % 2)];
                self.say(about("subject_withdrawn", json!({ "from": from })));
            }
            28 => self.correct(a, b),
            29 => self.void(a, b),
            _ => self.today = self.today + Days::new(u64::from(a)),
        }
    }

    /// Consent, screening and a place at the level that is open; sometimes a departure from one of them.
    fn arrive(&mut self, subject: &str, a: u8, b: u8) {
        let on = self.back(b);
        let form = if a.is_multiple_of(8) { "v0" } else { "v1" };
        self.say(json!({ "type": "consent_given", "subject": subject, "site": "S1", "occurred_at": on, "form": form }));
        let sex = if b.is_multiple_of(2) { "male" } else { "female" };
        let baseline = json!({ "sex": sex, "child_pugh": word(&["5", "7"], a), "age": { "value": b.to_string(), "unit": "years" } });
        let mut screened =
            json!({ "type": "subject_screened", "subject": subject, "occurred_at": on, "baseline": baseline });
        if a % 16 == 1 {
            screened["criteria_not_met"] = json!(["proteinuria"]);
        }
        self.say(screened);
        if a % 16 == 2 {
            self.say(json!({ "type": "screen_failed", "subject": subject, "occurred_at": on, "criteria_not_met": ["proteinuria"] }));
            return;
        }
        let day = on - Days::new(u64::from(a % 3));
        self.say(json!({
            "type": "tumour_assessed", "subject": subject, "occurred_at": day, "method": "CT",
            "targets": [
                { "lesion": "T1", "site": "liver", "in_field": true, "diameter": { "value": "60", "unit": "mm" } },
                { "lesion": "T2", "site": "lung", "in_field": false, "diameter": { "value": "40", "unit": "mm" } }
            ]
        }));
        let here = Escalation::read(&self.trial, self.today).map_or(1, |e| e.current_level.get());
        let level = if a % 32 == 3 { 1 + b % 3 } else { here };
        self.say(json!({ "type": "subject_enrolled", "subject": subject, "occurred_at": self.today, "level": level }));
        if !b.is_multiple_of(4) {
            self.treat(subject, a / 2);
        }
    }

    /// All that is planned, or a part of it, from today on.
    fn treat(&mut self, subject: &str, a: u8) {
        let level = self.trial.subjects.get(&subject.parse().unwrap()).and_then(|s| s.level());
        let Some(level) = level else { return };
        self.say(json!({
            "type": "radiotherapy_planned", "subject": subject, "plan": "P1", "occurred_at": self.today,
            "prescription": gray(a), "fractions": 2, "mean_doses": { "liver": { "value": "17", "unit": "Gy" } },
            "machine": "LINAC-1"
        }));
        let share = if a.is_multiple_of(8) { 1 } else { 2 };
        for day in 0..share {
            for hour in ["08", "20"] {
                let at = format!("{}T{hour}:00:00+08:00", self.today);
                let dose = json!({ "value": level.get().to_string(), "unit": "mg" });
                self.say(json!({ "type": "dose_taken", "subject": subject, "agent": "axitinib", "occurred_at": at, "dose": dose }));
            }
            self.say(json!({
                "type": "fraction_delivered", "subject": subject, "plan": "P1", "number": day + 1,
                "occurred_at": self.today, "dose": { "value": "3", "unit": "Gy" }
            }));
            self.today = self.today + Days::new(1);
        }
    }

    /// A decision as the rule says, or against it; where the escalation has ended, the dose that it ended with.
    fn decide(&mut self, against: Option<(u8, u8)>) {
        let Some(now) = Escalation::read(&self.trial, self.today) else { return };
        let basis = json!({
            "entries": self.trial.cut.entries, "head": self.trial.cut.head,
            "levels": Escalation::counts(&self.trial, self.today)
        });
        let mut event = json!({ "type": "escalation_decided", "occurred_at": self.today, "at_level": now.current_level, "basis": basis });
        match (against, now.recommendation) {
            (Some((a, b)), _) => {
                let action = ["escalate", "expand", "de_escalate", "stop_mtd", "stop_no_mtd"][usize::from(a % 5)];
                event["action"] = json!(action);
                event["conformity"] = json!("override");
                event["places"] = json!(if action.starts_with("stop") { 0 } else { b % 4 });
                if action != "stop_no_mtd" {
                    event["level"] = json!(1 + b % 3);
                }
            }
            (None, Some(said)) => {
                event["action"] = json!(said.action);
                event["conformity"] = json!("rule");
                event["places"] = json!(said.add);
                event["level"] = json!(said.level);
            }
            (None, None) => {
                let Some(mtd) = now.mtd else { return };
                let declared = json!({ "type": "mtd_declared", "occurred_at": self.today, "level": mtd.level, "basis": event["basis"] });
                self.say(declared);
                return;
            }
        }
        if event["level"].is_null() {
            event.as_object_mut().unwrap().remove("level");
        }
        self.say(event);
    }

    /// One of the entries that state something, counted from the last.
    fn earlier(&self, n: u8) -> Option<(Seq, Event)> {
        let (seq, event) = self.stated.iter().rev().nth(usize::from(n) % self.stated.len().max(1))?;
        Some((*seq, event.clone()))
    }

    fn correct(&mut self, a: u8, b: u8) {
        let Some((target, event)) = self.earlier(a) else { return };
        let value = event.to_value();
        let (field, new) = match event {
            Event::DoseTaken(_) => ("/dose/value", json!((1 + b % 3).to_string())),
            Event::AdverseEventReported(_) if b.is_multiple_of(2) => ("/grade", json!(1 + b % 5)),
            Event::AdverseEventReported(_) => ("/ae", json!(format!("AE{}", b % 2))),
            Event::TumourAssessed(_) => ("/targets/0/diameter/value", json!(b.to_string())),
            Event::FractionDelivered(_) => ("/dose/value", json!((1 + b % 5).to_string())),
            Event::SubjectEnrolled(_) => ("/level", json!(1 + b % 3)),
            Event::SubjectScreened(_) => ("/baseline/sex", json!(if b.is_multiple_of(2) { "male" } else { "female" })),
            _ => ("/occurred_at", json!(self.back(b))),
        };
        let old = value.pointer(field).cloned().unwrap_or(Value::Null);
        if old == new {
            return;
        }
        let correction = EntryCorrected { target, field: field.to_owned(), old, new };
        let reason = "invented".parse().unwrap();
        let admission = Admission { trial: &self.trial, today: self.today, reason: Some(&reason) };
        if let Ok(corrected) = admission.corrected(&correction, &event) {
            self.enter(correction.into(), Effect::Revises { target, event: Box::new(corrected) });
        }
    }

    fn void(&mut self, a: u8, b: u8) {
        if let Some((target, _)) = self.earlier(a ^ b) {
            self.take_back(target);
        }
    }

    /// Voids an entry, where it may be.
    pub fn take_back(&mut self, target: Seq) {
        let Some(event) = self.stated.get(&target).cloned() else { return };
        let reason = "invented".parse().unwrap();
        let admission = Admission { trial: &self.trial, today: self.today, reason: Some(&reason) };
        if admission.voided(target, &event).is_ok() {
            let subject = event.subject().cloned();
            let event = story::read(json!({ "type": "entry_voided", "target": target }));
            self.enter(event, Effect::Voids { target, subject });
        }
    }
}

fn word(words: &'static [&'static str], n: u8) -> &'static str {
    words[usize::from(n) % words.len()]
}

fn mg(n: u8) -> Value {
    json!({ "value": (1 + n % 3).to_string(), "unit": "mg" })
}

fn gray(n: u8) -> Value {
    json!({ "value": (1 + n % 70).to_string(), "unit": "Gy" })
}

fn adverse_event(mut event: Value, a: u8, b: u8) -> Value {
    event["term"] = json!(word(TERMS, a));
    event["grade"] = json!(1 + b % 5);
    event["serious"] = json!(a.is_multiple_of(3));
    if !b.is_multiple_of(4) {
        event["attribution"] = json!({ "axitinib": word(RELATIONS, a / 2), "radiotherapy": word(RELATIONS, b / 3) });
    }
    if !a.is_multiple_of(4) {
        event["intervention"] = json!(a % 8 < 6);
        event["prophylaxis"] = json!(b % 8 < 4);
    }
    if !b.is_multiple_of(3) {
        event["controlled"] = json!(a.is_multiple_of(2));
    }
    event
}

fn assessment(a: u8, b: u8) -> Value {
    let measured = |n: u8| match n % 7 {
        0 => json!({ "state": "absent" }),
        1 => json!({ "state": "not_assessed" }),
        2 => json!({ "state": "too_small" }),
        _ => json!({ "diameter": { "value": n.to_string(), "unit": "mm" } }),
    };
    let target = |lesion: &str, site: &str, in_field: bool, n: u8| {
        let mut target = measured(n);
        target["lesion"] = json!(lesion);
        target["site"] = json!(site);
        target["in_field"] = json!(in_field);
        target
    };
    let mut more =
        json!({ "method": "CT", "targets": [target("T1", "liver", true, a), target("T2", "lung", false, b)] });
    if a.is_multiple_of(9) {
        let certainty = if b.is_multiple_of(2) { "equivocal" } else { "unequivocal" };
        more["new_lesions"] = json!([{ "lesion": "N1", "site": "bone", "in_field": false, "certainty": certainty }]);
    }
    more
}
