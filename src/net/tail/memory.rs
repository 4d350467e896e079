//! What is remembered of followed files between runs.
//!
//! One value for each path or pattern: the files in the order in which they are read, rotated ones
//! before the one that took their place. That there is a value at all says that the source was
//! looked at before, so that a file it does not name is new.

use super::records::Between;
use super::spot::{Node, Spot};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::value::Value;
use std::path::PathBuf;

/// A file that is followed, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Its path as the request names it; a rotated file keeps it.
    pub path: String,
    /// Where it was seen last, if not there.
    pub at: Option<PathBuf>,
    /// Device and inode.
    pub node: Node,
    /// When it was last written, in nanoseconds since 1970, as of the last look.
    pub modified: i64,
    /// How far it is read.
    pub spot: Spot,
    /// What is done with it.
    pub fate: Fate,
}

/// What is done with a file that was seen once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is read on, and searched where it was renamed.
    Followed,
    /// It is read to its end or gone; it is remembered so that it is not taken for a new one.
    Done,
    /// A copy of a file that is followed: only read if that one is truncated.
    Copy,
}

impl Tracked {
    /// Where it was seen last.
    pub fn place(&self) -> PathBuf {
        self.at.clone().unwrap_or_else(|| PathBuf::from(&self.path))
    }
}

/// All that is remembered for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The files, oldest first.
    pub files: Vec<Tracked>,
    /// The path at which the next look begins, where the last one did not come to all.
    pub next: Option<String>,
    /// When the last look was, in nanoseconds since 1970.
    pub looked: i64,
}

impl Memory {
    /// Reads what was kept; what cannot be read is as if it had never been read, so that its files
    /// begin again.
    pub fn read(value: &Value) -> Memory {
        let files = value.member("files");
        let files = files.as_list().map(|files| files.iter().filter_map(tracked).collect());
        let looked = integer(&value.member("looked")).unwrap_or(i64::MAX);
        Memory { files: files.unwrap_or_default(), next: value.member("next").as_text().map(str::to_owned), looked }
    }

    /// As a value to keep.
    pub fn written(&self) -> Value {
        let mut map = Map::default();
        map.insert("looked", Value::Int(self.looked));
        map.insert("files", Value::list(self.files.iter().map(written).collect()));
        if let Some(next) = &self.next {
            map.insert("next", Value::text(&**next));
        }
        Value::map(map)
    }

    /// Forgets the oldest of the files that are not at their path any more (`is_current` tells).
    pub fn forget(&mut self, is_current: impl Fn(&Tracked) -> bool) {
        let mut n_left = limits::TAIL_REMEMBERED;
        let mut n_of_path: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let mut kept: Vec<Tracked> = Vec::with_capacity(self.files.len());
        for file in self.files.drain(..).rev() {
            if is_current(&file) {
                kept.push(file);
                continue;
            }
            let of_path = n_of_path.entry(file.path.clone()).or_default();
            if n_left > 0 && *of_path < limits::TAIL_ROTATED {
                (n_left, *of_path) = (n_left - 1, *of_path + 1);
                kept.push(file);
            }
        }
        kept.reverse();
        self.files = kept;
    }
}

fn unsigned(n: u64) -> Value {
    Value::number(Number::Uint(n))
}

fn written(file: &Tracked) -> Value {
    let mut map = Map::with_capacity(10);
    map.insert("path", Value::text(&*file.path));
    if let Some(at) = file.at.as_ref().and_then(|at| at.to_str()) {
        map.insert("at", Value::text(at));
    }
    map.insert("device", unsigned(file.node.device));
    map.insert("inode", unsigned(file.node.inode));
    map.insert("offset", unsigned(file.spot.offset));
    map.insert("modified", Value::Int(file.modified));
    map.insert("head_bytes", unsigned(file.spot.head_bytes));
    map.insert("head", unsigned(file.spot.head));
    map.insert("near", unsigned(file.spot.near));
    match file.spot.between {
        Between::Lines => {}
        Between::Skipping => drop(map.insert("in_line", Value::text(SKIPPING))),
        Between::Open => drop(map.insert("in_line", Value::text(OPEN))),
    }
    match file.fate {
        Fate::Followed => {}
        Fate::Done => drop(map.insert("fate", Value::text(DONE))),
        Fate::Copy => drop(map.insert("fate", Value::text(COPY))),
    }
    Value::map(map)
}

