//! Which file is which: the files that are there now against those that were there before.
//!
//! 1. A file that is at its path with its content is read on.
//! 2. Any other file that was followed is searched: under another name by its inode, else as a copy
//!    or packed by its content.
//! 3. Where a path has a new file, rotated files in between that were never seen are put before it.
//! 4. What is left over is new and read from its beginning.
//!
//! In doubt a file counts as new: lines may be repeated, but none is passed over.

use super::memory::{Fate, Memory, Tracked};
use super::rotation::{Folders, Opened, SECOND, is_rotation, sort};
use super::spot::{Node, Spot, read_at, unpack};
use super::words;
use crate::base::limits;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How often the folders are listed again where a file is missing: rotation goes on meanwhile, and
/// one more listing finds what one step of it has moved.
const RELISTED: usize = 2;

/// A file that is at a path of the request.
#[derive(Debug)]
pub struct Seen {
    /// The path as the request names it.
    pub path: String,
    /// The file.
    pub opened: Opened,
}

/// A file that is followed, or was, and what is found of it now.
#[derive(Debug)]
pub struct Followed {
    /// What is remembered.
    pub tracked: Tracked,
    /// The file, where it is to be read.
    pub opened: Option<Opened>,
    /// True if it is the file at its path.
    pub is_current: bool,
    /// When it was last written as of the last look.
    before: i64,
    /// True if nothing was known of it but that it was empty.
    was_blank: bool,
}

impl Followed {
    fn known(tracked: Tracked) -> Followed {
        let (before, was_blank) = (tracked.modified, tracked.spot.is_blank());
        Followed { tracked, opened: None, is_current: false, before, was_blank }
    }

    fn new(path: String, opened: Opened, spot: Spot, fate: Fate) -> Followed {
        let tracked = Tracked { path, at: None, node: opened.node, modified: opened.modified, spot, fate };
        let mut followed = Followed::known(tracked);
        followed.found(opened);
        followed
    }

    fn found(&mut self, opened: Opened) {
        let place = std::fs::canonicalize(&opened.path).unwrap_or_else(|_| opened.path.clone());
        self.tracked.at = (place != Path::new(&self.tracked.path)).then_some(place);
        self.tracked.node = opened.node;
        self.tracked.modified = opened.modified;
        self.opened = Some(opened);
    }

    fn is_same_path(&self, other: &Followed) -> bool {
        self.tracked.path == other.tracked.path && self.tracked.fate == Fate::Followed
    }

    /// True if it is this very file. An inode is used again as soon as its file is removed.
    fn is(&self, opened: &Opened) -> bool {
        self.tracked.node == opened.node && (self.opened.is_some() || (!self.tracked.spot.is_blank() && self.fits(opened)))
    }

    fn fits(&self, opened: &Opened) -> bool {
        let spot = &self.tracked.spot;
        if opened.is_packed() {
            return spot.unpacked(&opened.file).is_ok_and(|content| content.is_some());
        }
        spot.fits(&opened.file, opened.size).unwrap_or(false)
    }

    /// True if a file that fits has nothing behind the place that this one does not have there.
    fn goes_on_like(&self, found: &Opened) -> io::Result<bool> {
        let spot = &self.tracked.spot;
        let mut rest = Vec::new();
        if !found.is_packed() {
            rest = read_at(&found.file, spot.offset, found.size.saturating_sub(spot.offset).min(limits::TAIL_COMPARED))?;
        } else if let Some(unpacking) = spot.unpacked(&found.file)? {
            unpacking.content.take(limits::TAIL_COMPARED).read_to_end(&mut rest)?;
        }
        let own = self.opened.as_ref().map(|own| read_at(&own.file, spot.offset, rest.len() as u64)).transpose()?;
        Ok(own.is_some_and(|own| own.starts_with(&rest)))
    }

    /// True if the file is a copy of this one as far as it is known, or this one of it.
    fn is_whole_copy(&self, opened: &Opened) -> bool {
        let spot = &self.tracked.spot;
        if spot.is_blank() {
            return false;
        }
        if opened.is_packed() {
            let Ok(Some(mut unpacking)) = spot.unpacked(&opened.file) else { return false };
            return matches!(unpacking.content.read(&mut [0]), Ok(0));
        }
        opened.size == spot.offset && self.fits(opened)
    }

