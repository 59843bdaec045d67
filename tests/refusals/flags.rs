//! Flags that do not fit, and what `init` refuses.

use super::{args, refuse};
use crate::common::small::{self, PROTOCOL, small};

#[test]
fn flags_that_do_not_fit_are_refused_with_a_hint() {
    const DOSE: &str = "--key coordinator append dose-taken --subject S-1 --agent axitinib --occurred-at 2026-02-10";
    const SEEN: &str = "--key coordinator append followed-up --subject S-1 --status alive --occurred-at 2026-02-10";
    // The constants stand in for the beginning of the line.
    let dose = |name, line: &'static str, code, words| {
        let line: &'static str = Box::leak(format!("{DOSE} {line}").into_boxed_str());
        args(name, line, code, words)
    };
    let seen = |name, line: &'static str, code, words| {
        let line: &'static str = Box::leak(format!("{SEEN} {line}").into_boxed_str());
        args(name, line, code, words)
    };
    refuse(
        &small(),
        &[
            args("no verb", "", 2, &["Usage: trial"]),
            args("an unknown verb", "verfy", 2, &["unrecognized subcommand 'verfy'", "'verify'"]),
            args("an unknown flag", "status --asof 2026-02-01", 2, &["--asof", "--as-of"]),
            args(
                "a mistyped event",
                "append fraction-deliverd --subject S-1",
                2,
                &["fraction-deliverd", "fraction-delivered"],
            ),
            args("no event", "append", 2, &["what should be appended is not said", "trial append --help"]),
            args("a file and a template", "append --file x --template dose-taken", 2, &["cannot be used with"]),
            args(
                "a template and an event",
                "append --template dose-taken dose-taken --subject S-1 --agent axitinib --occurred-at 2026-02-10 --dose 1mg",
                2,
                &["dose-taken stands beside --file or --template"],
            ),
            args(
                "a file and an event",
                "append --file x followed-up --subject S-1 --status alive --occurred-at 2026-02-10",
                2,
                &["followed-up stands beside --file or --template"],
            ),
            args(
                "the template of nothing",
                "append --template dose-takn",
                2,
                &["dose-takn", "did you mean dose-taken"],
            ),
            args("a file that is not there", "append --file no/such/file", 3, &["no/such/file"]),
            args("a folder as file", "append --file .", 3, &["trial: error: .: "]),
            args("a flag missing", "--key coordinator append dose-taken --subject S-1", 2, &["--agent", "--dose"]),
            dose("a dose without a unit", "--dose 1", 2, &["--dose", "\"1\"", "mg"]),
            dose("a dose in another unit", "--dose 1g", 2, &["--dose", "\"1g\""]),
            dose("two doses", "--dose 1mg --dose 2mg", 2, &["--dose"]),
            dose("a negative dose", "--dose=-1mg", 1, &["a dose of -1 mg is not a dose"]),
            dose("an unknown flag of the event", "--dose 1mg --colour red", 2, &["--colour"]),
            seen("recorded at no time", "--recorded-at noon", 2, &["--recorded-at"]),
            seen("recorded backwards", "--recorded-at 2026-02-10T08:59:59+08:00", 1, &["time_regression"]),
            seen("a blank reason", "--reason ' '", 2, &["--reason: the text is empty"]),
            args(
                "no key",
                "append followed-up --subject S-1 --status alive --occurred-at 2026-02-10",
                2,
                &["no key is named to sign with", "give --key ALIAS"],
            ),
            args(
                "a key that is not there",
                "--key nobody append followed-up --subject S-1 --status alive --occurred-at 2026-02-10",
                3,
                &["there is no key nobody in ", "the keys here are: "],
            ),
            args(
                "not one of the words",
                "--key coordinator append followed-up --subject S-1 --status alve --occurred-at 2026-02-10",
                2,
                &["'alve'", "'alive'"],
            ),
            args(
                "a level as word",
                "--key investigator append subject-enrolled --subject S-8 --level two --occurred-at 2026-02-10",
                2,
                &["--level", "\"two\""],
            ),
            args(
                "a look-alike subject",
                "--key coordinator append followed-up --subject Ѕ-1 --status alive --occurred-at 2026-02-10",
                2,
                &["is not an identifier"],
            ),
            args("no such day", "status --as-of 2026-02-30", 2, &["--as-of 2026-02-30: expected a day or an instant"]),
            args(
                "yesterday",
                "replay --as-of yesterday",
                2,
                &["--as-of yesterday: expected a day or an instant", "for example 2017-05-02"],
            ),
            args(
                "an instant without its offset",
                "replay --as-of 2026-02-01T00:00:00",
                2,
                &["expected a day or an instant"],
            ),
            args("a cutoff that is none", "replay --cutoff 2026", 2, &["--cutoff"]),
            args("an entry beyond the end", "show 99999", 1, &["entry 99999 is not there: expected 0 to "]),
            args("an entry by name", "show head", 2, &["'head'"]),
            args("nothing recorded of", "history S-99", 1, &["nothing is recorded of S-99"]),
            args("a type that is none", "log --type dose-takn", 2, &["did you mean dose"]),
            args(
                "no file to verify",
                "verify no/such/file",
                3,
                &["no/such/file", "hint: expected a ledger's directory"],
            ),
            args("paths of nonsense", "paths 1XYZ", 2, &["1XYZ", "for example"]),
            args(
                "too few probabilities",
                "paths --probabilities 0.1,0.2",
                2,
                &["--probabilities: expected 3 numbers, one a level, found 2"],
            ),
            args("a probability above 1", "paths --probabilities 0.1,0.2,1.5", 2, &["--probabilities"]),
            args(
                "a grant to nobody",
                "--key sponsor key grant nobody --name N --organisation O --role monitor",
                3,
                &["there is no key nobody"],
            ),
            args(
                "a role that is none",
                "--key sponsor key grant stranger --name N --organisation O --role boss",
                2,
                &["--role: "],
            ),
            args(
                "a grant by who may not",
                "--key monitor key grant stranger --name N --organisation O --role monitor",
                1,
                &["monitor is monitor and may not sign key_granted", "it is signed by: sponsor"],
            ),
            args("revoked without a reason", "--key sponsor key revoke monitor", 2, &["--reason"]),
            args("an unknown shell", "completions basic", 2, &["basic"]),
            args(
                "a ledger where one is",
                "--key sponsor init --trial T --title T --zone UTC --origin a.example/t --name N --organisation O --protocol no.json",
                3,
                &["no.json"],
            ),
        ],
    );
}

