use super::*;
use crate::examples;
use serde_json::json;

fn matches(kind: EventKind, arguments: &[String]) -> ArgMatches {
    let name = subcommand(kind);
    let all = std::iter::once(name).chain(arguments.iter().cloned());
    command(kind).try_get_matches_from(all).unwrap_or_else(|e| panic!("{kind}: {e}"))
}

fn parsed(kind: EventKind, line: &[&str]) -> Result<Value, FlagError> {
    let arguments: Vec<_> = line.iter().map(|word| (*word).to_owned()).collect();
    event(kind, &matches(kind, &arguments))
}

fn message(kind: EventKind, line: &[&str]) -> String {
    parsed(kind, line).unwrap_err().to_string()
}

const FRACTION: &[&str] = &["--subject", "S-001", "--plan", "P1", "--number", "3", "--occurred-at", "2016-10-17"];

#[test]
fn every_example_can_be_said_in_flags() {
    for kind in EventKind::ALL {
        let example = examples::example(*kind);
        let arguments = write::arguments(*kind, &example);
        assert_eq!(event(*kind, &matches(*kind, &arguments)).as_ref(), Ok(&example), "{kind}: {arguments:?}");
    }
}

#[test]
fn only_deep_structures_need_json_in_their_flags() {
    for kind in EventKind::ALL {
        let arguments = write::arguments(*kind, &examples::example(*kind));
        let json = arguments.iter().filter(|a| a.starts_with(['{', '['])).count();
        assert_eq!(json, usize::from(*kind == EventKind::ProtocolActivated), "{kind}: {arguments:?}");
    }
}

#[test]
fn clap_finds_no_fault_in_any_subcommand() {
    for command in commands() {
        command.debug_assert();
    }
}

#[test]
fn no_member_of_an_event_takes_the_name_of_an_option_of_append() {
    let taken = ["ledger", "as-of", "cutoff", "json", "file", "template", "by", "reason", "recorded-at", "help"];
    for kind in EventKind::ALL {
        for member in shape::members(*kind) {
            assert!(!taken.contains(&member.flag().as_str()), "{kind}: {}", member.name);
        }
    }
}

#[test]
fn a_fraction_is_recorded_as_in_the_manual() {
    let found = parsed(EventKind::FractionDelivered, &[FRACTION, &["--dose", "3.0Gy"]].concat());
    let expected = json!({
        "type": "fraction_delivered", "version": 1, "subject": "S-001", "plan": "P1", "number": 3,
        "occurred_at": "2016-10-17", "dose": { "value": "3.0", "unit": "Gy" },
    });
    assert_eq!(found, Ok(expected));
}

