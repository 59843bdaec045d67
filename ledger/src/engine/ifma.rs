//! AVX-512-IFMA: sums from tables and SHA-512, for eight signatures at once; and SHA-256 of sixteen lines.
//!
//! Promises to run on no processor without the instructions: an [`Ifma`] can only be had from [`Ifma::detect`]. The one
//! file with `unsafe` code: calls into functions of those instructions, loads and stores. Works on public values only.

use super::{
    digits::digits,
    field::{Fe, bytes_of, limbs_of, transposed},
    number::Number,
    point::{Entry, HALF, Point},
    sha2::{Sha256, Sha512},
    signers::{Job, Kernel},
};
use crate::hash;
use curve25519_dalek::{constants::ED25519_BASEPOINT_COMPRESSED, edwards::CompressedEdwardsY, scalar::Scalar};
use std::{arch::x86_64::*, sync::OnceLock};
use trial_core::ids::Hash;

/// Lanes of a register.
const LANES: usize = 8;

/// The windows of a signer's table: 111 KB, and 51 additions for each signature. Wider ones were hardly faster.
type OfSigner = Table<5, 51>;
/// The windows of the one table of the base point: 528 KB, and 32 additions for each signature.
type OfBase = Table<8, 32>;

/// An entry: (y + x) / 2 and three limbs of d x y, then (y - x) / 2 and the other two. Thus the point is subtracted when
/// the two halves are exchanged.
#[derive(Clone, Copy)]
#[repr(align(128))]
struct Slot([[u64; LANES]; 2]);

/// The multiples of a point that its digits ask for: all from 0 to 2^(`BITS` - 1) of each window, window after window.
pub struct Table<const BITS: usize, const WINDOWS: usize>(Vec<Slot>);

impl<const BITS: usize, const WINDOWS: usize> Table<BITS, WINDOWS> {
    /// Of each window: the point at infinity, here (0, 1), too.
    const MULTIPLES: usize = (1 << (BITS - 1)) + 1;
    const BYTES: usize = WINDOWS * Self::MULTIPLES * size_of::<Slot>();

    /// The table of a point of prime order, in its one spelling.
    fn of(_: &Ifma, point: &CompressedEdwardsY) -> Table<BITS, WINDOWS> {
        // SAFETY: an `Ifma` exists, so the processor has the instructions.
        unsafe { Table::filled(point.as_bytes()) }
    }

    /// The multiples are made in eight windows at a time, and share one inversion.
    #[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
    fn filled(point: &[u8; 32]) -> Table<BITS, WINDOWS> {
        let y = limbs_of(point).map(|limb| _mm512_set1_epi64(limb as i64));
        let mut unit = Point::of(&Entry::decompressed(&Fe(y), if point[31] >> 7 == 1 { u8::MAX } else { 0 }));
        let mut points = Vec::with_capacity(WINDOWS.div_ceil(LANES) * (Self::MULTIPLES - 1));
        for _ in (0..WINDOWS).step_by(LANES) {
            let mut units = unit;
            for lane in 0..LANES {
                units = units.or(1 << lane, &unit);
                (0..BITS).for_each(|_| unit = unit.doubled());
            }
            points
                .extend(std::iter::successors(Some(units), |point| Some(point.plus(&units))).take(Self::MULTIPLES - 1));
        }
        let mut inverses = Vec::new();
        invert(&points, &mut inverses);
        let identity = Slot([[HALF[0], HALF[1], HALF[2], HALF[3], HALF[4], 0, 0, 0]; 2]);
        let mut table = vec![identity; WINDOWS * Self::MULTIPLES];
        for (at, (point, inverse)) in points.iter().zip(&inverses).enumerate() {
            let (windows, multiple) = (at / (Self::MULTIPLES - 1) * LANES, at % (Self::MULTIPLES - 1) + 1);
            let Entry { plus: Fe(p), minus: Fe(m), dxy: Fe(t) } = point.entry(inverse);
            let low = transposed([p[0], p[1], p[2], p[3], p[4], t[0], t[1], t[2]]);
            let high = transposed([m[0], m[1], m[2], m[3], m[4], t[3], t[4], _mm512_setzero_si512()]);
            let slots = table[windows * Self::MULTIPLES + multiple..].iter_mut().step_by(Self::MULTIPLES);
            for (slot, (low, high)) in slots.zip(low.into_iter().zip(high)) {
                *slot = Slot([store(low), store(high)]);
            }
        }
        Table(table)
    }

    fn digits(scalar: &Scalar) -> [i16; WINDOWS] {
        digits::<BITS, WINDOWS>(scalar)
    }

