//! `--seal` and `--seal-file`: texts that stand beside the log.

use crate::error::CliError;
use clap::Args;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
};
use trial_core::{
    ids::Name,
    text::{FreeText, MOST_FREE},
};

/// Texts that stand beside the log, where a redaction can delete them; the entry commits to them.
#[derive(Debug, Clone, Default, Args)]
pub struct SealArgs {
    /// Keep a text that could name a person beside the log, and commit to it: narrative, verbatim, comment or any other
    /// name; may be repeated
    #[arg(long, global = true, value_name = "NAME=TEXT")]
    pub seal: Vec<String>,
    /// The same with the text from a file, - for the standard input
    #[arg(long, global = true, value_name = "NAME=FILE")]
    pub seal_file: Vec<String>,
}

/// The texts by their names.
///
/// # Errors
/// A name that is none or stands twice, a file that cannot be read, a text that cannot be sealed.
pub fn texts(args: &SealArgs) -> Result<BTreeMap<Name, FreeText>, CliError> {
    let mut texts = BTreeMap::new();
    let given = args.seal.iter().map(|text| ("--seal", text)).chain(args.seal_file.iter().map(|f| ("--seal-file", f)));
    for (flag, given) in given {
        let wrong = |e: &dyn std::fmt::Display| CliError::usage(format!("{flag} {e}"));
        let (name, text) = given.split_once('=').ok_or_else(|| {
            wrong(&format!("{given:?}: expected NAME=.., found no =")).hint("for example --seal narrative=\"...\"")
        })?;
        let name: Name = name.parse().map_err(|e| wrong(&e))?;
        let text = if flag == "--seal" { text.to_owned() } else { read(text)? };
        let text: FreeText = text.parse().map_err(|e| wrong(&format!("{name}: {e}")))?;
        if texts.contains_key(&name) {
            return Err(wrong(&format!("{name}: this name is given twice")));
        }
        texts.insert(name, text);
    }
    Ok(texts)
}

/// A file, `-` for the standard input, as text with line feeds; its last line end is left out.
fn read(file: &str) -> Result<String, CliError> {
    let unreadable = |e: io::Error| CliError::unknown(format!("{file}: {e}"));
    // Four bytes in a character at most, and two for each line end; one more tells a longer file.
    let most = 5 * MOST_FREE as u64;
    let mut bytes = Vec::new();
    match file {
        "-" => io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?,
        path => File::open(path).map_err(unreadable)?.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?,
    };
    if bytes.len() as u64 > most {
        return Err(CliError::usage(format!("{file}: expected at most {MOST_FREE} characters, found more"))
            .hint("hold larger documents outside, and seal their SHA-256"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        CliError::usage(format!(
            "{file}: expected UTF-8, found other bytes at byte {}",
            e.utf8_error().valid_up_to() + 1
        ))
    })?;
    let text = text.replace("\r\n", "\n");
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}
