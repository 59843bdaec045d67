//! Remembered: the snapshot of each ledger that this user's own verification made, by its id.
//!
//! One line for each ledger in a file beside the known ledgers: `GENESIS ENTRIES ID`. A snapshot counts for whoever has
//! its id here and for nobody else, so that nothing in a ledger's directory can speak for itself. Losing the file costs
//! time and nothing else: a line that cannot be read, or is not there, means that the ledger is verified whole.

use crate::known::Known;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use trial_core::ids::Hash;
use trial_ledger::durable;

/// How the file is called, behind the name of the known ledgers' file.
const ENDING: &str = ".snapshots";

/// A snapshot that this user's own verification made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The ledger, by the leaf hash of its first entry.
    pub genesis: Hash,
    /// How many entries it had.
    pub entries: u64,
    /// The id of the snapshot.
    pub id: Hash,
}

impl Remembered {
    /// What this user remembers of a ledger.
    pub fn of(known: &Known, genesis: Hash) -> Option<Remembered> {
        read(&place(known)?).into_iter().find(|line| line.genesis == genesis)
    }

    /// Remembers it in the place of an earlier one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(self, known: &Known) -> io::Result<()> {
        let Some(place) = place(known) else { return Ok(()) };
        let others = read(&place).into_iter().filter(|line| line.genesis != self.genesis);
        let lines: String = others.chain([self]).map(|line| line.text()).collect();
        durable::replace(&place, lines.as_bytes())
    }

    fn text(self) -> String {
        format!("{} {} {}\n", self.genesis, self.entries, self.id)
    }

    fn parse(line: &str) -> Option<Remembered> {
        let mut fields = line.split(' ');
        let (genesis, entries, id) = (fields.next()?, fields.next()?, fields.next()?);
        let read = Remembered { genesis: genesis.parse().ok()?, entries: entries.parse().ok()?, id: id.parse().ok()? };
        fields.next().is_none().then_some(read)
    }
}

fn place(known: &Known) -> Option<PathBuf> {
    let mut name = known.file()?.as_os_str().to_owned();
    name.push(ENDING);
    Some(PathBuf::from(name))
}

fn read(place: &Path) -> Vec<Remembered> {
    let text = fs::read_to_string(place).unwrap_or_default();
    text.lines().filter_map(Remembered::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_a_garbled_one_is_as_good_as_none() {
        let line = Remembered { genesis: Hash([1; 32]), entries: 2048, id: Hash([2; 32]) };
        let text = line.text();
        assert_eq!(Remembered::parse(text.trim_end()), Some(line));
        for bad in ["", "x", &text.trim_end()[..70], &format!("{} x", text.trim_end()), &text.replace("2048", "-1")] {
            assert_eq!(Remembered::parse(bad.trim_end()), None, "{bad}");
        }
    }
}
