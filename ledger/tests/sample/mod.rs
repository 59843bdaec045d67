//! A small trial with people and their keys, and ways to do it wrong.
#![allow(dead_code, clippy::unwrap_used)] // each test target uses its part of the sample

use serde_json::{Value, json};
use trial_core::{
    entry::{Meaning, Role, Signer},
    event::{Event, TrialOpened},
    ids::{Key, Seq},
};
use trial_ledger::{
    body::{self, Body, RecordedAt},
    check::Verified,
    envelope::Envelope,
    fault::Fault,
    key::Secret,
    tip::{Draft, Tip},
    verifier::{Verifier, Way},
};

/// The seed of a person's key: the name, filled up with zeros.
fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    seed
}

/// The same in hexadecimal.
pub fn seed_hex(name: &str) -> String {
    seed(name).map(|byte| format!("{byte:02x}")).concat()
}

/// The key of a person, always the same.
pub fn secret(name: &str) -> Secret {
    Secret::from_seed(&seed(name))
}

/// The milliseconds of an entry: one minute after the other.
pub fn at(minute: u64) -> RecordedAt {
    let (day, hour, minute) = (10 + minute / 1440, minute / 60 % 24, minute % 60);
    format!("2016-10-{day}T{hour:02}:{minute:02}:00.000Z").parse().unwrap()
}

/// An event of version 1 from its type and facts.
pub fn event(kind: &str, facts: Value) -> Event {
    let mut value = facts;
    value["type"] = kind.into();
    value["version"] = 1.into();
    Event::from_value(value).unwrap()
}

/// A key granted to a person.
pub fn grant(name: &str, role: Role, site: Option<&str>) -> Event {
    let mut facts = json!({
        "key": secret(name).key(), "name": name, "organisation": "Example", "role": role, "purpose": "author"
    });
    if let Some(site) = site {
        facts["site"] = site.into();
    }
    event("key_granted", facts)
}

/// What the genesis of the sample says.
pub fn opened(trial: &str) -> TrialOpened {
    let facts = json!({
        "trial": trial, "title": "A sample", "zone": "Asia/Taipei", "origin": format!("sponsor.example/{trial}"),
        "clock": "simulated", "data": "synthetic"
    });
    serde_json::from_value(facts).unwrap()
}

/// The sponsor as a signer.
pub fn sponsor() -> Signer {
    Signer {
        key: secret("sponsor").key(),
        meaning: Meaning::Authorship,
        name: "sponsor".parse().unwrap(),
        organisation: "Example".parse().unwrap(),
        role: Role::Sponsor,
        site: None,
    }
}

/// A fraction of subject S-1.
pub fn fraction(number: u32) -> Event {
    let dose = json!({"value": "2.50", "unit": "Gy"});
    event(
        "fraction_delivered",
        json!({"subject": "S-1", "plan": "PLAN-1", "number": number, "occurred_at": "2016-10-10", "dose": dose}),
    )
}

/// Subject S-1 consents at a site.
pub fn consent(site: &str) -> Event {
    event("consent_given", json!({"subject": "S-1", "site": site, "occurred_at": "2016-10-10", "form": "v1"}))
}

/// A chain under construction: all lines, and the tip that they lead to.
#[derive(Clone)]
pub struct Chain {
    pub tip: Tip,
    pub entries: Vec<Verified>,
}

impl Chain {
    /// Genesis, two sites, an investigator, a therapist (site A), a coordinator (site B), a monitor, one consent: 8 entries.
    pub fn sample() -> Chain {
        let mut chain = Chain::opened("T-1");
        chain.add("sponsor", event("site_activated", json!({"site": "A", "name": "Site A"})));
        chain.add("sponsor", event("site_activated", json!({"site": "B", "name": "Site B"})));
        chain.add("sponsor", grant("investigator", Role::Investigator, Some("A")));
        chain.add("sponsor", grant("therapist", Role::RadiationTherapist, Some("A")));
        chain.add("sponsor", grant("coordinator", Role::Coordinator, Some("B")));
        chain.add("sponsor", grant("monitor", Role::Monitor, None));
        chain.add("investigator", consent("A"));
        chain
    }

    /// The genesis alone.
    pub fn opened(trial: &str) -> Chain {
        let (tip, first) = Tip::open(opened(trial), sponsor(), &secret("sponsor"), at(0)).unwrap();
        Chain { tip, entries: vec![first] }
    }

    /// The sample and as many fractions as it takes to have this many entries.
    pub fn of(size: u64) -> Chain {
        let mut chain = Chain::sample();
        while chain.tip.size() < size {
            let (number, at) = (u32::try_from(chain.tip.size() % 99 + 1).unwrap(), at(chain.tip.size()));
            let made = chain.tip.sign(Draft::new(fraction(number)), &[&secret("therapist")], at, &()).unwrap();
            chain.entries.push(made);
        }
        chain
    }

