//! Field: numbers modulo p = 2^255 - 19, eight at once, one in each lane of AVX-512 registers.
//!
//! Promises results that are right modulo p within the bounds that each type states, whatever the lanes hold; only
//! [`Fe::reduced`] gives the one smallest number. Works on registers alone and in a time that does not depend on them.

use std::arch::x86_64::*;

/// Bits of a limb.
const LIMB: u32 = 52;
/// Bits of the highest limb: 255 - 4 * 52.
const TOP: u32 = 47;
const LOW_52: i64 = (1 << LIMB) - 1;
const LOW_47: i64 = (1 << TOP) - 1;
/// 2^260 modulo p: what a limb is worth five places further up.
const FOLD: i64 = 19 << 5;
/// 2^9 p in limbs as high as any of a product, so that a product can be taken from it limb by limb.
const MULTIPLE_OF_P: [u64; 5] =
    [0x10fffffffffda00, 0x10fffffffffffef, 0x10fffffffffffef, 0x10fffffffffffef, 0xffffffffffffef];

/// Eight numbers below 2^255 + 2^217: limbs to the base 2^52, the highest below 2^47 + 2^9.
#[derive(Clone, Copy)]
pub struct Fe(pub [__m512i; 5]);

/// Eight sums of at most two products, limbs below 2^59: what waits to be carried.
#[derive(Clone, Copy)]
pub struct Wide([__m512i; 5]);

#[target_feature(enable = "avx512f")]
#[inline]
fn splat(number: i64) -> __m512i {
    _mm512_set1_epi64(number)
}

