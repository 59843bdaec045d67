//! mTPI-2: Guo, Wang, Yang, Lynn and Ji, Contemp Clin Trials 2017;58:23-33.
//!
//! The line from 0 to 1 is cut into intervals as wide as the one around the target, with a narrower one left at either
//! end. The interval with the greatest unit probability mass (posterior probability, prior uniform, divided by its
//! width) decides: below the target interval escalates, the target interval stays, above it de-escalates. This differs
//! from the keyboard only in the narrow intervals at the ends, which count here.

use super::super::table::TableAction;
use super::{Fraction, greatest, keyboard, posterior, towards};

/// The bounds between the intervals, and the place of the target interval among them.
fn intervals(on_target: (Fraction, Fraction)) -> (Vec<Fraction>, usize) {
    let (mut bounds, mut target) = keyboard::keys(on_target);
    let (zero, one) = (Fraction::new(0, 1), Fraction::new(1, 1));
    if bounds.first() != Some(&zero) {
        bounds.insert(0, zero);
        target += 1;
    }
    if bounds.last() != Some(&one) {
        bounds.push(one);
    }
    (bounds, target)
}

pub(super) fn cell(on_target: (Fraction, Fraction)) -> impl Fn(u32, u32) -> TableAction {
    let (bounds, target) = intervals(on_target);
    let widths: Vec<f64> = bounds.windows(2).map(|pair| (pair[1] - pair[0]).to_f64()).collect();
    move |dlt, n| {
        let masses = posterior(&bounds, dlt, n).into_iter().zip(&widths).map(|(mass, width)| mass / width);
        towards(target, greatest(masses))
    }
}
