//! Lines that are no drafts.

use super::{GOOD, event, file, refuse, spoiled};
use crate::common::small::small;
use serde_json::json;

#[test]
fn lines_that_are_no_drafts_are_refused_with_their_place() {
    let line = |text: &str| format!("{{\"by\":\"coordinator\",\"event\":{text}}}");
    let deep = format!("{{\"event\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let nested = spoiled("\"alive\"", &format!("{}{}", "[".repeat(120), "]".repeat(120)));
    let lesion = r#"{"type":"tumour_assessed","version":1,"subject":"S-1","occurred_at":"2026-02-10","method":"CT","targets":[["T1","liver","non_nodal",true]]}"#;
    refuse(
        &small(),
        &[
            file(
                "malformed JSON",
                "{\"event\":",
                &[
                    "line 1: refused: expected a draft as one JSON object, found EOF",
                    "nothing appended: 1 of 1 drafts refused",
                ],
            ),
            file("no JSON at all", "hello\n", &["line 1: refused: expected a draft as one JSON object"]),
            file(
                "an array",
                format!("[{}]\n", line(GOOD)),
                &["expected a draft as one JSON object, found something else"],
            ),
            file(
                "the event without its draft",
                format!("{GOOD}\n"),
                &["/type: unknown field `type`, expected one of `event`"],
            ),
            file("behind the object", format!("{} true\n", line(GOOD)), &["trailing characters"]),
            file("two on a line", format!("{0}{0}\n", line(GOOD)), &["trailing characters"]),
            file(
                "over several lines",
                serde_json::to_string_pretty(&json!({ "event": 1 })).unwrap(),
                &["line 1: refused", "line 3: refused", "jq -c"],
            ),
            file("a byte order mark", format!("\u{feff}{}\n", line(GOOD)), &["expected a draft as one JSON object"]),
            file(
                "UTF-16",
                line(GOOD).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
                &["line 1: refused"],
            ),
            file(
                "not UTF-8",
                [line(GOOD).as_bytes(), b"\n{\"by\":\"\xff\"}\n"].concat(),
                &["line 2: refused: expected UTF-8, found other bytes at byte 8", "line 1: sound, not appended"],
            ),
            file("an overlong form", b"{\"by\":\"\xc0\xaf\"}\n", &["expected UTF-8, found other bytes at byte 8"]),
            file("NUL bytes", b"{\"by\":\"\0\"}\n", &["line 1: refused", "control character"]),
            file("nothing but NUL bytes", vec![0; 4096], &["line 1: refused: expected a draft as one JSON object"]),
            file(
                "a line of 16 KiB and one byte",
                format!("{}{}\n", line(GOOD), " ".repeat(16 * 1024 + 1 - line(GOOD).len())),
                &["line 1: refused: expected at most 16384 bytes in a line, found more", "SHA-256"],
            ),
            file(
                "a line of 20 MB",
                format!("{{\"by\":\"{}\"}}\n", "x".repeat(20_000_000)),
                &["expected at most 16384 bytes in a line"],
            ),
            file("deep nesting", format!("{deep}\n"), &["line 1: refused", "recursion limit"]),
            event("deep nesting inside an event", &nested, &["line 1: refused"]),
            event(
                "a member twice",
                &spoiled("\"version\":1", "\"version\":1,\"version\":1"),
                &["\"version\" stands twice in one object"],
            ),
            file(
                "a member of the draft twice",
                format!("{{\"by\":\"monitor\",\"by\":\"coordinator\",\"event\":{GOOD}}}\n"),
                &["duplicate field `by`"],
            ),
            event(
                "a float",
                &spoiled("\"version\":1", "\"version\":1.0"),
                &["expected a whole number, or a decimal as text"],
            ),
            event(
                "an exponent",
                &spoiled("\"version\":1", "\"version\":1e0"),
                &["expected a whole number, or a decimal as text"],
            ),
            event(
                "a number beyond 2^53",
                &spoiled("\"version\":1", "\"version\":9007199254740993"),
                &["9007199254740993 is out of range"],
            ),
            event(
                "a number without end",
                &spoiled("\"version\":1", &format!("\"version\":{}", "9".repeat(400))),
                &["line 1: refused"],
            ),
            event("NaN", &spoiled("\"version\":1", "\"version\":NaN"), &["line 1: refused"]),
            event(
                "another version",
                &spoiled("\"version\":1", "\"version\":2"),
                &["/event/version: expected 1, found 2"],
            ),
            event("no type", &spoiled("\"type\":\"followed_up\",", ""), &["missing field `type`"]),
            event("null for a value", &spoiled("\"alive\"", "null"), &["/event/status"]),
            event(
                "an unknown member",
                &spoiled("\"status\"", "\"mood\":\"good\",\"status\""),
                &["/event/mood: unknown field `mood`"],
            ),
            event("an array for an object", lesion, &["line 1: refused"]),
            event("a lone surrogate", &spoiled("S-1", "\\ud800"), &["line 1: refused"]),
            file(
                "an unknown member of the draft",
                format!("{{\"event\":{GOOD},\"when\":1}}\n"),
                &["unknown field `when`"],
            ),
        ],
    );
}

#[test]
fn a_refused_file_is_reported_line_by_line_in_json_too() {
    let dir = small();
    let before = dir.bytes();
    let good = format!("{{\"by\":\"coordinator\",\"event\":{GOOD}}}");
    let file = dir.file("three.jsonl", format!("{good}\n\n{}\n{good}\n", good.replace("S-1", "S-99")));
    let report = dir.run(&["append", "--json", "--file", file.to_str().unwrap()]).expect(1).json();
    assert_eq!((&report["appended"], &report["refused"]), (&json!(0), &json!(1)));
    let drafts = report["drafts"].as_array().unwrap();
    assert_eq!(drafts.iter().map(|d| d["line"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3, 4]);
    assert!(drafts.iter().all(|d| d.get("seq").is_none()), "nothing has a place in the log: {report}");
    assert!(drafts[1]["error"].as_str().unwrap().contains("S-99 is not known"), "{report}");
    assert!(drafts[1]["hint"].as_str().unwrap().contains("consent-given"), "{report}");
    assert_eq!(dir.bytes(), before);
    dir.sound();
}
