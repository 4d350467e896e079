//! The start: what is found is taken as far as it is good, what is not is set aside and told, and the
//! engine starts in any case but one: another engine has the folder.

use super::cursors::{self, Cursor, Cursors};
use super::record::Home;
use super::segment::{self, Head, Segment};
use super::shed::LIGHTER;
use super::{Receiver, Settings, Spool, reserve};
use crate::base::limits;
use crate::base::time::Clock;
use crate::disk::{Disk, NoLock};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;

/// What a start has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records that wait for a receiver or for the state.
    pub records: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// Bytes at the end of the last segment that were never whole.
    pub torn_bytes: u64,
    /// Stretches of bytes that are no records, and were some once.
    pub bad_records: u64,
    /// Files that were set aside.
    pub set_aside: u64,
    /// What a person should know, as sentences.
    pub notices: Vec<String>,
}

/// Why a spool cannot be used.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it.
    InUse(String),
    /// The folder can be neither made nor written to.
    Unusable(String),
}

/// What was read of the file of cursors.
enum Told {
    Nothing,
    Damaged,
    Cursors(Cursors),
}

/// A start under way.
struct Start<'a> {
    disk: &'a dyn Disk,
    now: i64,
    recovery: Recovery,
    /// The highest number that was ever given out, as far as anything tells.
    seen: u64,
}

impl Spool {
    /// Opens the spool in a folder, for these receivers.
    ///
    /// # Errors
    /// Another engine has the folder, or it cannot be written to. Damage is no error.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        receivers: &[String],
    ) -> Result<(Spool, Recovery), OpenError> {
        let place = disk.place("").display().to_string();
        let lock = match disk.lock("lock") {
            Ok(lock) => lock,
            Err(NoLock::InUse) => return Err(OpenError::InUse(format!("the spool in {place} is in use by another engine"))),
            Err(NoLock::Unusable(error)) => return Err(OpenError::Unusable(format!("the spool in {place} cannot be used: {error}"))),
        };
        let now = clock.now();
        let mut start = Start { disk: &*disk, now: now.as_millisecond(), recovery: Recovery::default(), seen: 0 };
        let files = disk.list().map_err(|error| OpenError::Unusable(format!("the spool in {place} cannot be read: {error}")))?;
        let told = start.cursors();
        let (engine, sealed) = start.segments(&files, &told, settings.fresh_id);
        let next = start.next(now.as_microsecond(), matches!(told, Told::Nothing) && files.len() <= 1);
        let mut recovery = start.recovery;
        let fresh = matches!(told, Told::Nothing) && sealed.is_empty();
        let begin = if fresh || matches!(told, Told::Cursors(_)) { next - 1 } else { 0 };
        let told = match told {
            Told::Cursors(cursors) => cursors,
            Told::Nothing | Told::Damaged => Cursors { state: if fresh { next - 1 } else { 0 }, ..Cursors::default() },
        };
        let cursor = |name: &String| told.receivers.get(name).copied().unwrap_or(Cursor { acknowledged: begin, ..Cursor::default() });
        let receivers = receivers.iter().map(|name| (name.clone(), Receiver::at(cursor(name)))).collect();
        let settings = Settings { segment_bytes: settings.segment_bytes.min(settings.bytes / 4), ..settings };
        let mut spool = Spool {
            disk: Arc::clone(&disk),
            clock,
            settings,
            engine,
            sealed,
            active: None,
            pending: VecDeque::new(),
            pending_bytes: 0,
            n_written: 0,
            next,
            synced: next - 1,
            receivers,
            state: told.state,
            floor: told.floor,
            lightening: None,
            passed: 0,
            unsaved: true,
            trouble: None,
            reserve_held: files.iter().any(|(name, length)| name == reserve::FILE && *length >= settings.reserve_bytes),
            given_up: 0,
            failed_reads: None,
            bad_records: recovery.bad_records,
            set_aside: recovery.set_aside,
            notices: Vec::new(),
            said: VecDeque::new(),
            _lock: Some(lock),
        };
        std::mem::take(&mut recovery.notices).into_iter().for_each(|notice| spool.notice(notice));
        let lightened = told.lightening.map_or(Ok(()), |first| spool.finish_lightening(first));
        // A disk that takes nothing now may do so later; until then receivers get again what they have.
        if let Err(error) = lightened.and_then(|()| spool.save()) {
            spool.notice(format!("{place} cannot be written to: {error}"));
        }
        recovery.records = spool.sealed.iter().map(|segment| segment.records).sum();
        recovery.bytes = spool.disk_bytes();
        recovery.notices = spool.take_notices();
        Ok((spool, recovery))
    }

    /// Takes a segment out that cannot be read, and counts what was in it.
    pub(super) fn lose_segment(&mut self, position: usize, why: &str) {
        let Some(segment) = self.sealed.remove(position) else { return };
        let losses = self.losses(&segment);
        self.count(&losses, "a file of the spool is lost");
        let text = aside(&*self.disk, &segment.name(), "broken", why, self.now());
        self.set_aside += 1;
        self.notice(text);
    }
}

