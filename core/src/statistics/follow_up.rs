//! Median follow-up, by each of the three definitions in use, so that no reader has to guess which one is printed.
//!
//! Does not choose between them: a report prints the name beside the number.

use super::{
    order,
    survival::{KaplanMeier, MedianRule, Observation, Outcome},
};
use schemars::JsonSchema;
use serde::Serialize;

/// How long subjects were followed, in days.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FollowUp {
    /// The median of all observation times, whatever ended them.
    pub plain_median_days: Option<f64>,
    /// The median of the reverse Kaplan-Meier estimate (Schemper and Smith 1996); none if not reached.
    pub reverse_km_median_days: Option<f64>,
    /// The median of the times of those without the event.
    pub survivor_median_days: Option<f64>,
    /// The shortest and the longest observation time.
    pub range_days: Option<(i64, i64)>,
}

impl FollowUp {
    /// The follow-up of these observations, given the rule for a median at exactly one half.
    pub fn new(observations: &[Observation], rule: MedianRule) -> FollowUp {
        let times = || observations.iter().map(|o| o.time);
        let survivors = observations.iter().filter(|o| o.outcome == Outcome::Censored);
        FollowUp {
            plain_median_days: order::median(&times().map(|t| t as f64).collect::<Vec<_>>()),
            reverse_km_median_days: KaplanMeier::reverse(observations).median(rule),
            survivor_median_days: order::median(&survivors.map(|o| o.time as f64).collect::<Vec<_>>()),
            range_days: times().min().zip(times().max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_survivor_there_is_no_survivor_median() {
        let dead = [Observation::event(3), Observation::event(5)];
        let follow_up = FollowUp::new(&dead, MedianRule::Midpoint);
        assert_eq!(follow_up.plain_median_days, Some(4.0));
        assert_eq!(follow_up.reverse_km_median_days, None);
        assert_eq!(follow_up.survivor_median_days, None);
        assert_eq!(follow_up.range_days, Some((3, 5)));
        assert_eq!(FollowUp::new(&[], MedianRule::Midpoint).range_days, None);
    }
}
