//! Progress: a bar on the terminal for long work, nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar over some steps, with rate and time left; invisible unless stderr is a terminal.
pub fn bar(steps: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let shape = "{msg:<10} [{bar:36}] {pos}/{len} {per_sec} {eta} left";
    bar.set_style(ProgressStyle::with_template(shape).expect("the template is well formed").progress_chars("=> "));
    bar.set_message(what.to_owned());
    bar
}
