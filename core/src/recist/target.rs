//! The target lesions: their sum, and its response against baseline and nadir.

use super::{Assessment, Confirmation, Field, LesionKind, ResponseRules, TargetLesion, TargetResponse};
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
    pub because: String,
}

impl<'a> Targets<'a> {
    pub fn at_baseline(baseline: &'a Assessment, field: Field) -> Self {
        let lesions: Vec<_> = baseline.targets.iter().filter(|target| field.holds(target.in_field)).collect();
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
    pub fn visit(&mut self, visit: &Assessment, before: CompleteBefore, rules: &ResponseRules) -> TargetVisit {
        let sizes: Vec<Size> = self.lesions.iter().map(|target| self.size(target, visit)).collect();
        let sum = sizes.iter().map(|size| size.um).sum::<Option<i64>>().filter(|_| !sizes.is_empty());
        let (response, because) = self.judge(&sizes, sum, before, rules);
        self.nadir = match (self.nadir, sum) {
            (Some(nadir), Some(sum)) => Some(nadir.min(sum)),
            (nadir, _) => nadir,
        };
        self.remember(visit.day, response, rules);
        TargetVisit { response, sum, because }
    }

    fn size(&self, target: &'a TargetLesion, visit: &Assessment) -> Size<'a> {
        let mut parts = visit.targets.iter().filter(|entry| self.find(entry) == Some(target)).peekable();
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
    ) -> (TargetResponse, String) {
        if sizes.is_empty() {
            return (TargetResponse::NotApplicable, "no target lesion at baseline".to_owned());
        }
        let (Some(baseline), Some(nadir)) = (self.baseline, self.nadir) else {
            return (TargetResponse::NE, "the baseline sum is not known".to_owned());
        };
        // Progression comes first: a sum may be 30 % below baseline and 20 % above its nadir.
        if let Some(because) = progression(sizes, nadir, before) {
            return (TargetResponse::PD, because);
        }
        let Some(sum) = sum else {
            let missing: Vec<_> =
                sizes.iter().filter(|size| size.um.is_none()).map(|size| size.lesion.as_str()).collect();
            return (TargetResponse::NE, format!("not assessed: {}", missing.join(", ")));
        };
        let change = format!("sum {} mm, {} from the baseline of {} mm", mm(sum), percent(sum, baseline), mm(baseline));
        if sizes.iter().all(Size::is_gone) {
            (TargetResponse::CR, format!("{change}: no target is left, and nodes are below 10 mm"))
        } else if 10 * sum <= 7 * baseline {
            (TargetResponse::PR, change)
        } else if rules.sticky_pr && self.partial == Established::Yes {
            (TargetResponse::PR, format!("{change}: the partial response lasts until progression"))
        } else {
            (TargetResponse::SD, change)
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
fn progression(sizes: &[Size], nadir: i64, before: CompleteBefore) -> Option<String> {
    let back = sizes.iter().find(|size| before == CompleteBefore::Yes && size.is_back());
    if let Some(size) = back {
        return Some(format!("{} is there again after complete response", size.lesion));
    }
    let sum: i64 = sizes.iter().filter_map(|size| size.um).sum();
    let grown = sum - nadir;
    let of = if sizes.iter().all(|size| size.um.is_some()) { "sum" } else { "sum of those assessed" };
    (5 * sum >= 6 * nadir && grown >= LEAST_GROWTH).then(|| {
        format!("{of} {} mm, {} and {} mm above the nadir of {} mm", mm(sum), percent(sum, nadir), mm(grown), mm(nadir))
    })
}

/// Micrometres as millimetres, without trailing zeros.
pub(super) fn mm(um: i64) -> String {
    format!("{}", um as f64 / 1000.0)
}

fn percent(sum: i64, of: i64) -> String {
    change(sum, of).map_or_else(|| "from nothing".to_owned(), |change| format!("{change:+.2} %"))
}

/// The change in percent; `None` from zero.
pub(super) fn change(sum: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| 100.0 * (sum - of) as f64 / of as f64)
}
