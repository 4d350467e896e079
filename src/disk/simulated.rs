//! A disk in memory that forgets, and fails where it is told to.
//!
//! It is harsher than most real ones, within what they are allowed: at a power cut every page of 512
//! bytes that was not synced may be there, or be zeros, and every name that was made, renamed or
//! removed since the last sync of the folder may be so or not, each for itself. A sync that fails
//! leaves its pages clean: the next one succeeds and saves nothing of them.

use super::{Disk, Lock, NoLock, Output};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What is kept or lost as one.
const PAGE: usize = 512;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No space is left on the device.
    NoSpace,
    /// The device failed.
    Device,
    /// The process may not open any more files.
    TooManyFiles,
}

/// The disk; copies are the same one.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    /// What the names are after a power cut, before what of `changes` survived.
    durable_names: BTreeMap<String, u64>,
    changes: Vec<Change>,
    locked: BTreeSet<String>,
    /// Grows with every power cut: what was opened before one is of no use behind it.
    power: u64,
    calls: u64,
    faults: BTreeMap<u64, Fault>,
    /// From this call on nothing works until the power is back.
    off_at: Option<u64>,
    capacity: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// From here on the bytes are not durable, as the system knows it.
    dirty_from: Option<usize>,
}

/// A change of names that is not durable.
#[derive(Clone, Debug)]
enum Change {
    Add(String, u64),
    Remove(String),
    Rename(String, String, u64),
}

#[derive(Debug)]
struct SimulatedOutput {
    disk: SimulatedDisk,
    file: u64,
    power: u64,
}

struct Locked {
    disk: SimulatedDisk,
    name: String,
    power: u64,
}

/// The next of a sequence of random numbers (Steele, Lea, Flood: SplitMix64).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Fault {
    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(match self {
            Fault::NoSpace => 28,
            Fault::Device => 5,
            Fault::TooManyFiles => 24,
        })
    }
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new() -> Self {
        SimulatedDisk::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls so far that change or read something.
    pub fn calls(&self) -> u64 {
        self.inner().calls
    }

    /// The call with this number (counted from 0) fails.
    pub fn fail(&self, call: u64, fault: Fault) {
        self.inner().faults.insert(call, fault);
    }

    /// No call fails any more by its number.
    pub fn heal(&self) {
        self.inner().faults.clear();
    }

    /// From the call with this number on nothing works, until [`SimulatedDisk::power_cut`].
    pub fn off_at(&self, call: u64) {
        self.inner().off_at = Some(call);
    }

    /// True while the power is off.
    pub fn is_off(&self) -> bool {
        let inner = self.inner();
        inner.off_at.is_some_and(|off| inner.calls > off)
    }

    /// The bytes that all files may take; `None` is without bound.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.inner().capacity = bytes;
    }

    /// The power went off and is back: what was not synced is there or not, as the seed says. Seed 0
    /// loses all of it.
    pub fn power_cut(&self, seed: u64) {
        self.inner().power_cut(seed);
    }

    /// The process was killed and nothing else happened: locks are gone, all that was written is there.
    pub fn kill(&self) {
        let mut inner = self.inner();
        inner.locked.clear();
        inner.off_at = None;
        inner.power += 1;
    }

    /// Another disk with the same content, all of it durable.
    pub fn fork(&self) -> SimulatedDisk {
        let from = self.inner();
        let fork = SimulatedDisk::new();
        {
            let mut to = fork.inner();
            for (name, file) in &from.names {
                let bytes = from.files.get(file).map_or_else(Vec::new, |content| content.bytes.clone());
                to.files.insert(*file, Content { durable: bytes.clone(), bytes, dirty_from: None });
                to.names.insert(name.clone(), *file);
            }
            to.durable_names = to.names.clone();
        }
        fork
    }

    /// Changes the content of a file behind everybody's back, durably.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let Some(file) = inner.names.get(name).copied() else { return };
        if let Some(content) = inner.files.get_mut(&file) {
            change(&mut content.bytes);
            content.durable = content.bytes.clone();
            content.dirty_from = None;
        }
    }
}

impl Inner {
    fn call(&mut self) -> io::Result<()> {
        let call = self.calls;
        self.calls += 1;
        if self.off_at.is_some_and(|off| call >= off) {
            return Err(io::Error::other("the power is off"));
        }
        match self.faults.get(&call) {
            Some(fault) => Err(fault.error()),
            None => Ok(()),
        }
    }

    /// A call that takes no space: a full disk is read like any other.
    fn call_to_read(&mut self) -> io::Result<()> {
        self.call().or_else(|error| if error.kind() == io::ErrorKind::StorageFull { Ok(()) } else { Err(error) })
    }

