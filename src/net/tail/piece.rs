//! The next piece of one file: a chunk is read and cut into whole records, which become UTF-8 as they
//! are given.

use super::ahead::Ahead;
use super::records::{Between, Cut, Cutter};
use super::rotation::Opened;
use super::spot::{Spot, last_bytes, read_at, unpack};
use crate::base::limits;
use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use regex::Regex;
use std::io::{self, Read};

/// How pieces are read.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'m> {
    /// The encoding that was named.
    pub encoding: Option<&'static Encoding>,
    /// What records of several lines start with.
    pub start: Option<&'m Regex>,
    /// About how many bytes are wanted.
    pub wanted: usize,
    /// How far earlier looks have unpacked.
    pub ahead: &'m Ahead,
    /// Whether the last line is a record, too, though it has no end: nothing follows any more.
    pub finish: bool,
}

/// Whole records of one file.
#[derive(Debug, Default)]
pub struct Piece {
    /// The records as the file has them.
    pub body: Bytes,
    /// Where each record ends in the body; only of records of several lines.
    ends: Vec<usize>,
    /// The last bytes of the file before them.
    pub lead: Vec<u8>,
    /// Their encoding, if it is not UTF-8.
    encoding: Option<&'static Encoding>,
    /// True if the file begins with them.
    is_start: bool,
    /// True if there is more to read at once.
    pub more: bool,
    /// True if everything that there is was taken.
    pub is_all: bool,
    /// How many records were cut.
    pub n_cut: usize,
    /// How many NUL bytes were passed over.
    pub n_nuls: u64,
    /// Why reading stopped early.
    pub problem: Option<String>,
}

impl Piece {
    /// The same with the records of a chunk; `before` are the last bytes before it.
    fn with(self, chunk: Vec<u8>, cut: Cut, before: &[u8]) -> Piece {
        let lead = last_bytes(before, chunk.get(..cut.from).unwrap_or_default());
        let ends = cut.ends.into_iter().map(|end| end - cut.from.min(end)).collect();
        Piece { body: Bytes::from(chunk).slice(cut.from..cut.to), ends, lead, ..self }
    }

    /// How many records there are from a place of the body on, `most` at most, and where they end. Where
    /// all are wanted, they are not counted.
    pub fn first(&self, from: usize, most: usize) -> (usize, usize) {
        if most == usize::MAX {
            return (0, self.body.len());
        }
        if self.ends.is_empty() {
            return Cutter { encoding: self.encoding, ..Cutter::default() }.first_lines(&self.body, from, most);
        }
        let begun = self.ends.partition_point(|end| *end <= from);
        let ends = self.ends.get(begun..).unwrap_or_default();
        let ends = ends.get(..most).unwrap_or(ends);
        (ends.len(), ends.last().copied().unwrap_or(self.body.len()))
    }

    /// A part of the records and their ends, as UTF-8.
    pub fn utf_8(&self, from: usize, to: usize) -> (Bytes, Vec<usize>) {
        let (first, last) = (self.ends.partition_point(|end| *end <= from), self.ends.partition_point(|end| *end <= to));
        let ends = self.ends.get(first..last).unwrap_or_default();
        let Some(encoding) = self.encoding else {
            return (self.body.slice(from..to), ends.iter().map(|end| end - from).collect());
        };
        let mut body = String::with_capacity(to - from);
        let mut begun = from;
        let mut push = |end: usize| {
            let part = self.body.get(begun..end).unwrap_or_default();
            // Only the first bytes of a file are a mark.
            let is_marked = self.is_start && begun == 0;
            body.push_str(&if is_marked { encoding.decode_with_bom_removal(part).0 } else { encoding.decode_without_bom_handling(part).0 });
            begun = end;
            body.len()
        };
        let ends: Vec<usize> = ends.iter().map(|end| push(*end)).collect();
        if ends.is_empty() {
            push(to);
        }
        (Bytes::from(body), ends)
    }
}

/// Reads on in a file, and moves the spot.
///
/// # Errors
/// When the file cannot be read.
pub fn read(opened: &Opened, spot: &mut Spot, manner: &Manner<'_>) -> io::Result<Piece> {
    if opened.is_packed() { packed(opened, spot, manner) } else { plain(opened, spot, manner) }
}

