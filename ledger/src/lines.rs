//! Lines: envelopes out of a JSON Lines file, a journal or an export, without any store.
//!
//! Promises to hand out every line that ends in a newline, byte for byte, holding one line in memory at a time and never
//! more than [`MAX_LINE`] bytes of it. A last line without its newline was never acknowledged: it is not handed out, and
//! [`Lines::tail`] tells of it. Does not look into the lines.

use crate::{
    envelope::{Envelope, MAX_LINE},
    fault::{Fault, FaultKind},
    merkle::BLOCK,
    verifier::Lookup,
};
use std::{
    cell::{Cell, RefCell},
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
    rc::Rc,
};
use trial_core::ids::Seq;

/// How many lines lie between two remembered places: whole blocks are read again.
const STRIDE: u64 = BLOCK;

/// Opens a file of entry lines: a stream of envelopes, and a look-up that learns where lines are as they are read.
///
/// # Errors
/// The file cannot be opened.
pub fn read_lines(path: &Path) -> io::Result<(Lines, LineIndex)> {
    let places = Rc::new(RefCell::new(Vec::new()));
    let reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let again = RefCell::new(BufReader::new(File::open(path)?));
    let lines = Lines { reader, places: Rc::clone(&places), line: 0, offset: 0, tail: Rc::default(), ended: false };
    Ok((lines, LineIndex { file: again, places }))
}

/// Envelopes in the order of the file.
pub struct Lines {
    reader: BufReader<File>,
    places: Rc<RefCell<Vec<u64>>>,
    line: u64,
    offset: u64,
    tail: Rc<Cell<Tail>>,
    ended: bool,
}

/// What follows the last newline of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// Where it begins: the length of the file up to its last newline.
    pub offset: u64,
    /// How many bytes there are; none in a file that was closed in order.
    pub bytes: u64,
}

impl Lines {
    /// What was found behind the last newline; known once the last line has been read. Shared, so that it can be asked
    /// after the lines have been given away.
    pub fn tail(&self) -> Rc<Cell<Tail>> {
        Rc::clone(&self.tail)
    }

    fn read(&mut self) -> io::Result<Option<Envelope>> {
        let limit = MAX_LINE as u64 + 2;
        // Nearly every line lies in the buffer as a whole: it is copied once, into as much memory as it needs. What cannot be
        // read is told below.
        if let Ok(buffer) = self.reader.fill_buf()
            && let Some(end) = memchr::memchr(b'\n', &buffer[..buffer.len().min(MAX_LINE + 2)])
        {
            let line = Envelope::new(&buffer[..end]);
            self.reader.consume(end + 1);
            return Ok(Some(self.next_is(line, end as u64 + 1)));
        }
        let mut line = Vec::with_capacity(1024);
        let mut length = self.reader.by_ref().take(limit).read_until(b'\n', &mut line)? as u64;
        let mut ended = line.last() == Some(&b'\n');
        if ended {
            line.pop();
        } else if length == limit {
            // Too long for an entry: what was read is enough for the verifier to say so.
            let (skipped, found) = skip_line(&mut self.reader)?;
            length += skipped;
            ended = found;
        }
        if !ended {
            self.tail.set(Tail { offset: self.offset, bytes: length });
            return Ok(None);
        }
        Ok(Some(self.next_is(Envelope::new(line), length)))
    }

    /// The next line, which takes so many bytes with its newline.
    fn next_is(&mut self, line: Envelope, length: u64) -> Envelope {
        if self.line.is_multiple_of(STRIDE) {
            self.places.borrow_mut().push(self.offset);
        }
        self.line += 1;
        self.offset += length;
        line
    }
}

/// Reads on to the next newline without keeping anything: how many bytes, and whether there was one.
fn skip_line(reader: &mut impl BufRead) -> io::Result<(u64, bool)> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok((skipped, false));
        }
        let end = memchr::memchr(b'\n', buffer);
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() {
            return Ok((skipped, true));
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Envelope, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        let expected = "a line that can be read";
        read.map_err(|e| Fault::at(FaultKind::StoreUnreadable, Seq(self.line), expected, e)).transpose()
    }
}

