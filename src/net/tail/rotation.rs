//! Rotated files: which names they have, and the folder that they are searched in.
//!
//! A file that was renamed is found by its inode under any name. A copy or a packed file has an
//! inode of its own and is found by its content, among the names that rotation gives:
//! `app.log.1`, `app.log-20260101`, `app.log.2.gz`, `app-2026-01-01.log`, `app.log.old`.

use super::spot::Node;
use crate::base::limits;
use crate::net::file::{Problem, open};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A regular file that is open.
#[derive(Debug)]
pub struct Opened {
    /// Its path.
    pub path: PathBuf,
    /// The file.
    pub file: File,
    /// Device and inode.
    pub node: Node,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: i64,
}

impl Opened {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is not there, no regular file, or cannot be read.
    pub fn open(path: &Path) -> Result<Opened, Problem> {
        let (file, data) = open(path)?;
        Ok(Opened { path: path.to_owned(), node: Node::of(&data), size: data.len(), modified: modified(&data), file })
    }

    /// Opens a file, if it is one that can be read.
    pub fn find(path: &Path) -> Option<Opened> {
        Opened::open(path).ok()
    }

    /// True by its name.
    pub fn is_packed(&self) -> bool {
        is_packed(&self.path)
    }
}

/// In nanoseconds.
pub const SECOND: i64 = 1_000_000_000;

/// Nanoseconds since 1970.
pub fn modified(data: &fs::Metadata) -> i64 {
    data.mtime().saturating_mul(SECOND).saturating_add(data.mtime_nsec())
}

/// True for a name of a packed file.
pub fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "gz")
}

/// True if `name` is what a rotation makes of `base`.
pub fn is_rotation(base: &str, name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    if plain == base {
        return name != base;
    }
    if plain.strip_prefix(base).is_some_and(is_mark) {
        return true;
    }
    let Some((stem, ending)) = base.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { return false };
    let middle = plain.strip_prefix(stem).and_then(|rest| rest.strip_suffix(ending)).and_then(|rest| rest.strip_suffix('.'));
    middle.is_some_and(is_mark)
}

/// Sorts rotated files by age, the oldest first: numbers as they count, dates as they read, others
/// by the time of writing. That time alone would not do, since packing may give a file a new one.
pub fn sort(base: &Path, found: &mut [Opened]) {
    let base = base.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let numbers: Vec<Option<u32>> = found.iter().map(|opened| number(&base, &opened.path)).collect();
    if numbers.iter().any(Option::is_none) {
        match found.iter().all(|opened| has_date(&plain_name(&opened.path))) {
            true => found.sort_by_key(|opened| plain_name(&opened.path)),
            false => found.sort_by(|a, b| a.modified.cmp(&b.modified).then_with(|| a.path.cmp(&b.path))),
        }
        return;
    }
    // The newest may be the highest number or, as a rule, number 1. Old files are packed first, and
    // the time of a packed one may be that of packing.
    let (mut n_up, mut n_down) = (0, 0);
    for is_sure in [true, false] {
        let is_open = n_up + n_down == 0;
        for (older, low) in found.iter().zip(&numbers) {
            for (younger, high) in found.iter().zip(&numbers) {
                let counts = match (older.is_packed(), younger.is_packed()) {
                    (true, false) => is_sure,
                    (false, true) => false,
                    (is_packed, _) => older.modified < younger.modified && (is_sure || is_open) && is_packed != is_sure,
                };
                match counts {
                    true if low < high => n_up += 1,
                    true => n_down += 1,
                    false => {}
                }
            }
        }
    }
    found.sort_by_key(|opened| number(&base, &opened.path));
    if n_down >= n_up {
        found.reverse();
    }
}

/// The name that a file had before it was packed.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".gz").map(str::to_owned).unwrap_or(name)
}

fn has_date(name: &str) -> bool {
    name.chars().filter(char::is_ascii_digit).count() >= 6
}

/// The number of a rotated file: `app.log.3.gz`, `app.3.log`.
fn number(base: &str, path: &Path) -> Option<u32> {
    let plain = plain_name(path);
    let own = base.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    let mut numbers = plain.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).skip(own);
    let number = numbers.next().filter(|digits| digits.len() < 6)?;
    numbers.next().is_none().then(|| number.parse().ok()).flatten()
}

/// `.1`, `-20260101`, `.2026-01-01_12`, `.old`, `~`.
fn is_mark(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && (matches!(part, "old" | "bak" | "prev") || part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ':' | '+')))
    };
    text == "~" || text.strip_prefix(['.', '-', '_']).is_some_and(|rest| rest.split(['.', '-', '_']).all(is_part))
}

/// The folders that were looked at, each once.
#[derive(Debug, Default)]
pub struct Folders {
    listed: HashMap<PathBuf, Listing>,
}

/// The names of a folder with their inodes; an error where it cannot be read.
type Listing = Result<Vec<(OsString, u64)>, io::ErrorKind>;

