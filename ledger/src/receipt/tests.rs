use super::*;
use crate::{
    checkpoint::{Checkpoint, Origin},
    key::Secret,
    sample::Chain,
};

fn log() -> Secret {
    Secret::from_seed(&[7; 32])
}

fn origin() -> Origin {
    "sponsor.example/T-1".parse().unwrap()
}

fn logs() -> Vkeys {
    Vkeys::new([origin().vkey(log().public())]).unwrap()
}

/// The root over a range of leaves, by the recursive definition.
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

/// The sample's entries with their receipts in a checkpoint over all of them.
fn receipts() -> Vec<(Vec<u8>, Receipt)> {
    let chain = Chain::sample();
    let leaves: Vec<Hash> = chain.lines().iter().map(Envelope::leaf_hash).collect();
    let size = leaves.len() as u64;
    let note = Checkpoint { origin: origin(), size, root: root(&leaves) }.sign(&log()).note().clone();
    let receipt = |index: u64| {
        let ranges = merkle::inclusion(index, size).unwrap();
        let path = ranges.iter().map(|r| root(&leaves[r.start as usize..r.end as usize])).collect();
        Receipt { index: Seq(index), path, note: note.clone() }
    };
    let lines = chain.lines();
    (0..size).map(|i| (lines[i as usize].as_bytes().to_vec(), receipt(i))).collect()
}

#[test]
fn a_receipt_shows_its_entry_and_no_other() {
    let all = receipts();
    for (i, (line, receipt)) in all.iter().enumerate() {
        assert_eq!(Receipt::parse(receipt.to_string().as_bytes()).as_ref(), Ok(receipt));
        let shown = receipt.check(line, &logs()).unwrap();
        assert_eq!(shown.checkpoint.checkpoint().size, all.len() as u64);
        assert_eq!(shown.leaf, hash::leaf(line));
        let (other, _) = &all[(i + 1) % all.len()];
        assert!(matches!(receipt.check(other, &logs()), Err(BadReceipt::Proof(_))));
    }
    let (line, receipt) = &all[7];
    let shown = receipt.check(line, &logs()).unwrap();
    assert_eq!((shown.event.as_str(), shown.signers[0].name.as_str()), ("consent_given", "investigator"));
}

#[test]
fn every_byte_of_a_receipt_and_of_its_entry_matters() {
    let (line, receipt) = receipts().swap_remove(6);
    let text = receipt.to_string();
    for at in 0..text.len() {
        let mut bent = text.clone().into_bytes();
        bent[at] ^= 1;
        let held = Receipt::parse(&bent).is_ok_and(|receipt| receipt.check(&line, &logs()).is_ok());
        assert!(!held, "byte {at} of\n{text}");
    }
    for at in 0..line.len() {
        let mut bent = line.clone();
        bent[at] ^= 1;
        assert!(receipt.check(&bent, &logs()).is_err(), "byte {at}");
    }
}

#[test]
fn extra_is_read_over_and_not_written() {
    let (line, receipt) = receipts().swap_remove(3);
    let text = receipt.to_string();
    let with = |extra: &str| text.replacen("\nindex", &format!("\nextra {extra}\nindex"), 1);
    let read = Receipt::parse(with("aGVsbG8=").as_bytes()).unwrap();
    assert_eq!(read, receipt);
    assert!(read.check(&line, &logs()).is_ok());
    assert!(!read.to_string().contains("extra"));
    for bad in ["aGVsbG8", "aGVsbG9=", "?"] {
        assert_eq!(Receipt::parse(with(bad).as_bytes()), Err(BadReceipt::Extra), "{bad}");
    }
}

#[test]
fn what_is_not_spelled_as_a_proof_is_refused() {
    let (_, receipt) = receipts().swap_remove(3);
    let text = receipt.to_string();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from:?}");
        Receipt::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refused("@v1", "@v2"), BadReceipt::Context);
    assert_eq!(refused("@v1\n", "@v1 \n"), BadReceipt::Context);
    for index in ["03", "+3", "", "3 ", "-3", "18446744073709551616"] {
        assert_eq!(refused("index 3", &format!("index {index}")), BadReceipt::Index, "{index:?}");
    }
    assert_eq!(refused("index 3\n", ""), BadReceipt::Index);
    assert_eq!(refused("=\n", "\n"), BadReceipt::Hash);
    assert_eq!(refused("index 3\n", "index 3\nAAAA\n"), BadReceipt::Hash);
    assert_eq!(refused("\n\nsponsor", "\nsponsor"), BadReceipt::Hash);
    let long = format!("index 3\n{}", format!("{}\n", hash::to_base64(Hash::ZERO)).repeat(64));
    assert_eq!(refused("index 3\n", &long), BadReceipt::Hash);
    assert!(matches!(refused("\n8\n", "\n8\r\n"), BadReceipt::Note(_)));
    assert_eq!(Receipt::parse(b""), Err(BadReceipt::Context));
}

#[test]
fn a_path_that_is_too_short_or_too_long_proves_nothing() {
    let (line, receipt) = receipts().swap_remove(3);
    let bent = |path: Vec<Hash>| Receipt { path, ..receipt.clone() }.check(&line, &logs()).unwrap_err();
    assert!(matches!(bent(receipt.path[1..].to_vec()), BadReceipt::Proof(ProofError::TooShort { .. })));
    let longer = [&receipt.path[..], &[Hash::ZERO]].concat();
    assert!(matches!(bent(longer), BadReceipt::Proof(ProofError::TooLong { .. })));
    let beyond = Receipt { index: Seq(8), ..receipt.clone() }.check(&line, &logs()).unwrap_err();
    assert!(matches!(beyond, BadReceipt::Proof(ProofError::IndexBeyondSize { .. })));
}

#[test]
fn an_entry_at_another_place_than_it_says_or_without_its_signature_is_not_shown() {
    // A log that took lines in without verifying them: the tree is right, the entries are not.
    let chain = Chain::sample();
    let unsigned = crate::sample::signed(&chain.next_body("therapist", crate::sample::fraction(1)), &["coordinator"]);
    for (line, place) in [(chain.lines()[3].clone(), 0), (unsigned, 0)] {
        let root = line.leaf_hash();
        let note = Checkpoint { origin: origin(), size: 1, root }.sign(&log()).note().clone();
        let receipt = Receipt { index: Seq(place), path: Vec::new(), note };
        assert!(matches!(receipt.check(line.as_bytes(), &logs()), Err(BadReceipt::Entry(_))));
    }
    let mut body = Chain::opened("T-1").next_body("sponsor", crate::sample::consent("A"));
    body.seq = Seq(0);
    let line = crate::sample::signed(&body, &["investigator"]);
    let note = Checkpoint { origin: origin(), size: 1, root: line.leaf_hash() }.sign(&log()).note().clone();
    let refused = Receipt { index: Seq(0), path: Vec::new(), note }.check(line.as_bytes(), &logs());
    assert_eq!(refused, Err(BadReceipt::Entry("is not signed by sponsor".into())));
}
