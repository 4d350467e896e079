//! The folder of memories: one file for each check.
//!
//! ```text
//! engine-state 1 9f86d081884c7d65… 5321
//! {"check":"servicenow","id":"0a1b…","memory":{…}}
//! ```
//!
//! The first line names the form, and the SHA-256 and length of what follows. A file is written
//! aside, synced and renamed, so that there is always a whole one. The folder itself is synced by
//! [`Folder::sync`] only, once for many files; until then a power cut may bring the earlier file back,
//! which repeats data and loses none.
//!
//! All files together are bounded. A file whose instance is gone stays for a month.
//!
//! A file that is damaged is set aside under another name and told of, and the check begins with an
//! empty memory. One that cannot be read for other reasons stays where it is and is not written to.

use super::{Kept, Memory};
use crate::base::limits;
use crate::base::value::Text;
use crate::disk::real::RealDisk;
use crate::disk::{self, Disk, Lock};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What the first line begins with: the name of the form and its version.
const FORM: &str = "engine-state 1";
/// The longest first line.
const HEAD_BYTES: usize = 128;
/// The readable part of a file's name.
const NAME_CHARS: usize = 60;

/// Whose memory it is.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The name of the spec, with that of the instance where it has one.
    pub name: Text,
    /// The id of the check, stable over restarts.
    pub id: u64,
}

/// Where memories lie. Copies are the same folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    sizes: Arc<Mutex<Sizes>>,
    /// Memories that are ahead of their files, which could not be written, by the ids of their checks.
    ahead: Arc<Mutex<BTreeMap<u64, (Owner, Memory)>>>,
}

/// What the files take.
#[derive(Debug, Default)]
struct Sizes {
    /// False until the folder was looked through.
    known: bool,
    files: BTreeMap<String, u64>,
}

/// The part of a file below its first line.
#[derive(Serialize, Deserialize)]
struct Body<M> {
    check: String,
    id: String,
    memory: M,
}

/// A memory that was loaded, and what was wrong with its file.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The memory; empty at first, and where its file was damaged.
    pub memory: Memory,
    /// What a person should know.
    pub warning: Option<String>,
}

/// Why a folder cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLock {
    /// Another process has it.
    InUse(String),
    /// Nothing can be written there.
    Unusable(String),
}

impl Loaded {
    /// Two checks with one id cannot share a file: the later one remembers nothing on disk.
    pub fn twin() -> Self {
        let warning = "this is the same as another instance, so what it remembers is not saved: give it a `name` of its own";
        Loaded { memory: Memory::detached(), warning: Some(warning.to_owned()) }
    }
}

