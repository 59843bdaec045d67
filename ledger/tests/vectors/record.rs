//! Logs that are wrong in where entries stand, in their times and reasons, and in what they correct.

use crate::{
    Faulty,
    faulty::{at_seq, because, drafted, last, signed_by, site, spoiled},
    sample::{Chain, at, event, fraction, grant, secret, signed},
};
use serde_json::{Value, json};
use trial_core::{
    entry::Role,
    ids::{Hash, Seq},
};
use trial_ledger::{body::Body, envelope::Envelope, tip::Draft};

/// Places, times, corrections.
pub fn all() -> Vec<Faulty> {
    [places(), times(), corrections()].concat()
}

fn places() -> Vec<Faulty> {
    let mut chain = Chain::sample();
    (1..4).for_each(|n| chain.add("therapist", fraction(n)));
    let changed = |change: &dyn Fn(&mut Vec<Envelope>)| {
        let mut lines = chain.lines();
        change(&mut lines);
        lines
    };
    let resigned = changed(&|lines| {
        let mut before = Chain::sample();
        before.add("therapist", fraction(1));
        let mut body = before.next_body("therapist", fraction(7));
        body.recorded_at = at(9);
        lines[9] = signed(&body, &["therapist"]);
    });
    let opens = Chain::opened("T-1");
    let zeros = |body: &mut Body| (body.seq, body.ledger, body.prev) = (Seq(0), Hash::ZERO, Hash::ZERO);
    let mut unopened = opens.next_body("sponsor", site("Site A"));
    zeros(&mut unopened);
    let again = because(crate::sample::opened("T-1").into());
    let other = Chain::opened("T-2");
    let mut known =
        last("genesis_mismatch-another_ledger", "a sound ledger, but not the one that the reader knows", other.lines());
    known.genesis = Some(opens.tip.head());
    vec![
        at_seq("seq_gap-entry_removed", "an entry taken out", 9, changed(&|lines| drop(lines.remove(9)))),
        at_seq("seq_gap-no_beginning", "the first entry taken out", 0, changed(&|lines| drop(lines.remove(0)))),
        last("seq_gap-claimed", "an entry that claims a later place", spoiled(|b| b.seq = Seq(2))),
        at_seq(
            "seq_duplicate-repeated",
            "an entry that stands there twice",
            10,
            changed(&|lines| lines.insert(10, lines[9].clone())),
        ),
        last("seq_duplicate-replayed", "an old entry put at the end", changed(&|lines| lines.push(lines[8].clone()))),
        last("seq_duplicate-claimed", "a new entry for a place that is taken", spoiled(|b| b.seq = Seq(0))),
        at_seq("seq_out_of_order-swapped", "two entries that changed places", 9, changed(&|lines| lines.swap(9, 10))),
        at_seq(
            "genesis_mismatch-not_opened",
            "a log that begins with something else",
            0,
            vec![signed(&unopened, &["sponsor"])],
        ),
        known,
        last("schema_violation-opened_twice", "a second opening", drafted(&opens, "sponsor", again)),
        last("wrong_ledger-claimed", "an entry that names another ledger", spoiled(|b| b.ledger = Hash([7; 32]))),
        at_seq(
            "wrong_ledger-other_genesis",
            "the first entry of another ledger in place of its own",
            1,
            changed(&|lines| lines[0] = other.lines().remove(0)),
        ),
        last("broken_link-claimed", "an entry that names another one before it", spoiled(|b| b.prev = Hash([7; 32]))),
        at_seq("broken_link-signed_anew", "an entry that its author changed and signed anew", 10, resigned),
    ]
}

fn times() -> Vec<Faulty> {
    let mut decided = Chain::sample();
    decided.add("sponsor", grant("committee", Role::SafetyCommittee, None));
    let overruled = event(
        "escalation_decided",
        json!({
            "occurred_at": "2016-10-10", "at_level": 1, "action": "escalate", "level": 2, "places": 3,
            "conformity": "override", "basis": { "entries": 9, "head": Hash::ZERO, "levels": [] }
        }),
    );
    let voided = event("entry_voided", json!({ "target": 7 }));
    let unexplained = |kind: &str| event("key_revoked", json!({ "key": secret(kind).key() }));
    vec![
        last(
            "time_regression-one_minute",
            "a time before that of the entry in front",
            signed_by("therapist", fraction(1), |b| b.recorded_at = at(6)),
        ),
        last(
            "time_regression-and_no_reason",
            "the same in an entry that also lacks its reason",
            signed_by("sponsor", unexplained("therapist"), |b| b.recorded_at = at(6)),
        ),
        last(
            "missing_reason-revocation",
            "a key revoked without saying why",
            signed_by("sponsor", unexplained("therapist"), |_| {}),
        ),
        last(
            "missing_reason-voided",
            "an entry taken back without saying why",
            drafted(&Chain::sample(), "investigator", Draft::new(voided)),
        ),
        last(
            "missing_reason-override",
            "a decision against the rule without saying why",
            drafted(&decided, "committee", Draft::new(overruled)),
        ),
    ]
}