impl Start<'_> {
    fn cursors(&mut self) -> Told {
        let read = self.disk.read(cursors::FILE, 0, usize::MAX);
        let decoded = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Told::Nothing,
            Err(error) => Err(format!("it cannot be read: {error}")),
            Ok(bytes) => cursors::decode(&bytes).and_then(plausible),
        };
        match decoded {
            Ok(cursors) => {
                let receivers = cursors.receivers.values().map(|cursor| cursor.acknowledged).max().unwrap_or(0);
                self.seen = self.seen.max(cursors.next.saturating_sub(1)).max(receivers);
                Told::Cursors(cursors)
            }
            Err(why) => {
                self.set_aside(
                    cursors::FILE,
                    "broken",
                    &format!("{why}; receivers begin with the oldest data, and may get some of it again"),
                );
                Told::Damaged
            }
        }
    }

    fn segments(&mut self, files: &[(String, u64)], told: &Told, fresh_id: u64) -> (u64, VecDeque<Segment>) {
        for left_over in [cursors::ASIDE, LIGHTER] {
            if files.iter().any(|(name, _)| name == left_over) {
                let _ = self.disk.remove(left_over);
            }
        }
        let firsts: Vec<u64> = files.iter().filter_map(|(name, _)| segment::first(name)).collect();
        let told_id = match told {
            Told::Cursors(cursors) => u64::from_str_radix(&cursors.engine, 16).ok(),
            Told::Nothing | Told::Damaged => None,
        };
        let engine = told_id.or_else(|| firsts.iter().find_map(|first| self.engine(*first))).unwrap_or(fresh_id);
        let mut sealed: VecDeque<Segment> = VecDeque::new();
        for (n, first) in firsts.iter().enumerate() {
            self.seen = self.seen.max(*first);
            let before = firsts.get(n + 1).copied();
            let found = self.segment(Home { engine, first: *first }, before);
            if let Some(segment) = found {
                self.seen = self.seen.max(segment.last);
                sealed.push_back(segment);
            }
        }
        let floor = if let Told::Cursors(cursors) = told { cursors.floor } else { 0 };
        // A killed process leaves records that are written and not synced. They are promised from now on.
        if let Some(segment) = sealed.back() {
            let name = segment.name();
            if let Err(error) = self.disk.sync(&name).and_then(|()| self.disk.sync_names()) {
                self.note(format!("{} cannot be synced ({error}): a power cut may take some of it", self.disk.place(&name).display()));
            }
        }
        // Their removal was decided and not carried out.
        sealed.retain(|segment| segment.last > floor || self.disk.remove(&segment.name()).is_err());
        (engine, sealed)
    }

    fn engine(&self, first: u64) -> Option<u64> {
        let head = self.disk.read(&segment::name(first), 0, segment::HEAD_BYTES).ok()?;
        match segment::read_head(&head) {
            Head::Good { engine, first: told } if told == first => Some(engine),
            Head::Good { .. } | Head::Foreign(_) | Head::Bad => None,
        }
    }

    /// Takes one file as far as it is good.
    fn segment(&mut self, home: Home, next: Option<u64>) -> Option<Segment> {
        let name = segment::name(home.first);
        let bytes = match self.disk.read(&name, 0, usize::MAX) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.set_aside(&name, "broken", &format!("it cannot be read: {error}"));
                return None;
            }
        };
        match segment::read_head(&bytes) {
            Head::Foreign(version) => {
                let why = format!("it is of version {version}, and this engine reads version 1: an engine of that version can deliver it");
                self.set_aside(&name, &format!("version-{version}"), &why);
                return None;
            }
            Head::Good { engine, .. } if engine != home.engine => {
                self.set_aside(&name, "foreign", "it is of the spool of another engine");
                return None;
            }
            Head::Good { .. } | Head::Bad => {}
        }
        let scanned = segment::scan(home, &bytes, next.unwrap_or(limits::SPOOL_SEQUENCE_MOST + 1));
        if scanned.segment.is_empty() {
            if bytes.len() <= segment::HEAD_BYTES {
                let _ = self.disk.remove(&name);
            } else {
                self.set_aside(&name, "broken", "no record in it can be read");
            }
            return None;
        }
        self.recovery.bad_records += scanned.bad;
        if scanned.bad > 0 {
            self.note(format!("{} is damaged in {} places, and what was there is lost", self.disk.place(&name).display(), scanned.bad));
        }
        if scanned.torn > 0 {
            self.recovery.torn_bytes += scanned.torn;
            // What was never whole was never given out. It is cut, so that it is not told again.
            let _ = self.disk.cut(&name, scanned.segment.length);
        }
        Some(scanned.segment)
    }

    fn set_aside(&mut self, name: &str, ending: &str, why: &str) {
        let text = aside(self.disk, name, ending, why, self.now);
        self.recovery.set_aside += 1;
        self.note(text);
    }

    fn note(&mut self, text: String) {
        self.recovery.notices.push(text);
    }

    /// The first number of this process. It is behind all that are known to have been used, and, where
    /// the clock is right, behind those that left no trace: the time of the start in microseconds.
    fn next(&self, now_us: i64, is_new: bool) -> u64 {
        let gap = if is_new { 1 } else { limits::SPOOL_SEQUENCE_GAP };
        self.seen.saturating_add(gap).max(u64::try_from(now_us).unwrap_or(0))
    }
}

