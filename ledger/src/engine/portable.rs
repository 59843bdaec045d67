//! Portable: tables of points from `curve25519-dalek`, for every processor.
//!
//! Promises sums that are right as far as that library adds points rightly. Works on public values only: the time it
//! takes depends on them.

use super::{
    digits::digits,
    signers::{Job, Kernel},
};
use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT, edwards::EdwardsPoint, scalar::Scalar, traits::Identity as _,
};
use std::{mem, sync::OnceLock};

/// The windows of a signer's table: 131 KB, and 51 additions for each signature. Wider ones were hardly faster.
type OfSigner = Table<5, 51>;
/// The windows of the one table of the base point: 655 KB, and 32 additions for each signature.
type OfBase = Table<8, 32>;

/// The multiples of a point that its digits ask for: all from 1 to 2^(`BITS` - 1) of each window, window after window.
pub struct Table<const BITS: usize, const WINDOWS: usize>(Vec<EdwardsPoint>);

impl<const BITS: usize, const WINDOWS: usize> Table<BITS, WINDOWS> {
    const MULTIPLES: usize = 1 << (BITS - 1);
    const BYTES: usize = WINDOWS * Self::MULTIPLES * mem::size_of::<EdwardsPoint>();

    /// The table of a point of prime order.
    fn of(point: &EdwardsPoint) -> Table<BITS, WINDOWS> {
        let mut multiples = Vec::with_capacity(WINDOWS * Self::MULTIPLES);
        let mut unit = *point;
        for _ in 0..WINDOWS {
            let mut multiple = unit;
            multiples.push(multiple);
            for _ in 1..Self::MULTIPLES {
                multiple += unit;
                multiples.push(multiple);
            }
            unit = multiple + multiple;
        }
        Table(multiples)
    }

    /// Adds the point so many times to a sum.
    fn add(&self, mut sum: EdwardsPoint, times: &Scalar) -> EdwardsPoint {
        let digits: [i16; WINDOWS] = digits::<BITS, WINDOWS>(times);
        for (window, digit) in self.0.chunks_exact(Self::MULTIPLES).zip(digits) {
            let multiple = usize::from(digit.unsigned_abs());
            if digit > 0 {
                sum += &window[multiple - 1];
            } else if digit < 0 {
                sum -= &window[multiple - 1];
            }
        }
        sum
    }
}

/// The tables of the base point and of signers.
pub struct Portable {
    base: OnceLock<OfBase>,
}

impl Portable {
    pub fn new() -> Portable {
        Portable { base: OnceLock::new() }
    }
}

impl Kernel for Portable {
    const NAME: &'static str = "portable";
    const TABLE_BYTES: usize = OfSigner::BYTES;
    type Table = OfSigner;
    type Scratch = Vec<EdwardsPoint>;

    fn table(&self, point: &EdwardsPoint) -> Option<OfSigner> {
        Some(Table::of(point))
    }

    fn sums(&self, jobs: &[Job<'_, OfSigner>], sums: &mut Vec<EdwardsPoint>) -> Vec<[u8; 32]> {
        let base = self.base.get_or_init(|| Table::of(&ED25519_BASEPOINT_POINT));
        let sum = |job: &Job<'_, OfSigner>| job.table.add(base.add(EdwardsPoint::identity(), &job.s), &job.challenge());
        sums.clear();
        sums.extend(jobs.iter().map(sum));
        EdwardsPoint::compress_batch_alloc(sums).into_iter().map(|point| point.to_bytes()).collect()
    }
}