    fn file(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn content(&mut self, file: u64) -> io::Result<&mut Content> {
        self.files.get_mut(&file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn used(&self) -> u64 {
        let open = self.names.values().collect::<BTreeSet<_>>();
        open.iter().filter_map(|file| self.files.get(file)).map(|content| content.bytes.len() as u64).sum()
    }

    fn power_cut(&mut self, seed: u64) {
        let mut random_state = seed;
        let mut survives = || seed != 0 && random(&mut random_state).is_multiple_of(2);
        let mut names = std::mem::take(&mut self.durable_names);
        for change in std::mem::take(&mut self.changes) {
            if survives() {
                change.apply(&mut names);
            }
        }
        for content in self.files.values_mut() {
            content.cut(&mut survives);
        }
        self.files.retain(|file, _| names.values().any(|named| named == file));
        self.durable_names = names.clone();
        self.names = names;
        self.locked.clear();
        self.off_at = None;
        self.power += 1;
    }
}

impl Content {
    /// Keeps what is durable, and of all that differs from it some pages.
    fn cut(&mut self, survives: &mut impl FnMut() -> bool) {
        let mut kept = self.durable.clone();
        if survives() {
            kept.resize(self.bytes.len(), 0);
        }
        for (n, page) in kept.chunks_mut(PAGE).enumerate() {
            let new = self.bytes.get(n * PAGE..).unwrap_or(&[]);
            if survives() {
                page.iter_mut().zip(new).for_each(|(old, new)| *old = *new);
            }
        }
        self.durable = kept.clone();
        self.bytes = kept;
        self.dirty_from = None;
    }
}

impl Change {
    fn apply(self, names: &mut BTreeMap<String, u64>) {
        match self {
            Change::Add(name, file) => {
                names.insert(name, file);
            }
            Change::Remove(name) => {
                names.remove(&name);
            }
            Change::Rename(from, to, file) => {
                names.remove(&from);
                names.insert(to, file);
            }
        }
    }
}

impl Disk for SimulatedDisk {
    fn make(&self) -> io::Result<()> {
        self.inner().call()
    }

    fn lock(&self, name: &str) -> Result<Lock, NoLock> {
        let mut inner = self.inner();
        if !inner.locked.insert(name.to_owned()) {
            return Err(NoLock::InUse);
        }
        Ok(Lock::new(Locked { disk: self.clone(), name: name.to_owned(), power: inner.power }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let mut inner = self.inner();
        inner.call()?;
        if inner.capacity.is_some_and(|most| inner.used() >= most) {
            return Err(Fault::NoSpace.error());
        }
        // Emptying a file is as good as a new one: the old bytes may be back after a cut.
        let file = inner.files.keys().next_back().map_or(0, |last| last + 1);
        inner.files.insert(file, Content::default());
        inner.names.insert(name.to_owned(), file);
        inner.changes.push(Change::Add(name.to_owned(), file));
        Ok(Box::new(SimulatedOutput { disk: self.clone(), file, power: inner.power }))
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut inner = self.inner();
        inner.call_to_read()?;
        let file = inner.file(name)?;
        let bytes = &inner.content(file)?.bytes;
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or(&[]);
        Ok(rest.get(..most).unwrap_or(rest).to_vec())
    }

    fn cut(&self, name: &str, length: u64) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        let file = inner.file(name)?;
        inner.content(file)?.shorten(length);
        Ok(())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        let outcome = inner.call();
        let file = inner.file(name)?;
        inner.content(file)?.sync(outcome.is_ok());
        outcome
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        let file = inner.file(from)?;
        inner.names.remove(from);
        inner.names.insert(to.to_owned(), file);
        inner.changes.push(Change::Rename(from.to_owned(), to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        inner.file(name)?;
        inner.names.remove(name);
        inner.changes.push(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut inner = self.inner();
        inner.call()?;
        let length = |file| inner.files.get(file).map_or(0, |content| content.bytes.len() as u64);
        Ok(inner.names.iter().map(|(name, file)| (name.clone(), length(file))).collect())
    }

    fn touched(&self, _name: &str) -> io::Result<SystemTime> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn touch(&self, name: &str, _now: SystemTime) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        inner.file(name).map(drop)
    }

    fn room(&self) -> Option<u64> {
        let inner = self.inner();
        inner.capacity.map(|most| most.saturating_sub(inner.used()))
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        inner.durable_names = inner.names.clone();
        inner.changes.clear();
        Ok(())
    }

    fn place(&self, name: &str) -> PathBuf {
        PathBuf::from("/simulated").join(name)
    }
}

impl Content {
    /// Saves what is known to be unsaved; where that fails, forgets that it is.
    fn sync(&mut self, works: bool) {
        let Some(from) = self.dirty_from.take().filter(|_| works) else { return };
        let written = self.bytes.get(from..).unwrap_or(&[]).to_vec();
        // Where a sync failed before, those bytes were never saved: a hole of zeros.
        self.durable.resize(from, 0);
        self.durable.extend(written);
    }

    fn shorten(&mut self, length: u64) {
        self.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        self.dirty_from = Some(self.dirty_from.unwrap_or(usize::MAX).min(self.bytes.len()));
    }
}

impl SimulatedOutput {
    fn inner(&self) -> io::Result<MutexGuard<'_, Inner>> {
        let inner = self.disk.inner();
        if inner.power == self.power { Ok(inner) } else { Err(io::Error::other("opened before the power went off")) }
    }
}

impl Output for SimulatedOutput {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.inner()?;
        let outcome = inner.call();
        let room = inner.capacity.map_or(u64::MAX, |most| most.saturating_sub(inner.used()));
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        // A write that fails has often written a part.
        let part = if outcome.is_err() { fits / 2 } else { fits };
        if outcome.as_ref().is_err_and(|error| error.raw_os_error().is_none()) {
            return outcome;
        }
        let content = inner.content(self.file)?;
        content.dirty_from.get_or_insert(content.bytes.len());
        content.bytes.extend_from_slice(bytes.get(..part).unwrap_or(bytes));
        outcome?;
        if part < bytes.len() { Err(Fault::NoSpace.error()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.inner()?;
        let outcome = inner.call();
        inner.content(self.file)?.sync(outcome.is_ok());
        outcome
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut inner = self.inner()?;
        inner.call()?;
        inner.content(self.file)?.shorten(length);
        Ok(())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let mut inner = self.disk.inner();
        if inner.power == self.power {
            inner.locked.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(disk: &SimulatedDisk, name: &str, bytes: &[u8]) -> Box<dyn Output> {
        let mut output = disk.create(name).unwrap();
        output.append(bytes).unwrap();
        output
    }

    #[test]
    fn a_power_cut_takes_what_was_not_synced() {
        let disk = SimulatedDisk::new();
        let mut a = written(&disk, "a", b"kept");
        a.sync().unwrap();
        disk.sync_names().unwrap();
        a.append(b"lost").unwrap();
        written(&disk, "b", b"nameless").sync().unwrap();
        disk.power_cut(0);
        assert_eq!(disk.list().unwrap(), [("a".to_owned(), 4)]);
        assert!(a.append(b"x").is_err());
    }

    #[test]
    fn names_are_undone_until_the_folder_is_synced() {
        let disk = SimulatedDisk::new();
        written(&disk, "a", b"1").sync().unwrap();
        disk.sync_names().unwrap();
        disk.rename("a", "b").unwrap();
        disk.power_cut(0);
        assert_eq!(disk.list().unwrap(), [("a".to_owned(), 1)]);
        disk.rename("a", "b").unwrap();
        disk.sync_names().unwrap();
        disk.remove("b").unwrap();
        disk.power_cut(0);
        assert_eq!(disk.list().unwrap(), [("b".to_owned(), 1)]);
    }

    #[test]
    fn a_kill_takes_nothing_that_was_written() {
        let disk = SimulatedDisk::new();
        let lock = disk.lock("lock").unwrap();
        written(&disk, "a", b"written");
        disk.kill();
        assert_eq!(disk.read("a", 0, 100).unwrap(), b"written");
        assert!(disk.lock("lock").is_ok());
        drop(lock);
    }

    #[test]
    fn a_second_sync_does_not_mend_a_failed_one() {
        let disk = SimulatedDisk::new();
        let mut a = disk.create("a").unwrap();
        disk.sync_names().unwrap();
        a.append(b"gone").unwrap();
        disk.fail(disk.calls(), Fault::Device);
        assert!(a.sync().is_err());
        a.append(b"kept").unwrap();
        a.sync().unwrap();
        assert_eq!(disk.read("a", 0, 100).unwrap(), b"gonekept");
        disk.power_cut(0);
        assert_eq!(disk.read("a", 0, 100).unwrap(), b"\0\0\0\0kept");
    }

    #[test]
    fn a_full_disk_takes_a_part() {
        let disk = SimulatedDisk::new();
        disk.set_capacity(Some(6));
        let mut a = disk.create("a").unwrap();
        assert_eq!(a.append(b"12345678").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.read("a", 0, 100).unwrap(), b"123456");
        assert_eq!(disk.create("b").unwrap_err().kind(), io::ErrorKind::StorageFull);
        disk.remove("a").unwrap();
        assert!(disk.create("b").is_ok());
    }

    #[test]
    fn seeds_keep_different_parts() {
        let kept = |seed| {
            let disk = SimulatedDisk::new();
            let mut a = disk.create("a").unwrap();
            disk.sync_names().unwrap();
            a.append(&[1; 4 * PAGE]).unwrap();
            disk.power_cut(seed);
            disk.read("a", 0, 100_000).unwrap()
        };
        let all: BTreeSet<Vec<u8>> = (0..100).map(kept).collect();
        assert!(all.len() > 10 && all.contains(&Vec::new()), "{}", all.len());
    }
}
