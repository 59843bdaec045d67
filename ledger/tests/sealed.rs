//! Sealed values: written before their entry, checked against it, deleted by a redaction that two people sign.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, at, consent, event, faults, grant, secret};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use trial_core::{
    entry::{Meaning, Role},
    event::Event,
    ids::Seq,
};
use trial_ledger::{
    check::Verified,
    fault::FaultKind,
    ledger::{Ledger, LedgerError, Notice, SEALED, Unsealed},
    sealed::{Place, Sealed},
    tip::Draft,
};

const SECRET: &str = "Mrs Example of 7 Elm Street, \"the baker\"";

fn place(seq: u64, name: &str) -> Place {
    Place { seq: Seq(seq), name: name.parse().unwrap() }
}

fn sealed(text: &str) -> Sealed {
    Sealed::with_new_salt(json!(text)).unwrap()
}

fn contact(subject: Option<&str>) -> Event {
    let mut facts = json!({ "occurred_at": "2016-10-10", "category": "other", "important": false, "description": "see the narrative" });
    if let Some(subject) = subject {
        facts["subject"] = json!(subject);
    }
    event("deviation_recorded", facts)
}

fn redacted(target: u64, name: &str) -> Draft {
    let draft = Draft::new(event("value_redacted", json!({ "target": target, "value": name })));
    let countersigners = vec![(secret("data").key(), Meaning::Approval)];
    Draft { countersigners, ..draft.because("asked for by the subject".parse().unwrap()) }
}

/// A ledger with its people, one subject, and what was signed for it.
struct Made {
    dir: tempfile::TempDir,
    ledger: Option<Ledger>,
    chain: Chain,
    values: BTreeMap<Place, Sealed>,
}

impl Made {
    /// 10 entries: the sample, a data manager, an investigator of another site.
    fn new() -> Made {
        let mut chain = Chain::sample();
        chain.add("sponsor", grant("data", Role::DataManager, None));
        chain.add("sponsor", grant("elsewhere", Role::Investigator, Some("B")));
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::init(dir.path(), &chain.entries[0]).unwrap();
        ledger.append(&chain.entries[1..]).unwrap();
        Made { dir, ledger: Some(ledger), chain, values: BTreeMap::new() }
    }

    /// The same with two sealed values of S-1 at entry 10, and one of no subject at entry 11.
    fn with_values() -> Made {
        let mut made = Made::new();
        made.sign(contact(Some("S-1")), &[("narrative", SECRET), ("comment", "none")]);
        made.sign(contact(None), &[("narrative", "of the site")]);
        made.append().unwrap();
        made
    }

    fn sign(&mut self, event: Event, texts: &[(&str, &str)]) -> Verified {
        let seq = self.chain.tip.size();
        let values: BTreeMap<Place, Sealed> =
            texts.iter().map(|(name, text)| (place(seq, name), sealed(text))).collect();
        let commitments = values.iter().map(|(place, sealed)| (place.name.clone(), sealed.commitment())).collect();
        self.chain.try_add("investigator", Draft { sealed: commitments, ..Draft::new(event) }).unwrap();
        self.values.extend(values);
        self.chain.entries.last().unwrap().clone()
    }

    /// Signs a redaction by the investigator and the data manager.
    fn redact(&mut self, target: u64, name: &str) {
        let lines = self.chain.lines();
        let secrets = [&secret("investigator"), &secret("data")];
        let made = self.chain.tip.sign(redacted(target, name), &secrets, at(self.chain.tip.size()), &lines).unwrap();
        self.chain.entries.push(made);
    }

    fn ledger(&mut self) -> &mut Ledger {
        self.ledger.as_mut().unwrap()
    }

    /// Appends whatever was signed and is not in the ledger yet.
    fn append(&mut self) -> Result<(), LedgerError> {
        self.ledger.as_mut().unwrap().append_with(&self.chain.entries, &self.values)
    }

    fn reopen(&mut self) -> Vec<Notice> {
        self.ledger = None;
        let (ledger, notices) = Ledger::open(self.dir.path()).unwrap();
        self.ledger = Some(ledger);
        notices
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(SEALED).join(name)
    }

