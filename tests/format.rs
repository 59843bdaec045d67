//! The format, checked by somebody else: `docs/verify.py`, written from `docs/format.md` in another language, and this
//! program give the same verdict on the same bytes.
//!
//! It needs a Python 3 with the package `cryptography`: the one that `TRIAL_PYTHON` names, else one that is found. Where
//! there is none, the tests say so and pass; where `TRIAL_PYTHON` names one, it has to work.

use crate::common::{Dir, demo, run, small::small};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use trial_core::ids::Hash;
use trial_ledger::{envelope::Envelope, verifier::Verifier};

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Reads one question a line, a list, and answers it with the other verifier, in a line.
const DRIVER: &str = r#"
import base64, json, sys
sys.path.insert(0, sys.argv[1])
import verify as v

def log(path, genesis, only_bytes):
    lines = open(path, "rb").read().split(b"\n")[:-1]
    log, fault = v.verify(lines, only_bytes, genesis)
    if fault:
        return list(fault[:2])
    return [len(lines), log.leaves[-1], v.root([bytes.fromhex(leaf) for leaf in log.leaves]).hex()] if lines else []

def canonical(text):
    try:
        return v.canon(v.parse(base64.b64decode(text)))
    except v.Fault:
        return None

def leaves(size):
    return [v.hashlib.sha256(b"\0" + str(i).encode()).digest() for i in range(size)]

def fits(check, *arguments):
    try:
        check(*arguments)
        return True
    except v.Fault:
        return False

def merkle(size):
    return v.root(leaves(size)).hex()

def inclusion(index, size, path):
    path, root = [bytes.fromhex(p) for p in path], v.root(leaves(size))
    leaf = v.hashlib.sha256(b"\0" + str(index).encode()).digest()
    return fits(v.check_inclusion, leaf, index, size, path, root)

def consistency(old, new, path):
    path = [bytes.fromhex(p) for p in path]
    return fits(v.check_consistency, old, new, path, v.root(leaves(old)), v.root(leaves(new)))

for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps(globals()[name](*arguments)))
"#;

