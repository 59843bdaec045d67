use super::*;
use crate::{
    checkpoint::{Checkpoint, Origin},
    cosignature::cosign,
    key::Secret,
    note::KeyName,
};
use trial_core::ids::Hash;

const NOW: u64 = 1_900_000_000;

fn secret(i: u8) -> Secret {
    Secret::from_seed(&[i; 32])
}

fn origin() -> Origin {
    "sponsor.example/t".parse().unwrap()
}

fn name(i: u8) -> KeyName {
    format!("w{i}.example").parse().unwrap()
}

fn vkey(i: u8) -> Vkey {
    Vkey::new(name(i), SignatureType::Cosignature, secret(i).public())
}

/// Three witnesses of one house and two of another, as the specification of the format has them.
fn example() -> String {
    let mut text = format!("# a comment\n\n log\t{}  https://log.example/\n", origin().vkey(secret(0).public()));
    for i in 1..=5 {
        text += &format!("witness W{i} {}\n", vkey(i));
    }
    text + "group X 2 W1 W2 W3\ngroup Y any W4 W5\ngroup both all X Y\nquorum both\n"
}

fn cosigned(by: &[(u8, u64)]) -> Note {
    let mut signed = Checkpoint { origin: origin(), size: 5, root: Hash([5; 32]) }.sign(&secret(0));
    for (i, time) in by {
        signed.add(cosign(signed.note().text(), name(*i), &secret(*i), *time));
    }
    signed.note().clone()
}

fn judged(by: &[(u8, u64)]) -> Judged {
    Policy::parse(example().as_bytes()).unwrap().judge(cosigned(by), NOW, Some(3600)).unwrap()
}

fn met(by: &[u8]) -> bool {
    judged(&by.iter().map(|i| (*i, NOW)).collect::<Vec<_>>()).quorum_met
}

#[test]
fn a_quorum_is_met_by_enough_of_each_group() {
    assert!(met(&[1, 2, 4]) && met(&[2, 3, 5]) && met(&[1, 2, 3, 4, 5]));
    for too_few in [&[][..], &[1, 2], &[1, 2, 3], &[1, 4], &[4, 5], &[1, 4, 5]] {
        assert!(!met(too_few), "{too_few:?}");
    }
    // Of a stranger nothing is known.
    assert!(!met(&[1, 4, 9]));
}

#[test]
fn one_witness_counts_once_however_often_it_signs() {
    let twice = judged(&[(1, NOW), (1, NOW - 10), (4, NOW)]);
    assert!(!twice.quorum_met);
    assert_eq!(twice.repeated, ["W1"]);
    assert_eq!(twice.witnesses[0], ("W1".to_owned(), Standing::Fresh(NOW)), "the newest counts");
}

#[test]
fn stale_early_and_missing_cosignatures_are_told_apart() {
    let mixed = judged(&[(1, NOW - 3600), (2, NOW - 3601), (3, NOW + SKEW + 1), (4, NOW + SKEW)]);
    let standings: Vec<Standing> = mixed.witnesses.iter().map(|(_, standing)| *standing).collect();
    let expected = [
        Standing::Fresh(NOW - 3600),
        Standing::Stale(NOW - 3601),
        Standing::Early(NOW + SKEW + 1),
        Standing::Fresh(NOW + SKEW),
        Standing::Missing,
    ];
    assert_eq!(standings, expected);
    assert!(!mixed.quorum_met);
    // Without a greatest age nothing is stale.
    let policy = Policy::parse(example().as_bytes()).unwrap();
    assert!(policy.judge(cosigned(&[(1, 1), (2, 1), (4, 1)]), NOW, None).unwrap().quorum_met);
}

