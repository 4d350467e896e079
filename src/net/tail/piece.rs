//! The next piece of one file: a chunk is read, cut into whole records and turned into UTF-8.

use super::records::{Between, Cutter};
use super::rotation::Opened;
use super::spot::{Spot, read_at, unpack};
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
    /// The most records.
    pub most: usize,
    /// Whether the last line is a record, too, though it has no end: nothing follows any more.
    pub finish: bool,
}

/// Whole records of one file.
#[derive(Debug, Default)]
pub struct Piece {
    /// The records in UTF-8.
    pub body: Bytes,
    /// Where each record ends in the body; only of records of several lines.
    pub ends: Vec<usize>,
    /// True if there is more to read at once.
    pub more: bool,
    /// True if everything that there is was taken.
    pub is_all: bool,
    /// How many records there are, where a number was asked for.
    pub n_records: usize,
    /// How many records were cut.
    pub n_cut: usize,
    /// How many NUL bytes were passed over.
    pub n_nuls: u64,
    /// Why reading stopped early.
    pub problem: Option<String>,
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
    if opened.file.metadata()?.len() < from + count || chunk.len() as u64 != count {
        // Truncated just now: what was read may be of before or after. The next look knows.
        return Ok(Piece::default());
    }
    let at_end = from + count == opened.size;
    whole_units(&mut chunk, encoding);
    let cutter = Cutter { encoding, start: manner.start, longest: limits::TAIL_CHUNK, most: manner.most };
    let cut = cutter.cut(&chunk, spot.between, manner.wanted, manner.finish && at_end);
    let rest = chunk.len() - cut.to;
    let is_start = from == 0;
    let n_taken = cut.to as u64 + if cut.to > 0 { n_nuls } else { 0 };
    spot.between = cut.between;
    spot.advance(&opened.file, spot.offset + n_taken)?;
    let more = cut.to > 0 && (!at_end || (rest > 0 && (manner.wanted < chunk.len() || cut.is_full)));
    let (body, ends) = utf_8(chunk, (cut.from, cut.to), cut.ends, encoding, is_start);
    let n_nuls = if cut.to > 0 { n_nuls } else { 0 };
    Ok(Piece { body, ends, more, is_all: at_end && rest == 0, n_records: cut.n_records, n_cut: cut.n_cut, n_nuls, problem: None })
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
    let Some(mut unpacking) = spot.unpacked(&opened.file)? else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it has other content than before"));
    };
    let mut chunk = Vec::new();
    let ending = (&mut unpacking.content).take(limits::TAIL_UNPACKED as u64).read_to_end(&mut chunk);
    let problem = ending.err().map(|error| crate::net::failure::io_words(&error));
    let at_end = problem.is_none() && chunk.len() < limits::TAIL_UNPACKED;
    let mut mark = Vec::new();
    unpack(&opened.file)?.take(2).read_to_end(&mut mark)?;
    let encoding = encoding_of(manner.encoding, &mark);
    whole_units(&mut chunk, encoding);
    let cutter = Cutter { encoding, start: manner.start, longest: limits::TAIL_UNPACKED, most: manner.most };
    let cut = cutter.cut(&chunk, spot.between, limits::TAIL_UNPACKED, at_end);
    let is_start = spot.offset == 0;
    spot.between = cut.between;
    spot.advance_unpacked(&unpacking.before, chunk.get(..cut.to).unwrap_or_default());
    let is_all = at_end && cut.to == chunk.len();
    let more = cut.to > 0 && !is_all && problem.is_none();
    let (body, ends) = utf_8(chunk, (cut.from, cut.to), cut.ends, encoding, is_start);
    Ok(Piece { body, ends, more, is_all, n_records: cut.n_records, n_cut: cut.n_cut, n_nuls: 0, problem })
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

/// The records of a chunk and their ends, as UTF-8.
fn utf_8(
    chunk: Vec<u8>,
    (from, to): (usize, usize),
    ends: Vec<usize>,
    encoding: Option<&'static Encoding>,
    is_start: bool,
) -> (Bytes, Vec<usize>) {
    let Some(encoding) = encoding else {
        let ends = ends.into_iter().map(|end| end - from.min(end)).collect();
        return (Bytes::from(chunk).slice(from..to), ends);
    };
    let mut body = String::with_capacity(to - from);
    let mut out = Vec::with_capacity(ends.len());
    let mut begun = from;
    let has_ends = !ends.is_empty();
    for end in if has_ends { ends } else { vec![to] } {
        let part = chunk.get(begun..end).unwrap_or_default();
        // Only the first bytes of a file are a mark.
        let text =
            if is_start && begun == 0 { encoding.decode_with_bom_removal(part).0 } else { encoding.decode_without_bom_handling(part).0 };
        body.push_str(&text);
        out.push(body.len());
        begun = end;
    }
    (Bytes::from(body), if has_ends { out } else { Vec::new() })
}
