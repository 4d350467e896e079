//! A segment: one file with the records of a stretch of sequence numbers.
//!
//! ```text
//!  0  8 bytes  "engspool"
//!  8  u32      version of the form: 1
//! 12  u32      CRC32C of the twelve bytes before
//! 16  u64      id of the engine
//! 24  u64      first sequence number, the same as in the file's name
//! 32  i64      wall time of its making, milliseconds since 1970
//! 40  u32      CRC32C of the 24 bytes before
//! 44           records
//! ```
//!
//! A file is named `<first sequence number, 20 digits>.segment`. The magic, the version and their
//! checksum stay as they are in every later version, so that a version is told from damage. A head
//! that is damaged costs nothing: all it says is known from the name and from the cursor file, and
//! each record vouches for itself.

use super::record::{Found, Home, u32_at, u64_at};
use super::weight::Weight;
use crate::base::limits;

/// The head of a segment.
pub const HEAD_BYTES: usize = 44;
const MAGIC: &[u8; 8] = b"engspool";
const VERSION: u32 = 1;
const SUFFIX: &str = ".segment";

/// What is known of a segment whose records are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The first sequence number it may hold.
    pub first: u64,
    /// The last one it holds; one less than `first` if it holds none.
    pub last: u64,
    pub records: u64,
    /// The bytes up to which it is read.
    pub length: u64,
    /// The time of its newest record, milliseconds since 1970.
    pub newest: i64,
    /// The time of its first record.
    pub oldest: i64,
    /// What all its records hold.
    pub weight: Weight,
    /// True if taking metrics out was tried and cannot help.
    pub light: bool,
    /// Grows when it is written anew: places in the file before that are void.
    pub edition: u32,
}

/// What the head of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Good {
        engine: u64,
        first: u64,
    },
    /// Written by an engine of another version.
    Foreign(u32),
    Bad,
}

impl Segment {
    pub fn new(first: u64) -> Self {
        Segment {
            first,
            last: first.saturating_sub(1),
            records: 0,
            length: HEAD_BYTES as u64,
            newest: i64::MIN,
            oldest: i64::MAX,
            weight: Weight::default(),
            light: false,
            edition: 0,
        }
    }

    pub fn name(&self) -> String {
        name(self.first)
    }

    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Takes a record that is durable into account.
    pub fn add(&mut self, sequence: u64, time: i64, weight: Weight) {
        self.last = sequence;
        self.records += 1;
        self.newest = self.newest.max(time);
        self.oldest = self.oldest.min(time);
        self.weight += weight;
    }
}

/// The name of the segment that begins with a sequence number.
pub(super) fn name(first: u64) -> String {
    format!("{first:020}{SUFFIX}")
}

/// The first sequence number of the segment with this name.
pub(super) fn first(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|first| plain && *first <= limits::SPOOL_SEQUENCE_MOST)
}

pub(super) fn head(home: Home, now: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES);
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend(crc32c::crc32c(&out).to_le_bytes());
    out.extend(home.engine.to_le_bytes());
    out.extend(home.first.to_le_bytes());
    out.extend(now.to_le_bytes());
    let sum = crc32c::crc32c(out.get(16..).unwrap_or(&[]));
    out.extend(sum.to_le_bytes());
    out
}

pub(super) fn read_head(bytes: &[u8]) -> Head {
    let known = |bytes: &[u8]| {
        let (form, told) = (bytes.get(..12)?, u32_at(bytes, 12)?);
        let version = u32_at(bytes, 8).filter(|_| form.starts_with(MAGIC) && crc32c::crc32c(form) == told)?;
        if version != VERSION {
            return Some(Head::Foreign(version));
        }
        let (rest, told) = (bytes.get(16..40)?, u32_at(bytes, 40)?);
        let good = crc32c::crc32c(rest) == told;
        good.then_some(Head::Good { engine: u64_at(bytes, 16)?, first: u64_at(bytes, 24)? })
    };
    known(bytes).unwrap_or(Head::Bad)
}

/// What a look through the whole of a segment found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    pub segment: Segment,
    /// Stretches of bytes that are no records, with others behind them.
    pub bad: u64,
    /// Bytes at the end that are no record.
    pub torn: u64,
}

/// Looks through a whole file. Only numbers before that of the next segment count: what a segment
/// that was given up holds beyond is in the next one.
pub(super) fn scan(home: Home, bytes: &[u8], before: u64) -> Scanned {
    let mut scanned = Scanned { segment: Segment::new(home.first), bad: 0, torn: 0 };
    let segment = &mut scanned.segment;
    home.scan(bytes, HEAD_BYTES, home.first.saturating_sub(1), before, |_, found| match found {
        Found::Frame(frame) => {
            segment.add(frame.sequence, frame.time, frame.weight);
            segment.length = frame.end as u64;
        }
        Found::Bad(_) => scanned.bad += 1,
        Found::Torn(length) => scanned.torn = length as u64,
    });
    scanned
}

#[cfg(test)]
mod tests {
    use super::super::record::Queued;
    use super::*;

    #[test]
    fn names_sort_as_their_numbers_do() {
        assert_eq!(name(7), "00000000000000000007.segment");
        let most = limits::SPOOL_SEQUENCE_MOST;
        assert_eq!((first(&name(most)), first(&name(most + 1)), first("7.segment"), first("cursors")), (Some(most), None, None, None));
        assert_eq!(first("+0000000000000000007.segment"), None);
    }

    /// Each bit of a segment of 4 KiB, and each length of it.
    #[test]
    fn every_flipped_bit_costs_its_record_and_every_truncation_its_end() {
        let home = Home { engine: 3, first: 9 };
        let mut whole = head(home, 5);
        for n in 0..16u8 {
            let bytes = vec![n; 100 + usize::from(n) * 15];
            home.encode(&Queued { sequence: 9 + u64::from(n), time: 1, weight: Weight::default(), bytes }, whole.len() as u64, &mut whole);
        }
        assert!(whole.len() > 3800);
        for bit in 0..whole.len() * 8 {
            whole[bit / 8] ^= 1 << (bit % 8);
            let scanned = scan(home, &whole, u64::MAX);
            whole[bit / 8] ^= 1 << (bit % 8);
            let costs = u64::from(bit / 8 >= HEAD_BYTES);
            assert_eq!(scanned.segment.records, 16 - costs, "bit {bit}");
            assert_eq!(scanned.bad + u64::from(scanned.torn > 0), costs, "bit {bit}");
        }
        let mut before = 0;
        for length in 0..whole.len() {
            let records = scan(home, &whole[..length], u64::MAX).segment.records;
            assert!(records == before || records == before + 1, "cut to {length}");
            before = records;
        }
        assert_eq!(before, 15);
    }

    #[test]
    fn a_version_is_told_from_damage() {
        let whole = head(Home { engine: 3, first: 9 }, 5);
        assert_eq!(whole.len(), HEAD_BYTES);
        assert_eq!(read_head(&whole), Head::Good { engine: 3, first: 9 });
        for bit in 0..whole.len() * 8 {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_head(&broken), Head::Bad, "bit {bit}");
        }
        let mut newer = [MAGIC.as_slice(), &2u32.to_le_bytes()].concat();
        newer.extend(crc32c::crc32c(&newer).to_le_bytes());
        assert_eq!(read_head(&newer), Head::Foreign(2));
    }
}
