//! Number: numbers modulo p = 2^255 - 19, one at a time, on every processor of 64 bits.
//!
//! Promises results that are right modulo p, of any four words: there are no bounds to keep. Only [`Number::to_words`]
//! gives the one smallest number. Takes time that does not depend on the numbers, except to find out
//! whether two are equal.

/// A number in four words, least first, which need not be the smallest: 2^256 is 38.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub [u64; 4]);

/// What 2^256 is modulo p.
const FOLD: u64 = 38;
/// The bits of the highest word that are below 2^255.
const LOW: u64 = u64::MAX >> 1;

/// a b + c + d, which two words hold whatever these are, the lower one first.
#[inline(always)]
fn fused(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let sum = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d);
    (sum as u64, (sum >> 64) as u64)
}

/// The sum of two numbers, and whether it carries out of the four words.
#[inline(always)]
fn sum([a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> ([u64; 4], bool) {
    // Written so that compilers see one addition with carry in it.
    let add = |a: u64, b: u64, carry: bool| {
        let (sum, one) = a.overflowing_add(b);
        let (sum, other) = sum.overflowing_add(u64::from(carry));
        (sum, one | other)
    };
    let (s0, carry) = add(a0, b0, false);
    let (s1, carry) = add(a1, b1, carry);
    let (s2, carry) = add(a2, b2, carry);
    let (s3, carry) = add(a3, b3, carry);
    ([s0, s1, s2, s3], carry)
}

/// The difference of two numbers, and whether it borrows from above the four words.
#[inline(always)]
pub(super) fn difference([a0, a1, a2, a3]: [u64; 4], [b0, b1, b2, b3]: [u64; 4]) -> ([u64; 4], bool) {
    let subtract = |a: u64, b: u64, borrow: bool| {
        let (difference, one) = a.overflowing_sub(b);
        let (difference, other) = difference.overflowing_sub(u64::from(borrow));
        (difference, one | other)
    };
    let (d0, borrow) = subtract(a0, b0, false);
    let (d1, borrow) = subtract(a1, b1, borrow);
    let (d2, borrow) = subtract(a2, b2, borrow);
    let (d3, borrow) = subtract(a3, b3, borrow);
    ([d0, d1, d2, d3], borrow)
}

/// What is to be added for what was carried out of the four words, or subtracted for what was borrowed.
#[inline(always)]
fn fold(beyond: bool) -> u64 {
    u64::from(beyond).wrapping_neg() & FOLD
}

/// The number of eight words.
#[inline(always)]
fn folded([r0, r1, r2, r3, r4, r5, r6, r7]: [u64; 8]) -> Number {
    let (s0, carry) = fused(FOLD, r4, r0, 0);
    let (s1, carry) = fused(FOLD, r5, r1, carry);
    let (s2, carry) = fused(FOLD, r6, r2, carry);
    let (s3, carry) = fused(FOLD, r7, r3, carry);
    // At most 38 was carried. What overflows then is below 38^2, so the second time nothing does.
    let ([s0, s1, s2, s3], carry) = sum([s0, s1, s2, s3], [carry * FOLD, 0, 0, 0]);
    Number([s0.wrapping_add(fold(carry)), s1, s2, s3])
}

impl Number {
    pub const ZERO: Number = Number([0; 4]);
    pub const ONE: Number = Number([1, 0, 0, 0]);

    /// The number of the lowest 255 bits of these bytes, least first.
    pub fn of_bytes(bytes: &[u8; 32]) -> Number {
        let [w0, w1, w2, w3] = std::array::from_fn(|at| u64::from_le_bytes(bytes.as_chunks().0[at]));
        Number([w0, w1, w2, w3 & LOW])
    }

    /// The words of the smallest number, below p.
    pub fn to_words(self) -> [u64; 4] {
        let [w0, w1, w2, w3] = self.0;
        // 2^255 is 19; then the number is below 2^255 + 19, and p or more exactly if adding 19 reaches 2^255.
        let (words, _) = sum([w0, w1, w2, w3 & LOW], [(w3 >> 63) * 19, 0, 0, 0]);
        let ([s0, s1, s2, s3], _) = sum(words, [19, 0, 0, 0]);
        if s3 >> 63 == 1 { [s0, s1, s2, s3 & LOW] } else { words }
    }

    /// The bytes of the smallest number, least first.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(self.to_words()) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }

    /// Whether the smallest number is odd.
    pub fn is_odd(self) -> bool {
        self.to_words()[0] & 1 == 1
    }

    /// a + b.
    #[inline(always)]
    pub fn plus(self, other: Number) -> Number {
        let (words, carry) = sum(self.0, other.0);
        // What overflows the second time is below 38, so the third time nothing does.
        let ([s0, s1, s2, s3], carry) = sum(words, [fold(carry), 0, 0, 0]);
        Number([s0.wrapping_add(fold(carry)), s1, s2, s3])
    }

    /// a - b.
    #[inline(always)]
    pub fn minus(self, other: Number) -> Number {
        let (words, borrow) = difference(self.0, other.0);
        // What is borrowed the second time leaves at least 2^256 - 38, so the third time nothing is.
        let ([d0, d1, d2, d3], borrow) = difference(words, [fold(borrow), 0, 0, 0]);
        Number([d0.wrapping_sub(fold(borrow)), d1, d2, d3])
    }

    /// -a or a, chosen by arithmetic, as no processor could foresee the branch.
    #[inline(always)]
    pub fn negative_if(self, negative: bool) -> Number {
        // 2^256 - 1 - a is what has all bits flipped, and 37 - a.
        let all = u64::from(negative).wrapping_neg();
        Number(self.0.map(|word| word ^ all)).minus(Number([all & (FOLD - 1), 0, 0, 0]))
    }

    /// a b.
    #[inline(always)]
    pub fn times(self, other: Number) -> Number {
        let mut product = [0; 8];
        for (i, a) in self.0.into_iter().enumerate() {
            let mut carry = 0;
            for (j, b) in other.0.into_iter().enumerate() {
                (product[i + j], carry) = fused(a, b, product[i + j], carry);
            }
            product[i + 4] = carry;
        }
        folded(product)
    }

    /// a a.
    #[inline(always)]
    pub fn squared(self) -> Number {
        let [a0, a1, a2, a3] = self.0;
        // The products of two different words, then those doubled, then the squares between them.
        let (r1, carry) = fused(a0, a1, 0, 0);
        let (r2, carry) = fused(a0, a2, carry, 0);
        let (r3, r4) = fused(a0, a3, carry, 0);
        let (r3, carry) = fused(a1, a2, r3, 0);
        let (r4, r5) = fused(a1, a3, r4, carry);
        let (r5, r6) = fused(a2, a3, r5, 0);
        let twice = |low: u64, high: u64| high << 1 | low >> 63;
        let [r1, r2, r3, r4, r5, r6, r7] =
            [twice(0, r1), twice(r1, r2), twice(r2, r3), twice(r3, r4), twice(r4, r5), twice(r5, r6), twice(r6, 0)];
        let (r0, carry) = fused(a0, a0, 0, 0);
        let (r1, carry) = fused(1, r1, carry, 0);
        let (r2, carry) = fused(a1, a1, r2, carry);
        let (r3, carry) = fused(1, r3, carry, 0);
        let (r4, carry) = fused(a2, a2, r4, carry);
        let (r5, carry) = fused(1, r5, carry, 0);
        let (r6, carry) = fused(a3, a3, r6, carry);
        folded([r0, r1, r2, r3, r4, r5, r6, r7.wrapping_add(carry)])
    }

    /// a^(2^n).
    fn squared_times(self, n: u32) -> Number {
        (0..n).fold(self, |power, _| power.squared())
    }

    /// a^(2^250 - 1), and a^11 on the way.
    fn to_2_250_minus_1(self) -> (Number, Number) {
        let two = self.squared();
        let nine = two.squared_times(2).times(self);
        let eleven = nine.times(two);
        let n5 = eleven.squared().times(nine);
        let n10 = n5.squared_times(5).times(n5);
        let n20 = n10.squared_times(10).times(n10);
        let n40 = n20.squared_times(20).times(n20);
        let n50 = n40.squared_times(10).times(n10);
        let n100 = n50.squared_times(50).times(n50);
        let n200 = n100.squared_times(100).times(n100);
        (n200.squared_times(50).times(n50), eleven)
    }

    /// 1 / a = a^(p - 2) = a^(2^255 - 21); 0 of 0.
    pub fn inverted(self) -> Number {
        let (n250, eleven) = self.to_2_250_minus_1();
        n250.squared_times(5).times(eleven)
    }

    /// a^((p - 5) / 8) = a^(2^252 - 3), of which square roots are made (RFC 8032 section 5.1.3).
    pub fn to_p58(self) -> Number {
        let (n250, _) = self.to_2_250_minus_1();
        n250.squared_times(2).times(self)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.to_words() == other.to_words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn p() -> BigUint {
        (BigUint::from(1_u8) << 255) - 19_u8
    }

    fn value(words: [u64; 4]) -> BigUint {
        words.iter().rev().fold(BigUint::ZERO, |value, word| (value << 64) + *word)
    }

    fn words(value: &BigUint) -> [u64; 4] {
        let digits = value.to_u64_digits();
        std::array::from_fn(|at| digits.get(at).copied().unwrap_or_default())
    }

    /// Everything that numbers can do, beside whole numbers of any size.
    fn agree_with_whole_numbers(a: [u64; 4], b: [u64; 4]) {
        let p = p();
        let (x, y) = (value(a) % &p, value(b) % &p);
        let (a, b) = (Number(a), Number(b));
        let smallest = |number: Number| value(number.to_words());
        assert_eq!(smallest(a), x);
        assert_eq!(smallest(Number::of_bytes(&a.to_bytes())), x);
        assert_eq!(a.is_odd(), x.bit(0));
        assert_eq!(a == b, x == y);
        assert_eq!(smallest(a.plus(b)), (&x + &y) % &p);
        assert_eq!(smallest(a.minus(b)), (&x + &p - &y) % &p);
        assert_eq!(smallest(a.negative_if(true)), (&p - &x) % &p);
        assert_eq!(a.negative_if(false).0, a.0);
        assert_eq!(smallest(a.times(b)), &x * &y % &p);
        assert_eq!(smallest(a.squared()), &x * &x % &p);
        assert_eq!(smallest(a.inverted()), x.modpow(&(&p - 2_u8), &p));
        assert_eq!(smallest(a.to_p58()), x.modpow(&((&p - 5_u8) / 8_u8), &p));
    }

    /// Numbers where something is carried, borrowed or folded for the last time.
    fn borders() -> Vec<[u64; 4]> {
        let (one, p) = (BigUint::from(1_u8), p());
        let all = (&one << 256) - &one;
        let small = (0..40_u8).flat_map(|n| [&p - n, &p + n, &p + &p - n, &all - n, BigUint::from(n)]);
        let powers = (0..256).step_by(32).map(|bit| &one << bit).flat_map(|power| [&power - 1_u8, power]);
        let words = small.chain(powers).map(|value| words(&value));
        words.chain([[u64::MAX, 0, u64::MAX, 0], [0, u64::MAX, 0, u64::MAX]]).collect()
    }

    #[test]
    fn numbers_at_the_borders_are_computed_as_whole_numbers_are() {
        let borders = borders();
        for (at, a) in borders.iter().enumerate() {
            // Each with some of the others; with all of them this takes a while.
            borders.iter().skip(at % 41).step_by(41).for_each(|b| agree_with_whole_numbers(*a, *b));
        }
    }

    fn numbers() -> impl Strategy<Value = [u64; 4]> {
        let word = prop_oneof![1 => Just(0), 1 => Just(u64::MAX), 5 => any::<u64>()];
        [word.clone(), word.clone(), word.clone(), word]
    }

    proptest! {
        #[test]
        fn numbers_are_computed_as_whole_numbers_are(a in numbers(), b in numbers()) {
            agree_with_whole_numbers(a, b);
        }
    }
}
