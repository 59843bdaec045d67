//! The 24-hour clock of serious events, to the second, across zones and summer time; deaths that match no event.

use crate::story::{Story, instant};
use serde_json::{Value, json};
use trial_core::{
    ids::Seq,
    view::serious::{Clocked, DeathFlag, Serious, Timeliness},
};

fn ae(name: &str, serious: bool, grade: u8) -> Value {
    json!({
        "type": "adverse_event_reported", "subject": "A", "ae": name, "occurred_at": "2020-03-20", "term": "Anemia",
        "grade": grade, "serious": serious
    })
}

fn report(name: &str, aware: &str, reported: &str) -> Value {
    json!({
        "type": "serious_event_reported", "subject": "A", "ae": name, "aware_at": aware, "occurred_at": reported,
        "criteria": ["hospitalisation"]
    })
}

/// A subject with one serious event, and its clock once reported so.
fn clock(aware: &str, reported: &str) -> Clocked {
    let mut story = Story::new();
    story.enrol("A");
    story.say(ae("AE1", true, 3));
    story.say(report("AE1", aware, reported));
    let list = Serious::read(&story.trial, instant("2021-01-01T00:00:00Z"));
    assert_eq!(list.lines.len(), 1);
    list.lines[0].clock.clone()
}

#[test]
fn twenty_four_hours_are_in_time_and_one_second_more_is_late() {
    let aware = "2020-03-20T16:30:00+08:00";
    for (reported, status, elapsed) in [
        ("2020-03-21T16:29:59+08:00", Timeliness::Met, 86_399),
        ("2020-03-21T16:30:00+08:00", Timeliness::Met, 86_400),
        ("2020-03-21T16:30:01+08:00", Timeliness::Late, 86_401),
    ] {
        let clock = clock(aware, reported);
        assert_eq!((clock.status, clock.elapsed_seconds), (status, Some(elapsed)), "{reported}");
        assert_eq!(clock.late, status == Timeliness::Late);
        assert_eq!(clock.due, Some(instant("2020-03-21T08:30:00Z")));
    }
    assert_eq!(
        clock(aware, "2020-03-21T16:30:01+08:00").because,
        "reported 24:00:01 after awareness, allowed 24 hours"
    );
}

#[test]
fn the_clock_runs_in_utc_whatever_the_zones_of_the_two_places() {
    // The same instants as 16:30 in Taipei on two days, and a second later.
    assert_eq!(clock("2020-03-20T16:30:00+08:00", "2020-03-21T08:30:00+00:00").status, Timeliness::Met);
    assert_eq!(clock("2020-03-20T16:30:00+08:00", "2020-03-21T04:30:01-04:00").status, Timeliness::Late);
    // Later on the calendar of the place, and in time all the same.
    assert_eq!(clock("2020-03-20T23:00:00-10:00", "2020-03-22T10:00:00+14:00").elapsed_seconds, Some(39_600));
}

#[test]
fn a_change_to_or_from_summer_time_moves_the_wall_clock_and_not_the_deadline() {
    // Berlin, night of 28 to 29 March 2020: the day has 23 hours, so the deadline stands an hour later on the wall.
    assert_eq!(clock("2020-03-28T20:00:00+01:00", "2020-03-29T21:00:00+02:00").status, Timeliness::Met);
    assert_eq!(clock("2020-03-28T20:00:00+01:00", "2020-03-29T21:00:01+02:00").status, Timeliness::Late);
    // And of 24 to 25 October: the day has 25 hours.
    assert_eq!(clock("2020-10-24T20:00:00+02:00", "2020-10-25T19:00:00+01:00").status, Timeliness::Met);
    assert_eq!(clock("2020-10-24T20:00:00+02:00", "2020-10-25T19:00:01+01:00").status, Timeliness::Late);
}

#[test]
fn times_known_to_the_day_are_judged_by_days_and_say_so() {
    for (aware, reported, late) in [
        ("2020-03-20", "2020-03-20", false),
        ("2020-03-20", "2020-03-21T23:59:59+08:00", false),
        ("2020-03-20T08:00:00+08:00", "2020-03-22", true),
    ] {
        let clock = clock(aware, reported);
        assert_eq!((clock.status, clock.late, clock.elapsed_seconds), (Timeliness::DateOnly, late, None), "{reported}");
    }
    let by_days = clock("2020-03-20", "2020-03-22").because;
    assert_eq!(by_days, "a time is known to the day only: reported 2 days after awareness");
}

#[test]
fn an_event_not_reported_is_open_until_a_day_after_it_was_recorded_as_serious() {
    let mut story = Story::new();
    story.enrol("A");
    story.recorded("2020-03-21T01:00:00Z", ae("AE1", true, 3));
    let at = |story: &Story, now: &str| Serious::read(&story.trial, instant(now)).lines[0].clock.clone();
    for (now, status) in [
        ("2020-03-22T00:59:59Z", Timeliness::Open),
        ("2020-03-22T01:00:00Z", Timeliness::Open),
        ("2020-03-22T01:00:01Z", Timeliness::Overdue),
    ] {
        let clock = at(&story, now);
        assert_eq!((clock.status, clock.late), (status, status == Timeliness::Overdue), "{now}");
        assert_eq!(clock.due, Some(instant("2020-03-22T01:00:00Z")));
        assert_eq!(clock.seq, None);
    }
    story.say(report("AE1", "2020-03-20T09:00:00+00:00", "2020-03-22T09:00:00+00:00"));
    assert_eq!(at(&story, "2020-03-23T00:00:00Z").status, Timeliness::Late, "the awareness reported counts");
}

