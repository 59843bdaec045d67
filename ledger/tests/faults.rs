//! What the verifier and the tip do with faults: what comes after the first one, and what a writer refuses to sign.
//!
//! Each single fault is a file of `tests/vectors/faults`: see `vectors/`.
#![allow(clippy::unwrap_used)]

mod sample;

use proptest::prelude::*;
use sample::{Chain, at, edited, event, faults, fraction, grant, secret, signed, sponsor};
use serde_json::json;
use trial_core::{
    entry::{Effect, Meaning, Role, Signer},
    ids::{Hash, Key, Seq},
};
use trial_ledger::{
    engine::Engine,
    envelope::Envelope,
    fault::FaultKind::{self, *},
    tip::Draft,
    verifier::{Verifier, Way},
};

fn kinds(lines: &Vec<Envelope>) -> Vec<(u64, FaultKind)> {
    faults(lines).iter().map(|f| (f.seq.unwrap().0, f.kind)).collect()
}

#[test]
fn a_sound_chain_has_no_fault_and_its_tip_is_the_writers() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    let lines = chain.lines();
    let tip = Verifier::new(lines.iter().cloned().map(Ok), &lines).finish().unwrap();
    assert_eq!((tip.size(), tip.head(), tip.root()), (9, chain.tip.head(), chain.tip.root()));
    assert_eq!(tip.roster(), chain.tip.roster());
    assert_eq!(tip.genesis(), Some(lines[0].leaf_hash()));
}

#[test]
fn an_edited_payload_breaks_its_signature_and_the_next_link() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.add("therapist", fraction(2));
    let mut lines = chain.lines();
    lines[8] = edited(&lines[8], "2.50", "2.51");
    assert_eq!(kinds(&lines), [(8, SignatureInvalid), (9, BrokenLink)]);
}

#[test]
fn an_entry_that_its_author_signs_anew_breaks_the_next_link() {
    let mut chain = Chain::sample();
    let mut other = chain.next_body("therapist", fraction(1));
    chain.add("therapist", fraction(1));
    chain.add("therapist", fraction(2));
    other.recorded_at = at(7);
    let mut lines = chain.lines();
    lines[8] = signed(&other, &["therapist"]);
    assert_eq!(kinds(&lines), [(9, BrokenLink)]);
}

#[test]
fn missing_repeated_and_moved_entries_have_different_names() {
    let mut chain = Chain::sample();
    (1..5).for_each(|n| chain.add("therapist", fraction(n)));
    let lines = chain.lines();

    let mut missing = lines.clone();
    missing.remove(9);
    assert_eq!(kinds(&missing), [(9, SeqGap)]);

    let mut repeated = lines.clone();
    repeated.insert(10, lines[9].clone());
    assert_eq!(kinds(&repeated), [(10, SeqDuplicate)]);

    let mut moved = lines.clone();
    moved.swap(9, 10);
    assert_eq!(kinds(&moved), [(9, SeqOutOfOrder), (11, SeqOutOfOrder)]);
}

#[test]
fn the_genesis_is_checked_against_the_one_that_is_expected() {
    let lines = Chain::sample().lines();
    let verify = |genesis| Verifier::new(lines.iter().cloned().map(Ok), &lines).of_ledger(genesis).finish();
    assert!(verify(lines[0].leaf_hash()).is_ok());
    assert_eq!(verify(Hash([7; 32])).unwrap_err().kind, GenesisMismatch);
    assert_eq!(kinds(&lines[1..].to_vec())[0], (0, SeqGap));
    let chain = Chain::sample();
    let again = chain.next_body("sponsor", sample::opened("T-1").into());
    assert_eq!(chain.fault_of(&again, &["sponsor"]).unwrap().kind, SchemaViolation);
}

