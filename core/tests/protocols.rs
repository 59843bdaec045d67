//! The example protocols are protocols, fit into one entry and can be run.

use trial_core::protocol::Protocol;

const EXAMPLES: [(&str, &str); 2] = [
    ("axitinib-rt", include_str!("../../schemas/examples/protocols/axitinib-rt.json")),
    ("rt-dose-levels", include_str!("../../schemas/examples/protocols/rt-dose-levels.json")),
];

#[test]
fn the_example_protocols_are_sound_and_fit_into_one_entry() {
    for (name, text) in EXAMPLES {
        let protocol: Protocol = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(protocol.faults(), Vec::<String>::new(), "{name}");
        assert!(serde_json::to_string(&protocol).unwrap().len() < 15_000, "{name}");
    }
}

#[test]
fn a_protocol_that_contradicts_itself_says_where() {
    let mut protocol: Protocol = serde_json::from_str(EXAMPLES[0].1).unwrap();
    protocol.levels.swap(0, 1);
    protocol.comparisons[0].by = "nobody".parse().unwrap();
    protocol.evaluability.min_intakes_percent = 101;
    let faults = protocol.faults();
    assert_eq!(faults.len(), 3, "{faults:?}");
}