    /// True if this file is still there, and a packed one ends too early and holds only what this
    /// one holds.
    fn is_being_packed_into(&self, packed: &Opened) -> bool {
        let Some(own) = &self.opened else { return false };
        let mut content = Vec::new();
        let Ok(unpacking) = unpack(&packed.file) else { return false };
        let is_cut = unpacking.take(limits::TAIL_COMPARED).read_to_end(&mut content).is_err();
        is_cut && read_at(&own.file, 0, content.len() as u64).is_ok_and(|own| own == content)
    }
}

/// All files of one look.
#[derive(Debug, Default)]
pub struct Follow {
    /// In the order in which they are read.
    pub files: Vec<Followed>,
    /// What is to be told.
    pub warnings: Vec<String>,
    folders: Folders,
}

impl Follow {
    /// The first look: where each file begins is what `place` says. `path` is the path of the
    /// request, if it is no pattern.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn first(path: Option<&Path>, seen: Vec<Seen>, place: impl Fn(&Opened) -> io::Result<Spot>) -> io::Result<Follow> {
        let mut follow = Follow::default();
        let nodes: HashSet<Node> = seen.iter().map(|seen| seen.opened.node).collect();
        let paths: HashSet<PathBuf> = seen.iter().map(|seen| seen.opened.path.clone()).chain(path.map(Path::to_owned)).collect();
        for path in paths {
            // Else a file that was rotated before could pass for a new one, once it is packed.
            for earlier in follow.folders.rotations(&path, i64::MIN, limits::TAIL_EARLIER) {
                if !earlier.is_packed() && !nodes.contains(&earlier.node) {
                    follow.remember(&path.to_string_lossy(), earlier, Fate::Done)?;
                }
            }
        }
        for seen in seen {
            let spot = place(&seen.opened)?;
            let followed = Followed::new(seen.path, seen.opened, spot, Fate::Followed);
            follow.files.push(Followed { is_current: true, ..followed });
        }
        Ok(follow)
    }

    /// A later look; `path` as for the first one.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn again(path: Option<&Path>, memory: Memory, seen: Vec<Seen>) -> io::Result<Follow> {
        let looked = memory.looked;
        // Nothing is known of a file that was empty to its end.
        let files = memory.files.into_iter().filter(|file| file.fate != Fate::Done || !file.spot.is_blank());
        let files = files.map(Followed::known).collect();
        let mut follow = Follow { files, ..Follow::default() };
        let fresh = follow.link(seen)?;
        follow.search(&fresh);
        follow.between(path, &fresh, looked)?;
        follow.begin(fresh)?;
        Ok(follow)
    }

    /// Files at a path of the request that are known; the others come back.
    fn link(&mut self, seen: Vec<Seen>) -> io::Result<Vec<Seen>> {
        let mut fresh = Vec::new();
        for seen in seen {
            let node = seen.opened.node;
            let mut found = None;
            for (at, file) in self.files.iter().enumerate().rev().filter(|(_, file)| file.opened.is_none() && file.tracked.node == node) {
                // Of an empty file only the inode is known, which may be that of a copy by now.
                let is_copy = || self.files.iter().any(|other| other.tracked.node != node && !other.was_blank && other.fits(&seen.opened));
                if file.tracked.spot.fits(&seen.opened.file, seen.opened.size)? && !(file.was_blank && is_copy()) {
                    found = Some(at);
                    break;
                }
            }
            let Some(file) = found.and_then(|at| self.files.get_mut(at)) else {
                fresh.push(seen);
                continue;
            };
            if !is_rotation(&name(&file.tracked.path), &name(&seen.path)) {
                file.tracked.path = seen.path;
                file.is_current = true;
            }
            file.found(seen.opened);
        }
        // An inode that is used again may put a new file in the place of an old one.
        self.files.sort_by_key(|file| file.is_current);
        Ok(fresh)
    }

    /// Files that are not where they were.
    fn search(&mut self, fresh: &[Seen]) {
        for at in 0..self.files.len() {
            let Some(file) = self.files.get(at) else { continue };
            if file.opened.is_some() || file.tracked.fate != Fate::Followed {
                continue;
            }
            let is_replaced = fresh.iter().any(|seen| seen.path == file.tracked.path);
            let is_last = !self.files.iter().skip(at + 1).any(|later| later.is_same_path(file));
            let mut found = self.renamed(at, fresh).or_else(|| self.copied(at));
            for _ in 0..RELISTED {
                if found.is_some() {
                    break;
                }
                // It may have been renamed or packed since its folder was listed.
                self.folders.forget();
                found = self.renamed(at, fresh).or_else(|| self.copied(at));
            }
            let is_readable = self.files.get(at).is_some_and(|file| self.folders.is_readable(&file.tracked.place()));
            let Some(file) = self.files.get_mut(at) else { continue };
            match found {
                Some(found) => file.found(found),
                // It may come back with its folder.
                None if !is_readable => {}
                None => {
                    file.tracked.fate = Fate::Done;
                    if is_replaced && is_last && !file.was_blank {
                        self.warnings.push(words::lost(&file.tracked.path, file.tracked.spot.offset));
                    }
                }
            }
        }
        // A copy that is read now is no mere copy any more.
        let read: HashSet<Node> = self.files.iter().filter(|file| file.opened.is_some()).map(|file| file.tracked.node).collect();
        self.files.retain(|file| file.tracked.fate != Fate::Copy || file.opened.is_some() || !read.contains(&file.tracked.node));
    }

    /// The same inode under another name.
    fn renamed(&mut self, at: usize, fresh: &[Seen]) -> Option<Opened> {
        let file = self.files.get(at)?;
        let (node, place) = (file.tracked.node, file.tracked.place());
        // Truncated or written anew in its place: its content is elsewhere.
        if fresh.iter().any(|seen| seen.opened.node == node && seen.path == file.tracked.path) {
            return None;
        }
        let here = Opened::find(&place).filter(|opened| opened.node == node);
        let found = here.or_else(|| self.folders.with_node(&place, node));
        let found = found.or_else(|| self.folders.with_node(Path::new(&file.tracked.path), node))?;
        let file = self.files.get(at)?;
        // Of an empty file only the inode is known, which may be that of a copy by now.
        let is_copy =
            file.was_blank && self.files.iter().any(|other| !other.tracked.spot.is_blank() && other.opened.is_none() && other.fits(&found));
        (!is_copy && file.fits(&found)).then_some(found)
    }

    /// The same content in another file, or packed: the oldest that fits.
    fn copied(&mut self, at: usize) -> Option<Opened> {
        let file = self.files.get(at)?;
        if file.was_blank {
            return None;
        }
        let candidates = self.rotations(&[PathBuf::from(&file.tracked.path), file.tracked.place()], file.before - SECOND);
        let file = self.files.get(at)?;
        candidates.into_iter().find(|found| {
            let is_other = |other: &Followed| other.tracked.fate != Fate::Copy && other.is(found);
            !self.files.iter().any(is_other) && file.fits(found)
        })
    }

    /// Rotated files of several paths that are the same to us, each once.
    fn rotations(&mut self, paths: &[PathBuf], since: i64) -> Vec<Opened> {
        let mut found: Vec<Opened> = Vec::new();
        for path in paths {
            for opened in self.folders.rotations(path, since, limits::TAIL_FOUND) {
                if !found.iter().any(|other| other.node == opened.node) {
                    found.push(opened);
                }
            }
        }
        // While a file is being packed, both are there. The plain one may be too old to be found
        // here, and the packed one is not whole until it is gone.
        found.retain(|opened| !opened.is_packed() || !opened.path.with_extension("").exists());
        if let Some(path) = paths.first() {
            sort(path, &mut found);
        }
        found
    }

    /// Rotated files that were never seen, and copies of files that are not truncated yet.
    fn between(&mut self, path: Option<&Path>, fresh: &[Seen], looked: i64) -> io::Result<()> {
        let known = self.files.iter().map(|file| &file.tracked.path);
        let mut paths: Vec<String> = known.chain(fresh.iter().map(|seen| &seen.path)).cloned().collect();
        paths.extend(path.map(|path| path.to_string_lossy().into_owned()));
        let mut told = HashSet::new();
        paths.retain(|path| told.insert(path.clone()));
        for path in paths {
            let last = self.files.iter().rev().find(|file| file.tracked.path == path && file.tracked.fate != Fate::Copy);
            // A path that had no file may have had several since the last look.
            let never = (false, true, looked, PathBuf::from(&path));
            let known = last.map(|last| (last.is_current, last.was_blank, last.before, last.tracked.place()));
            let (is_current, was_blank, before, place) = known.unwrap_or(never);
            let is_new = last.is_none() || fresh.iter().any(|seen| seen.path == path);
            let is_changed = || Folders::changed(&place).is_none_or(|time| time >= looked.saturating_sub(2 * SECOND));
            if !is_new && !is_changed() {
                continue;
            }
            let mut base = vec![PathBuf::from(&path)];
            if is_current {
                base.push(place);
            }
            let mut takes_new = is_new || was_blank || !is_current;
            let rotated = self.rotations(&base, before);
            let mut younger: Vec<Node> = rotated.iter().rev().map(|found| found.node).collect();
            for found in rotated {
                younger.pop();
                takes_new |= self.unknown(&path, found, takes_new.then_some(&younger), before)?;
            }
        }
        Ok(())
    }

    /// One rotated file: known, a copy, or one that was never seen. True if it shows that the file
    /// at the path is another one than it seemed. New ones are taken if it is said which are
    /// younger.
    fn unknown(&mut self, path: &str, found: Opened, takes_new: Option<&Vec<Node>>, before: i64) -> io::Result<bool> {
        if self.files.iter().any(|file| file.is(&found)) {
            return Ok(false);
        }
        let current = self.files.iter().position(|file| file.tracked.path == path && file.is_current && !file.tracked.spot.is_blank());
        if let Some((at, file)) = current.and_then(|at| Some((at, self.files.get_mut(at)?)))
            && file.fits(&found)
        {
            if file.goes_on_like(&found)? {
                return if found.is_packed() { Ok(false) } else { self.remember(path, found, Fate::Copy).map(|()| false) };
            }
            // Both hold what was read, and then differ: what was read is now in the rotated one.
            let spot = std::mem::replace(&mut file.tracked.spot, Spot::beginning());
            self.files.insert(at, Followed::new(path.to_owned(), found, spot, Fate::Followed));
            return Ok(true);
        }
        if self.files.iter().any(|file| file.is_whole_copy(&found)) {
            return Ok(false);
        }
        // Some programs pack under another name; until the packed file is whole, it is a beginning
        // of the file that it is made of.
        if found.is_packed() && self.files.iter().any(|file| file.tracked.path == path && file.is_being_packed_into(&found)) {
            return Ok(false);
        }
        // In the moment of the last look itself a copy may have been made, which ends before the
        // place that was reached.
        let is_tie = found.modified <= before && !found.is_packed();
        let starts_alike = || {
            let mut same = self.files.iter().filter(|file| file.tracked.path == path && !file.was_blank);
            same.any(|file| {
                Spot { offset: 0, near: Spot::beginning().near, ..file.tracked.spot.clone() }.fits(&found.file, found.size).unwrap_or(false)
            })
        };
        let Some(younger) = takes_new.filter(|_| !is_tie || !starts_alike()) else { return Ok(false) };
        // Before the file that is at the path now, and before one of which nothing was read.
        let new = Followed::new(path.to_owned(), found, Spot::beginning(), Fate::Followed);
        let is_later =
            |file: &Followed| file.is_current || (file.was_blank && file.opened.is_some() && younger.contains(&file.tracked.node));
        let place = self.files.iter().position(|file| file.tracked.path == path && is_later(file)).unwrap_or(self.files.len());
        self.files.insert(place, new);
        Ok(false)
    }

    /// Files that are new.
    fn begin(&mut self, fresh: Vec<Seen>) -> io::Result<()> {
        for seen in fresh {
            let is_claimed = self.files.iter().any(|file| file.opened.is_some() && file.tracked.node == seen.opened.node);
            if is_claimed {
                continue;
            }
            let copied = self.files.iter().find(|file| {
                let is_rotated = is_rotation(&name(&file.tracked.path), &name(&seen.path));
                is_rotated && !file.tracked.spot.is_blank() && file.fits(&seen.opened)
            });
            if let Some(path) = copied.map(|file| file.tracked.path.clone()) {
                self.remember(&path, seen.opened, Fate::Copy)?;
                continue;
            }
            let followed = Followed::new(seen.path, seen.opened, Spot::beginning(), Fate::Followed);
            self.files.push(Followed { is_current: true, ..followed });
        }
        Ok(())
    }

    /// Remembers a file that is not read.
    fn remember(&mut self, path: &str, opened: Opened, fate: Fate) -> io::Result<()> {
        let spot = Spot::at(&opened.file, opened.size)?;
        let mut followed = Followed::new(path.to_owned(), opened, spot, fate);
        followed.opened = None;
        self.files.push(followed);
        Ok(())
    }
}

fn name(path: &str) -> String {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