#[test]
fn verification_goes_on_from_a_tip_as_if_it_had_never_stopped() {
    let mut chain = Chain::sample();
    let half = chain.tip.clone();
    chain.add("therapist", fraction(1));
    let lines = chain.lines();
    let rest = || lines[8..].iter().cloned().map(Ok);
    let tip = Verifier::after(half.clone(), rest(), &lines).finish().unwrap();
    assert_eq!((tip.size(), tip.root()), (9, chain.tip.root()));
    let at = |size| tip.root_at(size, &lines);
    assert_eq!((at(8), at(9), at(10)), (Some(half.root()), Some(tip.root()), None));
    let other = Verifier::after(half, rest(), &lines).of_ledger(Hash([7; 32])).finish();
    assert_eq!(other.unwrap_err().kind, GenesisMismatch);
}

#[test]
fn there_is_no_tip_to_build_on_after_a_fault() {
    let mut lines = Chain::sample().lines();
    lines.remove(3);
    let mut verifier = Verifier::new(lines.iter().cloned().map(Ok), &lines);
    assert_eq!(verifier.by_ref().take(3).filter(Result::is_ok).count(), 3);
    assert_eq!(verifier.so_far().map(|tip| tip.size()), Some(3));
    assert!(verifier.next().unwrap().is_err());
    assert!(verifier.so_far().is_none());
}

#[test]
fn a_log_without_entries_is_no_ledger() {
    assert_eq!(Verifier::new(Vec::new(), ()).finish().unwrap_err().kind, StoreMissing);
}

#[test]
fn a_revoked_key_signs_no_more_whatever_time_it_claims() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    let revoke = Draft::new(event("key_revoked", json!({"key": secret("therapist").key()})));
    assert_eq!(chain.try_add("sponsor", revoke.clone()).unwrap_err().kind, MissingReason);
    chain.try_add("sponsor", revoke.clone().because("left".parse().unwrap())).unwrap();
    let mut late = chain.next_body("therapist", fraction(2));
    assert_eq!(chain.fault_of(&late, &["therapist"]).unwrap().kind, KeyRevoked);
    late.recorded_at = at(8);
    assert_eq!(chain.fault_of(&late, &["therapist"]).unwrap().kind, KeyRevoked);
    assert!(faults(&chain.lines()).is_empty(), "what it signed before stays valid");
    let twice = revoke.because("again".parse().unwrap());
    assert_eq!(chain.try_add("sponsor", twice).unwrap_err().kind, KeyRevoked);
}

#[test]
fn a_key_enters_once_and_only_if_it_binds_its_holder() {
    let mut chain = Chain::sample();
    let again = |name: &str, key: Key| {
        let mut event = grant(name, Role::Pharmacist, None).to_value();
        event["key"] = key.to_string().into();
        Draft::new(trial_core::event::Event::from_value(event).unwrap())
    };
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(chain.try_add("sponsor", again("x", Key(identity))).unwrap_err().kind, KeyWeak);
    assert_eq!(chain.try_add("sponsor", again("x", secret("therapist").key())).unwrap_err().kind, KeyReused);
    assert_eq!(chain.try_add("sponsor", again("x", secret("sponsor").key())).unwrap_err().kind, KeyReused);
    let revoke = Draft::new(event("key_revoked", json!({"key": secret("therapist").key()})));
    chain.try_add("sponsor", revoke.because("left".parse().unwrap())).unwrap();
    assert_eq!(chain.try_add("sponsor", again("x", secret("therapist").key())).unwrap_err().kind, KeyReused);
    assert!(chain.try_add("sponsor", again("x", secret("new").key())).is_ok());
}

#[test]
fn a_draft_is_countersigned_by_those_it_names() {
    let mut chain = Chain::sample();
    let draft =
        Draft { countersigners: vec![(secret("investigator").key(), Meaning::Approval)], ..Draft::new(fraction(1)) };
    assert_eq!(chain.try_add("therapist", draft.clone()).unwrap_err().kind, CountersignatureMissing);
    let both = [&secret("therapist"), &secret("investigator")];
    let made = chain.tip.sign(draft, &both, at(8), &()).unwrap();
    assert_eq!(made.entry().countersigners.len(), 1);
    assert_eq!(chain.tip.size(), 9);
}

