//! Numbers as the field prints them. Rounding happens here and nowhere before.

use trial_core::{date::MONTH_DAYS, rounded::rounded};

/// A p-value: three decimals, `<0.001` below that.
pub fn p(value: f64) -> String {
    if value < 0.001 { "<0.001".into() } else { rounded(value, 3).to_string() }
}

/// A share (0 to 1) in percent with one decimal.
pub fn share(value: f64) -> String {
    format!("{}%", rounded(100.0 * value, 1))
}

/// An interval of shares (0 to 1) in percent.
pub fn shares((low, high): (f64, f64)) -> String {
    format!("{}\u{2013}{}%", rounded(100.0 * low, 1), rounded(100.0 * high, 1))
}

/// A count with its percentage and this many decimals: `8 (89%)`.
pub fn count(n: usize, percent: f64, decimals: usize) -> String {
    format!("{n} ({}%)", rounded(percent, decimals))
}

/// A measured number: at most two decimals, none that say nothing.
pub fn measured(value: f64) -> String {
    let text = rounded(value, 2).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A median with its range: `72 (37–83)`; a dash where there is none.
pub fn median_range(median: Option<f64>, min: Option<f64>, max: Option<f64>) -> String {
    match (median, min, max) {
        (Some(median), Some(min), Some(max)) => {
            format!("{} ({}\u{2013}{})", measured(median), measured(min), measured(max))
        }
        (median, ..) => median.map_or("-".into(), measured),
    }
}

/// Days as months with one decimal.
pub fn months(days: f64) -> String {
    rounded(days / MONTH_DAYS, 1).to_string()
}

/// A change in percent with its sign.
pub fn change(percent: f64) -> String {
    format!("{:+}%", rounded(percent, 1))
}

/// A count of things: `1 place`, `3 places`.
pub fn of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_the_field_prints_them() {
        assert_eq!(p(0.0183), "0.018");
        assert_eq!(p(0.00099), "<0.001");
        assert_eq!(share(2.0 / 3.0), "66.7%");
        assert_eq!(shares((0.299, 0.925)), "29.9–92.5%");
        assert_eq!(count(8, 800.0 / 9.0, 0), "8 (89%)");
        assert_eq!(median_range(Some(72.0), Some(37.0), Some(83.0)), "72 (37–83)");
        assert_eq!(median_range(Some(6.6), Some(2.3), Some(12.3)), "6.6 (2.3–12.3)");
        assert_eq!(median_range(None, None, None), "-");
        assert_eq!(months(365.0), "12.0");
        assert_eq!(measured(100.0), "100");
        assert_eq!(change(-100.0), "-100.0%");
        assert_eq!((of(1, "place", "places"), of(3, "place", "places")), ("1 place".into(), "3 places".into()));
    }
}
