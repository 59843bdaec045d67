//! Logs in which several people have to sign, by the format or by the protocol in force.

use crate::{
    Faulty, Sound,
    faulty::{last, then},
    sample::{Chain, consent, event, grant, secret, signed},
};
use serde_json::{Value, json};
use trial_core::{
    entry::{Meaning, Role},
    event::Event,
    ids::Hash,
};
use trial_ledger::{envelope::Envelope, tip::Draft};

const PROTOCOL: &str = include_str!("../../../schemas/examples/protocols/rt-dose-levels.json");

fn protocol(edition: &str, rules: Value) -> Event {
    let mut protocol: Value = serde_json::from_str(PROTOCOL).unwrap();
    protocol["edition"] = edition.into();
    let members = protocol.as_object_mut().unwrap();
    members.remove("countersignatures");
    if rules != json!([]) {
        members.insert("countersignatures".into(), rules);
    }
    event("protocol_activated", json!({ "protocol": protocol }))
}

fn rule(needed: u8) -> Value {
    json!({ "events": ["key_granted", "dlt_ruled"], "needed": needed, "of": ["sponsor", "safety_committee"] })
}

/// A sponsor with two keys and a committee of two; grants and rulings take two people from the last entry on.
fn governed() -> Chain {
    let mut chain = Chain::opened("T-1");
    for name in ["committee", "investigator"] {
        chain.add("sponsor", grant(name, Role::SafetyCommittee, None));
    }
    chain.add("sponsor", grant("monitor", Role::Monitor, None));
    let mut second = grant("stranger", Role::Sponsor, None).to_value();
    second["name"] = "sponsor".into();
    chain.add("sponsor", Event::from_value(second).unwrap());
    chain.add("sponsor", protocol("1", json!([rule(2)])));
    chain
}

fn newcomer() -> Event {
    grant("witness", Role::Monitor, None)
}

fn ruling() -> Event {
    event("dlt_ruled", json!({ "subject": "S-1", "ae": "AE1", "ruling": "dlt", "clause": "clause_1" }))
}

fn draft(names: &[&str], event: Event) -> Draft {
    let countersigners = names[1..].iter().map(|name| (secret(name).key(), Meaning::Approval)).collect();
    Draft { countersigners, ..Draft::new(event) }.because("as asked".parse().unwrap())
}

fn add(chain: &mut Chain, names: &[&str], event: Event) {
    chain.try_add_by(names, draft(names, event)).unwrap();
}

/// The chain and an entry that these people sign, the author first.
fn signed_by(chain: &Chain, names: &[&str], event: Event) -> Vec<Envelope> {
    let mut body = chain.next_body(names[0], event);
    let member = |name: &&str| {
        let key = secret(name).key();
        chain.tip.roster().get(key).unwrap().signer(key, Meaning::Approval)
    };
    body.countersigners = names[1..].iter().map(member).collect();
    body.reason = Some("as asked".parse().unwrap());
    then(chain, signed(&body, names))
}

pub fn sound() -> Vec<Sound> {
    let mut chain = governed();
    add(&mut chain, &["sponsor", "committee"], newcomer());
    add(&mut chain, &["sponsor"], event("site_activated", json!({ "site": "C", "name": "C" })));
    add(&mut chain, &["committee", "investigator"], ruling());
    let target = chain.tip.size() - 1;
    let corrected = json!({ "target": target, "field": "/ruling", "old": "dlt", "new": "not_dlt" });
    add(&mut chain, &["committee", "investigator", "sponsor"], event("entry_corrected", corrected));
    let more = json!({ "events": ["site_activated"], "needed": 2, "of": ["sponsor", "monitor"] });
    add(&mut chain, &["sponsor"], protocol("2", json!([more, rule(2)])));
    add(&mut chain, &["sponsor", "monitor", "committee"], protocol("3", json!([])));
    add(&mut chain, &["sponsor"], grant("therapist", Role::RadiationTherapist, None));
    vec![Sound { name: "together", what: "entries that two and three sign, by the protocol in force", chain }]
}

/// A chain with a data manager and an entry that commits to a sealed note; its place.
fn sealed() -> (Chain, u64) {
    let mut chain = Chain::sample();
    chain.add("sponsor", grant("data", Role::DataManager, None));
    let target = chain.tip.size();
    let sealed = [("note".parse().unwrap(), Hash([0xab; 32]))].into();
    chain.try_add("investigator", Draft { sealed, ..Draft::new(consent("A")) }).unwrap();
    (chain, target)
}

pub fn all() -> Vec<Faulty> {
    let chain = governed();
    let mut ruled = chain.clone();
    add(&mut ruled, &["committee", "investigator"], ruling());
    let target = ruled.tip.size() - 1;
    let facts = json!({ "target": target, "field": "/ruling", "old": "dlt", "new": "not_dlt" });
    let corrected = event("entry_corrected", facts);
    let voided = event("entry_voided", json!({ "target": target }));
    let mut two_rules = Chain::sample();
    two_rules.add("sponsor", grant("witness", Role::Investigator, Some("A")));
    let redacted = || event("value_redacted", json!({ "target": 7, "value": "note" }));
    let (mut sealed, target) = sealed();
    let other = event("value_redacted", json!({ "target": target, "value": "narrative" }));
    let not_sealed = signed_by(&sealed, &["investigator", "data"], other);
    let redaction = || event("value_redacted", json!({ "target": target, "value": "note" }));
    let no_data_manager = signed_by(&sealed, &["investigator", "monitor"], redaction());
    add(&mut sealed, &["investigator", "data"], redaction());
    let twice = signed_by(&sealed, &["investigator", "data"], redaction());
    vec![
        last(
            "countersignature_missing-redaction_no_data_manager",
            "a redaction that no data manager countersigns",
            no_data_manager,
        ),
        last("stale_correction-not_sealed", "a redaction of a name to which its target does not commit", not_sealed),
        last("stale_correction-redacted_twice", "a redaction of a value that is redacted already", twice),
        last(
            "countersignature_missing-one_of_two",
            "a grant that one signs, where the protocol asks for two",
            signed_by(&chain, &["sponsor"], newcomer()),
        ),
        last(
            "countersignature_missing-role_not_asked",
            "a grant whose second signer is of a role that does not count",
            signed_by(&chain, &["sponsor", "monitor"], newcomer()),
        ),
        last(
            "countersignature_missing-second_key",
            "somebody who countersigns their own entry with a second key",
            signed_by(&chain, &["sponsor", "stranger"], newcomer()),
        ),
        last(
            "countersignature_missing-rule_dropped",
            "an amendment by one that drops the rule of two",
            signed_by(&chain, &["sponsor"], protocol("2", json!([]))),
        ),
        last(
            "countersignature_missing-rule_loosened",
            "an amendment by one that asks for one",
            signed_by(&chain, &["sponsor"], protocol("2", json!([rule(1)]))),
        ),
        last(
            "countersignature_missing-correction",
            "a correction by one of what took two",
            signed_by(&ruled, &["committee"], corrected),
        ),
        last(
            "countersignature_missing-voided",
            "an entry that took two, taken back by one",
            signed_by(&ruled, &["committee"], voided),
        ),
        last(
            "countersignature_missing-redaction",
            "a redaction by one",
            signed_by(&two_rules, &["investigator"], redacted()),
        ),
        last(
            "countersignature_missing-redaction_by_one_role",
            "a redaction by two of one role",
            signed_by(&two_rules, &["investigator", "witness"], redacted()),
        ),
    ]
}
