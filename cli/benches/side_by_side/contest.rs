//! Contest: what every contestant of the comparison does with the same payloads, and what of it is timed.
//!
//! `PROGRAM single|batched|verify PAYLOADS FILE COUNT` prints the seconds of the work alone: the payloads are read before,
//! one JSON object a line. Entries lie in FILE one after the other, each behind its length (4 bytes, little-endian).
//! `single` syncs after each entry, `batched` after each thousand; `verify` reads FILE and judges it.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    time::Instant,
};

/// Entries that become durable at once.
const BATCH: usize = 1_000;

/// Runs the work that the arguments name: `make` makes the next entry of a payload, `verify` judges all of them.
pub fn run(mut make: impl FnMut(&[u8]) -> Vec<u8>, verify: impl FnOnce(&[&[u8]])) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [work, payloads, file, count] = arguments.as_slice() else { panic!("expected WORK PAYLOADS FILE COUNT") };
    let count: usize = count.parse().unwrap();
    let payloads = fs::read(payloads).unwrap();
    let payloads: Vec<&[u8]> = payloads.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let begun = Instant::now();
    match work.as_str() {
        "verify" => {
            let bytes = fs::read(file).unwrap();
            let entries = entries(&bytes);
            assert_eq!(entries.len(), count);
            verify(&entries);
        }
        work => {
            let at_once = if work == "single" { 1 } else { BATCH };
            let mut file = OpenOptions::new().append(true).create_new(true).open(file).unwrap();
            for batch in payloads[..count].chunks(at_once) {
                let mut bytes = Vec::new();
                for payload in batch {
                    let entry = make(payload);
                    bytes.extend_from_slice(&u32::try_from(entry.len()).unwrap().to_le_bytes());
                    bytes.extend_from_slice(&entry);
                }
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
            }
        }
    }
    println!("{}", begun.elapsed().as_secs_f64());
}

fn entries(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (entry, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        found.push(entry);
        bytes = rest;
    }
    found
}
