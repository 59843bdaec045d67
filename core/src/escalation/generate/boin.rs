//! BOIN, the Bayesian optimal interval design: Liu and Yuan, J R Stat Soc C 2015;64:507-523.
//!
//! Escalate where dlt/n <= lambda_e, de-escalate where dlt/n >= lambda_d, with p1 = 0.6 and p2 = 1.4 times the target t:
//! lambda_e = ln((1-p1)/(1-t)) / ln(t(1-p1)/(p1(1-t))), lambda_d = ln((1-t)/(1-p2)) / ln(p2(1-t)/(t(1-p2))).
//! A share closer than 1e-9 to a boundary goes to the safer side. The local, non-informative form; no accelerated titration.

use super::super::table::TableAction;
use super::{EQUAL, Fraction};
use libm::log;

/// The shares at and below which to escalate, and at and above which to de-escalate.
pub(super) fn lambdas(target: Fraction) -> (f64, f64) {
    let t = target.to_f64();
    let (p1, p2) = (0.6 * t, 1.4 * t);
    let escalate = log((1.0 - p1) / (1.0 - t)) / log(t * (1.0 - p1) / (p1 * (1.0 - t)));
    let de_escalate = log((1.0 - t) / (1.0 - p2)) / log(p2 * (1.0 - t) / (t * (1.0 - p2)));
    (escalate, de_escalate)
}

pub(super) fn cell(target: Fraction) -> impl Fn(u32, u32) -> TableAction {
    let (escalate, de_escalate) = lambdas(target);
    move |dlt, n| {
        let share = f64::from(dlt) / f64::from(n);
        if share > de_escalate - EQUAL {
            TableAction::DeEscalate
        } else if share < escalate - EQUAL {
            TableAction::Escalate
        } else {
            TableAction::Stay
        }
    }
}
