//! Personal data in texts that go into the log, where nobody can take them out again (GDPR article 17).
//!
//! Promises to notice e-mail addresses, telephone numbers, long numbers and dates of birth by plain rules. Does not find
//! names, nor anything that is spelled otherwise than usual: a warning is a reminder, and silence proves nothing.

use crate::draft::Draft;
use serde_json::Value;
use std::fmt;

/// Members of events that hold what people write freely.
const FREE: &[&str] = &["description", "specify"];

/// What a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonalData {
    /// `somebody@example.org`
    Email,
    /// With `+`, with a leading zero, or in groups of 3, 3 and 4 digits.
    Telephone,
    /// Seven digits or more: a record or insurance number.
    LongNumber,
    /// Words such as `born` beside digits.
    DateOfBirth,
}

impl fmt::Display for PersonalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PersonalData::Email => "an e-mail address",
            PersonalData::Telephone => "a telephone number",
            PersonalData::LongNumber => "a long number, such as that of a medical record",
            PersonalData::DateOfBirth => "a date of birth",
        })
    }
}

/// What to say of a draft before it stands in the log for ever, one sentence for each finding.
pub fn warnings(draft: &Draft) -> Vec<String> {
    let mut texts = Vec::new();
    texts.extend(draft.reason.as_ref().map(|reason| ("the reason", reason.as_str())));
    for member in FREE {
        texts.extend(draft.event.get(*member).and_then(Value::as_str).map(|text| (*member, text)));
    }
    let field = draft.event.get("field").and_then(Value::as_str).unwrap_or_default();
    if FREE.iter().any(|member| field.strip_prefix('/') == Some(member)) {
        texts.extend(draft.event.get("new").and_then(Value::as_str).map(|text| ("the new value", text)));
    }
    let said = |(place, text): (&str, &str)| {
        found(text).into_iter().map(|what| format!("{place} looks as if it held {what}")).collect::<Vec<_>>()
    };
    texts.into_iter().flat_map(said).collect()
}

/// What the rules find in a text, each kind once.
pub fn found(text: &str) -> Vec<PersonalData> {
    let words = || text.split(|c: char| c.is_whitespace() || "<>()[]{},;\"'".contains(c));
    let without_dates: String = text.split(' ').filter(|word| !is_date(word)).map(|word| format!("{word} ")).collect();
    let mut found = Vec::new();
    found.extend(words().any(is_email).then_some(PersonalData::Email));
    found.extend(numbers(&without_dates).iter().any(|n| is_telephone(n)).then_some(PersonalData::Telephone));
    found.extend(text.split(|c: char| !c.is_alphanumeric()).any(is_long_number).then_some(PersonalData::LongNumber));
    found.extend(tells_a_birth(text).then_some(PersonalData::DateOfBirth));
    found
}

fn is_email(word: &str) -> bool {
    let Some((who, host)) = word.trim_end_matches('.').split_once('@') else { return false };
    let Some((name, top)) = host.rsplit_once('.') else { return false };
    !who.is_empty() && !name.is_empty() && top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic())
}

/// `2016-10-17`, `17.10.2016`, `10/17/2016`, also with a time or a comma behind it.
fn is_date(word: &str) -> bool {
    let day = word.trim_matches(|c: char| !c.is_ascii_digit()).split('T').next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '.', '/']).collect();
    let digits = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    digits && matches!(lengths.as_slice(), [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4])
}

/// Runs of digits with what stands between the groups of a telephone number.
fn numbers(text: &str) -> Vec<&str> {
    let runs = text.split(|c: char| !(c.is_ascii_digit() || " +()-/".contains(c)));
    runs.map(str::trim).filter(|run| run.bytes().any(|b| b.is_ascii_digit())).collect()
}

fn is_telephone(run: &str) -> bool {
    let groups: Vec<&str> = run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let abroad = run.starts_with(['+', '(']) && run.contains('+') && (8..=15).contains(&digits);
    let national = groups.first().is_some_and(|group| group.starts_with('0') && group.len() >= 2);
    abroad || (national && (9..=15).contains(&digits)) || lengths == [3, 3, 4]
}

/// Longer words with digits are hashes and numbers of registries (NCT01234567), which name no person.
fn is_long_number(word: &str) -> bool {
    let longest = word.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    longest >= 7 && word.len() <= 20 && !word.starts_with("NCT")
}

fn tells_a_birth(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let said = |phrase: &[&str]| words.windows(phrase.len()).any(|window| window == phrase);
    let birth = [&["born"][..], &["dob"], &["birthday"], &["birthdate"], &["birth", "date"], &["date", "of", "birth"]];
    birth.into_iter().any(said) && lower.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::drafts;
    use PersonalData::{DateOfBirth, Email, LongNumber, Telephone};

    #[test]
    fn addresses_numbers_and_births_are_noticed() {
        for (text, expected) in [
            ("write to ada.example@clinic.example.", vec![Email]),
            ("(ada@clinic.example)", vec![Email]),
            ("call +886 2 2345 6789", vec![Telephone]),
            ("call (+49) 30 123456", vec![Telephone]),
            ("her husband, 0912-345-678, said so", vec![Telephone]),
            ("on 2016-10-17 from 02 2345 6789", vec![Telephone]),
            ("555-123-4567 after 6 pm", vec![Telephone]),
            ("record 4711081", vec![LongNumber]),
            ("MRN12345678", vec![LongNumber]),
            ("a woman born 1954", vec![DateOfBirth]),
            ("DOB 03/04/1954", vec![DateOfBirth]),
            ("date of birth: 4 March 1954, tel. 0912345678", vec![Telephone, LongNumber, DateOfBirth]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_reasons_usually_say_is_not_noticed() {
        for text in [
            "transcription error: 9.0 for 0.9",
            "grade 3 from 2016-10-17 to 2016-10-24, see entry 1041",
            "lesions of 46 50 61 33 and 12 mm",
            "doses of 100, 200 and 300 mg on 17.10.2016, 18.10.2016 and 19.10.2016",
            "seen on 2016-10-17T08:00:00+08:00",
            "45 Gy in 15 fractions, 2016-10-17 08:00",
            "as in NCT01234567, section 6.2.1",
            "sha-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c1522222222",
            "stubborn nausea for 3 days @ home",
            "born in a hurry",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn nothing_is_noticed_in_the_demonstration() {
        let file = include_str!("../demo/drafts.jsonl");
        for draft in drafts(std::io::Cursor::new(file)) {
            let (line, draft) = draft.unwrap();
            assert_eq!(warnings(&draft), [""; 0], "line {line}");
        }
    }

    #[test]
    fn a_warning_names_the_member() {
        let text = r#"{"event":{"type":"entry_corrected","version":1,"target":3,"field":"/specify","old":null,
            "new":"tel. 0912 345 678"},"reason":"told by ada@clinic.example"}"#;
        let draft = Draft::parse(1, text.as_bytes()).unwrap();
        let expected = [
            "the reason looks as if it held an e-mail address",
            "the new value looks as if it held a telephone number",
        ];
        assert_eq!(warnings(&draft), expected);
    }
}
