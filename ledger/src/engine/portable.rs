//! Portable: sums from tables of affine points, for every processor.
//!
//! Promises that a sum, where it is given, is right; one whose additions meet two points with the same u is not given,
//! which befalls nobody who does not seek it. Works on public values only: the time it takes depends on them.

use super::{
    digits::digits,
    inverses::Inverses,
    montgomery::{Addition, Point, Running, add},
    number::Number,
    signers::{Job, Kernel},
};
use curve25519_dalek::{constants::ED25519_BASEPOINT_COMPRESSED, edwards::CompressedEdwardsY, scalar::Scalar};
use std::{ops::Range, sync::OnceLock};

/// The windows of a signer's table: 86 KB, and 42 points for each signature.
type OfSigner = Table<6, 42>;
/// The windows of the one table of the base point: 852 KB, and 26 points for each signature.
type OfBase = Table<10, 26>;

/// How many sums share their inversions: more share them with more, fewer stay in the processor's cache.
const TOGETHER: usize = 64;

/// How many sums are too few to share inversions: each is added up by itself.
const FEW: usize = 12;

/// u and v of a point, below p, in words, least first: one line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Entry([[u64; 4]; 2]);

impl From<&Point> for Entry {
    fn from(point: &Point) -> Entry {
        Entry([point.u, point.v].map(Number::to_words))
    }
}

/// The multiples of a point that its digits ask for: all from 1 to 2^(`BITS` - 1) of each window, window after window.
pub struct Table<const BITS: usize, const WINDOWS: usize>(Vec<Entry>);

impl<const BITS: usize, const WINDOWS: usize> Table<BITS, WINDOWS> {
    const MULTIPLES: usize = 1 << (BITS - 1);
    const BYTES: usize = WINDOWS * Self::MULTIPLES * size_of::<Entry>();

    /// The table of a point of prime order; of some others there is none.
    fn of(point: &CompressedEdwardsY) -> Option<Table<BITS, WINDOWS>> {
        let doubles = Point::doubles(point, BITS * WINDOWS)?;
        let at = |window: usize, multiple: usize| window * Self::MULTIPLES + multiple - 1;
        let mut points = vec![doubles[0]; WINDOWS * Self::MULTIPLES];
        for (place, double) in doubles.into_iter().enumerate() {
            points[at(place / BITS, 1 << (place % BITS))] = double;
        }
        let mut inverses = Inverses::default();
        for double in (1..BITS - 1).map(|bit| 1 << bit) {
            // From a double and what is below it, all up to the next: never two of the same u, as they are less than the order.
            let sum = |window: usize, below: usize| Addition {
                one: at(window, double),
                other: at(window, below),
                into: at(window, double + below),
            };
            let additions: Vec<_> =
                (0..WINDOWS).flat_map(|window| (1..double).map(move |below| sum(window, below))).collect();
            if !add(&mut points, &additions, &mut inverses).is_empty() {
                return None;
            }
        }
        Some(Table(points.iter().map(Entry::from).collect()))
    }

