//! Logs that are right, among them what only looks wrong.

use crate::{
    Sound,
    sample::{self, Chain, consent, event, fraction, grant, secret},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};
use trial_core::{
    authority,
    entry::{Meaning, Role},
    event::{Event, EventKind},
    ids::Hash,
};
use trial_ledger::tip::Draft;

pub fn all() -> Vec<Sound> {
    vec![
        Sound { name: "genesis", what: "a ledger with its first entry alone", chain: Chain::opened("T-1") },
        Sound { name: "people", what: "sites, people and a consent", chain: Chain::sample() },
        Sound {
            name: "corrections",
            what: "corrections of corrections, members put in and taken out, an entry taken back",
            chain: corrections(),
        },
        Sound {
            name: "keys",
            what: "a key that is revoked, whose earlier entries stay; a grant for a witness",
            chain: keys(),
        },
        Sound {
            name: "signatures",
            what: "countersigners, reasons, commitments, names in several scripts, equal times",
            chain: signatures(),
        },
        Sound {
            name: "every_event",
            what: "each type of event but checkpoint_witnessed, signed by a role that may",
            chain: every_event(),
        },
    ]
}

fn draft(event: Event) -> Draft {
    Draft::new(event).because("slip of the pen".parse().unwrap())
}

fn correction(target: u64, field: &str, old: Value, new: Value) -> Draft {
    draft(event("entry_corrected", json!({ "target": target, "field": field, "old": old, "new": new })))
}

fn corrections() -> Chain {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.try_add("therapist", correction(8, "/dose/value", json!("2.50"), json!("2.52"))).unwrap();
    let dose = |value: &str| json!({ "value": value, "unit": "Gy" });
    chain.try_add("therapist", correction(8, "/dose", dose("2.52"), dose("2.53"))).unwrap();
    chain.add("therapist", fraction(2));
    chain.try_add("therapist", draft(event("entry_voided", json!({ "target": 11 })))).unwrap();
    let death = json!({ "subject": "S-1", "occurred_at": "2016-10-10", "cause": "disease", "relation": "unrelated" });
    chain.add("investigator", event("death_recorded", death));
    chain.try_add("investigator", correction(13, "/occurred_at", json!("2016-10-10"), json!("2016-10"))).unwrap_err();
    chain.try_add("investigator", correction(7, "/form", json!("v1"), json!("v2"))).unwrap();
    let updated = json!({ "subject": "S-1", "occurred_at": "2016-10-10", "category": "other", "important": false, "description": "late" });
    chain.add("investigator", event("deviation_recorded", updated));
    chain.try_add("investigator", correction(15, "/subject_told", Value::Null, json!(1))).unwrap_err();
    chain.try_add("investigator", correction(15, "/important", json!(false), json!(true))).unwrap();
    chain
}

fn keys() -> Chain {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain
        .try_add(
            "sponsor",
            draft(event("key_revoked", json!({ "key": secret("therapist").key(), "compromised_since": 8 }))),
        )
        .unwrap();
    let mut witness = grant("witness", Role::Monitor, None).to_value();
    witness["purpose"] = "witness".into();
    chain.add("sponsor", Event::from_value(witness).unwrap());
    chain.add("sponsor", grant("stranger", Role::RadiationTherapist, Some("A")));
    chain.add("stranger", fraction(2));
    chain
}

fn signatures() -> Chain {
    let mut chain = Chain::sample();
    let both =
        Draft { countersigners: vec![(secret("investigator").key(), Meaning::Approval)], ..Draft::new(fraction(1)) };
    chain.try_add_by(&["therapist", "investigator"], both).unwrap();
    let sealed: BTreeMap<_, _> = [("name", 1), ("Name", 2), ("a.b", 3), ("a-b", 4)]
        .map(|(name, byte)| (name.parse().unwrap(), Hash([byte; 32])))
        .into();
    let reason = "日本語, עברית, \"quoted\" \\ and 😀 before דּ".parse().unwrap();
    chain.try_add("therapist", Draft { sealed, ..Draft::new(fraction(2)).because(reason) }).unwrap();
    let mut named = grant("stranger", Role::Monitor, None).to_value();
    (named["name"], named["organisation"]) =
        ("Zoë Müller-Ōe \u{2028}/ 試験".into(), "e\u{301} is not é \u{fffd}".into());
    chain.add("sponsor", Event::from_value(named).unwrap());
    let deviation =
        json!({ "occurred_at": "2016-10-10", "category": "other", "important": false, "description": "late" });
    let mut same_time = chain.next_body("stranger", event("deviation_recorded", deviation));
    same_time.recorded_at = sample::at(chain.tip.size() - 1);
    chain.push(sample::signed(&same_time, &["stranger"]));
    chain
}

/// The examples of the schemas, in the order of the types.
fn every_event() -> Chain {
    let mut chain = Chain::opened("T-1");
    for role in Role::ALL.iter().filter(|role| **role != Role::Sponsor) {
        chain.add("sponsor", grant(role.as_str(), *role, None));
    }
    chain.add("sponsor", grant("stranger", Role::Monitor, None));
    let sealed = [("name".parse().unwrap(), Hash([0xab; 32]))].into();
    chain.try_add("coordinator", Draft { sealed, ..Draft::new(consent("A")) }).unwrap();
    let last = chain.tip.size() - 1;
    for kind in EventKind::ALL {
        let event = match kind {
            // One only; and what a witness says is checked against a log that it saw.
            EventKind::TrialOpened | EventKind::CheckpointWitnessed => continue,
            EventKind::KeyRevoked => event("key_revoked", json!({ "key": secret("stranger").key() })),
            EventKind::EntryCorrected => {
                event("entry_corrected", json!({ "target": last, "field": "/form", "old": "v1", "new": "v2" }))
            }
            EventKind::EntryVoided => event("entry_voided", json!({ "target": last })),
            EventKind::ValueRedacted => event("value_redacted", json!({ "target": last, "value": "name" })),
            other => {
                let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples");
                let text = fs::read(format!("{path}/{other}.json")).unwrap();
                Event::from_value(serde_json::from_slice(&text).unwrap()).unwrap()
            }
        };
        let role = match kind {
            EventKind::EntryCorrected | EventKind::EntryVoided => Role::Coordinator,
            other => authority::roles(*other)[0],
        };
        let other = authority::countersigned_by(*kind).map(Role::as_str);
        let countersigners = other.map(|name| (secret(name).key(), Meaning::Approval)).into_iter().collect();
        let names: Vec<&str> = [role.as_str()].into_iter().chain(other).collect();
        chain
            .try_add_by(&names, Draft { countersigners, ..draft(event) })
            .unwrap_or_else(|fault| panic!("{kind}: {fault}"));
    }
    chain
}
