//! A folder of texts as one file: tar in the form of POSIX 1988 (ustar), packed with gzip.
//!
//! Written here, since names are short and entries are plain files of one kind: sixty lines against a
//! library for everything that archives can hold.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// A block of tar.
const BLOCK: usize = 512;
/// The longest name of an entry, and of the folders before it.
const NAME_BYTES: usize = 100;
const FOLDER_BYTES: usize = 155;

/// An archive in the making.
pub struct Archive<W: Write> {
    out: GzEncoder<W>,
    /// The time of all entries, seconds since 1970.
    time: i64,
}

impl<W: Write> Archive<W> {
    /// An archive whose entries are from that time.
    pub fn new(out: W, time: i64) -> Self {
        Archive { out: GzEncoder::new(out, Compression::default()), time }
    }

    /// Adds a file, which only its owner may read.
    ///
    /// # Errors
    /// It cannot be written, or the name is too long.
    pub fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.out.write_all(&header(name, content.len(), self.time)?)?;
        self.out.write_all(content)?;
        let rest = content.len().next_multiple_of(BLOCK) - content.len();
        self.out.write_all(&vec![0; rest])
    }

    /// The end of the archive.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.finish()
    }
}

fn header(name: &str, size: usize, time: i64) -> io::Result<Vec<u8>> {
    // The folders may stand by themselves.
    let cuts = name.match_indices('/').filter_map(|(at, _)| Some((name.get(..at)?, name.get(at + 1..)?)));
    let fits = |(folder, name): &(&str, &str)| name.len() <= NAME_BYTES && folder.len() <= FOLDER_BYTES;
    let Some((folder, name)) = std::iter::once(("", name)).chain(cuts).find(fits) else {
        return Err(io::Error::other(format!("the name {name} is too long for an archive")));
    };
    let octal = |n: i64, width: usize| format!("{n:0width$o}\0", width = width - 1).into_bytes();
    let size = octal(i64::try_from(size).map_err(io::Error::other)?, 12);
    let padded = |text: &str, width: usize| [text.as_bytes(), &vec![0; width.saturating_sub(text.len())]].concat();
    let before = [padded(name, NAME_BYTES), octal(0o600, 8), octal(0, 8), octal(0, 8), size, octal(time, 12)].concat();
    let after = [padded("0", 1 + 100), padded("ustar\u{0}00", 8), vec![0; 80], padded(folder, FOLDER_BYTES + 12)].concat();
    // The sum counts its own field as blanks.
    let sum: u32 = before.iter().chain(&after).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
    Ok([before, format!("{sum:06o}\0 ").into_bytes(), after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn tar_reads_it() {
        let mut archive = Archive::new(Vec::new(), 1_700_000_000);
        let long = "x".repeat(1000);
        let deep = format!("a/{}/{}", "d".repeat(90), "n".repeat(90));
        for (name, content) in [("a/one.txt", "1\n"), ("a/empty", ""), (deep.as_str(), long.as_str())] {
            archive.add(name, content.as_bytes()).unwrap();
        }
        assert!(archive.add(&"n".repeat(101), b"").is_err());
        let bytes = archive.finish().unwrap();
        let mut tar = Command::new("tar").args(["-xzOf", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        tar.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = tar.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("1\n{long}"));
    }
}
