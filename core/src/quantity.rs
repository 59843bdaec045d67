//! Quantities: a decimal number as it was written, with its unit beside it.
//!
//! Promises that `2.50` stays `2.50`: no float ever stands between what was signed and what is shown.

use crate::spelling::parsed;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, cmp::Ordering, fmt, str::FromStr};

/// A decimal number with its written scale: at most 15 digits, at most 9 of them after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits as one number, times sixteen, and how many of them stand after the point: 15 digits are 50 bits.
    packed: i64,
}

const SCALE: u32 = 9;

impl Decimal {
    /// A number from its digits and its scale, if it has a text form.
    fn packed(packed: i64) -> Option<Decimal> {
        let decimal = Decimal { packed };
        let most = 10_u64.pow(15);
        (decimal.scale() <= SCALE && decimal.units().unsigned_abs() < most).then_some(decimal)
    }

    /// The digits as one number.
    fn units(self) -> i64 {
        self.packed >> 4
    }

    /// How many of them stand after the point.
    fn scale(self) -> u32 {
        (self.packed & 0xf) as u32
    }

    /// The value as thousand-millionths, exact: the common scale in which quantities are added.
    pub fn nanos(self) -> i128 {
        i128::from(self.units()) * 10_i128.pow(SCALE - self.scale())
    }

    /// The nearest floating-point number, for statistics and plots.
    pub fn to_f64(self) -> f64 {
        self.units() as f64 / 10_f64.powi(self.scale() as i32)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.nanos().cmp(&other.nanos()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, scale) = (self.units(), self.scale());
        let sign = if units < 0 { "-" } else { "" };
        let digits = units.unsigned_abs();
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let base = 10_u64.pow(scale);
        write!(f, "{sign}{}.{:0width$}", digits / base, digits % base, width = scale as usize)
    }
}

/// Not a decimal number of the allowed form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDecimal(String);

impl fmt::Display for BadDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a decimal: expected digits with at most one point, such as 3, 2.50 or -0.5", self.0)
    }
}

impl std::error::Error for BadDecimal {}

impl FromStr for Decimal {
    type Err = BadDecimal;
    fn from_str(text: &str) -> Result<Self, BadDecimal> {
        let parse = || {
            let (whole, fraction) = match text.split_once('.') {
                Some((_, "")) => return None,
                Some((whole, fraction)) => (whole, fraction),
                None => (text, ""),
            };
            let digits = whole.strip_prefix('-').unwrap_or(whole);
            let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
            let leading_zero = digits.len() > 1 && digits.starts_with('0');
            let size = digits.len() + fraction.len();
            if digits.is_empty() || leading_zero || !plain(digits) || !plain(fraction) {
                return None;
            }
            if fraction.len() > SCALE as usize || size > 15 {
                return None;
            }
            let all = digits.bytes().chain(fraction.bytes());
            let magnitude = all.fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'));
            let units = if whole.starts_with('-') { -magnitude } else { magnitude };
            let minus_zero = units == 0 && whole.starts_with('-');
            (!minus_zero).then_some(Decimal { packed: units << 4 | fraction.len() as i64 })
        };
        parse().ok_or_else(|| BadDecimal(text.chars().take(80).collect()))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return s.serialize_i64(self.packed);
        }
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return Decimal::packed(i64::deserialize(d)?).ok_or_else(|| de::Error::custom("no decimal"));
        }
        parsed(d)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^-?(0|[1-9][0-9]{0,14})([.][0-9]{1,9})?$" })
    }
}

/// A number and its unit: `{"value":"2.50","unit":"Gy"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Quantity<U> {
    /// The number as written.
    pub value: Decimal,
    /// Its unit.
    pub unit: U,
}

impl<U: fmt::Display> fmt::Display for Quantity<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

macro_rules! units {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                #[serde(rename = $text)]
                $variant,
            )+
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( $name::$variant => $text, )+ })
            }
        }
    };
}

units!(
    /// Units of an amount of drug.
    MassUnit { Milligram = "mg" }
);
units!(
    /// Units of absorbed dose.
    DoseUnit { Gray = "Gy", Centigray = "cGy" }
);
units!(
    /// Units of length.
    LengthUnit { Millimetre = "mm", Centimetre = "cm" }
);

/// An amount of drug.
pub type Mass = Quantity<MassUnit>;
/// An absorbed radiation dose.
pub type AbsorbedDose = Quantity<DoseUnit>;
/// A diameter.
pub type Length = Quantity<LengthUnit>;

impl AbsorbedDose {
    /// In thousand-millionths of a gray, exact.
    pub fn nanogray(self) -> i128 {
        match self.unit {
            DoseUnit::Gray => self.value.nanos(),
            DoseUnit::Centigray => self.value.nanos() / 100,
        }
    }

    /// In gray.
    pub fn gray(self) -> f64 {
        match self.unit {
            DoseUnit::Gray => self.value.to_f64(),
            DoseUnit::Centigray => self.value.to_f64() / 100.0,
        }
    }
}

impl Length {
    /// In thousandths of a millimetre (micrometres), exact to that.
    pub fn micrometres(self) -> i64 {
        let per_unit = match self.unit {
            LengthUnit::Millimetre => 1_000_000,
            LengthUnit::Centimetre => 100_000,
        };
        (self.value.nanos() / per_unit) as i64
    }

    /// In millimetres.
    pub fn millimetres(self) -> f64 {
        self.micrometres() as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_its_zeros_and_refuses_other_spellings() {
        let most = ["999999999999999", "-999999999999999", "-999999.999999999", "0.000000000"];
        for text in ["0", "2.50", "-0.5", "142000", "3.533333"].into_iter().chain(most) {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        for bad in ["", ".5", "5.", "+1", "1e3", "01", "-0", "-0.0", "1.2.3", "NaN", "1234567890123456", "1 "] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_and_doses_convert_exactly() {
        let cm: Length = serde_json::from_str(r#"{"value":"12.3","unit":"cm"}"#).unwrap();
        assert_eq!(cm.micrometres(), 123_000);
        let gy: AbsorbedDose = serde_json::from_str(r#"{"value":"353","unit":"cGy"}"#).unwrap();
        assert_eq!(gy.nanogray(), 3_530_000_000);
    }
}
