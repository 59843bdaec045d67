//! Who may sign what, tried out: every role with every event, at every site, as the table of `docs/format.md` says.
#![allow(clippy::unwrap_used)]

mod sample;

use sample::{Chain, at, consent, event, grant, opened, secret, signed, sponsor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trial_core::{
    authority::{may_sign, roles},
    entry::{Meaning, Role, Signer},
    event::{Event, EventKind},
    ids::{Hash, Key, Seq},
};
use trial_ledger::{
    body::Body,
    fault::FaultKind::{self, *},
    tip::{Draft, Tip},
    verifier::Verifier,
};

const FORMAT: &str = include_str!("../../docs/format.md");

/// The table of section 7: for each event the roles that may sign it.
fn table() -> BTreeMap<EventKind, Vec<Role>> {
    let rows = FORMAT.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let crossed = |cells: &str| {
        let cells: Vec<_> = cells.trim_end_matches('|').split('|').map(str::trim).collect();
        (cells.len() == Role::ALL.len()).then(|| {
            Role::ALL.iter().zip(cells).filter(|(_, cell)| *cell == "x").map(|(role, _)| *role).collect::<Vec<_>>()
        })
    };
    let table: BTreeMap<_, _> = rows.filter_map(|(kind, cells)| Some((kind.parse().ok()?, crossed(cells)?))).collect();
    assert_eq!(table.len(), EventKind::ALL.len());
    table
}

/// The example of an event, about the subject of the sample where it is about one.
fn example(kind: EventKind) -> Event {
    let path = format!("{}/../schemas/examples/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    if value.get("subject").is_some() {
        value["subject"] = "S-1".into();
    }
    match kind {
        EventKind::ConsentGiven => value["site"] = "A".into(),
        EventKind::KeyGranted => value["key"] = json!(secret("newcomer").key()),
        EventKind::KeyRevoked => value["key"] = json!(secret("leaver").key()),
        _ => {}
    }
    Event::from_value(value).unwrap()
}

fn correctable() -> impl Iterator<Item = EventKind> {
    EventKind::ALL.iter().copied().filter(|kind| kind.is_correctable())
}

/// The name of somebody with a role, bound to a site or to none.
fn person(role: Role, site: Option<&str>) -> String {
    format!("{}{role}", site.map_or_else(String::new, |site| format!("{site} ")))
}

/// Somebody of each role without a site, at site A and at site B; and one entry of each type that can be corrected.
struct Staffed {
    chain: Chain,
    facts: BTreeMap<EventKind, Seq>,
}

impl Staffed {
    fn new() -> Staffed {
        let mut chain = Chain::opened("T-1");
        for site in ["A", "B"] {
            chain.add("sponsor", event("site_activated", json!({ "site": site, "name": site })));
        }
        for role in Role::ALL {
            for site in [None, Some("A"), Some("B")] {
                let name = person(*role, site);
                if name != "sponsor" {
                    chain.add("sponsor", grant(&name, *role, site));
                }
            }
        }
        chain.add("sponsor", grant("leaver", Role::Monitor, None));
        chain.add("investigator", consent("A"));
        let mut facts = BTreeMap::new();
        for kind in correctable() {
            facts.insert(kind, chain.tip.next());
            let by = person(roles(kind)[0], None);
            let sealed = [("note".parse().unwrap(), Hash([0xab; 32]))].into();
            let draft = Draft { sealed, ..Draft::new(example(kind)) };
            chain.try_add(&by, draft.because("as asked".parse().unwrap())).unwrap();
        }
        Staffed { chain, facts }
    }

    fn signer(&self, name: &str) -> Signer {
        self.chain.tip.roster().get(secret(name).key()).unwrap().signer(secret(name).key(), Meaning::Approval)
    }

    /// The fault that a reader finds when these people, the author first, sign the event as the next entry.
    fn fault(&self, names: &[&str], event: Event) -> Option<FaultKind> {
        let body = self.chain.next_body(names[0], event);
        let countersigners = names[1..].iter().map(|name| self.signer(name)).collect();
        let body = Body { countersigners, reason: Some("as asked".parse().unwrap()), ..body };
        let lines = self.chain.lines();
        let next = [Ok(signed(&body, names))];
        Verifier::after(self.chain.tip.clone(), next, &lines).filter_map(Result::err).next().map(|fault| fault.kind)
    }

    /// An entry of this type by this role; for a correction one of something that the role may sign, if there is any.
    fn attempt(&self, role: Role, kind: EventKind) -> Option<FaultKind> {
        let own = correctable().find(|of| may_sign(role, *of)).unwrap_or(EventKind::DoseTaken);
        let target = self.facts[&own];
        let event = match kind {
            EventKind::EntryVoided => event("entry_voided", json!({ "target": target })),
            EventKind::EntryCorrected => self.correction(own),
            EventKind::ValueRedacted => event("value_redacted", json!({ "target": target, "value": "note" })),
            _ => example(kind),
        };
        let another = if role == Role::DataManager { "monitor" } else { "data_manager" };
        let names = [&person(role, None), another];
        self.fault(&names[..if kind == EventKind::ValueRedacted { 2 } else { 1 }], event)
    }

    /// A correction that changes some member of the entry of this type to another value of its kind.
    fn correction(&self, of: EventKind) -> Event {
        let Value::Object(members) = example(of).to_value() else { unreachable!() };
        let change = |(name, old): (&String, &Value)| {
            let new = match (name.as_str(), old) {
                ("occurred_at" | "onset" | "awareness_at", _) => json!("2016-10-09"),
                ("ruling", Value::String(old)) => json!(old.strip_prefix("not_").unwrap_or(&format!("not_{old}"))),
                _ => return None,
            };
            Some((format!("/{name}"), old.clone(), new))
        };
        let (field, old, new) = members.iter().find_map(change).unwrap_or_else(|| panic!("{of}: nothing to correct"));
        event("entry_corrected", json!({ "target": self.facts[&of], "field": field, "old": old, "new": new }))
    }
}

#[test]
fn every_role_signs_exactly_what_the_table_says() {
    let (staffed, table) = (Staffed::new(), table());
    let mut tried = 0;
    for (kind, allowed) in &table {
        for role in Role::ALL.iter().filter(|_| *kind != EventKind::TrialOpened) {
            let found = staffed.attempt(*role, *kind);
            let denied = !allowed.contains(role);
            assert_eq!(found == Some(RoleNotAllowed), denied, "{role}, {kind}: {found:?}");
            // What is in a witnessed checkpoint is checked as well, and the example's is of another log.
            if !denied && *kind != EventKind::CheckpointWitnessed {
                assert_eq!(found, None, "{role}, {kind}");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, (EventKind::ALL.len() - 1) * Role::ALL.len());
}

#[test]
fn only_a_sponsor_opens_a_ledger() {
    for role in Role::ALL {
        let found = Tip::open(opened("T-1"), Signer { role: *role, ..sponsor() }, &secret("sponsor"), at(0));
        assert_eq!(
            found.map_err(|fault| fault.kind).err(),
            (*role != Role::Sponsor).then_some(RoleNotAllowed),
            "{role}"
        );
    }
}

#[test]
fn who_may_not_sign_may_not_correct_or_void_either() {
    let (staffed, table) = (Staffed::new(), table());
    for kind in correctable() {
        for role in Role::ALL {
            let name = person(*role, None);
            let may = |verb| table[&verb].contains(role) && table[&kind].contains(role);
            let void = event("entry_voided", json!({ "target": staffed.facts[&kind] }));
            let expected = (!may(EventKind::EntryVoided)).then_some(RoleNotAllowed);
            assert_eq!(staffed.fault(&[&name], void), expected, "{role} voids {kind}");
            let expected = (!may(EventKind::EntryCorrected)).then_some(RoleNotAllowed);
            assert_eq!(staffed.fault(&[&name], staffed.correction(kind)), expected, "{role} corrects {kind}");
        }
    }
}

#[test]
fn whoever_is_bound_to_a_site_signs_about_its_subjects_only() {
    let staffed = Staffed::new();
    let about: Vec<EventKind> =
        EventKind::ALL.iter().copied().filter(|kind| example(*kind).subject().is_some()).collect();
    assert!(about.len() > 20, "{about:?}");
    for kind in about {
        for role in roles(kind) {
            let (here, there) = (person(*role, Some("A")), person(*role, Some("B")));
            assert_eq!(staffed.fault(&[&here], example(kind)), None, "{here}, {kind}");
            assert_eq!(staffed.fault(&[&there], example(kind)), Some(SiteOutOfScope), "{there}, {kind}");
            // A countersigner is bound like an author.
            let beside = |who: &str| staffed.fault(&[&person(*role, None), who], example(kind));
            assert_eq!(beside("A pharmacist"), None, "{kind}");
            assert_eq!(beside("B pharmacist"), Some(SiteOutOfScope), "{kind}");
        }
    }
    for kind in correctable() {
        let there = person(roles(kind)[0], Some("B"));
        let target = staffed.facts[&kind];
        for change in [event("entry_voided", json!({ "target": target })), staffed.correction(kind)] {
            let found = staffed.fault(&[&there], change);
            let expected = may_sign(roles(kind)[0], EventKind::EntryVoided).then_some(SiteOutOfScope);
            assert_eq!(found, expected, "{there} changes {kind}");
        }
    }
}

#[test]
fn a_countersigner_may_have_any_role() {
    let staffed = Staffed::new();
    for role in Role::ALL {
        let name = person(*role, None);
        let author = if *role == Role::Coordinator { "investigator" } else { "coordinator" };
        assert_eq!(staffed.fault(&[author, &name], example(EventKind::FollowedUp)), None, "{role}");
    }
}

#[test]
fn what_a_role_may_sign_counts_from_its_grant_to_its_revocation_by_place() {
    let mut chain = Staffed::new().chain;
    let seen = || example(EventKind::FollowedUp);
    let late = Draft::new(event("key_revoked", json!({ "key": secret("coordinator").key() })));
    chain.add("coordinator", seen());
    chain.try_add("sponsor", late.because("left".parse().unwrap())).unwrap();
    let staffed = Staffed { chain, facts: BTreeMap::new() };
    assert_eq!(staffed.fault(&["coordinator"], seen()), Some(KeyRevoked));
    assert_eq!(staffed.fault(&["investigator", "coordinator"], seen()), Some(KeyRevoked), "as a countersigner");
    assert_eq!(staffed.fault(&["investigator"], seen()), None);
    let lines = staffed.chain.lines();
    assert!(Verifier::new(lines.iter().cloned().map(Ok), &lines).finish().is_ok(), "what was signed before stays");
}

/// A grant of a key to somebody, for a purpose.
fn granted(name: &str, key: Key, purpose: &str) -> Event {
    let facts = json!({ "key": key, "name": name, "organisation": "Example", "role": "monitor", "purpose": purpose });
    event("key_granted", facts)
}

#[test]
fn a_key_has_one_holder_and_one_purpose_for_ever() {
    const PURPOSES: [&str; 3] = ["author", "log", "witness"];
    for first in PURPOSES {
        let mut chain = Chain::sample();
        let key = secret("key").key();
        chain.add("sponsor", granted("Ann", key, first));
        let revoked = Draft::new(event("key_revoked", json!({ "key": key }))).because("lost".parse().unwrap());
        for _ in 0..2 {
            for second in PURPOSES {
                for name in ["Ann", "Bob"] {
                    let refused = chain.clone().try_add("sponsor", Draft::new(granted(name, key, second))).unwrap_err();
                    assert_eq!(refused.kind, KeyReused, "{first} to Ann, then {second} to {name}");
                }
            }
            // And the same once it is revoked.
            if chain.tip.roster().get(key).unwrap().revoked.is_none() {
                chain.try_add("sponsor", revoked.clone()).unwrap();
            }
        }
    }
}

#[test]
fn a_key_that_does_not_bind_its_holder_is_never_granted() {
    // The eight points of small order, encodings of some of them that are not canonical, a key with a part of small order
    // (speccheck 3 to 5, Chalkias, Garillot, Nikolaenko 2020), and what is no point at all.
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    let mut chain = Chain::sample();
    for key in weak {
        for purpose in ["author", "log", "witness"] {
            let refused = chain.try_add("sponsor", Draft::new(granted("Ann", key.parse().unwrap(), purpose)));
            assert_eq!(refused.unwrap_err().kind, KeyWeak, "{key}");
        }
    }
}
