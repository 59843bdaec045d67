//! The tumour response of a subject visit by visit: `trial history SUBJECT --lesions`.

use crate::common::{Ran, demo};

fn rows(ran: &Ran) -> Vec<Vec<&str>> {
    let lines = ran.stdout.lines().skip_while(|line| *line != "All lesions").skip(2);
    lines.take_while(|line| !line.is_empty()).map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn a_bar_below_zero_can_be_progression_and_says_why() {
    let ran = demo().run(&["history", "RECON-006", "--lesions"]).expect(0);
    assert!(ran.stdout.starts_with("SYNTHETIC DATA"));
    let rows = rows(&ran);
    assert_eq!(rows[0], ["baseline", "83"]);
    assert_eq!(rows[1], ["2017-12-04", "47", "-43.4", "83", "-43.4", "PR", "NA", "none", "PR", "PR"]);
    assert_eq!(rows[2], ["2018-02-21", "46", "-44.6", "47", "-2.1", "PR", "NA", "N1", "PD", "PR"]);
    assert!(ran.stdout.contains("new lesion N1"), "{}", ran.stdout);
    assert!(ran.stdout.contains("in field: targets PR"), "{}", ran.stdout);
}

#[test]
fn it_stops_at_the_cutoff_and_says_the_same_in_json() {
    let dir = demo();
    let early = dir.run(&["--cutoff", "2018-01-31", "history", "RECON-006", "--lesions"]).expect(0);
    assert_eq!(rows(&early).len(), 2);
    let json = dir.run(&["--json", "history", "RECON-006", "--lesions"]).expect(0).json();
    assert_eq!(json["response"]["visits"][1]["overall"], "PD");
    assert_eq!(json["response"]["in_field"][1]["overall"], "PR");
}

#[test]
fn a_subject_without_an_assessment_is_told_so() {
    demo().run(&["history", "NOBODY", "--lesions"]).expect(1).says(&["no tumour response of NOBODY", "trial log"]);
    demo().run(&["history", "RECON-006", "grade", "--lesions"]).expect(2);
}
