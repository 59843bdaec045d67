//! Why: for each number of a replay, the rule or formula that gives it, its source, and the entries it rests on.
//!
//! Promises the entries that state the facts the number was computed from; leaving one of them out could change it. Does
//! not list the protocol and the dictionary with every number: they are named once, as the first entry.

use super::{
    analysis_sets::AnalysisSets,
    grounds::{GROUNDS, RestsOn},
    observation,
    replay::{Reading, Replay},
    response::ResponseTable,
    serious::Serious,
};
use crate::{
    grade::DoseLevel,
    ids::{Name, Seq, SubjectId},
    projection::Trial,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a number rests on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// The parts of a replay that can be asked for; a star stands for any member.
pub fn parts() -> impl Iterator<Item = &'static str> {
    GROUNDS.iter().map(|ground| ground.part)
}

/// How closely a part describes a path: the members that it names, and how many of them by name.
fn describes(part: &str, path: &[&str]) -> Option<(usize, usize)> {
    let named: Vec<&str> = part.split('.').collect();
    let fits = named.len() <= path.len() && named.iter().zip(path).all(|(name, step)| *name == "*" || name == step);
    fits.then(|| (named.len(), named.iter().filter(|name| **name != "*").count()))
}

/// The members along a path, without the conditions in brackets.
fn members(path: &str) -> Vec<&str> {
    let mut depth = false;
    let steps = path.split(|c| {
        depth = (depth || c == '[') && c != ']';
        c == '.' && !depth
    });
    steps.map(|step| step.split('[').next().unwrap_or_default()).collect()
}

/// What a number of the replay rests on: by the part that describes its path most closely.
pub fn why(trial: &Trial, reading: Reading, path: &str, narrow: &Narrow) -> Option<Why> {
    let path = members(path);
    let close = GROUNDS.iter().filter_map(|ground| Some((describes(ground.part, &path)?, ground)));
    let (_, ground) = close.max_by_key(|(closeness, _)| *closeness)?;
    let facts = Facts { trial, reading, narrow };
    let mut entries: BTreeSet<Seq> = facts.frame();
    entries.extend(facts.of(ground.rests_on));
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
    fn of(&self, rests_on: &[RestsOn]) -> BTreeSet<Seq> {
        rests_on.iter().flat_map(|kind| self.kind(*kind)).collect()
    }

    fn kind(&self, kind: RestsOn) -> BTreeSet<Seq> {
        match kind {
            RestsOn::Decisions => self.decisions(),
            RestsOn::Conduct => self.conduct_facts(),
            RestsOn::AnalysisSets => self.analysis_sets(),
            RestsOn::Serious => self.serious(),
            RestsOn::Screenings => self.screenings(),
            RestsOn::AdverseEvents => self.adverse_events(),
            RestsOn::Doses => self.doses(),
            RestsOn::Fractions => self.fractions(),
            RestsOn::Assessments => self.assessments(),
            RestsOn::Times => self.times(),
            RestsOn::Deviations => self.deviations(),
        }
    }

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
            let judged = observation::of(&observations, id).into_iter().flat_map(|o| &o.judged);
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
        Replay::read(self.trial, self.reading).deviations.iter().filter_map(|d| d.seq).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_part_answers() {
        let part = |path: &str| {
            let path = members(path);
            let close = GROUNDS.iter().filter_map(|ground| Some((describes(ground.part, &path)?, ground.part)));
            close.max().map(|(_, part)| part)
        };
        assert_eq!(part("survival.os.median_days"), Some("survival.*.median_days"));
        assert_eq!(part("survival.log_rank[endpoint=os,by=a.b].p"), Some("survival.log_rank"));
        assert_eq!(part("survival.follow_up.plain_median_days"), Some("survival.follow_up.plain_median_days"));
        assert_eq!(part("response.overall.rate.ci95"), Some("response.*.rate.ci95"));
        assert_eq!(part("response.overall.CR"), Some("response"));
        assert_eq!(part("toxicity.rows[label=Nausea/vomiting].total.any"), Some("toxicity"));
        assert_eq!(part("cut.entries"), None);
    }
}
