//! One record in a segment: a frame around bytes that only its writer understands.
//!
//! ```text
//!  0  u32  length of the body
//!  4  u32  CRC32C of where it lies, the rest of this head, the length and the body
//!  8  u64  sequence number
//! 16  i64  wall time of the append, milliseconds since 1970
//! 24  u8   form of the body: 1
//! 25       the body: six LEB128 counts (its weight), then the bytes
//! ```
//!
//! All numbers are little endian. The checksum covers the engine, the first sequence number of the
//! segment and the offset in it, so that a whole frame in the wrong place (a copy of the spool inside
//! a log line that is itself in the spool) is never taken for a record.

use super::weight::Weight;
use crate::base::limits;
use jiff::Timestamp;

/// The head of a frame.
pub const HEAD_BYTES: usize = 25;
/// The form of a body as it is written today.
const FORM: u8 = 1;
/// Numbers of two records that follow each other in one segment differ by less.
const STRIDE: u64 = 1 << 32;

/// A record as a receiver gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number: it grows, and is never used again.
    pub sequence: u64,
    /// When it was appended.
    pub time: Timestamp,
    /// What it holds.
    pub weight: Weight,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// A record where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub sequence: u64,
    /// Milliseconds since 1970.
    pub time: i64,
    pub weight: Weight,
    pub bytes: &'a [u8],
    /// The offset behind it.
    pub end: usize,
}

/// Which segment a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home {
    pub engine: u64,
    pub first: u64,
}

/// What stands in a segment, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Frame(Frame<'a>),
    /// Bytes that are no record, and so many of them.
    Bad(usize),
    /// Bytes up to the end that are no record: a write that was cut off, or damage.
    Torn(usize),
}

impl Home {
    fn checksum(self, offset: u64, head: &[u8], length: u32, body: &[u8]) -> u32 {
        let place = [self.engine.to_le_bytes(), self.first.to_le_bytes(), offset.to_le_bytes(), u64::from(length).to_le_bytes()];
        let sum = crc32c::crc32c(place.as_flattened());
        crc32c::crc32c_append(crc32c::crc32c_append(sum, head), body)
    }

    /// Writes a frame that will lie at an offset of its segment.
    pub fn encode(self, record: &Queued, offset: u64, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend([0; 8]);
        out.extend(record.sequence.to_le_bytes());
        out.extend(record.time.to_le_bytes());
        out.push(FORM);
        record.weight.encode(out);
        out.extend(&record.bytes);
        let length = u32::try_from(out.len() - begin - HEAD_BYTES).unwrap_or(u32::MAX);
        let written = out.get(begin + 8..).and_then(|rest| rest.split_at_checked(HEAD_BYTES - 8));
        let sum = written.map_or(0, |(head, body)| self.checksum(offset, head, length, body));
        let place = out.iter_mut().skip(begin);
        place.zip(length.to_le_bytes().into_iter().chain(sum.to_le_bytes())).for_each(|(to, from)| *to = from);
    }

    /// The frame at an offset of some bytes that begin at `base` in their segment.
    pub fn frame(self, bytes: &[u8], base: u64, offset: usize) -> Option<Frame<'_>> {
        let at = bytes.get(offset..)?;
        let length = u32_at(at, 0)?;
        let sum = u32_at(at, 4)?;
        let head = at.get(8..HEAD_BYTES)?;
        let body_end = HEAD_BYTES.checked_add(length as usize)?;
        let body = at.get(HEAD_BYTES..body_end)?;
        if self.checksum(base + offset as u64, head, length, body) != sum || at.get(24) != Some(&FORM) {
            return None;
        }
        let (weight, bytes) = Weight::decode(body)?;
        Some(Frame { sequence: u64_at(at, 8)?, time: u64_at(at, 16)?.cast_signed(), weight, bytes, end: offset + body_end })
    }

    /// What the bytes of a segment hold from an offset on, with numbers behind `after` and before
    /// `before`. The bytes begin with the segment.
    pub fn scan(self, bytes: &[u8], offset: usize, after: u64, before: u64, mut each: impl FnMut(usize, Found<'_>)) {
        let (mut offset, mut last) = (offset, after);
        while offset < bytes.len() {
            let fits = |frame: &Frame<'_>| frame.sequence > last && frame.sequence < before;
            if let Some(frame) = self.frame(bytes, 0, offset).filter(fits) {
                last = frame.sequence;
                each(offset, Found::Frame(frame));
                offset = frame.end;
                continue;
            }
            // Cheap signs first: trying the checksum of every offset would take minutes.
            let windows = bytes.get(offset + 1..).unwrap_or(&[]).windows(HEAD_BYTES).enumerate();
            let next = windows.map(|(n, head)| (offset + 1 + n, head)).find_map(|(at, head)| {
                let number = u64_at(head, 8)?;
                let near = number > last && number < before && number - last < STRIDE;
                (near && self.frame(bytes, 0, at).is_some()).then_some(at)
            });
            let found = next.map_or(Found::Torn(bytes.len() - offset), |next| Found::Bad(next - offset));
            each(offset, found);
            offset = next.unwrap_or(bytes.len());
        }
    }
}

