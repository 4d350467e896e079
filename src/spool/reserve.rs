//! The reserve: a file that holds some room of the disk, to be removed when the disk is full.
//!
//! Cursors and the state of checks are written aside and renamed, so that there is always a whole
//! one; that takes room before it gives any. On a disk that records have filled to the last byte
//! neither could be written any more, so no segment would ever be released, and only a person could
//! help. The room of the reserve is theirs: records are written only while it is held, and when the
//! disk says that it is full, it is given up until there is room for it again.

use super::{Spool, write::is_full};
use std::io;

/// The file.
pub(super) const FILE: &str = "reserve";
/// It is written in pieces, each of which may be the one that does not fit.
const PIECE: usize = 64 << 10;

impl Spool {
    /// Makes sure that the reserve is held before records are written.
    ///
    /// # Errors
    /// There is no room for it, so there is none for records. Other trouble of the disk is left to those
    /// who write records: they meet it too.
    pub(super) fn hold_reserve(&mut self) -> io::Result<()> {
        if self.reserve_held || self.settings.reserve_bytes == 0 {
            return Ok(());
        }
        // Where it was given up, as much again must be there for records, or the next one would end
        // where the last one did.
        let wanted = self.settings.reserve_bytes.saturating_mul(if self.trouble.is_some() { 2 } else { 1 });
        if self.disk.room().is_some_and(|room| room < wanted) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.write_reserve();
        self.reserve_held = written.is_ok();
        if written.is_err() {
            // A part of it is of no use.
            let _ = self.disk.remove(FILE);
        }
        if is_full(&written) { written } else { Ok(()) }
    }

    fn write_reserve(&self) -> io::Result<()> {
        let mut output = self.create(FILE)?;
        let mut left = usize::try_from(self.settings.reserve_bytes).unwrap_or(usize::MAX);
        let mut noise = Noise(self.engine | 1);
        while left > 0 {
            let piece: Vec<u8> = noise.by_ref().flat_map(u64::to_le_bytes).take(left.min(PIECE)).collect();
            output.append(&piece)?;
            left -= piece.len();
        }
        output.sync()?;
        self.disk.sync_names()
    }

    /// Gives the room of the reserve to cursors and state; true if there was some to give.
    pub(super) fn give_reserve(&mut self) -> bool {
        let given = std::mem::take(&mut self.reserve_held) && self.disk.remove(FILE).is_ok();
        if given {
            self.notice(format!(
                "the disk of {} is full: what is kept free for cursors and state is used now",
                self.disk.place("").display()
            ));
        }
        given
    }
}

/// Numbers that a file system which packs its files makes nothing smaller of (Marsaglia: xorshift).
struct Noise(u64);

impl Iterator for Noise {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Some(self.0)
    }
}
