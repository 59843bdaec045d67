//! Synthetic ledgers of any length: the demonstration's trial, run at as many sites at once as it takes, and from
//! [`MOST_SITES`] sites on in as many waves of subjects, [`WAVE_DAYS`] days apart.
//!
//! Promises the same journal for the same length, byte for byte, with the mix of events, the sizes and the corrections of
//! the demonstration: each site has its own people and keys, and nine subjects in each wave. Written entry by entry: what
//! is kept in memory does not grow with the length, but for where the few corrected entries lie. Built once and kept below
//! cargo's target folder. Does not ask admission whether the facts fit together: so many subjects are more than the
//! protocol has places for.
#![allow(dead_code, clippy::unwrap_used)] // each target uses its part; what fails here fails the run

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};
use trial_cli::{
    demo::{Actor, Demo},
    draft::{self, Draft, Standing},
};
use trial_core::{
    entry::{Meaning, Signer},
    event::{Event, EventKind},
    ids::{Hash, Seq, SiteId},
    text::Text,
};
use trial_ledger::{
    body::{self, Body, RecordedAt, VERSION},
    hash,
    key::Secret,
    ledger::{CHECKPOINTS, JOURNAL, Ledger, SEALED, STORE},
};

/// Increased when the same length gives another journal.
const GENERATION: u32 = 1;

/// The most sites, and so the most signers: a large trial has more subjects at each site, not ever more sites.
pub const MOST_SITES: u64 = 70;

/// How many days after one wave of subjects the next one begins.
pub const WAVE_DAYS: i64 = 14;

/// Subjects of the demonstration: in each wave so many at each site.
const SUBJECTS: u64 = 9;

/// The directory of a ledger with so many entries, journal and store; made if it is not there yet.
pub fn ledger(entries: u64) -> PathBuf {
    ledger_in(Path::new(env!("CARGO_TARGET_TMPDIR")), entries, MOST_SITES)
}

