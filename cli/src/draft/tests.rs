use super::*;
use std::io::Cursor;

const VOIDED: &str = r#"{"event":{"type":"entry_voided","version":1},"reason":"twice","target_line":1}"#;

fn taken(more: &str) -> String {
    let facts = r#""type":"dose_taken","version":1,"subject":"S-001","agent":"axitinib","occurred_at":"2016-10-17""#;
    format!(r#"{{"event":{{{facts},"dose":{{"value":"1.0","unit":"mg"}}{more}}},"by":"pharmacist"}}"#)
}

fn fault(line: usize, text: &[u8]) -> String {
    Draft::parse(line, text).unwrap_err().to_string()
}

#[test]
fn a_draft_says_what_is_recorded_by_whom_when_and_why() {
    let text = r#"{"event":{"type":"key_revoked","version":1,"key":"KEY"},"reason":"lost","by":"sponsor",
        "recorded_at":"2016-10-17T08:00:00.000+08:00"}"#
        .replace("KEY", &"ab".repeat(32));
    let draft = Draft::parse(7, text.as_bytes()).unwrap();
    assert_eq!(draft.event["key"], "ab".repeat(32));
    assert_eq!(draft.reason.unwrap().as_str(), "lost");
    assert_eq!(draft.by.as_deref(), Some("sponsor"));
    assert_eq!(draft.recorded_at.unwrap().to_rfc3339(), "2016-10-17T08:00:00+08:00");
    assert_eq!(draft.target_line, None);
}

