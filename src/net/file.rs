//! Files: one by its path, or all that a pattern names; whole ones are read here.
//!
//! A path may lead to anything, so a file is opened without waiting and looked at through the open
//! handle: only regular files are read, never pipes, devices or folders. Files under /proc and
//! /sys say that they are empty and are read to their end all the same. A missing file is an error
//! unless it is optional; a file that goes away while a pattern is read is no matter.

use super::failure::io_words;
use super::tail::{Ahead, Tail};
use super::{Answer, ExchangeError, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::print::one_line;
use crate::base::time::Clock;
use crate::base::value::Text;
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
    /// What is read of a file.
    pub reading: Reading,
    /// What was kept of the last accepted run, and of the exchanges of this one.
    pub kept: Map,
    /// Most records that one exchange gives of files that grow, of all files together.
    pub most_records: usize,
    /// What this run has read ahead.
    pub ahead: Ahead,
    /// How often this run asked before.
    pub rounds: usize,
    /// How many bytes this run has got before.
    pub taken: u64,
}

/// What is read of a file.
#[derive(Clone, Debug)]
pub enum Reading {
    /// All of it, in every run.
    Whole,
    /// All of it, if it has changed.
    Changed,
    /// What was added.
    Tail(Tail),
}

impl FileRequest {
    /// A file with the defaults of every limit.
    pub fn of(pattern: impl Into<PathBuf>) -> Self {
        FileRequest {
            pattern: pattern.into(),
            encoding: None,
            max_bytes: limits::FILE_BYTES,
            optional: false,
            reading: Reading::Whole,
            kept: Map::default(),
            most_records: usize::MAX,
            ahead: Ahead::default(),
            rounds: 0,
            taken: 0,
        }
    }

    /// Under which key positions are kept: the path or pattern.
    pub fn key(&self) -> Text {
        self.pattern.to_string_lossy().into()
    }

    /// Makes this the request that goes on after these answers; false if they were all for now.
    pub fn continue_with<'a>(&mut self, answers: impl IntoIterator<Item = &'a Answer>) -> bool {
        self.rounds += 1;
        let mut more = false;
        for answer in answers {
            more |= answer.more;
            self.taken += answer.body.len() as u64;
            for (key, value) in &answer.kept {
                self.kept.insert(key.clone(), value.clone());
            }
        }
        more
    }

    /// True if an earlier look of this run has read what answers it.
    pub fn is_at_hand(&self) -> bool {
        self.ahead.has_rest(self.rounds)
    }

    /// True if an answer without a body says "nothing new" and is not to be decoded.
    pub fn is_nothing(&self, answer: &Answer) -> bool {
        !matches!(self.reading, Reading::Whole) && answer.body.is_empty()
    }
}

/// Reads the files, in order of name. None for an optional one that is missing.
///
/// # Errors
/// One sentence that names the file.
pub async fn read(request: &FileRequest, clock: &dyn Clock) -> Result<Vec<Answer>, ExchangeError> {
    if matches!(request.reading, Reading::Whole) {
        return whole(request, clock).await;
    }
    let is_at_hand = request.is_at_hand();
    let (request, began, now) = (request.clone(), clock.instant(), clock.now());
    // Disks may be slow, and looking for rotated files takes many small steps.
    let look = move || match &request.reading {
        Reading::Tail(tail) => super::tail::look(&request, tail, now),
        Reading::Whole | Reading::Changed => super::changed::look(&request, now),
    };
    let ended = || ExchangeError::new(ErrorKind::Timeout, "the program ends");
    let looked = if is_at_hand { look() } else { tokio::task::spawn_blocking(look).await.unwrap_or_else(|_| Err(ended())) };
    let mut answers = looked?;
    let elapsed = clock.instant().saturating_duration_since(began);
    for answer in &mut answers {
        (answer.elapsed, answer.ended) = (elapsed, clock.now());
    }
    Ok(answers)
}

