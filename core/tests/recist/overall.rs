//! O1: the whole table of time point responses.

use trial_core::recist::{NonTargetResponse as N, Response, TargetResponse as T, overall};

#[test]
fn o1_every_pair_of_target_and_non_target_response_has_its_overall_response() {
    use Response::{CR, NE, NonCrNonPd, PD, PR, SD};
    //           CR  NON  PD  NE  none
    let table = [
        (T::CR, [CR, PR, PD, PR, CR]),
        (T::PR, [PR, PR, PD, PR, PR]),
        (T::SD, [SD, SD, PD, SD, SD]),
        (T::PD, [PD, PD, PD, PD, PD]),
        (T::NE, [NE, NE, PD, NE, NE]),
        (T::NotApplicable, [CR, NonCrNonPd, PD, NE, NE]),
    ];
    for (target, row) in table {
        for (non_target, expected) in [N::CR, N::NonCrNonPd, N::PD, N::NE, N::NotApplicable].into_iter().zip(row) {
            assert_eq!(overall(target, non_target), expected, "{target} and {non_target}");
        }
    }
}

#[test]
fn o1_a_new_lesion_makes_any_of_them_progression() {
    use serde_json::json;
    let new = json!([{ "lesion": "N1", "site": "lung", "in_field": true, "certainty": "unequivocal" }]);
    for after in ["T1 0", "T1 20", "T1 40", "T1 -"] {
        let visits = crate::run(&[crate::assessment(0, &["T1 40"]), crate::with(56, &[after], json!([]), new.clone())]);
        assert_eq!(visits[0].overall, Response::PD, "{after}");
    }
}

#[test]
fn o1_disease_that_was_never_measured_has_the_names_of_table_2() {
    use serde_json::json;
    let at = |number, status: &str| {
        let lesions = json!([{ "lesion": "A", "in_field": true, "status": status }]);
        crate::with(number, &[], lesions, json!([]))
    };
    let rows = [
        at(0, "present"),
        at(30, "present"),
        at(60, "not_assessed"),
        at(90, "absent"),
        at(120, "progressed_unequivocally"),
    ];
    assert_eq!(crate::words(&crate::run(&rows)), "NON-CR/NON-PD NE CR PD");
}

#[test]
fn responses_are_written_as_the_field_writes_them() {
    assert_eq!(serde_json::to_string(&Response::NonCrNonPd).unwrap(), "\"NON-CR/NON-PD\"");
    assert_eq!(serde_json::from_str::<Response>("\"CR\"").unwrap(), Response::CR);
    assert!(serde_json::from_str::<Response>("\"cr\"").is_err());
}
