//! A folder with a clock of its own, and a source that follows files in it.
//!
//! Times of writing are set by hand, so that nothing depends on how fast the tests run.

#![allow(missing_docs, reason = "helpers of tests")]

use super::{Tail, look};
use crate::net::file::FileRequest;
use crate::net::{Answer, ExchangeError};
use jiff::Timestamp;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A folder with a clock of its own.
pub struct Place {
    pub folder: tempfile::TempDir,
    /// In milliseconds since 1970.
    pub clock: u64,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), clock: 1_800_000_000_000 }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn stamp(&self, path: &Path) {
        File::open(path).unwrap().set_modified(UNIX_EPOCH + Duration::from_millis(self.clock)).unwrap();
    }

    /// Sets the times of a file and of the folder, after something was done.
    pub fn did(&mut self, name: &str) {
        if self.path(name).exists() {
            self.stamp(&self.path(name));
        }
        self.stamp(self.folder.path());
    }

    pub fn append(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = File::options().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        drop(file);
        self.did(name);
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
        self.did("");
    }

    pub fn copy_and_truncate(&mut self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
        self.did(to);
        self.clock += 1;
        self.truncate(from);
    }

    pub fn truncate(&mut self, name: &str) {
        File::options().write(true).open(self.path(name)).unwrap().set_len(0).unwrap();
        self.did(name);
    }

    pub fn gzip(&mut self, name: &str) {
        let packed = format!("{name}.gz");
        let mut encoder = flate2::write::GzEncoder::new(File::create(self.path(&packed)).unwrap(), flate2::Compression::fast());
        encoder.write_all(&fs::read(self.path(name)).unwrap()).unwrap();
        encoder.finish().unwrap();
        self.did(&packed);
        fs::remove_file(self.path(name)).unwrap();
        self.did("");
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(i64::try_from(self.clock).unwrap()).unwrap()
    }

    pub fn reader(&self, pattern: &str) -> Reader {
        Reader {
            request: FileRequest { optional: true, ..FileRequest::of(self.path(pattern)) },
            tail: Tail::default(),
            warnings: Vec::new(),
        }
    }
}

/// A source over its runs.
pub struct Reader {
    pub request: FileRequest,
    pub tail: Tail,
    pub warnings: Vec<String>,
}

impl Reader {
    /// One run: what it gives, and what is kept if it is accepted.
    pub fn attempt(&mut self, place: &Place) -> Result<(Vec<Answer>, FileRequest), ExchangeError> {
        let mut request = FileRequest { rounds: 0, taken: 0, ..self.request.clone() };
        let mut all = Vec::new();
        loop {
            let answers = look(&request, &self.tail, place.now())?;
            let more = request.continue_with(&answers);
            assert!(request.rounds < 1000, "a run without an end");
            all.extend(answers);
            if !more {
                self.warnings = all.iter().flat_map(|answer| answer.warnings.clone()).collect();
                return Ok((all, request));
            }
        }
    }

    pub fn answers(&mut self, place: &Place) -> Vec<Answer> {
        let (answers, request) = self.attempt(place).unwrap();
        self.request.kept = request.kept;
        answers
    }

    /// The lines of an accepted run.
    pub fn run(&mut self, place: &Place) -> Vec<String> {
        lines(&self.answers(place))
    }

    /// The same with their files.
    pub fn named(&mut self, place: &Place) -> Vec<String> {
        let named = |answer: &Answer| {
            let file = answer.url.rsplit('/').next().unwrap().to_owned();
            lines(std::slice::from_ref(answer)).into_iter().map(move |line| format!("{file}: {line}"))
        };
        self.answers(place).iter().flat_map(named).collect()
    }
}

pub fn lines(answers: &[Answer]) -> Vec<String> {
    answers.iter().flat_map(|answer| String::from_utf8_lossy(&answer.body).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}