    fn names(&self) -> Vec<String> {
        let read = fs::read_dir(self.dir.path().join(SEALED)).unwrap();
        let mut names: Vec<String> = read.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn unseal(&mut self, seq: usize, name: &str) -> Unsealed {
        let verified = self.chain.entries[seq].clone();
        self.ledger().unseal(&verified).unwrap().remove(&name.parse().unwrap()).unwrap()
    }

    fn kinds(&mut self) -> Vec<(FaultKind, u64)> {
        let report = self.ledger().check_sealed().unwrap();
        report.faults.iter().map(|fault| (fault.kind, fault.seq.unwrap().0)).collect()
    }
}

const S1: &str = "subject-%53-1.jsonl";

/// All bytes of all files below a folder.
fn bytes_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_below(&path))
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()))
        }
    }
    found
}

fn holding(folder: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    bytes_below(folder).into_iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect()
}

#[test]
fn a_value_is_read_back_as_it_was_signed_and_stands_in_no_line() {
    let mut made = Made::with_values();
    assert_eq!(made.unseal(10, "narrative"), Unsealed::Value(json!(SECRET)));
    assert_eq!(made.names(), [S1, "trial.jsonl"]);
    made.reopen();
    assert_eq!(made.unseal(10, "comment"), Unsealed::Value(json!("none")));
    assert_eq!(made.unseal(11, "narrative"), Unsealed::Value(json!("of the site")));
    let report = made.ledger().check_sealed().unwrap();
    assert_eq!((report.sound, report.faults, report.strange), (3, vec![], vec![]));
    made.ledger = None;
    assert_eq!(holding(made.dir.path(), b"7 Elm Street"), [made.file(S1)]);
}

#[test]
fn no_entry_is_appended_without_the_value_that_it_commits_to() {
    let mut made = Made::new();
    made.sign(contact(Some("S-1")), &[("narrative", SECRET)]);
    let without = |made: &mut Made, values: &BTreeMap<Place, Sealed>| {
        let refused = made.ledger.as_mut().unwrap().append_with(&made.chain.entries, values).unwrap_err();
        let LedgerError::Faulty(faults, 1) = refused else { panic!("{refused}") };
        assert_eq!((faults[0].kind, faults[0].seq), (FaultKind::SealedMissing, Some(Seq(10))));
        assert_eq!((made.ledger().tip().size(), made.names()), (10, vec![]));
    };
    without(&mut made, &BTreeMap::new());
    let other = BTreeMap::from([(place(10, "narrative"), sealed("another text"))]);
    without(&mut made, &other);
    made.append().unwrap();
    assert_eq!(made.unseal(10, "narrative"), Unsealed::Value(json!(SECRET)));
}

#[test]
fn a_swapped_value_is_a_mismatch_and_a_deleted_one_is_missing() {
    let mut made = Made::with_values();
    let sound = fs::read_to_string(made.file(S1)).unwrap();
    fs::write(made.file(S1), sound.replace("none", "many")).unwrap();
    made.reopen();
    assert_eq!(made.kinds(), [(FaultKind::SealedMismatch, 10)]);
    assert_eq!(made.unseal(10, "comment"), Unsealed::Mismatch);
    // The other value of the same entry under its name, with its own salt: still not the one that was signed.
    let lines: Vec<&str> = sound.lines().collect();
    let swapped = lines[1].replace("narrative", "comment");
    fs::write(made.file(S1), format!("{swapped}\n{}\n", lines[1])).unwrap();
    assert_eq!(made.kinds(), [(FaultKind::SealedMismatch, 10)]);

    fs::write(made.file(S1), format!("{}\n", lines[0])).unwrap();
    made.reopen();
    assert_eq!(made.kinds(), [(FaultKind::SealedMissing, 10)]);
    assert_eq!(made.unseal(10, "narrative"), Unsealed::Missing);
    fs::remove_dir_all(made.dir.path().join(SEALED)).unwrap();
    made.reopen();
    let missing = [(FaultKind::SealedMissing, 10), (FaultKind::SealedMissing, 10), (FaultKind::SealedMissing, 11)];
    assert_eq!(made.kinds(), missing);
}

