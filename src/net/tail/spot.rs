//! A place in a file, and whether a file is the one that it was taken in.
//!
//! Device and inode alone do not tell: inodes are used again, a file may be truncated and grow
//! past the place, and a rotation may copy or compress. So a place also knows the first 256 bytes
//! of its file and the 256 bytes before itself, each as a hash. Where both are found again, the
//! file holds what was read, up to the place.

use super::records::Between;
use crate::base::limits;
use flate2::read::MultiGzDecoder;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

impl Node {
    /// Of an open file.
    pub fn of(data: &Metadata) -> Node {
        Node { device: data.dev(), inode: data.ino() }
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// How many bytes of the (unpacked) content are done.
    pub offset: u64,
    /// How many of the first bytes `head` stands for.
    pub head_bytes: u64,
    /// The hash of the first bytes.
    pub head: u64,
    /// The hash of the last bytes before the offset.
    pub near: u64,
    /// Where in a line this is.
    pub between: Between,
}

/// The content of a packed file, from a place on.
pub struct Unpacking {
    /// What was unpacked already and follows here.
    pub rest: Vec<u8>,
    /// What follows then.
    pub content: MultiGzDecoder<BufReader<Reading>>,
    /// The last bytes before it.
    pub before: Vec<u8>,
}

impl Spot {
    /// The beginning of any file.
    pub fn beginning() -> Spot {
        Spot { offset: 0, head_bytes: 0, head: hash(&[]), near: hash(&[]), between: Between::Lines }
    }

    /// A place in a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn at(file: &File, offset: u64) -> io::Result<Spot> {
        let mut spot = Spot::beginning();
        spot.advance(file, offset)?;
        Ok(spot)
    }

    /// Moves on to `offset` in the same file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn advance(&mut self, file: &File, offset: u64) -> io::Result<()> {
        if self.head_bytes < limits::TAIL_PRINT {
            let head = read_at(file, 0, limits::TAIL_PRINT)?;
            (self.head_bytes, self.head) = (head.len() as u64, hash(&head));
        }
        if offset != self.offset {
            let from = offset.saturating_sub(limits::TAIL_PRINT);
            self.near = hash(&read_at(file, from, offset - from)?);
            self.offset = offset;
        }
        Ok(())
    }

    /// True if nothing is known of the file but its inode: it was empty.
    pub fn is_blank(&self) -> bool {
        self.head_bytes == 0
    }

    /// True if the file holds what was read up to here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fits(&self, file: &File, size: u64) -> io::Result<bool> {
        if size < self.offset || size < self.head_bytes || hash(&read_at(file, 0, self.head_bytes)?) != self.head {
            return Ok(false);
        }
        let from = self.offset.saturating_sub(limits::TAIL_PRINT);
        Ok(hash(&read_at(file, from, self.offset - from)?) == self.near)
    }

    /// The content of a packed file from here on; `None` if it is the content of another file.
    ///
    /// # Errors
    /// When the file cannot be read or is not packed with gzip.
    pub fn unpacked(&self, file: &File) -> io::Result<Option<Unpacking>> {
        let mut content = unpack(file)?;
        let mut head = Vec::new();
        (&mut content).take(self.head_bytes).read_to_end(&mut head)?;
        if head.len() as u64 != self.head_bytes || hash(&head) != self.head {
            return Ok(None);
        }
        let (mut before, mut left) = (head, self.offset.checked_sub(self.head_bytes));
        if left.is_none() {
            // Less was read than the head holds, and a decoder does not go back.
            content = unpack(file)?;
            (before, left) = (Vec::new(), Some(self.offset));
        }
        let left = left.unwrap_or_default();
        let n_skipped = skip(&mut content, &mut before, left)?;
        Ok((n_skipped == left && hash(&before) == self.near).then_some(Unpacking { rest: Vec::new(), content, before }))
    }

    /// Moves on by `done` bytes of a packed file; the last bytes before the new place come back.
    pub fn advance_unpacked(&mut self, before: &[u8], done: &[u8]) -> Vec<u8> {
        let print = limits::TAIL_PRINT as usize;
        if self.offset == 0 {
            let head = done.get(..print).unwrap_or(done);
            (self.head_bytes, self.head) = (head.len() as u64, hash(head));
        }
        let last = last_bytes(before, done);
        self.near = hash(&last);
        self.offset += done.len() as u64;
        last
    }
}

/// The last bytes of two parts of a file that follow one another.
pub fn last_bytes(before: &[u8], done: &[u8]) -> Vec<u8> {
    let print = limits::TAIL_PRINT as usize;
    let mut last = [before, done.get(done.len().saturating_sub(print)..).unwrap_or(done)].concat();
    last.drain(..last.len().saturating_sub(print));
    last
}

