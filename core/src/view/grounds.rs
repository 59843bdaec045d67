//! Grounds: for each part of a replay, the rule or formula that gives it, its source, and the kinds of facts it rests on.
//!
//! One table for `trial why` and for the page of the numbers, so that neither can say otherwise. A source that is a
//! publication is named by its authors and year, and in full on that page.

/// One part of a replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// Its path; a star stands for any member.
    pub part: &'static str,
    /// The rule or formula, in words.
    pub rule: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// The facts that it is computed from.
    pub rests_on: &'static [RestsOn],
}

/// A kind of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestsOn {
    /// Signed decisions and declared doses.
    Decisions,
    /// Enrolment, the first and the last treatment, rulings, death, and adverse events that could count.
    Conduct,
    /// What puts subjects into analysis sets or takes them out.
    AnalysisSets,
    /// Serious events with their reports.
    Serious,
    /// Screenings of enrolled subjects.
    Screenings,
    /// Adverse events with their updates.
    AdverseEvents,
    /// Intakes taken and missed, and changes of dosing.
    Doses,
    /// Plans, and fractions delivered and missed.
    Fractions,
    /// Tumour assessments, with the first treatment that dates them.
    Assessments,
    /// The first treatment, and what ends each time: death, progression, the last contact.
    Times,
    /// What the departures rest on.
    Deviations,
}

use RestsOn as R;