impl Fe {
    /// The same number in every lane.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub fn constant(limbs: [u64; 5]) -> Fe {
        Fe([
            splat(limbs[0] as i64),
            splat(limbs[1] as i64),
            splat(limbs[2] as i64),
            splat(limbs[3] as i64),
            splat(limbs[4] as i64),
        ])
    }

    /// a b, below 2^56 in each limb.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub fn times(&self, other: &Fe) -> Wide {
        self.times_onto(other, [_mm512_setzero_si512(); 5])
    }

    /// a b + 2^9 p, from which a sum of products can be taken; below 2^58 in each limb.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub fn times_raised(&self, other: &Fe) -> Wide {
        self.times_onto(other, Fe::constant(MULTIPLE_OF_P).0)
    }

    /// a b.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub fn mul(&self, other: &Fe) -> Fe {
        self.times(other).carried()
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn times_onto(&self, other: &Fe, low: [__m512i; 5]) -> Wide {
        let (a, b) = (&self.0, &other.0);
        let mut high = [_mm512_setzero_si512(); 5];
        let mut low = low;
        // Column i + j takes the low half of each product, the next column the high half: at most nine halves each.
        for i in 0..5 {
            for j in 0..5 {
                let low_half = if i + j < 5 { &mut low[i + j] } else { &mut high[i + j - 5] };
                *low_half = _mm512_madd52lo_epu64(*low_half, a[i], b[j]);
                let high_half = if i + j + 1 < 5 { &mut low[i + j + 1] } else { &mut high[i + j - 4] };
                *high_half = _mm512_madd52hi_epu64(*high_half, a[i], b[j]);
            }
        }
        // Columns 5 to 9 fold onto 0 to 4. Of each, the multiplier takes the low 52 bits; what is above goes one further.
        // Column 9 is the high half of one product of highest limbs, below 2^43: times 608 it has no high half.
        let fold = splat(FOLD);
        for k in 0..5 {
            low[k] = _mm512_madd52lo_epu64(low[k], high[k], fold);
            if k < 4 {
                low[k + 1] = _mm512_madd52hi_epu64(low[k + 1], high[k], fold);
                let above = _mm512_srli_epi64::<LIMB>(high[k]);
                low[k + 1] = _mm512_madd52lo_epu64(low[k + 1], above, fold);
            }
        }
        Wide(low)
    }

    /// a times itself so many times doubled in the exponent: a^(2^n).
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn squared(&self, n: u32) -> Fe {
        let mut power = *self;
        for _ in 0..n {
            power = power.mul(&power);
        }
        power
    }

    /// a^(2^250 - 1), and a^11 on the way.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn to_2_250_minus_1(self) -> (Fe, Fe) {
        let two = self.squared(1);
        let nine = two.squared(2).mul(&self);
        let eleven = nine.mul(&two);
        let n5 = eleven.squared(1).mul(&nine);
        let n10 = n5.squared(5).mul(&n5);
        let n20 = n10.squared(10).mul(&n10);
        let n40 = n20.squared(20).mul(&n20);
        let n50 = n40.squared(10).mul(&n10);
        let n100 = n50.squared(50).mul(&n50);
        let n200 = n100.squared(100).mul(&n100);
        (n200.squared(50).mul(&n50), eleven)
    }

    /// 1 / a = a^(p - 2) = a^(2^255 - 21); 0 of 0.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn inverted(&self) -> Fe {
        let (n250, eleven) = self.to_2_250_minus_1();
        n250.squared(5).mul(&eleven)
    }

    /// a^((p - 5) / 8) = a^(2^252 - 3), of which square roots are made (RFC 8032 section 5.1.3).
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn to_p58(self) -> Fe {
        let (n250, _) = self.to_2_250_minus_1();
        n250.squared(2).mul(&self)
    }

    /// a + b.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn plus(&self, other: &Fe) -> Fe {
        Wide(self.0).plus(&Wide(other.0)).carried()
    }

    /// a - b.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn minus(&self, other: &Fe) -> Fe {
        Wide(self.0).plus(&Wide(Fe::constant(MULTIPLE_OF_P).0)).minus(&Wide(other.0)).carried()
    }

    /// In the lanes of the mask b, in the others a.
    #[target_feature(enable = "avx512f")]
    pub fn or(&self, mask: __mmask8, other: &Fe) -> Fe {
        let mut chosen = self.0;
        for (chosen, other) in chosen.iter_mut().zip(other.0) {
            *chosen = _mm512_mask_blend_epi64(mask, *chosen, other);
        }
        Fe(chosen)
    }

    /// a + a.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn doubled(&self) -> Fe {
        self.plus(self)
    }

    /// In each lane the number of the lane so many further, in a circle.
    #[target_feature(enable = "avx512f")]
    pub fn turned<const LANES: i32>(&self) -> Fe {
        Fe(self.0.map(|limb| _mm512_alignr_epi64::<LANES>(limb, limb)))
    }

    /// The smallest number, below p: highest limb below 2^47, all others below 2^52.
    #[target_feature(enable = "avx512f")]
    pub fn reduced(&self) -> Fe {
        // A number below 2 p is p or more exactly if adding 19 reaches 2^255.
        let mut sum = _mm512_add_epi64(self.0[0], splat(19));
        for limb in &self.0[1..] {
            sum = _mm512_add_epi64(*limb, _mm512_srli_epi64::<LIMB>(sum));
        }
        let times = _mm512_srli_epi64::<TOP>(sum);
        let nineteen = _mm512_and_si512(_mm512_sub_epi64(_mm512_setzero_si512(), times), splat(19));
        let mut limbs = self.0;
        limbs[0] = _mm512_add_epi64(limbs[0], nineteen);
        for k in 0..4 {
            limbs[k + 1] = _mm512_add_epi64(limbs[k + 1], _mm512_srli_epi64::<LIMB>(limbs[k]));
            limbs[k] = _mm512_and_si512(limbs[k], splat(LOW_52));
        }
        limbs[4] = _mm512_and_si512(limbs[4], splat(LOW_47));
        Fe(limbs)
    }

    /// The lanes that are 0 modulo p.
    #[target_feature(enable = "avx512f")]
    pub fn is_zero(&self) -> __mmask8 {
        let limbs = self.reduced().0;
        let any = limbs[1..].iter().fold(limbs[0], |any, limb| _mm512_or_si512(any, *limb));
        _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512())
    }
}

