//! Logs that are wrong in who signed them and how.

use crate::{
    Faulty,
    faulty::{because, deviation, drafted, last, rewritten, signed_by, site, spoiled, then},
    sample::{Chain, at, consent, edited, event, fraction, grant, json_of, plus_order, secret, signed, sponsor},
};
use serde_json::{Value, json};
use trial_core::{
    entry::{Meaning, Role, Signer},
    event::Event,
    ids::Key,
};
use trial_ledger::{
    body::{self, Body},
    canon,
    envelope::Envelope,
    tip::Draft,
};

/// People, signatures, keys.
pub fn all() -> Vec<Faulty> {
    [people(), signatures(), keys()].concat()
}

fn people() -> Vec<Faulty> {
    let mut by_monitor = json_of(&Chain::opened("T-1").lines()[0])["body"].clone();
    by_monitor["signer"]["role"] = "monitor".into();
    let opening = |body: &Value, names: &[&str]| {
        let bytes = canon::to_vec(body).unwrap();
        let sign = |name: &&str| (secret(name).key(), secret(name).sign(&body::message(&bytes)));
        vec![body::line(&bytes, names.iter().map(sign).collect::<Vec<_>>())]
    };
    let mut together = json_of(&Chain::opened("T-1").lines()[0])["body"].clone();
    together["countersigners"] = json!([Signer { key: secret("monitor").key(), role: Role::Monitor, ..sponsor() }]);
    let mut weak = json_of(&Chain::opened("T-1").lines()[0])["body"].clone();
    weak["signer"]["key"] = format!("01{}", "00".repeat(31)).into();
    let fraction_with = |spoil: &dyn Fn(&mut Body)| signed_by("therapist", fraction(1), spoil);
    let death = json!({ "subject": "S-1", "occurred_at": "2016-10-10", "cause": "disease", "relation": "unrelated" });
    let mut witnessed = Chain::sample();
    let mut witness = grant("witness", Role::Monitor, None).to_value();
    witness["purpose"] = "witness".into();
    witnessed.add("sponsor", Event::from_value(witness).unwrap());
    let elsewhere = {
        let chain = Chain::sample();
        let mut body = chain.next_body("therapist", fraction(1));
        body.countersigners = vec![chain.next_body("coordinator", fraction(1)).signer];
        then(&chain, signed(&body, &["therapist", "coordinator"]))
    };
    vec![
        last("role_not_allowed-opened_by_monitor", "a ledger that a monitor opens", opening(&by_monitor, &["sponsor"])),
        last(
            "role_not_allowed-opened_by_two",
            "a ledger that two people open",
            opening(&together, &["sponsor", "monitor"]),
        ),
        last("key_weak-opened", "a ledger that a key of small order opens", opening(&weak, &["sponsor"])),
        last(
            "unknown_signer-stranger",
            "somebody whom nobody granted a key",
            signed_by("stranger", fraction(1), |_| {}),
        ),
        last(
            "signer_mismatch-name",
            "another name than the key was granted with",
            fraction_with(&|b| b.signer.name = "Somebody Else".parse().unwrap()),
        ),
        last(
            "signer_mismatch-organisation",
            "another organisation",
            fraction_with(&|b| b.signer.organisation = "Elsewhere".parse().unwrap()),
        ),
        last(
            "signer_mismatch-role",
            "another role, which might sign this",
            signed_by("monitor", fraction(1), |b| b.signer.role = Role::RadiationTherapist),
        ),
        last(
            "signer_mismatch-site",
            "no site, where the key is bound to one",
            fraction_with(&|b| b.signer.site = None),
        ),
        last(
            "signer_mismatch-key_of_witness",
            "an entry signed with a key that is for checkpoints",
            drafted(&witnessed, "witness", Draft::new(deviation())),
        ),
        last("role_not_allowed-event", "a monitor who records a fraction", signed_by("monitor", fraction(1), |_| {})),
        last(
            "site_out_of_scope-consent",
            "a consent at another site than the signer's",
            signed_by("investigator", consent("B"), |_| {}),
        ),
        last(
            "site_out_of_scope-subject",
            "a subject of another site",
            signed_by("coordinator", event("death_recorded", death), |_| {}),
        ),
        last("site_out_of_scope-countersigner", "a countersigner of another site", elsewhere),
    ]
}

/// A fraction that an investigator countersigns.
fn countersigned(chain: &Chain) -> Body {
    let mut body = chain.next_body("therapist", fraction(1));
    body.countersigners =
        vec![Signer { meaning: Meaning::Approval, ..chain.next_body("investigator", fraction(1)).signer }];
    body
}

