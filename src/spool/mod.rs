//! The spool: one durable queue of what runs have left, read by every receiver at its own pace.
//!
//! Runs append records; a record is bytes and a [`Weight`]. Receivers (the sinks) read from a sequence
//! number on, deliver, and acknowledge. What a receiver has not acknowledged is kept until it has, or
//! until the bounds of the spool are reached: then metrics go first, the oldest before the others, and
//! after them whole records, the oldest first. What goes is counted for each receiver that had not
//! acknowledged it.
//!
//! ```text
//! 00000000000000000001.segment     records 1 … 61,204; every receiver needs some of them
//! 00000000000000061205.segment     records 61,205 …; this one grows
//! reserve                          room for `cursors` and the state of checks, should the disk be full
//! cursors                          {"receivers":{"datadog":{"acknowledged":40123, …}}, …}
//! lock                             held while an engine uses the folder
//! ```
//!
//! # How nothing is lost
//!
//! * An append is in the file before it returns ([`Spool::append`]); a kill takes nothing of it. It is
//!   durable after the next [`Spool::sync`], and only then do receivers see it. So nothing is delivered
//!   that a power cut could take back, and a number is never given to two different records.
//! * A new process never writes into a file of an earlier one, and a file that failed to sync is never
//!   synced again: its records, still in memory, go into a new one.
//! * A file goes after the cursors that have passed it are durable, and the state of checks as well.
//! * While the disk is full or broken, records stay in memory, in order, and receivers read them there.
//!
//! # What it refuses to do
//!
//! It does not know what a record means; it does not retry a delivery; it has no thread and no timer of
//! its own: one owner calls it, and [`keeper`] is such an owner.

mod cursors;
pub mod keeper;
mod read;
mod record;
mod recover;
mod reserve;
mod save;
mod segment;
mod shed;
mod weight;
mod write;

pub use cursors::Cursor;
pub use record::Record;
pub use recover::{OpenError, Recovery};
pub use weight::Weight;

use crate::base::limits;
use crate::base::time::Clock;
use crate::disk::{Disk, Lock, Output};
use jiff::Timestamp;
use record::{Home, Queued};
use segment::Segment;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The same record without its metrics; `None` if nothing is left of it.
pub type Lighten = fn(&[u8]) -> Option<Vec<u8>>;

/// What a spool is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What all segments may take, in bytes.
    pub bytes: u64,
    /// How long a record waits for its receivers.
    pub age: Duration,
    /// The size of one segment, in bytes; at most a quarter of `bytes`.
    pub segment_bytes: u64,
    /// What records may take in memory while the disk fails, in bytes.
    pub memory_bytes: u64,
    /// The room on disk that records leave to cursors and to the state of checks, in bytes.
    pub reserve_bytes: u64,
    /// The id of this engine if the folder has none yet: random.
    pub fresh_id: u64,
    /// Takes the metrics out of a record.
    pub lighten: Lighten,
}

/// A record that the spool does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It has so many bytes, more than [`limits::SPOOL_RECORD_BYTES`].
    TooLarge(usize),
}

/// What the disk does not do at the moment.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Since when records wait in memory.
    pub since: Timestamp,
    /// What the system said last.
    pub error: String,
    retry_at: Instant,
    /// How often the disk was found full while a segment waited for nothing but the state of checks.
    held_for_state: u32,
}

/// The figures of a spool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The id of the engine that the spool belongs to.
    pub engine: u64,
    /// The number that the next record gets.
    pub next: u64,
    /// Records up to this number are durable, or were dropped.
    pub synced: u64,
    /// Segments on disk.
    pub segments: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The wall time of the oldest record on disk.
    pub oldest: Option<Timestamp>,
    /// Records that are not durable, and their bytes.
    pub pending: (usize, u64),
    /// Where the records of checks whose state is in files end.
    pub state: u64,
    /// Segments wait for the state of records up to this number and for nothing else: time to save it.
    pub state_wanted: Option<u64>,
    /// Why records wait in memory.
    pub trouble: Option<String>,
    /// Segments that were given up because the disk failed.
    pub given_up: u64,
    /// Stretches of bytes that were no records when they were read.
    pub bad_records: u64,
    /// Files that were set aside.
    pub set_aside: u64,
    /// The last things that a person should know of its files and of the disk, and when they were said.
    pub said: Vec<(Timestamp, String)>,
    /// How far each receiver is, and what it never got.
    pub receivers: BTreeMap<String, Cursor>,
}

/// The spool of one engine.
pub struct Spool {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    engine: u64,
    /// Segments that take no more records, by their numbers.
    sealed: VecDeque<Segment>,
    active: Option<Active>,
    /// Records that are not durable, by their numbers; the first ones are in the active segment.
    pending: VecDeque<Queued>,
    pending_bytes: u64,
    /// So many of them are written.
    n_written: usize,
    next: u64,
    synced: u64,
    receivers: BTreeMap<String, Receiver>,
    /// What records up to here have changed is in the files of the checks.
    state: u64,
    /// All records up to here were dropped or are of no use.
    floor: u64,
    /// The segment that is being written anew without metrics.
    lightening: Option<u64>,
    /// What is durable of the cursors: all receivers and the state have passed it.
    passed: u64,
    /// True if the file of cursors is not what it should be.
    unsaved: bool,
    trouble: Option<Trouble>,
    /// True while the room of the reserve is taken.
    reserve_held: bool,
    given_up: u64,
    /// A segment on which reading fails, by its first number, and how often it did.
    failed_reads: Option<(u64, u32)>,
    bad_records: u64,
    set_aside: u64,
    notices: Vec<String>,
    /// The last of them, with their times.
    said: VecDeque<(Timestamp, String)>,
    _lock: Option<Lock>,
}

