//! Who signs together: stories of a trial whose protocol asks two people for grants, revocations, amendments and
//! decisions; of a stolen key; and of what stands beside every signature that people read.

use crate::common::{
    Dir, Ran, pick,
    small::{FOLLOWED, INIT, PROTOCOL, draft, jsonl, keys, public, small},
};
use serde_json::{Value, json};
use std::fs;

/// A ledger under a protocol by which two of sponsor and safety committee sign what opens doors.
fn governed() -> Dir {
    let dir = Dir::empty();
    let folder = dir.beside("keys");
    keys(&folder, &["sponsor", "spare", "sam", "sue", "investigator", "nora", "stranger"]);
    let mut init: Vec<&str> = vec!["--keys", "keys", "--key", "sponsor"];
    init.extend(INIT);
    dir.run(&init).expect(0);
    let grant = |alias: &str, role: &str, name: &str, organisation: &str| {
        let event = json!({
            "type": "key_granted", "key": public(&folder, alias), "name": name, "organisation": organisation, "role": role,
            "purpose": "author"
        });
        draft("sponsor", "2026-01-05T11:00", event)
    };
    let drafts = [
        draft(
            "sponsor",
            "2026-01-05T10:00",
            json!({ "type": "site_activated", "site": "TPE-01", "name": "A hospital" }),
        ),
        grant("sam", "safety_committee", "Sam Safety (synthetic)", "Example"),
        grant("sue", "safety_committee", "Sue Safety (synthetic)", "Example"),
        grant("spare", "sponsor", "Ada Sponsor (synthetic)", "Example Sponsor"),
        grant("investigator", "investigator", "Ivy Investigator (synthetic)", "Example"),
        draft(
            "sponsor",
            "2026-01-05T12:00",
            json!({ "type": "protocol_activated", "protocol": protocol("2", &asked(2)) }),
        ),
    ];
    let file = dir.file("drafts.jsonl", jsonl(&drafts)).display().to_string();
    dir.run(&["--keys", "keys", "append", "--file", &file]).expect(0);
    dir
}

fn asked(needed: u8) -> Value {
    let events = ["key_granted", "key_revoked", "protocol_activated", "escalation_decided"];
    json!([{ "events": events, "needed": needed, "of": ["sponsor", "safety_committee"] }])
}

fn protocol(edition: &str, rules: &Value) -> Value {
    let mut protocol: Value = serde_json::from_slice(&fs::read(PROTOCOL).unwrap()).unwrap();
    protocol["edition"] = json!(edition);
    protocol["countersignatures"] = rules.clone();
    protocol
}

fn by(dir: &Dir, alias: &str, args: &[&str]) -> Ran {
    dir.run(&[&["--keys", "keys", "--key", alias], args].concat())
}

const NORA: &[&str] =
    &["key", "grant", "nora", "--name", "Nora New (synthetic)", "--organisation", "Example", "--role", "monitor"];

fn proposed(dir: &Dir, more: &[&str]) -> Ran {
    by(dir, "sponsor", &[NORA, &["--propose", "grant.json"], more].concat())
}

fn is_granted(dir: &Dir, name: &str) -> bool {
    let listed = dir.run(&["--keys", "keys", "key", "list", "--json"]).expect(0).json();
    listed["roster"].as_array().unwrap().iter().any(|member| member["name"] == name)
}

