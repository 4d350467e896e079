//! Whole files: one by its path, or all that a pattern names.
//!
//! A path may lead to anything, so a file is opened without waiting and looked at through the open
//! handle: only regular files are read, never pipes, devices or folders. Files under /proc and
//! /sys say that they are empty and are read to their end all the same. A missing file is an error
//! unless it is optional; a file that goes away while a pattern is read is no matter.

use super::failure::io_words;
use super::{Answer, ExchangeError, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::one_line;
use crate::base::time::Clock;
use bytes::Bytes;
use encoding_rs::Encoding;
use rustix::fs::{Mode, OFlags};
use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// From here on reading takes long enough to be worth another thread.
const LARGE: u64 = 1 << 20;

/// A file source with every template rendered and every limit a number.
#[derive(Clone, Debug)]
pub struct FileRequest {
    /// A path, or a pattern with `*`, `?`, `[…]` and `**`.
    pub pattern: PathBuf,
    /// The name of an encoding (`latin1`, `utf-16le`, …) to turn into UTF-8; the bytes as they are
    /// where nothing is said.
    pub encoding: Option<String>,
    /// Most bytes, of all files together.
    pub max_bytes: u64,
    /// Whether a missing file is fine.
    pub optional: bool,
}

impl FileRequest {
    /// A file with the defaults of every limit.
    pub fn of(pattern: impl Into<PathBuf>) -> Self {
        FileRequest { pattern: pattern.into(), encoding: None, max_bytes: limits::FILE_BYTES, optional: false }
    }
}

/// Reads the files, in order of name. None for an optional one that is missing.
///
/// # Errors
/// One sentence that names the file.
pub async fn read(request: &FileRequest, clock: &dyn Clock) -> Result<Vec<Answer>, ExchangeError> {
    let encoding = request.encoding.as_deref().map(encoding_of).transpose()?;
    let (paths, is_glob) = paths_of(&request.pattern)?;
    let mut answers: Vec<Answer> = Vec::with_capacity(paths.len());
    let mut left = request.max_bytes;
    for path in paths {
        let began = clock.instant();
        let body = match read_one(&path, left, request.max_bytes).await {
            Ok(body) => body,
            Err(Problem::Missing) => continue,
            Err(Problem::Folder) if is_glob => continue,
            Err(problem) => return Err(problem.told(&path)),
        };
        left -= (body.len() as u64).min(left);
        let body = encoding.map_or_else(|| body.clone(), |encoding| decoded(&body, encoding));
        let elapsed = clock.instant().saturating_duration_since(began);
        answers.push(Answer { elapsed, ended: clock.now(), ..Answer::of(body, path.to_string_lossy()) });
    }
    if answers.is_empty() && !request.optional { Err(nothing_there(&request.pattern, is_glob)) } else { Ok(answers) }
}

fn nothing_there(pattern: &Path, is_glob: bool) -> ExchangeError {
    let name = shown(pattern);
    let message = if is_glob { format!("no file matches `{name}`") } else { format!("no file `{name}`") };
    ExchangeError::new(ErrorKind::NotFound, message)
}

fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

fn encoding_of(label: &str) -> Result<&'static Encoding, ExchangeError> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| ExchangeError::new(ErrorKind::Decode, format!("no encoding is called `{}`", one_line(label))))
}

/// As UTF-8, without a byte order mark; bytes that are wrong become U+FFFD.
fn decoded(body: &Bytes, encoding: &'static Encoding) -> Bytes {
    match encoding.decode(body).0 {
        std::borrow::Cow::Borrowed(text) => body.slice_ref(text.as_bytes()),
        std::borrow::Cow::Owned(text) => text.into(),
    }
}

