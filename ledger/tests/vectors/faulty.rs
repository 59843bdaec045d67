//! Logs that are wrong in their bytes or in their shape, and what all faulty logs are made with.

use crate::{
    Faulty,
    sample::{Chain, edited, event, fraction, json_of, secret, signed},
};
use serde_json::{Value, json};
use trial_core::event::Event;
use trial_ledger::{
    body::{self, Body},
    canon,
    envelope::{Envelope, MAX_LINE},
    tip::Draft,
};

/// Lines of other bytes and of other shapes.
pub fn all() -> Vec<Faulty> {
    [bytes(), shapes()].concat()
}

/// A faulty log; the fault is at its last entry.
pub fn last(name: &'static str, what: &'static str, lines: Vec<Envelope>) -> Faulty {
    Faulty { name, what, seq: lines.len() as u64 - 1, lines, genesis: None }
}

/// The same; the fault is at this place.
pub fn at_seq(name: &'static str, what: &'static str, seq: u64, lines: Vec<Envelope>) -> Faulty {
    Faulty { name, what, seq, lines, genesis: None }
}

/// The chain and a line behind it.
pub fn then(chain: &Chain, line: Envelope) -> Vec<Envelope> {
    [chain.lines(), vec![line]].concat()
}

/// The sponsor activates a site.
pub fn site(name: &str) -> Event {
    event("site_activated", json!({ "site": "A", "name": name }))
}

/// The genesis and a site that the sponsor activates, whose body was spoiled before it was signed.
pub fn spoiled(spoil: impl Fn(&mut Body)) -> Vec<Envelope> {
    let chain = Chain::opened("T-1");
    let mut body = chain.next_body("sponsor", site("Site A"));
    spoil(&mut body);
    then(&chain, signed(&body, &["sponsor"]))
}

/// The same, with something else replaced in the line after it was signed.
pub fn rewritten(from: &str, to: &str) -> Vec<Envelope> {
    let lines = spoiled(|_| {});
    vec![lines[0].clone(), edited(&lines[1], from, to)]
}

/// The same, with a member of the body spoiled as JSON before it was signed.
pub fn respelled(pointer: &str, value: Value) -> Vec<Envelope> {
    let lines = spoiled(|_| {});
    let mut body = json_of(&lines[1])["body"].clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    let bytes = canon::to_vec(&body).unwrap();
    let key = secret("sponsor");
    vec![lines[0].clone(), body::line(&bytes, [(key.key(), key.sign(&body::message(&bytes)))])]
}

/// The small trial, and an entry of a person, whose body was spoiled before it was signed.
pub fn signed_by(author: &str, event: Event, spoil: impl Fn(&mut Body)) -> Vec<Envelope> {
    let chain = Chain::sample();
    let mut body = chain.next_body(author, event);
    spoil(&mut body);
    then(&chain, signed(&body, &[author]))
}

/// A draft that no reader takes, at the end of a chain.
pub fn drafted(chain: &Chain, author: &str, draft: Draft) -> Vec<Envelope> {
    let mut body = chain.next_body(author, draft.event);
    body.reason = draft.reason;
    then(chain, signed(&body, &[author]))
}

/// A draft with a reason.
pub fn because(event: Event) -> Draft {
    Draft::new(event).because("as asked".parse().unwrap())
}

/// Something that a monitor may record.
pub fn deviation() -> Event {
    event(
        "deviation_recorded",
        json!({ "occurred_at": "2016-10-10", "category": "other", "important": false, "description": "late" }),
    )
}