/// All parts.
pub const GROUNDS: &[Ground] = &[
    Ground {
        part: "escalation",
        rule: "the rule of the protocol's design applied to the counts of evaluable subjects and of subjects with a DLT at each level",
        source: "protocol: design, dlt, evaluability; docs/escalation.md",
        rests_on: &[R::Decisions, R::Conduct],
    },
    Ground {
        part: "escalation.recommendation",
        rule: "what the rule of the design says of the counts once the cohort is complete and every window has closed, or at once where no outcome could change it; it opens no place",
        source: "protocol: design; docs/escalation.md",
        rests_on: &[R::Decisions, R::Conduct],
    },
    Ground {
        part: "escalation.levels",
        rule: "subjects by assigned level; evaluable: had a DLT, or completed the window with enough of the planned treatment; each subject counts once",
        source: "protocol: dlt, evaluability; docs/toxicity.md",
        rests_on: &[R::Decisions, R::Conduct],
    },
    Ground {
        part: "escalation.adjudications",
        rule: "onset in the window, grade, relation to the components (the stronger counts), then the tests of the definition in their order; the first that holds decides, and a signed ruling counts before it",
        source: "protocol: dlt; docs/toxicity.md",
        rests_on: &[R::Conduct],
    },
    Ground {
        part: "escalation.decisions",
        rule: "the decisions that were signed, with the counts and the head of the log that they were signed on",
        source: "protocol: design; docs/escalation.md",
        rests_on: &[R::Decisions],
    },
    Ground {
        part: "escalation.mtd",
        rule: "the level named by the last signed decision that ended the escalation, with the counts it rests on now",
        source: "protocol: design, mtd_convention; docs/escalation.md",
        rests_on: &[R::Decisions, R::Conduct],
    },
    Ground {
        part: "analysis_sets",
        rule: "who belongs to each set, who does not and why; docs/conduct.md has the definition of each",
        source: "ICH E9 5.2; CONSORT 2010; protocol: evaluability, response",
        rests_on: &[R::AnalysisSets],
    },
    Ground {
        part: "baseline",
        rule: "counts and percentages of enrolled subjects by category; of numbers the median (the mean of the middle two of an even number) and the range; the last screening with a value counts",
        source: "protocol: baseline",
        rests_on: &[R::Screenings],
    },
    Ground {
        part: "toxicity",
        rule: "a subject counts once per row, at the worst grade over the terms of the row; denominator: treated subjects",
        source: "CTCAE, in the version that the protocol names; protocol: toxicity_rows",
        rests_on: &[R::AdverseEvents],
    },
    Ground {
        part: "toxicity.trends",
        rule: "Cochran-Armitage test for a linear trend in the shares of subjects over the levels, with the number of the level as its score; two-sided, asymptotic",
        source: "Cochran 1954; Armitage 1955; protocol: levels, dlt, evaluability",
        rests_on: &[R::AdverseEvents, R::Conduct],
    },
    Ground {
        part: "serious",
        rule: "from awareness to the report at most 24 hours, in UTC; without a report, from when the event was recorded as serious",
        source: "Regulation (EU) 536/2014 art. 41; 21 CFR 312.64(b); ICH E2A",
        rests_on: &[R::Serious],
    },
    Ground {
        part: "exposure",
        rule: "relative dose = amount taken / planned amount; relative dose intensity = amount taken per day / planned amount per day, over the days on drug and over the planned days",
        source: "Hryniuk and Bush 1984; protocol: treatment.agents, levels",
        rests_on: &[R::Doses],
    },
    Ground {
        part: "radiotherapy",
        rule: "delivered dose summed fraction by fraction; overall time from the first to the last fraction, both counted; BED = sum of d (1 + d / (a/b)); EQD2 = BED / (1 + 2 / (a/b))",
        source: "Fowler 1989; protocol: treatment.radiotherapy",
        rests_on: &[R::Fractions],
    },
    Ground {
        part: "response",
        rule: "RECIST 1.1 from the lesions as measured, at the protocol's time point",
        source: "Eisenhauer et al. 2009; protocol: response; docs/response.md",
        rests_on: &[R::Assessments],
    },
    Ground {
        part: "response.*.rate",
        rule: "(CR + PR) / subjects assessed at the time point",
        source: "Eisenhauer et al. 2009; protocol: response; docs/response.md",
        rests_on: &[R::Assessments],
    },
    Ground {
        part: "response.*.rate.ci95",
        rule: "exact interval at 95 %: the two shares at which so many responses or more, and so many or fewer, have a probability of 2.5 %",
        source: "Clopper and Pearson 1934",
        rests_on: &[R::Assessments],
    },
    Ground {
        part: "response.*.rate.wilson95",
        rule: "score interval at 95 %, without continuity correction",
        source: "Wilson 1927",
        rests_on: &[R::Assessments],
    },
    Ground {
        part: "response.waterfall",
        rule: "change of the sum of diameters from baseline at the time point, in percent; largest growth first",
        source: "Eisenhauer et al. 2009; protocol: response",
        rests_on: &[R::Assessments],
    },
    Ground {
        part: "survival",
        rule: "product-limit estimate in whole days from the first treatment; at a tie, events come before censorings",
        source: "Kaplan and Meier 1958; protocol: survival, censoring",
        rests_on: &[R::Times, R::Assessments],
    },
    Ground {
        part: "survival.*.median_days",
        rule: "first day on which the product-limit estimate is at most one half; if it is exactly one half there, the middle between that day and the day on which it falls below",
        source: "Kaplan and Meier 1958; R survival, print(survfit)",
        rests_on: &[R::Times, R::Assessments],
    },
    Ground {
        part: "survival.*.median_ci95",
        rule: "days on which the lower and the upper band (Greenwood variance, symmetric in the logarithm of survival, 95 %) reach one half",
        source: "Brookmeyer and Crowley 1982; Greenwood 1926",
        rests_on: &[R::Times, R::Assessments],
    },
    Ground {
        part: "survival.*.quartiles",
        rule: "as the median, for a quarter, a half and three quarters of the subjects with the event",
        source: "Kaplan and Meier 1958; Brookmeyer and Crowley 1982",
        rests_on: &[R::Times, R::Assessments],
    },
    Ground {
        part: "survival.*.at",
        rule: "product-limit estimate on the landmark's day, with the number at risk just before; interval from Greenwood's variance, symmetric in the logarithm of survival, 95 %; none beyond the last observation",
        source: "Kaplan and Meier 1958; Greenwood 1926; protocol: landmark_days",
        rests_on: &[R::Times, R::Assessments],
    },
    Ground {
        part: "survival.follow_up",
        rule: "times from the first treatment to death or the last contact",
        source: "Schemper and Smith 1996",
        rests_on: &[R::Times],
    },
    Ground {
        part: "survival.follow_up.plain_median_days",
        rule: "median of all subjects' times, whether they died or not",
        source: "Schemper and Smith 1996",
        rests_on: &[R::Times],
    },
    Ground {
        part: "survival.follow_up.survivor_median_days",
        rule: "median of the times of subjects who are alive",
        source: "Schemper and Smith 1996",
        rests_on: &[R::Times],
    },
    Ground {
        part: "survival.follow_up.reverse_km_median_days",
        rule: "median of the product-limit estimate with death as censoring and the last contact as the event",
        source: "Schemper and Smith 1996",
        rests_on: &[R::Times],
    },
    Ground {
        part: "survival.log_rank",
        rule: "observed minus expected events in each group, with the hypergeometric variance; chi-square with one degree of freedom fewer than groups; stratified: both summed over the strata",
        source: "Mantel 1966; protocol: comparisons, groupings",
        rests_on: &[R::Times, R::Assessments, R::Screenings],
    },
    Ground {
        part: "association",
        rule: "contingency table of response at the time point by group; the test is named beside its p",
        source: "Pearson 1900; Fisher 1935; Freeman and Halton 1951; protocol: associations",
        rests_on: &[R::Assessments, R::Screenings],
    },
    Ground {
        part: "deviations",
        rule: "departures that the facts show, each by its rule, and those that people recorded; docs/conduct.md lists the rules",
        source: "ICH E3 10.2; ICH E6(R3) 2.5, 3.12; protocol",
        rests_on: &[R::Deviations],
    },
    Ground {
        part: "subjects",
        rule: "the facts of each subject as they stand now",
        source: "protocol: baseline, response, survival",
        rests_on: &[R::Screenings, R::Times, R::Assessments, R::Fractions],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_stands_once_and_has_a_rule_a_source_and_facts() {
        let mut parts: Vec<&str> = GROUNDS.iter().map(|ground| ground.part).collect();
        parts.sort_unstable();
        assert!(parts.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(GROUNDS.iter().all(|g| !g.rule.is_empty() && !g.source.is_empty() && !g.rests_on.is_empty()));
    }
}