    pub fn lines(&self) -> Vec<Envelope> {
        self.entries.iter().map(|v| v.envelope().clone()).collect()
    }

    pub fn add(&mut self, name: &str, event: Event) {
        self.try_add(name, Draft::new(event)).unwrap();
    }

    pub fn try_add(&mut self, name: &str, draft: Draft) -> Result<(), Fault> {
        self.try_add_by(&[name], draft)
    }

    /// The same, signed by several: the author first.
    pub fn try_add_by(&mut self, names: &[&str], draft: Draft) -> Result<(), Fault> {
        let lines = self.lines();
        let secrets: Vec<Secret> = names.iter().map(|name| secret(name)).collect();
        let made = self.tip.sign(draft, &secrets.iter().collect::<Vec<_>>(), at(self.tip.size()), &lines)?;
        self.entries.push(made);
        Ok(())
    }

    /// Adds a line that was made elsewhere.
    pub fn push(&mut self, line: Envelope) {
        let lines = [self.lines(), vec![line]].concat();
        let mut verifier = Verifier::after(self.tip.clone(), [Ok(lines[lines.len() - 1].clone())], &lines);
        self.entries.push(verifier.next().unwrap().unwrap());
        self.tip = verifier.finish().unwrap();
    }

    /// The body that a person would sign next, to be spoiled.
    pub fn next_body(&self, name: &str, event: Event) -> Body {
        let member = self.tip.roster().get(secret(name).key());
        let signer = member.map(|m| Signer {
            key: secret(name).key(),
            meaning: Meaning::Authorship,
            name: m.name.clone(),
            organisation: m.organisation.clone(),
            role: m.role,
            site: m.site.clone(),
        });
        let stranger = || Signer { key: secret(name).key(), ..sponsor() };
        Body {
            v: 1,
            ledger: self.tip.genesis().unwrap(),
            seq: self.tip.next(),
            prev: self.tip.head(),
            recorded_at: at(self.tip.size()),
            signer: signer.unwrap_or_else(stranger),
            countersigners: Vec::new(),
            event: event.to_value(),
            reason: None,
            sealed: Default::default(),
        }
    }

    /// The fault that a reader finds when this body, signed by these people, stands next.
    pub fn fault_of(&self, body: &Body, names: &[&str]) -> Option<Fault> {
        self.fault_of_line(signed(body, names))
    }

    /// The fault that a reader finds when this line stands next.
    pub fn fault_of_line(&self, line: Envelope) -> Option<Fault> {
        let mut lines = self.lines();
        lines.push(line);
        let faults = faults(&lines);
        assert!(faults.iter().all(|f| f.seq == Some(Seq(self.tip.size()))), "{faults:?}");
        faults.into_iter().next()
    }
}

/// A line with valid signatures over whatever the body says.
pub fn signed(body: &Body, names: &[&str]) -> Envelope {
    let bytes = body.to_vec().unwrap();
    let message = body::message(&bytes);
    let signature = |name: &&str| (secret(name).key(), secret(name).sign(&message));
    body::line(&bytes, names.iter().map(signature).collect::<Vec<(Key, _)>>())
}

/// All faults of a log, which the quick way and the plain way tell in the same words.
pub fn faults(lines: &Vec<Envelope>) -> Vec<Fault> {
    let verifier = || Verifier::new(lines.iter().cloned().map(Ok), lines);
    let faults: Vec<Fault> = verifier().filter_map(Result::err).collect();
    assert_eq!(faults, verifier().by(Way::Plain).filter_map(Result::err).collect::<Vec<_>>());
    faults
}

/// What a line says, as JSON.
pub fn json_of(line: &Envelope) -> Value {
    serde_json::from_slice(line.as_bytes()).unwrap()
}

/// A line with something in its text replaced, signatures left as they were.
pub fn edited(line: &Envelope, from: &str, to: &str) -> Envelope {
    let text = std::str::from_utf8(line.as_bytes()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    Envelope::new(text.replacen(from, to, 1).into_bytes())
}

/// Adds the order of the base point to S (RFC 8032 section 5.1).
pub fn plus_order(signature: &[u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 16] =
        [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14];
    let order = ORDER.into_iter().chain([0; 15]).chain([0x10]);
    let (mut sum, mut carry) = (*signature, 0);
    for (byte, order) in sum[32..].iter_mut().zip(order) {
        let total = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (total as u8, total >> 8);
    }
    sum
}
