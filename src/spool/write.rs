//! The way in: a record is queued, written, and made durable, in this order and for many at once.

use super::record::Queued;
use super::segment::{self, Segment};
use super::{Active, Refused, Spool, Trouble, Weight};
use crate::base::limits;
use std::io;

impl Spool {
    /// Takes a record. Where the disk works, it is in its file when this returns, and durable after
    /// the next [`Spool::sync`]; else it stays in memory until the disk is well again.
    ///
    /// # Errors
    /// The record is larger than any may be.
    pub fn append(&mut self, bytes: Vec<u8>, weight: Weight) -> Result<u64, Refused> {
        let sequence = self.push(bytes, weight)?;
        self.flush();
        Ok(sequence)
    }

    /// Takes a record without writing it: [`Spool::flush`] writes many at once.
    ///
    /// # Errors
    /// The record is larger than any may be.
    pub fn push(&mut self, bytes: Vec<u8>, weight: Weight) -> Result<u64, Refused> {
        if bytes.len() > limits::SPOOL_RECORD_BYTES {
            return Err(Refused::TooLarge(bytes.len()));
        }
        let record = Queued { sequence: self.next, time: self.now(), weight, bytes };
        self.next += 1;
        self.pending_bytes += record.size();
        self.pending.push_back(record);
        Ok(self.next - 1)
    }

    /// Writes all records that were taken and are not written yet.
    pub fn flush(&mut self) {
        if !self.waits() {
            let written = self.write_pending();
            let written = if is_full(&written) { self.settle(written) } else { written };
            self.note(written);
        }
        self.shed_memory();
    }

    /// Makes all records durable that were taken, and tells how far that went. With a disk that fails
    /// it goes on in memory and tries again at later calls.
    pub fn sync(&mut self) -> u64 {
        if !self.waits() {
            let given_up = self.given_up;
            let mut synced = self.write_and_sync();
            // One file failed; another one may do.
            if synced.is_err() && self.given_up > given_up {
                synced = self.write_and_sync();
            }
            let synced = synced.and_then(|()| self.seal_if_due()).and_then(|()| self.expire());
            self.note(synced);
        }
        self.shed_memory();
        self.synced
    }

    pub(super) fn write_and_sync(&mut self) -> io::Result<()> {
        let written = self.write_pending();
        self.settle(written)
    }

    /// What was written is made durable even if the rest was not: a full disk syncs.
    fn settle(&mut self, written: io::Result<()>) -> io::Result<()> {
        let synced = self.sync_active();
        if is_full(&written) && synced.is_ok() {
            self.give_reserve();
            // What is full can be released, or dropped, only as a whole.
            self.seal();
            self.drop_delivered();
        }
        written.and(synced)
    }

    /// Leaves a disk that failed alone no longer.
    pub fn retry_now(&mut self) {
        let now = self.clock.instant();
        self.trouble.iter_mut().for_each(|trouble| trouble.retry_at = now);
    }