impl Wide {
    /// The same number in every lane, raised by 2^9 p.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn raised(limbs: [u64; 5]) -> Wide {
        Wide(Fe::constant(limbs).0).plus(&Wide(Fe::constant(MULTIPLE_OF_P).0))
    }

    /// a + b.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub fn plus(&self, other: &Wide) -> Wide {
        let mut sum = self.0;
        for (sum, other) in sum.iter_mut().zip(other.0) {
            *sum = _mm512_add_epi64(*sum, other);
        }
        Wide(sum)
    }

    /// a - b, where a was raised and b was not.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub fn minus(&self, other: &Wide) -> Wide {
        let mut difference = self.0;
        for (difference, other) in difference.iter_mut().zip(other.0) {
            *difference = _mm512_sub_epi64(*difference, other);
        }
        Wide(difference)
    }

    /// In the lanes of the mask a - b, in the others a + b; a was raised and b was not.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub fn plus_or_minus(&self, mask: __mmask8, other: &Wide) -> Wide {
        let mut sum = self.plus(other).0;
        for ((sum, a), b) in sum.iter_mut().zip(self.0).zip(other.0) {
            *sum = _mm512_mask_sub_epi64(*sum, mask, a, b);
        }
        Wide(sum)
    }

    /// In the lanes of the mask b, in the others a.
    #[target_feature(enable = "avx512f")]
    pub fn or(&self, mask: __mmask8, other: &Wide) -> Wide {
        Wide(Fe(self.0).or(mask, &Fe(other.0)).0)
    }

    /// In each lane the number of the lane so many further, in a circle.
    #[target_feature(enable = "avx512f")]
    pub fn turned<const LANES: i32>(&self) -> Wide {
        Wide(Fe(self.0).turned::<LANES>().0)
    }

    /// The same number in limbs that can be multiplied.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub fn carried(&self) -> Fe {
        let mut limbs = self.0;
        // What is above 2^255 first, so that one way up leaves every limb but the highest below 2^52.
        let above = _mm512_srli_epi64::<TOP>(limbs[4]);
        limbs[4] = _mm512_and_si512(limbs[4], splat(LOW_47));
        limbs[0] = _mm512_madd52lo_epu64(limbs[0], above, splat(19));
        for k in 0..4 {
            limbs[k + 1] = _mm512_add_epi64(limbs[k + 1], _mm512_srli_epi64::<LIMB>(limbs[k]));
            limbs[k] = _mm512_and_si512(limbs[k], splat(LOW_52));
        }
        Fe(limbs)
    }
}

/// Rows as columns.
#[target_feature(enable = "avx512f")]
#[inline]
pub fn transposed(rows: [__m512i; 8]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    // Pairs of rows, then pairs of those, then both halves.
    let pair = |a, b| (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let ((ab0, ab1), (cd0, cd1), (ef0, ef1), (gh0, gh1)) = (pair(a, b), pair(c, d), pair(e, f), pair(g, h));
    let four = |a, c| (_mm512_shuffle_i64x2::<0x88>(a, c), _mm512_shuffle_i64x2::<0xdd>(a, c));
    let ((abcd04, abcd26), (abcd15, abcd37)) = (four(ab0, cd0), four(ab1, cd1));
    let ((efgh04, efgh26), (efgh15, efgh37)) = (four(ef0, gh0), four(ef1, gh1));
    let ((c0, c4), (c2, c6)) = (four(abcd04, efgh04), four(abcd26, efgh26));
    let ((c1, c5), (c3, c7)) = (four(abcd15, efgh15), four(abcd37, efgh37));
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// The limbs of 255 bits, to the base 2^52.
pub fn limbs_of(bytes: &[u8; 32]) -> [u64; 5] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    let low = (1 << 52) - 1;
    let [w0, w1, w2, w3] = words;
    [w0 & low, (w0 >> 52 | w1 << 12) & low, (w1 >> 40 | w2 << 24) & low, (w2 >> 28 | w3 << 36) & low, (w3 << 1) >> 17]
}

/// The 32 bytes of a reduced y and of whether x is odd (RFC 8032 section 5.1.2).
pub fn bytes_of(limbs: [u64; 5], odd: u8) -> [u8; 32] {
    let [l0, l1, l2, l3, l4] = limbs;
    let words = [l0 | l1 << 52, l1 >> 12 | l2 << 40, l2 >> 24 | l3 << 28, l3 >> 36 | l4 << 16 | u64::from(odd) << 63];
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    bytes
}