/// The paths that a pattern names, and whether it is one. A file of exactly that name comes first:
/// names may hold brackets.
fn paths_of(pattern: &Path) -> Result<(Vec<PathBuf>, bool), ExchangeError> {
    let text = pattern.to_string_lossy();
    if !text.contains(['*', '?', '[']) || pattern.symlink_metadata().is_ok() {
        return Ok((vec![pattern.to_owned()], false));
    }
    let wrong = |error: glob::PatternError| ExchangeError::new(ErrorKind::NotFound, format!("the pattern `{}` is wrong: {}", shown(pattern), error.msg));
    let mut paths = Vec::new();
    for found in glob::glob(&text).map_err(wrong)? {
        match found {
            Ok(path) => paths.push(path),
            Err(error) if error.error().kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Problem::Io(io::Error::from(error.error().kind())).told(error.path())),
        }
        if paths.len() > limits::GLOB_FILES {
            return Err(ExchangeError::new(ErrorKind::Limit, format!("more than {} files match `{}`", limits::GLOB_FILES, shown(pattern))));
        }
    }
    paths.sort();
    Ok((paths, true))
}

enum Problem {
    Missing,
    Folder,
    NoFile(&'static str),
    TooLarge { most: u64 },
    Io(io::Error),
}

impl Problem {
    fn of(error: io::Error) -> Problem {
        match error.kind() {
            io::ErrorKind::NotFound => Problem::Missing,
            _ => Problem::Io(error),
        }
    }

    fn told(self, path: &Path) -> ExchangeError {
        let name = shown(path);
        let (kind, message) = match self {
            Problem::Missing => (ErrorKind::NotFound, format!("no file `{name}`")),
            Problem::Folder => (ErrorKind::NotFound, format!("`{name}` is a folder, not a file")),
            Problem::NoFile(what) => (ErrorKind::NotFound, format!("`{name}` is {what}, not a file")),
            Problem::TooLarge { most } => (ErrorKind::TooLarge, format!("`{name}` is larger than {} (max_bytes)", words::size(most))),
            Problem::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => (ErrorKind::Permission, format!("no permission to read `{name}`")),
            Problem::Io(error) if error.kind() == io::ErrorKind::WouldBlock => (ErrorKind::NotFound, format!("`{name}` has nothing to read without waiting")),
            Problem::Io(error) => (ErrorKind::NotFound, format!("`{name}` cannot be read: {}", io_words(&error))),
        };
        ExchangeError::new(kind, message)
    }
}

/// `left` is what the limit of `most` still allows.
async fn read_one(path: &Path, left: u64, most: u64) -> Result<Bytes, Problem> {
    let (file, data) = open(path)?;
    if data.len() > left {
        return Err(Problem::TooLarge { most });
    }
    let content = if data.len() > LARGE {
        // The only failure of the other thread is its end with the whole runtime.
        tokio::task::spawn_blocking(move || content(file, data.len(), left)).await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
    } else {
        content(file, data.len(), left)
    };
    let content = content.map_err(Problem::of)?;
    if content.len() as u64 > left { Err(Problem::TooLarge { most }) } else { Ok(content.into()) }
}

/// Looked at before, because opening some devices does something, and after, because only then it
/// is certain what was opened.
fn open(path: &Path) -> Result<(File, Metadata), Problem> {
    let before = std::fs::metadata(path).map_err(Problem::of)?;
    if let Some(problem) = kind_of(before.file_type()) {
        return Err(problem);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(opened.map_err(|error| Problem::of(error.into()))?);
    let data = file.metadata().map_err(Problem::of)?;
    match kind_of(data.file_type()) {
        None => Ok((file, data)),
        Some(problem) => Err(problem),
    }
}

fn kind_of(kind: FileType) -> Option<Problem> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some(Problem::Folder)
    } else if kind.is_fifo() {
        Some(Problem::NoFile("a pipe"))
    } else if kind.is_socket() {
        Some(Problem::NoFile("a socket"))
    } else {
        Some(Problem::NoFile("a device"))
    }
}

/// Up to one byte more than allowed, so that too much is seen as such.
fn content(file: File, size: u64, left: u64) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(size.saturating_add(1)).unwrap_or(0);
    let mut content = Vec::with_capacity(expected.max(4 << 10));
    file.take(left.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}