const SKIPPING: &str = "skipping";
const OPEN: &str = "open";
const DONE: &str = "done";
const COPY: &str = "copy";

fn integer(value: &Value) -> Option<i64> {
    match value.as_number()? {
        Number::Int(n) => Some(n),
        Number::Uint(_) | Number::Float(_) => None,
    }
}

fn tracked(value: &Value) -> Option<Tracked> {
    let number = |key: &str| match value.member(key).as_number()? {
        Number::Int(n) => u64::try_from(n).ok(),
        Number::Uint(n) => Some(n),
        Number::Float(_) => None,
    };
    let fate = match value.member("fate").as_text() {
        Some(DONE) => Fate::Done,
        Some(COPY) => Fate::Copy,
        _ => Fate::Followed,
    };
    let between = match value.member("in_line").as_text() {
        Some(SKIPPING) => Between::Skipping,
        Some(OPEN) => Between::Open,
        _ => Between::Lines,
    };
    let head_bytes = number("head_bytes").filter(|n| *n <= limits::TAIL_PRINT)?;
    Some(Tracked {
        path: value.member("path").as_text()?.to_owned(),
        at: value.member("at").as_text().map(PathBuf::from),
        node: Node { device: number("device")?, inode: number("inode")? },
        modified: integer(&value.member("modified"))?,
        spot: Spot { offset: number("offset")?, head_bytes, head: number("head")?, near: number("near")?, between },
        fate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, inode: u64) -> Tracked {
        let node = Node { device: u64::MAX, inode };
        Tracked { path: path.to_owned(), at: None, node, modified: -1, spot: Spot::beginning(), fate: Fate::Followed }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut memory = Memory { files: vec![file("/a", 1), file("/b", 2)], next: Some("/b".to_owned()), looked: 7 };
        memory.files[0].at = Some("/c".into());
        memory.files[0].spot = Spot { offset: 5, head_bytes: 5, head: 3, near: 4, between: Between::Skipping };
        memory.files[1].fate = Fate::Copy;
        memory.files[1].spot.between = Between::Open;
        assert_eq!(Memory::read(&memory.written()), memory);
        assert_eq!(Memory::read(&Value::Int(1)), Memory { looked: i64::MAX, ..Memory::default() });
    }

    #[test]
    fn what_cannot_be_read_begins_again() {
        let Value::Map(map) = written(&file("/a", 1)) else { panic!() };
        for key in ["path", "device", "inode", "offset", "modified", "head_bytes", "head", "near"] {
            let mut map = (*map).clone();
            map.insert(key, Value::Float(0.5));
            assert_eq!(tracked(&Value::map(map)), None, "{key}");
        }
        let mut map = (*map).clone();
        map.insert("head_bytes", Value::Int(1 << 40));
        assert_eq!(tracked(&Value::map(map)), None);
    }

    #[test]
    fn the_oldest_rotated_files_are_forgotten() {
        let mut memory = Memory::default();
        for n in 0..40 {
            memory.files.push(file("/a", n));
        }
        memory.files.push(file("/b", 0));
        memory.forget(|file| file.node.inode == 5);
        let left: Vec<u64> = memory.files.iter().map(|file| file.node.inode).collect();
        assert_eq!(left, [vec![5], (24..40).collect(), vec![0]].concat());
        for n in 0..300 {
            memory.files.push(file(&format!("/{n}"), n));
        }
        memory.forget(|_| false);
        assert_eq!(memory.files.len(), limits::TAIL_REMEMBERED);
    }
}
