//! The files of a test: laid down in a folder of their own and read by the real reader.
//!
//! So tails follow rotations, patterns are matched, encodings and sizes are judged as in a real run.
//! The paths that a spec sees are those it asked for.

use super::answer::Beside;
use super::given::{AnswerGiven, Body, FileGiven};
use crate::base::diag::Diagnostic;
use crate::base::time::Clock;
use crate::net::file::FileRequest;
use crate::net::{Answer, ExchangeError};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The files of one source.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    /// The folder as messages of the reader write it.
    shown: String,
}

impl Stage {
    /// A stage without files.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new() -> std::io::Result<Stage> {
        let folder = tempfile::Builder::new().prefix("engine-test-").tempdir()?;
        let shown = folder.path().to_string_lossy().into_owned();
        Ok(Stage { folder, shown })
    }

    fn path(&self, path: &Path) -> PathBuf {
        let inner: PathBuf = path.components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect();
        self.folder.path().join(inner)
    }

    /// Makes the files what a run finds.
    ///
    /// # Errors
    /// The problem of the test.
    pub fn lay(&self, given: &AnswerGiven, pattern: &Path, beside: &Beside<'_>) -> Result<(), Box<Diagnostic>> {
        let unusable = |why: std::io::Error| beside.unusable(&why);
        if let Some(content) = Body::of(&given.content, &given.content_file) {
            let bytes = beside.bytes(&content)?;
            self.write(pattern, &bytes).map_err(unusable)?;
        }
        if let Some(append) = &given.append {
            self.append(pattern, append.value.as_bytes()).map_err(unusable)?;
        }
        let parent = pattern.parent().unwrap_or(Path::new("/"));
        for entry in &given.files.0 {
            self.lay_one(&parent.join(&*entry.key), &entry.value, parent, beside)?;
        }
        Ok(())
    }

    fn lay_one(&self, path: &Path, given: &FileGiven, parent: &Path, beside: &Beside<'_>) -> Result<(), Box<Diagnostic>> {
        let unusable = |why: std::io::Error| beside.unusable(&why);
        if let Some(new) = &given.renamed {
            let _ = fs::rename(self.path(path), self.path(&parent.join(&**new)));
        }
        if given.removed {
            let _ = fs::remove_file(self.path(path));
        }
        if let Some(content) = &given.content {
            self.write(path, &beside.bytes(content)?).map_err(unusable)?;
        }
        match &given.append {
            Some(append) => self.append(path, append.value.as_bytes()).map_err(unusable),
            None => Ok(()),
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.path(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, bytes)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.path(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
    }

    /// Reads what a source asks for.
    ///
    /// # Errors
    /// That of the real reader.
    pub async fn read(&self, request: &FileRequest, clock: &dyn Clock) -> Result<Vec<Answer>, ExchangeError> {
        let here = FileRequest { pattern: self.path(&request.pattern), ..request.clone() };
        let read = crate::net::file::read(&here, clock).await;
        let cured = |text: &str| text.replace(&self.shown, "");
        let answers = read.map_err(|error| ExchangeError { message: cured(&error.message), ..error })?;
        let as_asked = |mut answer: Answer| {
            answer.url = cured(&answer.url);
            answer.warnings = answer.warnings.iter().map(|warning| cured(warning)).collect();
            answer.elapsed = std::time::Duration::ZERO;
            answer
        };
        Ok(answers.into_iter().map(as_asked).collect())
    }
}
