//! What receivers have, made durable; and the end of segments that nobody needs.

use super::cursors::{self, Cursors};
use super::{Cursor, Receiver, Spool, write::is_full};
use std::io;

impl Spool {
    /// A receiver has all records up to this number. It is durable after [`Spool::save`].
    pub fn acknowledge(&mut self, receiver: &str, up_to: u64) {
        let most = self.next.saturating_sub(1);
        if let Some(receiver) = self.receivers.get_mut(receiver) {
            self.unsaved |= receiver.acknowledge(up_to.min(most));
        }
    }

    /// What records up to this number have changed is in files of the checks. It is durable after
    /// [`Spool::save`].
    pub fn state_saved(&mut self, up_to: u64) {
        let up_to = up_to.min(self.safe());
        if up_to > self.state {
            self.state = up_to;
            self.unsaved = true;
        }
    }

    /// The receivers from now on: a new one begins with what comes from now, one that is gone holds
    /// nothing any more and is forgotten.
    pub fn set_receivers(&mut self, names: &[String]) {
        let now = self.next.saturating_sub(1);
        self.receivers.retain(|name, _| {
            let stays = names.contains(name);
            self.unsaved |= !stays;
            stays
        });
        for name in names {
            self.receivers.entry(name.clone()).or_insert_with(|| {
                self.unsaved = true;
                Receiver::at(Cursor { acknowledged: now, ..Cursor::default() })
            });
        }
    }

    /// Makes the cursors durable, and removes the segments that every receiver and the state have
    /// passed.
    ///
    /// # Errors
    /// The file of cursors cannot be written: after a restart receivers get again what they have.
    pub fn save(&mut self) -> io::Result<()> {
        let mut saved = self.save_cursors();
        if saved.is_err() {
            // On a full disk the room comes from what nobody needs. A receiver whose cursor points
            // behind the oldest segment goes on with that one, so it loses nothing by it.
            self.passed = self.least();
            if self.release() > 0 {
                saved = self.save_cursors();
            }
        }
        self.release();
        self.forget_passed();
        saved
    }

    pub(super) fn save_cursors(&mut self) -> io::Result<()> {
        if !self.unsaved {
            return Ok(());
        }
        let saved = self.write_cursors();
        if is_full(&saved) && self.give_reserve() {
            return self.write_cursors();
        }
        saved
    }

    fn write_cursors(&mut self) -> io::Result<()> {
        let receivers = self.receivers.iter().map(|(name, receiver)| (name.clone(), receiver.cursor)).collect();
        let content = cursors::encode(&Cursors {
            engine: format!("{:016x}", self.engine),
            next: self.next,
            state: self.state,
            floor: self.floor,
            lightening: self.lightening,
            receivers,
        });
        let mut output = self.create(cursors::ASIDE)?;
        output.append(&content)?;
        output.sync()?;
        self.disk.rename(cursors::ASIDE, cursors::FILE)?;
        self.disk.sync_names()?;
        self.unsaved = false;
        self.passed = self.least();
        Ok(())
    }

    /// What all receivers and the state have passed.
    fn least(&self) -> u64 {
        self.delivered().min(self.state)
    }

    /// What all receivers have passed.
    pub(super) fn delivered(&self) -> u64 {
        self.receivers.values().map(|receiver| receiver.cursor.acknowledged).min().unwrap_or(u64::MAX)
    }

    /// What waits in memory for the disk and is of no more use needs no room there.
    fn forget_passed(&mut self) {
        if self.trouble.is_none() || self.n_written > 0 {
            return;
        }
        while let Some(first) = self.pending.front().map(|record| record.sequence).filter(|first| *first <= self.passed) {
            self.take_pending(0);
            self.synced = first;
        }
    }

    /// Removes segments that are passed, oldest first; how many.
    fn release(&mut self) -> usize {
        let mut n_removed = 0;
        while let Some(segment) = self.sealed.front().filter(|segment| segment.last <= self.passed) {
            match self.disk.remove(&segment.name()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // It is tried again at the next save, and at the next start.
                Err(_) => break,
            }
            self.sealed.pop_front();
            n_removed += 1;
        }
        n_removed
    }
}

impl Receiver {
    pub fn at(cursor: Cursor) -> Self {
        Receiver { cursor, ..Receiver::default() }
    }

    /// True if that moves the cursor.
    fn acknowledge(&mut self, up_to: u64) -> bool {
        if up_to <= self.cursor.acknowledged {
            return false;
        }
        self.cursor.acknowledged = up_to;
        // What was dropped while the receiver had it was delivered all the same.
        for lent in self.lent.extract_if(.., |lent| lent.sequence <= up_to) {
            self.cursor.dropped -= lent.weight;
            self.cursor.dropped_records = self.cursor.dropped_records.saturating_sub(lent.records);
        }
        true
    }
}
