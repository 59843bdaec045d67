//! The judgement of one adverse event: a DLT, not a DLT, or undetermined.
//!
//! Order of the questions, the first that applies decides:
//! 1. onset outside the window: not a DLT;
//! 2. a grade lower than any test looks at for this term: not a DLT (before attribution, so that a mild event
//!    never blocks a decision);
//! 3. no relation strong enough, and a component of the treatment not judged yet: undetermined;
//! 4. no relation strong enough: not a DLT;
//! 5. the tests of the definition in their order.
//!
//! An onset not known well enough to say inside or outside turns a DLT into undetermined.

use super::{Attribution, DltDefinition, Fact, Qualifier, Test, Verdict, When};
use crate::{grade::Grade, ids::Name};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// Where the onset lies in relation to the patient's DLT window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onset {
    /// Inside, both ends included.
    InWindow,
    /// Before or after.
    OutsideWindow,
    /// Known only in part, so that both are possible.
    Unknown,
}

/// The facts of one adverse event; `None` means not recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Toxicity<'a> {
    /// The CTCAE term.
    pub term: &'a str,
    /// Its system organ class.
    pub soc: &'a str,
    /// The worst grade.
    pub grade: Grade,
    /// The relation to each component of the treatment.
    pub attribution: &'a Attribution,
    /// The onset, set against the window.
    pub onset: Onset,
    /// Whether medical intervention was given for it.
    pub intervention: Option<bool>,
    /// Whether prophylaxis was given before it.
    pub prophylaxis: Option<bool>,
    /// Whether it was brought under control.
    pub controlled: Option<bool>,
    /// The grade of the same term before the first treatment.
    pub baseline: Option<Grade>,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Counts.
    Dlt,
    /// Does not count.
    NotDlt,
    /// Cannot be said yet; blocks the decision on the level.
    Undetermined,
}

/// A fact that must be recorded before the judgement can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The relation to one or more components.
    Attribution,
    /// Whether intervention was given.
    Intervention,
    /// Whether prophylaxis was given.
    Prophylaxis,
    /// Whether it was controlled.
    Control,
    /// The day of onset.
    Onset,
}

/// The judgement, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Adjudication {
    /// The answer.
    pub outcome: Outcome,
    /// The clause that makes it a DLT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<Name>,
    /// A name for the reason: the clause, the test, or the question that decided.
    pub reason: Cow<'static, str>,
    /// What must be recorded first, where undetermined.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Remarks that do not change the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// Judges one adverse event under the protocol's definition.
pub fn adjudicate(definition: &DltDefinition, toxicity: &Toxicity<'_>) -> Adjudication {
    if toxicity.onset == Onset::OutsideWindow {
        return not_dlt("outside_window");
    }
    let Some(least) = definition.least_grade(toxicity.term, toxicity.soc) else {
        return not_dlt("no_clause_applies");
    };
    if toxicity.grade < least {
        return not_dlt(grade_below(least));
    }
    let strongest = toxicity.attribution.values().max();
    if strongest.is_none_or(|relation| *relation < definition.related_from) {
        let judged = |component| toxicity.attribution.contains_key(component);
        return match strongest {
            Some(_) if definition.components.iter().all(judged) => not_dlt("not_related"),
            Some(_) | None => undetermined("attribution_missing", vec![Missing::Attribution]),
        };
    }
    let first = definition.tests.iter().find(|test| test.when.holds(toxicity));
    let mut judgement =
        first.map_or_else(|| not_dlt("no_clause_applies"), |test| test.judge(toxicity, definition.qualifier));
    let raised = definition.flags.iter().filter(|flag| flag.when.holds(toxicity));
    judgement.flags.extend(raised.map(|flag| flag.name.to_string()));
    judgement.with_onset(toxicity.onset)
}

impl Toxicity<'_> {
    /// Whether anything was given against it, before or after; unknown where what is recorded leaves it open.
    fn treated(&self) -> Option<bool> {
        match (self.intervention, self.prophylaxis) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            (None, _) | (_, None) => None,
        }
    }

    fn treatment_missing(&self) -> Vec<Missing> {
        let intervention = self.intervention.is_none().then_some(Missing::Intervention);
        let prophylaxis = self.prophylaxis.is_none().then_some(Missing::Prophylaxis);
        let control = self.controlled.is_none().then_some(Missing::Control);
        [intervention, prophylaxis, control].into_iter().flatten().collect()
    }
}