/// The segment that grows.
#[derive(Debug)]
struct Active {
    /// What of it is durable.
    segment: Segment,
    output: Box<dyn Output>,
    /// The bytes of all records that were written.
    written: u64,
    /// True if its name is durable.
    entered: bool,
    /// When it was made, milliseconds since 1970.
    made: i64,
}

/// A receiver as it is known here.
#[derive(Clone, Debug, Default)]
struct Receiver {
    cursor: Cursor,
    /// The last number that was read.
    handed: u64,
    /// What was dropped after it was read and before it was acknowledged: whoever acknowledges it has
    /// it all the same.
    lent: Vec<Lent>,
    place: Option<Place>,
}

/// A record that was dropped, or what was dropped of it, while a receiver had it.
#[derive(Clone, Copy, Debug)]
struct Lent {
    sequence: u64,
    weight: Weight,
    records: u64,
}

/// Where the next record of a receiver lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    next: u64,
    first: u64,
    edition: u32,
    offset: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            bytes: limits::SPOOL_BYTES,
            age: limits::SPOOL_AGE,
            segment_bytes: limits::SPOOL_SEGMENT_BYTES,
            memory_bytes: limits::SPOOL_MEMORY_BYTES,
            reserve_bytes: limits::SPOOL_RESERVE_BYTES,
            fresh_id: 0,
            lighten: |bytes| Some(bytes.to_vec()),
        }
    }
}

impl Settings {
    /// The same for a spool that takes so many bytes of the disk in all.
    #[must_use]
    pub fn of_size(self, bytes: u64) -> Self {
        let reserve_bytes = limits::SPOOL_RESERVE_BYTES.min(bytes / limits::SPOOL_RESERVE_SHARE);
        let segment_bytes = limits::SPOOL_SEGMENT_BYTES.min(bytes / 4);
        Settings { bytes: bytes - reserve_bytes, segment_bytes, reserve_bytes, ..self }
    }
}

impl Spool {
    /// The id of the engine: together with sequence numbers it names a record for ever.
    pub fn engine(&self) -> u64 {
        self.engine
    }

    /// All records up to this number are durable, or were dropped.
    pub fn synced(&self) -> u64 {
        self.synced
    }

    /// All records up to this number can be read: those that are durable, and while the disk is in
    /// trouble those in memory.
    pub fn readable(&self) -> u64 {
        if self.trouble.is_some() { self.next.saturating_sub(1) } else { self.synced }
    }

    /// All records up to this number are durable, or every receiver has them: what they change in the
    /// state of checks may be saved.
    pub fn safe(&self) -> u64 {
        self.synced.max(self.delivered().min(self.next.saturating_sub(1)))
    }

    /// True while room is short that there will be once the state of checks is saved.
    pub fn state_is_urgent(&self) -> bool {
        let short = self.trouble.is_some() || self.disk_bytes() > self.settings.bytes / 2;
        short && self.state_wanted().is_some()
    }

    /// Why records wait in memory; none while the disk works.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// How far a receiver is.
    pub fn cursor(&self, receiver: &str) -> Option<Cursor> {
        self.receivers.get(receiver).map(|receiver| receiver.cursor)
    }

    /// What a person should be told, since the last call.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Another size and age from now on; what is over them goes with the next records.
    pub fn set_bounds(&mut self, bytes: u64, age: Duration) {
        let before = self.settings.reserve_bytes;
        self.settings = Settings { age, ..self.settings.of_size(bytes) };
        // It is written anew before the next records.
        self.reserve_held &= self.settings.reserve_bytes <= before;
    }

    /// The figures as they are now.
    pub fn stats(&self) -> Stats {
        Stats {
            engine: self.engine,
            next: self.next,
            synced: self.synced,
            segments: self.segments().count(),
            bytes: self.disk_bytes(),
            oldest: self.segments().find(|segment| !segment.is_empty()).map(|segment| record::time(segment.oldest)),
            pending: (self.pending.len(), self.pending_bytes),
            state: self.state,
            state_wanted: self.state_wanted(),
            trouble: self.trouble.as_ref().map(|trouble| trouble.error.clone()),
            given_up: self.given_up,
            bad_records: self.bad_records,
            set_aside: self.set_aside,
            said: self.said.iter().cloned().collect(),
            receivers: self.receivers.iter().map(|(name, receiver)| (name.clone(), receiver.cursor)).collect(),
        }
    }

    /// All segments by their numbers, with what of them is durable.
    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.sealed.iter().chain(self.active.iter().map(|active| &active.segment))
    }

    fn state_wanted(&self) -> Option<u64> {
        let delivered = self.delivered();
        let waiting = self.sealed.iter().rfind(|segment| segment.last <= delivered);
        waiting.map(|segment| segment.last).filter(|last| *last > self.state)
    }

    fn disk_bytes(&self) -> u64 {
        let sealed: u64 = self.sealed.iter().map(|segment| segment.length).sum();
        sealed + self.active.as_ref().map_or(0, |active| active.written)
    }

    /// A new file, in a folder that somebody may have removed.
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        match self.disk.create(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.disk.make().and_then(|()| self.disk.create(name)),
            created => created,
        }
    }

    fn home(&self, first: u64) -> Home {
        Home { engine: self.engine, first }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    fn notice(&mut self, text: String) {
        if self.said.len() >= limits::SPOOL_SAID {
            self.said.pop_front();
        }
        self.said.push_back((self.clock.now(), text.clone()));
        self.notices.push(text);
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::TooLarge(bytes) => {
                write!(f, "what the run has left takes {bytes} bytes, and a record of the spool {} at most", limits::SPOOL_RECORD_BYTES)
            }
        }
    }
}
