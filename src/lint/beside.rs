//! What lies beside a file: facts of the disk that rules may use, found by the caller.

use crate::base::types::Type;
use crate::base::value::Text;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The types of documents, by source.
pub type Recorded = HashMap<Text, Type>;

/// Facts of the disk.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The folder of the file, where relative paths start.
    pub folder: PathBuf,
    /// True if there are tests for the spec; not known where nothing lies on a disk.
    pub has_tests: Option<bool>,
    /// The types of the answers that tests have recorded, by source.
    pub recorded: Recorded,
    /// The permission bits of a file, if it exists.
    pub mode: fn(&Path) -> Option<u32>,
}

impl Beside {
    /// Nothing is known, as for a text that was not read from a disk.
    pub fn unknown() -> Self {
        Beside { folder: PathBuf::new(), has_tests: None, recorded: Recorded::new(), mode: |_| None }
    }

    /// True if everybody may write the file.
    pub fn is_world_writable(&self, path: &str) -> bool {
        (self.mode)(&self.folder.join(path)).is_some_and(|mode| mode & 0o002 != 0)
    }
}
