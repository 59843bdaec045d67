//! The target lesions: their sum, and its response against baseline and nadir.

use super::{
    Confirmation, Field, LesionKind, ResponseRules, Seen, TargetLesion, TargetResponse,
    reason::{Counted, Remark, TargetReason},
};
use crate::ids::Name;
use chrono::NaiveDate;

/// Progression needs this absolute growth over the nadir beside the relative one, in micrometres.
const LEAST_GROWTH: i64 = 5_000;
/// A node below this short axis is not pathological, in micrometres.
const NORMAL_NODE: i64 = 10_000;

/// The baseline targets of a field, and what was learned of them at the visits so far.
pub(super) struct Targets<'a> {
    lesions: Vec<&'a TargetLesion>,
    /// The sum at baseline, in micrometres; `None` where one was not measured.
    pub baseline: Option<i64>,
    /// The smallest complete sum so far, the baseline included.
    pub nadir: Option<i64>,
    /// Since when the targets are in an unbroken partial (or complete) response.
    partial_since: Option<NaiveDate>,
    /// Whether that response is established, so that it lasts until progression.
    partial: Established,
}

#[derive(Clone, Copy, PartialEq)]
enum Established {
    Yes,
    NotYet,
}

/// Whether the patient was in complete response at an earlier visit.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum CompleteBefore {
    Yes,
    No,
}

/// The targets at one visit.
pub(super) struct TargetVisit {
    pub response: TargetResponse,
    /// The sum in micrometres, where all were assessed.
    pub sum: Option<i64>,
    pub because: TargetReason,
}

impl<'a> Targets<'a> {
    pub fn at_baseline(baseline: &'a impl Seen, field: Field) -> Self {
        let lesions: Vec<_> = baseline.targets().iter().filter(|target| field.holds(target.in_field)).collect();
        let sum = lesions.iter().map(|target| target.micrometres()).sum::<Option<i64>>();
        let sum = sum.filter(|_| !lesions.is_empty());
        Targets { lesions, baseline: sum, nadir: sum, partial_since: None, partial: Established::NotYet }
    }

    /// Whether an entry of a later visit is one of these, or a part of one.
    pub fn find(&self, entry: &TargetLesion) -> Option<&'a TargetLesion> {
        let name = entry.part_of.as_ref().unwrap_or(&entry.lesion);
        self.lesions.iter().copied().find(|target| &target.lesion == name)
    }

    /// Judges a visit and remembers it; visits must come in order of their days.
    pub fn visit(&mut self, visit: &impl Seen, before: CompleteBefore, rules: &ResponseRules) -> TargetVisit {
        let sizes: Vec<Size> = self.lesions.iter().map(|target| self.size(target, visit.targets())).collect();
        let sum = sizes.iter().map(|size| size.um).sum::<Option<i64>>().filter(|_| !sizes.is_empty());
        let (response, because) = self.judge(&sizes, sum, before, rules);
        self.nadir = match (self.nadir, sum) {
            (Some(nadir), Some(sum)) => Some(nadir.min(sum)),
            (nadir, _) => nadir,
        };
        self.remember(visit.day(), response, rules);
        TargetVisit { response, sum, because }
    }

    fn size(&self, target: &'a TargetLesion, visit: &[TargetLesion]) -> Size<'a> {
        let mut parts = visit.iter().filter(|entry| self.find(entry) == Some(target)).peekable();
        let seen = parts.peek().is_some();
        let um = parts.map(TargetLesion::micrometres).sum::<Option<i64>>().filter(|_| seen);
        Size { lesion: &target.lesion, kind: target.kind, um }
    }

    fn judge(
        &self,
        sizes: &[Size],
        sum: Option<i64>,
        before: CompleteBefore,
        rules: &ResponseRules,
    ) -> (TargetResponse, TargetReason) {
        if sizes.is_empty() {
            return (TargetResponse::NotApplicable, TargetReason::NoneAtBaseline);
        }
        let (Some(baseline), Some(nadir)) = (self.baseline, self.nadir) else {
            return (TargetResponse::NE, TargetReason::BaselineUnknown);
        };
        // Progression comes first: a sum may be 30 % below baseline and 20 % above its nadir.
        if let Some(because) = progression(sizes, nadir, before) {
            return (TargetResponse::PD, because);
        }
        let Some(sum) = sum else {
            let missing = sizes.iter().filter(|size| size.um.is_none()).map(|size| size.lesion.clone());
            return (TargetResponse::NE, TargetReason::NotAssessed(missing.collect()));
        };
        let compared = |remark| TargetReason::Compared { sum, baseline, remark };
        if sizes.iter().all(Size::is_gone) {
            (TargetResponse::CR, compared(Remark::NoneIsLeft))
        } else if 10 * sum <= 7 * baseline {
            (TargetResponse::PR, compared(Remark::Nothing))
        } else if rules.sticky_pr && self.partial == Established::Yes {
            (TargetResponse::PR, compared(Remark::PartialResponseLasts))
        } else {
            (TargetResponse::SD, compared(Remark::Nothing))
        }
    }

    fn remember(&mut self, day: NaiveDate, response: TargetResponse, rules: &ResponseRules) {
        match response {
            TargetResponse::CR | TargetResponse::PR => {
                let since = *self.partial_since.get_or_insert(day);
                let long_enough = (day - since).num_days() >= i64::from(rules.confirmation_interval_days);
                if long_enough || rules.confirmation == Confirmation::NotRequired {
                    self.partial = Established::Yes;
                }
            }
            TargetResponse::SD | TargetResponse::PD => {
                self.partial_since = None;
                self.partial = Established::NotYet;
            }
            TargetResponse::NE | TargetResponse::NotApplicable => {}
        }
    }
}

/// One baseline target at one visit, its parts added.
struct Size<'a> {
    lesion: &'a Name,
    kind: LesionKind,
    um: Option<i64>,
}

impl Size<'_> {
    fn is_gone(&self) -> bool {
        match self.kind {
            LesionKind::NonNodal => self.um == Some(0),
            LesionKind::Nodal => self.um.is_some_and(|um| um < NORMAL_NODE),
        }
    }

    fn is_back(&self) -> bool {
        self.kind == LesionKind::NonNodal && self.um.is_some_and(|um| um > 0)
    }
}

/// Why the targets have progressed, if they have. What was not assessed counts as nothing, so that the rest alone
/// must prove it.
fn progression(sizes: &[Size], nadir: i64, before: CompleteBefore) -> Option<TargetReason> {
    let back = sizes.iter().find(|size| before == CompleteBefore::Yes && size.is_back());
    if let Some(size) = back {
        return Some(TargetReason::BackAfterCompleteResponse(size.lesion.clone()));
    }
    let sum: i64 = sizes.iter().filter_map(|size| size.um).sum();
    let of = if sizes.iter().all(|size| size.um.is_some()) { Counted::All } else { Counted::ThoseAssessed };
    (5 * sum >= 6 * nadir && sum - nadir >= LEAST_GROWTH).then_some(TargetReason::Grown { of, sum, nadir })
}

/// The change in percent; `None` from zero.
pub(super) fn change(sum: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| 100.0 * (sum - of) as f64 / of as f64)
}
