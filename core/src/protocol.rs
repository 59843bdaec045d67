//! The protocol as data: what a trial plans, signed into its log. No rule of a trial stands in the code.

use crate::{
    countersignature::Countersignatures,
    dlt::DltDefinition,
    escalation::Design,
    grade::DoseLevel,
    ids::Name,
    quantity::{AbsorbedDose, Decimal, Mass},
    recist::ResponseRules,
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A version of a trial's protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Short name of the protocol.
    pub protocol: Name,
    /// Its version.
    pub edition: Name,
    /// Its title.
    pub title: Text,
    /// The planned dose levels, lowest first, numbered from 1.
    pub levels: Vec<Level>,
    /// The treatment that every subject is planned to receive.
    pub treatment: Treatment,
    /// The rule of dose escalation.
    pub design: Design,
    /// What counts as a dose-limiting toxicity.
    pub dlt: DltDefinition,
    /// When a subject counts for dose-limiting toxicity.
    pub evaluability: EvaluabilityRule,
    /// Version of the consent form that belongs to this edition: whoever is treated under it has consented to it. Left
    /// out, any form will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_form: Option<Name>,
    /// The dictionary of adverse event terms, by the name under which it is adopted.
    pub dictionary: Name,
    /// Baseline characteristics, in the order of the table.
    pub baseline: Vec<Characteristic>,
    /// Rows of the toxicity table: a subject counts once per row, at the worst grade over its terms.
    pub toxicity_rows: Vec<ToxicityRow>,
    /// Tumour response.
    pub response: ResponsePlan,
    /// Groupings of subjects for comparisons.
    pub groupings: Vec<Grouping>,
    /// Time-to-event endpoints.
    pub survival: Vec<SurvivalEndpoint>,
    /// Where endpoints with progression are censored although an event is recorded.
    #[serde(default, skip_serializing_if = "Censoring::is_default")]
    pub censoring: Censoring,
    /// Days from the origin at which survival is read, for example 365.
    pub landmark_days: Vec<u32>,
    /// Comparisons of time-to-event endpoints between groups (log-rank).
    pub comparisons: Vec<Comparison>,
    /// Associations between response and a grouping.
    pub associations: Vec<Association>,
    /// An entry recorded more than this many days after the event needs a reason.
    pub late_entry_days: u16,
    /// Events that several people sign together; left out where one signature is enough for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countersignatures: Vec<Countersignatures>,
}

/// A planned dose level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Level {
    /// Its number.
    pub level: DoseLevel,
    /// Its label, for example `II`.
    pub label: Name,
    /// What is given at this level, for people.
    pub description: Text,
    /// Dose of each agent per intake, where the level sets it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub doses: BTreeMap<Name, Mass>,
    /// Radiotherapy prescription, where the level sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<AbsorbedDose>,
}

/// The planned treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Treatment {
    /// Drugs.
    pub agents: Vec<AgentPlan>,
    /// Radiotherapy, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radiotherapy: Option<RadiotherapyRules>,
}

/// The planned schedule of a drug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct AgentPlan {
    /// The drug.
    pub agent: Name,
    /// Intakes a day.
    #[schemars(range(min = 1, max = 24))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 24>")]
    pub intakes_per_day: u8,
    /// Number of days.
    pub days: u16,
}

impl AgentPlan {
    /// Planned number of intakes.
    pub fn intakes(&self) -> u32 {
        u32::from(self.intakes_per_day) * u32::from(self.days)
    }
}

/// What the protocol allows of radiotherapy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct RadiotherapyRules {
    /// Planned number of fractions.
    pub fractions: u8,
    /// Planned overall treatment time in days, both ends counted.
    pub overall_days: u16,
    /// Lowest prescription allowed.
    pub prescription_min: AbsorbedDose,
    /// Highest prescription allowed.
    pub prescription_max: AbsorbedDose,
    /// Highest mean dose allowed to each organ at risk.
    pub mean_dose_limits: BTreeMap<Name, AbsorbedDose>,
    /// Ratios of the linear-quadratic model in gray for which BED and EQD2 are given.
    pub alpha_beta: Vec<Decimal>,
}