impl Folder {
    /// A folder, which is made when the first file is written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Folder { disk: Arc::new(RealDisk::new(path.clone())), path, sizes: Arc::default(), ahead: Arc::default() }
    }

    /// A folder on another disk than those of the machine.
    pub fn on(disk: Arc<dyn Disk>) -> Self {
        Folder { path: disk.place(""), disk, sizes: Arc::default(), ahead: Arc::default() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the folder for this process, until the answer is dropped.
    ///
    /// # Errors
    /// Another process has it, or nothing can be written there.
    pub fn lock(&self) -> Result<Lock, NoLock> {
        let path = self.path().display();
        self.disk.lock("lock").map_err(|why| match why {
            disk::NoLock::InUse => NoLock::InUse(format!("the state in {path} is in use by another engine")),
            disk::NoLock::Unusable(error) => NoLock::Unusable(format!("{path} cannot be written to: {error}")),
        })
    }

    /// Makes durable that files were replaced. What was saved before this and only that may be taken
    /// out of the spool.
    ///
    /// # Errors
    /// A power cut may bring earlier files back.
    pub fn sync(&self) -> Result<(), String> {
        match self.disk.sync_names() {
            // Nothing was ever saved.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(|error| format!("{} cannot be synced: {error}", self.path().display())),
        }
    }

    /// Removes the files of instances that were not in the configuration for a month, and tells which.
    /// Those that are in it are marked as seen today, by the time of their files.
    pub fn remove_gone(&self, configured: &[Owner], now: Timestamp) -> Vec<PathBuf> {
        let configured: BTreeSet<String> = configured.iter().map(name).collect();
        let now = SystemTime::from(now);
        let mut removed = Vec::new();
        for (name, _) in self.disk.list().unwrap_or_default() {
            if configured.contains(&name) {
                // A time that cannot be set makes a file look older than it is: it is known by name.
                let _ = self.disk.touch(&name, now);
            } else if name.contains(".state") && self.is_gone(&name, now) && self.disk.remove(&name).is_ok() {
                self.sizes().files.remove(&name);
                removed.push(self.disk.place(&name));
            }
        }
        removed
    }

    fn sizes(&self) -> MutexGuard<'_, Sizes> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for a file; what it had before.
    ///
    /// # Errors
    /// All files together would take too much.
    fn reserve(&self, name: &str, bytes: u64) -> Result<u64, String> {
        let mut sizes = self.sizes();
        if !sizes.known {
            sizes.files = self.disk.list().unwrap_or_default().into_iter().collect();
            sizes.known = true;
        }
        let before = sizes.files.get(name).copied().unwrap_or(0);
        let total = sizes.files.values().sum::<u64>() - before + bytes;
        if total > limits::STATE_TOTAL_BYTES && bytes > before {
            let (path, most) = (self.disk.place(name), limits::STATE_TOTAL_BYTES);
            return Err(format!("{} is not written: all memories would take {total} bytes, and {most} are the limit", path.display()));
        }
        sizes.files.insert(name.to_owned(), bytes);
        Ok(before)
    }

    /// The file of a check.
    pub fn file(&self, owner: &Owner) -> PathBuf {
        self.disk.place(&name(owner))
    }

    /// The memory of a check; empty where there is no file.
    pub fn load(&self, owner: &Owner, now: Timestamp) -> Loaded {
        if let Some((_, memory)) = self.ahead().get(&owner.id) {
            return Loaded { memory: memory.clone(), warning: None };
        }
        let (name, path) = (name(owner), self.file(owner));
        // One byte more than is allowed, so that a file that is too large is known for one.
        let most = limits::STATE_FILE_BYTES as usize + HEAD_BYTES + 1;
        let read = || self.disk.read(&name, 0, most);
        // What fails once may do better the next time.
        let again = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Err(error) } else { read() };
        let bytes = match read().or_else(again) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::default(),
            Err(error) => {
                let path = path.display();
                let warning = format!("{path} cannot be read ({error}): the check begins with an empty memory, which is not written there");
                return Loaded { memory: Memory::detached(), warning: Some(warning) };
            }
        };
        match decoded(&bytes, owner) {
            Ok(kept) => Loaded { memory: Memory { kept: Some(Box::new(kept)), detached: false }, warning: None },
            Err(why) => self.set_aside(&name, &why, now),
        }
    }

    /// Writes the memory of a check, or keeps it here for those who load it while it cannot be written.
    ///
    /// # Errors
    /// Why it was not written, with the path.
    pub fn save_or_keep(&self, owner: &Owner, memory: Memory) -> Result<(), String> {
        let saved = self.save(owner, &memory);
        if saved.is_err() {
            self.ahead().insert(owner.id, (owner.clone(), memory));
        }
        saved
    }

    /// Writes the memories that are kept here.
    ///
    /// # Errors
    /// Why one of them was not written.
    pub fn save_kept(&self) -> Result<(), String> {
        let kept: Vec<(Owner, Memory)> = self.ahead().values().cloned().collect();
        kept.iter().try_for_each(|(owner, memory)| self.save(owner, memory))
    }

    fn ahead(&self) -> MutexGuard<'_, BTreeMap<u64, (Owner, Memory)>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the memory of a check. A memory whose file could not be read is left as it is.
    ///
    /// # Errors
    /// Why it was not written, with the path.
    pub fn save(&self, owner: &Owner, memory: &Memory) -> Result<(), String> {
        let (Some(kept), false) = (&memory.kept, memory.detached) else { return Ok(()) };
        let name = name(owner);
        let bytes = encoded(kept, owner)?;
        let before = self.reserve(&name, bytes.len() as u64)?;
        self.write(&name, &bytes).map_err(|error| {
            self.sizes().files.insert(name.clone(), before);
            format!("{} cannot be written: {error}", self.disk.place(&name).display())
        })?;
        self.ahead().remove(&owner.id);
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let aside = format!("{name}.new");
        let mut output = match self.disk.create(&aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.disk.make()?;
                self.disk.create(&aside)?
            }
            created => created?,
        };
        let written = output.append(bytes).and_then(|()| output.sync()).and_then(|()| self.disk.rename(&aside, name));
        // What is left of it takes room that may be short.
        written.inspect_err(|_| drop(self.disk.remove(&aside)))
    }

    /// True if nobody has seen it for a month.
    fn is_gone(&self, name: &str, now: SystemTime) -> bool {
        let seen = self.disk.touched(name);
        seen.is_ok_and(|seen| now.duration_since(seen).is_ok_and(|unseen| unseen >= limits::STATE_GONE))
    }

    fn set_aside(&self, name: &str, why: &str, now: Timestamp) -> Loaded {
        let aside = format!("{name}.broken-{}", now.as_second());
        let renamed = self.disk.rename(name, &aside);
        let (path, place) = (self.disk.place(name), self.disk.place(&aside));
        let (path, place) = (path.display(), place.display());
        let warning = match renamed {
            Ok(()) => format!("{path} is damaged ({why}): it was set aside as {place}, and the check begins with an empty memory"),
            Err(error) => format!("{path} is damaged ({why}) and cannot be set aside ({error}): the check begins with an empty memory"),
        };
        Loaded { memory: Memory::default(), warning: Some(warning) }
    }
}

