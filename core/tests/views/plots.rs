//! The views behind plots: what each lane, line, bar and curve says of invented subjects.

use crate::story::{Story, day};
use serde_json::json;
use trial_core::{
    event::DosingChange,
    recist::{Field, Response},
    view::{
        curves::{Curves, Unknown},
        escalation::Escalation,
        response::ResponseTable,
        spider::Spider,
        swimmer::{Happening, Standing, Swimmer},
        timeline::{Timeline, WindowState},
        waterfall::Waterfall,
    },
};

fn swimmer(story: &Story, on: &str) -> Swimmer {
    Swimmer::read(&story.trial, day(on), &ResponseTable::read(&story.trial))
}

/// A visit with one target in the field and one outside, and perhaps a new lesion outside.
fn visit(story: &mut Story, subject: &str, on: &str, mm: [&str; 2], new: Option<&str>) {
    let target = |lesion: &str, in_field: bool, mm: &str| json!({ "lesion": lesion, "site": "liver", "in_field": in_field, "diameter": { "value": mm, "unit": "mm" } });
    let new: Vec<_> = new
        .map(|lesion| json!({ "lesion": lesion, "site": "lung", "in_field": false, "certainty": "unequivocal" }))
        .into_iter()
        .collect();
    story.say(json!({
        "type": "tumour_assessed", "subject": subject, "occurred_at": on, "method": "CT",
        "targets": [target("T1", true, mm[0]), target("T2", false, mm[1])], "new_lesions": new
    }));
}

#[test]
fn a_lane_runs_from_the_first_treatment_to_the_last_day_known() {
    let mut story = Story::new();
    story.enrol("A");
    story.doses("A", 10);
    story.say(json!({ "type": "followed_up", "subject": "A", "occurred_at": "2020-03-01", "status": "alive" }));
    story.enrol("B");
    let read = swimmer(&story, "2020-04-01");
    let lane = &read.lanes[0];
    assert_eq!((lane.first_treatment, lane.treated_days, lane.days), (day("2020-01-01"), 9, 60));
    assert_eq!(lane.standing, Standing::Followed);
    assert_eq!(read.not_treated.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["B"]);

    story.die("A", "2020-03-20", "disease");
    let lane = swimmer(&story, "2020-04-01").lanes.remove(0);
    assert_eq!((lane.days, lane.standing), (79, Standing::Died));
    assert_eq!(lane.marks.last().map(|mark| (mark.day, mark.what)), Some((79, Happening::Death)));
}

#[test]
fn who_leaves_follow_up_has_no_arrow_and_who_only_stops_treatment_has() {
    for (from, standing) in
        [("treatment", Standing::Followed), ("follow_up", Standing::Withdrawn), ("consent", Standing::Withdrawn)]
    {
        let mut story = Story::new();
        story.enrol("A");
        story.doses("A", 2);
        story.say(json!({ "type": "subject_withdrawn", "subject": "A", "occurred_at": "2020-01-05", "from": from }));
        let lane = swimmer(&story, "2020-04-01").lanes.remove(0);
        assert_eq!(lane.standing, standing, "{from}");
        assert_eq!(lane.marks[0].what, Happening::Withdrawn);
    }
}