/// Whatever happens to the bytes of a file, something is said about it: a fault, or a line that belongs to no entry.
#[test]
fn each_flipped_byte_of_a_file_is_told() {
    let mut made = Made::with_values();
    let sound = fs::read(made.file(S1)).unwrap();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(made.file(S1), bytes).unwrap();
        assert_ne!(made.kinds(), [], "byte {at}");
    }
    for end in 0..sound.len() {
        fs::write(made.file(S1), &sound[..end]).unwrap();
        assert_ne!(made.kinds(), [], "cut at {end}");
    }
}

#[test]
fn what_belongs_to_no_entry_is_told_and_kept() {
    let mut made = Made::with_values();
    let sound = fs::read_to_string(made.file(S1)).unwrap();
    let later = sound.lines().next().unwrap().replace("\"seq\":10", "\"seq\":99");
    fs::write(made.file(S1), format!("{sound}{later}\n")).unwrap();
    fs::write(made.file("notes.txt"), "a copy").unwrap();
    let elsewhere = format!("{later}\n").replace("\"seq\":99", "\"seq\":10");
    fs::write(made.file("subject-x.jsonl"), elsewhere).unwrap();
    assert_eq!(made.reopen(), []);
    let report = made.ledger().check_sealed().unwrap();
    assert_eq!((report.sound, report.faults), (3, vec![]));
    for (told, word) in report.strange.iter().zip([
        "notes.txt: this file is not of the ledger",
        "its end may be gone",
        "does not commit",
    ]) {
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(report.strange.len(), 3);
    // A file with a line that is none is not written to: the line could be the value that is asked for.
    fs::write(made.file(S1), format!("{sound}what is this\n")).unwrap();
    made.redact(10, "narrative");
    assert!(matches!(made.append(), Err(LedgerError::SealedDamaged(_))));
    assert_eq!(made.ledger().tip().size(), 12);
    fs::write(made.file(S1), &sound).unwrap();
    made.append().unwrap();
    assert_eq!(made.ledger().tip().size(), 13);
}

/// RFC 4648 base64 at each of the three ways in which a text can lie in a longer one, hexadecimal, JSON's escapes.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let escaped: String = text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let quoted = json!(text).to_string();
    let mut all = vec![bytes.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), escaped.into_bytes()];
    all.push(quoted.as_bytes()[1..quoted.len() - 1].to_vec());
    all.extend((0..3).map(|skip| {
        let encoded = STANDARD.encode(&bytes[skip..]);
        encoded.as_bytes()[..encoded.len() - 4].to_vec()
    }));
    all
}

#[test]
fn a_redacted_value_is_in_no_byte_of_any_file_and_the_chain_is_whole() {
    let mut made = Made::with_values();
    let line = fs::read_to_string(made.file(S1)).unwrap().lines().nth(1).unwrap().to_owned();
    let salt = serde_json::from_str::<Value>(&line).unwrap()["salt"].as_str().unwrap().to_owned();
    assert_eq!(holding(made.dir.path(), salt.as_bytes()), [made.file(S1)]);
    made.redact(10, "narrative");
    made.append().unwrap();
    let Unsealed::Redacted(redaction) = made.unseal(10, "narrative") else { panic!() };
    assert_eq!((redaction.seq, redaction.signer.role), (Seq(12), Role::Investigator));
    assert_eq!(redaction.countersigners[0].role, Role::DataManager);
    assert_eq!(redaction.reason.unwrap().as_str(), "asked for by the subject");
    assert_eq!(made.reopen(), []);
    let report = made.ledger().check_sealed().unwrap();
    assert_eq!((report.sound, report.faults, report.strange), (2, vec![], vec![]));
    assert_eq!(made.unseal(10, "comment"), Unsealed::Value(json!("none")), "only what was named is gone");
    made.ledger = None;
    let raw: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&salt[2 * i..2 * i + 2], 16).unwrap()).collect();
    let mut needles = [spellings(SECRET), spellings(&salt), spellings("7 Elm Street")].concat();
    needles.push(raw);
    for needle in needles {
        assert_eq!(holding(made.dir.path(), &needle), Vec::<PathBuf>::new(), "{}", String::from_utf8_lossy(&needle));
    }
}