    /// True while a disk that failed is left alone.
    fn waits(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| self.clock.instant() < trouble.retry_at)
    }

    /// Takes over how the disk did.
    pub(super) fn note(&mut self, outcome: io::Result<()>) {
        match outcome {
            Ok(()) if self.n_written == self.pending.len() => {
                if let Some(trouble) = self.trouble.take() {
                    self.notice(format!("the spool is on disk again; records waited in memory since {}", trouble.since));
                }
            }
            Ok(()) => {}
            Err(error) => {
                let retry_at = self.clock.instant() + limits::SPOOL_RETRY;
                let place = self.disk.place("");
                let error = format!("{} cannot be written to: {error}", place.display());
                match &mut self.trouble {
                    Some(trouble) => (trouble.error, trouble.retry_at) = (error, retry_at),
                    None => {
                        self.notice(format!("{error}; records wait in memory, at most {} bytes of them", self.settings.memory_bytes));
                        self.trouble = Some(Trouble { since: self.clock.now(), error, retry_at, held_for_state: 0 });
                    }
                }
            }
        }
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if self.trouble.is_some() || self.n_written < self.pending.len() {
            self.hold_reserve()?;
        }
        while self.n_written < self.pending.len() {
            self.seal_if_due()?;
            self.write_some()?;
        }
        Ok(())
    }

    /// Ends the active segment if the next record does not fit or if it is old.
    pub(super) fn seal_if_due(&mut self) -> io::Result<()> {
        let Some(active) = &self.active else { return Ok(()) };
        let share = self.settings.age / limits::SPOOL_SEGMENT_SHARE;
        let old = self.now().saturating_sub(active.made) >= i64::try_from(share.as_millis()).unwrap_or(i64::MAX);
        let next = self.pending.get(self.n_written).map_or(0, Queued::size);
        let full = active.written + next > self.settings.segment_bytes;
        let empty = active.written <= segment::HEAD_BYTES as u64;
        if empty || !(old || full) {
            return Ok(());
        }
        self.sync_active()?;
        self.seal();
        Ok(())
    }

    /// Ends the active segment, which is durable, if it holds anything.
    fn seal(&mut self) {
        if let Some(active) = self.active.take_if(|active| !active.segment.is_empty()) {
            self.sealed.push_back(active.segment);
        }
    }

    /// Writes some records in one call, as many as the active segment takes. Of a call that fails nothing
    /// counts, so the calls are small enough for a disk that is nearly full.
    fn write_some(&mut self) -> io::Result<()> {
        if self.active.is_none() {
            self.begin_segment()?;
        }
        let Some(active) = &self.active else { return Ok(()) };
        let (home, begin) = (self.home(active.segment.first), active.written);
        let (mut buffer, mut n) = (Vec::new(), 0);
        for record in self.pending.iter().skip(self.n_written) {
            let end = begin + buffer.len() as u64;
            let first = n == 0 && begin <= segment::HEAD_BYTES as u64;
            let fits = end + record.size() <= self.settings.segment_bytes;
            if !(first || fits) || n > 0 && buffer.len() + record.bytes.len() > limits::SPOOL_WRITE_BYTES {
                break;
            }
            home.encode(record, end, &mut buffer);
            n += 1;
        }
        self.make_room(buffer.len() as u64)?;
        let Some(active) = &mut self.active else { return Ok(()) };
        let written = active.output.append(&buffer);
        if written.is_ok() {
            active.written += buffer.len() as u64;
            self.n_written += n;
        } else if active.output.cut(begin).is_err() || !is_full(&written) {
            self.give_up(&written);
        }
        written
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        let Some(first) = self.pending.get(self.n_written).map(|record| record.sequence) else { return Ok(()) };
        let (segment, made) = (Segment::new(first), self.now());
        let name = segment.name();
        let head = segment::head(self.home(first), made);
        let created = self.create(&name).and_then(|mut output| output.append(&head).map(|()| output));
        let output = created.inspect_err(|_| {
            // What is left of it holds no record; the next start removes it if this cannot.
            let _ = self.disk.remove(&name);
        })?;
        self.active = Some(Active { segment, output, written: head.len() as u64, entered: false, made });
        Ok(())
    }

    /// Makes durable what is written.
    pub(super) fn sync_active(&mut self) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        if self.n_written == 0 {
            return Ok(());
        }
        let mut synced = active.output.sync();
        if synced.is_ok() && !active.entered {
            synced = self.disk.sync_names();
            active.entered = synced.is_ok();
        }
        if synced.is_err() {
            self.give_up(&synced);
            return synced;
        }
        for record in self.pending.drain(..self.n_written) {
            active.segment.add(record.sequence, record.time, record.weight);
            self.pending_bytes -= record.size();
            self.synced = record.sequence;
        }
        active.segment.length = active.written;
        self.n_written = 0;
        Ok(())
    }

    /// Writes no more into the active segment if it is this one; what is not durable is written anew.
    pub(super) fn leave_active(&mut self, first: u64) {
        if let Some(active) = self.active.take_if(|active| active.segment.first == first) {
            self.n_written = 0;
            self.sealed.push_back(active.segment);
        }
    }

    /// Leaves the active segment as far as it is durable. After a failed sync nobody knows what of the
    /// rest is on disk, and the next sync would claim that all of it is; so the rest is written anew.
    fn give_up(&mut self, why: &io::Result<()>) {
        let Some(mut active) = self.active.take() else { return };
        self.n_written = 0;
        self.given_up += 1;
        let name = active.segment.name();
        if let Err(error) = why {
            self.notice(format!(
                "the disk failed under {} ({error}): the file is given up, and what was not safe in it is written into another one",
                self.disk.place(&name).display()
            ));
        }
        // Neither matters for what is read later: records that come again are known by their numbers.
        if active.segment.is_empty() {
            let _ = self.disk.remove(&name);
        } else {
            let _ = active.output.cut(active.segment.length);
            self.sealed.push_back(active.segment);
        }
    }
}

/// True if there is no room, which says nothing against the file.
pub(super) fn is_full(outcome: &io::Result<()>) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    outcome.as_ref().is_err_and(|error| full.contains(&error.kind()))
}
