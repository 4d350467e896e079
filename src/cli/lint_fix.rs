//! `--fix` and `--diff` of `engine lint`: edits on the files that were asked for.

use crate::base::span::FileId;
use crate::catalog::Catalog;
use crate::lint::fix::{Which, apply, diff, edits};
use std::path::PathBuf;

/// An edit may make room for another one, but not for ever.
pub const ROUNDS: usize = 8;

/// A file with edits.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Its path.
    pub path: PathBuf,
    /// Its text on the disk.
    pub before: String,
    /// Its text with all edits so far.
    pub after: String,
    /// How many they are.
    pub n_edits: usize,
}

impl Edited {
    /// Writes the file.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn write(&self) -> Result<(), String> {
        std::fs::write(&self.path, &self.after).map_err(|error| format!("{}: {error}", self.path.display()))
    }

    /// What changes, as `patch` takes it.
    pub fn diff(&self) -> String {
        diff(&self.path.to_string_lossy(), &self.before, &self.after)
    }
}

/// Makes the edits of one round; false where there are none.
pub fn edit(catalog: &Catalog, targets: &[PathBuf], which: Which, texts: &mut Vec<Edited>) -> bool {
    let mut files: Vec<FileId> = catalog.problems.iter().filter_map(|problem| problem.edit.as_ref()).map(|edit| edit.span.file).collect();
    files.sort();
    files.dedup();
    let mut any = false;
    for file in files {
        let Some(source) = catalog.sources.get(file) else { continue };
        let Some(path) = targets.iter().find(|path| path.to_string_lossy() == *source.path) else { continue };
        let made = edits(&catalog.problems, file, which);
        if made.is_empty() {
            continue;
        }
        any = true;
        let after = apply(&source.text, &made);
        match texts.iter_mut().find(|known| known.path == *path) {
            Some(known) => {
                known.after = after;
                known.n_edits += made.len();
            }
            None => {
                texts.push(Edited { path: path.clone(), before: source.text.to_string(), after, n_edits: made.len() });
            }
        }
    }
    any
}