/// A correction with a reason.
fn correction(target: u64, field: &str, old: Value, new: Value) -> Draft {
    because(event("entry_corrected", json!({ "target": target, "field": field, "old": old, "new": new })))
}

fn corrections() -> Vec<Faulty> {
    let mut chain = Chain::sample();
    chain.add("therapist", fraction(1));
    let mut corrected = chain.clone();
    let dose = |old: &str, new: &str| correction(8, "/dose/value", json!(old), json!(new));
    corrected.try_add("therapist", dose("2.50", "2.52")).unwrap();
    let mut voided = chain.clone();
    let void = || because(event("entry_voided", json!({ "target": 8 })));
    voided.try_add("therapist", void()).unwrap();
    let by = |author: &str, draft: Draft| drafted(&chain, author, draft);
    let of = |author: &str, target: u64, field: &str, old: Value, new: Value| {
        by(author, correction(target, field, old, new))
    };
    let site_b = because(event("entry_voided", json!({ "target": 7 })));
    let mut listed = Chain::sample();
    listed.add("sponsor", grant("stranger", Role::Radiologist, None));
    let size = json!({ "value": "40", "unit": "mm" });
    let assessed = json!({
        "subject": "S-1", "occurred_at": "2016-10-10", "method": "CT",
        "targets": [{ "lesion": "T1", "site": "liver", "in_field": true, "diameter": size }]
    });
    listed.add("stranger", event("tumour_assessed", assessed));
    let of_list = |field: &str, old: Value, new: Value| drafted(&listed, "stranger", correction(9, field, old, new));
    vec![
        last(
            "stale_correction-old_differs",
            "a correction of a value that had been corrected already",
            drafted(&corrected, "therapist", dose("2.50", "2.53")),
        ),
        last(
            "stale_correction-other_spelling",
            "an old value in another spelling",
            by("therapist", dose("2.5", "2.53")),
        ),
        last(
            "stale_correction-later_entry",
            "a correction of an entry that is not there yet",
            of("therapist", 900, "/number", json!(1), json!(2)),
        ),
        last(
            "stale_correction-itself",
            "a correction of itself",
            of("therapist", 9, "/field", json!("/field"), json!("/old")),
        ),
        last(
            "stale_correction-voided",
            "a correction of an entry that was taken back",
            drafted(&voided, "therapist", dose("2.50", "2.53")),
        ),
        last(
            "stale_correction-voided_twice",
            "an entry that is taken back a second time",
            drafted(&voided, "therapist", void()),
        ),
        last(
            "stale_correction-nothing_there",
            "an old value where there is none",
            of("therapist", 8, "/machine", json!("X"), json!("Y")),
        ),
        last(
            "role_not_allowed-correction",
            "a correction by a role that may not sign what it corrects",
            by("investigator", dose("2.50", "2.53")),
        ),
        last(
            "site_out_of_scope-correction",
            "a correction of a subject of another site",
            of("coordinator", 7, "/form", json!("v1"), json!("v2")),
        ),
        last("site_out_of_scope-voided", "a consent at another site taken back", by("coordinator", site_b)),
        last(
            "site_out_of_scope-corrected_away",
            "a correction that moves a consent to another site",
            of("investigator", 7, "/site", json!("A"), json!("B")),
        ),
        last(
            "schema_violation-key_corrected",
            "a correction of a grant",
            of("therapist", 4, "/name", json!("therapist"), json!("x")),
        ),
        last(
            "schema_violation-grant_voided",
            "a grant taken back",
            by("therapist", because(event("entry_voided", json!({ "target": 4 })))),
        ),
        last(
            "schema_violation-subject_corrected",
            "a correction of the subject",
            of("therapist", 8, "/subject", json!("S-1"), json!("S-2")),
        ),
        last(
            "schema_violation-everything_corrected",
            "a correction of the whole event",
            of("therapist", 8, "", fraction(1).to_value(), json!({})),
        ),
        last(
            "schema_violation-corrected_to_text",
            "a number corrected to a word",
            of("therapist", 8, "/number", json!(1), json!("one")),
        ),
        last(
            "schema_violation-corrected_spelling",
            "a dose corrected to a decimal with a leading zero",
            by("therapist", dose("2.50", "02.5")),
        ),
        last(
            "schema_violation-needed_member_gone",
            "a member taken out that has to be there",
            of("therapist", 8, "/plan", json!("PLAN-1"), Value::Null),
        ),
        last(
            "schema_violation-nowhere",
            "a correction in a member that is not there",
            of("therapist", 8, "/a/b", Value::Null, json!(1)),
        ),
        last(
            "schema_violation-inside_a_text",
            "a correction inside a text",
            of("therapist", 8, "/plan/0", Value::Null, json!(1)),
        ),
        last(
            "schema_violation-index_in_two_digits",
            "an index with a leading zero",
            of_list("/targets/00", Value::Null, json!(1)),
        ),
        last(
            "schema_violation-index_behind_the_end",
            "an element behind the end of a list",
            of_list("/targets/1", Value::Null, json!(1)),
        ),
        last(
            "schema_violation-element_to_null",
            "an element of a list corrected to nothing",
            of_list("/targets/0/lesion", json!("T1"), Value::Null),
        ),
    ]
}