    fn slot(&self, window: usize, digit: i16) -> &[[u64; LANES]; 2] {
        &self.0[window * Self::MULTIPLES + usize::from(digit.unsigned_abs())].0
    }
}

/// The kernel, on a processor that has the instructions.
pub struct Ifma {
    base: OnceLock<OfBase>,
}

impl Ifma {
    /// The kernel, if this processor has all instructions that it uses.
    pub fn detect() -> Option<Ifma> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma");
        has.then(|| Ifma { base: OnceLock::new() })
    }
}

/// How many messages SHA-256 takes at once, and how many are too few to be faster than one by one.
const LINES: usize = 16;
const FEW: usize = 6;

/// What is kept from call to call.
#[derive(Default)]
pub struct Scratch {
    messages: [Vec<u8>; LINES],
    by_length: Vec<usize>,
    challenges: Vec<Scalar>,
    points: Vec<Point>,
    products: Vec<Fe>,
}

impl Kernel for Ifma {
    const NAME: &'static str = "avx512ifma";
    const TABLE_BYTES: usize = OfSigner::BYTES;
    const WORTH: usize = 3;
    type Table = OfSigner;
    type Scratch = Scratch;

    fn table(&self, point: &CompressedEdwardsY) -> Option<OfSigner> {
        Some(Table::of(self, point))
    }

    fn sums(&self, jobs: &[Job<'_, OfSigner>], scratch: &mut Scratch) -> Vec<Option<[u8; 32]>> {
        let base = self.base.get_or_init(|| Table::of(self, &ED25519_BASEPOINT_COMPRESSED));
        // SAFETY: an `Ifma` exists, so the processor has the instructions.
        unsafe {
            if let [job] = jobs {
                scratch.points.clear();
                scratch.points.push(alone(base, job.table, &job.s, &job.challenge()));
            } else {
                challenges(jobs, scratch);
                sums(base, jobs, scratch);
            }
            compressed(jobs.len(), scratch)
        }
    }

    fn leaf_hashes(&self, lines: &[&[u8]], scratch: &mut Scratch) -> Vec<Hash> {
        // SAFETY: an `Ifma` exists, so the processor has the instructions.
        unsafe { leaf_hashes(lines, scratch) }
    }
}

/// Puts a message together and pads it for a hash with blocks of so many bytes (FIPS 180-4 section 5.1).
fn pad(message: &mut Vec<u8>, parts: &[&[u8]], block: usize) {
    message.clear();
    parts.iter().for_each(|part| message.extend_from_slice(part));
    let bits = message.len() as u64 * 8;
    message.push(0x80);
    // Of the length, which takes an eighth of a block, the last eight bytes hold all of it.
    message.resize((message.len() + block / 8).next_multiple_of(block) - 8, 0);
    message.extend_from_slice(&bits.to_be_bytes());
}

/// k of each job: SHA-512 of R, A and the message, modulo the order.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn challenges(jobs: &[Job<'_, OfSigner>], scratch: &mut Scratch) {
    let Scratch { messages, by_length, challenges, .. } = scratch;
    let length = |job: &Job<'_, OfSigner>| job.claim.message[0].len() + job.claim.message[1].len();
    by_length.clear();
    by_length.extend(0..jobs.len());
    by_length.sort_unstable_by_key(|&at| length(&jobs[at]) / 128);
    challenges.clear();
    challenges.resize(jobs.len(), Scalar::ZERO);
    for lanes in by_length.chunks(LANES) {
        for (message, &at) in messages.iter_mut().zip(lanes) {
            let claim = jobs[at].claim;
            pad(message, &[&claim.signature[..32], &claim.key.0, claim.message[0], claim.message[1]], 128);
        }
        let digests = hashes(&messages[..lanes.len()]);
        for (lane, &at) in lanes.iter().enumerate() {
            let mut digest = [0; 64];
            for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(&digests) {
                *bytes = word[lane].to_be_bytes();
            }
            challenges[at] = Scalar::from_bytes_mod_order_wide(&digest);
        }
    }
}

/// SHA-512 of eight padded messages, word after word.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn hashes(messages: &[Vec<u8>]) -> [[u64; LANES]; 8] {
    let blocks = messages.iter().map(|message| message.len() / 128).max().unwrap_or_default();
    // The bytes of each word from last to first.
    let order = _mm512_set4_epi64(0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607);
    let mut state = Sha512::start();
    for block in 0..blocks {
        let mut mask = 0;
        let mut halves = [[_mm512_setzero_si512(); LANES]; 2];
        for (lane, message) in messages.iter().enumerate() {
            let Some(block) = message.as_chunks::<128>().0.get(block) else { continue };
            mask |= 1 << lane;
            for (half, bytes) in halves.iter_mut().zip(block.as_chunks::<64>().0) {
                half[lane] = _mm512_shuffle_epi8(load_bytes(bytes), order);
            }
        }
        let mut words = [_mm512_setzero_si512(); 16];
        let (low, high) = words.split_at_mut(8);
        low.copy_from_slice(&transposed(halves[0]));
        high.copy_from_slice(&transposed(halves[1]));
        state.take(mask, words);
    }
    state.0.map(|word| store(word))
}

