//! Phrases: what the rule says and what people decided, in words.

use super::{Tone, number};
use trial_core::{
    escalation::{Action, Flag, NoMtd, Recommendation, State},
    grade::DoseLevel,
};

/// An action with the level that it concerns and the places that it opens.
pub fn action(action: Action, level: Option<DoseLevel>, places: u32) -> String {
    let at = level.map_or("no level".into(), |level| format!("level {level}"));
    let places = number::of(u64::from(places), "place", "places");
    match action {
        Action::Start => format!("start at {at}, {places}"),
        Action::Escalate => format!("escalate to {at}, {places}"),
        Action::Expand => format!("expand {at}, {places} more"),
        Action::DeEscalate => format!("de-escalate to {at}, {places}"),
        Action::FillTop => format!("fill {at} to six, {places} more"),
        Action::StopMtd => format!("stop, MTD = {at}"),
        Action::StopNoMtd => "stop, no MTD".into(),
    }
}

/// An action by itself.
pub fn verb(action: Action) -> &'static str {
    match action {
        Action::Start => "start",
        Action::Escalate => "escalate",
        Action::Expand => "expand",
        Action::DeEscalate => "de-escalate",
        Action::FillTop => "fill the top level",
        Action::StopMtd => "stop with the MTD",
        Action::StopNoMtd => "stop without an MTD",
    }
}

/// What the rule says, by its name and what it rests on: `R1: 0/3 at level 1 -> escalate to level 2, 3 places`.
pub fn recommendation(said: &Recommendation) -> String {
    format!("{}: {} -> {}", said.rule, said.basis, outcome(said))
}

/// The part of a recommendation after the arrow.
pub fn outcome(said: &Recommendation) -> String {
    let action = action(said.action, said.level, said.add);
    match said.reason {
        None => action,
        Some(NoMtd::LowestLevelTooToxic) => format!("{action}: the lowest level is too toxic"),
        Some(NoMtd::NoLowerLevelGiven) => format!("{action}: no lower level was given"),
        Some(NoMtd::NoneAtMostTarget) => format!("{action}: every level given is above the target"),
    }
}

/// A state in capitals, so that it is found without colour.
pub fn state(state: State) -> (Tone, &'static str) {
    match state {
        State::Enrolling => (Tone::State, "ENROLLING"),
        State::Observing => (Tone::State, "OBSERVING"),
        State::SafetyHold => (Tone::Fault, "SAFETY HOLD"),
        State::DecisionDue => (Tone::Deviation, "DECISION DUE"),
        State::ReviewRequired => (Tone::Fault, "REVIEW REQUIRED"),
        State::Stopped => (Tone::State, "STOPPED"),
    }
}

/// What else a reader should know.
pub fn flag(flag: &Flag) -> String {
    match flag {
        Flag::OverEnrolment(level) => format!("more subjects at level {level} than places opened"),
        Flag::LateDlt(subject) => format!("{subject}: a DLT became known after the subject had counted without one"),
        Flag::DltWithdrawn(subject) => format!("{subject}: a DLT that had counted was withdrawn or downgraded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trial_core::escalation::{Design, LevelCount, decide};

    #[test]
    fn the_rule_speaks_with_its_name_its_counts_and_what_to_do() {
        let said = |counts: &[(u32, u32)], level| {
            let counts: Vec<LevelCount> =
                counts.iter().map(|(dlt, n)| LevelCount { evaluable: *n, dlt: *dlt }).collect();
            recommendation(&decide(&Design::default(), &counts, DoseLevel::new(level).unwrap()).unwrap())
        };
        assert_eq!(said(&[(0, 3), (0, 0)], 1), "R1: 0/3 at level 1 -> escalate to level 2, 3 places");
        assert_eq!(said(&[(1, 3), (0, 0)], 1), "R3: 1/3 at level 1 -> expand level 1, 3 places more");
        assert_eq!(said(&[(0, 3), (0, 3)], 2), "R2-top: 0/3 at level 2, the top planned level -> stop, MTD = level 2");
        let none = "R4-none: 2/3 at level 1, no lower level -> stop, no MTD: the lowest level is too toxic";
        assert_eq!(said(&[(2, 3), (0, 0)], 1), none);
    }
}