#[test]
fn a_grant_that_takes_two_people_travels_as_a_proposal_and_is_recorded_when_both_have_signed() {
    let dir = governed();
    let before = dir.bytes();
    let alone = by(&dir, "sponsor", NORA).expect(1);
    alone.says(&["key_granted takes 2 people, each sponsor or safety_committee: 1 would sign", "--propose FILE"]);

    proposed(&dir, &["--countersigner", "sam safety:review"]).expect(0).says(&["still to be signed by Sam Safety"]);
    assert_eq!(dir.bytes(), before, "a proposal records nothing");
    let shown = dir.run(&["proposal", "show", "grant.json"]).expect(0);
    shown.says(&[
        "entry 9, key_granted; not recorded yet",
        "signed by    Ada Sponsor (synthetic) (sponsor, Example Sponsor): authorship, 2026-01-05 12:00:01 +08:00",
        "NOT YET by   Sam Safety (synthetic) (safety_committee, Example): review, 2026-01-05 12:00:01 +08:00",
        "rests on     entry 8, head ",
        "it follows the head of this ledger",
    ]);
    dir.run(&["proposal", "submit", "grant.json"]).expect(1).says(&["not signed yet by Sam Safety"]);
    by(&dir, "sam", &["proposal", "sign", "grant.json"]).expect(0).says(&["signed by all", "trial proposal submit"]);
    by(&dir, "sam", &["proposal", "sign", "grant.json"]).expect(1).says(&["has signed it already"]);
    assert_eq!(dir.bytes(), before);

    let line = fs::read_to_string(dir.beside("grant.json")).unwrap();
    dir.run(&["proposal", "submit", "grant.json"]).expect(0).says(&["entry 9: key_granted", "Sam Safety", "review"]);
    assert_eq!(format!("{}\n", dir.lines()[9]), line, "what they signed is what stands in the log");
    assert_eq!(dir.sound()["entries"], 10);
    assert!(is_granted(&dir, "Nora New (synthetic)"));
    dir.run(&["proposal", "submit", "grant.json"]).expect(1).says(&["recorded already, as entry 9"]);
}

#[test]
fn a_proposal_is_stale_once_the_log_has_gone_on_and_nobody_signs_or_submits_it() {
    let dir = governed();
    proposed(&dir, &["--countersigner", "Sam Safety (synthetic)", "--countersigner", "sue"]).expect(0);
    by(&dir, "sam", &["proposal", "sign", "grant.json"]).expect(0).says(&["still to be signed by Sue"]);
    let consent = [
        "append",
        "consent-given",
        "--subject",
        "S-1",
        "--site",
        "TPE-01",
        "--form",
        "F",
        "--occurred-at",
        "2026-01-04",
    ];
    by(&dir, "investigator", &consent).expect(0);
    let before = dir.bytes();
    let stale = ["the proposal is stale: it follows entry 8 (", "the log has gone on to entry 9", "propose again"];
    by(&dir, "sue", &["proposal", "sign", "grant.json"]).expect(1).says(&stale);
    dir.run(&["proposal", "submit", "grant.json"]).expect(1).says(&stale);
    dir.run(&["proposal", "show", "grant.json"]).expect(0).says(&stale[..2]);
    let shown = dir.run(&["proposal", "show", "grant.json", "--json"]).expect(0).json();
    assert_eq!((&shown["follows_the_head"], &shown["complete"]), (&json!(false), &json!(false)));
    assert_eq!(dir.bytes(), before);
}

