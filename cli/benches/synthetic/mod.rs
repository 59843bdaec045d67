//! Synthetic ledgers of any length: the demonstration's trial, run at as many sites at once as it takes.
//!
//! Promises the same journal for the same length, byte for byte, with the mix of events, the sizes and the corrections of
//! the demonstration: each site has its own people, keys and nine subjects. Built once and kept below cargo's target
//! folder. Does not ask admission whether the facts fit together: so many subjects are more than the protocol has places
//! for.
#![allow(dead_code, clippy::unwrap_used)] // each target uses its part; what fails here fails the run

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
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
    event::Event,
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

/// The directory of a ledger with so many entries, journal and store; made if it is not there yet.
pub fn ledger(entries: u64) -> PathBuf {
    let demo = Demo::shipped().unwrap();
    let inputs = hash::sha256(&[demo.drafts.as_bytes(), &GENERATION.to_be_bytes()]).to_string();
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("synthetic-{entries}-{}", &inputs[..8]));
    if !dir.exists() {
        let unfinished = dir.with_extension("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        make(&unfinished, &demo, entries);
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

fn make(dir: &Path, demo: &Demo, entries: u64) {
    for folder in [STORE, CHECKPOINTS, SEALED] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let mut log = Log::begin(&dir.join(JOURNAL), entries);
    log.write(demo);
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

/// A subject of the demonstration at another site.
pub fn subject(name: &str, site: u64) -> String {
    format!("RE{site:03}-{}", name.rsplit('-').next().unwrap())
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
    /// Where each line of the demonstration's drafts went, by site.
    places: BTreeMap<(usize, u64), Seq>,
}

impl Log {
    fn begin(path: &Path, entries: u64) -> Log {
        let file = BufWriter::new(File::create(path).unwrap());
        Log { file, entries, seq: Seq(0), ledger: Hash::ZERO, prev: Hash::ZERO, places: BTreeMap::new() }
    }

    fn write(&mut self, demo: &Demo) {
        let drafts: Vec<(usize, Draft)> = draft::drafts(demo.drafts.as_bytes()).map(Result::unwrap).collect();
        let sites = self.entries.div_ceil(drafts.len() as u64);
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
        for (line, draft) in &drafts {
            // Decisions about the whole trial have no subject and are made once.
            let of_subject = draft.event.get("subject").is_some() || draft.target_line.is_some();
            for site in if of_subject { 1..=sites } else { 1..=1 } {
                let person = &people[&(draft.by.as_deref().unwrap(), site)];
                let at = RecordedAt::new(draft.recorded_at.unwrap().to_utc());
                let event = self.placed(draft, site);
                self.places.insert((*line, site), self.seq);
                self.put(event, person, at, draft.reason.clone());
            }
        }
    }

    /// The event of a draft, as it happens at a site.
    fn placed(&self, draft: &Draft, site: u64) -> Value {
        let mut draft = draft.clone();
        if let Some(name) = draft.event.get("subject").and_then(Value::as_str) {
            draft.event["subject"] = subject(name, site).into();
        }
        if draft.event["type"] == "consent_given" {
            draft.event["site"] = json!(site_name(site));
        }
        let target = draft.target_line.map(|line| self.places[&(line, site)]);
        let standing = Standing { target, entries: self.seq.0, head: self.prev, levels: Vec::new() };
        draft.complete(&standing).unwrap().to_value()
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
