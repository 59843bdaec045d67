//! Why: for each number of a replay, the rule or formula that gives it, its source, and the entries it rests on.
//!
//! Promises the entries that state the facts the number was computed from; leaving one of them out could change it. Does
//! not list the protocol and the dictionary with every number: they are named once, as the first entry.

use super::{analysis_sets::AnalysisSets, observation, replay::Reading, response::ResponseTable, serious::Serious};
use crate::{
    grade::DoseLevel,
    ids::{Name, Seq, SubjectId},
    projection::Trial,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// What a number rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    /// The part of the replay that was asked for.
    pub part: &'static str,
    /// The rule or formula, in words.
    pub rule: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// The entries, in order.
    pub entries: Vec<Seq>,
}

/// What narrows a number down: the conditions in its path, such as `label=Hypertension` or `subject=S-001`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Narrow {
    /// Conditions by member.
    pub conditions: Vec<(String, String)>,
}

impl Narrow {
    fn get(&self, member: &str) -> Option<&str> {
        self.conditions.iter().find(|(m, _)| m == member).map(|(_, value)| value.as_str())
    }

    fn level(&self) -> Option<DoseLevel> {
        self.get("level").and_then(|l| l.parse().ok()).and_then(DoseLevel::new)
    }

    fn allows(&self, subject: &SubjectId, level: DoseLevel) -> bool {
        self.get("subject").is_none_or(|s| s == subject.as_str()) && self.level().is_none_or(|l| l == level)
    }
}