async fn whole(request: &FileRequest, clock: &dyn Clock) -> Result<Vec<Answer>, ExchangeError> {
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

/// Neither the file nor any that matches.
pub(super) fn nothing_there(pattern: &Path, is_glob: bool) -> ExchangeError {
    let name = shown(pattern);
    let message = if is_glob { format!("no file matches `{name}`") } else { format!("no file `{name}`") };
    ExchangeError::new(ErrorKind::NotFound, message)
}

fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// An encoding by its name on the web.
pub(super) fn encoding_of(label: &str) -> Result<&'static Encoding, ExchangeError> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| ExchangeError::new(ErrorKind::Decode, format!("no encoding is called `{}`", one_line(label))))
}

/// As UTF-8, without a byte order mark; bytes that are wrong become U+FFFD.
pub(super) fn decoded(body: &Bytes, encoding: &'static Encoding) -> Bytes {
    match encoding.decode(body).0 {
        std::borrow::Cow::Borrowed(text) => body.slice_ref(text.as_bytes()),
        std::borrow::Cow::Owned(text) => text.into(),
    }
}

/// The paths that a pattern names, and whether it is one. A file of exactly that name comes first:
/// names may hold brackets.
pub(super) fn paths_of(pattern: &Path) -> Result<(Vec<PathBuf>, bool), ExchangeError> {
    let text = pattern.to_string_lossy();
    if !text.contains(['*', '?', '[']) || pattern.symlink_metadata().is_ok() {
        return Ok((vec![pattern.to_owned()], false));
    }
    let wrong = |error: glob::PatternError| {
        ExchangeError::new(ErrorKind::NotFound, format!("the pattern `{}` is wrong: {}", shown(pattern), error.msg))
    };
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

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum Problem {
    Missing,
    Folder,
    NoFile(&'static str),
    TooLarge { most: u64 },
    Io(io::Error),
}

impl Problem {
    pub(super) fn of(error: io::Error) -> Problem {
        match error.kind() {
            io::ErrorKind::NotFound => Problem::Missing,
            _ => Problem::Io(error),
        }
    }

    pub(super) fn told(self, path: &Path) -> ExchangeError {
        let name = shown(path);
        let (kind, message) = match self {
            Problem::Missing => (ErrorKind::NotFound, format!("no file `{name}`")),
            Problem::Folder => (ErrorKind::NotFound, format!("`{name}` is a folder, not a file")),
            Problem::NoFile(what) => (ErrorKind::NotFound, format!("`{name}` is {what}, not a file")),
            Problem::TooLarge { most } => (ErrorKind::TooLarge, format!("`{name}` is larger than {} (max_bytes)", words::size(most))),
            Problem::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                (ErrorKind::Permission, format!("no permission to read `{name}`"))
            }
            Problem::Io(error) if error.kind() == io::ErrorKind::WouldBlock => {
                (ErrorKind::NotFound, format!("`{name}` has nothing to read without waiting"))
            }
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
        tokio::task::spawn_blocking(move || content(file, data.len(), left))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
    } else {
        content(file, data.len(), left)
    };
    let content = content.map_err(Problem::of)?;
    if content.len() as u64 > left { Err(Problem::TooLarge { most }) } else { Ok(content.into()) }
}

/// Looked at before, because opening some devices does something, and after, because only then it
/// is certain what was opened.
pub(super) fn open(path: &Path) -> Result<(File, Metadata), Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::SystemClock;
    use std::fs;

    async fn read_all(request: &FileRequest) -> Result<Vec<(String, String)>, ExchangeError> {
        let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
        let name = |answer: &Answer| answer.url.rsplit('/').next().unwrap_or_default().to_owned();
        read(request, &SystemClock).await.map(|answers| answers.iter().map(|answer| (name(answer), text(answer))).collect())
    }

    async fn failure(request: &FileRequest) -> (ErrorKind, String) {
        let error = read(request, &SystemClock).await.unwrap_err();
        (error.kind, error.message)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[tokio::test]
    async fn patterns_read_in_order_of_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.log", "a.log", "c.txt", "d[1].log"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("e.log")).unwrap();
        let all = read_all(&FileRequest::of(folder.path().join("*.log"))).await.unwrap();
        assert_eq!(all, pairs(&[("a.log", "a.log"), ("b.log", "b.log"), ("d[1].log", "d[1].log")]));
        let exact = read_all(&FileRequest::of(folder.path().join("d[1].log"))).await.unwrap();
        assert_eq!(exact, pairs(&[("d[1].log", "d[1].log")]));
    }

    #[tokio::test]
    async fn files_of_the_kernel_are_read_though_they_say_they_are_empty() {
        let answers = read(&FileRequest::of("/proc/self/status"), &SystemClock).await.unwrap();
        assert!(answers[0].body.starts_with(b"Name:") && answers[0].ended > jiff::Timestamp::UNIX_EPOCH);
    }

    #[tokio::test]
    async fn missing_files_are_errors_unless_optional() {
        let mut request = FileRequest::of("/no/such");
        assert_eq!(failure(&request).await, (ErrorKind::NotFound, "no file `/no/such`".to_owned()));
        request.optional = true;
        assert_eq!(read_all(&request).await.unwrap(), []);
        assert_eq!(failure(&FileRequest::of("/no/*.log")).await, (ErrorKind::NotFound, "no file matches `/no/*.log`".to_owned()));
        assert!(failure(&FileRequest::of("/no/a**")).await.1.starts_with("the pattern `/no/a**` is wrong"));
    }

    #[tokio::test]
    async fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        fs::write(path("file"), "text").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        for (name, what) in [("pipe", "a pipe, not a file"), ("socket", "a socket, not a file"), (".", "a folder, not a file")] {
            assert!(failure(&FileRequest::of(path(name))).await.1.ends_with(what), "{name}");
        }
        assert_eq!(failure(&FileRequest::of("/dev/null")).await.1, "`/dev/null` is a device, not a file");
        assert_eq!(read_all(&FileRequest::of(path("link"))).await.unwrap(), pairs(&[("link", "text")]));
    }

    #[tokio::test]
    async fn sizes_count_together_and_exactly() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "12345").unwrap();
        fs::write(folder.path().join("b"), "12345").unwrap();
        let mut request = FileRequest { max_bytes: 10, ..FileRequest::of(folder.path().join("[ab]")) };
        assert_eq!(read_all(&request).await.unwrap().len(), 2);
        request.max_bytes = 9;
        let (kind, message) = failure(&request).await;
        assert!(kind == ErrorKind::TooLarge && message.ends_with("/b` is larger than 9 bytes (max_bytes)"), "{message}");
        let endless = FileRequest { max_bytes: 100, ..FileRequest::of("/proc/self/status") };
        assert_eq!(failure(&endless).await, (ErrorKind::TooLarge, "`/proc/self/status` is larger than 100 bytes (max_bytes)".to_owned()));
        let large = folder.path().join("large");
        fs::write(&large, vec![b'x'; 3 << 20]).unwrap();
        assert_eq!(read(&FileRequest::of(large), &SystemClock).await.unwrap()[0].body.len(), 3 << 20);
    }

    #[tokio::test]
    async fn a_pattern_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..=limits::GLOB_FILES {
            fs::write(folder.path().join(n.to_string()), "").unwrap();
        }
        let (kind, message) = failure(&FileRequest::of(folder.path().join("*"))).await;
        assert!(kind == ErrorKind::Limit && message.starts_with("more than 100 files match"), "{message}");
    }

    #[tokio::test]
    async fn encodings_turn_into_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let cases: [(&str, &[u8], &str); 4] = [
            ("latin1", b"caf\xe9", "café"),
            ("utf-16le", b"\xff\xfea\0", "a"),
            ("utf-8", b"\xef\xbb\xbfa", "a"),
            ("utf-8", b"a\xff", "a\u{fffd}"),
        ];
        for (label, bytes, text) in cases {
            fs::write(&path, bytes).unwrap();
            let request = FileRequest { encoding: Some(label.to_owned()), ..FileRequest::of(&path) };
            assert_eq!(read_all(&request).await.unwrap(), pairs(&[("f", text)]), "{label}");
        }
        let request = FileRequest { encoding: Some("utf-9".to_owned()), ..FileRequest::of(&path) };
        assert_eq!(failure(&request).await, (ErrorKind::Decode, "no encoding is called `utf-9`".to_owned()));
    }
}
