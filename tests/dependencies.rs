//! What the program is built from: licences, duplicates, sources, and features that would change an answer.
//!
//! Reads what cargo resolved for this machine; asks nobody outside.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::OnceLock,
};

/// Licences under which everything may be used here. An expression fits if it can be met with these. ISC asks for what
/// MIT asks for: its notice.
const ALLOWED: &[&str] = &["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT-0", "Unicode-3.0", "Zlib"];

/// What is there in two versions, and through whom. Each costs building time only: no value passes between the two.
const TWICE: &[(&str, &str)] = &[
    ("base64", "tests: the HTTP client has a newer one than the formats"),
    ("bit-set", "tests: two of the libraries"),
    ("bit-vec", "tests: bit-set"),
    ("embedded-io", "postcard, for two generations of readers; neither is built into ours"),
    ("getrandom", "tests: proptest and tempfile have an older one than the key files"),
    ("parking_lot", "sled 0.34 has an older one"),
    ("parking_lot_core", "sled 0.34, through parking_lot"),
    ("syn", "macros only, at build time"),
];

/// Features that loosen or change what is read, by package.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("curve25519-dalek", &["legacy_compatibility"]),
    ("ed25519-dalek", &["legacy_compatibility", "batch", "hazmat"]),
    ("serde_json", &["preserve_order", "arbitrary_precision", "unbounded_depth"]),
];

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO")).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What cargo resolved for this machine: everything that it just built.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let version = String::from_utf8(cargo(&["-vV"])).unwrap();
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its machine");
        let arguments = ["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host];
        serde_json::from_slice(&cargo(&arguments)).unwrap()
    })
}

fn packages() -> &'static Vec<Value> {
    let packages = metadata()["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "{} packages", packages.len());
    packages
}

/// Whether a licence expression (SPDX; `/` is the older way to write OR) can be met with what is allowed.
fn can_be_met(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let met = any(&mut words);
    assert!(words.is_empty(), "{expression}");
    met
}

fn any(words: &mut Vec<&str>) -> bool {
    let mut met = all(words);
    while words.pop_if(|word| *word == "OR").is_some() {
        met |= all(words);
    }
    met
}

fn all(words: &mut Vec<&str>) -> bool {
    let mut met = one(words);
    while words.pop_if(|word| *word == "AND").is_some() {
        met &= one(words);
    }
    met
}

fn one(words: &mut Vec<&str>) -> bool {
    let word = words.pop().expect("an expression ends with a licence");
    if word == "(" {
        let met = any(words);
        assert_eq!(words.pop(), Some(")"));
        return met;
    }
    // An exception only adds permissions, but is asked about all the same: none is allowed by itself.
    let excepted = words.pop_if(|word| *word == "WITH").is_some_and(|_| words.pop().is_some());
    !excepted && ALLOWED.contains(&word)
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    for met in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND Zlib", "A OR B AND C OR MIT"] {
        assert!(can_be_met(met), "{met}");
    }
    for unmet in
        ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND GPL-3.0", "Apache-2.0 WITH LLVM-exception", "A OR MIT AND B"]
    {
        assert!(!can_be_met(unmet), "{unmet}");
    }
}

#[test]
fn every_package_may_be_used_under_an_allowed_licence() {
    let of = |package: &Value| package["license"].as_str().unwrap_or("none").to_owned();
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| !can_be_met(&of(package)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], of(package)))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn what_is_there_twice_is_known() {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package["name"].as_str().unwrap()).or_default().insert(package["version"].as_str().unwrap());
    }
    let twice: Vec<&str> = versions.into_iter().filter(|(_, found)| found.len() > 1).map(|(name, _)| name).collect();
    assert_eq!(twice, TWICE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[test]
fn everything_else_comes_from_one_registry() {
    let sources: BTreeSet<&str> = packages().iter().filter_map(|package| package["source"].as_str()).collect();
    assert!(sources.len() == 1 && sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    let ours = packages().iter().filter(|package| package["source"].is_null()).count();
    assert_eq!(ours, metadata()["workspace_members"].as_array().unwrap().len());
}

#[test]
fn no_feature_is_on_that_would_change_an_answer() {
    let nodes = metadata()["resolve"]["nodes"].as_array().unwrap();
    for (name, features) in FORBIDDEN {
        let ids: Vec<&Value> = packages().iter().filter(|p| p["name"] == *name).map(|p| &p["id"]).collect();
        assert_eq!(ids.len(), 1, "{name}");
        let node = nodes.iter().find(|node| &node["id"] == ids[0]).expect("it is resolved");
        let on: Vec<&Value> =
            node["features"].as_array().unwrap().iter().filter(|f| features.iter().any(|x| *f == x)).collect();
        assert!(on.is_empty(), "{name}: {on:?}");
    }
}
