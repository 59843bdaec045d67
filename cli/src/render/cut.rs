//! The cut: what an output rests on, printed above every output.

use super::{Terminal, Tone};
use crate::clock::Zone;
use chrono::{DateTime, Utc};
use trial_core::{
    event::{Clock, DataKind},
    ids::Hash,
    projection::Witnessed,
    view::replay::CutLine,
};

/// Hexadecimal digits of a hash that are printed; a hash is never looked up by them.
const HASH_DIGITS: usize = 16;

/// The first digits of a hash.
pub fn short(hash: &Hash) -> String {
    let digits = hash.to_string();
    format!("{}\u{2026}", digits.chars().take(HASH_DIGITS).collect::<String>())
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The title, the warning that the facts or the times are invented, and the cut.
pub fn header(cut: &CutLine, terminal: Terminal) -> String {
    let title = cut.title.as_deref().map(|title| terminal.heading(title)).unwrap_or_default();
    let warning = warning(cut).map(|words| terminal.lines(Tone::Deviation, "", &words)).unwrap_or_default();
    let head = cut.head.as_ref().map_or("none".into(), short);
    let as_of = cut.as_of.map_or("all entries".into(), |at| format!("entries recorded by {}", instant(at)));
    let cutoff = cut.cutoff.map_or("none".into(), |day| format!("nothing that occurred after {day}"));
    let mut rows = vec![
        (Tone::Text, "entries", format!("{}, head {head}", cut.entries)),
        (Tone::Text, "read on", cut.day.to_string()),
        (Tone::Text, "as of", as_of),
        (Tone::Text, "cutoff", cutoff),
    ];
    rows.extend(cut.verified_before.map(|before| (Tone::Text, "verified", verified(before, cut.entries))));
    rows.extend(cut.witnessed.as_ref().map(|witnessed| (Tone::Text, "witnessed", seen(witnessed, cut))));
    let lines = terminal.pairs(&rows);
    format!("{title}{warning}{lines}")
}

/// What rests on an earlier verification of the same user.
fn verified(before: u64, entries: u64) -> String {
    match entries - before.min(entries) {
        0 => "by you before (--full verifies again)".to_owned(),
        now => format!("the first {before} entries by you before (--full verifies again), {now} now"),
    }
}

/// How far a witness has seen the log, and so until when its entries must have come into being.
fn seen(witnessed: &Witnessed, cut: &CutLine) -> String {
    let (size, since) = (witnessed.size, cut.entries.saturating_sub(witnessed.size));
    let who = &witnessed.witness;
    match cut.clock {
        Some(Clock::Simulated) => {
            format!("the first {size} entries, by {who}; {since} since; a simulated clock proves no time")
        }
        Some(Clock::System) | None => {
            format!(
                "the first {size} entries existed before {}, by {who}; {since} since, not yet witnessed",
                instant(witnessed.at())
            )
        }
    }
}

/// The trial's time zone, in which times are shown.
pub fn zone(cut: &CutLine) -> Zone {
    cut.zone.as_deref().and_then(|name| Zone::named(name).ok()).unwrap_or(Zone::UTC)
}

/// What the genesis says of facts and times that are not real; none where both are.
pub fn warning(cut: &CutLine) -> Option<String> {
    let data = cut.data.and_then(|data| match data {
        DataKind::Real => None,
        DataKind::Synthetic => Some("SYNTHETIC DATA"),
    });
    let clock = cut.clock.and_then(|clock| match clock {
        Clock::System => None,
        Clock::Simulated => Some("SIMULATED CLOCK"),
    });
    let words: Vec<&str> = data.into_iter().chain(clock).collect();
    (!words.is_empty()).then(|| words.join(" \u{b7} "))
}

/// The same for somebody who does not know these words.
pub fn warning_in_plain_words(cut: &CutLine) -> String {
    let data = cut.data.and_then(|data| match data {
        DataKind::Real => None,
        DataKind::Synthetic => Some("The facts are invented: no such subjects exist."),
    });
    let clock = cut.clock.and_then(|clock| match clock {
        Clock::System => None,
        Clock::Simulated => Some("The times of recording were given by hand."),
    });
    data.into_iter().chain(clock).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::*;

    fn cut(clock: Clock, data: DataKind) -> CutLine {
        CutLine {
            entries: 3,
            head: Some(Hash([0xab; 32])),
            day: "2017-05-01".parse().unwrap(),
            as_of: None,
            cutoff: None,
            clock: Some(clock),
            data: Some(data),
            title: Some("A trial".into()),
            zone: Some("Asia/Taipei".into()),
            witnessed: None,
            verified_before: None,
        }
    }

    #[test]
    fn a_real_trial_has_no_warning_and_an_invented_one_names_what_is_invented() {
        let warning = |clock, data| warning(&cut(clock, data));
        assert_eq!(warning(Clock::System, DataKind::Real), None);
        assert_eq!(warning(Clock::Simulated, DataKind::Real).unwrap(), "SIMULATED CLOCK");
        assert_eq!(warning(Clock::System, DataKind::Synthetic).unwrap(), "SYNTHETIC DATA");
        assert_eq!(warning(Clock::Simulated, DataKind::Synthetic).unwrap(), "SYNTHETIC DATA · SIMULATED CLOCK");
    }

    #[test]
    fn the_header_bounds_what_was_witnessed_and_no_time_of_a_simulated_clock() {
        let witnessed = Witnessed {
            seq: trial_core::ids::Seq(2),
            size: 2,
            witness: "w.example".parse().unwrap(),
            time: 1_480_000_000,
        };
        let said = |clock| seen(&witnessed, &cut(clock, DataKind::Real));
        let system = said(Clock::System);
        assert_eq!(
            system,
            "the first 2 entries existed before 2016-11-24 15:06:40 UTC, by w.example; 1 since, not yet witnessed"
        );
        assert!(!said(Clock::Simulated).contains("2016"));
        let header = header(
            &CutLine { witnessed: Some(witnessed), ..cut(Clock::System, DataKind::Real) },
            Terminal::new(120, Style::Plain),
        );
        assert!(header.contains("witnessed") && header.contains("w.example"), "{header}");
    }

    #[test]
    fn the_header_says_what_it_rests_on() {
        let text = header(&cut(Clock::System, DataKind::Real), Terminal::new(80, Style::Plain));
        let expected = "A trial\n  entries  3, head abababababababab…\n  read on  2017-05-01\n  as of    all entries\n  \
                        cutoff   none\n";
        assert_eq!(text, expected);
    }
}