/// The same, if no number in it is one that cannot have been given out.
fn plausible(cursors: Cursors) -> Result<Cursors, String> {
    let receivers = cursors.receivers.values().map(|cursor| cursor.acknowledged);
    match receivers.chain([cursors.next]).max() {
        Some(most) if most > limits::SPOOL_SEQUENCE_MOST => Err(format!("it says {most}, a number that no record has")),
        _ => Ok(cursors),
    }
}

/// Gives a file a name that is not read, and says so. The oldest of too many such files goes.
fn aside(disk: &dyn Disk, name: &str, ending: &str, why: &str, now: i64) -> String {
    let place = disk.place(name);
    let other = format!("{name}.{ending}-{}", now / 1000);
    let text = match disk.rename(name, &other) {
        Ok(()) => format!("{} was set aside as {other}: {why}", place.display()),
        Err(error) => format!("{} is not used, and cannot be set aside ({error}): {why}", place.display()),
    };
    let mut others: BTreeMap<i64, String> = BTreeMap::new();
    for (n, (name, _)) in disk.list().unwrap_or_default().into_iter().enumerate() {
        let time = name.rsplit_once('-').and_then(|(rest, time)| time.parse::<i64>().ok().filter(|_| rest.contains('.')));
        if let Some(time) = time {
            others.insert(time.saturating_mul(1000).saturating_add(n as i64), name);
        }
    }
    let n_too_many = others.len().saturating_sub(limits::SPOOL_SET_ASIDE);
    for name in others.values().take(n_too_many) {
        let _ = disk.remove(name);
    }
    text
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::InUse(text) | OpenError::Unusable(text) => f.write_str(text),
        }
    }
}