/// The site that the sponsor activates, with a signature that was changed: R is its first 32 bytes, S the others.
fn resigned(change: impl Fn(&mut [u8; 64])) -> Vec<Envelope> {
    let chain = Chain::opened("T-1");
    let bytes = chain.next_body("sponsor", site("Site A")).to_vec().unwrap();
    let mut signature = secret("sponsor").sign(&body::message(&bytes));
    change(&mut signature);
    then(&chain, body::line(&bytes, [(secret("sponsor").key(), signature)]))
}

/// The encoding p + y of the point that y encodes: its first byte is 0xed + y, the others are as large as can be.
fn above_p(y: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed + y, 0x7f);
    bytes
}

fn signatures() -> Vec<Faulty> {
    let chain = Chain::sample();
    let both = countersigned(&chain);
    let rewritten_signatures = |names: &[&str], change: &dyn Fn(&mut Vec<Value>)| {
        let mut line = json_of(&signed(&both, names));
        change(line["signatures"].as_array_mut().unwrap());
        then(&chain, Envelope::new(canon::to_vec(&line).unwrap()))
    };
    let two = ["therapist", "investigator"];
    let alone = chain.next_body("therapist", fraction(1));
    let mut twice = alone.clone();
    twice.countersigners = vec![alone.signer.clone()];
    let mut stranger = both.clone();
    stranger.countersigners[0].key = secret("stranger").key();
    let mut edited_fact = chain.clone();
    (1..4).for_each(|n| edited_fact.add("therapist", fraction(n)));
    let mut repaired = edited_fact.lines();
    repaired[8] = edited(&repaired[8], "2.50", "2.51");
    let unrepaired = repaired.clone();
    for i in 9..11 {
        let (old, new) = (edited_fact.lines()[i - 1].leaf_hash(), repaired[i - 1].leaf_hash());
        repaired[i] = edited(&repaired[i], &old.to_string(), &new.to_string());
    }
    let unused_bits = {
        let line = String::from_utf8(spoiled(|_| {})[1].as_bytes().to_vec()).unwrap();
        let at = line.find("==\"}").unwrap() - 1;
        // The last digit holds two bits; the next digit of the alphabet differs in a bit that nobody reads.
        let next = char::from(line.as_bytes()[at] + 1);
        then(&Chain::opened("T-1"), Envelope::new(format!("{}{next}{}", &line[..at], &line[at + 1..]).into_bytes()))
    };
    let set_r = |r: [u8; 32]| resigned(move |signature| signature[..32].copy_from_slice(&r));
    let small = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    vec![
        crate::faulty::at_seq("signature_invalid-fact_edited", "a dose changed after it was signed", 8, unrepaired),
        crate::faulty::at_seq(
            "signature_invalid-hashes_repaired",
            "a dose changed, and the links behind it made to fit",
            8,
            repaired,
        ),
        last(
            "signature_invalid-absent",
            "a signature by another person alone",
            then(&chain, signed(&alone, &["monitor"])),
        ),
        last("signature_invalid-other_message", "a signature over something else", {
            let other = secret("sponsor").sign(b"something else");
            resigned(move |signature| *signature = other)
        }),
        last("signature_invalid-s_changed", "a bit of S changed", resigned(|signature| signature[40] ^= 1)),
        last("signature_invalid-r_is_no_point", "an R that no point has", set_r(small(2))),
        last(
            "signature_invalid-countersignature",
            "a countersignature over something else",
            rewritten_signatures(&two, &|list| {
                let at = list.iter().position(|s| s["key"] == json!(secret("investigator").key())).unwrap();
                list[at]["sig"] = json_of(&signed(&alone, &["investigator"]))["signatures"][0]["sig"].clone();
            }),
        ),
        last(
            "signature_not_canonical-s_plus_l",
            "the order of the base point added to S",
            resigned(|signature| *signature = plus_order(signature)),
        ),
        last(
            "signature_not_canonical-s_all_ones",
            "an S as large as can be",
            resigned(|signature| signature[32..].fill(0xff)),
        ),
        last("signature_not_canonical-r_of_small_order", "the neutral point as R", set_r(small(1))),
        last("signature_not_canonical-r_above_p", "an R whose y is 3 and is written as p + 3", set_r(above_p(3))),
        last(
            "signature_not_canonical-unsorted",
            "signatures in another order",
            rewritten_signatures(&two, &|list| list.reverse()),
        ),
        last(
            "signature_not_canonical-twice",
            "the same signature twice",
            rewritten_signatures(&["therapist"], &|list| list.push(list[0].clone())),
        ),
        last(
            "signature_not_canonical-one_more",
            "a signature by somebody whom the body does not name",
            then(&chain, signed(&alone, &["therapist", "monitor"])),
        ),
        last("signature_not_canonical-no_padding", "base64 without its padding", rewritten("==\"}", "\"}")),
        last("signature_not_canonical-unused_bits", "base64 whose unused bits are not zero", unused_bits),
        last("signature_not_canonical-short", "a signature of 61 bytes", {
            let line = spoiled(|_| {}).remove(1);
            let sig = json_of(&line)["signatures"][0]["sig"].as_str().unwrap().to_owned();
            rewritten(&sig, &sig[4..])
        }),
        last("signature_not_canonical-other_alphabet", "base64 in the alphabet for addresses", {
            let line = spoiled(|_| {}).remove(1);
            let sig = json_of(&line)["signatures"][0]["sig"].as_str().unwrap().to_owned();
            rewritten(&sig, &format!("_{}", &sig[1..]))
        }),
        last(
            "countersignature_missing-absent",
            "a countersigner who did not sign",
            then(&chain, signed(&both, &["therapist"])),
        ),
        last(
            "countersignature_missing-same_person",
            "somebody who countersigns what is their own",
            then(&chain, signed(&twice, &["therapist"])),
        ),
        last(
            "unknown_signer-countersigner",
            "a countersigner whom nobody granted a key",
            then(&chain, signed(&stranger, &["therapist", "stranger"])),
        ),
    ]
}