/// A record in memory.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub sequence: u64,
    /// Milliseconds since 1970.
    pub time: i64,
    pub weight: Weight,
    pub bytes: Vec<u8>,
}

impl Queued {
    /// About what it takes, in memory as in a segment.
    pub fn size(&self) -> u64 {
        (self.bytes.len() + limits::SPOOL_RECORD_OVERHEAD) as u64
    }

    pub fn record(&self) -> Record {
        Record { sequence: self.sequence, time: time(self.time), weight: self.weight, bytes: self.bytes.clone() }
    }
}

impl Frame<'_> {
    pub fn queued(&self) -> Queued {
        Queued { sequence: self.sequence, time: self.time, weight: self.weight, bytes: self.bytes.to_vec() }
    }
}

/// A time out of a frame; one that no clock shows is 1970.
pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOME: Home = Home { engine: 7, first: 1 };

    fn queued(sequence: u64, bytes: &[u8]) -> Queued {
        Queued { sequence, time: 1_700_000_000_123, weight: Weight { metrics: 200, ..Weight::default() }, bytes: bytes.to_vec() }
    }

    fn scanned(home: Home, bytes: &[u8]) -> (Vec<u64>, usize, usize) {
        let (mut numbers, mut bad, mut torn) = (Vec::new(), 0, 0);
        home.scan(bytes, 0, 0, u64::MAX, |_, found| match found {
            Found::Frame(frame) => numbers.push(frame.sequence),
            Found::Bad(length) => bad += length,
            Found::Torn(length) => torn += length,
        });
        (numbers, bad, torn)
    }

    fn written(records: &[Queued]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in records {
            HOME.encode(record, bytes.len() as u64, &mut bytes);
        }
        bytes
    }

    proptest! {
        #[test]
        fn a_record_comes_back_from_its_frame(sequence: u64, time: i64, metrics: u64, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let record = Queued { sequence, time, weight: Weight { metrics, ..Weight::default() }, bytes };
            let mut out = vec![1, 2, 3];
            HOME.encode(&record, 3, &mut out);
            let frame = HOME.frame(&out, 0, 3).unwrap();
            prop_assert_eq!((frame.sequence, frame.time, frame.weight, frame.bytes), (sequence, time, record.weight, &record.bytes[..]));
            prop_assert_eq!(frame.end, out.len());
        }
    }

    #[test]
    fn every_flipped_bit_costs_its_record_and_no_other() {
        let whole = written(&[queued(1, b"one"), queued(2, b""), queued(3, b"three")]);
        for bit in 0..whole.len() * 8 {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            let (numbers, bad, torn) = scanned(HOME, &broken);
            assert_eq!(numbers.len(), 2, "bit {bit}: {numbers:?}");
            assert!(bad + torn > 0);
        }
    }

    /// A frame within a frame is never taken, whatever becomes of the outer one.
    #[test]
    fn a_copy_of_a_record_inside_another_is_no_record() {
        let inner = written(&[queued(5, b"inner")]);
        let mut whole = written(&[queued(1, &inner), queued(9, b"after")]);
        assert_eq!(scanned(HOME, &whole), (vec![1, 9], 0, 0));
        whole[26] ^= 1;
        let (numbers, bad, _) = scanned(HOME, &whole);
        assert_eq!((numbers, bad > 0), (vec![9], true));
    }

    #[test]
    fn a_record_of_another_engine_or_segment_is_no_record() {
        let whole = written(&[queued(1, b"one")]);
        assert_eq!(scanned(Home { engine: 8, ..HOME }, &whole).0, [] as [u64; 0]);
        assert_eq!(scanned(Home { first: 2, ..HOME }, &whole).0, [] as [u64; 0]);
    }
}
