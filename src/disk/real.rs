//! A folder of the machine.

use super::{Disk, Lock, NoLock, Output};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::SystemTime;

/// Files of this folder and no others.
#[derive(Clone, Debug)]
pub struct RealDisk {
    folder: PathBuf,
}

#[derive(Debug)]
struct RealOutput(File);

impl RealDisk {
    /// The folder need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        RealDisk { folder: folder.into() }
    }

    fn writable(&self, name: &str) -> OpenOptions {
        debug_assert!(!name.contains('/'), "names are plain");
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        options
    }
}

impl Disk for RealDisk {
    fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    fn lock(&self, name: &str) -> Result<Lock, NoLock> {
        let open = || self.writable(name).create(true).truncate(false).open(self.place(name));
        let file = self.make().and_then(|()| open()).map_err(NoLock::Unusable)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(NoLock::InUse),
            // Some file systems know no locks.
            Err(TryLockError::Error(_)) | Ok(()) => Ok(Lock::new(file)),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let file = self.writable(name).create(true).truncate(true).open(self.place(name))?;
        Ok(Box::new(RealOutput(file)))
    }

    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.place(name))?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        let length = file.metadata()?.len().saturating_sub(offset);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(most).min(most));
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn cut(&self, name: &str, length: u64) -> io::Result<()> {
        self.writable(name).open(self.place(name))?.set_len(length)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.writable(name).open(self.place(name))?.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.place(from), self.place(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.place(name))
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            if let (true, Ok(name)) = (about.is_file(), entry.file_name().into_string()) {
                files.push((name, about.len()));
            }
        }
        files.sort();
        Ok(files)
    }

    fn touched(&self, name: &str) -> io::Result<SystemTime> {
        fs::metadata(self.place(name))?.modified()
    }

    fn touch(&self, name: &str, now: SystemTime) -> io::Result<()> {
        self.writable(name).open(self.place(name))?.set_modified(now)
    }

    fn room(&self) -> Option<u64> {
        let about = rustix::fs::statvfs(&self.folder).ok()?;
        Some(about.f_bavail.saturating_mul(about.f_frsize))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn place(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.folder.clone() } else { self.folder.join(name) }
    }
}

impl Output for RealOutput {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        self.0.seek(SeekFrom::Start(length)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_is_read_renamed_cut_and_removed() {
        let place = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(place.path().join("deep/spool"));
        disk.make().unwrap();
        let mut output = disk.create("a").unwrap();
        output.append(b"hello world").unwrap();
        output.cut(5).unwrap();
        output.append(b"!").unwrap();
        output.sync().unwrap();
        disk.rename("a", "b").unwrap();
        disk.sync_names().unwrap();
        assert_eq!(disk.list().unwrap(), [("b".to_owned(), 6)]);
        assert_eq!((disk.read("b", 1, 3).unwrap(), disk.read("b", 9, 3).unwrap()), (b"ell".to_vec(), Vec::new()));
        assert_eq!(disk.read("a", 0, 1).unwrap_err().kind(), io::ErrorKind::NotFound);
        disk.cut("b", 2).unwrap();
        disk.sync("b").unwrap();
        assert_eq!(disk.read("b", 0, 100).unwrap(), b"he");
        assert_eq!(fs::metadata(disk.place("b")).unwrap().permissions().mode() & 0o777, 0o600);
        disk.remove("b").unwrap();
        assert!(disk.list().unwrap().is_empty());
    }

    #[test]
    fn a_folder_belongs_to_one_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(place.path());
        let lock = disk.lock("lock").unwrap();
        assert!(matches!(disk.lock("lock"), Err(NoLock::InUse)));
        drop(lock);
        assert!(disk.lock("lock").is_ok());
        fs::write(place.path().join("file"), "").unwrap();
        assert!(matches!(RealDisk::new(place.path().join("file/spool")).lock("lock"), Err(NoLock::Unusable(_))));
    }
}