/// A Python that can run the other verifier.
fn python(test: &str) -> Option<String> {
    let works = |python: &str| {
        let found = Command::new(python).args(["-c", "import cryptography"]).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    if let Ok(named) = std::env::var("TRIAL_PYTHON") {
        assert!(works(&named), "TRIAL_PYTHON names {named}, which has no package cryptography");
        return Some(named);
    }
    let found = ["python3", "/usr/bin/python3"].into_iter().find(|python| works(python));
    if found.is_none() {
        eprintln!("skipped: {test}: there is no python3 with the package cryptography here");
    }
    found.map(str::to_owned)
}

/// What the other verifier answers to these questions, one answer each.
fn asked(python: &str, questions: &[Value]) -> Vec<Value> {
    let mut child = Command::new(python)
        .args(["-B", "-c", DRIVER, &format!("{TOP}/docs")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let text: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let mut stdin = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().expect("it wrote").expect("python reads all questions");
    assert!(output.status.success());
    let answers: Vec<Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// What we say of a log, in the form in which the other verifier says it.
fn ours(path: &Path, genesis: Option<Hash>) -> Value {
    let bytes = fs::read(path).unwrap();
    let lines: Vec<_> =
        bytes.split_inclusive(|b| *b == b'\n').filter_map(|l| l.strip_suffix(b"\n")).map(Envelope::new).collect();
    let verifier = Verifier::new(lines.iter().cloned().map(Ok), &lines);
    let verifier = if let Some(genesis) = genesis { verifier.of_ledger(genesis) } else { verifier };
    match verifier.finish() {
        Ok(tip) => json!([tip.size(), tip.head(), tip.root()]),
        Err(fault) => json!([fault.kind, fault.seq]),
    }
}

fn vectors(name: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{TOP}/tests/vectors/{name}")).unwrap()).unwrap()
}

#[test]
fn both_verifiers_give_the_verdict_of_the_list_on_every_log() {
    let Some(python) = python("both_verifiers_give_the_verdict_of_the_list_on_every_log") else { return };
    let index = vectors("logs.json");
    let rows: Vec<&Value> = ["sound", "faults"].iter().flat_map(|list| index[list].as_array().unwrap()).collect();
    assert!(rows.len() > 100, "{} logs", rows.len());
    let path = |row: &Value| Path::new(TOP).join("tests/vectors").join(row["file"].as_str().unwrap());
    let questions: Vec<Value> = rows.iter().map(|row| json!(["log", path(row), row["genesis"], false])).collect();
    for (row, theirs) in rows.iter().zip(asked(&python, &questions)) {
        let genesis = row["genesis"].as_str().map(|hash| hash.parse().unwrap());
        assert_eq!(ours(&path(row), genesis), theirs, "{}", row["file"]);
        let listed = if row["kind"].is_string() { &row["kind"] } else { &row["entries"] };
        assert_eq!(
            (&theirs[0], theirs.as_array().unwrap().len()),
            (listed, if row["kind"].is_string() { 2 } else { 3 })
        );
    }
}

/// What fuzzing found of entries: logs that nobody would have thought of.
#[test]
fn both_verifiers_give_the_same_verdict_on_every_log_that_fuzzing_kept() {
    let Some(python) = python("both_verifiers_give_the_same_verdict_on_every_log_that_fuzzing_kept") else { return };
    let dir = Dir::empty();
    let mut logs = Vec::new();
    for (path, input) in crate::fuzz::corpus("entries") {
        let log: Vec<u8> =
            crate::fuzz::entries::judged(&input).iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
        logs.push((path, dir.file(&format!("{}.jsonl", logs.len()), log)));
    }
    let questions: Vec<Value> = logs.iter().map(|(_, log)| json!(["log", log, null, false])).collect();
    let mut kinds = BTreeSet::new();
    let mut differ = Vec::new();
    for ((input, log), theirs) in logs.iter().zip(asked(&python, &questions)) {
        let found = ours(log, None);
        kinds.insert(found[0].to_string());
        // A line that is too deep and not canonical either may have either name.
        let either = [json!("limit_exceeded"), json!("not_canonical")];
        let named = |verdict: &Value| verdict[1] == found[1] && either.contains(&verdict[0]);
        if found != theirs && !(named(&found) && named(&theirs)) {
            differ.push(format!("{}: we say {found}, they say {theirs}", input.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(kinds.len() > 10, "{kinds:?}");
}

#[test]
fn the_other_verifier_agrees_on_canonical_texts_and_on_trees() {
    let Some(python) = python("the_other_verifier_agrees_on_canonical_texts_and_on_trees") else { return };
    let (texts, trees) = (vectors("canonical_json.json"), vectors("merkle.json"));
    let mut cases: Vec<(Value, Value)> = Vec::new();
    for case in texts["must_reject"].as_array().unwrap() {
        cases.push((json!(["canonical", case["input_b64"]]), Value::Null));
    }
    for case in texts["must_accept"].as_array().unwrap() {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let text = String::from_utf8(STANDARD.decode(case["input_b64"].as_str().unwrap()).unwrap()).unwrap();
        cases.push((json!(["canonical", case["input_b64"]]), json!(text)));
    }
    for (size, root) in trees["roots"].as_object().unwrap() {
        cases.push((json!(["merkle", size.parse::<u64>().unwrap()]), root.clone()));
    }
    // Each proof as it is, without its last hash, with one more, and for the place before.
    let spoiled = |proof: &Value| {
        let path = proof.as_array().unwrap().clone();
        let more = [path.clone(), vec![json!("00".repeat(32))]].concat();
        [more].into_iter().chain(path.split_last().map(|(_, rest)| rest.to_vec()))
    };
    for case in trees["inclusion"].as_array().unwrap() {
        let question = |path: &Value| json!(["inclusion", case["index"], case["size"], path]);
        cases.push((question(&case["proof"]), json!(true)));
        spoiled(&case["proof"]).for_each(|path| cases.push((question(&json!(path)), json!(false))));
    }
    for case in trees["consistency"].as_array().unwrap() {
        let question = |path: &Value| json!(["consistency", case["old"], case["new"], path]);
        cases.push((question(&case["proof"]), json!(true)));
        spoiled(&case["proof"]).for_each(|path| cases.push((question(&json!(path)), json!(false))));
    }
    let questions: Vec<Value> = cases.iter().map(|(question, _)| question.clone()).collect();
    for ((question, expected), theirs) in cases.iter().zip(asked(&python, &questions)) {
        assert_eq!(*expected, theirs, "{question}");
    }
    assert!(cases.len() > 250, "{} cases", cases.len());
}

#[test]
fn the_other_verifier_reads_the_golden_chain() {
    let Some(python) = python("the_other_verifier_reads_the_golden_chain") else { return };
    let golden = vectors("golden_chain.json");
    let entries = golden["entries"].as_array().unwrap();
    let lines: String = entries.iter().map(|entry| entry["line"].as_str().unwrap().to_owned() + "\n").collect();
    let dir = Dir::empty();
    let log = dir.file("golden.jsonl", lines);
    // Its events are not of this format: the bytes, links and signatures are checked.
    let theirs = asked(&python, &[json!(["log", log, null, true])]).remove(0);
    let root = <[u8; 32]>::try_from(base64_bytes(&golden["merkle_roots_base64_by_size"][5])).unwrap();
    assert_eq!(theirs, json!([5, entries[4]["leaf"], Hash(root)]));
}

fn base64_bytes(text: &Value) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// What the program prints of a file, by its exit code and its first words.
fn printed(python: &str, log: &Path) -> (i32, Vec<String>) {
    let output = Command::new(python).args(["-B", &format!("{TOP}/docs/verify.py")]).arg(log).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect();
    (output.status.code().unwrap(), words)
}

#[test]
fn the_other_verifier_says_of_a_ledger_what_the_command_says() {
    let Some(python) = python("the_other_verifier_says_of_a_ledger_what_the_command_says") else { return };
    for dir in [demo(), small()] {
        let verdict = dir.sound();
        let (code, words) = printed(&python, &dir.journal());
        let text = |member: &str| verdict[member].as_str().unwrap().to_owned();
        assert_eq!(code, 0);
        assert_eq!(
            words,
            [
                "entries".into(),
                verdict["entries"].to_string(),
                "head".into(),
                text("head"),
                "root".into(),
                text("root")
            ]
        );

        // A byte changed in the middle, and an entry taken out.
        let lines = dir.lines();
        let at = lines.len() / 2;
        let mut edited = lines.clone();
        edited[at] = edited[at].replacen("\"version\":1", "\"version\":2", 1);
        let mut shorter = lines.clone();
        shorter.remove(at);
        for changed in [edited, shorter] {
            let file = dir.file("changed.jsonl", changed.join("\n") + "\n");
            let fault = &run(&["verify", "--json", file.to_str().unwrap()]).expect(1).json()["faults"][0];
            let (code, words) = printed(&python, &file);
            let expected = [fault["kind"].as_str().unwrap(), "at", "entry", &fault["seq"].to_string()];
            assert_eq!((code, &words[..4]), (1, &expected.map(str::to_owned)[..]));
        }
    }
    let nothing = Dir::empty();
    assert_eq!(printed(&python, &nothing.file("empty.jsonl", "")), (3, vec!["store_missing".to_owned()]));
    assert_eq!(printed(&python, &nothing.beside("no_such_file")).0, 3);
}