struct Ground {
    part: &'static str,
    rule: &'static str,
    source: &'static str,
    entries: fn(&Facts<'_>) -> BTreeSet<Seq>,
}

/// Longest part first where one begins with another.
const GROUNDS: &[Ground] = &[
    Ground {
        part: "escalation.decisions",
        rule: "the decisions that the safety committee signed, with the counts they were signed on",
        source: "ICH E6(R3) 3.11; protocol, dose escalation",
        entries: |f| f.decisions(),
    },
    Ground {
        part: "escalation.mtd",
        rule: "the level of the last signed decision that ended escalation: the highest level with at most 1 DLT in 6 (or 0 in 3 where the protocol allows it)",
        source: "protocol, dose escalation; Storer 1989, Korn 1994",
        entries: |f| &f.decisions() | &f.conduct_facts(),
    },
    Ground {
        part: "escalation",
        rule: "the rule of the protocol's design applied to evaluable subjects and DLTs per level; evaluable: had a DLT, or completed the window with enough of the planned treatment",
        source: "protocol, design, dlt and evaluability; docs/escalation.md",
        entries: |f| &f.decisions() | &f.conduct_facts(),
    },
    Ground {
        part: "analysis_sets",
        rule: "consented, enrolled, treated (any dose or fraction), evaluable for dose-limiting toxicity, evaluable for response (measurable at baseline, and assessed at the time point or progressed or dead before), per protocol (no important deviation recorded, at least the protocol's shares of the treatment)",
        source: "CONSORT 2010; ICH E9 5.2; protocol, evaluability and response",
        entries: |f| f.analysis_sets(),
    },
    Ground {
        part: "serious",
        rule: "from awareness to the report at most 24 hours, in UTC; without a report, from when the event was recorded as serious",
        source: "EU 536/2014 art. 41; 21 CFR 312.64(b); ICH E2A",
        entries: |f| f.serious(),
    },
    Ground {
        part: "baseline",
        rule: "counts and percentages of enrolled subjects by category; median and range of numbers; the last screening with a value counts",
        source: "protocol, baseline",
        entries: |f| f.screenings(),
    },
    Ground {
        part: "toxicity",
        rule: "a subject counts once per row, at the worst grade over the terms of the row; denominator: treated subjects",
        source: "CTCAE v4.0; protocol, toxicity_rows",
        entries: |f| f.adverse_events(),
    },
    Ground {
        part: "exposure",
        rule: "relative dose = taken / planned amount; relative dose intensity = amount per day / planned amount per day, over the time on drug and over the planned time",
        source: "Hryniuk and Bush 1984; protocol, treatment",
        entries: |f| f.doses(),
    },
    Ground {
        part: "radiotherapy",
        rule: "delivered dose summed fraction by fraction; BED = sum d (1 + d/(a/b)); EQD2 = sum d (d + a/b)/(2 + a/b)",
        source: "linear-quadratic model, Fowler 1989; protocol, treatment.radiotherapy",
        entries: |f| f.fractions(),
    },
    Ground {
        part: "response",
        rule: "RECIST 1.1 from the lesions as measured, at the protocol's time point; rate = (CR + PR) / assessed, with the Clopper-Pearson interval at 95 %",
        source: "Eisenhauer et al. 2009 (RECIST 1.1); Clopper and Pearson 1934",
        entries: |f| f.assessments(),
    },
    Ground {
        part: "survival.follow_up",
        rule: "median of all observation times; median of the reverse Kaplan-Meier estimate; median of the times of survivors",
        source: "Schemper and Smith 1996",
        entries: |f| f.times(),
    },
    Ground {
        part: "survival.log_rank",
        rule: "log-rank test: observed minus expected events with hypergeometric variance",
        source: "Mantel 1966; protocol, comparisons",
        entries: |f| &(&f.times() | &f.assessments()) | &f.screenings(),
    },
    Ground {
        part: "survival",
        rule: "Kaplan-Meier estimate in days from the first treatment; Greenwood variance, interval on the log scale; median where the estimate first falls to one half",
        source: "Kaplan and Meier 1958; Brookmeyer and Crowley 1982; protocol, survival",
        entries: |f| &f.times() | &f.assessments(),
    },
    Ground {
        part: "association",
        rule: "contingency table of response at the time point by group; the test is named beside its p",
        source: "Pearson 1900; Freeman and Halton 1951; protocol, associations",
        entries: |f| &f.assessments() | &f.screenings(),
    },
    Ground {
        part: "deviations",
        rule: "departures that the facts show, and those that people recorded",
        source: "ICH E6(R3) 3.10; protocol",
        entries: |f| f.deviations(),
    },
    Ground {
        part: "subjects",
        rule: "the facts of each subject as they stand now",
        source: "ICH E6(R3) 4.2",
        entries: |f| &(&f.screenings() | &f.times()) | &(&f.assessments() | &f.fractions()),
    },
];

/// The parts of a replay that can be asked for.
pub fn parts() -> impl Iterator<Item = &'static str> {
    GROUNDS.iter().map(|ground| ground.part)
}

/// What a part of the replay rests on: the longest part that the path begins with.
pub fn why(trial: &Trial, reading: Reading, path: &str, narrow: &Narrow) -> Option<Why> {
    let begins =
        |part: &str| path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let ground = GROUNDS.iter().filter(|g| begins(g.part)).max_by_key(|g| g.part.len())?;
    let facts = Facts { trial, reading, narrow };
    let mut entries: BTreeSet<Seq> = facts.frame();
    entries.extend((ground.entries)(&facts));
    // A corrected fact rests on its correction, too.
    let amendments: Vec<Seq> = entries.iter().filter_map(|seq| trial.cut.amended.get(seq)).flatten().copied().collect();
    entries.extend(amendments);
    Some(Why { part: ground.part, rule: ground.rule, source: ground.source, entries: entries.into_iter().collect() })
}

struct Facts<'a> {
    trial: &'a Trial,
    reading: Reading,
    narrow: &'a Narrow,
}

