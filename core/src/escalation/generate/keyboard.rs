//! Keyboard: Yan, Mandrekar and Yuan, Clin Cancer Res 2017;23:3994-4003.
//!
//! The interval around the target is a key; keys of its width are laid side by side below and above it, and what is left
//! at 0 and at 1 is no key. The key with the greatest posterior probability, prior uniform, says where the toxicity is:
//! left of the target key escalates, the target key stays, right of it de-escalates.

use super::super::table::TableAction;
use super::{Fraction, greatest, posterior, towards};

/// The bounds between whole keys, and the place of the target key among them.
pub(super) fn keys((low, high): (Fraction, Fraction)) -> (Vec<Fraction>, usize) {
    let (zero, one, width) = (Fraction::new(0, 1), Fraction::new(1, 1), high - low);
    let below = std::iter::successors(Some(low), |bound| Some(*bound - width)).take_while(|bound| *bound >= zero);
    let mut bounds: Vec<Fraction> = below.collect();
    bounds.reverse();
    let target = bounds.len() - 1;
    bounds.extend(std::iter::successors(Some(high), |bound| Some(*bound + width)).take_while(|bound| *bound <= one));
    (bounds, target)
}

pub(super) fn cell(on_target: (Fraction, Fraction)) -> impl Fn(u32, u32) -> TableAction {
    let (bounds, target) = keys(on_target);
    move |dlt, n| towards(target, greatest(posterior(&bounds, dlt, n).into_iter()))
}
