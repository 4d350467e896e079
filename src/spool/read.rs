//! The way out: each receiver reads at its own place.

use super::record::{HEAD_BYTES as FRAME_BYTES, Record, time, u32_at};
use super::segment::{self, Segment};
use super::{Place, Spool};
use crate::base::limits;
use std::io;

/// What one call of [`Spool::read`] has gathered.
struct Gathered {
    records: Vec<Record>,
    bytes: usize,
    next: u64,
    max_records: usize,
    max_bytes: usize,
}

/// How a look into a segment ended.
enum Look {
    /// The segment is read to its end.
    Through,
    /// The next record begins here.
    Enough(u64),
}

impl Spool {
    /// The records from a number on that are durable, in order; while the disk fails, those in memory
    /// as well. At least one if there is one, whatever its size.
    ///
    /// What is lost on the way (a bad record, a file that is gone) is counted and passed over.
    ///
    /// # Errors
    /// The disk cannot be read at the moment. A file that will never be read is set aside instead.
    pub fn read(&mut self, receiver: &str, from: u64, max_records: usize, max_bytes: usize) -> io::Result<Vec<Record>> {
        let mut gathered = Gathered { records: Vec::new(), bytes: 0, next: from, max_records, max_bytes };
        let place = self.receivers.get(receiver).and_then(|receiver| receiver.place).filter(|place| place.next == from);
        let reached = self.read_segments(&mut gathered, place)?;
        if self.trouble.is_some() && reached.is_none() {
            for record in &self.pending {
                if gathered.is_full(record.bytes.len()) {
                    break;
                }
                if record.sequence >= gathered.next {
                    gathered.add(record.record());
                }
            }
        }
        if let Some(receiver) = self.receivers.get_mut(receiver) {
            // Who reads anew does not have what it had before.
            receiver.lent.retain(|lent| lent.sequence < from);
            receiver.handed = gathered.next.saturating_sub(1).max(from.saturating_sub(1));
            receiver.place = reached.map(|place| Place { next: gathered.next, ..place });
        }
        Ok(gathered.records)
    }

    /// All records from a number on, from the oldest that is left to the newest that is durable, one
    /// after the other: what a restart needs to bring the state of checks up to date.
    ///
    /// # Errors
    /// The disk cannot be read.
    pub fn replay(&mut self, from: u64, mut each: impl FnMut(Record)) -> io::Result<()> {
        let mut next = from;
        let mut place = None;
        loop {
            let mut gathered =
                Gathered { records: Vec::new(), bytes: 0, next, max_records: usize::MAX, max_bytes: limits::SPOOL_READ_BYTES };
            place = self.read_segments(&mut gathered, place)?;
            if gathered.records.is_empty() {
                return Ok(());
            }
            next = gathered.next;
            gathered.records.into_iter().for_each(&mut each);
        }
    }

    /// Reads on from a place, or from the first segment that may hold the next number.
    fn read_segments(&mut self, gathered: &mut Gathered, place: Option<Place>) -> io::Result<Option<Place>> {
        while !gathered.is_full(0) {
            let Some(segment) = self.segments().find(|segment| segment.last >= gathered.next && !segment.is_empty()).cloned() else {
                break;
            };
            let known = place.filter(|place| place.first == segment.first && place.edition == segment.edition);
            let offset = known.map_or(segment::HEAD_BYTES as u64, |place| place.offset);
            match self.read_segment(&segment, offset, gathered) {
                Ok(Look::Through) => gathered.next = gathered.next.max(segment.last + 1),
                Ok(Look::Enough(offset)) => {
                    return Ok(Some(Place { next: gathered.next, first: segment.first, edition: segment.edition, offset }));
                }
                Err(error) if is_passing(&error) || self.may_recover(segment.first, &error) => return Err(error),
                Err(error) => {
                    self.leave_active(segment.first);
                    let position = self.sealed.iter().position(|sealed| sealed.first == segment.first);
                    let Some(position) = position else { return Err(error) };
                    self.lose_segment(position, &format!("it cannot be read: {error}"));
                }
            }
        }
        Ok(None)
    }

    /// Counts the attempts to read a file on which the disk fails: cables and remote disks come back.
    fn may_recover(&mut self, first: u64, error: &io::Error) -> bool {
        let before = self.failed_reads.filter(|(failed, _)| *failed == first).map_or(0, |(_, n)| n);
        self.failed_reads = Some((first, before + 1));
        error.kind() != io::ErrorKind::NotFound && before + 1 < limits::SPOOL_READ_TRIES
    }

    fn read_segment(&mut self, segment: &Segment, mut offset: u64, gathered: &mut Gathered) -> io::Result<Look> {
        let (name, home) = (segment.name(), self.home(segment.first));
        let mut want = limits::SPOOL_READ_BYTES;
        while offset < segment.length {
            let left = usize::try_from(segment.length - offset).unwrap_or(usize::MAX);
            let chunk = self.disk.read(&name, offset, want.min(left))?;
            let mut at = 0;
            while let Some(frame) = home.frame(&chunk, offset, at) {
                if frame.sequence >= gathered.next {
                    if gathered.is_full(frame.bytes.len()) {
                        return Ok(Look::Enough(offset + at as u64));
                    }
                    let (sequence, time, weight) = (frame.sequence, time(frame.time), frame.weight);
                    gathered.add(Record { sequence, time, weight, bytes: frame.bytes.to_vec() });
                }
                at = frame.end;
            }
            offset += at as u64;
            let rest = chunk.get(at..).unwrap_or(&[]);
            let length = u32_at(rest, 0).map_or(FRAME_BYTES, |length| FRAME_BYTES.saturating_add(length as usize));
            let is_cut_off = rest.len() < length && rest.len() < usize::try_from(segment.length - offset).unwrap_or(usize::MAX);
            want = limits::SPOOL_READ_BYTES;
            if rest.is_empty() && !chunk.is_empty() {
                continue;
            } else if is_cut_off && length <= left {
                want = want.max(length);
            } else {
                offset = self.next_good(segment, offset)?;
            }
        }
        Ok(Look::Through)
    }

    /// Where the next good record lies behind a bad one; the end of the segment if there is none.
    fn next_good(&mut self, segment: &Segment, bad: u64) -> io::Result<u64> {
        let length = usize::try_from(segment.length).unwrap_or(usize::MAX);
        let bytes = self.disk.read(&segment.name(), 0, length)?;
        let mut next = segment.length;
        let begin = usize::try_from(bad).unwrap_or(usize::MAX);
        // The numbers before it are not known here; those of the segment are near enough.
        self.home(segment.first).scan(&bytes, begin, segment.first.saturating_sub(1), segment.last.saturating_add(1), |offset, found| {
            if matches!(found, super::record::Found::Frame(_)) {
                next = next.min(offset as u64);
            }
        });
        self.bad_records += 1;
        let place = self.disk.place(&segment.name());
        self.notice(format!("{} is damaged at byte {bad}: {} bytes are passed over", place.display(), next - bad));
        Ok(next)
    }
}

impl Gathered {
    /// True if a record of this size must wait for the next call.
    fn is_full(&self, bytes: usize) -> bool {
        let n = self.records.len();
        n >= self.max_records || n > 0 && self.bytes + bytes > self.max_bytes
    }

    fn add(&mut self, record: Record) {
        self.next = record.sequence + 1;
        self.bytes += record.bytes.len();
        self.records.push(record);
    }
}

/// True if it says something of the process or the machine, and not of the file.
fn is_passing(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    !(error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(EIO))
}
