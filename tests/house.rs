//! The house: what belongs where, held by a test that reads the sources.
//!
//! Checks which way the crates point, that files, clocks, randomness, printing and the store stay in their one home, and
//! that pages speak of the product alone. Code under `#[cfg(test)]`, which stands at the end of a file, is left out.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file longer than this holds two nouns.
const MOST_LINES: usize = 500;

fn top() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize().unwrap()
}

fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let elsewhere = name == "target" || name.starts_with('.') || name.ends_with("-demo");
            if !elsewhere {
                files(&path, wanted, found);
            }
        } else if wanted(&path) {
            found.push(path);
        }
    }
}

/// A source file: its path from the top, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// What is compiled into the product: without tests and comments.
    fn code(&self) -> String {
        let product = self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.map(|line| line.split(" // ").next().unwrap_or_default().to_owned() + "\n").collect()
    }

    fn is_test(&self) -> bool {
        self.path.contains("tests/")
            || self.path.ends_with("/tests.rs")
            || ["/benches/", "/fuzz/"].iter().any(|part| self.path.contains(part))
    }
}

fn read(wanted: &dyn Fn(&Path) -> bool) -> Vec<Source> {
    let mut found = Vec::new();
    files(&top(), wanted, &mut found);
    let source = |path: PathBuf| Source {
        // Some vectors are not UTF-8: that is what is wrong with them.
        text: String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned(),
        path: path.strip_prefix(top()).unwrap().to_string_lossy().into_owned(),
    };
    found.into_iter().map(source).collect()
}

fn rust() -> Vec<Source> {
    let sources = read(&|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(sources.len() > 100, "{} files", sources.len());
    sources
}

/// Whether a word stands in the code, not as a part of another name.
fn uses(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .any(|(at, _)| !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next()))
}

/// All product files that use one of the words and whose path has none of the homes as its beginning.
fn strangers(words: &[&str], homes: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in rust().iter().filter(|source| !source.is_test()) {
        let code = source.code();
        for word in words.iter().filter(|word| uses(&code, word)) {
            if !homes.iter().any(|home| source.path.starts_with(home)) {
                found.push(format!("{}: {word}", source.path));
            }
        }
    }
    found
}

#[test]
fn the_store_stays_in_the_ledger() {
    assert_eq!(strangers(&["sled"], &["ledger/"]), [""; 0]);
}

#[test]
fn files_are_opened_where_files_belong() {
    let homes = [
        "ledger/src/backup.rs",
        "ledger/src/durable.rs",
        "ledger/src/folder.rs",
        "ledger/src/journal.rs",
        "ledger/src/keyfile.rs",
        "ledger/src/ledger.rs",
        "ledger/src/ledger/",
        "ledger/src/lines.rs",
        "ledger/src/recover.rs",
        "ledger/src/sealed_folder.rs",
        "ledger/src/sled_store.rs",
        "ledger/src/snapshot_folder.rs",
        "ledger/src/snapshot_folder/",
        "ledger/src/sought.rs",
        "ledger/src/tiles.rs",
        "ledger/src/volume.rs",
        "cli/src/against.rs",
        "cli/src/commands/",
        "cli/src/keys.rs",
        "cli/src/remembered.rs",
        "cli/src/known.rs",
        "cli/src/output.rs",
        "cli/src/receipts.rs",
        "cli/src/session.rs",
        "cli/src/trust.rs",
        "cli/src/witness.rs",
    ];
    assert_eq!(strangers(&["fs", "File", "OpenOptions"], &homes), [""; 0]);
}

#[test]
fn one_file_reads_the_clock() {
    let words = ["SystemTime", "Instant::now", "Utc::now", "Local::now", "Local"];
    assert_eq!(strangers(&words, &["cli/src/clock.rs"]), [""; 0]);
}

#[test]
fn one_file_prints() {
    let words = ["println!", "eprintln!", "eprint!", "dbg!"];
    assert_eq!(strangers(&words.map(|word| word.trim_end_matches('!')), &["cli/src/main.rs"]), [""; 0]);
}

#[test]
fn randomness_and_secrets_stay_with_the_keys_and_the_salts() {
    let homes = ["ledger/src/key/secret.rs", "ledger/src/keyfile.rs", "ledger/src/sealed.rs"];
    assert_eq!(strangers(&["getrandom", "rand", "OsRng"], &homes), [""; 0]);
    assert_eq!(
        strangers(&["ed25519_dalek"], &["ledger/src/key.rs", "ledger/src/key/", "ledger/src/keyfile.rs"]),
        [""; 0]
    );
    assert_eq!(strangers(&["aws_lc_rs"], &["ledger/src/key/secret.rs"]), [""; 0]);
    assert_eq!(strangers(&["curve25519_dalek"], &["ledger/src/key.rs", "ledger/src/engine/"]), [""; 0]);
}

