//! Tiles: a log as a static directory, by the specification that others read, verified without a store; each tile that is
//! bent, swapped, cut or gone is named.

use crate::common::{Dir, demo, run, small::small};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The demonstration in tiles: 1574 entries are six full tiles and a partial one of 38.
fn exported() -> (Dir, PathBuf) {
    static TILES: OnceLock<Dir> = OnceLock::new();
    let made = TILES.get_or_init(|| {
        let dir = demo();
        let tiles = dir.beside("tiles");
        let ran = dir.run(&["export", "--format", "tiles", "--output", tiles.to_str().unwrap()]).expect(0);
        ran.says(&["note: 1574 entries in ", "without a checkpoint: none was signed yet"]);
        dir
    });
    let dir = Dir::copy_of(&made.beside("tiles"));
    fs::copy(made.known(), dir.known()).unwrap();
    let tiles = dir.path();
    (dir, tiles)
}

fn verdict(dir: &Dir, tiles: &Path, code: i32) -> Value {
    dir.run(&["verify", "--json", tiles.to_str().unwrap()]).expect(code).json()
}

/// The small ledger with a log key and a signed checkpoint, in tiles, and one entry more since.
fn signed() -> (Dir, PathBuf, u64) {
    let dir = small();
    dir.run(&["key", "new", "log", "--no-passphrase"]).expect(0);
    let who = ["--name", "Log (synthetic)", "--organisation", "Example", "--role", "sponsor", "--purpose", "log"];
    dir.run(&[&["--key", "sponsor", "key", "grant", "log"], &who[..]].concat()).expect(0);
    let size = dir.lines().len() as u64;
    dir.run(&["--key", "log", "checkpoint"]).expect(0);
    let args =
        ["--key", "coordinator", "append", "followed-up", "--subject", "S-1", "--status", "alive", "--occurred-at"];
    dir.run(&[&args[..], &["2026-02-10"]].concat()).expect(0);
    let tiles = dir.beside("tiles");
    let ran = dir.run(&["export", "--format", "tiles", "--output", tiles.to_str().unwrap()]).expect(0);
    ran.says(&["the last checkpoint is older than 1 entries, which are left out"]);
    (dir, tiles, size)
}

#[test]
fn the_last_signed_checkpoint_goes_with_its_tiles_and_none_other_passes_for_it() {
    let (dir, tiles, size) = signed();
    let checkpoint = tiles.join("checkpoint");
    let sound = fs::read_to_string(&checkpoint).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("checkpoints/latest")).unwrap(), sound);
    let ran = run(&["verify", "--json", tiles.to_str().unwrap()]).expect(0);
    assert_eq!(ran.json()["entries"], json!(size));
    ran.says(&["which the log's key has signed"]);
    // Another root under the same signature, another size, a signature that is bent.
    let root = sound.lines().nth(2).unwrap();
    let other = format!("{}{}", if root.starts_with('A') { "B" } else { "A" }, &root[1..]);
    fs::write(&checkpoint, sound.replace(root, &other)).unwrap();
    let found = run(&["verify", "--json", tiles.to_str().unwrap()]).expect(1).json();
    let kinds: Vec<_> = faults(&found).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["root_mismatch", "checkpoint_invalid"]);
    fs::write(&checkpoint, sound.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1)).unwrap();
    run(&["verify", tiles.to_str().unwrap()]).expect(3).says(&["tile/entries/000.p/", "found no such file"]);
    let line = sound.lines().last().unwrap();
    fs::write(&checkpoint, sound.replace(&line[line.len() - 20..line.len() - 10], "AAAAAAAAAA")).unwrap();
    let found = run(&["verify", "--json", tiles.to_str().unwrap()]).expect(1).json();
    assert_eq!(faults(&found)[0].0, "checkpoint_invalid");
    fs::write(&checkpoint, "no checkpoint").unwrap();
    run(&["verify", tiles.to_str().unwrap()]).expect(1).says(&["checkpoint_invalid"]);
}

