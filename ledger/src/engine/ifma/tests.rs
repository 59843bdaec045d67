use super::*;
use crate::engine::{Claim, portable::Portable};
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use num_bigint::BigUint;
use proptest::prelude::*;

type Limbs = [[u64; 5]; LANES];

/// The greatest limbs that a number may have.
const GREATEST: [u64; 5] = [(1 << 52) - 1, (1 << 52) - 1, (1 << 52) - 1, (1 << 52) - 1, (1 << 47) + (1 << 9) - 1];

fn p() -> BigUint {
    (BigUint::from(1_u8) << 255) - 19_u8
}

fn value(limbs: [u64; 5]) -> BigUint {
    limbs.iter().rev().fold(BigUint::ZERO, |value, limb| (value << 52) + *limb)
}

/// The sum, difference, product, quotient and (p - 5) / 8-th power in the lanes, and the reduced first number.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn computed(a: Limbs, b: Limbs) -> [Limbs; 6] {
    let rows = |limbs: Limbs| Fe(std::array::from_fn(|k| load(&limbs.map(|limbs| limbs[k]))));
    let (a, b) = (rows(a), rows(b));
    let found = [a.plus(&b), a.minus(&b), a.mul(&b), a.mul(&b.inverted()), a.to_p58(), a.reduced()];
    found.map(|found| {
        let rows = found.0.map(|limb| store(limb));
        std::array::from_fn(|lane| rows.map(|row| row[lane]))
    })
}

fn agree_with_whole_numbers(a: Limbs, b: Limbs) {
    if Ifma::detect().is_none() {
        eprintln!("skipped: this processor has no AVX-512-IFMA");
        return;
    }
    // SAFETY: the processor has the instructions.
    let found = unsafe { computed(a, b) };
    let p = p();
    for lane in 0..LANES {
        let (x, y) = (value(a[lane]), value(b[lane]));
        let [sum, difference, product, quotient, power, reduced] = found.map(|found| found[lane]);
        for limbs in [sum, difference, product, quotient, power] {
            assert!(limbs.iter().zip(GREATEST).all(|(limb, greatest)| *limb <= greatest), "{limbs:x?}");
        }
        assert_eq!(value(sum) % &p, (&x + &y) % &p);
        assert_eq!((value(difference) + &y) % &p, &x % &p);
        assert_eq!(value(product) % &p, &x * &y % &p);
        let inverse = y.modpow(&(&p - 2_u8), &p);
        assert_eq!(value(quotient) % &p, &x * inverse % &p);
        assert_eq!(value(power) % &p, x.modpow(&((&p - 5_u8) / 8_u8), &p));
        assert_eq!(value(reduced), x % &p);
        assert!(reduced[4] >> 47 == 0 && reduced.iter().all(|limb| limb >> 52 == 0), "{reduced:x?}");
    }
}

#[test]
fn numbers_at_the_borders_are_computed_as_whole_numbers_are() {
    let limbs = |value: BigUint| {
        limbs_of(&value.to_bytes_le().into_iter().chain([0; 32]).collect::<Vec<_>>()[..32].try_into().unwrap())
    };
    let borders = [
        [0; 5],
        [1, 0, 0, 0, 0],
        limbs(p() - 1_u8),
        limbs(p()),
        limbs(p() + 1_u8),
        limbs(p() + 18_u8),
        GREATEST,
        [GREATEST[0], 0, GREATEST[2], 0, GREATEST[4]],
    ];
    for turn in 0..LANES {
        let mut others = borders;
        others.rotate_left(turn);
        agree_with_whole_numbers(borders, others);
    }
}

/// Limbs up to the greatest, which is one in seven, as 0 is.
fn numbers() -> impl Strategy<Value = Limbs> {
    let limb = |random: u64, greatest: u64| match random % 7 {
        0 => 0,
        1 => greatest,
        _ => (random >> 3) % (greatest + 1),
    };
    let number = move |random: &[u64]| std::array::from_fn(|k| limb(random[k], GREATEST[k]));
    prop::collection::vec(any::<u64>(), 5 * LANES)
        .prop_map(move |random| std::array::from_fn(|lane| number(&random[5 * lane..5 * lane + 5])))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn numbers_are_computed_as_whole_numbers_are(a in numbers(), b in numbers()) {
        agree_with_whole_numbers(a, b);
    }
}

/// Scalars whose digits are as they seldom are, and some that are as always.
fn scalars() -> Vec<Scalar> {
    let half = Scalar::from(2_u8).invert();
    let same = |digit: u64, base: u64| {
        (0..255)
            .step_by(base.ilog2() as usize)
            .fold(Scalar::ZERO, |sum, _| sum * Scalar::from(base) + Scalar::from(digit))
    };
    let chosen = [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, half, -half, same(16, 32), same(17, 32), same(128, 256)];
    let others = (0..11).map(|n| Scalar::from_bytes_mod_order([n * 23 + 1; 32]));
    chosen.into_iter().chain(others).collect()
}

