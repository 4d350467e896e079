//! Whole records out of a chunk of a file: lines, or several lines that belong together.
//!
//! Everything counts in bytes of the file. Line ends are searched as bytes; in UTF-16 they are two
//! bytes at an even place, since a chunk begins at a whole unit.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use memchr::{memchr, memmem, memrchr};
use regex::Regex;
use std::borrow::Cow;

/// How a file is cut into records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cutter<'c> {
    /// The file's encoding, if it is not UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// What the first line of a record matches; each line is a record where nothing is said.
    pub start: Option<&'c Regex>,
    /// The longest record.
    pub longest: usize,
}

/// Where reading stands between two lines, beside the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Between {
    /// At the beginning of a line.
    #[default]
    Lines,
    /// In a line whose rest is passed over.
    Skipping,
    /// Behind the text of a line whose end was not there yet; the end alone is no line.
    Open,
}

/// What a chunk holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Where the records begin in the chunk.
    pub from: usize,
    /// Where they end; the next chunk begins here.
    pub to: usize,
    /// The end of each record in the chunk, its line end included; only of records of several lines.
    pub ends: Vec<usize>,
    /// Where reading stands then.
    pub between: Between,
    /// How many records were longer than allowed.
    pub n_cut: usize,
}

impl Cutter<'_> {
    fn unit(&self) -> usize {
        if self.is_wide() { 2 } else { 1 }
    }

    fn is_wide(&self) -> bool {
        self.encoding == Some(UTF_16LE) || self.encoding == Some(UTF_16BE)
    }

    /// A place where a unit ends.
    fn whole_units(&self, place: usize) -> usize {
        place - place % self.unit()
    }

    /// The records of a chunk that is at most `longest` bytes long and shorter only at the end of
    /// the file. About `wanted` bytes are taken, at least one record. With `finish`, the chunk ends
    /// where the file ends for good, and what has no end yet is a record, too.
    pub fn cut(&self, chunk: &[u8], between: Between, wanted: usize, finish: bool) -> Cut {
        let from = match between {
            Between::Lines => 0,
            Between::Open => self.end_alone(chunk),
            Between::Skipping => match self.next_end(chunk, 0) {
                Some(end) => end,
                None => {
                    let to = self.whole_units(chunk.len());
                    return Cut { from: to, to, between, ..Cut::default() };
                }
            },
        };
        // The end of an open line may still come.
        let between = if between == Between::Open && from == 0 && chunk.is_empty() { Between::Open } else { Between::Lines };
        let cut = Cut { from, to: from, between, ..Cut::default() };
        if from >= chunk.len() {
            return cut;
        }
        match self.start {
            None => self.lines(chunk, cut, wanted, finish),
            Some(start) => self.groups(chunk, cut, start, finish),
        }
    }

    fn lines(&self, chunk: &[u8], cut: Cut, wanted: usize, finish: bool) -> Cut {
        let enough = chunk.len().min(cut.from.saturating_add(wanted));
        let all = enough == chunk.len();
        let end = self.last_end(chunk, cut.from, enough).or_else(|| self.next_end(chunk, cut.from));
        match end {
            _ if finish && all => Cut { to: chunk.len(), between: self.after(chunk), ..cut },
            Some(to) => Cut { to, ..cut },
            None => self.too_long(chunk, cut),
        }
    }

    /// A record that has no end in its chunk: cut if it is too long for any, else it waits.
    fn too_long(&self, chunk: &[u8], cut: Cut) -> Cut {
        if cut.from > 0 || chunk.len() < self.longest {
            return cut;
        }
        let to = self.whole_units(chunk.len());
        Cut { to, between: Between::Skipping, n_cut: 1, ..cut }
    }

    /// Where reading stands at the end of a chunk that was taken whole.
    fn after(&self, chunk: &[u8]) -> Between {
        let ended = self.last_end(chunk, 0, chunk.len()) == Some(chunk.len());
        if ended { Between::Lines } else { Between::Open }
    }

    fn groups(&self, chunk: &[u8], cut: Cut, start: &Regex, finish: bool) -> Cut {
        let mut ends = Vec::new();
        let (mut line, mut begun) = (cut.from, cut.from);
        while line < chunk.len() {
            let end = match self.next_end(chunk, line) {
                Some(end) => end,
                None if finish => chunk.len(),
                None => break,
            };
            if line > begun && start.is_match(&self.text(chunk.get(line..end).unwrap_or_default())) {
                ends.push(line);
                begun = line;
            }
            line = end;
        }
        if finish {
            ends.push(chunk.len());
            return Cut { to: chunk.len(), ends, between: self.after(chunk), ..cut };
        }
        if begun > cut.from || cut.from > 0 || chunk.len() < self.longest {
            return Cut { to: begun, ends, ..cut };
        }
        // One record fills the chunk: its whole lines are one, what follows is another.
        if line > cut.from {
            return Cut { to: line, ends: vec![line], n_cut: 1, ..cut };
        }
        let cut = self.too_long(chunk, cut);
        Cut { ends: vec![cut.to], ..cut }
    }

    /// One line as text, without its end.
    fn text<'l>(&self, line: &'l [u8]) -> Cow<'l, str> {
        let text = match self.encoding {
            None => String::from_utf8_lossy(line),
            Some(encoding) => encoding.decode_without_bom_handling(line).0,
        };
        let end = text.trim_end_matches(['\n', '\r']).len();
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        }
    }

    /// How many bytes of a chunk are a line end and nothing else before it.
    fn end_alone(&self, chunk: &[u8]) -> usize {
        match self.next_end(chunk, 0) {
            Some(end) if self.text(chunk.get(..end).unwrap_or_default()).is_empty() => end,
            _ => 0,
        }
    }

    /// The place behind the next line end.
    fn next_end(&self, chunk: &[u8], from: usize) -> Option<usize> {
        let rest = chunk.get(from..)?;
        if !self.is_wide() {
            return memchr(b'\n', rest).map(|at| from + at + 1);
        }
        let mark = self.wide_end();
        memmem::find_iter(rest, mark).map(|at| from + at).find(|at| at % 2 == 0).map(|at| at + 2)
    }

    /// How many lines there are from a place on, `most` at most, and the place behind the last of
    /// them. What has no end is a line, too.
    pub fn first_lines(&self, chunk: &[u8], from: usize, most: usize) -> (usize, usize) {
        let (mut count, mut at) = (0, from);
        while count < most && at < chunk.len() {
            (count, at) = (count + 1, self.next_end(chunk, at).unwrap_or(chunk.len()));
        }
        (count, at)
    }

    /// The place behind the last line end before `to`.
    fn last_end(&self, chunk: &[u8], from: usize, to: usize) -> Option<usize> {
        let part = chunk.get(from..to)?;
        if !self.is_wide() {
            return memrchr(b'\n', part).map(|at| from + at + 1);
        }
        let mark = self.wide_end();
        memmem::rfind_iter(part, mark).map(|at| from + at).find(|at| at % 2 == 0).map(|at| at + 2)
    }

    fn wide_end(&self) -> &'static [u8] {
        if self.encoding == Some(UTF_16BE) { b"\0\n" } else { b"\n\0" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINES: Cutter<'static> = Cutter { encoding: None, start: None, longest: 16 };

    fn cut(cutter: &Cutter<'_>, chunk: &[u8], finish: bool) -> (usize, usize, Between) {
        let cut = cutter.cut(chunk, Between::Lines, 1 << 20, finish);
        (cut.from, cut.to, cut.between)
    }

    #[test]
    fn the_first_lines_are_counted() {
        assert_eq!(LINES.first_lines(b"a\nb\nc\n", 0, 2), (2, 4));
        assert_eq!(LINES.first_lines(b"a\nb\nc\n", 2, 9), (2, 6));
        assert_eq!(LINES.first_lines(b"a\nb", 0, 2), (2, 3));
        assert_eq!(LINES.first_lines(b"a\n", 2, 2), (0, 2));
        let wide = Cutter { encoding: Some(UTF_16LE), ..LINES };
        assert_eq!(wide.first_lines(b"a\0\n\0\x0a\x0a\n\0c\0\n\0", 0, 2), (2, 8));
    }

    #[test]
    fn whole_lines_are_taken_and_the_last_one_waits() {
        assert_eq!(cut(&LINES, b"a\nb\r\nc", false), (0, 5, Between::Lines));
        assert_eq!(cut(&LINES, b"a\nb\r\nc", true), (0, 6, Between::Open));
        assert_eq!(cut(&LINES, b"a\nb\n", true), (0, 4, Between::Lines));
        assert_eq!(cut(&LINES, b"abc", false), (0, 0, Between::Lines));
        assert_eq!(LINES.cut(b"a\nb\nc\n", Between::Lines, 3, true).to, 2);
        assert_eq!(LINES.cut(b"aaaa\nb\n", Between::Lines, 1, true).to, 5);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_its_rest_passed_over() {
        let first = LINES.cut(&[b'x'; 16], Between::Lines, 100, false);
        assert_eq!((first.to, first.between, first.n_cut), (16, Between::Skipping, 1));
        let second = LINES.cut(&[b'x'; 16], Between::Skipping, 100, false);
        assert_eq!((second.from, second.to, second.between, second.n_cut), (16, 16, Between::Skipping, 0));
        let third = LINES.cut(b"xx\nyy\nz", Between::Skipping, 100, false);
        assert_eq!((third.from, third.to, third.between), (3, 6, Between::Lines));
        // The line that begins behind a skipped one has a chunk of its own.
        let fourth = LINES.cut(b"xx\nyyyyyyyyyyyyy", Between::Skipping, 100, false);
        assert_eq!((fourth.from, fourth.to, fourth.n_cut), (3, 3, 0));
    }

    #[test]
    fn the_end_of_a_line_that_was_taken_without_it_is_no_line() {
        for chunk in [&b"\nb\n"[..], b"\r\nb\n"] {
            let cut = LINES.cut(chunk, Between::Open, 100, false);
            assert_eq!(&chunk[cut.from..cut.to], b"b\n");
        }
        assert_eq!(LINES.cut(b"c\nb\n", Between::Open, 100, false).from, 0);
        assert_eq!(LINES.cut(b"", Between::Open, 100, false).between, Between::Open);
    }

    #[test]
    fn records_of_several_lines_end_where_the_next_one_starts() {
        let start = Regex::new(r"^\d").unwrap();
        let groups = Cutter { start: Some(&start), longest: 64, ..LINES };
        let chunk = b"x\n1 a\n  b\n2 c\n3";
        let found = groups.cut(chunk, Between::Lines, 100, false);
        assert_eq!((found.to, found.ends), (10, vec![2, 10]));
        let found = groups.cut(chunk, Between::Lines, 100, true);
        assert_eq!((found.to, found.ends, found.between), (15, vec![2, 10, 14, 15], Between::Open));
        let small = Cutter { longest: 8, ..groups };
        let found = small.cut(b"1 a\n b\nc", Between::Lines, 100, false);
        assert_eq!((found.to, found.ends, found.n_cut), (7, vec![7], 1));
        let found = small.cut(b"12345678", Between::Lines, 100, false);
        assert_eq!((found.to, found.ends, found.between), (8, vec![8], Between::Skipping));
    }

    #[test]
    fn utf_16_is_cut_at_its_own_line_ends() {
        // U+0A0D and U+0D0A hold the bytes of a line end in the wrong places.
        let text = "\u{a0d}\u{d0a}\u{a00}\na\n\u{a0a}";
        for (encoding, to_bytes) in [(UTF_16LE, u16::to_le_bytes as fn(u16) -> [u8; 2]), (UTF_16BE, u16::to_be_bytes)] {
            let chunk: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
            let cutter = Cutter { encoding: Some(encoding), ..LINES };
            assert_eq!(cutter.next_end(&chunk, 0), Some(8));
            assert_eq!(cutter.last_end(&chunk, 0, chunk.len()), Some(12));
            assert_eq!(cutter.text(&chunk[8..12]), "a");
            assert_eq!(cut(&cutter, &chunk, false), (0, 12, Between::Lines));
        }
    }

    proptest! {
        /// However a text is chunked, the records are its lines.
        #[test]
        fn chunks_lose_and_repeat_nothing(lines in prop::collection::vec("[a-z]{0,6}", 0..20), wanted in 1usize..20) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let (mut at, mut between, mut out) = (0, Between::Lines, String::new());
            while at < text.len() {
                let chunk = &text.as_bytes()[at..text.len().min(at + LINES.longest)];
                let cut = LINES.cut(chunk, between, wanted, false);
                prop_assert!(cut.to > 0);
                out.push_str(std::str::from_utf8(&chunk[cut.from..cut.to]).unwrap());
                (at, between) = (at + cut.to, cut.between);
            }
            prop_assert_eq!(out, text);
        }
    }
}
