//! Rounded: a number printed with so many decimals.
//!
//! Promises the digits that the library prints for `{:.n}` and `{:+.n}`. It finds them by whole-number arithmetic, and lets
//! the library find those that it cannot be sure of: the library is slowest where a number has few digits, as doses and
//! percentages have.

use std::fmt;

/// From here on the product with a power of ten is too far from what it should be.
const MOST: f64 = 1e14;
/// As far as this from a whole number of the last decimal a number may be rounded to either side.
const UNSURE: f64 = 0.49;

/// A number with so many decimals.
#[derive(Debug, Clone, Copy)]
pub struct Rounded {
    value: f64,
    decimals: usize,
}

/// A number to be printed with so many decimals.
pub fn rounded(value: f64, decimals: usize) -> Rounded {
    Rounded { value, decimals }
}

impl Rounded {
    /// How many of the last decimal, and how many of them make one; none where that is not sure.
    fn units(self) -> Option<(i64, i64)> {
        let one = 10_i64.checked_pow(u32::try_from(self.decimals).ok()?)?;
        let exact = self.value.abs() * one as f64;
        let units = exact.round();
        if !(units < MOST && (exact - units).abs() < UNSURE) || units == 0.0 && self.value.is_sign_negative() {
            return None;
        }
        Some((if self.value < 0.0 { -(units as i64) } else { units as i64 }, one))
    }
}

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rounded { value, decimals } = *self;
        let Some((units, one)) = self.units() else {
            return if f.sign_plus() { write!(f, "{value:+.decimals$}") } else { write!(f, "{value:.decimals$}") };
        };
        let sign = match units {
            ..0 => "-",
            0.. if f.sign_plus() => "+",
            0.. => "",
        };
        let (whole, rest) = (units.abs() / one, units.abs() % one);
        match decimals {
            0 => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{rest:0decimals$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn as_the_library(value: f64, decimals: usize) {
        assert_eq!(rounded(value, decimals).to_string(), format!("{value:.decimals$}"));
        assert_eq!(format!("{:+}", rounded(value, decimals)), format!("{value:+.decimals$}"));
    }

    #[test]
    fn nothing_is_rounded_to_zero_without_its_sign_and_what_is_no_number_is_named() {
        for value in [0.0, -0.0, -0.04, 0.04, 0.05, -0.05, 0.125, 1e15, 1e300, 5e-324, f64::INFINITY, f64::NAN] {
            (0..20).for_each(|decimals| as_the_library(value, decimals));
            (0..20).for_each(|decimals| as_the_library(-value, decimals));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_number_has_the_digits_that_the_library_gives_it(
            value in prop_oneof![any::<f64>(), -1e4..1e4, -1e16..1e16],
            whole in -300_000_i64..300_000,
            parts in 1_i64..4000,
            decimals in 0_usize..7,
        ) {
            as_the_library(value, decimals);
            // Whole numbers, halves of the last decimal, and shares.
            as_the_library(whole as f64, decimals);
            as_the_library(whole as f64 / 8.0, decimals);
            as_the_library(whole as f64 / 2000.0, decimals);
            as_the_library(100.0 * whole as f64 / parts as f64, decimals);
        }
    }
}