/// The leaf hashes of lines (RFC 6962 section 2.1): SHA-256 of a zero byte and the line.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn leaf_hashes(lines: &[&[u8]], scratch: &mut Scratch) -> Vec<Hash> {
    let Scratch { messages, by_length, .. } = scratch;
    by_length.clear();
    by_length.extend(0..lines.len());
    by_length.sort_unstable_by_key(|&at| lines[at].len() / 64);
    let mut found = vec![Hash::ZERO; lines.len()];
    for places in by_length.chunks(LINES) {
        if places.len() < FEW {
            places.iter().for_each(|&at| found[at] = hash::leaf(lines[at]));
            continue;
        }
        for (message, &at) in messages.iter_mut().zip(places) {
            pad(message, &[&[0], lines[at]], 64);
        }
        let digests = narrow_hashes(&messages[..places.len()]);
        for (lane, &at) in places.iter().enumerate() {
            for (bytes, word) in found[at].0.as_chunks_mut().0.iter_mut().zip(&digests) {
                *bytes = ((word[lane / 2] >> (lane % 2 * 32)) as u32).to_be_bytes();
            }
        }
    }
    found
}

/// SHA-256 of sixteen padded messages, word after word, two lanes in each number.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn narrow_hashes(messages: &[Vec<u8>]) -> [[u64; LANES]; 8] {
    let blocks = messages.iter().map(|message| message.len() / 64).max().unwrap_or_default();
    // The bytes of each word from last to first.
    let order = _mm512_set4_epi64(0x0c0d0e0f08090a0b, 0x0405060700010203, 0x0c0d0e0f08090a0b, 0x0405060700010203);
    let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    let odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    let mut state = Sha256::start();
    for block in 0..blocks {
        let mut mask = 0;
        let mut halves = [[_mm512_setzero_si512(); LANES]; 2];
        for (lane, message) in messages.iter().enumerate() {
            let Some(block) = message.as_chunks::<64>().0.get(block) else { continue };
            mask |= 1 << lane;
            halves[lane / LANES][lane % LANES] = _mm512_shuffle_epi8(load_bytes(block), order);
        }
        // Two words of each message stand in one number.
        let (low, high) = (transposed(halves[0]), transposed(halves[1]));
        let mut words = [_mm512_setzero_si512(); 16];
        for (words, (low, high)) in words.as_chunks_mut().0.iter_mut().zip(low.into_iter().zip(high)) {
            *words = [_mm512_permutex2var_epi32(low, even, high), _mm512_permutex2var_epi32(low, odd, high)];
        }
        state.take(mask, words);
    }
    state.0.map(|word| store(word))
}

/// \[s\]B - \[k\]A of all jobs, eight in each point.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn sums(base: &OfBase, jobs: &[Job<'_, OfSigner>], scratch: &mut Scratch) {
    scratch.points.clear();
    for (jobs, challenges) in jobs.chunks(LANES).zip(scratch.challenges.chunks(LANES)) {
        // Lanes without a job repeat the first one.
        let lanes: [usize; LANES] = std::array::from_fn(|lane| if lane < jobs.len() { lane } else { 0 });
        let mut point = Point::identity();
        let digits = lanes.map(|lane| OfBase::digits(&jobs[lane].s));
        for window in 0..digits[0].len() {
            let digits = digits.each_ref().map(|digits| digits[window]);
            add(&mut point, digits, digits.map(|digit| base.slot(window, digit)));
        }
        let digits = lanes.map(|lane| OfSigner::digits(&challenges[lane]));
        for window in 0..digits[0].len() {
            let digits = digits.each_ref().map(|digits| digits[window]);
            let mut slots = digits.map(|digit| jobs[0].table.slot(window, digit));
            for ((slot, lane), digit) in slots.iter_mut().zip(lanes).zip(digits) {
                *slot = jobs[lane].table.slot(window, digit);
            }
            add(&mut point, digits, slots);
        }
        scratch.points.push(point);
    }
}