/// When a subject without dose-limiting toxicity counts as observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct EvaluabilityRule {
    /// Smallest share of planned intakes received, in percent.
    #[schemars(range(min = 0, max = 100))]
    #[serde(deserialize_with = "crate::grade::within::<_, 0, 100>")]
    pub min_intakes_percent: u8,
    /// Smallest share of planned fractions received, in percent.
    #[schemars(range(min = 0, max = 100))]
    #[serde(deserialize_with = "crate::grade::within::<_, 0, 100>")]
    pub min_fractions_percent: u8,
    /// Calendar months of observation after the last treatment.
    pub window_months: u8,
}

/// A baseline characteristic and how it is summarised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Characteristic {
    /// Its name in `subject_screened`.
    pub name: Name,
    /// Its heading in the table.
    pub label: Text,
    /// What its values are.
    pub values: Values,
    /// Whether it stands in the table (otherwise it is only recorded).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub tabulated: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// The values of a baseline characteristic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(inline)]
pub enum Values {
    /// One of a list: summarised by counts.
    Categories {
        /// The categories in the order of the table.
        categories: Vec<Category>,
    },
    /// A number: summarised by median and range.
    Number {
        /// Its unit.
        unit: Text,
    },
    /// Any identifier: recorded, not summarised.
    Code,
}

/// A category of a baseline characteristic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Category {
    /// The value as recorded.
    pub value: Name,
    /// How it is printed.
    pub label: Text,
}

/// A row of the toxicity table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ToxicityRow {
    /// How it is printed.
    pub label: Text,
    /// The dictionary terms that it counts.
    pub terms: Vec<Text>,
}

/// When and how tumour response is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ResponsePlan {
    /// How the time point is printed, for example `3 months`.
    pub label: Text,
    /// Day of the time point, counted from the first treatment (day 0).
    pub target_day: i32,
    /// How many days before or after it an assessment may lie and still count for it.
    pub window_days: u16,
    /// RECIST 1.1: what it leaves to the protocol.
    #[serde(default)]
    pub rules: ResponseRules,
}

/// A grouping of subjects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Grouping {
    /// Its name.
    pub name: Name,
    /// How it is printed.
    pub label: Text,
    /// By what subjects are grouped.
    pub by: GroupedBy,
}

/// By what subjects are grouped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(inline)]
pub enum GroupedBy {
    /// By dose level.
    Level,
    /// By a baseline characteristic.
    Baseline {
        /// The characteristic.
        characteristic: Name,
        /// The groups: label and the categories in it.
        groups: Vec<Group>,
    },
    /// By overall response at the protocol's time point.
    Response {
        /// The groups: label and the responses in it (`CR`, `PR`, `SD`, `PD`, `NE`).
        groups: Vec<Group>,
    },
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Group {
    /// How it is printed.
    pub label: Text,
    /// The values in it.
    pub values: Vec<Name>,
}

words!(
    /// What ends a time to event.
    Terminal {
        /// Death of any cause.
        Death = "death",
        /// Progression, by images or clinically.
        Progression = "progression",
    }
);

words!(
    /// Where a subject without the event is censored.
    CensoredAt {
        /// At the last contact.
        LastContact = "last_contact",
        /// At the last tumour assessment that could be evaluated; without one after the baseline, or without a
        /// baseline, at the first treatment.
        LastAssessment = "last_assessment",
    }
);

/// A time-to-event endpoint, counted in days from the first treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct SurvivalEndpoint {
    /// Its name, for example `os`.
    pub endpoint: Name,
    /// How it is printed.
    pub label: Text,
    /// What ends it: the first of these.
    pub events: Vec<Terminal>,
    /// Where a subject without the event is censored.
    pub censored_at: CensoredAt,
}

/// When progression or death comes too long after the last assessment to be dated (FDA 2018, clinical trial endpoints
/// for cancer drugs, appendix C). New anticancer therapy does not censor: it is not recorded in this log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct Censoring {
    /// Scheduled assessments missed in a row from which an event is censored at the last one that could be evaluated
    /// (default 2).
    pub missed_visits: u8,
    /// Days between scheduled assessments; left out, no event is censored for missed visits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_interval_days: Option<u16>,
    /// How many days late an assessment may be and still count for its visit (default 0).
    pub visit_window_days: u16,
}

impl Default for Censoring {
    fn default() -> Self {
        Censoring { missed_visits: 2, visit_interval_days: None, visit_window_days: 0 }
    }
}

