//! The pager: a long answer on a terminal is read page by page, by the program that PAGER names.
//!
//! Promises that nothing is paged but what goes to a terminal: not a pipe, not a file, not JSON. An empty PAGER or `cat`
//! turns it off. Without PAGER it is `less`, which ends by itself where the answer fits on the screen, shows colours and
//! leaves the text standing (`-FRX`).

use crate::{error::CliError, output::Output};
use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    process::{Command, Stdio},
};

/// Writes an answer for people, given in pieces, page by page where it goes to a terminal.
///
/// # Errors
/// See [`Output::text`].
pub fn page(pieces: &[String], output: &mut Output<'_>) -> Result<(), CliError> {
    let words = if io::stdout().is_terminal() && !output.json { pager(env::var_os("PAGER")) } else { None };
    let Some((program, arguments)) = words.as_deref().and_then(<[String]>::split_first) else {
        return pieces.iter().try_for_each(|piece| output.text(piece));
    };
    // What was said before the answer stands before it.
    output.out.flush()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    // Without the program the answer is written as it is.
    let Ok(mut child) = command.spawn() else { return pieces.iter().try_for_each(|piece| output.text(piece)) };
    if let Some(mut stdin) = child.stdin.take() {
        match pieces.iter().try_for_each(|piece| stdin.write_all(piece.as_bytes())) {
            // The reader may stop reading.
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => return Err(e.into()),
            Ok(()) | Err(_) => {}
        }
    }
    child.wait()?;
    Ok(())
}

/// The words of the command that pages; none where it is turned off.
fn pager(said: Option<OsString>) -> Option<Vec<String>> {
    let Some(said) = said else { return Some(vec!["less".into()]) };
    let words: Vec<String> = said.to_string_lossy().split_whitespace().map(str::to_owned).collect();
    (!words.is_empty() && words != ["cat"]).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pager_is_what_the_reader_says_less_where_nothing_is_said_and_off_where_it_is_empty() {
        assert_eq!(pager(None), Some(vec!["less".into()]));
        assert_eq!(pager(Some("more -d".into())), Some(vec!["more".into(), "-d".into()]));
        assert_eq!(pager(Some("".into())), None);
        assert_eq!(pager(Some("cat".into())), None);
    }
}