impl When {
    fn holds(&self, toxicity: &Toxicity<'_>) -> bool {
        let recorded = |fact: &Fact| match fact {
            Fact::DespiteIntervention => toxicity.treated() == Some(true) && toxicity.controlled == Some(false),
            Fact::PresentAtBaseline => toxicity.baseline.is_some(),
        };
        self.grades.contains(&toxicity.grade)
            && self.includes(toxicity.term, toxicity.soc)
            && self.facts.iter().all(recorded)
    }
}

impl Test {
    fn judge(&self, toxicity: &Toxicity<'_>, qualifier: Qualifier) -> Adjudication {
        match self.verdict {
            Verdict::Dlt => self.dlt(),
            Verdict::NotDlt => not_dlt(self.name.to_string()),
            Verdict::UnlessControlledWithMedication => self.unless_medicated(toxicity),
            Verdict::UnlessControlled => match qualifier {
                Qualifier::HypertensionOnly => not_dlt("listed"),
                Qualifier::WholeList => self.unless_controlled(toxicity),
            },
            Verdict::IfDespiteIntervention => self.if_despite_intervention(toxicity, qualifier),
        }
    }

    fn unless_medicated(&self, toxicity: &Toxicity<'_>) -> Adjudication {
        match (toxicity.controlled, toxicity.intervention) {
            (None, _) => undetermined("control_missing", vec![Missing::Control]),
            (Some(false), _) => self.dlt(),
            (Some(true), Some(true)) => not_dlt("listed_and_controlled"),
            (Some(true), Some(false)) => self.dlt().flagged("settled_without_medication"),
            (Some(true), None) => undetermined("intervention_missing", vec![Missing::Intervention]),
        }
    }

    fn unless_controlled(&self, toxicity: &Toxicity<'_>) -> Adjudication {
        match toxicity.controlled {
            None => undetermined("control_missing", vec![Missing::Control]),
            Some(true) => not_dlt("listed_and_controlled"),
            Some(false) => self.dlt(),
        }
    }

    fn if_despite_intervention(&self, toxicity: &Toxicity<'_>, qualifier: Qualifier) -> Adjudication {
        match (toxicity.treated(), toxicity.controlled) {
            (None, _) => undetermined("intervention_missing", toxicity.treatment_missing()),
            (Some(true), None) => undetermined("control_missing", vec![Missing::Control]),
            (Some(true), Some(false)) => self.dlt(),
            // To the letter, breaking through prophylaxis is already "despite prophylaxis"; control wins, and a
            // reviewer is told.
            (Some(true), Some(true)) if toxicity.prophylaxis == Some(true) => {
                not_dlt("listed_and_controlled").flagged("controlled_after_prophylaxis_failed")
            }
            (Some(true), Some(true)) => not_dlt("listed_and_controlled"),
            (Some(false), Some(true)) => not_dlt("listed_and_controlled").flagged("settled_without_medication"),
            (Some(false), Some(false) | None) => match qualifier {
                Qualifier::WholeList => undetermined("no_intervention_tried", toxicity.treatment_missing()),
                Qualifier::HypertensionOnly => not_dlt("listed"),
            },
        }
    }

    fn dlt(&self) -> Adjudication {
        let reason = self.clause.as_ref().unwrap_or(&self.name).to_string();
        Adjudication { clause: self.clause.clone(), ..judgement(Outcome::Dlt, reason) }
    }
}

impl Adjudication {
    fn flagged(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    fn with_onset(mut self, onset: Onset) -> Self {
        if onset == Onset::Unknown && self.outcome != Outcome::NotDlt {
            if self.outcome == Outcome::Dlt {
                self = Adjudication { flags: self.flags, ..undetermined("onset_missing", Vec::new()) };
            }
            self.missing.push(Missing::Onset);
        }
        self
    }
}

/// Most events of a trial are milder than any test looks at: their reason costs nothing.
fn grade_below(least: Grade) -> &'static str {
    match least.get() {
        ..=1 => "grade_below_1",
        2 => "grade_below_2",
        3 => "grade_below_3",
        4 => "grade_below_4",
        5.. => "grade_below_5",
    }
}

fn judgement(outcome: Outcome, reason: impl Into<Cow<'static, str>>) -> Adjudication {
    Adjudication { outcome, clause: None, reason: reason.into(), missing: Vec::new(), flags: Vec::new() }
}

fn not_dlt(reason: impl Into<Cow<'static, str>>) -> Adjudication {
    judgement(Outcome::NotDlt, reason)
}

fn undetermined(reason: &'static str, missing: Vec<Missing>) -> Adjudication {
    Adjudication { missing, ..judgement(Outcome::Undetermined, reason) }
}