#[test]
fn marks_come_in_order_each_with_the_entries_that_it_rests_on() {
    let mut story = Story::new();
    story.enrol("A");
    story.doses("A", 10);
    story.assess("A", "2019-12-28", "50");
    let changed = story.say(json!({
        "type": "dosing_changed", "subject": "A", "agent": "axitinib", "occurred_at": "2020-01-06",
        "change": "interrupted", "cause": "adverse_event"
    }));
    let toxic = story.say(json!({
        "type": "adverse_event_reported", "subject": "A", "ae": "AE1", "occurred_at": "2020-01-05",
        "term": "Alanine aminotransferase increased", "grade": 4, "attribution": { "axitinib": "definite" }, "serious": false
    }));
    let better = story.assess("A", "2020-03-01", "30");
    let worse = story.assess("A", "2020-05-01", "60");
    let lane = swimmer(&story, "2020-06-01").lanes.remove(0);
    let told: Vec<_> = lane.marks.iter().map(|mark| (mark.day, mark.what, mark.entries.clone())).collect();
    assert_eq!(
        told,
        [
            (4, Happening::Dlt, vec![toxic]),
            (5, Happening::Dosing(DosingChange::Interrupted), vec![changed]),
            (60, Happening::Assessed(Response::PR), vec![better]),
            (121, Happening::Assessed(Response::PD), vec![worse]),
            (121, Happening::Progression, vec![worse]),
        ]
    );
    let word = |what: Happening| serde_json::to_value(what).unwrap();
    assert_eq!(
        told.iter().map(|(_, what, _)| word(*what)).collect::<Vec<_>>(),
        ["dlt", "interrupted", "PR", "PD", "progression"]
    );
}

#[test]
fn the_longest_lane_is_on_top() {
    let mut story = Story::new();
    for (subject, died) in [("A", "2020-02-01"), ("B", "2020-05-01"), ("C", "2020-03-01")] {
        story.enrol(subject);
        story.doses(subject, 1);
        story.die(subject, died, "disease");
    }
    let read = swimmer(&story, "2020-06-01");
    assert_eq!(read.lanes.iter().map(|lane| lane.subject.as_str()).collect::<Vec<_>>(), ["B", "C", "A"]);
}

#[test]
fn a_line_begins_at_the_baseline_and_a_new_lesion_is_marked_where_it_is_first_seen() {
    let mut story = Story::new();
    story.enrol("A");
    story.doses("A", 2);
    visit(&mut story, "A", "2019-12-22", ["40", "60"], None);
    visit(&mut story, "A", "2020-03-01", ["20", "60"], Some("N1"));
    visit(&mut story, "A", "2020-05-01", ["10", "70"], Some("N1"));
    story.enrol("B");
    story.doses("B", 2);
    let response = ResponseTable::read(&story.trial);
    let overall = Spider::read(&story.trial, &response, Field::Overall);
    let line = &overall.lines[0];
    assert_eq!((line.baseline, line.baseline_mm), (day("2019-12-22"), Some(100.0)));
    let points: Vec<_> = line.points.iter().map(|p| (p.day, p.change_pct, p.response, p.new_lesions.len())).collect();
    assert_eq!(points, [(70, Some(-20.0), Response::PD, 1), (131, Some(-20.0), Response::PD, 0)]);
    assert_eq!(overall.not_shown[0].because, "no assessment up to the first treatment");

    let in_field = Spider::read(&story.trial, &response, Field::InField);
    let points: Vec<_> = in_field.lines[0].points.iter().map(|p| (p.change_pct, p.new_lesions.len())).collect();
    assert_eq!(points, [(Some(-50.0), 0), (Some(-75.0), 0)], "the new lesion lies outside the field");
}

#[test]
fn bars_fall_from_the_largest_growth_and_who_has_none_is_named_with_the_reason() {
    let mut story = Story::new();
    for (subject, mm) in [("A", ["40", "30"]), ("B", ["60", "60"]), ("C", ["10", "60"])] {
        story.enrol(subject);
        story.doses(subject, 2);
        visit(&mut story, subject, "2019-12-22", ["40", "60"], None);
        visit(&mut story, subject, "2020-03-31", mm, (subject == "C").then_some("N1"));
    }
    story.enrol("D");
    story.doses("D", 2);
    story.assess("D", "2019-12-22", "40");
    story.assess("D", "2020-03-31", "-");
    story.enrol("E");
    story.doses("E", 2);
    let response = ResponseTable::read(&story.trial);
    let read = |field| Waterfall::read(&response, field);
    let bars = |waterfall: &Waterfall| -> Vec<_> {
        waterfall.bars.iter().map(|b| (b.subject.to_string(), b.change_pct, b.new_lesions)).collect()
    };
    let overall = read(Field::Overall);
    let expected = [("B", 20.0, false), ("A", -30.0, false), ("C", -30.0, true)];
    assert_eq!(bars(&overall), expected.map(|(id, change, new)| (id.to_owned(), change, new)));
    let absent: Vec<_> = overall.not_shown.iter().map(|n| (n.subject.as_str(), n.because.as_str())).collect();
    assert_eq!(
        absent,
        [("D", "no sum of diameters to compare with the baseline: NE"), ("E", "no assessment at 3 months"),]
    );
    let expected = [("B", 50.0, false), ("A", 0.0, false), ("C", -75.0, false)];
    assert_eq!(bars(&read(Field::InField)), expected.map(|(id, change, new)| (id.to_owned(), change, new)));
}