#[test]
fn a_value_put_back_from_a_copy_is_deleted_again_at_the_next_open() {
    let mut made = Made::with_values();
    let copy = fs::read(made.file(S1)).unwrap();
    made.redact(10, "narrative");
    made.append().unwrap();
    fs::write(made.file(S1), &copy).unwrap();
    assert_eq!(made.reopen(), [Notice::RedactionFinished { target: Seq(10), by: Seq(12) }]);
    assert_eq!(holding(made.dir.path(), b"7 Elm Street"), Vec::<PathBuf>::new());
    assert_eq!(made.kinds(), []);
    assert_eq!(made.reopen(), []);
}

/// What a process leaves that dies at each step: the next version beside the file, with or without its entries.
#[test]
fn a_process_that_dies_between_value_and_entry_leaves_neither_orphan_nor_gap() {
    let mut made = Made::with_values();
    let old = fs::read(made.file(S1)).unwrap();
    made.sign(contact(Some("S-1")), &[("narrative", "never acknowledged")]);
    made.append().unwrap();
    let next = fs::read(made.file(S1)).unwrap();
    let journal = fs::read(made.dir.path().join("journal.jsonl")).unwrap();

    // The entry is there, its values have not taken their place.
    made.ledger = None;
    fs::write(made.file(S1), &old).unwrap();
    fs::write(made.file(&format!("{S1}.next")), &next).unwrap();
    assert_eq!(made.reopen(), [Notice::SealedCaughtUp { values: 1 }]);
    assert_eq!(
        (fs::read(made.file(S1)).unwrap(), made.names()),
        (next.clone(), vec![S1.to_owned(), "trial.jsonl".into()])
    );

    // The values are there, the entry never came: another ledger with the same beginning.
    let mut other =
        Made { chain: Chain { entries: made.chain.entries[..12].to_vec(), ..made.chain.clone() }, ..Made::new() };
    let before = journal.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(11).unwrap().0 + 1;
    other.ledger = None;
    fs::remove_dir_all(other.dir.path().join("store")).unwrap();
    fs::create_dir(other.dir.path().join("store")).unwrap();
    fs::write(other.dir.path().join("journal.jsonl"), &journal[..before]).unwrap();
    fs::write(other.file(S1), &old).unwrap();
    fs::copy(made.file("trial.jsonl"), other.file("trial.jsonl")).unwrap();
    fs::write(other.file(&format!("{S1}.next")), &next).unwrap();
    fs::write(other.file(&format!("{S1}.next.half")), &next[..20]).unwrap();
    let notices = other.reopen();
    assert!(notices.contains(&Notice::UnacknowledgedValues { values: 1 }), "{notices:?}");
    assert_eq!(
        (fs::read(other.file(S1)).unwrap(), other.names()),
        (old.clone(), vec![S1.to_owned(), "trial.jsonl".into()])
    );
    assert_eq!(other.kinds(), []);
    assert_eq!(holding(&other.dir.path().join(SEALED), b"never acknowledged"), Vec::<PathBuf>::new());

    // The redaction is there, the value has not been deleted.
    made.redact(10, "narrative");
    made.append().unwrap();
    let without = fs::read(made.file(S1)).unwrap();
    made.ledger = None;
    fs::write(made.file(S1), &next).unwrap();
    fs::write(made.file(&format!("{S1}.next")), &without).unwrap();
    assert_eq!(made.reopen(), [Notice::RedactionFinished { target: Seq(10), by: Seq(13) }]);
    assert_eq!((fs::read(made.file(S1)).unwrap(), made.kinds()), (without, vec![]));
}

