//! Digits: a scalar as signed digits, one for each window of a table.
//!
//! Promises that the digits times their places sum up to the scalar modulo the order of the base point, so they serve
//! for points of that order only. Takes time that depends on the scalar: fit for public values, not for secrets.

use super::number::difference;
use curve25519_dalek::scalar::Scalar;

/// The order of the base point, in words, least first.
const ORDER: [u64; 4] = [0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 1 << 60];

/// The digits of a scalar to the base 2^`BITS`, least first, each from -2^(`BITS` - 1) + 1 to 2^(`BITS` - 1).
///
/// A scalar of 2^251 or more is taken as the negative of what it lacks to the order; thus 252 bits are enough.
pub fn digits<const BITS: usize, const WINDOWS: usize>(scalar: &Scalar) -> [i16; WINDOWS] {
    const { assert!(BITS <= 12 && BITS * WINDOWS >= 252, "the windows hold every scalar") };
    let negative = scalar.as_bytes()[31] >= 0b1000;
    let mut whole = [0; 4];
    for (word, bytes) in whole.iter_mut().zip(scalar.as_bytes().as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    if negative {
        whole = difference(ORDER, whole).0;
    }
    let [w0, w1, w2, w3] = whole;
    let words = [w0, w1, w2, w3, 0, 0];
    let mut carry = 0;
    std::array::from_fn(|window| {
        let (word, bit) = (window * BITS / 64, window * BITS % 64);
        // Two shifts: one by 64 is none.
        let bits = (words[word] >> bit) | (words[word + 1] << 1 << (63 - bit));
        let digit = (bits & ((1 << BITS) - 1)) as i16 + carry;
        carry = i16::from(digit > 1 << (BITS - 1));
        let digit = digit - (carry << BITS);
        if negative { -digit } else { digit }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The scalar that the digits of a scalar stand for.
    fn back<const BITS: usize, const WINDOWS: usize>(scalar: &Scalar) -> Scalar {
        let base = Scalar::from(1_u64 << BITS);
        digits::<BITS, WINDOWS>(scalar).iter().rev().fold(Scalar::ZERO, |value, digit| {
            assert!(digit.unsigned_abs() <= 1 << (BITS - 1), "{digit}");
            let part = Scalar::from(u64::from(digit.unsigned_abs()));
            value * base + if *digit < 0 { -part } else { part }
        })
    }

    fn all_stand_for(scalar: Scalar) {
        assert_eq!(back::<4, 63>(&scalar), scalar);
        assert_eq!(back::<5, 51>(&scalar), scalar);
        assert_eq!(back::<6, 42>(&scalar), scalar);
        assert_eq!(back::<7, 36>(&scalar), scalar);
        assert_eq!(back::<8, 32>(&scalar), scalar);
        assert_eq!(back::<10, 26>(&scalar), scalar);
    }

    #[test]
    fn digits_at_the_borders_stand_for_their_scalar() {
        let half = Scalar::from_bytes_mod_order({
            let mut bytes = [0; 32];
            bytes[31] = 0b1000;
            bytes
        });
        let small = [0_u64, 1, 2, 31, 32, 33, 127, 128, 129, u64::MAX].map(Scalar::from);
        for scalar in [Scalar::ZERO, half, half + half].iter().flat_map(|big| small.map(|s| [big + s, big - s])) {
            scalar.into_iter().for_each(all_stand_for);
        }
    }

    proptest! {
        #[test]
        fn digits_stand_for_their_scalar(bytes: [u8; 32]) {
            all_stand_for(Scalar::from_bytes_mod_order(bytes));
        }
    }
}
