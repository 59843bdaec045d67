//! Who signs, when it is recorded and why; and an entry that was signed for another ledger.

use super::{GOOD, file, refuse};
use crate::common::{
    demo,
    small::{FOLLOWED, STRANGER, small},
};
use serde_json::json;
use std::fs;

#[test]
fn who_signs_when_and_why_is_asked_of_every_draft() {
    let with = |members: &str| format!("{{{members},\"event\":{GOOD}}}\n");
    let granted = |key: &str| {
        let event = json!({
            "type": "key_granted", "version": 1, "key": key, "name": "New", "organisation": "Example", "role": "coordinator",
            "purpose": "author"
        });
        format!("{}\n", json!({ "by": "sponsor", "event": event }))
    };
    let target = |members: &str| {
        format!(
            "{{\"by\":\"coordinator\",\"reason\":\"x\",{members},\"event\":{{\"type\":\"entry_voided\",\"version\":1}}}}\n"
        )
    };
    let sound = with("\"by\":\"coordinator\"");
    let voids_bad_line = format!("{}{}", with("\"by\":\"monitor\""), target("\"target_line\":1"));
    let mut unknown = file(
        "an unknown key",
        with("\"by\":\"nobody\""),
        &["line 1: there is no key nobody in ", "the keys here are: committee"],
    );
    unknown.code = 3;
    refuse(
        &small(),
        &[
            unknown,
            file(
                "nobody signs",
                format!("{{\"event\":{GOOD}}}\n"),
                &["no key is named to sign with", "give --key ALIAS, or \"by\" in the draft"],
            ),
            file(
                "a wrong role",
                with("\"by\":\"monitor\""),
                &["monitor is monitor and may not sign followed_up", "it is signed by: investigator, coordinator"],
            ),
            file(
                "a stranger",
                with(&format!("\"by\":\"{STRANGER}\"")),
                &["the key of stranger (", ") is not in the roster", "trial key grant stranger"],
            ),
            file("a revoked key", with("\"by\":\"left\""), &["key_revoked"]),
            file(
                "another site",
                with("\"by\":\"elsewhere\""),
                &["site_out_of_scope", "expected site TPE-02, found site TPE-01"],
            ),
            file("a blank reason", with("\"by\":\"coordinator\",\"reason\":\" \""), &["/reason: the text is empty"]),
            file(
                "a bidirectional reason",
                with("\"by\":\"coordinator\",\"reason\":\"\\u202egnorw\""),
                &["/reason: the text holds U+202E"],
            ),
            file(
                "recorded backwards",
                with("\"by\":\"coordinator\",\"recorded_at\":\"2026-02-10T08:59:59+08:00\""),
                &["2026-02-10T01:00:00.000Z or later"],
            ),
            file("recorded at no time", with("\"by\":\"coordinator\",\"recorded_at\":\"noon\""), &["/recorded_at"]),
            file("recorded on a day", with("\"by\":\"coordinator\",\"recorded_at\":\"2026-02-11\""), &["/recorded_at"]),
            file(
                "a later line",
                target("\"target_line\":3"),
                &["/target_line: expected an earlier line than 1, from 1, found 3"],
            ),
            file("line 0", target("\"target_line\":0"), &["/target_line: expected an earlier line"]),
            file(
                "a line for what corrects nothing",
                with("\"by\":\"coordinator\",\"target_line\":1"),
                &["/target_line: expected only beside entry_corrected and entry_voided"],
            ),
            file(
                "a line and an entry",
                target("\"target_line\":1").replace("\"version\":1", "\"version\":1,\"target\":4"),
                &["/target_line: expected one of target_line and /event/target, found both"],
            ),
            file("a line that became no entry", voids_bad_line, &["line 2: refused: line 1 became no entry"]),
            file("a key that binds nobody", granted(&"00".repeat(32)), &["key_weak"]),
            file("a key in capitals", granted(&"AB".repeat(32)), &["expected 64 lower-case hexadecimal digits"]),
            file(
                "one bad line of three",
                format!("{sound}{}{sound}", with("\"by\":\"monitor\"")),
                &[
                    "line 1: sound, not appended",
                    "line 2: refused: monitor is monitor",
                    "line 3: sound, not appended",
                    "nothing appended: 1 of 3 drafts refused",
                ],
            ),
            file(
                "two bad lines of three",
                format!("{sound}{{\n{}", with("\"by\":\"monitor\"")),
                &["line 2: refused: expected a draft", "line 3: refused: monitor", "2 of 3 drafts refused"],
            ),
        ],
    );
}

/// Written into the journal behind the program's back: it is the verifier that refuses.
#[test]
fn an_entry_of_another_ledger_is_refused_by_the_verifier() {
    let (dir, other) = (small(), demo());
    let line = &other.lines()[dir.lines().len()];
    let mut bytes = dir.bytes();
    bytes.extend_from_slice(format!("{line}\n").as_bytes());
    fs::write(dir.journal(), &bytes).unwrap();
    let entries = dir.lines().len() as u64 - 1;
    let verdict = dir.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(
        (&verdict["faults"][0]["kind"], &verdict["faults"][0]["seq"]),
        (&json!("wrong_ledger"), &json!(entries))
    );
    assert_eq!(verdict["entries"], json!(entries));
    let refused = dir.run(FOLLOWED);
    refused.expect(1).says(&["wrong_ledger", "keep a copy as evidence"]);
    dir.run(&["replay"]).expect(1).says(&["wrong_ledger"]);
    assert_eq!(dir.bytes(), bytes, "evidence is left as it is");
}