#[test]
fn a_proposal_is_signed_only_by_those_it_names_and_only_as_it_was_written() {
    let dir = governed();
    proposed(&dir, &["--countersigner", "sam"]).expect(0);
    let file = dir.beside("grant.json");
    let sound = fs::read_to_string(&file).unwrap();
    by(&dir, "sue", &["proposal", "sign", "grant.json"]).expect(1).says(&["does not name the key", "Sam Safety"]);
    by(&dir, "stranger", &["proposal", "sign", "grant.json"]).expect(1).says(&["does not name the key"]);
    proposed(&dir, &["--countersigner", "sue"]).expect(3).says(&["grant.json", "choose a file that is not there yet"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), sound, "a refusal leaves the file as it was");

    let other = governed();
    let elsewhere = file.display().to_string();
    by(&other, "sam", &["proposal", "sign", &elsewhere]).expect(1).says(&["is for the ledger ", "this is another"]);
    other.run(&["proposal", "submit", &elsewhere]).expect(1).says(&["this is another"]);

    for (changed, why) in [
        (sound.replace("\"monitor\"", "\"sponsor\""), "the signature of Ada Sponsor (synthetic) does not fit"),
        (sound.replace("\"v\":1", "\"v\": 1"), "expected an entry line with the signatures so far"),
        (format!("{sound}{sound}"), "expected an entry line with the signatures so far"),
        ("x".repeat(20_000), "expected at most 16384 bytes, found more"),
        (String::new(), "expected an entry line"),
    ] {
        assert_ne!(changed, sound);
        fs::write(&file, &changed).unwrap();
        for verb in [["proposal", "show"], ["proposal", "sign"], ["proposal", "submit"]] {
            let ran = by(&dir, "sam", &[&verb[..], &["grant.json"]].concat());
            ran.expect(1).says(&[why, "propose again"]);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    }
    by(&dir, "sam", &["proposal", "show", "nothing.json"]).expect(3).says(&["nothing.json: "]);
    assert_eq!(dir.sound()["entries"], 9);
}

#[test]
fn where_all_keys_are_at_hand_they_sign_at_once_but_nobody_beside_themselves() {
    let dir = governed();
    let refused = |args: &[&str], words: &[&str]| {
        let before = dir.bytes();
        by(&dir, "sponsor", &[NORA, args].concat()).expect(1).says(words);
        assert_eq!(dir.bytes(), before);
    };
    refused(&["--countersigner", "spare"], &["key_granted takes 2 people", "1 would sign"]);
    refused(&["--countersigner", "sponsor"], &["1 would sign"]);
    refused(&["--countersigner", "investigator"], &["1 would sign"]);
    refused(&["--countersigner", "sam", "--countersigner", "spare"], &["countersignature_missing", "a second time"]);
    refused(&["--countersigner", "sam", "--countersigner", "stranger"], &["unknown_signer"]);
    refused(&["--propose", "p.json", "--countersigner", "safety"], &["more than one in the roster goes by \"safety\""]);
    refused(&["--propose", "p.json", "--countersigner", "sam:aproval"], &["nobody in the roster goes by", "approval"]);
    by(&dir, "sponsor", &[NORA, &["--propose", "p.json"]].concat()).expect(2).says(&["names nobody else"]);
    by(&dir, "sponsor", &["append", "--file", "x", "--countersigner", "sam"]).expect(2).says(&["\"countersigners\""]);

    by(&dir, "sponsor", &[NORA, &["--countersigner", "sam:responsibility"]].concat()).expect(0);
    let event = json!({ "type": "key_revoked", "key": public(&dir.beside("keys"), "nora") });
    let mut revoked = draft("sponsor", "2026-01-06T09:00", event);
    revoked["reason"] = json!("left");
    let file = dir.file("revoked.jsonl", jsonl(&[revoked.clone()])).display().to_string();
    dir.run(&["--keys", "keys", "append", "--file", &file]).expect(1).says(&["line 1: refused: key_revoked takes 2"]);
    revoked["countersigners"] = json!(["sue:review"]);
    let file = dir.file("revoked.jsonl", jsonl(&[revoked])).display().to_string();
    dir.run(&["--keys", "keys", "append", "--file", &file]).expect(0);
    dir.run(&["show", "9"])
        .expect(0)
        .says(&["and by      Sam Safety (synthetic) (safety_committee, Example): responsibility"]);
    dir.run(&["show", "10"])
        .expect(0)
        .says(&["and by      Sue Safety (synthetic) (safety_committee, Example): review"]);
    dir.sound();
}

#[test]
fn a_rule_that_nobody_could_meet_any_more_is_refused_before_it_closes_the_log() {
    let dir = governed();
    let before = dir.bytes();
    let four = protocol("3", &asked(4)).to_string();
    let amendment = ["append", "protocol-activated", "--protocol", &four, "--countersigner", "sam"];
    by(&dir, "sponsor", &amendment).expect(1).says(&["with this protocol, key_granted takes 4 people", "only 3 could"]);
    let alone = protocol("3", &json!([]))
        .to_string()
        .replace(",\"countersignatures\":[]", "")
        .replace("\"countersignatures\":[],", "");
    by(&dir, "sponsor", &["append", "protocol-activated", "--protocol", &alone]).expect(1).says(&["takes 2 people"]);
    assert_eq!(dir.bytes(), before);

    let revoke = |holder: &str, by_whom: &str, beside: &str| {
        by(&dir, by_whom, &["key", "revoke", holder, "--reason", "left", "--countersigner", beside])
    };
    revoke("sue", "sponsor", "sam").expect(0);
    let last = revoke("sam", "sponsor", "sam").expect(1);
    last.says(&["without this key, key_granted takes 2 people", "only 1 could", "grant a key to somebody else first"]);
    // The sponsor's second key keeps the sponsor.
    revoke("spare", "sponsor", "sam").expect(0);
    dir.sound();
}

#[test]
fn what_several_people_sign_several_people_correct() {
    let dir = small();
    let rule = json!([{ "events": ["laboratory_measured"], "needed": 2, "of": ["investigator", "coordinator"] }]);
    let amendment = protocol("2", &rule).to_string();
    dir.run(&["--key", "sponsor", "append", "protocol-activated", "--protocol", &amendment]).expect(0);
    let target = value_of(&dir).to_string();
    let correct =
        ["--key", "coordinator", "amend", "correct", &target, "--field", "value", "--old", "9.0", "--new", "0.9"];
    let void = ["--key", "coordinator", "amend", "void", &target];
    let why = ["--reason", "transcription error"];
    let before = dir.bytes();
    for amend in [&correct[..], &void] {
        let alone = dir.run(&[amend, &why].concat()).expect(1);
        alone.says(&[
            "laboratory_measured takes 2 people, each investigator or coordinator: 1 would sign",
            "--countersigner",
        ]);
        let beside = dir.run(&[amend, &why, &["--countersigner", "monitor"]].concat()).expect(1);
        beside.says(&["laboratory_measured takes 2 people"]);
    }
    assert_eq!(dir.bytes(), before);
    dir.run(&[&correct[..], &why, &["--countersigner", "investigator:responsibility"]].concat()).expect(0);
    let signed = dir.run(&["log", "--by", "investigator", "--type", "entry_corrected"]).expect(0);
    signed.says(&[
        "coordinator (synthetic) (coordinator), authorship and investigator (synthetic) (investigator), responsibility",
    ]);
    dir.sound();
}

#[test]
fn what_a_stolen_key_signed_is_marked_for_people_to_judge_and_is_no_fault() {
    let dir = small();
    let entries = dir.lines().len() as u64;
    let seen = |day: &str| {
        ["append", "followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at", day].map(str::to_owned)
    };
    for day in ["2026-02-09", "2026-02-10"] {
        let args = seen(day);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        dir.run(&[&["--key", "coordinator"], &args[..]].concat()).expect(0);
    }
    let quiet = dir.run(&["verify"]).expect(0);
    assert!(!quiet.stdout.contains("suspect"), "{quiet:?}");
    assert_eq!(dir.sound()["claims"]["suspects"], json!([]));
    let beyond = (entries + 2).to_string();
    let early =
        ["--key", "sponsor", "key", "revoke", "coordinator", "--reason", "stolen", "--compromised-since", &beyond];
    dir.run(&early).expect(1).says(&[&format!("entry {beyond} is not there"), "trial log --by NAME"]);
    let since = (entries + 1).to_string();
    let revoke =
        ["--key", "sponsor", "key", "revoke", "coordinator", "--reason", "stolen", "--compromised-since", &since];
    dir.run(&revoke).expect(0);

    let claims = dir.sound()["claims"].clone();
    let suspects = &claims["suspects"][0];
    assert_eq!(suspects["entries"], json!([entries + 1]));
    assert_eq!((&suspects["since"], &suspects["revoked"]), (&json!(entries + 1), &json!(entries + 2)));
    assert_eq!((&suspects["reason"], &suspects["name"]), (&json!("stolen"), &json!("coordinator (synthetic)")));
    let words = format!("in doubt from entry {since} to its revocation at {} (stolen): entries {since}", entries + 2);
    dir.run(&["verify"]).expect(0).says(&["sound: ", "1 entry is suspect", "no fault, for people to judge", &words]);
    let file = dir.journal().display().to_string();
    dir.run(&["verify", &file]).expect(0).says(&[&words]);

    let log = dir.run(&["log", "--json"]).expect(0).json();
    let marked: Vec<u64> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e.get("suspect").is_some())
        .map(|e| e["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(marked, [entries + 1]);
    let text = dir.run(&["log"]).expect(0).stdout;
    let marked: Vec<&str> = text.lines().filter(|line| line.contains("SUSPECT")).collect();
    assert!(marked.len() == 1 && marked[0].trim().starts_with(&since), "{marked:?}");
    dir.run(&["show", &since])
        .expect(0)
        .says(&["suspect     key of coordinator (synthetic), in doubt", "for people to judge"]);
    assert!(!dir.run(&["show", &entries.to_string()]).expect(0).stdout.contains("suspect"));
    for verb in ["status", "replay"] {
        dir.run(&[verb]).expect(0).says(&["1 entry is suspect"]);
        assert_eq!(dir.run(&[verb, "--json"]).expect(0).json()["suspects"][0]["entries"], json!([entries + 1]));
    }
    // Before the theft was known, nothing was in doubt.
    let recorded = log["entries"][usize::try_from(entries + 1).unwrap()]["recorded_at"].as_str().unwrap().to_owned();
    let then = dir.run(&["log", "--json", "--as-of", &recorded]).expect(0).json();
    assert!(then["entries"].as_array().unwrap().iter().all(|e| e.get("suspect").is_none()));
    assert_eq!(dir.run(&["status", "--json", "--as-of", &recorded]).expect(0).json()["suspects"], json!([]));
}

#[test]
fn the_list_of_keys_tells_who_held_which_from_when_to_when_as_known_then() {
    let dir = small();
    let listed = dir.run(&["key", "list", "--json"]).expect(0).json();
    let left = pick(&listed["roster"], &[("name", json!("left (synthetic)"))]);
    assert_eq!((&left["granted_at"], &left["role"]), (&json!("2026-01-05T03:00:00.000Z"), &json!("coordinator")));
    assert_eq!((&left["revoked_at"], &left["site"]), (&json!("2026-01-06T01:00:00.000Z"), &json!("TPE-01")));
    assert_eq!(left["reason"], "left the hospital");
    dir.run(&["key", "list"]).expect(0).says(&[
        "left (synthetic) (coordinator, Example, site TPE-01)",
        "from  2026-01-05 11:00:00 +08:00, entry ",
        "to    2026-01-06 09:00:00 +08:00, entry ",
        ": left the hospital",
    ]);
    let then = dir.run(&["key", "list", "--json", "--as-of", "2026-01-05"]).expect(0).json();
    assert_eq!(pick(&then["roster"], &[("name", json!("left (synthetic)"))])["revoked"], Value::Null);
    let first = dir.run(&["key", "list", "--json", "--as-of", "2026-01-05T09:30:00+08:00"]).expect(0).json();
    assert_eq!(first["roster"].as_array().unwrap().len(), 1);
    assert_eq!(first["roster"][0]["name"], "Ada Sponsor (synthetic)");
}

/// Printed name, date and time with its offset, and meaning (21 CFR 11.50(a)(1) to (3)) of both signatures.
#[track_caller]
fn bears_both(text: &str, name: &str, meaning: &str, at: &str) {
    // Lines may be wrapped at the width of the page.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [name, meaning, at] {
        assert!(flat.contains(part), "expected {part:?} in\n{text}");
    }
}

#[test]
fn every_rendering_of_a_signed_record_bears_name_time_and_meaning() {
    let dir = small();
    let correct = [
        "--key",
        "coordinator",
        "amend",
        "correct",
        &value_of(&dir).to_string(),
        "--field",
        "value",
        "--old",
        "9.0",
        "--new",
        "0.9",
        "--reason",
        "transcription error",
    ]
    .map(str::to_owned);
    let correct: Vec<&str> = correct.iter().map(String::as_str).collect();
    let receipt = dir.run(&[&correct[..], &["--countersigner", "investigator:review"]].concat()).expect(0).stdout;
    let seq = (dir.lines().len() - 1).to_string();
    let before = (dir.lines().len() - 2).to_string();
    let target = value_of(&dir).to_string();
    let ask = |args: &[&str]| dir.run(args).expect(0).stdout;
    let propose = [
        "--key",
        "coordinator",
        "amend",
        "void",
        &seq,
        "--reason",
        "again",
        "--propose",
        "void.json",
        "--countersigner",
        "investigator:witness",
    ];
    // A correction itself cannot be voided: what cannot be recorded is not proposed either.
    dir.run(&propose).expect(1);
    let renderings = [
        ("the receipt", receipt),
        ("log", ask(&["log", "--last", "1"])),
        ("show", ask(&["show", &seq])),
        ("show what became of it", ask(&["show", &target])),
        ("history", ask(&["history", "S-1", "value"])),
        ("diff", ask(&["diff", "--from", &before, "--to", &seq])),
    ];
    for (what, text) in renderings {
        println!("{what}");
        bears_both(&text, "coordinator (synthetic)", "authorship", "2026-02-10 09:00:01 +08:00");
        bears_both(&text, "investigator (synthetic)", "review", "2026-02-10 09:00:01 +08:00");
    }
    let propose = ["--propose", "seen.json", "--countersigner", "investigator:witness"];
    dir.run(&[FOLLOWED, &propose].concat()).expect(0);
    let text = ask(&["proposal", "show", "seen.json"]);
    bears_both(&text, "coordinator (synthetic)", "authorship", "2026-02-10 09:00:02 +08:00");
    bears_both(&text, "investigator (synthetic)", "witness", "2026-02-10 09:00:02 +08:00");
}

#[test]
fn every_signed_decision_that_is_shown_bears_name_time_and_meaning() {
    let dir = crate::common::demo();
    let asked = dir.run(&["log", "--json", "--type", "escalation_decided"]).expect(0).json();
    let entry = &asked["entries"][0];
    let seq = entry["seq"].as_u64().unwrap();
    let name = entry["signer"]["name"].as_str().unwrap();
    let shown = dir.run(&["show", &seq.to_string()]).expect(0).stdout;
    let at = shown.lines().find_map(|line| line.strip_prefix("recorded at ")).unwrap().to_owned();
    for args in
        [&["status"][..], &["replay"], &["why", "escalation.decisions"], &["log", "--type", "escalation_decided"]]
    {
        let text = dir.run(args).expect(0).stdout;
        bears_both(&text, name, entry["signer"]["meaning"].as_str().unwrap(), &at);
    }
    let told = dir.run(&["status", "--json"]).expect(0).json();
    let decision = &told["escalation"]["decisions"][0];
    assert_eq!(decision["signatures"][0], entry["signer"]);
    assert_eq!(decision["signatures"][0]["meaning"], "authorship");
}

fn value_of(dir: &Dir) -> u64 {
    crate::common::small::seq_of(dir, &[("type", "laboratory_measured")])
}