#[test]
fn it_is_known_as_serious_from_the_entry_that_says_so_first_whatever_is_corrected_later() {
    let mut story = Story::new();
    story.enrol("A");
    let seq = story.recorded("2020-03-21T01:00:00Z", ae("AE1", false, 3));
    assert!(Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).lines.is_empty());
    story.recorded(
        "2020-03-22T01:00:00Z",
        json!({ "type": "adverse_event_updated", "subject": "A", "ae": "AE1", "occurred_at": "2020-03-22", "serious": true }),
    );
    let due = |story: &Story| Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).lines[0].clock.due;
    assert_eq!(due(&story), Some(instant("2020-03-23T01:00:00Z")));
    story.revise("2020-03-25T01:00:00Z", seq, ae("AE1", false, 4));
    assert_eq!(due(&story), Some(instant("2020-03-23T01:00:00Z")), "another member moves no clock");

    let seq = story.recorded("2020-03-21T05:00:00Z", ae("AE2", true, 3));
    story.revise("2020-03-26T01:00:00Z", seq, ae("AE3", true, 4));
    let list = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z"));
    let names: Vec<&str> = list.lines.iter().map(|line| line.ae.as_str()).collect();
    assert_eq!(names, ["AE1", "AE3"], "nothing stays under the name that was corrected");
    assert_eq!(list.lines[1].clock.due, Some(instant("2020-03-22T05:00:00Z")));
}

#[test]
fn later_reports_are_chained_to_the_first_with_clocks_of_their_own() {
    let mut story = Story::new();
    story.enrol("A");
    let seq = story.say(ae("AE1", true, 3));
    // Recorded in another order than they were sent.
    let third = story.say(report("AE1", "2020-03-25T08:00:00+08:00", "2020-03-27T08:00:00+08:00"));
    let first = story.say(report("AE1", "2020-03-20T08:00:00+08:00", "2020-03-20T09:00:00+08:00"));
    let second = story.say(report("AE1", "2020-03-22T08:00:00+08:00", "2020-03-22T09:00:00+08:00"));
    let line = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).lines.remove(0);
    assert_eq!((line.clock.seq, line.clock.follows), (Some(first), None));
    let chain: Vec<(Option<Seq>, Option<Seq>, Timeliness)> =
        line.follow_ups.iter().map(|c| (c.seq, c.follows, c.status)).collect();
    let expected = [(Some(second), Some(first), Timeliness::Met), (Some(third), Some(first), Timeliness::Late)];
    assert_eq!(chain, expected);
    assert_eq!(line.entries, [seq, third, first, second]);
}

#[test]
fn an_event_reported_to_the_sponsor_is_listed_although_it_is_not_recorded_as_serious() {
    let mut story = Story::new();
    story.enrol("A");
    story.say(ae("AE1", false, 3));
    story.say(ae("AE2", false, 3));
    story.say(report("AE1", "2020-03-20T08:00:00+08:00", "2020-03-20T09:00:00+08:00"));
    let list = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z"));
    assert_eq!(list.lines.len(), 1);
    assert!(!list.lines[0].recorded_serious);
}

#[test]
fn a_fatal_event_without_a_death_and_a_death_without_a_fatal_event_are_flagged() {
    let mut story = Story::new();
    story.enrol("A");
    story.enrol("B");
    let fatal = story.say(ae("AE1", true, 5));
    let died = story.die("B", "2020-03-21", "disease");
    let flags = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).flags;
    assert!(
        matches!(&flags[0], DeathFlag::FatalEventWithoutDeath { subject, entries, .. } if subject.as_str() == "A" && *entries == [fatal])
    );
    assert!(
        matches!(&flags[1], DeathFlag::DeathWithoutFatalEvent { subject, seq, .. } if subject.as_str() == "B" && *seq == died)
    );
    assert_eq!(flags.len(), 2);
    story.die("A", "2020-03-20", "adverse_event");
    let flags = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).flags;
    assert_eq!(flags.len(), 1, "the death of A matches its event");
    // An outcome is as fatal as a grade.
    story.enrol("C");
    let mut event = ae("AE1", true, 4);
    event["subject"] = json!("C");
    story.say(event);
    story.say(json!({
        "type": "adverse_event_updated", "subject": "C", "ae": "AE1", "occurred_at": "2020-03-22", "outcome": "fatal"
    }));
    let flags = Serious::read(&story.trial, instant("2020-04-01T00:00:00Z")).flags;
    assert!(matches!(&flags[1], DeathFlag::FatalEventWithoutDeath { subject, .. } if subject.as_str() == "C"));
}