/// A grant of this key to somebody.
fn granted(key: Key) -> Draft {
    let mut event = grant("x", Role::Pharmacist, None).to_value();
    event["key"] = key.to_string().into();
    Draft::new(Event::from_value(event).unwrap())
}

/// The revocation of somebody's key.
fn revoked(name: &str) -> Draft {
    because(event("key_revoked", json!({ "key": secret(name).key() })))
}

fn keys() -> Vec<Faulty> {
    let by_sponsor = |draft: Draft| drafted(&Chain::opened("T-1"), "sponsor", draft);
    let weak = |hex: &str| by_sponsor(granted(hex.parse().unwrap()));
    let mut gone = Chain::sample();
    gone.try_add("sponsor", revoked("therapist")).unwrap();
    let mut back_dated = gone.next_body("therapist", fraction(1));
    back_dated.recorded_at = at(4);
    vec![
        // Points of small order and a mixed one: speccheck of Chalkias, Garillot and Nikolaenko.
        last("key_weak-neutral", "the neutral point as a key", weak(&format!("01{}", "00".repeat(31)))),
        last(
            "key_weak-small_order",
            "a key of order 8",
            weak("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
        ),
        last(
            "key_weak-mixed_order",
            "a key with a part of small order",
            weak("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        ),
        last("key_weak-above_p", "a key whose y is 3 and is written as p + 3", by_sponsor(granted(Key(above_p(3))))),
        last(
            "key_weak-minus_zero",
            "the neutral point with the sign of an x that is 0",
            weak(&format!("01{}80", "00".repeat(30))),
        ),
        last("key_weak-no_point", "a key that no point has", weak(&format!("02{}", "00".repeat(31)))),
        last(
            "key_reused-granted",
            "a key that somebody else has",
            drafted(&Chain::sample(), "sponsor", granted(secret("therapist").key())),
        ),
        last("key_reused-sponsor", "the key that opened the ledger", by_sponsor(granted(secret("sponsor").key()))),
        last(
            "key_reused-revoked",
            "a key that was revoked",
            drafted(&gone, "sponsor", granted(secret("therapist").key())),
        ),
        last(
            "key_revoked-signs",
            "an entry after the key was revoked",
            drafted(&gone, "therapist", Draft::new(fraction(1))),
        ),
        last(
            "key_revoked-back_dated",
            "the same, with a time before the revocation",
            then(&gone, signed(&back_dated, &["therapist"])),
        ),
        last(
            "key_revoked-twice",
            "a key that is revoked a second time",
            drafted(&gone, "sponsor", revoked("therapist")),
        ),
        last("unknown_signer-revoked", "a revocation of a key that nobody has", by_sponsor(revoked("stranger"))),
    ]
}
