//! What goes when the spool is full: metrics before everything else, then whole records, in both cases
//! the oldest first. Everything that goes is counted, for each receiver that had not acknowledged it.
//!
//! The counts are made durable before the bytes go, together with what is about to go: after a crash
//! in between, the rest is done and not counted again.

use super::record::{Found, Frame, Queued};
use super::segment::{self, Segment};
use super::{Lent, Receiver, Spool, Weight};
use crate::base::limits;
use std::collections::BTreeMap;
use std::io;

/// A segment is written anew here first.
pub(super) const LIGHTER: &str = "lighter.new";

/// What is lost of one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    sequence: u64,
    weight: Weight,
    /// 0 if only metrics are; more than one where a segment cannot even be looked through.
    records: u64,
}

impl Spool {
    /// Frees as many bytes on disk, within the bound of the spool.
    pub(super) fn make_room(&mut self, need: u64) -> io::Result<()> {
        while self.disk_bytes() + need > self.settings.bytes {
            let delivered = self.delivered();
            let Some(oldest) = self.sealed.front() else { break };
            // What only the state of checks still needs repeats data if it is gone, and loses none.
            if oldest.last <= delivered {
                self.drop_oldest("the spool is full")?;
                continue;
            }
            let heavy = self.sealed.iter().position(|segment| !segment.light && segment.weight.metrics > 0);
            match heavy {
                Some(position) => self.lighten_segment(position)?,
                None => self.drop_oldest("the spool is full")?,
            }
        }
        Ok(())
    }

    /// On a full disk, drops a segment that only the state of checks still needs and that has waited for
    /// it long enough: state that cannot be saved repeats data after a restart, and loses none.
    pub(super) fn drop_delivered(&mut self) {
        let delivered = self.delivered();
        let Some(trouble) = self.trouble.as_mut().filter(|_| self.sealed.front().is_some_and(|oldest| oldest.last <= delivered)) else {
            return;
        };
        trouble.held_for_state += 1;
        if trouble.held_for_state >= limits::SPOOL_STATE_TRIES {
            trouble.held_for_state = 0;
            self.notice("the disk is full: the state of checks was not saved in time, and after a kill they may repeat data".to_owned());
            // Where even this fails, it is tried again.
            let _ = self.drop_oldest("the disk is full");
        }
    }

    /// Drops what has waited for too long.
    pub(super) fn expire(&mut self) -> io::Result<()> {
        let age = i64::try_from(self.settings.age.as_millis()).unwrap_or(i64::MAX);
        let oldest = self.now().saturating_sub(age);
        while self.sealed.front().is_some_and(|segment| segment.newest < oldest) {
            self.drop_oldest("it waited for too long")?;
        }
        Ok(())
    }

    /// Keeps the records in memory within their bound.
    pub(super) fn shed_memory(&mut self) {
        if self.pending_bytes > self.settings.memory_bytes && self.trouble.is_none() {
            let synced = self.write_and_sync();
            self.note(synced);
        }
        while self.pending_bytes > self.settings.memory_bytes && self.n_written < self.pending.len() {
            if self.forget_delivered() || self.lighten_pending() {
                continue;
            }
            // Room on disk is worth more than room in memory: what is there now fits behind it.
            if !self.sealed.is_empty() && self.drop_oldest("the disk is full").is_ok() {
                let written = self.write_and_sync();
                self.note(written);
                continue;
            }
            let Some(record) = self.take_pending(self.n_written) else { break };
            let loss = Loss { sequence: record.sequence, weight: record.weight, records: 1 };
            self.count(&[loss], "the disk is full and so is the memory");
        }
    }

    /// Forgets the first record in memory if every receiver has it. Its state goes with it: that
    /// repeats data after a restart, and loses none.
    fn forget_delivered(&mut self) -> bool {
        let delivered = self.delivered();
        let first = self.pending.get(self.n_written);
        first.is_some_and(|record| record.sequence <= delivered) && self.take_pending(self.n_written).is_some()
    }

    /// Takes the metrics out of the oldest records in memory that have some.
    fn lighten_pending(&mut self) -> bool {
        let Some(position) = (self.n_written..self.pending.len()).find(|n| self.pending.get(*n).is_some_and(|r| r.weight.metrics > 0))
        else {
            return false;
        };
        let Some(record) = self.pending.get_mut(position) else { return false };
        let before = record.size();
        let loss = match (self.settings.lighten)(&record.bytes) {
            Some(bytes) => {
                let loss = Loss { sequence: record.sequence, weight: record.weight.only_metrics(), records: 0 };
                record.bytes = bytes;
                record.weight = record.weight.without_metrics();
                self.pending_bytes = self.pending_bytes + record.size() - before;
                loss
            }
            None => {
                let loss = Loss { sequence: record.sequence, weight: record.weight, records: 1 };
                self.take_pending(position);
                loss
            }
        };
        self.count(&[loss], "the disk is full and so is the memory");
        true
    }

    pub(super) fn take_pending(&mut self, position: usize) -> Option<Queued> {
        let record = self.pending.remove(position)?;
        self.pending_bytes -= record.size();
        Some(record)
    }

