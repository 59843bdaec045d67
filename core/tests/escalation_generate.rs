//! The generated tables against second computations; `escalation_published.rs` compares them with published cells.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod generated;

use generated::{made, wanted};
use trial_core::escalation::generate::{BadWanted, IntervalDesign, Wanted, cells, table};
use trial_core::escalation::{DecisionTable, Design, LevelCount, TableAction};

fn action(table: &DecisionTable, dlt: u32, evaluable: u32) -> TableAction {
    table.action(LevelCount { evaluable, dlt })
}

/// The letters of a row: E, S, D, X (de-escalate and exclude).
fn letters(table: &DecisionTable, n: u32) -> String {
    let letter = |dlt| match action(table, dlt, n) {
        TableAction::Escalate => 'E',
        TableAction::Stay => 'S',
        TableAction::DeEscalate => 'D',
        TableAction::DeEscalateAndExclude => 'X',
    };
    (0..=n).map(letter).collect()
}

/// Pr(p > t | dlt of n) with a uniform prior is the probability of at most `dlt` in n + 1 draws: a sum of whole numbers.
fn too_toxic_exactly(tenths: i128, dlt: u32, n: u32) -> bool {
    let choose = |k: u32| (0..k).fold(1_i128, |ways, i| ways * i128::from(n + 1 - i) / i128::from(i + 1));
    let term = |k: u32| choose(k) * tenths.pow(k) * (10 - tenths).pow(n + 1 - k);
    100 * (0..=dlt).map(term).sum::<i128>() > 95 * 10_i128.pow(n + 1)
}

#[test]
fn exclusions_are_those_of_the_exact_binomial_sum() {
    for (target, tenths) in [("0.1", 1), ("0.2", 2), ("0.3", 3), ("0.4", 4)] {
        for design in IntervalDesign::ALL {
            let table = made(*design, target);
            for n in 1..=18 {
                for dlt in 0..=n {
                    let expected = n >= 3 && too_toxic_exactly(tenths, dlt, n);
                    let found = action(&table, dlt, n) == TableAction::DeEscalateAndExclude;
                    assert_eq!(found, expected, "{design} {target}: {dlt}/{n}");
                }
            }
        }
    }
}

/// The posterior mass of an interval by Simpson's rule, up to a factor that all intervals of one count share.
fn mass(low: f64, high: f64, dlt: u32, n: u32) -> f64 {
    let density = |p: f64| p.powi(dlt as i32) * (1.0 - p).powi((n - dlt) as i32);
    let steps = 400;
    let h = (high - low) / f64::from(steps);
    let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    (0..=steps).map(|i| weight(i) * density(low + h * f64::from(i))).sum::<f64>() * h / 3.0
}

/// The place of the greatest mass per width among intervals of a tenth around 0.30, found by integration.
fn likeliest(bounds: &[f64], dlt: u32, n: u32) -> usize {
    let masses = bounds.windows(2).map(|b| mass(b[0], b[1], dlt, n) / (b[1] - b[0]));
    let best = masses.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    best.unwrap().0
}

#[test]
fn mtpi2_and_keyboard_follow_the_likeliest_interval_found_by_integration() {
    let all = [0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0];
    for (design, bounds, target) in [(IntervalDesign::Mtpi2, &all[..], 3), (IntervalDesign::Keyboard, &all[1..11], 2)] {
        let table = made(design, "0.30");
        for n in 1..=18 {
            for dlt in 0..=n {
                let expected = match likeliest(bounds, dlt, n).cmp(&target) {
                    std::cmp::Ordering::Less => TableAction::Escalate,
                    std::cmp::Ordering::Equal => TableAction::Stay,
                    std::cmp::Ordering::Greater => TableAction::DeEscalate,
                };
                let found = action(&table, dlt, n);
                if found != TableAction::DeEscalateAndExclude {
                    assert_eq!(found, expected, "{design}: {dlt}/{n}");
                }
            }
        }
    }
}

/// The rule in hundredths and whole numbers, written another way.
fn i3plus3(low: u32, high: u32, dlt: u32, n: u32) -> TableAction {
    let side = |dlt: u32| (100 * dlt >= low * n) as u8 + (100 * dlt > high * n) as u8;
    match (side(dlt), dlt.checked_sub(1).map(side)) {
        (0, _) => TableAction::Escalate,
        (1, _) | (2, Some(0)) => TableAction::Stay,
        _ => TableAction::DeEscalate,
    }
}

#[test]
fn i3plus3_follows_its_rule_in_whole_numbers() {
    for (target, low, high) in [("0.20", 15, 25), ("0.25", 20, 30), ("0.30", 25, 35), ("0.33", 28, 38)] {
        let table = made(IntervalDesign::I3plus3, target);
        for n in 1..=18 {
            for dlt in 0..=n {
                let found = action(&table, dlt, n);
                if found != TableAction::DeEscalateAndExclude {
                    assert_eq!(found, i3plus3(low, high, dlt, n), "{target}: {dlt}/{n}");
                }
            }
        }
    }
    let table = made(IntervalDesign::I3plus3, "0.30");
    let rows = [1, 2, 3, 4, 5, 6].map(|n| letters(&table, n));
    assert_eq!(rows, ["ES", "ESD", "ESDX", "ESDXX", "EESDXX", "EESDXXX"]);
}

#[test]
fn every_generated_table_can_be_run_and_read_back() {
    for design in IntervalDesign::ALL {
        for target in ["0.05", "0.1", "0.17", "0.25", "0.333333333", "0.4", "0.6"] {
            let small = Wanted { half_width: "0.03".parse().unwrap(), ..wanted(target) };
            let table = table(*design, &small).unwrap();
            let design = Design::DecisionTable(table.clone());
            assert_eq!(design.check(5), Ok(()), "{target}");
            let written = serde_json::to_string(&design).unwrap();
            assert_eq!(serde_json::from_str::<Design>(&written).unwrap(), design);
            assert!(table.rows.iter().all(|row| row.cells.is_empty()), "{target}: more DLTs never make it milder");
        }
    }
}

#[test]
fn the_cells_are_printed_a_row_for_each_number_of_dlts() {
    let three = Wanted { max_at_level: 3, ..wanted("0.30") };
    let printed = cells(&table(IntervalDesign::I3plus3, &three).unwrap());
    let expected = "| DLTs |  1 |  2 |  3 |\n|------|---:|---:|---:|\n| 0    |  E |  E |  E |\n| 1    |  S |  S |  S |\n\
        | 2    |    |  D |  D |\n| 3    |    |    | DU |\n";
    assert_eq!(printed, expected);
}

#[test]
fn a_table_that_cannot_be_made_is_refused() {
    let refused = |change: fn(&mut Wanted)| {
        let mut asked = wanted("0.30");
        change(&mut asked);
        table(IntervalDesign::Boin, &asked).unwrap_err()
    };
    assert!(matches!(refused(|w| w.target = "0".parse().unwrap()), BadWanted::Target(_)));
    let high = refused(|w| w.target = "0.7".parse().unwrap());
    assert_eq!(high.to_string(), "the target is 0.7: expected more than 0 and less than 0.7");
    assert!(matches!(refused(|w| w.half_width = "0.3".parse().unwrap()), BadWanted::Interval(..)));
    assert!(matches!(refused(|w| w.half_width = "0".parse().unwrap()), BadWanted::Interval(..)));
    assert_eq!(refused(|w| w.cohort_size = 0), BadWanted::Nobody);
}
