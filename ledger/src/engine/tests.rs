use super::{
    portable::Portable,
    signers::{Job, Kernel, MOST_BYTES},
    *,
};
use crate::key::Secret;
use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT,
    edwards::{CompressedEdwardsY, EdwardsPoint},
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A kernel that makes tables of the wrong points, counts them and the sums it gives, and takes so much for each.
struct Damaged<K, const BYTES: usize> {
    kernel: K,
    by: EdwardsPoint,
    tables: &'static AtomicUsize,
    sums: &'static AtomicUsize,
}

impl<K, const BYTES: usize> Damaged<K, BYTES> {
    fn new(kernel: K, by: EdwardsPoint) -> Damaged<K, BYTES> {
        let count = || &*Box::leak(Box::new(AtomicUsize::new(0)));
        Damaged { kernel, by, tables: count(), sums: count() }
    }
}

impl<K: Kernel, const BYTES: usize> Kernel for Damaged<K, BYTES> {
    const NAME: &'static str = "damaged";
    const TABLE_BYTES: usize = BYTES;
    const WORTH: usize = K::WORTH;
    type Table = K::Table;
    type Scratch = K::Scratch;

    fn table(&self, point: &CompressedEdwardsY) -> Option<K::Table> {
        self.tables.fetch_add(1, Ordering::Relaxed);
        self.kernel.table(&(point.decompress()? + self.by).compress())
    }

    fn sums(&self, jobs: &[Job<'_, K::Table>], scratch: &mut K::Scratch) -> Vec<Option<[u8; 32]>> {
        self.sums.fetch_add(jobs.len(), Ordering::Relaxed);
        self.kernel.sums(jobs, scratch)
    }
}

/// Who is said to have signed which message how, and whether it is so.
type Judged = (Key, Vec<u8>, Signature, bool);

/// How many signatures of each signer are more than any kernel's table is worth.
const MANY: usize = 20;

/// Signatures of so many people, each of them many; every seventh is of another message.
fn judged(people: usize) -> Vec<Judged> {
    let one = |n: usize| {
        let secret = Secret::from_seed(&[(n % people) as u8; 32]);
        let message = vec![n as u8; n % 300];
        let holds = !n.is_multiple_of(7);
        let signature = if holds { secret.sign(&message) } else { secret.sign(b"another message") };
        (secret.key(), message, signature, holds)
    };
    (0..people * MANY).map(one).collect()
}

fn answers(engine: &Engine, judged: &[Judged]) {
    let claims: Vec<Claim<'_>> = judged
        .iter()
        .map(|(key, message, signature, _)| Claim { key: *key, message: [b"", message], signature: *signature })
        .collect();
    let expected: Vec<bool> = judged.iter().map(|(.., holds)| *holds).collect();
    assert_eq!(engine.accepts(&claims), expected);
}

fn answers_stay<K: Kernel + 'static, const BYTES: usize>(damaged: Damaged<K, BYTES>, people: usize, tables: usize) {
    let (made, summed) = (damaged.tables, damaged.sums);
    let judged = judged(people);
    answers(&Engine(Box::new(Signers::new(damaged))), &judged);
    assert_eq!(made.load(Ordering::Relaxed), tables);
    assert_eq!(summed.load(Ordering::Relaxed), tables * MANY);
}

#[test]
fn damaged_tables_change_no_answer() {
    answers_stay(Damaged::<_, 1>::new(Portable::new(), ED25519_BASEPOINT_POINT), 3, 3);
    #[cfg(target_arch = "x86_64")]
    if let Some(kernel) = ifma::Ifma::detect() {
        answers_stay(Damaged::<_, 1>::new(kernel, ED25519_BASEPOINT_POINT), 3, 3);
    }
}

#[test]
fn signers_for_whose_tables_there_is_no_room_get_the_same_answers() {
    let none = EdwardsPoint::default();
    answers_stay(Damaged::<_, { MOST_BYTES / 2 }>::new(Portable::new(), none), 4, 2);
}

#[test]
fn half_of_the_room_is_kept_for_signers_of_many() {
    let kernel = Damaged::<_, { MOST_BYTES / 8 }>::new(Portable::new(), EdwardsPoint::default());
    let made = kernel.tables;
    let engine = Engine(Box::new(Signers::new(kernel)));
    let judged = judged(12);
    answers(&engine, &judged[..12 * Portable::WORTH]);
    assert_eq!(made.load(Ordering::Relaxed), 4);
    answers(&engine, &judged);
    assert_eq!(made.load(Ordering::Relaxed), 8);
}

#[test]
fn a_key_gets_its_table_when_it_has_signed_often_enough_over_several_calls() {
    let kernel = Damaged::<_, 1>::new(Portable::new(), EdwardsPoint::default());
    let made = kernel.tables;
    let engine = Engine(Box::new(Signers::new(kernel)));
    let secret = Secret::from_seed(&[7; 32]);
    let claim = Claim { key: secret.key(), message: [b"mess", b"age"], signature: secret.sign(b"message") };
    for call in 1..2 * Portable::WORTH {
        assert_eq!(engine.accepts(&[claim]), [true]);
        assert_eq!(made.load(Ordering::Relaxed), usize::from(call >= Portable::WORTH), "call {call}");
    }
}

#[test]
fn threads_share_an_engine() {
    let engine = Engine::new();
    let judged = judged(3);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                judged.chunks(MANY).for_each(|part| answers(&engine, part));
            });
        }
    });
}