fn correction(target: u64, field: &str, old: serde_json::Value, new: serde_json::Value) -> Draft {
    let facts = json!({"target": target, "field": field, "old": old, "new": new});
    Draft::new(event("entry_corrected", facts)).because("slip of the pen".parse().unwrap())
}

#[test]
fn a_correction_revises_what_its_target_states_now() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.try_add("therapist", correction(8, "/dose/value", json!("2.50"), json!("2.52"))).unwrap();
    let Effect::Revises { target, event } = &chain.entries[9].entry().effect else { panic!("it revises") };
    assert_eq!((*target, event.to_value()["dose"]["value"].clone()), (Seq(8), json!("2.52")));
    let stale = correction(8, "/dose/value", json!("2.50"), json!("2.53"));
    assert_eq!(chain.try_add("therapist", stale).unwrap_err().kind, StaleCorrection);
    chain.try_add("therapist", correction(8, "/dose/value", json!("2.52"), json!("2.53"))).unwrap();
    assert!(faults(&chain.lines()).is_empty());
}

#[test]
fn a_voided_entry_cannot_be_corrected_or_voided_again() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    let void = || Draft::new(event("entry_voided", json!({"target": 8}))).because("twice".parse().unwrap());
    chain.try_add("therapist", void()).unwrap();
    assert_eq!(
        chain.entries[9].entry().effect,
        Effect::Voids { target: Seq(8), subject: Some("S-1".parse().unwrap()) }
    );
    assert_eq!(chain.try_add("therapist", void()).unwrap_err().kind, StaleCorrection);
    let late = correction(8, "/dose/value", json!("2.50"), json!("2.51"));
    assert_eq!(chain.try_add("therapist", late).unwrap_err().kind, StaleCorrection);
}

#[test]
fn a_correction_trusts_no_look_up_that_returns_other_bytes() {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    chain.try_add("therapist", correction(8, "/dose/value", json!("2.50"), json!("2.51"))).unwrap();
    let lines = chain.lines();
    let mut other = lines.clone();
    other[8] = edited(&lines[8], "2.50", "9.50");
    let fault = Verifier::new(lines.iter().cloned().map(Ok), &other).finish().unwrap_err();
    assert_eq!((fault.kind, fault.seq), (StoreUnreadable, Some(Seq(9))));
}

#[test]
fn an_override_of_the_rule_needs_a_reason() {
    let mut chain = Chain::sample();
    chain.add("sponsor", grant("committee", Role::SafetyCommittee, None));
    let decision = |conformity: &str| {
        Draft::new(event(
            "escalation_decided",
            json!({
                "occurred_at": "2016-10-10", "at_level": 1, "action": "escalate", "level": 2, "places": 3,
                "conformity": conformity, "basis": {"entries": 8, "head": Hash::ZERO, "levels": []}
            }),
        ))
    };
    assert_eq!(chain.try_add("committee", decision("override")).unwrap_err().kind, MissingReason);
    chain.try_add("committee", decision("override").because("late toxicity".parse().unwrap())).unwrap();
    chain.try_add("committee", decision("rule")).unwrap();
}

#[test]
fn a_genesis_is_signed_by_a_sponsor_alone() {
    let other = Signer { role: Role::Monitor, ..sponsor() };
    let opened = sample::opened("T-1");
    let fault = trial_ledger::tip::Tip::open(opened, other, &secret("sponsor"), at(0)).unwrap_err();
    assert_eq!(fault.kind, RoleNotAllowed);
}

#[test]
fn nothing_is_verified_after_the_first_fault() {
    let mut chain = Chain::sample();
    (1..5).for_each(|n| chain.add("therapist", fraction(n)));
    let mut lines = chain.lines();
    lines[9] = edited(&lines[9], "2.50", "2.51");
    let verified = Verifier::new(lines.iter().cloned().map(Ok), &lines).filter(Result::is_ok).count();
    assert_eq!(verified, 9);
}