fn bytes() -> Vec<Faulty> {
    let raw = |bytes: &[u8]| then(&Chain::opened("T-1"), Envelope::new(bytes));
    let line = spoiled(|_| {}).remove(1);
    let (front, signatures) = std::str::from_utf8(line.as_bytes()).unwrap().split_once(",\"signatures\":").unwrap();
    let swapped = format!("{{\"signatures\":{},{}}}", signatures.trim_end_matches('}'), &front[1..]);
    let at_name = line.as_bytes().windows(6).position(|w| w == b"Site A").unwrap();
    let mut not_utf8 = line.as_bytes().to_vec();
    not_utf8[at_name] = 0xff;
    let surrogate = [&line.as_bytes()[..at_name], b"\xed\xa0\x80", &line.as_bytes()[at_name..]].concat();
    // In a line, the body and the event stand around what is in the event.
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let long = |n: usize| "P".repeat(n + "Site A".len() - line.len());
    vec![
        last("not_canonical-white_space", "a blank after a colon", rewritten("\"v\":1", "\"v\": 1")),
        last("not_canonical-name_twice", "a member that stands there twice", rewritten("\"v\":1", "\"v\":1,\"v\":1")),
        last("not_canonical-needless_escape", "a letter written as an escape", rewritten("Site A", "Sit\\u0065 A")),
        last("not_canonical-escaped_slash", "a slash written as an escape", rewritten("Site A", "Site\\/A")),
        last("not_canonical-escape_in_capitals", "an escape in capital letters", rewritten("Site A", "Site\\u001FA")),
        last(
            "not_canonical-lone_surrogate",
            "half of a pair of UTF-16, as an escape",
            rewritten("Site A", "Site \\ud800"),
        ),
        last("not_canonical-surrogate_in_utf8", "half of a pair of UTF-16, in three bytes", raw(&surrogate)),
        last("not_canonical-not_utf8", "a byte that is not UTF-8", raw(&not_utf8)),
        last(
            "not_canonical-byte_order_mark",
            "a byte order mark in front",
            raw(&[b"\xef\xbb\xbf", line.as_bytes()].concat()),
        ),
        last("not_canonical-carriage_return", "a carriage return at the end", raw(&[line.as_bytes(), b"\r"].concat())),
        last("not_canonical-second_value", "another value behind the line", raw(&[line.as_bytes(), b"{}"].concat())),
        last("not_canonical-empty_line", "no bytes at all", raw(b"")),
        last("not_canonical-no_json", "words", raw(b"hello")),
        last("not_canonical-member_order", "the members in another order", raw(swapped.as_bytes())),
        last("not_canonical-decimal", "a whole number with a point", rewritten("\"seq\":1", "\"seq\":1.0")),
        last("not_canonical-exponent", "a whole number with an exponent", rewritten("\"seq\":1", "\"seq\":1e0")),
        last("not_canonical-minus_zero", "a zero with a sign", rewritten("\"seq\":1", "\"seq\":-0")),
        last("not_canonical-leading_zero", "a number that begins with a zero", rewritten("\"seq\":1", "\"seq\":01")),
        last(
            "not_canonical-not_a_number",
            "a word that some parsers take for a number",
            rewritten("\"seq\":1", "\"seq\":NaN"),
        ),
        last(
            "not_canonical-large_number",
            "2^53, which not every parser keeps",
            rewritten("\"seq\":1", "\"seq\":9007199254740992"),
        ),
        last(
            "limit_exceeded-seventeen_deep",
            "seventeen arrays and objects inside each other",
            rewritten("\"Site A\"", &nested(14)),
        ),
        last(
            "schema_violation-sixteen_deep",
            "sixteen of them, where a text belongs",
            rewritten("\"Site A\"", &nested(13)),
        ),
        last("limit_exceeded-16385_bytes", "a line of 16,385 bytes", rewritten("Site A", &long(MAX_LINE + 1))),
        last(
            "schema_violation-16384_bytes",
            "a line of 16,384 bytes, which the name of a site may not fill",
            rewritten("Site A", &long(MAX_LINE)),
        ),
    ]
}

