//! Spelling: values that stand in the log as one string each.
//!
//! Promises that reading one copies nothing but what the value keeps. Does not say which texts are right: that is
//! each type's `FromStr`.

use serde::{Deserializer, de};
use std::{fmt, marker::PhantomData, str::FromStr};

/// Reads a string and parses it, wherever it stands.
///
/// # Errors
/// Not a string, or what the type says of the text.
pub fn parsed<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Parsed<T>(PhantomData<T>);

    impl<T: FromStr> de::Visitor<'_> for Parsed<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Parsed(PhantomData))
}

/// The number that so many decimal digits spell, where there is nothing else.
pub fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |sum, b| {
        let digit = b.is_ascii_digit().then(|| u32::from(b - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Writes a number with leading zeros into all of the place.
pub fn put_digits(place: &mut [u8], number: u32) {
    let mut rest = number;
    for byte in place.iter_mut().rev() {
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}