impl Censoring {
    fn is_default(&self) -> bool {
        *self == Censoring::default()
    }

    /// The longest time in days from one assessment to an event that is still dated by it: all visits between but the
    /// last allowed may be missed. None where the protocol states no interval.
    pub fn longest_gap_days(&self) -> Option<i64> {
        let interval = i64::from(self.visit_interval_days?);
        Some(i64::from(self.missed_visits) * interval + i64::from(self.visit_window_days))
    }
}

/// A comparison of an endpoint between groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Comparison {
    /// The endpoint.
    pub endpoint: Name,
    /// The grouping.
    pub by: Name,
    /// A grouping whose groups are strata: the test compares within them. None: one stratum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratified_by: Option<Name>,
}

words!(
    /// A test of association in a contingency table.
    AssociationTest {
        /// Pearson's chi-square, without correction.
        PearsonChiSquare = "pearson_chi_square",
        /// Fisher's exact test, Freeman-Halton for larger tables.
        Exact = "exact",
    }
);

/// An association between response at the time point and a grouping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Association {
    /// The grouping.
    pub by: Name,
    /// The test.
    pub test: AssociationTest,
}

impl Protocol {
    /// A planned level by its number.
    pub fn level(&self, level: DoseLevel) -> Option<&Level> {
        self.levels.iter().find(|l| l.level == level)
    }

    /// The plan of a drug.
    pub fn agent(&self, agent: &Name) -> Option<&AgentPlan> {
        self.treatment.agents.iter().find(|a| a.agent == *agent)
    }

    /// A baseline characteristic by its name.
    pub fn characteristic(&self, name: &Name) -> Option<&Characteristic> {
        self.baseline.iter().find(|c| c.name == *name)
    }
}

/// What is wrong with a protocol.
impl Protocol {
    /// What contradicts itself, in words; empty for a protocol that can be run.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let numbered = self.levels.iter().zip(1..).all(|(level, number)| level.level.get() == number);
        if self.levels.is_empty() || !numbered {
            faults.push("levels: expected at least one, numbered from 1 without a gap".into());
        }
        if let Err(e) = self.design.check(self.levels.len() as u8) {
            faults.push(format!("design: {e}"));
        }
        faults.extend(self.dlt.findings().into_iter().map(|f| format!("dlt: {f}")));
        let shares = [self.evaluability.min_intakes_percent, self.evaluability.min_fractions_percent];
        if shares.iter().any(|share| *share > 100) {
            faults.push("evaluability: expected percentages of at most 100".into());
        }
        if self.censoring.visit_interval_days == Some(0) || self.censoring.missed_visits == 0 {
            faults.push("censoring: expected at least 1 day between visits and at least 1 missed visit".into());
        }
        let signed = self.countersignatures.iter().flat_map(Countersignatures::faults);
        faults.extend(signed.map(|fault| format!("countersignatures: {fault}")));
        let grouping = |name: &Name| self.groupings.iter().any(|g| g.name == *name);
        let unknown = |by: &Name, what: &str| (!grouping(by)).then(|| format!("{what}: no grouping is named {by}"));
        faults.extend(self.comparisons.iter().filter_map(|c| unknown(&c.by, "comparisons")));
        let strata = self.comparisons.iter().filter_map(|c| c.stratified_by.as_ref());
        faults.extend(strata.filter_map(|by| unknown(by, "comparisons.stratified_by")));
        faults.extend(self.associations.iter().filter_map(|a| unknown(&a.by, "associations")));
        for comparison in &self.comparisons {
            if !self.survival.iter().any(|e| e.endpoint == comparison.endpoint) {
                faults.push(format!("comparisons: no endpoint is named {}", comparison.endpoint));
            }
        }
        for grouping in &self.groupings {
            if let GroupedBy::Baseline { characteristic, .. } = &grouping.by
                && self.characteristic(characteristic).is_none()
            {
                faults.push(format!("groupings: no baseline characteristic is named {characteristic}"));
            }
        }
        for level in &self.levels {
            for agent in level.doses.keys().filter(|agent| self.agent(agent).is_none()) {
                faults.push(format!("levels: no agent is named {agent}"));
            }
        }
        faults
    }
}
