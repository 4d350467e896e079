//! What the operator is told of followed files.

use crate::base::limits;
use crate::base::print::one_line;
use crate::net::words::size;

/// A file that was replaced or truncated, and whose rest is nowhere.
pub fn lost(path: &str, offset: u64) -> String {
    let path = one_line(path);
    format!(
        "`{path}` was replaced or truncated, and no rotated file holds what it had: what was written to it after byte {offset} is not read"
    )
}

/// Records longer than allowed.
pub fn cut(path: &str, count: usize, is_grouped: bool) -> String {
    let (path, most) = (one_line(path), size(limits::TAIL_CHUNK as u64));
    let (what, done) = match (count, is_grouped) {
        (1, false) => ("a line", "its rest is not read"),
        (1, true) => ("a record", "its rest is a record of its own"),
        (_, false) => ("lines", "their rest is not read"),
        (_, true) => ("records", "their rest is a record of its own"),
    };
    format!("`{path}` has {what} longer than {most}: {done}")
}

/// A hole.
pub fn hole(path: &str, count: u64) -> String {
    format!(
        "{count} NUL bytes in `{}` are passed over: a hole, as truncation leaves it under a program that does not append",
        one_line(path)
    )
}

/// A packed file that is damaged or not complete.
pub fn damaged(path: &str, why: &str) -> String {
    format!("the rest of `{}` is in a packed file that cannot be read to its end: {why}", one_line(path))
}

/// One run takes no more.
pub fn enough(most: u64) -> String {
    format!("more than {} are unread (max_bytes): the rest follows in the next run", size(most))
}
