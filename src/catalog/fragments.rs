//! Fragments on disk: files below the folder of the specs.

use super::files::{is_yaml, read_text};
use crate::base::limits;
use crate::base::span::{FileId, Sources};
use crate::spec::share::FragmentStore;
use std::path::Path;

/// The fragments of one folder of specs.
#[derive(Clone, Copy, Debug)]
pub struct Disk<'d> {
    /// The folder of the specs.
    pub specs: &'d Path,
}

impl FragmentStore for Disk<'_> {
    fn open(&mut self, path: &str, sources: &mut Sources) -> Result<FileId, String> {
        let path = self.specs.join(path);
        if !is_yaml(&path) {
            return Err(format!("{} does not end with .yaml or .yml", path.display()));
        }
        let text = read_text(&path, limits::SPEC_BYTES).map_err(|why| format!("{}: {why}", path.display()))?;
        let shown = path.to_string_lossy();
        Ok(sources.known(&shown, &text).unwrap_or_else(|| sources.add(&shown, text)))
    }
}
