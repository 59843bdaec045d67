//! Where times end, and why: censoring of progression-free survival, and what other endpoints make of the same facts.

use crate::story::Story;
use serde_json::{Value, json};

/// One subject treated from 1 January 2020, and its time in an endpoint: days, event, why.
fn time(story: &Story, endpoint: &str) -> (i64, bool, String) {
    let survival = story.on("2022-01-01").survival;
    let (_, endpoint) = survival.endpoints.iter().find(|(name, _)| name.as_str() == endpoint).unwrap();
    let time = &endpoint.observations[0];
    (time.days, time.event, time.because.clone())
}

fn treated(change: impl FnOnce(&mut Value)) -> Story {
    let mut story = Story::under(change);
    story.enrol("A");
    story.doses("A", 2);
    story
}

/// Visits every 56 days, a week's grace, two missed.
fn scheduled(protocol: &mut Value) {
    protocol["censoring"] = json!({ "missed_visits": 2, "visit_interval_days": 56, "visit_window_days": 7 });
}

#[test]
fn without_an_assessment_that_can_be_compared_the_time_ends_at_the_first_treatment() {
    let mut story = treated(|_| {});
    story.say(json!({ "type": "followed_up", "subject": "A", "occurred_at": "2020-06-01", "status": "alive" }));
    assert_eq!(time(&story, "pfs"), (0, false, "no assessment: ends at the first treatment on 2020-01-01".into()));
    assert_eq!(
        time(&story, "os"),
        (152, false, "last contact on 2020-06-01".into()),
        "survival does not rest on images"
    );

    story.assess("A", "2020-03-01", "50");
    let because = "no baseline assessment: ends at the first treatment on 2020-01-01";
    assert_eq!(time(&story, "pfs"), (0, false, because.into()));

    let mut story = treated(|_| {});
    story.assess("A", "2019-12-28", "50");
    story.assess("A", "2020-03-01", "-");
    let because = "no assessment after the baseline that could be evaluated: ends at the first treatment on 2020-01-01";
    assert_eq!(time(&story, "pfs"), (0, false, because.into()));
}

#[test]
fn without_the_event_the_time_ends_at_the_last_assessment_that_could_be_evaluated() {
    let mut story = treated(|_| {});
    story.assess("A", "2019-12-28", "50");
    story.assess("A", "2020-03-01", "48");
    story.assess("A", "2020-05-01", "-");
    let because = "last assessment that could be evaluated on 2020-03-01";
    assert_eq!(time(&story, "pfs"), (60, false, because.into()));
}

#[test]
fn a_death_is_an_event_even_without_any_assessment() {
    let mut story = treated(|_| {});
    story.die("A", "2020-02-01", "other");
    assert_eq!(time(&story, "pfs"), (31, true, "died on 2020-02-01 (other)".into()));
    assert_eq!(time(&story, "os"), (31, true, "died on 2020-02-01 (other)".into()));
}

#[test]
fn an_event_after_two_missed_visits_is_censored_at_the_last_assessment_before() {
    // The last assessment is on day 60: two visits and the grace end on day 60 + 112 + 7 = 179.
    for (died, days, event) in [("2020-06-28", 179, true), ("2020-06-29", 60, false)] {
        let mut story = treated(scheduled);
        story.assess("A", "2019-12-28", "50");
        story.assess("A", "2020-03-01", "48");
        story.die("A", died, "disease");
        let found = time(&story, "pfs");
        assert_eq!((found.0, found.1), (days, event), "{died}: {}", found.2);
        assert!(time(&story, "os").1, "survival counts the death all the same");
    }
    let mut story = treated(scheduled);
    story.assess("A", "2019-12-28", "50");
    story.assess("A", "2020-03-01", "48");
    story.assess("A", "2020-07-01", "90");
    let because = "progression on 2020-07-01 by the lesions measured, 122 days after the last assessment that could be \
                   evaluated, on 2020-03-01: more than 119 days, visits were missed";
    assert_eq!(time(&story, "pfs"), (60, false, because.into()));
}

#[test]
fn missed_visits_count_from_the_first_treatment_where_nothing_was_assessed() {
    for (died, days, event) in [("2020-04-29", 119, true), ("2020-04-30", 0, false)] {
        let mut story = treated(scheduled);
        story.die("A", died, "disease");
        let found = time(&story, "pfs");
        assert_eq!((found.0, found.1), (days, event), "{died}: {}", found.2);
    }
}

#[test]
fn without_a_stated_interval_no_event_is_censored_for_missed_visits() {
    let mut story = treated(|_| {});
    story.assess("A", "2019-12-28", "50");
    story.assess("A", "2020-03-01", "48");
    story.assess("A", "2021-06-01", "90");
    let because = "progression on 2021-06-01 by the lesions measured";
    assert_eq!(time(&story, "pfs"), (517, true, because.into()));
}