fn shapes() -> Vec<Faulty> {
    let lines = spoiled(|_| {});
    let text = std::str::from_utf8(lines[1].as_bytes()).unwrap();
    let (body, signature) = text.split_once(",\"signatures\":[").unwrap();
    let s: Value = serde_json::from_str(signature.trim_end_matches("]}")).unwrap();
    let listed = format!("{body},\"signatures\":[[{},{},{}]]}}", s["alg"], s["key"], s["sig"]);
    let listed = vec![lines[0].clone(), Envelope::new(listed.into_bytes())];
    let null = Value::Null;
    vec![
        last(
            "schema_violation-empty_object",
            "an object without members",
            then(&Chain::opened("T-1"), Envelope::new(*b"{}")),
        ),
        last("schema_violation-member_more", "a member that no body has", respelled("/w", json!(1))),
        last("schema_violation-format_2", "version 2 of the format", spoiled(|b| b.v = 2)),
        last("schema_violation-null_site", "null for what is left out", respelled("/signer/site", null.clone())),
        last(
            "schema_violation-no_countersigners",
            "an empty list for what is left out",
            respelled("/countersigners", json!([])),
        ),
        last(
            "schema_violation-nothing_sealed",
            "an empty object for what is left out",
            respelled("/sealed", json!({})),
        ),
        last(
            "schema_violation-role_as_object",
            "a word as an object",
            respelled("/signer/role", json!({ "sponsor": null })),
        ),
        last("schema_violation-signature_as_list", "a signature as a list of its members", listed),
        last(
            "schema_violation-other_algorithm",
            "an algorithm that is not there",
            rewritten("\"alg\":\"ed25519\"", "\"alg\":\"none\""),
        ),
        last("schema_violation-capital_hash", "a hash in capital letters", respelled("/prev", json!("AB".repeat(32)))),
        last("schema_violation-negative_seq", "a number below zero", respelled("/seq", json!(-1))),
        last(
            "schema_violation-time_in_seconds",
            "a time without milliseconds",
            respelled("/recorded_at", json!("2016-10-10T00:01:00Z")),
        ),
        last(
            "schema_violation-no_such_day",
            "29 February 2019",
            respelled("/recorded_at", json!("2019-02-29T00:01:00.000Z")),
        ),
        last(
            "schema_violation-leap_second",
            "a sixty-first second",
            respelled("/recorded_at", json!("2016-12-31T23:59:60.000Z")),
        ),
        last(
            "schema_violation-reason_turns_round",
            "a reason with a sign that turns the direction of reading",
            respelled("/reason", json!("a\u{202e}b")),
        ),
        last("schema_violation-blank_reason", "a reason of white space", respelled("/reason", json!(" \u{3000}"))),
        last(
            "schema_violation-501_characters",
            "a reason of 501 characters",
            respelled("/reason", json!("é".repeat(501))),
        ),
        last(
            "schema_violation-identifier",
            "a site whose identifier is not ASCII",
            respelled("/event/site", json!("Ä")),
        ),
        last("unknown_event_type", "a type of event that is none", respelled("/event/type", json!("site_closed"))),
        last("schema_violation-event_2", "an event of version 2", respelled("/event/version", json!(2))),
        last(
            "schema_violation-event_member_more",
            "a member that the event does not have",
            respelled("/event/extra", json!(1)),
        ),
        last("schema_violation-event_member_null", "null for a member of the event that is left out", {
            signed_by("monitor", deviation(), |b| b.event["subject"] = Value::Null)
        }),
        last("schema_violation-decimal_zeros", "a decimal with a leading zero", dose(json!("02.5"))),
        last("schema_violation-decimal_digits", "a decimal of sixteen digits", dose(json!("1234567.123456789"))),
        last("schema_violation-minus_zero", "a zero with a sign, as text", dose(json!("-0.0"))),
        last("schema_violation-decimal_as_number", "a decimal as a number", dose(json!(2))),
        last(
            "schema_violation-moment_in_utc",
            "a moment without the offset of its place",
            fraction_on("2016-10-10T01:00:00Z"),
        ),
        last("schema_violation-moment_of_no_day", "a moment on 31 June", fraction_on("2016-06-31")),
        last(
            "schema_violation-moment_of_fractions",
            "a moment with more digits than it needs",
            fraction_on("2016-10-10T01:00:00.500000+08:00"),
        ),
    ]
}

fn dose(value: Value) -> Vec<Envelope> {
    signed_by("therapist", fraction(1), |body| body.event["dose"]["value"] = value.clone())
}

fn fraction_on(moment: &str) -> Vec<Envelope> {
    signed_by("therapist", fraction(1), |body| body.event["occurred_at"] = moment.into())
}
