//! The Kaplan-Meier estimate: survival over time from observations some of which are cut short.
//!
//! Promises the numbers of R's `survfit` and of its printed medians, from whole days, so that no two times are
//! tied or told apart by rounding. At a tie, events come before censorings. Does not check that times are from
//! the right origin, nor that censoring is independent of the outcome.

use super::special::Z_975;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one subject's observation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The event happened at this time.
    Event,
    /// The event had not happened by this time.
    Censored,
}

/// One subject's time under observation and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Observation {
    /// Days from the time origin to the event or to the last sight of the subject.
    pub time: i64,
    /// Whether the event ended it.
    pub outcome: Outcome,
}

impl Observation {
    /// The event happened on this day.
    pub fn event(time: i64) -> Observation {
        Observation { time, outcome: Outcome::Event }
    }

    /// Last seen without the event on this day.
    pub fn censored(time: i64) -> Observation {
        Observation { time, outcome: Outcome::Censored }
    }

    /// The same time with event and censoring exchanged, as reverse Kaplan-Meier needs it.
    pub fn flipped(self) -> Observation {
        match self.outcome {
            Outcome::Event => Observation::censored(self.time),
            Outcome::Censored => Observation::event(self.time),
        }
    }
}

/// Which day is the median when the curve lies at exactly one half for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MedianRule {
    /// Half way between reaching one half and falling below it (R, SAS).
    Midpoint,
    /// The first day with survival of at most one half (SPSS).
    Smallest,
}

/// The scale on which a 95 % confidence interval of survival is symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceInterval {
    /// The logarithm of survival; the upper limit is capped at 1 (R's default).
    Log,
    /// Survival itself, clipped to 0 and 1.
    Plain,
    /// The logarithm of the cumulative hazard; never leaves 0 to 1 (SAS's default).
    LogLog,
}

/// What happened on one day, and survival from that day on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// Days from the time origin.
    pub time: i64,
    /// Subjects under observation just before this day's events.
    pub at_risk: u64,
    /// Events on this day.
    pub events: u64,
    /// Subjects last seen on this day without the event.
    pub censored: u64,
    /// Estimated survival from this day on.
    pub survival: f64,
    /// Greenwood's standard error of the logarithm of survival; none once survival is zero.
    pub se_log: Option<f64>,
}

impl Step {
    /// Greenwood's standard error of survival; none once survival is zero.
    pub fn se(&self) -> Option<f64> {
        self.se_log.map(|se_log| self.survival * se_log)
    }

    /// The pointwise 95 % confidence interval of survival; none once survival is zero, (1, 1) before the first event.
    pub fn ci95(&self, interval: ConfidenceInterval) -> Option<(f64, f64)> {
        let margin = Z_975 * self.se_log?;
        let s = self.survival;
        if s == 1.0 {
            return Some((1.0, 1.0));
        }
        Some(match interval {
            ConfidenceInterval::Log => (s * libm::exp(-margin), (s * libm::exp(margin)).min(1.0)),
            ConfidenceInterval::Plain => ((s - s * margin).max(0.0), (s + s * margin).min(1.0)),
            ConfidenceInterval::LogLog => {
                let hazard = -libm::log(s);
                let at = |sign: f64| libm::exp(-libm::exp(libm::log(hazard) + sign * margin / hazard));
                (at(1.0), at(-1.0))
            }
        })
    }
}

/// Survival at a chosen time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Landmark {
    /// The chosen time in days.
    pub time: i64,
    /// Estimated survival at that time.
    pub survival: f64,
    /// Its standard error; none where survival is zero.
    pub se: Option<f64>,
    /// Its 95 % confidence interval; none where survival is zero.
    pub ci95: Option<(f64, f64)>,
    /// Subjects still under observation just before that time.
    pub at_risk: u64,
}

/// The product-limit estimate of Kaplan and Meier (1958): one step per distinct time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct KaplanMeier {
    subjects: u64,
    steps: Vec<Step>,
}

impl KaplanMeier {
    /// The estimate from observations in any order; no observations give a curve without steps.
    pub fn new(observations: &[Observation]) -> KaplanMeier {
        let mut sorted = observations.to_vec();
        sorted.sort_unstable();
        let subjects = sorted.len() as u64;
        let (mut at_risk, mut survival, mut greenwood) = (subjects, 1.0, 0.0);
        let steps = sorted.chunk_by(|a, b| a.time == b.time).map(|day| {
            let events = day.iter().filter(|o| o.outcome == Outcome::Event).count() as u64;
            let (n, d) = (at_risk as f64, events as f64);
            if events > 0 {
                survival *= (n - d) / n;
                // Infinite when everyone left has the event; survival is then zero and no error is given.
                greenwood += d / (n * (n - d));
            }
            let step = Step {
                time: day[0].time,
                at_risk,
                events,
                censored: day.len() as u64 - events,
                survival,
                se_log: (survival > 0.0).then(|| greenwood.sqrt()),
            };
            at_risk -= day.len() as u64;
            step
        });
        KaplanMeier { subjects, steps: steps.collect() }
    }

    /// The reverse estimate: how long subjects were followed, where the event is the thing that cuts short.
    pub fn reverse(observations: &[Observation]) -> KaplanMeier {
        let flipped: Vec<_> = observations.iter().map(|o| o.flipped()).collect();
        KaplanMeier::new(&flipped)
    }

    /// How many subjects were observed.
    pub fn subjects(&self) -> u64 {
        self.subjects
    }

    /// How many events were observed.
    pub fn events(&self) -> u64 {
        self.steps.iter().map(|s| s.events).sum()
    }