#[test]
fn sums_are_those_of_the_library() {
    let Some(kernel) = Ifma::detect() else { return eprintln!("skipped: this processor has no AVX-512-IFMA") };
    let points = [ED25519_BASEPOINT_POINT, ED25519_BASEPOINT_POINT * Scalar::from(987_654_321_u64)];
    let tables = points.map(|point| kernel.table(&point.compress()).unwrap());
    let base = OfBase::of(&kernel, &ED25519_BASEPOINT_COMPRESSED);
    let claim = Claim { key: trial_core::ids::Key([0; 32]), message: [b"", b""], signature: [0; 64] };
    let scalars = scalars();
    let pairs: Vec<_> = scalars.iter().flat_map(|s| scalars.iter().map(move |k| (*s, *k))).collect();
    let of = |at: usize| at / 3 % 2;
    let jobs: Vec<_> =
        pairs.iter().enumerate().map(|(at, (s, _))| Job { claim: &claim, table: &tables[of(at)], s: *s, at }).collect();
    let mut scratch = Scratch { challenges: pairs.iter().map(|(_, k)| *k).collect(), ..Scratch::default() };
    // SAFETY: a kernel exists, so the processor has the instructions.
    let found = unsafe {
        sums(&base, &jobs, &mut scratch);
        compressed(jobs.len(), &mut scratch)
    };
    assert_eq!(found.len(), pairs.len());
    for (at, ((s, k), found)) in pairs.into_iter().zip(found).enumerate() {
        let expected = Some((ED25519_BASEPOINT_POINT * s + points[of(at)] * k).compress().to_bytes());
        assert_eq!(found, expected, "{s:?} {k:?}");
        // SAFETY: a kernel exists, so the processor has the instructions.
        let alone = unsafe {
            scratch.points = vec![alone(&base, &tables[of(at)], &s, &k)];
            compressed(LANES, &mut scratch)
        };
        assert_eq!(alone, [expected; LANES], "{s:?} {k:?}");
    }
}

#[test]
fn messages_of_any_length_have_the_hash_of_the_library() {
    let Some(kernel) = Ifma::detect() else { return eprintln!("skipped: this processor has no AVX-512-IFMA") };
    let table = kernel.table(&ED25519_BASEPOINT_COMPRESSED).unwrap();
    let bytes: Vec<u8> = (0..700_u32).map(|n| (n * n % 251) as u8).collect();
    let claim = |length: usize| Claim {
        key: trial_core::ids::Key([length as u8; 32]),
        message: bytes[..length].split_at(length / 3).into(),
        signature: [(length * 3) as u8; 64],
    };
    let claims: Vec<_> = (0..bytes.len()).map(claim).collect();
    let jobs: Vec<_> = claims.iter().map(|claim| Job { claim, table: &table, s: Scalar::ZERO, at: 0 }).collect();
    let mut scratch = Scratch::default();
    // SAFETY: a kernel exists, so the processor has the instructions.
    unsafe { challenges(&jobs, &mut scratch) };
    for (job, found) in jobs.iter().zip(&scratch.challenges) {
        assert_eq!(*found, job.challenge(), "{} bytes", job.claim.message.concat().len());
    }
}

#[test]
fn lines_of_any_length_have_the_leaf_hash_of_the_library() {
    let Some(kernel) = Ifma::detect() else { return eprintln!("skipped: this processor has no AVX-512-IFMA") };
    let bytes: Vec<u8> = (0..700_u32).map(|n| (n * n % 251) as u8).collect();
    let lines: Vec<&[u8]> = (0..bytes.len()).map(|n| &bytes[n / 3..n * 97 % (bytes.len() - n / 3) + n / 3]).collect();
    let every: Vec<&[u8]> = (0..bytes.len()).map(|length| &bytes[..length]).collect();
    let mut scratch = Scratch::default();
    let calls = [&lines[..], &every].into_iter().chain((0..50).map(|many| &lines[many..2 * many]));
    for lines in calls {
        let expected: Vec<Hash> = lines.iter().map(|line| hash::leaf(line)).collect();
        assert_eq!(kernel.leaf_hashes(lines, &mut scratch), expected, "{} lines", lines.len());
    }
}

#[test]
fn a_flipped_bit_in_a_table_changes_sums_and_no_other_kernel() {
    let Some(kernel) = Ifma::detect() else { return eprintln!("skipped: this processor has no AVX-512-IFMA") };
    let claims: Vec<_> = (0..40_u8)
        .map(|n| Claim { key: trial_core::ids::Key([n; 32]), message: [b"", b""], signature: [n; 64] })
        .collect();
    let sums_of = |table: &OfSigner| {
        let job = |claim| Job { claim, table, s: Scalar::ONE, at: 0 };
        kernel.sums(&claims.iter().map(job).collect::<Vec<_>>(), &mut Scratch::default())
    };
    // Not the base point: the portable kernel does not give sums of a point and itself.
    let point = ED25519_BASEPOINT_POINT * Scalar::from(987_654_321_u64);
    let mut table = kernel.table(&point.compress()).unwrap();
    let portable = Portable::new();
    let other = portable.table(&point.compress()).unwrap();
    let job = |claim| Job { claim, table: &other, s: Scalar::ONE, at: 0 };
    let right = portable.sums(&claims.iter().map(job).collect::<Vec<_>>(), &mut Default::default());
    assert_eq!(sums_of(&table), right);
    table.0.iter_mut().skip(1).step_by(2).for_each(|slot| slot.0[0][2] ^= 1 << 20);
    let same = sums_of(&table).iter().zip(&right).filter(|(found, right)| found == right).count();
    assert_eq!(same, 0);
}