/// The name of a check's file: a readable name and the id.
fn name(owner: &Owner) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    let name: String = owner.name.chars().take(NAME_CHARS).map(plain).collect();
    format!("{name}.{:016x}.state", owner.id)
}

fn encoded(kept: &Kept, owner: &Owner) -> Result<Vec<u8>, String> {
    let body = Body { check: owner.name.to_string(), id: format!("{:016x}", owner.id), memory: kept };
    let body = serde_json::to_vec(&body).map_err(|error| format!("the memory of {} cannot be written: {error}", owner.name))?;
    if body.len() as u64 > limits::STATE_FILE_BYTES {
        let (size, most) = (body.len(), limits::STATE_FILE_BYTES);
        return Err(format!("the memory of {} takes {size} bytes, and {most} are the limit: it is not written", owner.name));
    }
    let head = format!("{FORM} {} {}\n", hex::encode(Sha256::digest(&body)), body.len());
    Ok([head.into_bytes(), body].concat())
}

/// # Errors
/// What is wrong with the file.
fn decoded(bytes: &[u8], owner: &Owner) -> Result<Kept, String> {
    let end = bytes.iter().take(HEAD_BYTES).position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let (head, rest) = bytes.split_at_checked(end).ok_or("it has no first line")?;
    let body = rest.get(1..).unwrap_or(&[]);
    let head = std::str::from_utf8(head).map_err(|_| "its first line is no text")?;
    let sum = head.strip_prefix(FORM).and_then(|rest| rest.strip_prefix(' '));
    let Some(sum) = sum else { return Err(format!("it does not begin with `{FORM}`: another version has written it, or something else")) };
    if sum != format!("{} {}", hex::encode(Sha256::digest(body)), body.len()) {
        return Err("its content does not fit its checksum".to_owned());
    }
    let body: Body<Kept> = serde_json::from_slice(body).map_err(|error| format!("its content is of another form: {error}"))?;
    if body.id != format!("{:016x}", owner.id) {
        return Err(format!("it is the memory of another check: {}", body.check));
    }
    Ok(body.memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::map::Map;
    use crate::base::value::Value;
    use crate::rows::once::Sightings;
    use crate::state::Changes;
    use proptest::prelude::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn owner() -> Owner {
        Owner { name: "zabbix-Büro/1".into(), id: 0x00ab }
    }

    fn memory() -> Memory {
        let map: Map =
            [("since", Value::Time(Timestamp::UNIX_EPOCH)), ("n", Value::Uint(u64::MAX))].map(|(k, v)| (k.into(), v)).into_iter().collect();
        let mut memory = Memory::default();
        memory.apply(Changes {
            state: Some(Value::map(map.clone())),
            watched: [("checks[a]".into(), "ok".into())].into(),
            once: [("events/a/$.n".into(), Sightings { seen: Vec::new(), sent: vec![(1, 2), (3, 4)], keep: 9 })].into(),
            sources: [("log".into(), map)].into(),
            ..Changes::default()
        });
        memory
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("deep/state"));
        (place, folder)
    }

    fn names(folder: &Folder) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_memory_comes_back_as_it_was() {
        let (_place, folder) = folder();
        assert!(folder.load(&owner(), Timestamp::UNIX_EPOCH).memory.kept.is_none());
        folder.save(&owner(), &memory()).unwrap();
        assert_eq!(names(&folder), ["zabbix-B_ro_1.00000000000000ab.state"]);
        let loaded = folder.load(&owner(), Timestamp::UNIX_EPOCH);
        assert_eq!(loaded.warning, None);
        let text = |memory: &Memory| serde_json::to_string(&memory.kept).unwrap();
        assert_eq!(text(&loaded.memory), text(&memory()));
        assert!(matches!(loaded.memory.state().member("since"), Value::Time(_)));
        let mode = fs::metadata(folder.file(&owner())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_noticed() {
        let whole = encoded(memory().kept.as_ref().unwrap(), &owner()).unwrap();
        assert!(decoded(&whole, &owner()).is_ok());
        for length in 0..whole.len() {
            assert!(decoded(&whole[..length], &owner()).is_err(), "cut to {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut broken = whole.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(decoded(&broken, &owner()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_named() {
        let (_place, folder) = folder();
        folder.save(&owner(), &memory()).unwrap();
        let path = folder.file(&owner());
        fs::write(&path, b"engine-state 1 00 2\n{}").unwrap();
        let loaded = folder.load(&owner(), Timestamp::from_second(1234).unwrap());
        assert!(loaded.memory.kept.is_none() && !loaded.memory.is_detached());
        let warning = loaded.warning.unwrap();
        let aside = path.with_extension("state.broken-1234");
        assert!(warning.contains(&path.display().to_string()) && warning.contains(&aside.display().to_string()), "{warning}");
        assert_eq!(fs::read(&aside).unwrap(), b"engine-state 1 00 2\n{}");
        // It begins anew, and what was set aside stays.
        folder.save(&owner(), &memory()).unwrap();
        assert!(folder.load(&owner(), Timestamp::UNIX_EPOCH).warning.is_none());
        assert_eq!(names(&folder).len(), 2);
    }

    #[test]
    fn files_of_other_versions_and_of_other_checks_are_not_taken() {
        let whole = encoded(memory().kept.as_ref().unwrap(), &owner()).unwrap();
        let newer = String::from_utf8(whole.clone()).unwrap().replacen("engine-state 1", "engine-state 2", 1);
        assert!(decoded(newer.as_bytes(), &owner()).unwrap_err().contains("another version"));
        let other = Owner { id: 0xac, ..owner() };
        assert!(decoded(&whole, &other).unwrap_err().contains("another check"));
        let empty = b"{}";
        let fits = format!("{FORM} {} {}\n{{}}", hex::encode(Sha256::digest(empty)), empty.len());
        assert!(decoded(fits.as_bytes(), &owner()).unwrap_err().contains("another form"));
    }

    /// What cannot be read may be whole: it is neither set aside nor written over.
    #[test]
    fn a_file_that_cannot_be_read_is_left_alone() {
        let (_place, folder) = folder();
        let path = folder.file(&owner());
        fs::create_dir_all(&path).unwrap();
        let loaded = folder.load(&owner(), Timestamp::UNIX_EPOCH);
        assert!(loaded.memory.is_detached() && loaded.warning.is_some());
        let mut own = loaded.memory;
        own.apply(Changes::default());
        folder.save(&owner(), &own).unwrap();
        assert!(path.is_dir() && names(&folder).len() == 1);
    }

    #[test]
    fn a_folder_belongs_to_one_engine_at_a_time() {
        let (_place, folder) = folder();
        let lock = folder.lock().unwrap();
        assert!(matches!(folder.lock(), Err(NoLock::InUse(_))));
        drop(lock);
        assert!(folder.lock().is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        let why = Folder::new(file.join("state")).save(&owner(), &memory()).unwrap_err();
        assert!(why.contains("cannot be written") && why.contains("/file/state/"), "{why}");
        assert!(matches!(Folder::new(file.join("state")).lock(), Err(NoLock::Unusable(_))));
    }

    #[test]
    fn the_record_up_to_which_it_goes_comes_back() {
        let (_place, folder) = folder();
        let mut memory = memory();
        assert_eq!(memory.sequence(), 0);
        memory.apply_record(1_700_000_000_000_123, Changes::default());
        folder.save(&owner(), &memory).unwrap();
        folder.sync().unwrap();
        assert_eq!(folder.load(&owner(), Timestamp::UNIX_EPOCH).memory.sequence(), 1_700_000_000_000_123);
    }

    #[test]
    fn all_files_together_are_bounded() {
        let (_place, folder) = folder();
        fs::create_dir_all(folder.path()).unwrap();
        let other = fs::File::create(folder.path().join("other.0000000000000001.state")).unwrap();
        other.set_len(limits::STATE_TOTAL_BYTES - 10).unwrap();
        let why = folder.save(&owner(), &memory()).unwrap_err();
        assert!(why.contains("all memories would take") && why.contains("268435456"), "{why}");
        other.set_len(limits::STATE_TOTAL_BYTES - 10_000).unwrap();
        // Another look at the folder, as after a restart.
        assert!(Folder::new(folder.path()).save(&owner(), &memory()).is_ok());
    }

    #[test]
    fn the_file_of_an_instance_that_is_gone_goes_after_a_month() {
        let (_place, folder) = folder();
        let gone = Owner { name: "gone".into(), id: 1 };
        folder.save(&owner(), &memory()).unwrap();
        folder.save(&gone, &memory()).unwrap();
        let day = |days: i64| Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let both = [owner(), gone.clone()];
        assert!(folder.remove_gone(&both, day(100)).is_empty());
        // From now on it is gone; the month begins.
        assert!(folder.remove_gone(&[owner()], day(129)).is_empty());
        assert_eq!(folder.remove_gone(&[owner()], day(131)), [folder.file(&gone)]);
        assert_eq!(names(&folder).len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_set_aside(bytes in prop::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
            let (_place, folder) = folder();
            let begin = if head { format!("{FORM} ").into_bytes() } else { Vec::new() };
            fs::create_dir_all(folder.path()).unwrap();
            fs::write(folder.file(&owner()), [begin, bytes].concat()).unwrap();
            let loaded = folder.load(&owner(), Timestamp::UNIX_EPOCH);
            prop_assert!(loaded.warning.is_some() && loaded.memory.kept.is_none());
            prop_assert!(!folder.file(&owner()).exists());
        }
    }
}