    /// One step per distinct time, in order of time; survival is 1 before the first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Subjects under observation just before `time`: the numbers under the axis of a plot.
    pub fn at_risk(&self, time: i64) -> u64 {
        let next = self.steps.partition_point(|s| s.time < time);
        self.steps.get(next).map_or(0, |s| s.at_risk)
    }

    /// Survival at `time`; none beyond the last observation, where the curve ends.
    pub fn survival_at(&self, time: i64, interval: ConfidenceInterval) -> Option<Landmark> {
        if time > self.steps.last()?.time {
            return None;
        }
        let passed = self.steps.partition_point(|s| s.time <= time);
        let at_risk = self.at_risk(time);
        Some(match self.steps[..passed].last() {
            Some(s) => Landmark { time, survival: s.survival, se: s.se(), ci95: s.ci95(interval), at_risk },
            None => Landmark { time, survival: 1.0, se: Some(0.0), ci95: Some((1.0, 1.0)), at_risk },
        })
    }

    /// The median in days; none when survival stays above one half.
    pub fn median(&self, rule: MedianRule) -> Option<f64> {
        self.quantile(0.5, rule)
    }

    /// The 95 % confidence limits of the median after Brookmeyer and Crowley (1982); a limit not reached is none.
    pub fn median_ci(&self, rule: MedianRule, interval: ConfidenceInterval) -> (Option<f64>, Option<f64>) {
        self.quantile_ci(0.5, rule, interval)
    }

    /// The day by which a share of the subjects had the event; none when the curve stays above the rest.
    pub fn quantile(&self, share: f64, rule: MedianRule) -> Option<f64> {
        falls_to(1.0 - share, self.steps.iter().map(|s| (s.time, s.survival)), rule)
    }

    /// The 95 % confidence limits of a quantile after Brookmeyer and Crowley (1982); a limit not reached is none.
    ///
    /// They are the days on which the lower and the upper band fall to the level, found as R's `print(survfit)` does;
    /// its `quantile()` differs where a curve ends at exactly the level.
    pub fn quantile_ci(
        &self,
        share: f64,
        rule: MedianRule,
        interval: ConfidenceInterval,
    ) -> (Option<f64>, Option<f64>) {
        let bands = || self.steps.iter().filter_map(|s| Some((s.time, s.ci95(interval)?)));
        let lower = falls_to(1.0 - share, bands().map(|(time, (low, _))| (time, low)), rule);
        let upper = falls_to(1.0 - share, bands().map(|(time, (_, high))| (time, high)), rule);
        (lower, upper)
    }
}

/// How far a product of fractions may be from a level and still be the level: R's tolerance, the root of epsilon.
const TOLERANCE: f64 = 1.5e-8;

/// The first time at which a curve is at most at a level; under `Midpoint`, if it lies at exactly the level there and
/// falls later, the middle of the two times.
fn falls_to(level: f64, mut curve: impl Iterator<Item = (i64, f64)>, rule: MedianRule) -> Option<f64> {
    let (first, found) = curve.find(|(_, found)| *found < level + TOLERANCE)?;
    let falls = match rule {
        MedianRule::Midpoint if (found - level).abs() < TOLERANCE => curve.find(|(_, later)| *later < found),
        MedianRule::Midpoint | MedianRule::Smallest => None,
    };
    Some(match falls {
        Some((second, _)) => (first as f64 + second as f64) / 2.0,
        None => first as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(times: &[i64]) -> Vec<Observation> {
        times.iter().map(|t| Observation::event(*t)).collect()
    }

    #[test]
    fn nobody_observed_gives_an_empty_curve() {
        let curve = KaplanMeier::new(&[]);
        assert!(curve.steps().is_empty());
        assert_eq!(curve.survival_at(0, ConfidenceInterval::Log), None);
        assert_eq!(curve.median(MedianRule::Midpoint), None);
        assert_eq!(curve.median_ci(MedianRule::Midpoint, ConfidenceInterval::Log), (None, None));
        assert_eq!(curve.at_risk(0), 0);
    }

    #[test]
    fn twelve_of_twenty_four_are_one_half_though_the_float_is_above_it() {
        let curve = KaplanMeier::new(&events(&(1..=24).collect::<Vec<_>>()));
        assert!(curve.steps()[11].survival > 0.5);
        assert_eq!(curve.median(MedianRule::Midpoint), Some(12.5));
        assert_eq!(curve.median(MedianRule::Smallest), Some(12.0));
    }

    #[test]
    fn survival_that_rests_at_one_half_to_the_end_has_its_median_where_it_got_there() {
        let mut observed = events(&[2, 4]);
        observed.extend([Observation::censored(6), Observation::censored(8)]);
        assert_eq!(KaplanMeier::new(&observed).median(MedianRule::Midpoint), Some(4.0));
    }

    #[test]
    fn a_landmark_before_the_first_time_is_one_and_beyond_the_last_is_none() {
        let curve = KaplanMeier::new(&events(&[10, 20]));
        let early = curve.survival_at(9, ConfidenceInterval::LogLog).unwrap();
        assert_eq!((early.survival, early.ci95, early.at_risk), (1.0, Some((1.0, 1.0)), 2));
        let last = curve.survival_at(20, ConfidenceInterval::Log).unwrap();
        assert_eq!((last.survival, last.se, last.ci95, last.at_risk), (0.0, None, None, 1));
        assert_eq!(curve.survival_at(21, ConfidenceInterval::Log), None);
    }

    #[test]
    fn the_names_of_the_rules_are_stable() {
        let text = |v: serde_json::Result<String>| v.unwrap();
        assert_eq!(text(serde_json::to_string(&MedianRule::Smallest)), r#""smallest""#);
        assert_eq!(text(serde_json::to_string(&ConfidenceInterval::LogLog)), r#""log_log""#);
    }
}