#[test]
fn a_window_is_open_on_its_last_day_and_closed_on_the_next() {
    let mut story = Story::new();
    story.treat("A");
    story.enrol("B");
    let read = |on: &str| {
        let escalation = Escalation::read(&story.trial, day(on));
        Timeline::read(&story.trial, day(on), escalation.as_ref())
    };
    let closes = read("2020-03-01").subjects[0].closes.unwrap();
    let state = |on: &str| read(on).subjects.iter().map(|s| s.window).collect::<Vec<_>>();
    assert_eq!(state(&closes.to_string()), [WindowState::Open, WindowState::NotOpened]);
    assert_eq!(state(&closes.succ_opt().unwrap().to_string()), [WindowState::Closed, WindowState::NotOpened]);
    let timeline = read("2020-03-01");
    assert_eq!(timeline.levels.len(), 3);
    assert_eq!(timeline.subjects[0].enrolled, day("2019-12-30"));
}

#[test]
fn curves_of_all_are_those_of_the_tables_and_groups_add_up_to_them() {
    let mut story = Story::new();
    for (subject, died) in [("A", "2020-02-01"), ("B", "2020-05-01"), ("C", "2020-03-01")] {
        story.enrol(subject);
        story.doses(subject, 1);
        story.die(subject, died, "disease");
    }
    let response = ResponseTable::read(&story.trial);
    let tables = story.on("2020-06-01").survival;
    for (name, endpoint) in &tables.endpoints {
        let all = Curves::read(&story.trial, &response, name.as_str(), None).unwrap();
        assert_eq!(all.groups[0].estimate, *endpoint, "{name}");
        let by = Curves::read(&story.trial, &response, name.as_str(), Some("dose_level")).unwrap();
        assert_eq!(by.groups.len(), 3, "a level without subjects keeps its place");
        assert_eq!(by.groups.iter().map(|g| g.estimate.n).sum::<u64>(), endpoint.n);
    }
    let os = Curves::read(&story.trial, &response, "os", None).unwrap();
    let at_risk = |days| os.groups[0].estimate.at_risk(days);
    assert_eq!([0.0, 31.0, 31.5, 60.0, 121.0, 121.5].map(at_risk), [3, 3, 2, 2, 1, 0], "just before each time");
}

#[test]
fn what_the_protocol_does_not_name_is_refused_with_what_it_names() {
    let story = Story::new();
    let response = ResponseTable::read(&story.trial);
    let read = |endpoint: &str, by: Option<&str>| Curves::read(&story.trial, &response, endpoint, by).unwrap_err();
    assert!(matches!(read("dfs", None), Unknown::Endpoint(names) if names.iter().any(|n| n.as_str() == "pfs")));
    assert!(
        matches!(read("os", Some("colour")), Unknown::Grouping(names) if names.iter().any(|n| n.as_str() == "dose_level"))
    );
    let nothing = trial_core::projection::Trial::default();
    assert_eq!(Curves::read(&nothing, &response, "os", None).unwrap_err(), Unknown::NoProtocol);
}
