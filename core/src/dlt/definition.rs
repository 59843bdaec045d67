//! The definition of a DLT as the protocol states it: data, signed with the protocol, different in every trial.
//!
//! The tests are an ordered list, and the first whose condition holds decides. Before them come four questions
//! that every protocol asks in the same order: onset inside the window, a grade that any test looks at, an
//! attribution, and a relation strong enough (see [`adjudicate`](super::adjudicate)).

use super::Relation;
use crate::{grade::Grade, ids::Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What this protocol counts as a dose-limiting toxicity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DltDefinition {
    /// The components of the protocol treatment to which each event is attributed; the strongest relation counts.
    pub components: Vec<Name>,
    /// The weakest relation that counts as related (possible unless stated).
    #[serde(default = "possible")]
    pub related_from: Relation,
    /// What the words "controlled with medication" at the end of the list of exceptions qualify.
    #[serde(default)]
    pub qualifier: Qualifier,
    /// The clauses in the protocol's own words.
    pub clauses: Vec<Clause>,
    /// The tests, in the order in which they are tried; the first that holds decides.
    pub tests: Vec<Test>,
    /// Remarks that go with a judgement without changing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

fn possible() -> Relation {
    Relation::Possible
}

/// Two readings of "except nausea, ..., pain, and hypertension controlled with medication".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Qualifier {
    /// Every exception holds only while the toxicity is controlled: the safer reading.
    #[default]
    WholeList,
    /// Hypertension alone must be controlled; the others are excepted as they stand.
    HypertensionOnly,
}

/// One clause of the definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its name, for example `clause_1`.
    pub id: Name,
    /// Its text in the protocol.
    pub text: String,
}

/// One test: a condition, and the verdict where it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// A name that says what is tested; it is the reason given where the verdict is `not_dlt`.
    pub name: Name,
    /// The condition.
    pub when: When,
    /// The verdict.
    pub verdict: Verdict,
    /// The clause that makes it a DLT; left out where the verdict is `not_dlt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<Name>,
}

/// A condition: all of its parts must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The grade is one of these.
    pub grades: Vec<Grade>,
    /// The term belongs to one of these; left out, any term does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub among: Vec<Terms>,
    /// Each of these is recorded; what is unknown does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// A set of CTCAE terms: a whole system organ class, some terms of it, or terms of any class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The system organ class; left out, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soc: Option<String>,
    /// The terms; left out, all terms of the class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
}

/// Something known of the event beside its term and grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Intervention or prophylaxis was given, and the toxicity was not controlled.
    DespiteIntervention,
    /// The same term had a grade before the first treatment.
    PresentAtBaseline,
}

/// What follows where the condition of a test holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A DLT.
    Dlt,
    /// Not a DLT.
    NotDlt,
    /// Not a DLT where medication controlled it; otherwise a DLT. Undetermined while either is unknown.
    UnlessControlledWithMedication,
    /// An exception: under `whole_list` a DLT unless it was controlled, undetermined while that is unknown; under
    /// `hypertension_only` not a DLT.
    UnlessControlled,
    /// An exception that ends where intervention or prophylaxis was given and did not control it: then a DLT.
    /// Undetermined while either is unknown. Where nothing was tried: undetermined under `whole_list`, not a DLT
    /// under `hypertension_only`.
    IfDespiteIntervention,
}

/// A remark for the safety review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Its name.
    pub name: Name,
    /// What the reviewer should know.
    pub text: String,
    /// When it is raised.
    pub when: When,
}

impl DltDefinition {
    /// What is wrong with the definition itself, in words; none where it can be used.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let known = |id: &Name| self.clauses.iter().any(|clause| &clause.id == id);
        if self.tests.is_empty() {
            findings.push("no test: nothing would ever be a DLT".to_owned());
        }
        for (index, test) in self.tests.iter().enumerate() {
            if self.tests[..index].iter().any(|earlier| earlier.name == test.name) {
                findings.push(format!("two tests are named {}", test.name));
            }
            match (&test.clause, test.verdict) {
                (None, Verdict::NotDlt) => {}
                (Some(id), Verdict::NotDlt) => {
                    findings.push(format!("test {} says not_dlt, yet names {id}", test.name));
                }
                (
                    clause,
                    Verdict::Dlt
                    | Verdict::UnlessControlled
                    | Verdict::UnlessControlledWithMedication
                    | Verdict::IfDespiteIntervention,
                ) => {
                    if !clause.as_ref().is_some_and(known) {
                        findings.push(format!("test {} leads to a DLT: expected one of the clauses", test.name));
                    }
                }
            }
        }
        for clause in &self.clauses {
            if !self.tests.iter().any(|test| test.clause.as_ref() == Some(&clause.id)) {
                findings.push(format!("no test leads to {}", clause.id));
            }
        }
        let conditions = self.tests.iter().map(|test| (&test.name, &test.when));
        for (name, when) in conditions.chain(self.flags.iter().map(|flag| (&flag.name, &flag.when))) {
            if when.grades.is_empty() {
                findings.push(format!("{name} has no grade: it can never hold"));
            }
            if when.among.iter().any(|terms| terms.soc.is_none() && terms.terms.is_empty()) {
                findings.push(format!("{name} has a set of terms with neither a class nor a term"));
            }
        }
        findings
    }

    /// The lowest grade of this term that any test looks at.
    pub fn least_grade(&self, term: &str, soc: &str) -> Option<Grade> {
        let tests = self.tests.iter().filter(|test| test.when.includes(term, soc));
        tests.flat_map(|test| test.when.grades.iter().copied()).min()
    }
}

impl When {
    /// Whether the term belongs to the condition, whatever the grade.
    pub fn includes(&self, term: &str, soc: &str) -> bool {
        self.among.is_empty() || self.among.iter().any(|terms| terms.contain(term, soc))
    }
}

impl Terms {
    fn contain(&self, term: &str, soc: &str) -> bool {
        let class = self.soc.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(soc));
        class && (self.terms.is_empty() || self.terms.iter().any(|name| name.eq_ignore_ascii_case(term)))
    }
}