#[test]
fn a_checkpoint_of_another_log_or_with_a_bad_cosignature_is_not_judged() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    let stranger = Checkpoint { origin: origin(), size: 5, root: Hash([5; 32]) }.sign(&secret(9));
    assert_eq!(policy.judge(stranger.note().clone(), NOW, None), Err(BadCheckpoint::NotSigned));
    let mut line = cosign(stranger.note().text(), name(1), &secret(1), NOW);
    line.signature[20] ^= 1;
    let mut note = cosigned(&[(2, NOW)]);
    note.add(line);
    assert!(matches!(policy.judge(note, NOW, None), Err(BadCheckpoint::Note(_))));
}

#[test]
fn a_trust_file_that_would_count_something_twice_or_not_at_all_is_refused() {
    let refused = |from: &str, to: &str| {
        let text = example();
        assert!(text.contains(from), "{from}");
        Policy::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err().why
    };
    let (one, log) = (vkey(1).to_string(), origin().vkey(secret(0).public()).to_string());
    let renamed = Vkey::new("other.example".parse().unwrap(), SignatureType::Cosignature, secret(1).public());
    let duplicate = BadLine::DuplicateWitness("W1".into(), "W2".into());
    assert_eq!(refused(&vkey(2).to_string(), &one), duplicate);
    assert_eq!(refused(&vkey(2).to_string(), &renamed.to_string()), duplicate);
    let as_witness = Vkey::new(name(7), SignatureType::Cosignature, secret(0).public());
    assert!(matches!(refused(&vkey(2).to_string(), &as_witness.to_string()), BadLine::Key(BadVkey::Twice(..))));
    assert_eq!(refused(&one, &log), BadLine::WrongType(SignatureType::Cosignature));
    assert_eq!(refused(&log, &one), BadLine::WrongType(SignatureType::Ed25519));
    assert_eq!(refused("witness W2", "witness W1"), BadLine::NameTaken("W1".into()));
    assert_eq!(refused("group Y", "group W1"), BadLine::NameTaken("W1".into()));
    assert_eq!(refused("witness W2", "witness none"), BadLine::NameTaken("none".into()));
    assert_eq!(refused("W1 W2 W3", "W1 W2 W2"), BadLine::UsedTwice("W2".into()));
    assert_eq!(refused("any W4 W5", "any W1 W5"), BadLine::UsedTwice("W1".into()));
    assert_eq!(refused("any W4 W5", "any W4 none"), BadLine::Unknown("none".into()));
    assert_eq!(refused("any W4 W5", "any W4 both"), BadLine::Unknown("both".into()));
    for threshold in ["0", "4", "02", "-1", "some"] {
        assert_eq!(refused("X 2", &format!("X {threshold}")), BadLine::Threshold, "{threshold}");
    }
    assert_eq!(refused("quorum both", "quorum nobody"), BadLine::Unknown("nobody".into()));
    assert_eq!(refused("quorum both", ""), BadLine::NoQuorum);
    assert_eq!(refused("quorum both", "quorum both\nquorum both"), BadLine::TwoQuorums);
    assert_eq!(refused("group Y any W4 W5", "group Y any"), BadLine::Shape);
    assert_eq!(refused("quorum both", "quorom both"), BadLine::Shape);
    assert_eq!(refused("quorum both\n", "quorum both\r\n"), BadLine::Control);
    let at = Policy::parse(b"log x\nquorum none\n").unwrap_err();
    assert_eq!((at.line, at.why), (1, BadLine::Key(BadVkey::Shape)));
}

#[test]
fn a_policy_without_a_quorum_of_witnesses_says_none() {
    let text = format!("log {}\nquorum none\n", origin().vkey(secret(0).public()));
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert!(policy.judge(cosigned(&[]), NOW, None).unwrap().quorum_met);
    let single = format!("log {}\nwitness W1 {}\nquorum W1\n", origin().vkey(secret(0).public()), vkey(1));
    let policy = Policy::parse(single.as_bytes()).unwrap();
    assert!(!policy.judge(cosigned(&[]), NOW, None).unwrap().quorum_met);
    assert!(policy.judge(cosigned(&[(1, NOW)]), NOW, None).unwrap().quorum_met);
}