/// The same in a folder of the caller's choice, and at so many sites at most.
pub fn ledger_in(folder: &Path, entries: u64, most_sites: u64) -> PathBuf {
    let demo = Demo::shipped().unwrap();
    let inputs = hash::sha256(&[demo.drafts.as_bytes(), &GENERATION.to_be_bytes()]).to_string();
    let few = if most_sites < MOST_SITES { format!("-at-{most_sites}") } else { String::new() };
    let dir = folder.join(format!("synthetic-{entries}{few}-{}", &inputs[..8]));
    if !dir.exists() {
        let unfinished = dir.with_extension("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        make(&unfinished, &demo, entries, most_sites);
        fs::rename(&unfinished, &dir).unwrap();
    }
    dir
}

/// A copy of a ledger that may be changed.
pub fn copy(ledger: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy_folder(ledger, copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

fn make(dir: &Path, demo: &Demo, entries: u64, most_sites: u64) {
    for folder in [STORE, CHECKPOINTS, SEALED] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let mut log = Log::begin(&dir.join(JOURNAL), entries);
    log.write(demo, most_sites);
    assert_eq!(log.seq.0, entries);
    drop(log);
    // The store takes its entries from the journal, verified, as after a loss of power.
    let (ledger, _) = Ledger::open(dir).unwrap();
    assert_eq!(ledger.tip().size(), entries);
}

/// The secret key of an actor at a site, the same every time.
pub fn secret(alias: &str, site: u64) -> Secret {
    Secret::from_seed(&hash::sha256(&[b"synthetic ", alias.as_bytes(), &site.to_be_bytes()]).0)
}

/// A subject of the demonstration in the first wave of another site.
pub fn subject(name: &str, site: u64) -> String {
    subject_of(name, site, 0)
}

fn subject_of(name: &str, site: u64, wave: u64) -> String {
    let number: u64 = name.rsplit('-').next().unwrap().parse().unwrap();
    format!("RE{site:03}-{:03}", number + SUBJECTS * wave)
}

fn site_name(site: u64) -> SiteId {
    format!("TPE-{site:03}").parse().unwrap()
}

/// A journal under construction.
struct Log {
    file: BufWriter<File>,
    entries: u64,
    seq: Seq,
    ledger: Hash,
    prev: Hash,
    /// Where the lines of the demonstration's drafts went that others correct: by line, wave and site.
    places: BTreeMap<(usize, u64, u64), Seq>,
}

impl Log {
    fn begin(path: &Path, entries: u64) -> Log {
        let file = BufWriter::new(File::create(path).unwrap());
        Log { file, entries, seq: Seq(0), ledger: Hash::ZERO, prev: Hash::ZERO, places: BTreeMap::new() }
    }

    fn write(&mut self, demo: &Demo, most_sites: u64) {
        let drafts: Vec<(usize, Draft)> = draft::drafts(demo.drafts.as_bytes()).map(Result::unwrap).collect();
        let at_each_site = drafts.iter().filter(|(_, draft)| is_of_subject(draft)).count();
        let times = self.entries.div_ceil(at_each_site as u64);
        let sites = times.min(most_sites);
        let (sponsor, others) = demo.actors.split_first().unwrap();
        let at = RecordedAt::new(demo.opens_at.to_utc());
        let sponsor = Person::new(sponsor, 1);
        self.put(Event::from(demo.opened.clone()).to_value(), &sponsor, at, None);
        let people: BTreeMap<(&str, u64), Person> =
            others.iter().flat_map(|a| (1..=sites).map(move |s| ((a.alias.as_str(), s), Person::new(a, s)))).collect();
        for event in demo.opening_events(others.iter().map(|a| (a, secret(&a.alias, 1).key()))).unwrap() {
            if let Some("site_activated" | "key_granted") = event["type"].as_str() {
                continue;
            }
            self.put(event, &sponsor, at, None);
        }
        for site in 1..=sites {
            let name = format!("Example Hospital {site} (synthetic)");
            let event = json!({"type": "site_activated", "version": 1, "site": site_name(site), "name": name});
            self.put(event, &sponsor, at, None);
        }
        for ((_, site), person) in &people {
            if *site == 1 || person.signer.site.is_some() {
                self.put(person.granted(), &sponsor, at, None);
            }
        }
        let corrected: BTreeSet<usize> = drafts.iter().filter_map(|(_, draft)| draft.target_line).collect();
        // Each wave goes through the drafts at its own time: whichever has the earliest draft is next.
        let mut waves: Vec<(u64, usize)> = (0..times.div_ceil(sites)).map(|wave| (wave, 0)).collect();
        let recorded = |&(wave, at): &(u64, usize)| drafts[at].1.recorded_at.unwrap().to_utc() + later(wave);
        while self.seq.0 < self.entries {
            let next = waves.iter_mut().filter(|(_, at)| *at < drafts.len()).min_by_key(|wave| recorded(wave)).unwrap();
            let at = RecordedAt::new(recorded(next));
            let (wave, (line, draft)) = (next.0, &drafts[next.1]);
            next.1 += 1;
            // Decisions about the whole trial are made once.
            let at_sites = match (is_of_subject(draft), wave) {
                (true, _) => 1..=sites,
                (false, 0) => 1..=1,
                (false, _) => continue,
            };
            let fact = Fact::new(draft, wave);
            for site in at_sites {
                if corrected.contains(line) {
                    self.places.insert((*line, wave, site), self.seq);
                }
                let person = &people[&(draft.by.as_deref().unwrap(), site)];
                let event = fact.at(site, self);
                self.put(event, person, at, draft.reason.clone());
            }
        }
    }

    /// Signs the event as the next entry, while there is room for one.
    fn put(&mut self, event: Value, person: &Person, recorded_at: RecordedAt, reason: Option<Text>) {
        if self.seq.0 == self.entries {
            return;
        }
        let body = Body {
            v: VERSION,
            ledger: self.ledger,
            seq: self.seq,
            prev: self.prev,
            recorded_at,
            signer: person.signer.clone(),
            countersigners: Vec::new(),
            event,
            reason,
            sealed: BTreeMap::new(),
        };
        let bytes = body.to_vec().unwrap();
        let line = body::line(&bytes, [(person.signer.key, person.secret.sign(&body::message(&bytes)))]);
        self.file.write_all(line.as_bytes()).unwrap();
        self.file.write_all(b"\n").unwrap();
        self.prev = line.leaf_hash();
        if self.seq == Seq(0) {
            self.ledger = self.prev;
        }
        self.seq = self.seq.next();
    }
}

/// What a draft of the demonstration says in a wave.
struct Fact {
    draft: Draft,
    wave: u64,
    subject: Option<String>,
    /// The event, where it is the same at each site but for the names of subject and site.
    complete: Option<Value>,
}

impl Fact {
    fn new(draft: &Draft, wave: u64) -> Fact {
        let mut draft = draft.clone();
        postpone(&mut draft.event, later(wave));
        let subject = draft.event.get("subject").and_then(Value::as_str).map(str::to_owned);
        let kind: EventKind = draft.event["type"].as_str().unwrap().parse().unwrap();
        let alike = draft.target_line.is_none() && draft::filled_in(kind).is_empty();
        let nothing = Standing { target: None, entries: 0, head: Hash::ZERO, levels: Vec::new() };
        let complete = alike.then(|| draft.complete(&nothing).unwrap().to_value());
        Fact { draft, wave, subject, complete }
    }

    /// The event as it happens at a site, as the next entry of the log.
    fn at(&self, site: u64, log: &Log) -> Value {
        let mut event = match &self.complete {
            Some(event) => event.clone(),
            None => {
                let target = self.draft.target_line.map(|line| log.places[&(line, self.wave, site)]);
                let standing = Standing { target, entries: log.seq.0, head: log.prev, levels: Vec::new() };
                self.draft.complete(&standing).unwrap().to_value()
            }
        };
        if let Some(name) = &self.subject {
            event["subject"] = subject_of(name, site, self.wave).into();
        }
        if event["type"] == "consent_given" {
            event["site"] = json!(site_name(site));
        }
        event
    }
}

fn is_of_subject(draft: &Draft) -> bool {
    draft.event.get("subject").is_some() || draft.target_line.is_some()
}

/// How much later than in the first wave everything happens in this one.
fn later(wave: u64) -> TimeDelta {
    TimeDelta::days(WAVE_DAYS * i64::try_from(wave).unwrap())
}

/// Moves every day and instant in an event; the demonstration's place has no summer time.
fn postpone(value: &mut Value, by: TimeDelta) {
    match value {
        Value::String(text) => {
            let day = text.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
            if let Some(day) = day {
                text.replace_range(..10, &(day + by).to_string());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| postpone(value, by)),
        Value::Object(members) => members.values_mut().for_each(|value| postpone(value, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.file.flush().unwrap();
    }
}

/// Somebody who signs.
struct Person {
    signer: Signer,
    secret: Secret,
}

impl Person {
    fn new(actor: &Actor, site: u64) -> Person {
        let secret = secret(&actor.alias, site);
        let signer = Signer {
            key: secret.key(),
            meaning: Meaning::Authorship,
            name: actor.name.clone(),
            organisation: actor.organisation.clone(),
            role: actor.role,
            site: actor.site.as_ref().map(|_| site_name(site)),
        };
        Person { signer, secret }
    }

    fn granted(&self) -> Value {
        let Signer { key, name, organisation, role, site, .. } = &self.signer;
        let mut event = json!({
            "type": "key_granted", "version": 1, "key": key, "name": name, "organisation": organisation, "role": role,
            "purpose": "author"
        });
        if let Some(site) = site {
            event["site"] = json!(site);
        }
        event
    }
}
