//! `trial paths`: what the rule says next, and everything that can follow.

use super::{init::read_protocol, open};
use crate::{
    args::{Global, PathsArgs},
    error::CliError,
    output::Output,
    render::{self, paths::Extent},
};
use schemars::JsonSchema;
use serde::Serialize;
use trial_core::{
    escalation::{
        Departure, Design, LevelCount, NextStep, OperatingCharacteristics, Outcomes, PathCounts, Recommendation,
        next_step_table, operating_characteristics, path_counts,
    },
    grade::DoseLevel,
    protocol::Protocol,
    view::{escalation::Escalation, replay::CutLine},
};

/// Paths are followed over at most so many levels.
const MOST_LEVELS: usize = 12;

/// What is answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PathsAnswer {
    /// What it rests on; left out where it rests on no ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<CutLine>,
    /// What the rule says next; none while it waits.
    pub recommendation: Option<Recommendation>,
    /// The level being treated.
    pub current_level: DoseLevel,
    /// Evaluable subjects and DLTs by level, lowest first.
    pub counts: Vec<LevelCount>,
    /// What it says if some of the next subjects have a DLT.
    pub next_steps: Vec<NextStep>,
    /// Cohorts that the rule would not have allowed.
    pub departures: Vec<Departure>,
    /// How many paths there are from the start.
    pub paths: PathCounts,
    /// The probabilities of a DLT that were given, lowest level first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<f64>,
    /// Exact probabilities, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_characteristics: Option<OperatingCharacteristics>,
}

/// Answers.
pub fn run(global: &Global, args: &PathsArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let (protocol, standing, cut) = match &args.protocol {
        Some(path) => (read_protocol(path)?, None, None),
        None => {
            let session = open(global, output)?;
            let none = || CliError::no("no protocol is in force").hint("give --protocol FILE");
            let protocol = session.trial.conduct.protocol().cloned().ok_or_else(none)?;
            let cut = session.cut();
            (protocol, Escalation::read(&session.trial, session.reading.day), Some(cut))
        }
    };
    let levels = u8::try_from(protocol.levels.len().min(MOST_LEVELS)).unwrap_or(u8::MAX);
    let answer = match (&args.outcomes, standing) {
        (Some(text), _) => of_outcomes(&protocol, text, levels)?,
        (None, Some(standing)) => of_standing(&protocol, &standing, levels),
        (None, None) => of_outcomes(&protocol, "", levels)?,
    };
    let answer = PathsAnswer { cut, ..with_probabilities(answer, &protocol, &args.probabilities)? };
    let extent = if args.all { Extent::Everything } else { Extent::NextStep };
    if answer.paths.too_many {
        let note = "the design has too many paths to count them all: the numbers are those of the shorter ones";
        writeln!(output.err, "trial: note: {note}")?;
    }
    if output.json {
        output.value(&answer)?;
    } else {
        output.text(&render::paths(&answer, &protocol, extent, render::screen()))?;
    }
    Ok(0)
}

fn of_outcomes(protocol: &Protocol, text: &str, levels: u8) -> Result<PathsAnswer, CliError> {
    let outcomes = Outcomes::parse(text, levels).map_err(|e| {
        CliError::usage(format!("{text:?}: {e}"))
            .hint("for example \"1NNN 2NT\": level 1 three without, level 2 one with a DLT")
    })?;
    let design = &protocol.design;
    let (counts, current) = (outcomes.counts(), outcomes.current_level(design));
    let recommendation = outcomes.next(design);
    let pending = recommendation.as_ref().map_or_else(|| lacking(design, &counts, current), |r| r.add);
    Ok(PathsAnswer {
        cut: None,
        next_steps: steps(protocol, &counts, recommendation.as_ref(), current, pending),
        recommendation,
        current_level: current,
        departures: outcomes.departures(design),
        counts,
        paths: path_counts(design, levels),
        probabilities: Vec::new(),
        operating_characteristics: None,
    })
}

/// Subjects that the cohort at a level still lacks.
fn lacking(design: &Design, counts: &[LevelCount], current: DoseLevel) -> u32 {
    design.lacking(counts.get(usize::from(current.get()) - 1).map_or(0, |c| c.evaluable))
}

fn of_standing(protocol: &Protocol, standing: &Escalation, levels: u8) -> PathsAnswer {
    let counts: Vec<LevelCount> =
        standing.levels.iter().map(|l| LevelCount { evaluable: l.evaluable, dlt: l.dlt }).collect();
    let current = standing.current_level;
    let here = standing.levels.iter().find(|l| l.level == current);
    let pending = standing.open_slots + here.map_or(0, |l| l.pending);
    PathsAnswer {
        cut: None,
        recommendation: standing.recommendation,
        current_level: current,
        next_steps: next_step_table(&protocol.design, &counts, current, pending),
        departures: Vec::new(),
        counts,
        paths: path_counts(&protocol.design, levels),
        probabilities: Vec::new(),
        operating_characteristics: None,
    }
}

/// The table looks one cohort ahead: at the level that the rule opens, else at the level that still waits.
fn steps(
    protocol: &Protocol,
    counts: &[LevelCount],
    next: Option<&Recommendation>,
    current: DoseLevel,
    pending: u32,
) -> Vec<NextStep> {
    let level = next.and_then(|r| r.level).unwrap_or(current);
    if pending == 0 { Vec::new() } else { next_step_table(&protocol.design, counts, level, pending) }
}

fn with_probabilities(
    answer: PathsAnswer,
    protocol: &Protocol,
    probabilities: &[f64],
) -> Result<PathsAnswer, CliError> {
    if probabilities.is_empty() {
        return Ok(answer);
    }
    if probabilities.len() != protocol.levels.len() {
        let message = format!(
            "--probabilities: expected {} numbers, one a level, found {}",
            protocol.levels.len(),
            probabilities.len()
        );
        return Err(CliError::usage(message));
    }
    let characteristics = operating_characteristics(&protocol.design, probabilities)
        .map_err(|e| CliError::usage(format!("--probabilities: {e}")))?;
    let probabilities = probabilities.to_vec();
    Ok(PathsAnswer { probabilities, operating_characteristics: Some(characteristics), ..answer })
}
