//! Values that could be misread.

use super::{event, refuse, spoiled};
use crate::common::small::small;

#[test]
fn values_that_could_be_misread_are_refused_with_their_member() {
    let dose = |value: &str| {
        format!(
            "{{\"type\":\"dose_taken\",\"version\":1,\"subject\":\"S-1\",\"agent\":\"axitinib\",\"occurred_at\":\"2026-02-10\",\"dose\":{value}}}"
        )
    };
    let grade = |value: &str| {
        format!(
            "{{\"type\":\"adverse_event_reported\",\"version\":1,\"subject\":\"S-1\",\"ae\":\"AE07\",\"occurred_at\":\"2026-02-10\",\"term\":\"Nausea\",\"grade\":{value},\"serious\":false}}"
        )
    };
    let deviation = |text: &str| {
        format!(
            "{{\"type\":\"deviation_recorded\",\"version\":1,\"occurred_at\":\"2026-02-10\",\"category\":\"other\",\"important\":false,\"description\":\"{text}\"}}"
        )
    };
    refuse(
        &small(),
        &[
            event(
                "a mistyped event",
                &spoiled("followed_up", "folowed_up"),
                &["\"folowed_up\" is not an event type", "did you mean followed"],
            ),
            event("a word that is none", &spoiled("alive", "well"), &["/event/status: unknown variant `well`"]),
            event("a look-alike identifier", &spoiled("S-1", "Ѕ-1"), &["/event/subject: \"Ѕ-1\" is not an identifier"]),
            event("a path as identifier", &spoiled("S-1", "../S-1"), &["is not an identifier"]),
            event("an empty identifier", &spoiled("S-1", ""), &["is not an identifier"]),
            event(
                "an identifier of 65 characters",
                &spoiled("S-1", &"S".repeat(65)),
                &["is not an identifier: expected 1 to 64 characters"],
            ),
            event("an identifier with a space at its end", &spoiled("S-1", "S-1 "), &["\"S-1 \" is not an identifier"]),
            event("an identifier in other letters", &spoiled("S-1", "s-1"), &["s-1 is not known"]),
            event("NUL in a text", &deviation("a\\u0000b"), &["/event/description: the text holds U+0000"]),
            event("bidirectional text", &deviation("grade \\u202e3"), &["/event/description: the text holds U+202E"]),
            event("an isolate", &deviation("\u{2066}x"), &["the text holds U+2066"]),
            event("a line break", &deviation("a\\nb"), &["the text holds U+000A"]),
            event("an escape sequence for the terminal", &deviation("\\u001b[2J"), &["the text holds U+001B"]),
            event("an empty text", &deviation(" "), &["the text is empty"]),
            event("a text of 501 characters", &deviation(&"x".repeat(501)), &["the text is too long"]),
            event(
                "a day that does not exist",
                &spoiled("2026-02-10", "2026-02-30"),
                &["/event/occurred_at: \"2026-02-30\" is not a date"],
            ),
            event(
                "a day in another order",
                &spoiled("2026-02-10", "10.02.2026"),
                &["is not a date: expected YYYY-MM-DD"],
            ),
            event("an instant without its offset", &spoiled("2026-02-10", "2026-02-10T08:00:00"), &["is not a date"]),
            event("a year that is a slip", &spoiled("2026-02-10", "0026-02-10"), &["is not a date"]),
            event("a month for a day", &spoiled("2026-02-10", "2026-02"), &["is not a date"]),
            event("grade 6", &grade("6"), &["/event/grade: 6 is out of range: expected 1 to 5"]),
            event("grade 0", &grade("0"), &["/event/grade: 0 is out of range"]),
            event("a grade as text", &grade("\"2\""), &["/event/grade"]),
            event("a negative grade", &grade("-1"), &["/event/grade"]),
            event("a grade of 258, which is 2 in a byte", &grade("258"), &["/event/grade"]),
            event(
                "a wrong unit",
                &dose(r#"{"value":"1","unit":"g"}"#),
                &["/event/dose/unit: unknown variant `g`, expected `mg`"],
            ),
            event("a dose without a unit", &dose(r#"{"value":"1"}"#), &["missing field `unit`"]),
            event("a dose as number", &dose(r#"{"value":1,"unit":"mg"}"#), &["/event/dose/value"]),
            event("a dose with an exponent", &dose(r#"{"value":"1e3","unit":"mg"}"#), &["\"1e3\" is not a decimal"]),
            event("a dose with a comma", &dose(r#"{"value":"1,5","unit":"mg"}"#), &["\"1,5\" is not a decimal"]),
            event("a dose of minus zero", &dose(r#"{"value":"-0","unit":"mg"}"#), &["\"-0\" is not a decimal"]),
            event("a dose in full-width digits", &dose(r#"{"value":"１","unit":"mg"}"#), &["is not a decimal"]),
            event("a dose with a leading zero", &dose(r#"{"value":"01","unit":"mg"}"#), &["\"01\" is not a decimal"]),
        ],
    );
}