#[test]
fn claims_of_far_places_are_told_without_taking_memory_for_them() {
    let chain = Chain::sample();
    let far = |seq: u64| {
        let mut body = chain.next_body("therapist", fraction(1));
        body.seq = Seq(seq);
        signed(&body, &["therapist"])
    };
    let mut lines = chain.lines();
    let last = (1 << 53) - 1;
    lines.extend([far(1 << 40), far(1 << 50), far(1 << 40), far(20), far(1 << 50), far(last), far(last)]);
    let expected = [SeqGap, SeqOutOfOrder, SeqDuplicate, SeqOutOfOrder, SeqDuplicate, SeqGap, SeqDuplicate];
    assert_eq!(faults(&lines).iter().map(|f| f.kind).collect::<Vec<_>>(), expected);
}

proptest! {
    #[test]
    fn any_lines_are_judged_without_a_panic(
        junk in prop::collection::vec(any::<u8>(), 0..300),
        edits in prop::collection::vec((0_usize..8, any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let sound = Chain::sample().lines();
        let mut lines = sound.clone();
        for (line, place, byte) in edits {
            let mut bytes = lines[line].as_bytes().to_vec();
            let at = place.index(bytes.len());
            bytes[at] = byte;
            lines[line] = Envelope::new(bytes);
        }
        let first = (0..8).find(|i| lines[*i] != sound[*i]).unwrap_or(8);
        lines.push(Envelope::new(junk));
        let verified = Verifier::new(lines.iter().cloned().map(Ok), &lines).filter(Result::is_ok).count();
        prop_assert_eq!(verified, first);
        prop_assert_eq!(faults(&lines)[0].seq, Some(Seq(first as u64)));
    }
}

#[test]
fn a_long_log_is_judged_the_same_in_any_way_and_on_any_number_of_threads() {
    let mut chain = Chain::sample();
    (0..1_300).for_each(|n| chain.add("therapist", fraction(1 + n % 20)));
    let sound = chain.lines();
    // At the borders of what is prepared together, and in the last one.
    let spoiled = |places: &[usize]| {
        let mut lines = sound.clone();
        places.iter().for_each(|place| lines[*place] = edited(&lines[*place], "2.50", "2.51"));
        lines
    };
    let mut shortened = sound.clone();
    shortened.remove(1024);
    for lines in [sound.clone(), spoiled(&[511, 512]), spoiled(&[1_023]), spoiled(&[sound.len() - 1]), shortened] {
        let verifier = || Verifier::new(lines.iter().cloned().map(Ok), &lines);
        let plain: Vec<_> = verifier().by(Way::Plain).collect();
        assert_eq!(plain.iter().all(Result::is_ok), lines == sound);
        for threads in [1, 2, 5] {
            assert!(verifier().on_threads(threads).collect::<Vec<_>>() == plain, "{threads} threads");
        }
        let portable = verifier().by(Way::Quick(Engine::portable().into())).collect::<Vec<_>>();
        assert!(portable == plain, "the portable engine");
    }
}

#[test]
fn a_correction_is_nested_as_deep_as_a_line_may_be_and_no_deeper() {
    let chain = Chain::sample();
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let fault = |depth| {
        let correction = json!({"target": 7, "field": "/form", "old": nested(depth), "new": "ICF-2.0"});
        let mut body = chain.next_body("coordinator", event("entry_corrected", correction));
        body.reason = Some("typed wrongly".parse().unwrap());
        chain.fault_of_line(signed(&body, &["coordinator"])).unwrap().kind
    };
    // The line, its body and its event are three containers of the sixteen.
    assert_eq!(fault(14), LimitExceeded);
    assert_ne!(fault(13), LimitExceeded);
}
