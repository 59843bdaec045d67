//! A ledger with nothing but its genesis: what needs a protocol, a dictionary or radiotherapy first.

use super::{draft, refuse, split};
use crate::common::{
    Dir,
    small::{PROTOCOL, with_version},
};
use serde_json::{Value, json};
use std::fs;

pub(super) const BARE: [&[&str]; 3] = [
    &["no protocol is in force", "trial append protocol-activated"],
    &["no dictionary of adverse event terms is adopted", "trial append dictionary-adopted"],
    &["the protocol has no radiotherapy"],
];

/// A ledger with nothing but its genesis and an investigator: `init` always adds a protocol, other programs may not.
fn bare(dir: &Dir) {
    use trial_cli::{
        commands::init,
        keys::{KeyRing, NewKey},
    };
    use trial_core::event::{Clock, DataKind, TrialOpened};
    let text = |text: &str| text.parse().unwrap();
    let opened = TrialOpened {
        trial: "BARE".parse().unwrap(),
        registry: None,
        title: text("A bare ledger (synthetic)"),
        zone: text("Asia/Taipei"),
        origin: text("sponsor.example/bare"),
        clock: Clock::Simulated,
        data: DataKind::Synthetic,
    };
    let ring = KeyRing::new(Some(&dir.beside("keys")), &dir.path(), None);
    let secret = ring.create("sponsor", NewKey::WithoutPassphrase).unwrap();
    let sponsor = init::Sponsor { name: text("Ada Sponsor"), organisation: text("Example") };
    let at = "2026-02-09T09:00:00.000Z".parse().unwrap();
    init::found(&dir.path(), &opened, &sponsor, &secret, at).unwrap();
    fs::rename(dir.beside("keys"), dir.path().join("keys")).unwrap();
    dir.run(&["key", "new", "investigator", "--no-passphrase"]).expect(0);
    let grant = "--key sponsor key grant investigator --name Ivy --organisation Example --role investigator";
    dir.run(&split(grant)).expect(0);
}

#[test]
fn a_trial_needs_a_protocol_and_a_dictionary_before_facts_can_be_judged() {
    let dir = Dir::empty();
    bare(&dir);
    let consent = json!({ "type": "consent_given", "subject": "S-1", "site": "TPE-01", "occurred_at": "2026-02-09", "form": "F1" });
    refuse(&dir, &[draft("no protocol", "investigator", consent.clone(), BARE[0])]);
    dir.run(&["replay", "--json"]).expect(0);

    let mut protocol: Value = serde_json::from_str(&fs::read_to_string(PROTOCOL).unwrap()).unwrap();
    protocol["treatment"].as_object_mut().unwrap().remove("radiotherapy");
    let append = |by: &str, event: Value| {
        let file = dir.file("sound.jsonl", format!("{}\n", json!({ "by": by, "event": with_version(event) })));
        dir.run(&["append", "--file", file.to_str().unwrap()]).expect(0);
    };
    // A protocol with radiotherapy would not fit on a bare line of flags; a file takes it.
    append("sponsor", json!({ "type": "protocol_activated", "protocol": protocol }));
    append("sponsor", json!({ "type": "site_activated", "site": "TPE-01", "name": "A hospital" }));
    append("investigator", consent);
    append(
        "investigator",
        json!({ "type": "subject_screened", "subject": "S-1", "occurred_at": "2026-02-09", "baseline": {} }),
    );
    append(
        "investigator",
        json!({ "type": "subject_enrolled", "subject": "S-1", "occurred_at": "2026-02-09", "level": 1 }),
    );
    let report = json!({
        "type": "adverse_event_reported", "subject": "S-1", "ae": "AE01", "occurred_at": "2026-02-09", "term": "Nausea", "grade": 1,
        "serious": false
    });
    let plan = json!({
        "type": "radiotherapy_planned", "subject": "S-1", "plan": "P1", "occurred_at": "2026-02-09",
        "prescription": { "value": "45", "unit": "Gy" }, "fractions": 15, "mean_doses": {}, "machine": "LINAC-1"
    });
    refuse(
        &dir,
        &[
            draft("no dictionary", "investigator", report, BARE[1]),
            draft("no radiotherapy", "investigator", plan, BARE[2]),
        ],
    );
}
