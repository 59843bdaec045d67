//! The 3+3 with each of its fields, and the other designs, against second implementations written another way: exact
//! operating characteristics by plain recursion over patients, without the crate's rule.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use trial_core::escalation::generate::{IntervalDesign, Wanted, table};
use trial_core::escalation::{
    DeEscalation, Design, GateAnchor, MtdConvention, OverEnrolment, PartialCohort, RollingSix, ThreePlusThree,
    operating_characteristics,
};
use trial_core::grade::DoseLevel;

/// How a trial ended: the MTD (0 for none), with its probability; the patients are added up on the way.
struct Tally<'a> {
    p: &'a [f64],
    ends: Vec<f64>,
    patients: Vec<f64>,
}

impl<'a> Tally<'a> {
    fn new(p: &'a [f64]) -> Tally<'a> {
        Tally { p, ends: vec![0.0; p.len() + 1], patients: vec![0.0; p.len()] }
    }

    /// Treats `left` more patients one after the other, then goes on with the number of DLTs.
    fn treat(&mut self, at: usize, left: u32, dlt: u32, weight: f64, then: &mut dyn FnMut(&mut Self, u32, f64)) {
        if weight == 0.0 {
            return;
        }
        if left == 0 {
            return then(self, dlt, weight);
        }
        self.patients[at] += weight;
        self.treat(at, left - 1, dlt + 1, weight * self.p[at], then);
        self.treat(at, left - 1, dlt, weight * (1.0 - self.p[at]), then);
    }
}

/// Which 3+3.
#[derive(Clone, Copy)]
struct Kind {
    start: usize,
    six: bool,
    storer: bool,
    cohort: u32,
}

/// What is known of a level: patients and DLTs; `None` where it was not given.
type Known = Vec<Option<(u32, u32)>>;

/// A 3+3 in words: going up until a level has two DLTs or the top is passed, then coming down.
fn climb(kind: Kind, tally: &mut Tally<'_>, known: &Known, at: usize, weight: f64) {
    let (n, dlt) = known[at].unwrap_or((0, 0));
    let more = if n == 0 { kind.cohort } else { 6 - n };
    tally.treat(at, more, dlt, weight, &mut |tally, dlt, weight| {
        let mut known = known.clone();
        known[at] = Some((n + more, dlt));
        after(kind, tally, &known, at, weight);
    });
}

fn after(kind: Kind, tally: &mut Tally<'_>, known: &Known, at: usize, weight: f64) {
    let (n, dlt) = known[at].unwrap();
    let closed_above = known.get(at + 1).is_some_and(|above| above.is_some_and(|(_, dlt)| dlt >= 2));
    let top = at + 1 == known.len();
    if dlt >= 2 {
        return descend(kind, tally, known, at, weight);
    }
    let undecided = dlt == 1 && n < 6;
    let to_fill = n < 6 && ((closed_above && !kind.storer) || (top && kind.six));
    if undecided || to_fill {
        climb(kind, tally, known, at, weight);
    } else if closed_above || top {
        tally.ends[at + 1] += weight;
    } else {
        climb(kind, tally, known, at + 1, weight);
    }
}

fn descend(kind: Kind, tally: &mut Tally<'_>, known: &Known, from: usize, weight: f64) {
    if from == 0 {
        tally.ends[0] += weight;
        return;
    }
    match (known[from - 1], kind.storer) {
        (None, true) => tally.ends[0] += weight,
        (Some(_), true) | (Some((6.., _)), false) => tally.ends[from] += weight,
        (None | Some(_), false) => climb(kind, tally, known, from - 1, weight),
    }
}

fn level(number: usize) -> DoseLevel {
    DoseLevel::new(number as u8).unwrap()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-12
}

fn assert_same(design: &Design, tally: &Tally<'_>, what: &str) {
    let found = operating_characteristics(design, tally.p).unwrap();
    assert!(close(found.no_mtd, tally.ends[0]), "{what}: no MTD {} {}", found.no_mtd, tally.ends[0]);
    for (index, (found, expected)) in found.mtd.iter().zip(&tally.ends[1..]).enumerate() {
        assert!(close(*found, *expected), "{what}: MTD {}: {found} {expected}", index + 1);
    }
    for (index, (found, expected)) in found.patients.iter().zip(&tally.patients).enumerate() {
        assert!(close(*found, *expected), "{what}: patients at {}: {found} {expected}", index + 1);
    }
    assert!(close(tally.ends.iter().sum(), 1.0), "{what}");
}

const TRUTHS: [&[f64]; 5] =
    [&[0.10, 0.25, 0.45], &[0.3], &[0.05, 0.10, 0.20, 0.35], &[0.5, 0.2, 0.4], &[0.0, 0.3, 1.0]];

#[test]
fn every_3_plus_3_has_the_characteristics_of_a_second_implementation() {
    let mut compared = 0;
    for p in TRUTHS {
        for start in 1..=p.len() {
            for (six, storer) in [(false, false), (true, false), (false, true)] {
                let kind = Kind { start: start - 1, six, storer, cohort: 3 };
                let mut tally = Tally::new(p);
                climb(kind, &mut tally, &vec![None; p.len()], kind.start, 1.0);
                // What concerns dates, over-enrolment and names does not change the ways; each value is walked once.
                for other in [false, true] {
                    let design = Design::ThreePlusThree(ThreePlusThree {
                        start_level: level(start),
                        mtd_needs_six: six,
                        de_escalation: if storer { DeEscalation::None } else { DeEscalation::Fill },
                        partial_cohort: if other { PartialCohort::Complete } else { PartialCohort::Escalate },
                        over_enrolment: if other { OverEnrolment::UpToSix } else { OverEnrolment::Flag },
                        gate_anchor: if other { GateAnchor::FirstDose } else { GateAnchor::LastTreatment },
                        gate_months: if other { 0 } else { 3 },
                        mtd_convention: if other {
                            MtdConvention::LowestIntolerable
                        } else {
                            MtdConvention::HighestTolerated
                        },
                    });
                    assert_same(&design, &tally, &format!("{p:?} from {start}, {six} {storer} {other}"));
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 84);
}

#[test]
fn a_rolling_six_at_its_fastest_treats_six_at_a_time() {
    for p in TRUTHS {
        for start in 1..=p.len() {
            let kind = Kind { start: start - 1, six: true, storer: false, cohort: 6 };
            let mut tally = Tally::new(p);
            climb(kind, &mut tally, &vec![None; p.len()], kind.start, 1.0);
            let design = Design::RollingSix(RollingSix { start_level: level(start), ..RollingSix::default() });
            assert_same(&design, &tally, &format!("{p:?} from {start}"));
        }
    }
}

/// BOIN at 0.30 by its printed boundaries for 3 and 6, at most 6 at a level.
fn boin(tally: &mut Tally<'_>, known: &[(u32, u32)], at: usize, most: u32, weight: f64) {
    tally.treat(at, 3, 0, weight, &mut |tally, dlt, weight| {
        let mut known = known.to_vec();
        known[at] = (known[at].0 + 3, known[at].1 + dlt);
        let (escalate, down) = if known[at].0 == 3 { (0, 2) } else { (1, 3) };
        let excluded = |(n, dlt): (u32, u32)| n > 0 && dlt >= if n == 3 { 3 } else { 4 };
        let open = known.iter().position(|count| excluded(*count)).unwrap_or(known.len());
        if open == 0 {
            tally.ends[0] += weight;
            return;
        }
        let dlt = known[at].1;
        let to = if at >= open {
            open - 1
        } else if dlt >= down {
            at.saturating_sub(1)
        } else if dlt <= escalate && at + 1 < open {
            at + 1
        } else {
            at
        };
        let treated: u32 = known.iter().map(|(n, _)| n).sum();
        if treated < most && known[to].0 < 6 {
            return boin(tally, &known, to, most, weight);
        }
        tally.ends[closest(&known[..open]) + 1] += weight;
    });
}

/// The level closest to 0.30 by the max-min formula of isotonic regression, in floating point.
fn closest(known: &[(u32, u32)]) -> usize {
    let tried: Vec<usize> = (0..known.len()).filter(|level| known[*level].0 > 0).collect();
    let pooled = |from: usize, to: usize| {
        let (n, dlt) = tried[from..=to].iter().fold((0, 0), |(n, dlt), l| (n + known[*l].0, dlt + known[*l].1));
        f64::from(dlt) / f64::from(n)
    };
    let estimate = |i: usize| {
        let least = |from: usize| (i..tried.len()).map(|to| pooled(from, to)).fold(f64::INFINITY, f64::min);
        (0..=i).map(least).fold(0.0, f64::max)
    };
    let mut best = 0;
    for i in 1..tried.len() {
        let (now, then) = (estimate(best), estimate(i));
        let nearer = (then - 0.3).abs() < (now - 0.3).abs() - 1e-9;
        if nearer || ((then - now).abs() < 1e-9 && then < 0.3 - 1e-9) {
            best = i;
        }
    }
    tried[best]
}

#[test]
fn boin_has_the_characteristics_of_a_second_implementation() {
    for (p, most) in [(&[0.10, 0.25, 0.45][..], 15), (&[0.3, 0.3], 12), (&[0.45, 0.6], 9), (&[0.05, 0.1, 0.4], 12)] {
        let wanted = Wanted {
            target: "0.30".parse().unwrap(),
            half_width: "0.05".parse().unwrap(),
            cohort_size: 3,
            max_at_level: 6,
            max_subjects: most,
        };
        let design = Design::DecisionTable(table(IntervalDesign::Boin, &wanted).unwrap());
        let mut tally = Tally::new(p);
        boin(&mut tally, &vec![(0, 0); p.len()], 0, most.into(), 1.0);
        assert_same(&design, &tally, &format!("{p:?} with {most}"));
    }
}