impl Facts<'_> {
    /// The protocol in force, under which everything is read.
    fn frame(&self) -> BTreeSet<Seq> {
        self.trial.conduct.protocols.last().map(|(seq, _)| seq).into_iter().collect()
    }

    fn enrolled(&self) -> impl Iterator<Item = (&SubjectId, Seq)> {
        let enrolled = self.trial.subjects.enrolled().filter(|(id, _, e)| self.narrow.allows(id, e.level));
        enrolled.filter_map(|(id, subject, _)| subject.enrolments.first().map(|(seq, _)| (id, seq)))
    }

    fn decisions(&self) -> BTreeSet<Seq> {
        let decisions = self.trial.conduct.decisions.iter().map(|(seq, _)| seq);
        decisions.chain(self.trial.conduct.mtds.iter().map(|(seq, _)| seq)).collect()
    }

    /// Enrolment, the first and the last treatment, rulings, death, and adverse events that could count.
    fn conduct_facts(&self) -> BTreeSet<Seq> {
        let mut found = BTreeSet::new();
        let observations = observation::read(self.trial, self.reading.day);
        for (id, enrolment) in self.enrolled() {
            found.insert(enrolment);
            found.extend(self.treatment_ends(id));
            let rulings = self.trial.subjects.get(id).into_iter().flat_map(|s| s.rulings.iter().map(|(seq, _)| seq));
            found.extend(rulings);
            found.extend(self.trial.follow_up.of(id).and_then(|f| f.death()).map(|(seq, _)| seq));
            let judged = observations.iter().filter(|o| o.subject == *id).flat_map(|o| &o.judged);
            found.extend(judged.flat_map(|j| j.entries.iter().copied()));
        }
        found
    }

    /// The first and the last intake and fraction.
    fn treatment_ends(&self, id: &SubjectId) -> BTreeSet<Seq> {
        let mut found = BTreeSet::new();
        for (_, agent) in self.trial.exposure.of(id) {
            found.extend(agent.doses.iter().min_by_key(|(_, d)| d.day).map(|(seq, _)| seq));
            found.extend(agent.doses.iter().max_by_key(|(_, d)| d.day).map(|(seq, _)| seq));
        }
        if let Some(course) = self.trial.radiotherapy.of(id) {
            found.extend(course.fractions.iter().min_by_key(|(_, f)| f.day).map(|(seq, _)| seq));
            found.extend(course.fractions.iter().max_by_key(|(_, f)| f.day).map(|(seq, _)| seq));
        }
        found
    }

    fn screenings(&self) -> BTreeSet<Seq> {
        let subjects = self.enrolled().filter_map(|(id, _)| self.trial.subjects.get(id));
        subjects.flat_map(|s| s.screenings.iter().map(|(seq, _)| seq)).collect()
    }

    fn adverse_events(&self) -> BTreeSet<Seq> {
        let protocol = self.trial.conduct.protocol();
        let row = self
            .narrow
            .get("label")
            .and_then(|label| protocol.and_then(|p| p.toxicity_rows.iter().find(|row| row.label.as_str() == label)));
        let wanted = |term: &str| match (row, self.narrow.get("label")) {
            (Some(row), _) => row.terms.iter().any(|t| t.as_str() == term),
            (None, Some(label)) => term == label,
            (None, None) => true,
        };
        let mut found = BTreeSet::new();
        for (id, _) in self.enrolled() {
            for (_, ae) in self.trial.safety.of(id) {
                if ae.report().is_some_and(|(_, report)| wanted(report.term.as_str())) {
                    found.extend(ae.entries());
                }
            }
        }
        found
    }

    fn doses(&self) -> BTreeSet<Seq> {
        let mut found = BTreeSet::new();
        let wanted = |name: &Name| self.narrow.get("agent").is_none_or(|a| a == name.as_str());
        for (id, _) in self.enrolled() {
            for (_, agent) in self.trial.exposure.of(id).filter(|(name, _)| wanted(name)) {
                found.extend(agent.doses.iter().map(|(seq, _)| seq));
                found.extend(agent.missed.iter().map(|(seq, _)| seq));
                found.extend(agent.changes.iter().map(|(seq, _)| seq));
            }
        }
        found
    }

    fn fractions(&self) -> BTreeSet<Seq> {
        let courses = self.enrolled().filter_map(|(id, _)| self.trial.radiotherapy.of(id));
        courses
            .flat_map(|c| {
                let plans = c.plans.iter().map(|(seq, _)| seq);
                plans.chain(c.fractions.iter().map(|(seq, _)| seq)).chain(c.missed.iter().map(|(seq, _)| seq))
            })
            .collect()
    }

    fn assessments(&self) -> BTreeSet<Seq> {
        let mut found = BTreeSet::new();
        for subject in ResponseTable::read(self.trial).subjects {
            if self.narrow.allows(&subject.subject, subject.level) {
                found.extend(subject.entries);
                found.extend(self.first_treatment(&subject.subject));
            }
        }
        found
    }

    fn first_treatment(&self, id: &SubjectId) -> Option<Seq> {
        let first = self.trial.first_treatment(id)?;
        let doses = self.trial.exposure.of(id).flat_map(|(_, agent)| agent.doses.iter());
        let dose = doses.into_iter().find(|(_, d)| d.day == first).map(|(seq, _)| seq);
        let course = self.trial.radiotherapy.of(id);
        let fraction = course.and_then(|c| c.fractions.iter().find(|(_, f)| f.day == first).map(|(seq, _)| seq));
        dose.into_iter().chain(fraction).min()
    }

    /// The first treatment, and what ends each subject's time: death, progression, else the last contact.
    fn times(&self) -> BTreeSet<Seq> {
        let mut found = BTreeSet::new();
        for (id, _) in self.enrolled() {
            found.extend(self.first_treatment(id));
            let Some(follow_up) = self.trial.follow_up.of(id) else { continue };
            found.extend(follow_up.death().map(|(seq, _)| seq));
            found.extend(follow_up.progressions.iter().map(|(seq, _)| seq));
            found.extend(follow_up.contacts.iter().max_by_key(|(_, (day, _))| *day).map(|(seq, _)| seq));
        }
        found
    }

    fn analysis_sets(&self) -> BTreeSet<Seq> {
        let response = ResponseTable::read(self.trial);
        let sets = AnalysisSets::read(self.trial, self.reading.day, &response);
        let asked =
            sets.subjects.iter().filter(|s| self.narrow.get("subject").is_none_or(|id| id == s.subject.as_str()));
        let set = self.narrow.get("set");
        let memberships = asked.flat_map(|s| &s.sets).filter(|m| set.is_none_or(|set| set == m.set.as_str()));
        memberships.flat_map(|m| m.entries.iter().copied()).collect()
    }

    fn serious(&self) -> BTreeSet<Seq> {
        let list = Serious::read(self.trial, self.reading.instant);
        let asked = |line: &&super::serious::SeriousLine| {
            let named = |member: &str, found: &str| self.narrow.get(member).is_none_or(|wanted| wanted == found);
            named("subject", line.subject.as_str()) && named("ae", line.ae.as_str())
        };
        list.lines.iter().filter(asked).flat_map(|line| line.entries.iter().copied()).collect()
    }

    fn deviations(&self) -> BTreeSet<Seq> {
        let response = ResponseTable::read(self.trial);
        let escalation = super::escalation::Escalation::read(self.trial, self.reading.day);
        let serious = Serious::read(self.trial, self.reading.instant);
        let found = super::deviations::read(self.trial, self.reading.day, escalation.as_ref(), &response, &serious);
        found.iter().filter_map(|d| d.seq).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_rule_and_a_source_and_stands_once() {
        let mut parts: Vec<&str> = parts().collect();
        parts.sort_unstable();
        assert!(parts.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(GROUNDS.iter().all(|g| !g.rule.is_empty() && !g.source.is_empty()));
    }
}