/// Finds lines that have been read before.
pub struct LineIndex {
    file: RefCell<BufReader<File>>,
    places: Rc<RefCell<Vec<u64>>>,
}

impl LineIndex {
    fn lines(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        let place = *self.places.borrow().get(usize::try_from(places.start / STRIDE).ok()?)?;
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(place)).ok()?;
        for _ in 0..places.start % STRIDE {
            skip_line(&mut *file).ok().filter(|(_, ended)| *ended)?;
        }
        places.map(|_| next_line(&mut *file)).collect()
    }
}

/// The next line without its end, where it has one.
pub(crate) fn next_line(file: &mut impl BufRead) -> Option<Envelope> {
    let mut line = Vec::new();
    file.take(MAX_LINE as u64 + 2).read_until(b'\n', &mut line).ok()?;
    (line.pop() == Some(b'\n')).then(|| Envelope::new(line))
}

impl Lookup for LineIndex {
    fn envelope(&self, seq: Seq) -> Option<Envelope> {
        self.lines(seq.0..seq.0.checked_add(1)?)?.pop()
    }

    fn envelopes(&self, places: Range<u64>) -> Option<Vec<Envelope>> {
        if places.is_empty() { Some(Vec::new()) } else { self.lines(places) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn texts(lines: Lines) -> Vec<String> {
        lines.map(|l| String::from_utf8(l.unwrap().as_bytes().to_vec()).unwrap()).collect()
    }

    #[test]
    fn lines_come_out_as_they_are_and_can_be_found_again() {
        let all: Vec<String> = (0..1000).map(|i| "x".repeat(i % 7) + &i.to_string()).collect();
        let file = file((all.join("\n") + "\n").as_bytes());
        let (lines, index) = read_lines(file.path()).unwrap();
        let tail = lines.tail();
        assert_eq!(texts(lines), all);
        assert_eq!(tail.get().bytes, 0);
        for i in [999, 0, 255, 256, 257, 600] {
            let found = index.envelope(Seq(i)).unwrap();
            assert_eq!(found.as_bytes(), all[i as usize].as_bytes());
        }
        assert_eq!(index.envelope(Seq(1000)), None);
        let texts = |places| index.envelopes(places).map(|found| found.iter().map(Envelope::len).sum::<usize>());
        let bytes = |places: Range<usize>| Some(all[places].iter().map(String::len).sum::<usize>());
        assert_eq!(texts(256..512), bytes(256..512));
        assert_eq!(texts(500..1000), bytes(500..1000), "across remembered places too");
        assert_eq!((texts(7..7), texts(999..1001)), (Some(0), None));
    }

    #[test]
    fn a_last_line_without_its_newline_is_told_and_not_handed_out() {
        for (bytes, lines_expected, tail_expected) in
            [("a\nb\nc", vec!["a", "b"], Tail { offset: 4, bytes: 1 }), ("c", vec![], Tail { offset: 0, bytes: 1 })]
        {
            let file = file(bytes.as_bytes());
            let (lines, _) = read_lines(file.path()).unwrap();
            let tail = lines.tail();
            assert_eq!(texts(lines), lines_expected);
            assert_eq!(tail.get(), tail_expected);
        }
    }

    #[test]
    fn a_line_that_is_far_too_long_takes_little_memory_and_the_next_one_is_found() {
        let bytes = [vec![b'x'; 1_000_000], b"\nnext\n".to_vec(), vec![b'y'; 1_000_000]].concat();
        let file = file(&bytes);
        let (lines, index) = read_lines(file.path()).unwrap();
        let tail = lines.tail();
        let lengths: Vec<usize> = lines.map(|l| l.unwrap().len()).collect();
        assert_eq!(lengths, [MAX_LINE + 2, 4]);
        assert_eq!(tail.get(), Tail { offset: 1_000_006, bytes: 1_000_000 });
        assert_eq!(index.envelope(Seq(1)).unwrap().as_bytes(), b"next");
    }
}
