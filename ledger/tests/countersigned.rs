//! What several people must sign together: by the protocol in force at the place of the entry, and by the format.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, at, event, faults, grant, secret, signed};
use serde_json::{Value, json};
use trial_core::{
    entry::{Meaning, Role},
    event::Event,
};
use trial_ledger::{
    body::Body,
    fault::FaultKind::{self, *},
    tip::Draft,
};

const PROTOCOL: &str = include_str!("../../schemas/examples/protocols/rt-dose-levels.json");

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

fn two(events: &[&str], of: &[&str]) -> Value {
    json!({ "events": events, "needed": 2, "of": of })
}

/// The sample with a committee of two, a second key of the sponsor's, and a rule in force: grants and decisions take two.
fn governed() -> Chain {
    let mut chain = Chain::sample();
    for name in ["sam", "sue"] {
        chain.add("sponsor", grant(name, Role::SafetyCommittee, None));
    }
    let mut second = grant("spare", Role::Sponsor, None).to_value();
    second["name"] = "sponsor".into();
    chain.add("sponsor", Event::from_value(second).unwrap());
    let rule = two(&["key_granted", "escalation_decided", "dlt_ruled"], &["sponsor", "safety_committee"]);
    chain.add("sponsor", protocol("1", json!([rule])));
    chain
}

fn body(chain: &Chain, names: &[&str], event: Event) -> Body {
    let mut body = chain.next_body(names[0], event);
    let member = |name: &&str| {
        let key = secret(name).key();
        chain.tip.roster().get(key).unwrap().signer(key, Meaning::Approval)
    };
    body.countersigners = names[1..].iter().map(member).collect();
    body.reason = Some("as asked".parse().unwrap());
    body
}

/// The kind of fault when these people, the author first, sign the event as the next entry.
fn fault(chain: &Chain, names: &[&str], event: Event) -> Option<FaultKind> {
    chain.fault_of(&body(chain, names, event), names).map(|fault| fault.kind)
}

fn add(chain: &mut Chain, names: &[&str], event: Event) {
    let countersigners = names[1..].iter().map(|name| (secret(name).key(), Meaning::Approval)).collect();
    let draft = Draft { countersigners, ..Draft::new(event) }.because("as asked".parse().unwrap());
    let secrets: Vec<_> = names.iter().map(|name| secret(name)).collect();
    let lines = chain.lines();
    let made = chain.tip.sign(draft, &secrets.iter().collect::<Vec<_>>(), at(chain.tip.size()), &lines).unwrap();
    chain.entries.push(made);
}

fn newcomer() -> Event {
    grant("newcomer", Role::Monitor, None)
}

#[test]
fn what_takes_two_people_is_a_fault_with_one() {
    let chain = governed();
    assert_eq!(fault(&chain, &["sponsor"], newcomer()), Some(CountersignatureMissing));
    assert_eq!(fault(&chain, &["sponsor", "sam"], newcomer()), None);
    assert_eq!(fault(&chain, &["sponsor", "sam", "sue"], newcomer()), None);
    assert_eq!(
        fault(&chain, &["sponsor", "monitor"], newcomer()),
        Some(CountersignatureMissing),
        "a role not asked for"
    );
    // What the rule does not name, one signs as before.
    assert_eq!(fault(&chain, &["sponsor"], event("site_activated", json!({"site": "C", "name": "C"}))), None);
}

#[test]
fn nobody_stands_beside_themselves_under_a_second_key() {
    let chain = governed();
    assert_eq!(fault(&chain, &["sponsor", "spare"], newcomer()), Some(CountersignatureMissing));
    assert_eq!(fault(&chain, &["sponsor", "sam", "spare"], newcomer()), Some(CountersignatureMissing));
    let site = event("site_activated", json!({"site": "C", "name": "C"}));
    assert_eq!(
        fault(&chain, &["sponsor", "spare"], site),
        Some(CountersignatureMissing),
        "where nothing is asked either"
    );
}

#[test]
fn a_person_who_is_named_and_has_not_signed_does_not_count() {
    let chain = governed();
    let named = body(&chain, &["sponsor", "sam"], newcomer());
    assert_eq!(chain.fault_of(&named, &["sponsor"]).unwrap().kind, CountersignatureMissing);
    let mut forged = chain.lines();
    forged.push(signed(&named, &["sponsor", "sue"]));
    assert_eq!(faults(&forged)[0].kind, CountersignatureMissing);
}

#[test]
fn the_rule_counts_from_the_protocol_on_and_not_before() {
    let chain = governed();
    let grants = chain.entries.iter().filter(|v| matches!(v.entry().event, Event::KeyGranted(_))).count();
    assert_eq!(grants, 7);
    assert!(faults(&chain.lines()).is_empty());
}

#[test]
fn a_countersigner_whose_key_is_revoked_does_not_sign_and_what_they_signed_before_stays() {
    let mut chain = governed();
    add(&mut chain, &["sponsor", "sam"], newcomer());
    add(&mut chain, &["sponsor"], event("key_revoked", json!({"key": secret("sam").key()})));
    let another = || grant("another", Role::Monitor, None);
    assert_eq!(fault(&chain, &["sponsor", "sam"], another()), Some(KeyRevoked));
    let mut early = body(&chain, &["sponsor", "sam"], another());
    early.recorded_at = chain.tip.recorded_at().unwrap();
    assert_eq!(chain.fault_of(&early, &["sponsor", "sam"]).unwrap().kind, KeyRevoked, "whatever time it claims");
    assert!(faults(&chain.lines()).is_empty());
    assert_eq!(fault(&chain, &["sponsor", "sue"], another()), None);
}

#[test]
fn an_amendment_that_changes_a_rule_is_signed_by_those_whom_the_rule_asks() {
    let chain = governed();
    let dropped = || protocol("2", json!([]));
    assert_eq!(fault(&chain, &["sponsor"], dropped()), Some(CountersignatureMissing));
    assert_eq!(fault(&chain, &["sponsor", "sam"], dropped()), None);
    let kept = two(&["key_granted", "escalation_decided", "dlt_ruled"], &["sponsor", "safety_committee"]);
    let mut looser = kept.clone();
    looser["needed"] = 1.into();
    assert_eq!(fault(&chain, &["sponsor"], protocol("2", json!([looser]))), Some(CountersignatureMissing));
    // A rule more loosens nothing.
    let more = two(&["site_activated"], &["sponsor", "monitor"]);
    assert_eq!(fault(&chain, &["sponsor"], protocol("2", json!([more, kept]))), None);
    let mut free = chain;
    add(&mut free, &["sponsor", "sam"], dropped());
    assert_eq!(fault(&free, &["sponsor"], newcomer()), None);
}

#[test]
fn a_correction_is_signed_by_as_many_as_what_it_changes() {
    let mut chain = governed();
    let ruling = event("dlt_ruled", json!({"subject": "S-1", "ae": "AE1", "ruling": "dlt", "clause": "clause_1"}));
    assert_eq!(fault(&chain, &["sam"], ruling.clone()), Some(CountersignatureMissing));
    add(&mut chain, &["sam", "sue"], ruling);
    let target = chain.tip.size() - 1;
    let facts = json!({"target": target, "field": "/ruling", "old": "dlt", "new": "not_dlt"});
    for change in [event("entry_corrected", facts), event("entry_voided", json!({"target": target}))] {
        assert_eq!(fault(&chain, &["sam"], change.clone()), Some(CountersignatureMissing));
        assert_eq!(fault(&chain, &["sam", "sue"], change), None);
    }
}