fn plain(opened: &Opened, spot: &mut Spot, manner: &Manner<'_>) -> io::Result<Piece> {
    let encoding = encoding_of(manner.encoding, &read_at(&opened.file, 0, 2)?);
    let left = opened.size.saturating_sub(spot.offset);
    let mut n_nuls = 0;
    if spot.between == Between::Lines && !is_wide(encoding) {
        n_nuls = nuls(opened, spot.offset)?;
    }
    let from = spot.offset + n_nuls;
    if n_nuls >= limits::TAIL_HOLE {
        spot.advance(&opened.file, from)?;
        return Ok(Piece { more: true, n_nuls, ..Piece::default() });
    }
    let count = (left - n_nuls.min(left)).min(limits::TAIL_CHUNK as u64);
    let mut chunk = read_at(&opened.file, from, count)?;
    let before = read_at(&opened.file, from.saturating_sub(limits::TAIL_PRINT), from.min(limits::TAIL_PRINT))?;
    if opened.file.metadata()?.len() < from + count || chunk.len() as u64 != count {
        // Truncated just now: what was read may be of before or after. The next look knows.
        return Ok(Piece::default());
    }
    let at_end = from + count == opened.size;
    whole_units(&mut chunk, encoding);
    let cutter = Cutter { encoding, start: manner.start, longest: limits::TAIL_CHUNK };
    let cut = cutter.cut(&chunk, spot.between, manner.wanted, manner.finish && at_end);
    let rest = chunk.len() - cut.to;
    let is_start = from == 0;
    let n_taken = cut.to as u64 + if cut.to > 0 { n_nuls } else { 0 };
    spot.between = cut.between;
    spot.advance(&opened.file, spot.offset + n_taken)?;
    let more = cut.to > 0 && (!at_end || (rest > 0 && manner.wanted < chunk.len()));
    let n_nuls = if cut.to > 0 { n_nuls } else { 0 };
    let piece = Piece { encoding, is_start, more, is_all: at_end && rest == 0, n_cut: cut.n_cut, n_nuls, ..Piece::default() };
    Ok(piece.with(chunk, cut, &before))
}

/// How many NUL bytes a hole has that begins here; none if nothing stands behind it yet.
fn nuls(opened: &Opened, offset: u64) -> io::Result<u64> {
    let first = read_at(&opened.file, offset, limits::TAIL_NULS as u64)?;
    if first.len() < limits::TAIL_NULS || first.iter().any(|byte| *byte != 0) {
        return Ok(0);
    }
    let end = opened.size.min(offset.saturating_add(limits::TAIL_HOLE));
    let mut at = offset;
    while at < end {
        let part = read_at(&opened.file, at, (end - at).min(64 << 10))?;
        if part.is_empty() {
            break;
        }
        if let Some(n) = part.iter().position(|byte| *byte != 0) {
            return Ok(at + n as u64 - offset);
        }
        at += part.len() as u64;
    }
    // A file that ends in NUL bytes may be written there later.
    Ok(if end == opened.size { 0 } else { end - offset })
}

fn packed(opened: &Opened, spot: &mut Spot, manner: &Manner<'_>) -> io::Result<Piece> {
    let known = manner.ahead.take(opened, spot).map_or_else(|| spot.unpacked(&opened.file), |unpacking| Ok(Some(unpacking)))?;
    let Some(mut unpacking) = known else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it has other content than before"));
    };
    let mut chunk = std::mem::take(&mut unpacking.rest);
    let room = limits::TAIL_CHUNK.saturating_sub(chunk.len());
    let ending = (&mut unpacking.content).take(room as u64).read_to_end(&mut chunk);
    let problem = ending.err().map(|error| crate::net::failure::io_words(&error));
    let at_end = problem.is_none() && chunk.len() < limits::TAIL_CHUNK;
    let mut mark = Vec::new();
    unpack(&opened.file)?.take(2).read_to_end(&mut mark)?;
    let encoding = encoding_of(manner.encoding, &mark);
    whole_units(&mut chunk, encoding);
    let cutter = Cutter { encoding, start: manner.start, longest: limits::TAIL_CHUNK };
    let cut = cutter.cut(&chunk, spot.between, limits::TAIL_CHUNK, at_end);
    let is_start = spot.offset == 0;
    spot.between = cut.between;
    let before = std::mem::take(&mut unpacking.before);
    unpacking.before = spot.advance_unpacked(&before, chunk.get(..cut.to).unwrap_or_default());
    let is_all = at_end && cut.to == chunk.len();
    let more = cut.to > 0 && !is_all && problem.is_none();
    if more {
        unpacking.rest = chunk.get(cut.to..).unwrap_or_default().to_vec();
        manner.ahead.keep(opened, spot, unpacking);
    }
    let piece = Piece { encoding, is_start, more, is_all, n_cut: cut.n_cut, problem, ..Piece::default() };
    Ok(piece.with(chunk, cut, &before))
}

/// The encoding to decode, by the name that was given or by the mark that the file begins with.
pub fn encoding_of(named: Option<&'static Encoding>, first: &[u8]) -> Option<&'static Encoding> {
    let known = named.or_else(|| Encoding::for_bom(first).map(|(encoding, _)| encoding));
    known.filter(|encoding| *encoding != UTF_8)
}

/// True where a unit has two bytes.
pub fn is_wide(encoding: Option<&'static Encoding>) -> bool {
    encoding == Some(UTF_16LE) || encoding == Some(UTF_16BE)
}

fn whole_units(chunk: &mut Vec<u8>, encoding: Option<&'static Encoding>) {
    if is_wide(encoding) {
        chunk.truncate(chunk.len() - chunk.len() % 2);
    }
}
