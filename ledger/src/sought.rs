//! Sought: entries of a journal, found by halving the file, without reading what is in front of them.
//!
//! Promises lines that follow each other in the file, the first of which says of itself that it is the one that was sought.
//! Nothing of that is believed: whoever takes lines from here compares their hashes with what was verified.

use crate::{claims::Claims, envelope::Envelope, lines::next_line, verifier::Lookup};
use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom},
    ops::Range,
    path::Path,
};
use trial_core::ids::Seq;

/// How much is read at once: some tens of lines.
const BUFFER: usize = 1 << 14;

pub(crate) struct Sought {
    reader: RefCell<Reader>,
}

struct Reader {
    file: BufReader<File>,
    length: u64,
    /// Whose line comes next.
    next: u64,
}

impl Sought {
    pub fn open(path: &Path) -> io::Result<Sought> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let file = BufReader::with_capacity(BUFFER, file);
        Ok(Sought { reader: RefCell::new(Reader { file, length, next: 0 }) })
    }
}

impl Lookup for Sought {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.envelopes(seq.0..seq.0.checked_add(1)?)?.pop()
    }

    fn envelopes(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        let mut reader = self.reader.borrow_mut();
        if reader.next != places.start {
            reader.seek(places.start)?;
        }
        reader.next = places.end;
        let lines: Option<Vec<Envelope>> = places.map(|_| next_line(&mut reader.file)).collect();
        if lines.is_none() {
            reader.next = u64::MAX;
        }
        lines
    }
}

impl Reader {
    /// Goes to the line of an entry.
    fn seek(&mut self, place: u64) -> Option<()> {
        // The line begins in `from..to`.
        let (mut from, mut to) = (0, self.length);
        while from < to {
            let middle = from + (to - from) / 2;
            let Some((begins, found)) = self.first_from(middle).filter(|(begins, _)| *begins < to) else {
                to = middle;
                continue;
            };
            if found == place {
                return self.file.seek(SeekFrom::Start(begins)).map(drop).ok();
            }
            if found < place {
                from = begins + 1
            } else {
                to = middle
            };
        }
        None
    }

    /// The first line that begins at an offset or behind it: where it begins, and whose it is.
    fn first_from(&mut self, offset: u64) -> Option<(u64, u64)> {
        // Behind the end of the line in front, which may be right here.
        let front = offset.saturating_sub(1);
        self.file.seek(SeekFrom::Start(front)).ok()?;
        let skipped = if offset > 0 { self.file.skip_until(b'\n').ok()? as u64 } else { 0 };
        Some((front + skipped, Claims::read(&next_line(&mut self.file)?)?.entry.seq.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lines::read_lines, sample};

    #[test]
    fn every_entry_is_found_and_what_is_no_entry_is_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let entries = sample::Chain::of(40).entries;
        let lines: Vec<&[u8]> = entries.iter().map(|entry| entry.envelope().as_bytes()).collect();
        std::fs::write(file.path(), [lines.join(&b'\n'), b"\n".to_vec()].concat()).unwrap();
        let sought = Sought::open(file.path()).unwrap();
        for place in [39, 0, 1, 20, 38, 7] {
            assert_eq!(sought.envelope(Seq(place)).unwrap().as_bytes(), lines[place as usize]);
        }
        let (all, _) = read_lines(file.path()).unwrap();
        let all: Vec<Envelope> = all.map(Result::unwrap).collect();
        assert_eq!(sought.envelopes(3..40), Some(all[3..].to_vec()));
        assert_eq!((sought.envelope(Seq(40)), sought.envelopes(39..41)), (None, None));
        assert_eq!(sought.envelopes(0..2), Some(all[..2].to_vec()), "what was not there is forgotten");

        let torn = [lines[0], &b"\n"[..], &lines[1][..9], b"\n\n", lines[2]].concat();
        std::fs::write(file.path(), torn).unwrap();
        let sought = Sought::open(file.path()).unwrap();
        assert_eq!((sought.envelope(Seq(1)), sought.envelope(Seq(2))), (None, None));
    }
}