/// The content of a packed file from its beginning.
///
/// # Errors
/// When the file cannot be read.
pub fn unpack(file: &File) -> io::Result<MultiGzDecoder<BufReader<Reading>>> {
    let reading = Reading { file: file.try_clone()?, at: 0 };
    Ok(MultiGzDecoder::new(BufReader::with_capacity(64 << 10, reading)))
}

/// Reads a file with a place of its own: clones of a file share theirs.
pub struct Reading {
    file: File,
    at: u64,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Passes over `count` bytes, or as many as there are; `before` then holds the last ones.
fn skip(content: &mut impl Read, before: &mut Vec<u8>, count: u64) -> io::Result<u64> {
    let print = limits::TAIL_PRINT as usize;
    let mut buffer = vec![0; 64 << 10];
    let mut content = content.take(count);
    let mut n_skipped = 0;
    loop {
        let n = content.read(&mut buffer)?;
        if n == 0 {
            return Ok(n_skipped);
        }
        n_skipped += n as u64;
        before.extend_from_slice(buffer.get(n.saturating_sub(print)..n).unwrap_or_default());
        before.drain(..before.len().saturating_sub(print));
    }
}

/// Up to `count` bytes from a place on; fewer only at the end of the file.
///
/// # Errors
/// When the file cannot be read.
pub fn read_at(file: &File, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut buffer = Vec::with_capacity(count);
    while buffer.len() < count {
        let at = from + buffer.len() as u64;
        match pread(file, spare_capacity(&mut buffer), at) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // There may have been more room than was asked for.
    buffer.truncate(count);
    Ok(buffer)
}

/// 63 bits of SHA-256: the same on every machine and in every version, and a plain integer in JSON.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(Sha256::digest(bytes)).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(first) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, u64) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        (file, content.len() as u64)
    }

    #[test]
    fn a_file_that_grew_fits_and_one_with_other_content_does_not() {
        let content: Vec<u8> = (0..2000_u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        for offset in [0, 1, 100, 256, 300, 1000] {
            let (old, _) = file(&content[..1000]);
            let spot = Spot::at(old.as_file(), offset).unwrap();
            let (grown, size) = file(&content);
            assert!(spot.fits(grown.as_file(), size).unwrap(), "{offset}");
            assert!(!spot.fits(grown.as_file(), offset.min(255)).unwrap(), "too short: {offset}");
            let (other, size) = file(&content[1..]);
            assert!(!spot.fits(other.as_file(), size).unwrap(), "other head: {offset}");
            let mut changed = content.clone();
            changed[999] = b'x';
            let (changed, size) = file(&changed);
            assert_eq!(spot.fits(changed.as_file(), size).unwrap(), offset != 1000, "{offset}");
        }
    }

    #[test]
    fn a_short_file_is_known_by_what_it_had() {
        let (short, _) = file(b"ab");
        let mut spot = Spot::at(short.as_file(), 1).unwrap();
        let (grown, size) = file(b"abcd");
        assert!(spot.fits(grown.as_file(), size).unwrap());
        spot.advance(grown.as_file(), 4).unwrap();
        assert_eq!((spot.head_bytes, spot.offset), (4, 4));
        let (other, size) = file(b"abx");
        assert!(!spot.fits(other.as_file(), size).unwrap());
        assert!(Spot::beginning().fits(other.as_file(), size).unwrap());
    }

    #[test]
    fn a_packed_file_is_read_from_the_place_on() {
        let content: Vec<u8> = (0..30_000_u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        let (plain, _) = file(&content);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&content).unwrap();
        let (packed, _) = file(&encoder.finish().unwrap());
        for offset in [0, 10, 255, 256, 257, 70_000, content.len()] {
            let spot = Spot::at(plain.as_file(), offset as u64).unwrap();
            let mut rest = Vec::new();
            let mut left = spot.unpacked(packed.as_file()).unwrap().unwrap();
            left.content.read_to_end(&mut rest).unwrap();
            assert!(rest == content[offset..], "{offset}");
            let mut other = spot.clone();
            other.near ^= 1;
            assert!(other.unpacked(packed.as_file()).unwrap().is_none());
            let mut moved = spot.clone();
            moved.advance_unpacked(&left.before, &rest);
            assert_eq!(moved.near, Spot::at(plain.as_file(), content.len() as u64).unwrap().near);
        }
        assert!(Spot::at(plain.as_file(), 9).unwrap().unpacked(plain.as_file()).is_err());
    }
}