    /// Drops the oldest segment.
    pub(super) fn drop_oldest(&mut self, why: &str) -> io::Result<()> {
        let Some(oldest) = self.sealed.pop_front() else { return Ok(()) };
        let losses = self.losses(&oldest);
        self.count(&losses, why);
        self.floor = self.floor.max(oldest.last);
        // A disk that is too full even for this gets its room by the next line.
        let _ = self.save_cursors();
        match self.disk.remove(&oldest.name()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What is lost with a segment. One that cannot be read is lost as a whole.
    pub(super) fn losses(&self, segment: &Segment) -> Vec<Loss> {
        let delivered = self.delivered();
        if segment.last <= delivered {
            return Vec::new();
        }
        let mut losses = Vec::new();
        if let Ok(bytes) = self.disk.read(&segment.name(), 0, usize::try_from(segment.length).unwrap_or(usize::MAX)) {
            self.each_frame(segment, &bytes, |frame| losses.push(Loss { sequence: frame.sequence, weight: frame.weight, records: 1 }));
        }
        if losses.is_empty() {
            losses.push(Loss { sequence: segment.last, weight: segment.weight, records: segment.records });
        }
        losses
    }

    fn each_frame(&self, segment: &Segment, bytes: &[u8], mut each: impl FnMut(Frame<'_>)) {
        let home = self.home(segment.first);
        home.scan(bytes, segment::HEAD_BYTES, segment.first.saturating_sub(1), segment.last.saturating_add(1), |_, found| {
            if let Found::Frame(frame) = found {
                each(frame);
            }
        });
    }

    /// Counts what is lost, for every receiver that had not acknowledged it, and tells it.
    pub(super) fn count(&mut self, losses: &[Loss], why: &str) {
        let mut told: BTreeMap<&str, Weight> = BTreeMap::new();
        for (name, receiver) in &mut self.receivers {
            let lost = receiver.lose(losses);
            if !lost.is_empty() {
                told.insert(name, lost);
            }
        }
        self.unsaved = true;
        let told: Vec<String> = told.iter().map(|(name, lost)| format!("{name} will not get {lost}")).collect();
        if !told.is_empty() {
            self.notices.push(format!("the oldest data was dropped because {why}: {}", told.join("; ")));
        }
    }

    /// Writes a segment anew without its metrics.
    fn lighten_segment(&mut self, position: usize) -> io::Result<()> {
        let Some(segment) = self.sealed.get(position).cloned() else { return Ok(()) };
        let bytes = match self.disk.read(&segment.name(), 0, usize::try_from(segment.length).unwrap_or(usize::MAX)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.lose_segment(position, &format!("it cannot be read: {error}"));
                return Ok(());
            }
        };
        let (lighter, content, losses) = self.lightened(&segment, &bytes);
        let before = self.receivers.clone();
        self.count(&losses, "the spool is full and metrics go first");
        self.lightening = Some(segment.first);
        let written = self.save_cursors().and_then(|()| self.replace(&segment.name(), &content));
        self.lightening = None;
        if let Err(error) = written {
            // Nothing of it is lost after all.
            self.receivers = before;
            self.unsaved = true;
            let _ = self.disk.remove(LIGHTER);
            return Err(error);
        }
        if let Some(place) = self.sealed.get_mut(position) {
            *place = lighter;
        }
        Ok(())
    }

    /// Ends what a crash has interrupted; its losses are counted already.
    pub(super) fn finish_lightening(&mut self, first: u64) -> io::Result<()> {
        let found = self.sealed.iter_mut().find(|segment| segment.first == first && segment.weight.metrics > 0);
        let Some(segment) = found.map(|segment| segment.clone()) else { return Ok(()) };
        let bytes = self.disk.read(&segment.name(), 0, usize::try_from(segment.length).unwrap_or(usize::MAX))?;
        let (lighter, content, _) = self.lightened(&segment, &bytes);
        self.replace(&segment.name(), &content)?;
        if let Some(place) = self.sealed.iter_mut().find(|segment| segment.first == first) {
            *place = lighter;
        }
        Ok(())
    }

    fn lightened(&self, segment: &Segment, bytes: &[u8]) -> (Segment, Vec<u8>, Vec<Loss>) {
        let home = self.home(segment.first);
        let mut content = segment::head(home, self.now());
        let mut lighter = Segment { light: true, edition: segment.edition.wrapping_add(1), ..Segment::new(segment.first) };
        let mut losses = Vec::new();
        self.each_frame(segment, bytes, |frame| {
            let mut record = frame.queued();
            if record.weight.metrics > 0 {
                let Some(bytes) = (self.settings.lighten)(&record.bytes) else {
                    losses.push(Loss { sequence: record.sequence, weight: record.weight, records: 1 });
                    return;
                };
                losses.push(Loss { sequence: record.sequence, weight: record.weight.only_metrics(), records: 0 });
                record.bytes = bytes;
                record.weight = record.weight.without_metrics();
            }
            home.encode(&record, content.len() as u64, &mut content);
            lighter.add(record.sequence, record.time, record.weight);
        });
        // Without records it still stands for its stretch of numbers.
        lighter.last = segment.last;
        (lighter.newest, lighter.oldest) = (segment.newest, segment.oldest);
        lighter.length = content.len() as u64;
        (lighter, content, losses)
    }

    fn replace(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut output = self.create(LIGHTER)?;
        output.append(content)?;
        output.sync()?;
        self.disk.rename(LIGHTER, name)?;
        self.disk.sync_names()
    }
}

impl Receiver {
    /// Counts what it will not get; how much that is.
    fn lose(&mut self, losses: &[Loss]) -> Weight {
        let mut lost = Weight::default();
        for loss in losses.iter().filter(|loss| loss.sequence > self.cursor.acknowledged) {
            lost += loss.weight;
            self.cursor.dropped_records += loss.records;
            if loss.sequence <= self.handed {
                self.lent.push(Lent { sequence: loss.sequence, weight: loss.weight, records: loss.records });
            }
        }
        self.cursor.dropped += lost;
        lost
    }
}