/// \[s\]B - \[k\]A of one job, in every lane: each lane sums its share of the windows.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn alone(base: &OfBase, signer: &OfSigner, s: &Scalar, challenge: &Scalar) -> Point {
    let mut point = Point::identity();
    base.add_shares(&mut point, &OfBase::digits(s));
    signer.add_shares(&mut point, &OfSigner::digits(challenge));
    point = point.plus(&point.turned::<4>());
    point = point.plus(&point.turned::<2>());
    point.plus(&point.turned::<1>())
}

impl<const BITS: usize, const WINDOWS: usize> Table<BITS, WINDOWS> {
    /// Adds eight windows at a time, one in each lane.
    #[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
    fn add_shares(&self, point: &mut Point, digits: &[i16; WINDOWS]) {
        for (eighth, shares) in digits.chunks(LANES).enumerate() {
            // Lanes without a window add the point at infinity.
            let digits = std::array::from_fn(|lane| shares.get(lane).copied().unwrap_or_default());
            let window = |lane: usize| (eighth * LANES + lane).min(WINDOWS - 1);
            add(point, digits, std::array::from_fn(|lane| self.slot(window(lane), digits[lane])));
        }
    }
}

/// Adds an entry in each lane, or subtracts it where the digit is negative.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
#[inline]
fn add(point: &mut Point, digits: [i16; LANES], slots: [&[[u64; LANES]; 2]; LANES]) {
    let mut negative = 0;
    let mut halves = [[_mm512_setzero_si512(); LANES]; 2];
    for (lane, (slot, digit)) in slots.into_iter().zip(digits).enumerate() {
        let is_negative = usize::from(digit < 0);
        negative |= (is_negative as u8) << lane;
        halves[0][lane] = load(&slot[is_negative]);
        halves[1][lane] = load(&slot[1 - is_negative]);
    }
    let ([p0, p1, p2, p3, p4, a0, a1, a2], [m0, m1, m2, m3, m4, b0, b1, b2]) =
        (transposed(halves[0]), transposed(halves[1]));
    let choose = |a, b| _mm512_mask_blend_epi64(negative, a, b);
    let dxy = [choose(a0, b0), choose(a1, b1), choose(a2, b2), choose(b0, a0), choose(b1, a1)];
    let entry = Entry { plus: Fe([p0, p1, p2, p3, p4]), minus: Fe([m0, m1, m2, m3, m4]), dxy: Fe(dxy) };
    point.add(&entry, negative);
}

/// The sums of so many jobs, compressed.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn compressed(jobs: usize, scratch: &mut Scratch) -> Vec<Option<[u8; 32]>> {
    match scratch.points.as_slice() {
        [point] if jobs == 1 => {
            scratch.products.clear();
            scratch.products.push(inverse_in_first_lane(point));
        }
        points => invert(points, &mut scratch.products),
    }
    let mut sums = Vec::with_capacity(jobs.next_multiple_of(LANES));
    for (point, inverse) in scratch.points.iter().zip(&scratch.products) {
        let (x, y) = point.affine(inverse);
        let odd = _mm512_test_epi64_mask(x.reduced().0[0], _mm512_set1_epi64(1));
        let limbs = y.reduced().0.map(|limb| store(limb));
        sums.extend((0..LANES).map(|lane| Some(bytes_of(limbs.map(|limb| limb[lane]), odd >> lane & 1))));
    }
    sums.truncate(jobs);
    sums
}

/// The inverse of the denominator in the first lane. An inversion is one long chain of squares, and a square takes longer
/// in a register than in words.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn inverse_in_first_lane(point: &Point) -> Fe {
    let denominator = point.denominator().reduced().0.map(|limb| store(limb)[0]);
    let inverse = Number::of_bytes(&bytes_of(denominator, 0)).inverted();
    Fe::constant(limbs_of(&inverse.to_bytes()))
}

/// The inverses of the denominators of points, with one inversion (Montgomery's trick).
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn invert(points: &[Point], inverses: &mut Vec<Fe>) {
    inverses.clear();
    let Some((first, others)) = points.split_first() else { return };
    let mut product = first.denominator();
    inverses.push(product);
    for point in others {
        product = product.mul(&point.denominator());
        inverses.push(product);
    }
    let mut inverse = product.inverted();
    for at in (1..points.len()).rev() {
        inverses[at] = inverse.mul(&inverses[at - 1]);
        inverse = inverse.mul(&points[at].denominator());
    }
    inverses[0] = inverse;
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load(words: &[u64; LANES]) -> __m512i {
    // SAFETY: 64 bytes are read, all of them the array's; this load asks for no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_bytes(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes are read, all of them the array's; this load asks for no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(register: __m512i) -> [u64; LANES] {
    let mut words = [0; LANES];
    // SAFETY: 64 bytes are written, all of them the array's; this store asks for no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), register) }
    words
}

#[cfg(test)]
mod tests;