#[test]
fn unsafe_code_stands_in_one_file_and_its_tests_with_its_arguments() {
    let sources = rust();
    let unsafes = |source: &&Source| uses(&source.code(), "unsafe") && source.path != "tests/house.rs";
    let found: Vec<_> = sources.iter().filter(unsafes).collect();
    let paths: Vec<_> = found.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(paths, ["ledger/src/engine/ifma/tests.rs", "ledger/src/engine/ifma.rs"]);
    for source in found {
        let arguments = source.text.matches("// SAFETY: ").count();
        assert!(arguments > 2 && source.text.matches("unsafe {").count() == arguments, "{}", source.path);
        assert!(!source.code().contains("unsafe fn") && !source.code().contains("unsafe impl"));
    }
    let allows = |source: &&Source| source.code().contains("allow(unsafe_code)") && source.path != "tests/house.rs";
    let allowing: Vec<_> = sources.iter().filter(allows).map(|source| source.path.as_str()).collect();
    assert_eq!(allowing, ["ledger/src/engine.rs"]);
}

#[test]
fn the_environment_is_read_by_the_command_alone() {
    assert_eq!(strangers(&["env::var", "env::var_os", "env::args", "home_dir"], &["cli/src/"]), [""; 0]);
}

/// The names of the dependencies of a crate; those of its tests and benchmarks are their own matter.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(top().join(manifest)).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some(name) = line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()) {
            found.push(name.to_owned());
        }
    }
    assert!(found.len() > 5, "{manifest}: {found:?}");
    found
}

#[test]
fn the_arrows_point_from_the_command_to_the_ledger_to_the_trial() {
    let lacks = |manifest: &str, names: &[&str]| {
        let found = dependencies(manifest);
        let wrong: Vec<_> = found.into_iter().filter(|found| names.contains(&found.as_str())).collect();
        assert_eq!(wrong, [""; 0], "{manifest}");
    };
    lacks("core/Cargo.toml", &["trial-ledger", "trial-cli", "sled", "ed25519-dalek", "getrandom", "clap", "tempfile"]);
    lacks("ledger/Cargo.toml", &["trial-cli", "clap", "comfy-table", "indicatif"]);
    lacks("cli/Cargo.toml", &["sled", "ed25519-dalek", "sha2"]);
    assert_eq!(strangers(&["trial_ledger", "trial_cli"], &["ledger/", "cli/"]), [""; 0]);
    assert_eq!(strangers(&["trial_cli"], &["cli/"]), [""; 0]);
}

#[test]
fn every_dependency_says_what_it_spares() {
    let text = fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let (_, list) = text.split_once("[workspace.dependencies]").expect("dependencies are listed once");
    let list = &list[..list.find("\n[").unwrap_or(list.len())];
    let own = |line: &str| line.starts_with("trial-");
    let lines: Vec<_> =
        list.lines().filter(|line| line.contains('=') && !line.starts_with('#') && !own(line)).collect();
    assert!(lines.len() > 10);
    for line in lines {
        let comment = line.split_once(" # ").map_or("", |(_, comment)| comment.trim());
        assert!(comment.len() > 3, "no comment: {line}");
    }
}

#[test]
fn every_file_says_what_it_is_and_is_one_noun_long() {
    let mut wrong = Vec::new();
    for source in rust() {
        if !source.text.starts_with("//!") && !source.path.ends_with("/tests.rs") {
            wrong.push(format!("{}: does not open with //!", source.path));
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| source.path != "tests/house.rs") {
        for word in ["todo!", "unimplemented!", "TODO", "FIXME"] {
            if source.text.contains(word) {
                wrong.push(format!("{}: {word}", source.path));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn pages_and_comments_speak_of_the_product_alone() {
    let machine = ["/work/", "/home/", "/root/", "/Users/", "localhost"];
    let hosts =
        ["crates.io", "static.rust-lang.org", "pypi.org", "registry.npmjs.org", "proxy.golang.org", "deb.debian"];
    let words = ["this session", "worktree", "issue #", "pull request #", "the helper", "the brief", "as an AI"];
    let wanted = |path: &Path| {
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        matches!(extension.as_deref(), Some("md" | "rs" | "toml" | "py" | "json" | "jsonl"))
    };
    let mut wrong = Vec::new();
    for source in read(&wanted).iter().filter(|source| source.path != "tests/house.rs") {
        for word in machine.iter().chain(&hosts).chain(&words).filter(|word| source.text.contains(*word)) {
            wrong.push(format!("{}: {word}", source.path));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_word_is_found_only_where_it_stands_alone() {
    assert!(uses("use std::fs;", "fs") && uses("fs::read()", "fs"));
    assert!(!uses("offset_fs", "fs") && !uses("fsync()", "fs"));
    let source = Source { path: String::new(), text: "// fs\nlet a = 1; // fs\n#[cfg(test)]\nmod tests { fs }".into() };
    assert!(!uses(&source.code(), "fs"));
}