#[test]
fn a_value_sealed_and_redacted_in_one_batch_never_takes_its_place() {
    let mut made = Made::new();
    made.sign(contact(Some("S-1")), &[("narrative", SECRET), ("comment", "kept")]);
    made.redact(10, "narrative");
    made.append().unwrap();
    assert_eq!(made.unseal(10, "comment"), Unsealed::Value(json!("kept")));
    made.ledger = None;
    assert_eq!(holding(made.dir.path(), b"7 Elm Street"), Vec::<PathBuf>::new());
}

#[test]
fn a_redaction_needs_the_investigator_of_the_site_and_a_data_manager_who_is_another_person() {
    let mut made = Made::with_values();
    made.chain.add("sponsor", grant("data of B", Role::DataManager, Some("B")));
    let mut twin = grant("investigator twice", Role::DataManager, None).to_value();
    twin["name"] = json!("investigator");
    made.chain.add("sponsor", Event::from_value(twin).unwrap());
    let signed = |made: &Made, names: &[&str], target: u64, name: &str| {
        let secrets: Vec<_> = names.iter().map(|name| secret(name)).collect();
        let others = secrets[1..].iter().map(|s| (s.key(), Meaning::Approval)).collect();
        let draft = Draft { countersigners: others, ..redacted(target, name) };
        let (mut tip, lines) = (made.chain.tip.clone(), made.chain.lines());
        let refs: Vec<_> = secrets.iter().collect();
        tip.sign(draft, &refs, at(tip.size()), &lines).map(|_| ()).map_err(|fault| fault.kind)
    };
    use FaultKind as F;
    for (names, target, name, expected) in [
        (&["investigator"][..], 10, "narrative", Err(F::CountersignatureMissing)),
        (&["investigator", "monitor"], 10, "narrative", Err(F::CountersignatureMissing)),
        (&["investigator", "sponsor"], 10, "narrative", Err(F::CountersignatureMissing)),
        (&["investigator", "investigator twice"], 10, "narrative", Err(F::CountersignatureMissing)),
        (&["data", "investigator"], 10, "narrative", Err(F::RoleNotAllowed)),
        (&["elsewhere", "data"], 10, "narrative", Err(F::SiteOutOfScope)),
        (&["investigator", "data of B"], 10, "narrative", Err(F::SiteOutOfScope)),
        (&["investigator", "data"], 10, "verbatim", Err(F::StaleCorrection)),
        (&["investigator", "data"], 9, "narrative", Err(F::StaleCorrection)),
        (&["investigator", "data"], 99, "narrative", Err(F::StaleCorrection)),
        (&["investigator", "data"], 10, "narrative", Ok(())),
        (&["investigator", "monitor", "data"], 10, "narrative", Ok(())),
        (&["elsewhere", "data"], 11, "narrative", Ok(())),
    ] {
        assert_eq!(signed(&made, names, target, name), expected, "{names:?} {target} {name}");
    }
    made.redact(10, "narrative");
    assert_eq!(signed(&made, &["investigator", "data"], 10, "narrative"), Err(F::StaleCorrection), "twice");
    assert_eq!(signed(&made, &["investigator", "data"], 10, "comment"), Ok(()));
    assert_eq!(faults(&made.chain.lines()), []);
}

#[test]
fn subjects_with_odd_names_have_their_own_files_inside_the_folder() {
    let mut made = Made::new();
    for subject in ["..", ".", ".hidden", "a:b", "S-1", "s-1", "trial"] {
        let mut consent = consent("A").to_value();
        consent["subject"] = json!(subject);
        made.sign(Event::from_value(consent).unwrap(), &[("comment", &format!("of {subject}"))]);
    }
    made.append().unwrap();
    assert_eq!(made.names().len(), 7);
    for (seq, subject) in (10..).zip(["..", ".", ".hidden", "a:b", "S-1", "s-1", "trial"]) {
        assert_eq!(made.unseal(seq, "comment"), Unsealed::Value(json!(format!("of {subject}"))));
    }
    assert_eq!(made.ledger().check_sealed().unwrap().sound, 7);
}
