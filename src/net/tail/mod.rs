//! Files that grow, read on where the last accepted run stopped.
//!
//! One look reads at most one piece of each file: whole records, about 1 MiB. As many of them as are
//! asked for are given, in UTF-8; the last answer says what to keep, and whether there is more at once.
//! Asked again with what is kept, the same run is given the rest, and then the next look goes on there.
//! Nothing is remembered here between two runs, so a run whose kept value is dropped is simply repeated.
//!
//! A file is followed through rotation by renaming, copying and truncating, removing and creating,
//! and packing with gzip; through several rotations between two looks, too. Lines are never passed
//! over where the file system still has them; they are repeated only where content can no longer
//! be told apart.

mod ahead;
mod follow;
mod memory;
#[cfg(test)]
mod model;
mod piece;
mod records;
mod rest;
mod rotation;
mod spot;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod words;

use super::file::{self, FileRequest, Problem};
use super::{Answer, ExchangeError};
use crate::base::limits;
use crate::base::value::Text;
use follow::{Follow, Followed, Seen};
use jiff::Timestamp;
use memory::{Fate, Memory, Tracked};
use piece::{Manner, Piece};
use records::Between;
use regex::Regex;
use rest::{Rest, Step};
use rotation::Opened;
use spot::{Spot, read_at};

pub use ahead::Ahead;
pub(super) use rotation::modified;
pub(super) use spot::hash;
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// How files are followed.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// True if files that are there at the first look are read from their beginning.
    pub from_beginning: bool,
    /// What the first line of a record of several lines matches.
    pub start: Option<Regex>,
}

/// One look at all files of a request.
///
/// # Errors
/// One sentence that names the file.
pub fn look(request: &FileRequest, tail: &Tail, now: Timestamp) -> Result<Vec<Answer>, ExchangeError> {
    if let Some(rest) = request.ahead.take_rest(request.rounds) {
        return Ok(rest.give(request));
    }
    let look = Look::new(request, tail, now)?;
    let (seen, problems) = look.seen()?;
    let has_seen = !seen.is_empty();
    let kept = request.kept.get(&look.key);
    let failed = |error: io::Error| Problem::of(error).told(&request.pattern);
    let path = (!look.is_glob).then_some(&*request.pattern);
    let (mut follow, mut memory) = match kept {
        None => (Follow::first(path, seen, |opened| look.first_place(opened)).map_err(failed)?, Memory::default()),
        Some(kept) => {
            let mut memory = Memory::read(kept);
            let next = memory.next.take();
            let looked = memory.looked;
            (Follow::again(path, memory, seen, &request.ahead).map_err(failed)?, Memory { next, looked, ..Memory::default() })
        }
    };
    if request.rounds == 0 {
        follow.warnings.extend(problems);
    }
    let (steps, is_more) = look.read(&mut follow, &mut memory.next)?;
    if steps.is_empty() && !is_more && !has_seen && !request.optional && !look.is_rotating(&follow) {
        return Err(file::nothing_there(&request.pattern, look.is_glob));
    }
    memory.looked = look.now;
    memory.files = look.done(follow.files);
    Ok(Rest::all(look.key, memory, steps, is_more, follow.warnings).give(request))
}

/// What one look needs.
struct Look<'r> {
    request: &'r FileRequest,
    tail: &'r Tail,
    encoding: Option<&'static encoding_rs::Encoding>,
    /// In nanoseconds since 1970.
    now: i64,
    key: Text,
    paths: Vec<std::path::PathBuf>,
    is_glob: bool,
}