#[test]
fn init_refuses_what_cannot_name_a_trial_and_never_writes_over_a_ledger() {
    let dir = small();
    let init = |from: &str, to: &str| {
        let args: Vec<&str> = small::INIT.iter().map(|arg| if *arg == from { to } else { arg }).collect();
        let before = dir.bytes();
        let ran = dir.run(&[&["--key", "sponsor"], args.as_slice()].concat());
        assert_eq!(dir.bytes(), before);
        ran
    };
    init("Asia/Taipei", "Mars/Olympus").expect(2).says(&["\"Mars/Olympus\" is not a time zone", "Asia/Taipei"]);
    init("sponsor.example/small-01", "small-01")
        .expect(2)
        .says(&["--origin small-01: expected <sponsor domain>/<trial>"]);
    init("SMALL-01", "SMALL 01").expect(2).says(&["--trial: \"SMALL 01\" is not an identifier"]);
    init("A small trial (synthetic)", "\u{202e}").expect(2).says(&["--title: the text holds U+202E"]);
    init(PROTOCOL, dir.journal().to_str().unwrap()).expect(2).says(&["is not a protocol", "schemas/protocol.json"]);
    init("SMALL-01", "SMALL-01").expect(3).says(&["is not empty", "choose a directory"]);
    dir.sound();
    let real: Vec<&str> = small::INIT.iter().copied().filter(|arg| *arg != "--simulated-clock").collect();
    dir.run(&[&["--key", "sponsor"], real.as_slice()].concat()).expect(2).says(&["--simulated-clock"]);
}
