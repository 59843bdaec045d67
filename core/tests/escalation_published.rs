//! Every design against cells that others published: a paper's table, or the output of a package's own functions.
//!
//! Not checked against print: the i3+3 paper's own figure (the package of its authors' group stands for it), and the table
//! of the rolling six paper itself (a later paper's table of the same rule stands for it).

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

mod generated;

use generated::{made, wanted};
use trial_core::escalation::generate::{IntervalDesign, Wanted, boundaries, table};
use trial_core::escalation::{DecisionTable, LevelCount, LevelStatus, RollingAction, RollingSix, Share, TableAction};

/// The letters of a row: E, S, D, X (de-escalate and exclude).
fn letters(table: &DecisionTable, evaluable: u32) -> String {
    let letter = |dlt| match table.action(LevelCount { evaluable, dlt }) {
        TableAction::Escalate => 'E',
        TableAction::Stay => 'S',
        TableAction::DeEscalate => 'D',
        TableAction::DeEscalateAndExclude => 'X',
    };
    (0..=evaluable).map(letter).collect()
}

/// Liu and Yuan, J R Stat Soc C 2015;64:507-523, and the package BOIN (`get.boundary`).
#[test]
fn boin_at_30_percent_has_the_published_boundaries() {
    let table = made(IntervalDesign::Boin, "0.30");
    let published = [(3, 0, 2, 3), (6, 1, 3, 4), (9, 2, 4, 5), (12, 2, 5, 7), (15, 3, 6, 8), (18, 4, 7, 9)];
    for (n, escalate, down, exclude) in published {
        let row = &table.rows[n - 1];
        assert_eq!(row.escalate_if_at_most, Some(escalate), "escalate at {n}");
        assert_eq!(row.de_escalate_if_at_least, Some(down), "de-escalate at {n}");
        assert_eq!(row.exclude_if_at_least, Some(exclude), "exclude at {n}");
    }
    assert_eq!(table.target, Share { numerator: 3, denominator: 10 });
    let printed = boundaries(&table);
    let line = |name: &str| printed.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("Exclude").replace(' ', "").ends_with("|-|-|3|3|4|4|5|5|5|6|6|7|7|8|8|8|9|9|"), "{printed}");
}

/// The boundaries that the paper prints for other targets, to three digits: its table of lambda_e and lambda_d.
#[test]
fn boin_has_the_published_lambdas() {
    for (target, escalate, de_escalate) in
        [("0.15", 0.118, 0.179), ("0.20", 0.157, 0.238), ("0.25", 0.197, 0.298), ("0.30", 0.236, 0.359)]
    {
        let table = table(IntervalDesign::Boin, &Wanted { max_at_level: 99, ..wanted(target) }).unwrap();
        for (n, row) in (1_u32..).zip(&table.rows) {
            for dlt in 0..=n {
                let share = f64::from(dlt) / f64::from(n);
                let found = row.action(dlt);
                // Shares within half a unit of the last printed digit are not decided by it.
                if share < escalate - 0.0005 {
                    assert_eq!(found, TableAction::Escalate, "{target}: {dlt}/{n}");
                } else if share > escalate + 0.0005 && share < de_escalate - 0.0005 {
                    assert_eq!(found, TableAction::Stay, "{target}: {dlt}/{n}");
                } else if share > de_escalate + 0.0005 {
                    assert!(found >= TableAction::DeEscalate, "{target}: {dlt}/{n}");
                }
            }
        }
    }
}

/// Guo et al., Contemp Clin Trials 2017;58:23-33, figure 3 (target 0.30, 0.05 to both sides, exclusion above 0.95), as
/// the package escalation repeats it in its tests (`tests/testthat/test_mtpi2.R`): rows of 3, 6, 9 and 10 patients.
#[test]
fn mtpi2_has_the_cells_of_the_papers_figure() {
    let table = made(IntervalDesign::Mtpi2, "0.30");
    let published = [(3, "ESDX"), (6, "EESDXXX"), (9, "EEESDXXXXX"), (10, "EEESDDXXXXX")];
    for (n, row) in published {
        assert_eq!(letters(&table, n), row, "{n} patients");
    }
}

/// At most this many DLTs escalate, this many or more de-escalate, this many or more exclude, for 1 to 18 patients.
struct Boundaries {
    target: &'static str,
    escalate: [u8; 18],
    de_escalate: [u8; 18],
    exclude: [u8; 18],
}

/// The package Keyboard 0.1.3, `get.boundary.kb(target, 10, 3)$full_boundary_tab`, by the authors of Yan et al., Clin
/// Cancer Res 2017;23:3994-4003. It excludes with one or two patients already, which is left out here (0).
const KEYBOARD: [Boundaries; 6] = [
    Boundaries {
        target: "0.15",
        escalate: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
        de_escalate: [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4],
        exclude: [0, 0, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6],
    },
    Boundaries {
        target: "0.20",
        escalate: [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2],
        de_escalate: [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5],
        exclude: [0, 0, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7],
    },
    Boundaries {
        target: "0.25",
        escalate: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3],
        de_escalate: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6],
        exclude: [0, 0, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8],
    },
    Boundaries {
        target: "0.30",
        escalate: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4],
        de_escalate: [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7],
        exclude: [0, 0, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9],
    },
    Boundaries {
        target: "0.35",
        escalate: [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5],
        de_escalate: [1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8],
        exclude: [0, 0, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7, 8, 8, 9, 9, 10, 10],
    },
    Boundaries {
        target: "0.40",
        escalate: [0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6],
        de_escalate: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 9],
        exclude: [0, 0, 3, 4, 4, 5, 5, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11],
    },
];

