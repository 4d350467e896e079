//! A file that grows up to a size and is then put aside: `name`, `name.1` the one before, and so on.

use crate::net::words;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that lines are appended to.
#[derive(Debug)]
pub struct Rotating {
    path: PathBuf,
    most_bytes: u64,
    /// How many files that were put aside stay.
    n_kept: usize,
    open: Option<(File, u64)>,
}

impl Rotating {
    /// A file that is opened when the first line comes.
    pub fn new(path: PathBuf, most_bytes: u64, n_kept: usize) -> Self {
        Rotating { path, most_bytes, n_kept, open: None }
    }

    /// Appends whole lines and waits until the disk has them.
    ///
    /// # Errors
    /// What went wrong, with the path. Lines may have been written in part: they are written again.
    pub fn append(&mut self, lines: &[u8]) -> Result<(), String> {
        let written = self.write(lines);
        written.map_err(|error| {
            // The next attempt begins with a file of which it knows how long it is.
            self.open = None;
            format!("`{}` cannot be written: {}", self.path.display(), words::of_io(&error))
        })
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let more = lines.len() as u64;
        if self.opened()?.1 > 0 && self.opened()?.1 + more > self.most_bytes {
            self.open = None;
            self.put_aside()?;
        }
        let (file, length) = self.opened()?;
        let before = *length;
        let written = file.write_all(lines).and_then(|()| file.sync_data());
        if written.is_err() {
            // What was written in part must not become the beginning of the next line.
            let _ = file.set_len(before);
        }
        *length = before + more;
        written
    }

    fn opened(&mut self) -> io::Result<&mut (File, u64)> {
        // Another program may have put the file aside itself.
        if self.open.is_some() && !self.path.exists() {
            self.open = None;
        }
        let (file, length) = match self.open.take() {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
                let length = file.metadata()?.len();
                (file, length)
            }
        };
        Ok(self.open.insert((file, length)))
    }

    fn put_aside(&self) -> io::Result<()> {
        if self.n_kept == 0 {
            return fs::remove_file(&self.path);
        }
        for n in (1..self.n_kept).rev() {
            rename_if_there(&numbered(&self.path, n), &numbered(&self.path, n + 1))?;
        }
        rename_if_there(&self.path, &numbered(&self.path, 1))
    }
}

fn numbered(path: &Path, n: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    name.into()
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_only_so_many_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut file = Rotating::new(path.clone(), 10, 2);
        for n in 1..=4 {
            file.append(format!("line {n}\n").as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        assert_eq!(read("lines").as_deref(), Some("line 4\n"));
        assert_eq!(read("lines.1").as_deref(), Some("line 3\n"));
        assert_eq!(read("lines.2").as_deref(), Some("line 2\n"));
        assert_eq!(read("lines.3"), None);
    }

    #[test]
    fn a_file_goes_on_after_a_restart_and_after_it_was_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        Rotating::new(path.clone(), 100, 2).append(b"a\n").unwrap();
        let mut file = Rotating::new(path.clone(), 100, 2);
        file.append(b"b\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
        fs::remove_file(&path).unwrap();
        file.append(b"c\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "c\n");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let error = Rotating::new("/no/such/folder/lines".into(), 10, 1).append(b"a\n").unwrap_err();
        assert_eq!(error, "`/no/such/folder/lines` cannot be written: no such file or folder");
    }
}