#[test]
fn an_error_names_the_line_the_member_and_what_was_expected() {
    for (text, expected) in [
        (taken(",\"grade\":6"), "line 3: /event/grade: unknown field"),
        (taken("").replace("1.0", "one"), "line 3: /event/dose/value: \"one\" is not a decimal"),
        (
            taken("").replace("\"1.0\"", "1.5"),
            "line 3: /event/dose/value: expected a whole number, or a decimal as text",
        ),
        (taken("").replace("2016-10-17", "17.10.2016"), "line 3: /event/occurred_at: \"17.10.2016\" is not a date"),
        (taken("").replace("dose_taken", "dose_takn"), "line 3: /event/type: \"dose_takn\" is not an event type"),
        (taken("").replace("\"by\"", "\"for\""), "line 3: /for: unknown field `for`"),
        (taken(",\"dose\":{}"), "line 3: /event: the member \"dose\" stands twice"),
        (r#"{"reason":"x"}"#.into(), "line 3: missing field `event`"),
        (r#"{"event":[]}"#.into(), "line 3: /event: expected a JSON object"),
        (r#"{"event":{},"reason":"   "}"#.into(), "line 3: /reason: the text is empty"),
        (r#"["dose_taken"]"#.into(), "line 3: expected a draft as one JSON object, found something else"),
        ("{".into(), "line 3: expected a draft as one JSON object, found EOF while parsing an object at byte 1"),
        (taken("") + "{}", "line 3: expected a draft as one JSON object, found trailing characters"),
        ("\u{feff}{}".into(), "line 3: expected a draft as one JSON object, found something else"),
    ] {
        let found = fault(3, text.as_bytes());
        assert!(found.starts_with(expected), "{text}\n  {found}");
    }
}

#[test]
fn a_mistyped_event_type_gets_a_hint() {
    let text = taken("").replace("dose_taken", "dose_takn");
    assert_eq!(Draft::parse(1, text.as_bytes()).unwrap_err().hint().as_deref(), Some("did you mean dose_taken?"));
}

#[test]
fn bytes_that_are_no_text_and_deep_nesting_are_errors_not_crashes() {
    assert_eq!(fault(1, b"{\"event\":\"\xff\"}"), "line 1: expected UTF-8, found other bytes at byte 11");
    let deep = format!(r#"{{"event":{}"#, "[".repeat(MAX_LINE - 20));
    assert!(fault(1, deep.as_bytes()).contains("recursion limit"), "{}", fault(1, deep.as_bytes()));
    assert!(fault(1, &vec![b' '; MAX_LINE + 1]).contains("at most 16384 bytes"));
}

#[test]
fn a_correction_points_to_an_earlier_line_of_the_same_file() {
    let draft = Draft::parse(2, VOIDED.as_bytes()).unwrap();
    assert_eq!(draft.event.get("target"), None);
    let standing = Standing { target: Some(Seq(41)), entries: 50, head: Hash::ZERO, levels: Vec::new() };
    assert_eq!(draft.complete(&standing).unwrap().to_value()["target"], 41);
    let none = Standing { target: None, ..standing };
    assert!(draft.complete(&none).unwrap_err().to_string().contains("missing field `target`"));

    assert!(fault(1, VOIDED.as_bytes()).contains("expected an earlier line than 1"));
    assert!(fault(2, VOIDED.replace("\"version\":1", "\"version\":1,\"target\":3").as_bytes()).contains("found both"));
    assert!(fault(2, VOIDED.replace(",\"target_line\":1", "").as_bytes()).contains("missing field `target`"));
    let wrong = taken("").replace("\"by\"", "\"target_line\":1,\"by\"");
    assert!(fault(2, wrong.as_bytes()).contains("only beside entry_corrected"));
}

#[test]
fn what_is_known_only_at_append_is_filled_in_whole_or_not_at_all() {
    let facts = r#""type":"signed_off","version":1,"subject":"S-001","occurred_at":"2016-10-17","milestone":"end""#;
    let text = format!(r#"{{"event":{{{facts}}}}}"#);
    let draft = Draft::parse(1, text.as_bytes()).unwrap();
    let standing = Standing { target: None, entries: 9, head: Hash([7; 32]), levels: Vec::new() };
    let event = draft.complete(&standing).unwrap().to_value();
    assert_eq!((&event["entries"], &event["head"]), (&json!(9), &json!("07".repeat(32))));
    let half = text.replace("\"end\"", "\"end\",\"entries\":9");
    assert!(fault(1, half.as_bytes()).contains("missing field `head`"));
}

#[test]
fn a_file_is_read_line_by_line_past_empty_long_and_broken_lines() {
    let good = taken("");
    let long = "x".repeat(3 * MAX_LINE);
    let full = format!("{good}{}", " ".repeat(MAX_LINE - good.len()));
    let over = format!("{full} ");
    let file = format!("{good}\n\n{long}\n{good}\r\n{full}\r\n{over}\n{full}\nnonsense\n{good}");
    let lines: Vec<_> = drafts(Cursor::new(file))
        .map(|draft| match draft {
            Ok((line, _)) => (line, "draft"),
            Err(DraftError { line, fault: DraftFault::TooLong }) => (line, "too long"),
            Err(DraftError { line, fault: DraftFault::NotJson(_) }) => (line, "not json"),
            Err(error) => panic!("{error}"),
        })
        .collect();
    let expected = [
        (1, "draft"),
        (3, "too long"),
        (4, "draft"),
        (5, "draft"),
        (6, "too long"),
        (7, "draft"),
        (8, "not json"),
        (9, "draft"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_drafts_of_the_demonstration_are_drafts() {
    let file = include_str!("../../demo/drafts.jsonl");
    let read = drafts(Cursor::new(file)).map(|draft| draft.unwrap_or_else(|e| panic!("{e}")));
    assert_eq!(read.count(), file.lines().count());
}

#[test]
fn each_template_is_a_draft_with_a_reason_where_one_is_needed() {
    for kind in EventKind::ALL {
        let value: Value = serde_json::from_str(&template(*kind)).unwrap();
        let draft = Draft::parse(1, value.to_string().as_bytes()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(draft.event, examples::example(*kind), "{kind}");
        assert_eq!(draft.reason.is_some(), kind.needs_reason(), "{kind}");
    }
}