#[test]
fn maps_lists_and_booleans_are_said_in_more_than_one_way() {
    let common = ["--subject", "S", "--ae", "AE1", "--occurred_at", "2016-10-17", "--term", "Nausea", "--grade", "2"];
    let one = ["--serious", "--attribution", "axitinib=possible,radiotherapy=probable", "--medications", "a,b"];
    let two = [
        "--serious=true",
        "--attribution",
        "radiotherapy=probable",
        "--medications",
        "a",
        "--attribution",
        "axitinib=possible",
        "--medications",
        "b",
    ];
    let three = ["--serious", "true", "--attribution", r#"{"axitinib":"possible","radiotherapy":"probable"}"#];
    let kind = EventKind::AdverseEventReported;
    let one = parsed(kind, &[&common[..], &one].concat()).unwrap();
    assert_eq!(one["serious"], true);
    assert_eq!(one["attribution"], json!({"axitinib": "possible", "radiotherapy": "probable"}));
    assert_eq!(parsed(kind, &[&common[..], &two].concat()).as_ref(), Ok(&one));
    assert_eq!(parsed(kind, &[&common[..], &three, &["--medications", r#"["a","b"]"#]].concat()), Ok(one));
    assert_eq!(parsed(kind, &[&common[..], &["--serious", "false"]].concat()).unwrap()["serious"], false);
}

#[test]
fn a_baseline_value_is_a_number_with_its_unit_or_a_category() {
    let line = ["--subject", "S", "--occurred-at", "2016-10-17", "--baseline", "age=72years", "--baseline", "sex=M"];
    let more = ["--baseline", "afp=160.1 ng/mL", "--baseline", "ecog=1", "--baseline", r#"stage="3A""#];
    let found = parsed(EventKind::SubjectScreened, &[&line[..], &more].concat()).unwrap();
    let expected = json!({
        "age": { "value": "72", "unit": "years" }, "sex": "M", "afp": { "value": "160.1", "unit": "ng/mL" },
        "ecog": "1", "stage": "3A",
    });
    assert_eq!(found["baseline"], expected);
}

#[test]
fn lesions_are_said_by_their_members_or_as_json() {
    let common = ["--subject", "S", "--occurred-at", "2016-10-17", "--method", "CT"];
    let short = [
        "--targets",
        "lesion=T1,site=liver,in_field=true,diameter=12.0cm",
        "--targets",
        "lesion=T2,site=node,kind=nodal,in-field=false,state=too_small",
    ];
    let json = [
        "--targets",
        r#"[{"lesion":"T1","site":"liver","in_field":true,"diameter":{"value":"12.0","unit":"cm"}}]"#,
        "--targets",
        r#"{"lesion":"T2","site":"node","kind":"nodal","in_field":false,"state":"too_small"}"#,
    ];
    let kind = EventKind::TumourAssessed;
    let found = parsed(kind, &[&common[..], &short].concat()).unwrap();
    assert_eq!(found["targets"][0]["diameter"], json!({"value": "12.0", "unit": "cm"}));
    assert_eq!(found["targets"][1]["kind"], "nodal");
    assert_eq!(parsed(kind, &[&common[..], &json].concat()), Ok(found));
}

#[test]
fn nested_shapes_are_read_from_any_schema() {
    let schema = json!({
        "$defs": { "State": { "oneOf": [{ "const": "seen", "type": "string" }, { "const": "gone", "type": "string" }] } },
        "type": "array",
        "items": {
            "type": "object",
            "required": ["lesion", "in_field"],
            "properties": {
                "lesion": { "type": "string", "pattern": trial_core::ids::IDENTIFIER_PATTERN },
                "in_field": { "type": "boolean" },
                "state": { "anyOf": [{ "$ref": "#/$defs/State" }, { "type": "null" }] },
                "sum": { "type": ["integer", "null"], "minimum": 0, "maximum": 9 },
                "slices": { "type": "array", "items": { "type": "integer" } },
                "size": {
                    "type": "object",
                    "required": ["value", "unit"],
                    "properties": {
                        "value": schemars::schema_for!(trial_core::quantity::Decimal),
                        "unit": { "type": "string", "enum": ["mm", "cm"] },
                    },
                },
            },
        },
    });
    let shape = Shape::of(&schema, &schema);
    let text = "lesion=T1,slices=4,5,in_field=false,state=gone,sum=3,size=1.5cm";
    let expected = json!([{
        "lesion": "T1", "slices": [4, 5], "in_field": false, "state": "gone", "sum": 3,
        "size": { "value": "1.5", "unit": "cm" },
    }]);
    assert_eq!(read::gather(&shape, &[text]), Ok(expected));
    for (from, to, at, expected) in [
        ("gone", "gon", "/1/state", "one of seen, gone"),
        ("sum=3", "sum=10", "/1/sum", "a whole number from 0 to 9"),
        ("1.5cm", "1.5", "/1/size", "a number with its unit (mm, cm), such as 3.0mm"),
        ("1.5cm", "1.5km", "/1/size", "a number with its unit (mm, cm), such as 3.0mm"),
        ("=false", "=no", "/1/in_field", "true or false"),
        ("sum", "sun", "/1", "members lesion, in_field, size, slices, state, sum"),
        ("in_field=false,", "", "/1", "the member in_field: true or false"),
        ("state=gone", "sum=4", "/1", "each member once"),
    ] {
        let unfit = read::gather(&shape, &[text, &text.replace(from, to)]).unwrap_err();
        assert_eq!((unfit.at.as_str(), unfit.expected.as_str()), (at, expected));
    }
}

#[test]
fn an_error_names_the_flag_what_was_expected_and_what_was_found() {
    let fraction = |dose| message(EventKind::FractionDelivered, &[FRACTION, &["--dose", dose]].concat());
    assert_eq!(fraction("3.0"), "--dose: expected a number with its unit (Gy, cGy), such as 3.0Gy, found \"3.0\"");
    assert_eq!(fraction("3.0mg"), "--dose: expected a number with its unit (Gy, cGy), such as 3.0Gy, found \"3.0mg\"");
    let late = FRACTION.iter().map(|word| if *word == "3" { "0" } else { word }).collect::<Vec<_>>();
    let found = message(EventKind::FractionDelivered, &[&late[..], &["--dose", "3Gy"]].concat());
    assert_eq!(found, "--number: expected a whole number from 1 to 99, found \"0\"");
    let enrolled = ["--subject", "S 1", "--occurred-at", "2016-10-17", "--level", "1"];
    let found = message(EventKind::SubjectEnrolled, &enrolled);
    assert!(found.starts_with("--subject: \"S 1\" is not an identifier: expected 1 to 64 characters"), "{found}");
    let twice = ["--subject", "S", "--occurred-at", "2016-10-17", "--baseline", "a=b", "--baseline", "a=c"];
    assert_eq!(message(EventKind::SubjectScreened, &twice), "--baseline: expected each name once, found \"a\"");
    let lesion =
        ["--subject", "S", "--occurred-at", "2016-10-17", "--method", "CT", "--targets", "lesion=T1,sit=liver"];
    let error = parsed(EventKind::TumourAssessed, &lesion).unwrap_err();
    assert!(error.to_string().starts_with("--targets at /0: expected members lesion, site, in_field,"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("did you mean site?"));
}

#[test]
fn a_mistyped_event_word_or_flag_gets_the_nearest_one() {
    let append = || Command::new("append").subcommands(commands());
    for (line, meant) in [
        (vec!["append", "fraction-deliverd"], "fraction-delivered"),
        (vec!["append", "dose-taken", "--subjct", "S"], "--subject"),
        (vec!["append", "dose-missed", "--cause", "forgoten"], "forgotten"),
    ] {
        let error = append().try_get_matches_from(line).unwrap_err().to_string();
        assert!(error.contains("similar") && error.contains(meant), "{error}");
    }
    assert_eq!(kind("fraction_deliverd").unwrap_err().hint().as_deref(), Some("did you mean fraction-delivered?"));
    assert_eq!(kind("dose-taken"), Ok(EventKind::DoseTaken));
    assert_eq!(kind("dose_taken"), Ok(EventKind::DoseTaken));
}

#[test]
fn a_missing_flag_is_named_and_what_append_fills_in_may_be_left_out() {
    let error = command(EventKind::DoseTaken).try_get_matches_from(["dose-taken", "--subject", "S"]).unwrap_err();
    for flag in ["--agent", "--occurred-at", "--dose"] {
        assert!(error.to_string().contains(flag), "{error}");
    }
    let found = parsed(EventKind::MtdDeclared, &["--occurred-at", "2018-11-26", "--level", "3"]).unwrap();
    let expected = json!({"type": "mtd_declared", "version": 1, "occurred_at": "2018-11-26", "level": 3});
    assert_eq!(found, expected);
}

#[test]
fn a_corrected_value_is_read_as_its_place_in_the_event_wants_it() {
    for (kind, pointer, text, expected) in [
        (EventKind::DoseTaken, "/dose", "2.0mg", json!({"value": "2.0", "unit": "mg"})),
        (EventKind::DoseTaken, "/dose/value", "2.0", json!("2.0")),
        (EventKind::AdverseEventReported, "/grade", "3", json!(3)),
        (EventKind::AdverseEventReported, "/attribution/axitinib", "probable", json!("probable")),
        (EventKind::AdverseEventReported, "/medications", "a,b", json!(["a", "b"])),
        (EventKind::AdverseEventReported, "/specify", "null", Value::Null),
        (EventKind::TumourAssessed, "/targets/0/diameter", "12mm", json!({"value": "12", "unit": "mm"})),
        (EventKind::SubjectScreened, "/baseline/age", "71years", json!({"value": "71", "unit": "years"})),
    ] {
        assert_eq!(value(kind, pointer, text), Ok(expected));
    }
    for (kind, pointer, text) in [
        (EventKind::DoseTaken, "/dosis", "1mg"),
        (EventKind::DoseTaken, "/subject/0", "1"),
        (EventKind::DoseTaken, "dose", "1mg"),
        (EventKind::AdverseEventReported, "/grade", "6"),
    ] {
        assert!(value(kind, pointer, text).is_err(), "{pointer}");
    }
}

#[test]
fn each_help_page_fits_the_terminal_and_its_example_is_a_command_that_states_the_event() {
    for kind in EventKind::ALL {
        let help = command(*kind).render_long_help().to_string();
        assert!(help.contains("Signed by: "), "{kind}");
        // The usage line names every required flag and is not wrapped.
        let mut lines = help.lines().filter(|line| !line.starts_with("Usage:"));
        assert!(lines.all(|line| line.chars().count() <= 100), "{kind}:\n{help}");
        let Some((_, example)) = help.split_once("Example:\n") else {
            assert!(help.contains(&format!("trial append --template {}", subcommand(*kind))), "{kind}");
            continue;
        };
        let words = shell_words(&example.replace("\\\n", " "));
        assert_eq!(words[..3], ["trial", "append", &subcommand(*kind)]);
        let stated = event(*kind, &matches(*kind, &words[3..])).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(draft::checked(stated.clone()), Ok(stated), "{kind}");
    }
}

/// The words of a command line with single quotes, as a shell takes them.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
