//! Checkpoints, trust files and proofs.

use super::entries::BEGINNING;
use std::sync::LazyLock;
use trial_core::ids::{Hash, Seq};
use trial_ledger::{
    checkpoint::{Checkpoint, Origin, SignedCheckpoint},
    cosignature::cosign,
    envelope::Envelope,
    hash,
    key::Secret,
    merkle,
    note::{KeyName, Note, SignatureType, Vkey, Vkeys},
    policy::Policy,
    receipt::Receipt,
};

/// When a checkpoint is judged, in seconds since 1970.
const NOW: u64 = 1_900_000_000;

fn secret(i: u8) -> Secret {
    Secret::from_seed(&[i; 32])
}

fn origin() -> Origin {
    "sponsor.example/T-1".parse().expect("a name for a log")
}

fn witness(i: u8) -> KeyName {
    format!("w{i}.example").parse().expect("a name for a key")
}

/// The key of the log, 0.
static LOGS: LazyLock<Vkeys> = LazyLock::new(|| Vkeys::new([origin().vkey(secret(0).public())]).expect("one key"));

/// Two of three witnesses.
static TRUST: LazyLock<(String, Policy)> = LazyLock::new(|| {
    let mut text = format!("log {}\n", origin().vkey(secret(0).public()));
    for i in 1..=3 {
        text += &format!("witness W{i} {}\n", Vkey::new(witness(i), SignatureType::Cosignature, secret(i).public()));
    }
    text += "group two 2 W1 W2 W3\nquorum two\n";
    let policy = Policy::parse(text.as_bytes()).expect("a trust file");
    (text, policy)
});

/// A checkpoint, alone, cosigned, and behind the trust file; what a fuzzer begins with.
pub fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let leaves: Vec<Hash> = BEGINNING.lines.iter().map(Envelope::leaf_hash).collect();
    let mut signed = Checkpoint { origin: origin(), size: 8, root: root(&leaves) }.sign(&secret(0));
    let alone = signed.note().to_string().into_bytes();
    for i in 1..=2 {
        signed.add(cosign(signed.note().text(), witness(i), &secret(i), NOW - 60));
    }
    let both = signed.note().to_string().into_bytes();
    let text = [b"+", signed.note().text().as_bytes()].concat();
    let trust = TRUST.0.clone().into_bytes();
    let behind = [trust.clone(), b"\0".to_vec(), both.clone()].concat();
    let renamed = [&trust[..], b"\0+", signed.note().text().as_bytes()].concat();
    vec![alone, both, text, trust, behind, renamed]
}

/// Checkpoints and trust files: a note has one spelling, a checkpoint that opens is its text and was signed by its log,
/// and a quorum needs enough witnesses.
///
/// A zero byte divides a trust file from a note; `+` in front of a note makes its text be signed by the log and by two
/// witnesses.
pub fn checkpoints(bytes: &[u8]) {
    let (trust, note) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
        None => (None, bytes),
    };
    let policy = trust.and_then(|trust| Policy::parse(trust).ok());
    let _ = Policy::parse(bytes);
    let note = match note.strip_prefix(b"+") {
        Some(text) => std::str::from_utf8(text).ok().and_then(signed),
        None => {
            let note = Note::parse(note);
            if let Ok(note) = &note {
                assert_eq!(note.to_string().as_bytes(), &bytes[bytes.len() - note.to_string().len()..]);
            }
            note.ok()
        }
    };
    let Some(note) = note else { return };
    assert_eq!(Note::parse(note.to_string().as_bytes()).as_ref(), Ok(&note), "a note is read as it was written");
    if let Ok(open) = SignedCheckpoint::open(note.clone(), &LOGS) {
        assert_eq!(open.checkpoint().to_string(), note.text());
        assert!(!open.by().is_empty() && open.by().iter().all(|by| by.key == secret(0).key()));
    }
    for policy in [Some(&TRUST.1), policy.as_ref()].into_iter().flatten() {
        let Ok(judged) = policy.judge(note.clone(), NOW, Some(3600)) else { continue };
        assert_eq!(judged.checkpoint.checkpoint().to_string(), note.text());
        let twice: Note = note.lines().iter().cloned().fold(note.clone(), |mut note, line| {
            note.add(line);
            note
        });
        assert_eq!(policy.judge(twice, NOW, Some(3600)).map(|again| again.quorum_met), Ok(judged.quorum_met));
    }
}

/// A text, signed by the log and by two witnesses.
fn signed(text: &str) -> Option<Note> {
    let mut note = Note::unsigned(text).ok()?;
    let log = origin().vkey(secret(0).public());
    let signature = secret(0).sign(text.as_bytes()).to_vec();
    note.add(trial_ledger::note::SignatureLine { name: log.name().clone(), id: log.id(), signature });
    (1..=2).for_each(|i| note.add(cosign(text, witness(i), &secret(i), NOW)));
    Some(note)
}

/// The root over some leaves, by the recursive definition.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash::sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            hash::node(root(left), root(right))
        }
    }
}

/// The receipts of the small log, each a file: what a fuzzer begins with.
pub fn proof_seeds() -> Vec<Vec<u8>> {
    let leaves: Vec<Hash> = BEGINNING.lines.iter().map(Envelope::leaf_hash).collect();
    let note = Checkpoint { origin: origin(), size: 8, root: root(&leaves) }.sign(&secret(0)).note().clone();
    let of = |ranges: Vec<std::ops::Range<u64>>| -> Vec<Hash> {
        ranges.iter().map(|range| root(&leaves[range.start as usize..range.end as usize])).collect()
    };
    let receipt = |(index, path)| Receipt { index: Seq(index), path, note: note.clone() }.to_string().into_bytes();
    let inclusions = (0..8).map(|index| (index, of(merkle::inclusion(index, 8).expect("it is there"))));
    let smaller = (0..5).map(|index| (index, of(merkle::inclusion(index, 5).expect("it is there"))));
    let extensions = (1..8).map(|old| (old, of(merkle::consistency(old, 8).expect("it grew"))));
    inclusions.chain(smaller).chain(extensions).map(receipt).collect()
}

/// Proofs: what shows an entry shows the one that is there, and a path leads to the roots of this log alone.
pub fn proofs(bytes: &[u8]) {
    static ROOTS: LazyLock<Vec<Hash>> = LazyLock::new(|| {
        let leaves: Vec<Hash> = BEGINNING.lines.iter().map(Envelope::leaf_hash).collect();
        (0..=leaves.len()).map(|size| root(&leaves[..size])).collect()
    });
    let Ok(receipt) = Receipt::parse(bytes) else { return };
    assert_eq!(Receipt::parse(receipt.to_string().as_bytes()).as_ref(), Ok(&receipt));
    let (index, path) = (receipt.index.0, &receipt.path[..]);
    for (i, line) in (0..).zip(&BEGINNING.lines) {
        if receipt.check(line.as_bytes(), &LOGS).is_ok() {
            assert_eq!(i, index, "the receipt shows another entry");
        }
        for size in 1..=8 {
            let shown = merkle::verify_inclusion(line.leaf_hash(), index, size, path, ROOTS[size as usize]);
            assert!(shown.is_err() || i == index && index < size, "entry {i} at {index} of {size}");
        }
    }
    for new in 0..=8_u64 {
        for old in 0..=8_u64 {
            let from = |root: usize| merkle::verify_consistency(old, new, path, ROOTS[root], ROOTS[new as usize]);
            assert!(from(old as usize).is_err() || 0 < old && old <= new, "{old} to {new}");
            assert!(from((old as usize + 1) % 9).is_err(), "{old} to {new} with the root of another size");
        }
    }
}
