//! One folder of files, behind a trait: what a crash may take back is a matter of which calls were
//! made, and only a disk that can be made to forget can show that the right ones are.
//!
//! The calls are those that durability is made of, and no more: append, sync, rename, remove, and the
//! sync of the folder itself, without which a power cut may undo the other two. All of them block.
//! [`real::RealDisk`] is a folder of the machine; [`simulated::SimulatedDisk`] lies in memory, forgets
//! at a power cut what was not synced, and fails where it is told to.

pub mod real;
pub mod simulated;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// One folder and the files in it, by their plain names.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes the folder, for its owner alone, where it is absent.
    ///
    /// # Errors
    /// It cannot be made.
    fn make(&self) -> io::Result<()>;

    /// Takes a file as a sign that the folder is in use, until the answer is dropped.
    ///
    /// # Errors
    /// Another one has it, or nothing can be written here.
    fn lock(&self, name: &str) -> Result<Lock, NoLock>;

    /// A new empty file, for its owner alone; one that was there is emptied.
    ///
    /// # Errors
    /// It cannot be made: no room, no permission.
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>>;

    /// At most so many bytes from an offset on; fewer at the end of the file, none behind it.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    fn read(&self, name: &str, offset: u64, most: usize) -> io::Result<Vec<u8>>;

    /// Makes a file shorter.
    ///
    /// # Errors
    /// There is no such file, or it cannot be written to.
    fn cut(&self, name: &str, length: u64) -> io::Result<()>;

    /// Makes the content of a file durable that another process may have written.
    ///
    /// # Errors
    /// There is no such file, or the disk failed: some of the content may be in memory only.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Gives a file another name; a file that has it is replaced in one step.
    ///
    /// # Errors
    /// There is no such file, or the folder cannot be written to.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// There is no such file, or the folder cannot be written to.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The files with their lengths in bytes, by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;

    /// When a file was last written or touched.
    ///
    /// # Errors
    /// There is no such file, or nobody knows.
    fn touched(&self, name: &str) -> io::Result<SystemTime>;

    /// Notes that somebody had a use for a file.
    ///
    /// # Errors
    /// There is no such file, or it is another one's.
    fn touch(&self, name: &str, now: SystemTime) -> io::Result<()>;

    /// The bytes that can still be written, where the system tells.
    fn room(&self) -> Option<u64>;

    /// Makes names durable: what was made, renamed and removed before.
    ///
    /// # Errors
    /// The disk failed: any of it may be undone by a power cut.
    fn sync_names(&self) -> io::Result<()>;

    /// Where a file lies, for messages; without a name the folder itself.
    fn place(&self, name: &str) -> PathBuf;
}

/// A file that grows at its end.
pub trait Output: Send + fmt::Debug {
    /// Writes all bytes behind what is there.
    ///
    /// # Errors
    /// A part of the bytes may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the content durable, not the name.
    ///
    /// # Errors
    /// Anything since the last sync may be gone, and another sync that succeeds says nothing of it: a
    /// system may take pages that it could not write for clean.
    fn sync(&mut self) -> io::Result<()>;

    /// Makes the file shorter; the next bytes go behind the new end.
    ///
    /// # Errors
    /// It stays as it is.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

/// A folder that is in use by this process until this is dropped.
pub struct Lock {
    _held: Box<dyn Send + Sync>,
}

impl Lock {
    /// A lock that ends with what it is made of.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Lock { _held: Box::new(held) }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lock")
    }
}

/// Why a folder cannot be taken.
#[derive(Debug)]
pub enum NoLock {
    /// Another process has it.
    InUse,
    /// Nothing can be written there.
    Unusable(io::Error),
}