/// Kind and what was expected, of each fault.
fn faults(verdict: &Value) -> Vec<(&str, &str)> {
    let word = |fault: &'_ Value, member: &str| -> String { fault[member].as_str().unwrap().to_owned() };
    let list = verdict["faults"].as_array().unwrap();
    assert!(list.iter().all(|fault| !word(fault, "found").is_empty()));
    list.iter().map(|fault| (fault["kind"].as_str().unwrap(), fault["expected"].as_str().unwrap())).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn an_export_in_tiles_is_laid_out_as_the_specification_says_and_verifies_without_a_store() {
    let (dir, tiles) = exported();
    let mut found = Vec::new();
    files(&tiles, &mut found);
    let mut names: Vec<_> =
        found.iter().map(|path| path.strip_prefix(&tiles).unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    let mut expected = Vec::new();
    for level in ["0", "entries"] {
        expected.extend((0..6).map(|index| format!("tile/{level}/{index:03}")));
        expected.push(format!("tile/{level}/006.p/38"));
    }
    expected.push("tile/1/000.p/6".to_owned());
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(fs::metadata(tiles.join("tile/0/005")).unwrap().len(), 256 * 32);

    // The bundles hold the lines of the journal, each with its length in front.
    let journal = demo();
    let mut bytes = Vec::new();
    for line in &journal.lines()[..256] {
        bytes.extend_from_slice(&u16::try_from(line.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(line.as_bytes());
    }
    assert_eq!(fs::read(tiles.join("tile/entries/000")).unwrap(), bytes);

    let found = verdict(&dir, &tiles, 0);
    assert_eq!((&found["verdict"], &found["entries"]), (&json!("verified"), &json!(1574)), "whoever saw the ledger");
    let stranger = run(&["verify", tiles.to_str().unwrap()]).expect(0);
    stranger.says(&["sound: 1574 entries", "anchor      none", "a shorter copy would look the same"]);
    let mut after = Vec::new();
    files(&tiles, &mut after);
    assert_eq!(after.len(), names.len(), "nothing is made by reading");
}

#[test]
fn a_bent_tile_of_hashes_is_named_and_the_entries_stay_sound() {
    let (dir, tiles) = exported();
    for (name, at) in [("tile/0/002", 32 * 17), ("tile/0/006.p/38", 3), ("tile/1/000.p/6", 32 * 5 + 31)] {
        let path = tiles.join(name);
        let sound = fs::read(&path).unwrap();
        let mut bent = sound.clone();
        bent[at] ^= 1;
        fs::write(&path, &bent).unwrap();
        let found = verdict(&dir, &tiles, 1);
        let [(kind, expected)] = faults(&found)[..] else { panic!("{name}: {found}") };
        assert_eq!(kind, "root_mismatch");
        assert!(expected.starts_with(&format!("{name}: hash {} of the entries is ", at / 32)), "{expected}");
        assert_eq!((&found["verdict"], &found["entries"]), (&json!("faulty"), &json!(1574)));
        // Cut short, and with something behind its end.
        for wrong in [&sound[..sound.len() - 32], &[&sound[..], &[0]].concat()] {
            fs::write(&path, wrong).unwrap();
            let found = verdict(&dir, &tiles, 1);
            assert!(
                matches!(faults(&found)[..], [("root_mismatch", expected)] if expected.starts_with(name)),
                "{found}"
            );
        }
        fs::write(&path, &sound).unwrap();
    }
    verdict(&dir, &tiles, 0);
}

#[test]
fn swapped_tiles_are_both_named_and_swapped_bundles_are_out_of_order() {
    let (dir, tiles) = exported();
    let swap = |level: &str| {
        let path = |index: &str| tiles.join(format!("tile/{level}/{index}"));
        fs::rename(path("001"), path("x")).unwrap();
        fs::rename(path("003"), path("001")).unwrap();
        fs::rename(path("x"), path("003")).unwrap();
    };
    swap("0");
    let found = verdict(&dir, &tiles, 1);
    let [(_, first), (_, second)] = faults(&found)[..] else { panic!("{found}") };
    assert!(first.starts_with("tile/0/001: hash 0") && second.starts_with("tile/0/003: hash 0"), "{found}");
    swap("0");
    swap("entries");
    let found = verdict(&dir, &tiles, 1);
    assert_eq!((&found["faults"][0]["kind"], &found["faults"][0]["seq"]), (&json!("seq_gap"), &json!(256)));
    assert_eq!(found["entries"], json!(256));
    assert!(
        faults(&found).iter().any(|(kind, expected)| *kind == "root_mismatch" && expected.starts_with("tile/0/001"))
    );
    swap("entries");
    verdict(&dir, &tiles, 0);
}

#[test]
fn a_bent_entry_is_found_by_the_verifier_and_by_its_tile() {
    let (dir, tiles) = exported();
    let path = tiles.join("tile/entries/004");
    let mut bundle = fs::read(&path).unwrap();
    let needle = b"\"occurred_at\":\"201";
    let at = bundle.windows(needle.len()).position(|window| window == needle).unwrap() + needle.len();
    bundle[at] = if bundle[at] == b'8' { b'7' } else { b'8' };
    fs::write(&path, &bundle).unwrap();
    let found = verdict(&dir, &tiles, 1);
    let seq = found["faults"][0]["seq"].as_u64().unwrap();
    assert_eq!(found["faults"][0]["kind"], json!("signature_invalid"));
    assert!((1024..1280).contains(&seq), "{seq}");
    let hash = format!("tile/0/004: hash {} of the entries", seq - 1024);
    assert!(faults(&found).iter().any(|(_, expected)| expected.starts_with(&hash)), "{found}");
}

#[test]
fn a_bundle_that_was_cut_is_named_and_a_file_that_is_not_there_proves_nothing() {
    let (dir, tiles) = exported();
    let path = tiles.join("tile/entries/002");
    let sound = fs::read(&path).unwrap();
    fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    let found = verdict(&dir, &tiles, 1);
    let (kind, expected) = faults(&found)[0];
    assert_eq!((kind, expected), ("root_mismatch", "tile/entries/002 with 256 entries"));
    fs::write(&path, &sound).unwrap();
    for name in ["tile/0/003", "tile/1/000.p/6"] {
        let path = tiles.join(name);
        let sound = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let told = format!("the file {name}, found no such file");
        dir.run(&["verify", tiles.to_str().unwrap()]).expect(3).says(&[&told, "hint: the copy is not whole"]);
        fs::write(&path, &sound).unwrap();
    }
    // Without a checkpoint a whole bundle at the end may be missing: the tiles above tell.
    fs::remove_dir_all(tiles.join("tile/entries/006.p")).unwrap();
    let ran = dir.run(&["verify", "--json", tiles.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert_eq!(ran.json()["verdict"], json!("unanchored"));
    ran.says(&["this copy lacks 38 of the 1574 entries that you saw"]);
}

#[test]
fn an_export_in_tiles_says_where_it_may_not_go_and_what_it_does_not_take() {
    let dir = small();
    let there = dir.path();
    dir.run(&["export", "--format", "tiles"]).expect(2).says(&["hint: give --output DIR"]);
    dir.run(&["export", "--format", "tiles", "--output", there.to_str().unwrap()]).expect(3).says(&["not empty"]);
    let new = dir.beside("new");
    let args = ["export", "--format", "tiles", "--output", new.to_str().unwrap(), "--as-of", "2026-02-03"];
    dir.run(&args).expect(2).says(&["--as-of"]);
    assert!(!new.exists());
    // A checkpoint that is none is not published.
    fs::write(there.join("checkpoints/latest"), "sponsor.example/small-01\n3\n").unwrap();
    dir.run(&args[..5]).expect(1).says(&["checkpoint_invalid"]);
    assert!(!new.exists());
}
