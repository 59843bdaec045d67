//! Power that fails: a file system's image is copied while a process appends to a ledger on it, and mounted elsewhere.
//!
//! What the kernel had not yet written to the image is gone in the copy, as it is when power fails. Promises that what was
//! acknowledged before the copy is in the copy, and that every copy opens. Needs root, mkfs.ext4 and loop devices; passes
//! over itself elsewhere.
#![cfg(target_os = "linux")]

use crate::common::{
    Dir, copy, run,
    small::{CONTACT, small},
    trial,
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const CUTS: u64 = 40;

/// A mounted image; it is unmounted when this goes.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, place: PathBuf) -> Option<Mounted> {
        fs::create_dir_all(&place).unwrap();
        quietly(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&place)).then_some(Mounted(place))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        quietly(Command::new("umount").arg(&self.0));
    }
}

fn quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn image(dir: &Dir) -> Option<(PathBuf, Mounted)> {
    let image = dir.beside("image");
    let file = fs::File::create(&image).unwrap();
    file.set_len(24 << 20).unwrap();
    let root = fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
    let made = root && quietly(Command::new("mkfs.ext4").arg("-q").arg(&image));
    let mounted = made.then(|| Mounted::new(&image, dir.beside("disk"))).flatten();
    if mounted.is_none() {
        println!("skipped: no file system can be mounted from an image here (root, mkfs.ext4 and loop devices do it)");
    }
    Some((image, mounted?))
}

fn append(ledger: &Path, known: &Path, number: u64) -> Child {
    let text = format!("contact {number}");
    let mut command = trial();
    command.env("TRIAL_KNOWN_LEDGERS", known).arg("--ledger").arg(ledger).arg("--json").args(CONTACT).arg(&text);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    quietly(Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()));
}

#[test]
fn what_was_acknowledged_before_the_power_failed_is_there_after_it() {
    let dir = small();
    let Some((image, disk)) = image(&dir) else { return };
    let ledger = disk.0.join("ledger");
    copy(&dir.path(), &ledger);
    assert!(quietly(&mut Command::new("sync")));
    let known = dir.known();
    let (mut acknowledged, mut in_flight) = (Vec::new(), 0);
    for cut in 0..CUTS {
        let mut child = append(&ledger, &known, cut);
        // From the first moments of a process to well behind its end.
        thread::sleep(Duration::from_millis(cut * 7 % 160));
        signal(&child, "STOP");
        let dark = dir.beside("dark");
        fs::copy(&image, &dark).unwrap();
        in_flight += u64::from(child.try_wait().unwrap().is_none());
        signal(&child, "CONT");

        let lights = Mounted::new(&dark, dir.beside("dark-disk")).expect("the copy can be mounted as the image was");
        let found = lights.0.join("ledger");
        let ran = run(&["--ledger".as_ref(), found.as_os_str(), "--json".as_ref(), "verify".as_ref()]).expect(0);
        let entries = ran.json()["entries"].as_u64().unwrap();
        let lines = fs::read_to_string(found.join("journal.jsonl")).unwrap();
        for (seq, hash) in &acknowledged {
            assert!(*seq < entries, "cut {cut}: entry {seq} was acknowledged and is lost");
            let line = lines.lines().nth(usize::try_from(*seq).unwrap()).unwrap();
            let there = trial_ledger::envelope::Envelope::new(line.as_bytes()).leaf_hash().to_string();
            assert_eq!(there, *hash, "cut {cut}: entry {seq} is another one");
        }
        drop(lights);

        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "cut {cut}: {output:?}");
        let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
        acknowledged.push((receipt["seq"].as_u64().unwrap(), receipt["hash"].as_str().unwrap().to_owned()));
    }
    let verdict =
        run(&["--ledger".as_ref(), ledger.as_os_str(), "--json".as_ref(), "verify".as_ref()]).expect(0).json();
    assert_eq!(verdict["faults"], json!([]));
    assert!(in_flight >= CUTS / 4, "only {in_flight} of {CUTS} cuts fell into an append");
    println!("{CUTS} cuts, {in_flight} of them inside an append; {} entries acknowledged", acknowledged.len());
}