impl Folders {
    /// The entries of the folder that a file is in.
    fn beside(&mut self, path: &Path) -> &Listing {
        let folder = path.parent().unwrap_or(Path::new("/"));
        match self.listed.entry(folder.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(list(folder)),
        }
    }

    /// Forgets what was listed, so that it is listed anew.
    pub fn forget(&mut self) {
        self.listed.clear();
    }

    /// True if the folder of a file can be read.
    pub fn is_readable(&mut self, path: &Path) -> bool {
        self.beside(path).is_ok()
    }

    /// The file with that inode in the folder of `path`, under any name.
    pub fn with_node(&mut self, path: &Path, node: Node) -> Option<Opened> {
        let folder = path.parent()?.to_owned();
        let names = self.beside(path).as_ref().ok()?;
        let found = names.iter().filter(|(_, inode)| *inode == node.inode);
        found.filter_map(|(name, _)| Opened::find(&folder.join(name))).find(|found| found.node == node)
    }

    /// When the folder of a file was last changed, in nanoseconds since 1970.
    pub fn changed(path: &Path) -> Option<i64> {
        fs::metadata(path.parent()?).ok().map(|data| modified(&data))
    }

    /// The newest rotated files of `path`, written at `since` or later, the oldest first. Packed
    /// ones are allowed a second, since packing may lose the fractions.
    pub fn rotations(&mut self, path: &Path, since: i64, most: usize) -> Vec<Opened> {
        let (Some(folder), Some(base)) = (path.parent().map(Path::to_owned), path.file_name()) else { return Vec::new() };
        let base = base.to_string_lossy().into_owned();
        let Ok(names) = self.beside(path) else { return Vec::new() };
        let named = names.iter().filter(|(name, _)| is_rotation(&base, &name.to_string_lossy()));
        // Looked at first, so that a folder full of old files costs no descriptors.
        let mut found: Vec<(i64, PathBuf)> = Vec::new();
        for (name, _) in named {
            let path = folder.join(name);
            let least = if is_packed(&path) { since.saturating_sub(SECOND) } else { since };
            let time = fs::metadata(&path).ok().filter(fs::Metadata::is_file).map(|data| modified(&data));
            found.extend(time.filter(|time| *time >= least).map(|time| (time, path)));
        }
        found.sort();
        let newest = found.split_off(found.len().saturating_sub(most));
        newest.iter().filter_map(|(_, path)| Opened::find(path)).collect()
    }
}

fn list(folder: &Path) -> Listing {
    let entries = fs::read_dir(folder).map_err(|error| error.kind())?;
    let mut out = Vec::new();
    for entry in entries.take(limits::TAIL_FOLDER) {
        let entry = entry.map_err(|error| error.kind())?;
        out.push((entry.file_name(), entry.ino()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_known_by_their_names() {
        let rotated = ["app.log.1", "app.log.10.gz", "app.log.gz", "app.log-20260101", "app.log.2026-01-01", "app.log-20260101-12.gz"];
        let others = ["app.log.old", "app.log~", "app-2026-01-01.log", "app.1.log", "app_2026.log.gz", "app.log.2026-01-01T12:00:00Z"];
        for name in rotated.into_iter().chain(others) {
            assert!(is_rotation("app.log", name), "{name}");
        }
        for name in
            ["app.log", "app.logs", "app.log.txt", "app.log.", "apps.log", "app-error.log", "app.log.1.xz", "other.log.1", "app.log.swp"]
        {
            assert!(!is_rotation("app.log", name), "{name}");
        }
        assert!(is_rotation("messages", "messages.1") && is_rotation("messages", "messages-20260101.gz"));
        assert!(!is_rotation(".log", "x.log"));
    }

    #[test]
    fn files_are_found_by_inode_and_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        for name in ["a.log", "a.log.2", "a.log.1", "b.log.1", "renamed"] {
            fs::write(folder.path().join(name), name).unwrap();
            let file = File::options().append(true).open(folder.path().join(name)).unwrap();
            let seconds = if name == "a.log.2" { 1 } else { 2 };
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        }
        let mut folders = Folders::default();
        let names =
            |found: Vec<Opened>| found.iter().map(|f| f.path.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>();
        assert_eq!(names(folders.rotations(&path, 0, 9)), ["a.log.2", "a.log.1"]);
        assert_eq!(names(folders.rotations(&path, 1_500_000_000, 9)), ["a.log.1"]);
        assert_eq!(names(folders.rotations(&path, 0, 1)), ["a.log.1"]);
        let renamed = Opened::find(&folder.path().join("renamed")).unwrap();
        assert_eq!(folders.with_node(&path, renamed.node).unwrap().path, renamed.path);
        assert!(folders.with_node(&path, Node { device: renamed.node.device + 1, ..renamed.node }).is_none());
        assert!(folders.is_readable(&path) && !folders.is_readable(Path::new("/no/such/file")));
    }
}