impl Look<'_> {
    fn new<'r>(request: &'r FileRequest, tail: &'r Tail, now: Timestamp) -> Result<Look<'r>, ExchangeError> {
        let encoding = request.encoding.as_deref().map(file::encoding_of).transpose()?;
        let (paths, is_glob) = file::paths_of(&request.pattern)?;
        let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
        Ok(Look { request, tail, encoding, now, key: request.key(), paths, is_glob })
    }

    /// The files that are there, and what is wrong with others.
    fn seen(&self) -> Result<(Vec<Seen>, Vec<String>), ExchangeError> {
        let (mut seen, mut problems): (Vec<Seen>, Vec<ExchangeError>) = (Vec::new(), Vec::new());
        // Packed files that a pattern names are old ones; they are read where they hold the rest of one.
        for path in self.paths.iter().filter(|path| !(self.is_glob && rotation::is_packed(path))) {
            match Opened::open(path) {
                Ok(opened) if seen.iter().any(|other| other.opened.node == opened.node) => {}
                Ok(opened) => seen.push(Seen { path: path.to_string_lossy().into_owned(), opened }),
                Err(Problem::Missing) => {}
                Err(Problem::Folder) if self.is_glob => {}
                Err(problem) => problems.push(problem.told(path)),
            }
        }
        match problems.is_empty() || !seen.is_empty() {
            true => Ok((seen, problems.into_iter().map(|problem| problem.message).collect())),
            false => Err(problems.swap_remove(0)),
        }
    }

    /// Where a file begins that is there at the first look. A line that is being written then
    /// belongs to the past.
    fn first_place(&self, opened: &Opened) -> io::Result<Spot> {
        if self.tail.from_beginning {
            return Ok(Spot::beginning());
        }
        let is_wide = piece::is_wide(piece::encoding_of(self.encoding, &read_at(&opened.file, 0, 2)?));
        let unit = if is_wide { 2 } else { 1 };
        let end = opened.size - opened.size % unit;
        let mut spot = Spot::at(&opened.file, end)?;
        let last = read_at(&opened.file, end.saturating_sub(unit), unit)?;
        let is_whole = end == 0 || (last.contains(&b'\n') && last.iter().all(|byte| matches!(byte, b'\n' | 0)));
        if !is_whole {
            spot.between = Between::Skipping;
        }
        Ok(spot)
    }

    /// The next piece of each file, as far as one look goes, and whether another look is worth it.
    fn read(&self, follow: &mut Follow, next: &mut Option<String>) -> Result<(Vec<Step>, bool), ExchangeError> {
        let allowed = self.request.max_bytes.saturating_sub(self.request.taken);
        let mut left = usize::try_from(allowed).unwrap_or(usize::MAX).min(limits::TAIL_LOOK);
        let mut steps: Vec<Step> = Vec::new();
        let mut unfinished: HashSet<String> = HashSet::new();
        let mut is_more = false;
        for at in order(&follow.files, next.take()) {
            let successor = follow.files.get(at).is_some_and(|file| has_successor(&follow.files, at, file));
            let Some(file) = follow.files.get_mut(at) else { continue };
            let Some(opened) = &file.opened else { continue };
            if unfinished.contains(&file.tracked.path) || file.tracked.fate == Fate::Copy {
                continue;
            }
            let path = file.tracked.path.clone();
            if left == 0 {
                if opened.is_packed() || opened.size > file.tracked.spot.offset {
                    *next = Some(path);
                    break;
                }
                continue;
            }
            let finish = successor || opened.modified.saturating_add(nanoseconds(limits::TAIL_WAIT)) <= self.now;
            let manner =
                Manner { encoding: self.encoding, start: self.tail.start.as_ref(), wanted: left, finish, ahead: &self.request.ahead };
            let before = file.tracked.spot.clone();
            let piece = match piece::read(opened, &mut file.tracked.spot, &manner) {
                Ok(piece) => piece,
                Err(error) if self.is_glob || !file.is_current => {
                    let place = opened.path.clone();
                    follow.warnings.push(Problem::of(error).told(&place).message);
                    unfinished.insert(path);
                    continue;
                }
                Err(error) => return Err(Problem::of(error).told(Path::new(&path))),
            };
            if opened.is_packed() && piece.is_all {
                file.tracked.fate = Fate::Done;
            }
            self.remark(&path, &piece, &mut follow.warnings);
            if piece.more {
                unfinished.insert(path.clone());
                is_more = true;
            }
            left = left.saturating_sub(piece.body.len());
            if !piece.body.is_empty() {
                let Tracked { node, spot: after, .. } = file.tracked.clone();
                steps.push(Step { path, node, piece, before, after });
            }
        }
        is_more |= next.is_some();
        let is_enough = is_more && allowed <= steps.iter().map(|step| step.piece.body.len() as u64).sum();
        if is_enough {
            follow.warnings.push(words::enough(self.request.max_bytes));
        }
        Ok((steps, is_more && !is_enough))
    }

    fn remark(&self, path: &str, piece: &Piece, warnings: &mut Vec<String>) {
        if piece.n_cut > 0 {
            warnings.push(words::cut(path, piece.n_cut, self.tail.start.is_some()));
        }
        if piece.n_nuls > 0 {
            warnings.push(words::hole(path, piece.n_nuls));
        }
        if let Some(why) = &piece.problem {
            warnings.push(words::damaged(path, why));
        }
    }

    /// True if the file was written a moment ago: it is being rotated.
    fn is_rotating(&self, follow: &Follow) -> bool {
        let last = follow.files.iter().map(|file| file.tracked.modified).max();
        last.is_some_and(|last| last.saturating_add(nanoseconds(limits::TAIL_WAIT)) > self.now)
    }

    /// What is remembered of the files.
    fn done(&self, files: Vec<Followed>) -> Vec<Tracked> {
        let current: HashSet<spot::Node> = files.iter().filter(|file| file.is_current).map(|file| file.tracked.node).collect();
        let rested = self.now.saturating_sub(nanoseconds(limits::TAIL_REST));
        let files = files.into_iter().map(|file| {
            let mut tracked = file.tracked;
            let is_read = file.opened.is_some_and(|opened| opened.size == tracked.spot.offset);
            if is_read && !file.is_current && tracked.modified < rested {
                tracked.fate = Fate::Done;
            }
            tracked
        });
        let mut memory = Memory { files: files.collect(), ..Memory::default() };
        memory.forget(|file| current.contains(&file.node));
        memory.files
    }
}

fn nanoseconds(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// The places of the files in order: from the path on at which the last look stopped.
fn order(files: &[Followed], next: Option<String>) -> Vec<usize> {
    let first = next.and_then(|next| files.iter().position(|file| file.tracked.path == next)).unwrap_or(0);
    (first..files.len()).chain(0..first).collect()
}

/// True if a later file has taken the path over, and has begun.
fn has_successor(files: &[Followed], at: usize, file: &Followed) -> bool {
    let mut later = files.iter().skip(at + 1).filter(|later| later.tracked.path == file.tracked.path);
    !file.is_current && later.any(|later| later.opened.as_ref().is_some_and(|opened| opened.size > 0))
}
