//! Exact fractions for targets and intervals: no rounding between a protocol's `0.30` and a cell of its table.
//!
//! Parts of a decimal protocol number stay below 10^18, so that sums and comparisons fit; others saturate.

use super::super::table::Share;
use crate::quantity::Decimal;
use std::{
    cmp::Ordering,
    ops::{Add, Sub},
};

/// A fraction in lowest terms, its denominator positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// The fraction; a denominator of 0 counts as 1.
    pub fn new(numerator: i128, denominator: i128) -> Fraction {
        let divisor = divisor(numerator.abs(), denominator.abs()).max(1) * denominator.signum();
        match divisor {
            0 => Fraction { numerator, denominator: 1 },
            _ => Fraction { numerator: numerator / divisor, denominator: denominator / divisor },
        }
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The same as protocol data.
    pub fn share(self) -> Share {
        let whole = |number: i128| u32::try_from(number).unwrap_or(u32::MAX);
        Share { numerator: whole(self.numerator), denominator: whole(self.denominator) }
    }
}

/// Euclid's greatest common divisor.
fn divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { divisor(b, a % b) }
}

impl From<Decimal> for Fraction {
    fn from(decimal: Decimal) -> Fraction {
        Fraction::new(decimal.nanos(), 1_000_000_000)
    }
}

impl Add for Fraction {
    type Output = Fraction;
    fn add(self, other: Fraction) -> Fraction {
        let crossed = |a: Fraction, b: Fraction| a.numerator.saturating_mul(b.denominator);
        let numerator = crossed(self, other).saturating_add(crossed(other, self));
        Fraction::new(numerator, self.denominator.saturating_mul(other.denominator))
    }
}

impl Sub for Fraction {
    type Output = Fraction;
    fn sub(self, other: Fraction) -> Fraction {
        self + Fraction { numerator: -other.numerator, ..other }
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Fraction) -> Ordering {
        let crossed = |a: &Fraction, b: &Fraction| a.numerator.saturating_mul(b.denominator);
        crossed(self, other).cmp(&crossed(other, self))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_in_lowest_terms() {
        let of = |text: &str| Fraction::from(text.parse::<Decimal>().unwrap());
        assert_eq!(of("0.30"), Fraction::new(3, 10));
        assert_eq!(of("0.30") - of("0.05"), Fraction::new(1, 4));
        assert_eq!(of("0.10") + of("0.20"), of("0.3"), "not so in floating point");
        assert_eq!(Fraction::new(2, -4), Fraction::new(-1, 2));
        assert!(Fraction::new(1, 3) < of("0.333333334") && Fraction::new(1, 3) > of("0.333333333"));
        assert_eq!(of("0.25").share(), Share { numerator: 1, denominator: 4 });
    }
}