#[test]
fn keyboard_has_the_boundaries_that_its_package_prints() {
    for published in KEYBOARD {
        let table = made(IntervalDesign::Keyboard, published.target);
        for (n, row) in table.rows.iter().enumerate() {
            let at = format!("{} with {} patients", published.target, n + 1);
            assert_eq!(row.escalate_if_at_most, Some(published.escalate[n]), "escalate at {at}");
            assert_eq!(row.de_escalate_if_at_least, Some(published.de_escalate[n]), "de-escalate at {at}");
            let exclude = Some(published.exclude[n]).filter(|dlt| *dlt > 0);
            assert_eq!(row.exclude_if_at_least, exclude, "exclude at {at}");
        }
    }
}

/// The package FIND 0.1.1 (`get_decision_i3plus3`, its documented example and the target 0.30), after Liu, Wang and Ji, J
/// Biopharm Stat 2020;30:294-304: rows of 3 to 12 patients.
#[test]
fn i3plus3_has_the_cells_that_the_package_find_prints() {
    let at_25 = [
        "ESDX",
        "ESDXX",
        "ESDXXX",
        "EESDXXX",
        "EESDXXXX",
        "EESDXXXXX",
        "EESDDXXXXX",
        "EESSDXXXXXX",
        "EEESDDXXXXXX",
        "EEESDDXXXXXXX",
    ];
    let at_30 = [
        "ESDX",
        "ESDXX",
        "EESDXX",
        "EESDXXX",
        "EESDDXXX",
        "EESDDXXXX",
        "EEESDXXXXX",
        "EEESDDXXXXX",
        "EEESDDXXXXXX",
        "EEESSDDXXXXXX",
    ];
    for (target, rows) in [("0.25", at_25), ("0.30", at_30)] {
        let table = made(IntervalDesign::I3plus3, target);
        for (n, row) in (3..).zip(rows) {
            assert_eq!(letters(&table, n), row, "{target} with {n} patients");
        }
    }
}

/// Frankel et al., JAMA Netw Open 2020;3:e204787, table 2, the column of the rolling six as it was: numbers enrolled,
/// evaluable and with a DLT, and what it says of the next patient. Its rows with seven or eight enrolled do not occur.
#[test]
fn the_rolling_six_has_the_rows_of_a_published_table() {
    use RollingAction::{DeEscalate, Escalate, Same, Suspend};
    let published = [
        (1, 0..=5, 0..=0, 0..=0, Same),
        (2, 6..=6, 0..=0, 0..=0, Suspend),
        (3, 1..=5, 1..=1, 0..=0, Same),
        (4, 6..=6, 1..=1, 0..=0, Suspend),
        (6, 2..=5, 2..=2, 0..=0, Same),
        (7, 6..=6, 2..=2, 0..=0, Suspend),
        (9, 3..=3, 3..=3, 0..=0, Escalate),
        (10, 4..=5, 3..=3, 0..=0, Same),
        (11, 6..=6, 3..=3, 0..=0, Suspend),
        (13, 4..=4, 4..=4, 0..=0, Escalate),
        (14, 5..=5, 4..=4, 0..=0, Same),
        (15, 6..=6, 4..=4, 0..=0, Suspend),
        (16, 5..=5, 5..=5, 0..=0, Escalate),
        (17, 6..=6, 5..=5, 0..=0, Escalate),
        (19, 1..=5, 1..=5, 1..=1, Same),
        (20, 6..=6, 1..=3, 1..=1, Suspend),
        (21, 6..=6, 4..=4, 1..=1, Suspend),
        (22, 6..=6, 5..=5, 1..=1, Suspend),
        (25, 6..=6, 6..=6, 1..=1, Escalate),
        (26, 2..=6, 2..=6, 2..=2, DeEscalate),
        (30, 3..=6, 3..=6, 3..=6, DeEscalate),
    ];
    let mut cells = 0;
    for (row, enrolled, evaluable, dlt, expected) in published {
        for enrolled in enrolled {
            for evaluable in evaluable.clone().filter(|evaluable| *evaluable <= enrolled) {
                for dlt in dlt.clone().filter(|dlt| *dlt <= evaluable) {
                    let pending = enrolled - evaluable;
                    let status = LevelStatus { enrolled, evaluable, dlt, pending, replaced: 0 };
                    assert_eq!(RollingSix::says(status), expected, "row {row}: {dlt}/{evaluable} of {enrolled}");
                    cells += 1;
                }
            }
        }
    }
    // 0 of 6 evaluable of six is not in the table; every other count with at most six enrolled is.
    let all = (0..=6_u32).flat_map(|enrolled| (0..=enrolled).map(|evaluable| evaluable + 1)).sum::<u32>();
    assert_eq!(cells, all - 1);
}
