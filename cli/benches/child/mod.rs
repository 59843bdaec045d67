//! Child: one run of the program `trial`, how long it took, and the most memory that it had.
//!
//! The memory is the peak of the process itself (`VmHWM`), so that it holds on a busy machine too. Linux only.
#![allow(dead_code, clippy::unwrap_used)] // each target uses its part; what fails here fails the run

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// From its start to its end.
    pub time: Duration,
    /// The largest resident set, in KiB.
    pub peak: u64,
}

/// Runs the program with a file of known ledgers; it must succeed.
pub fn run<S: AsRef<OsStr>>(known: &Path, arguments: &[S]) -> Taken {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trial"));
    command.env("TRIAL_KNOWN_LEDGERS", known).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // The kernel keeps the maximum: only what is taken in the very last millisecond can be missed.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0).max(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let time = begun.elapsed();
    assert!(ended.success(), "{command:?}: {ended}");
    assert!(peak > 0, "{status} has no VmHWM");
    Taken { time, peak }
}