    /// Appends the points whose sum is the point so many times.
    fn append(&self, times: &Scalar, points: &mut Vec<Point>) {
        let digits: [i16; WINDOWS] = digits::<BITS, WINDOWS>(times);
        for (window, digit) in self.0.chunks_exact(Self::MULTIPLES).zip(digits) {
            if digit != 0 {
                let [u, v] = window[usize::from(digit.unsigned_abs()) - 1].0.map(Number);
                points.push(Point { u, v: v.negative_if(digit < 0) });
            }
        }
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

/// What is kept from call to call.
#[derive(Default)]
pub struct Scratch {
    points: Vec<Point>,
    /// Where the points of each job lie, the first of which becomes their sum; none of a job that has no sum.
    spans: Vec<Range<usize>>,
    additions: Vec<Addition>,
    inverses: Inverses,
}

impl Scratch {
    fn clear(&mut self) {
        self.points.clear();
        self.spans.clear();
    }

    /// Takes the points of the next job in.
    fn span(&mut self, append: impl FnOnce(&mut Vec<Point>)) {
        let start = self.points.len();
        append(&mut self.points);
        self.spans.push(start..self.points.len());
    }

    /// Adds up what each span holds, into its first point.
    fn add_up(&mut self) {
        if self.spans.len() <= FEW { self.add_up_alone() } else { self.add_up_together() }
    }

    /// Span after span, point after point, with one inversion at the end.
    fn add_up_alone(&mut self) {
        let sum = |span: &Range<usize>| {
            let (first, others) = self.points[span.clone()].split_first()?;
            Some(others.iter().fold(Running::of(*first), |sum, point| sum.plus(*point)))
        };
        let sums: Vec<Option<Running>> = self.spans.iter().map(sum).collect();
        let lost = self.inverses.make(sums.iter().map(|sum| sum.as_ref().map_or(Number::ONE, |sum| sum.z)));
        for ((span, sum), inverse) in self.spans.iter().zip(sums).zip(self.inverses.iter()) {
            if let Some(sum) = sum {
                self.points[span.start] = sum.point(inverse);
            }
        }
        for at in lost {
            self.spans[at].end = self.spans[at].start;
        }
    }

    /// All side by side: neighbours, then every second of those, and so on.
    fn add_up_together(&mut self) {
        let longest = self.spans.iter().map(Range::len).max().unwrap_or_default();
        let mut step = 1;
        while step < longest {
            self.additions.clear();
            for span in &self.spans {
                let pairs = span.clone().step_by(2 * step).filter(|one| one + step < span.end);
                self.additions.extend(pairs.map(|one| Addition { one, other: one + step, into: one }));
            }
            for at in add(&mut self.points, &self.additions, &mut self.inverses) {
                let place = self.additions[at].one;
                self.spans.iter_mut().filter(|span| span.contains(&place)).for_each(|span| span.end = span.start);
            }
            step *= 2;
        }
    }

    /// The bytes of the first point of each span.
    fn compressed(&mut self) -> impl Iterator<Item = Option<[u8; 32]>> {
        let Scratch { points, spans, inverses, .. } = self;
        let sum = |span: &Range<usize>| points[span.clone()].first();
        for at in inverses.make(spans.iter().map(|span| sum(span).map_or(Number::ONE, Point::denominator))) {
            spans[at].end = spans[at].start;
        }
        spans.iter().zip(inverses.iter()).map(move |(span, inverse)| Some(sum(span)?.to_bytes(inverse)))
    }
}

impl Kernel for Portable {
    const NAME: &'static str = "portable";
    const TABLE_BYTES: usize = OfSigner::BYTES;
    const WORTH: usize = 8;
    type Table = OfSigner;
    type Scratch = Scratch;

    fn table(&self, point: &CompressedEdwardsY) -> Option<OfSigner> {
        Table::of(point)
    }

    fn sums(&self, jobs: &[Job<'_, OfSigner>], scratch: &mut Scratch) -> Vec<Option<[u8; 32]>> {
        let base = self
            .base
            .get_or_init(|| Table::of(&ED25519_BASEPOINT_COMPRESSED).expect("the base point is of prime order"));
        let mut sums = Vec::with_capacity(jobs.len());
        for jobs in jobs.chunks(TOGETHER) {
            scratch.clear();
            for job in jobs {
                scratch.span(|points| {
                    base.append(&job.s, points);
                    job.table.append(&job.challenge(), points);
                });
            }
            scratch.add_up();
            sums.extend(scratch.compressed());
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::{constants::ED25519_BASEPOINT_POINT, edwards::EdwardsPoint, traits::Identity as _};
    use proptest::prelude::*;

    /// The sums that the tables give for pairs of scalars, with one signer's table for all.
    fn found(signer: &EdwardsPoint, pairs: &[(Scalar, Scalar)]) -> Vec<Option<[u8; 32]>> {
        static BASE: OnceLock<OfBase> = OnceLock::new();
        let base = BASE.get_or_init(|| Table::of(&ED25519_BASEPOINT_COMPRESSED).unwrap());
        let table = OfSigner::of(&signer.compress()).unwrap();
        let [together, alone] = [Scratch::add_up_together, Scratch::add_up_alone].map(|add_up| {
            let mut scratch = Scratch::default();
            for (s, k) in pairs {
                scratch.span(|points| {
                    base.append(s, points);
                    table.append(k, points);
                });
            }
            add_up(&mut scratch);
            scratch.compressed().collect::<Vec<_>>()
        });
        // Which two points meet depends on the order, so one way may know a sum that the other does not.
        let same =
            |(one, other): (Option<[u8; 32]>, Option<[u8; 32]>)| one.is_none() || other.is_none() || one == other;
        assert!(together.iter().copied().zip(alone.iter().copied()).all(same));
        assert!(pairs.len() < 100 || alone.iter().flatten().count() * 10 > pairs.len() * 9);
        together
    }

    fn sum(signer: &EdwardsPoint, (s, k): &(Scalar, Scalar)) -> [u8; 32] {
        (ED25519_BASEPOINT_POINT * s + signer * k).compress().to_bytes()
    }

    /// Scalars whose digits are as they seldom are.
    fn scalars() -> Vec<Scalar> {
        let half = Scalar::from(2_u8).invert();
        let small = [0_u64, 1, 2, 15, 16, 17, 31, 32, 33, 511, 512, 513, u64::MAX].map(Scalar::from);
        let same = |digit: u64, bits: usize| {
            (0..252).step_by(bits).fold(Scalar::ZERO, |sum, _| sum * Scalar::from(1_u64 << bits) + Scalar::from(digit))
        };
        let same = [same(16, 5), same(17, 5), same(32, 6), same(33, 6), same(512, 10), same(513, 10)];
        small.into_iter().flat_map(|n| [n, -n]).chain([half, -half]).chain(same).collect()
    }

    #[test]
    fn sums_are_those_of_the_library() {
        let signer = ED25519_BASEPOINT_POINT * Scalar::from_bytes_mod_order([77; 32]);
        let scalars = scalars();
        let pairs: Vec<_> = scalars.iter().flat_map(|s| scalars.iter().map(move |k| (*s, *k))).collect();
        for (pair, found) in pairs.iter().zip(found(&signer, &pairs)) {
            let expected = Some(sum(&signer, pair)).filter(|_| *pair != (Scalar::ZERO, Scalar::ZERO));
            assert_eq!(found, expected, "{pair:?}");
        }
    }

    #[test]
    fn a_sum_that_meets_the_same_point_twice_is_not_given_and_its_neighbours_are() {
        let (one, other) = (Scalar::ONE, Scalar::from_bytes_mod_order([3; 32]));
        // B + B, B - B, nothing at all; and what is next to them.
        let pairs = [(one, one), (other, one), (one, -one), (one, other), (Scalar::ZERO, Scalar::ZERO), (other, -one)];
        let signer = ED25519_BASEPOINT_POINT;
        let expected = [1, 3, 5].map(|at: usize| sum(&signer, &pairs[at]));
        let found = found(&signer, &pairs);
        assert_eq!(found, [None, Some(expected[0]), None, Some(expected[1]), None, Some(expected[2])]);
    }

    #[test]
    fn a_point_of_small_order_has_no_table() {
        assert!(OfSigner::of(&EdwardsPoint::identity().compress()).is_none());
        assert!(OfSigner::of(&curve25519_dalek::constants::EIGHT_TORSION[1].compress()).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn sums_of_random_scalars_are_those_of_the_library(
            signer: [u8; 32], pairs in prop::collection::vec(any::<([u8; 32], [u8; 32])>(), 1..150)
        ) {
            let signer = ED25519_BASEPOINT_POINT * Scalar::from_bytes_mod_order(signer);
            let pairs: Vec<_> = pairs
                .into_iter()
                .map(|(s, k)| (Scalar::from_bytes_mod_order(s), Scalar::from_bytes_mod_order(k)))
                .collect();
            let expected: Vec<_> = pairs.iter().map(|pair| Some(sum(&signer, pair))).collect();
            prop_assert_eq!(found(&signer, &pairs), expected);
        }
    }
}
