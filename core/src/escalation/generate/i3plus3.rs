//! i3+3: Liu, Wang and Ji, J Biopharm Stat 2020;30:294-304.
//!
//! With an equivalence interval around the target, ends included: dlt/n below it escalates, inside it stays, and above
//! it de-escalates, unless one DLT fewer, (dlt-1)/n, would be below the interval: then it stays. Whole-number arithmetic.

use super::super::table::TableAction;
use super::Fraction;

pub(super) fn cell((low, high): (Fraction, Fraction), dlt: u32, n: u32) -> TableAction {
    let share = |dlt: u32| Fraction::new(dlt.into(), n.into());
    if share(dlt) < low {
        TableAction::Escalate
    } else if share(dlt) <= high || share(dlt.saturating_sub(1)) < low {
        TableAction::Stay
    } else {
        TableAction::DeEscalate
    }
}
