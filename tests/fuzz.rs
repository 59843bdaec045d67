//! The inputs that fuzzing found worth keeping, and those that once broke something, replayed through the same functions
//! that the fuzz targets call. How they are made is in `docs/fuzzing.md`.

#[path = "../ledger/fuzz/src/canonical.rs"]
mod canonical;
#[path = "../ledger/fuzz/src/drafts.rs"]
mod drafts;
#[path = "../ledger/fuzz/src/entries.rs"]
pub mod entries;
#[path = "../ledger/fuzz/src/notes.rs"]
mod notes;
#[path = "../ledger/fuzz/src/tiles.rs"]
mod tiles;

use std::{fs, path::PathBuf};

/// How many bytes all inputs may have together.
const MOST_BYTES: usize = 300_000;

type Target = (&'static str, fn(&[u8]));

/// The targets, by the names of their folders.
const TARGETS: &[Target] = &[
    ("canonical", canonical::canonical),
    ("checkpoints", notes::checkpoints),
    ("drafts", drafts::drafts),
    ("entries", entries::entries),
    ("proofs", notes::proofs),
    ("tiles", tiles::tiles),
];

fn folder(target: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/fuzz/corpus")).join(target)
}

/// The inputs of a target, in the order of their names.
pub fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_kept_input_keeps_every_promise() {
    let mut bytes = 0;
    for (target, function) in TARGETS {
        let inputs = corpus(target);
        assert!(inputs.len() > 5, "{target}: {} inputs", inputs.len());
        for (path, input) in inputs {
            bytes += input.len();
            assert!(std::panic::catch_unwind(|| function(&input)).is_ok(), "{}", path.display());
        }
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

#[test]
fn every_target_has_its_program_and_its_inputs() {
    let top = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/fuzz"));
    let names = |folder: &str| {
        let mut names: Vec<String> = fs::read_dir(top.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("targets"), targets);
    assert_eq!(names("corpus"), targets);
}

/// A fuzzer cannot sign: what has to be signed to get anywhere is made here.
#[test]
fn the_signed_inputs_are_in_the_corpus_and_current() {
    let update = std::env::var_os("UPDATE").is_some_and(|update| update == "1");
    for (target, seeds) in [("checkpoints", notes::checkpoint_seeds()), ("proofs", notes::proof_seeds())] {
        assert!(seeds.len() > 5);
        for (i, seed) in seeds.iter().enumerate() {
            let path = folder(target).join(format!("signed-{i:02}"));
            if update {
                fs::create_dir_all(folder(target)).unwrap();
                fs::write(&path, seed).unwrap();
            }
            assert_eq!(fs::read(&path).ok().as_ref(), Some(seed), "{}: stale, run again with UPDATE=1", path.display());
        }
    }
}
