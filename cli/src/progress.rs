//! Progress: a bar on the terminal for long work, nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{fmt, io::IsTerminal};

/// Steps done, the rate, the time left. How many there will be is often an estimate, so it is seen and not told.
const KNOWN: &str = "{msg:<10} [{bar:28}] {pos}, {rate}, {eta} left";
/// Where nobody knows how many there will be: steps done, the rate, the time spent.
const UNKNOWN: &str = "{msg:<10} {pos}, {rate}, {elapsed}";

/// A bar over some steps, with rate and time left; 0 where their number is not known. Invisible unless stderr is a
/// terminal.
pub fn bar(steps: u64, what: &str) -> ProgressBar {
    let bar = if steps == 0 { ProgressBar::no_length() } else { ProgressBar::new(steps) };
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let shape = if steps == 0 { UNKNOWN } else { KNOWN };
    let style = ProgressStyle::with_template(shape).expect("the template is well formed");
    bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
    bar.set_message(what.to_owned());
    bar
}

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    // A bar has nowhere to tell of a failure.
    let _ = write!(out, "{:.0}/s", state.per_sec());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_well_formed() {
        for shape in [KNOWN, UNKNOWN] {
            assert!(ProgressStyle::with_template(shape).is_ok(), "{shape}");
        }
        assert_eq!((bar(5, "reading").length(), bar(0, "reading").length()), (Some(5), None));
    }
}
