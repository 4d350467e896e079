//! Whole files, only if they have changed since the last accepted run.
//!
//! A file is the same if device, inode, size and time of writing are; then it is not even read. A
//! file that was written within two seconds before the last look may have been written again
//! within the same tick of the file system's clock, and counts by its content, as does every file
//! of which something differs: a file that was only touched or copied has not changed.

use super::file::{FileRequest, Problem, encoding_of, nothing_there, open, paths_of};
use super::tail::{hash, modified};
use super::{Answer, ExchangeError};
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use bytes::Bytes;
use jiff::Timestamp;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

/// Within this the clock of a file system may stand still, in nanoseconds.
const TICK: i64 = 2_000_000_000;

/// The files that have changed; one answer without a body where none has.
///
/// # Errors
/// One sentence that names the file.
pub fn look(request: &FileRequest, now: Timestamp) -> Result<Vec<Answer>, ExchangeError> {
    let encoding = request.encoding.as_deref().map(encoding_of).transpose()?;
    let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX);
    let (paths, is_glob) = paths_of(&request.pattern)?;
    let known = request.kept.get(&request.key()).map(|kept| kept.member("changed")).unwrap_or_default();
    let (mut answers, mut kept, mut left) = (Vec::new(), Map::default(), request.max_bytes);
    for path in paths {
        let name: Text = path.to_string_lossy().into();
        let (file, data) = match open(&path) {
            Ok(opened) => opened,
            Err(Problem::Missing) => continue,
            Err(Problem::Folder) if is_glob => continue,
            Err(problem) => return Err(problem.told(&path)),
        };
        let before = known.member(&name);
        if is_same(&before, &data) {
            kept.insert(name, before);
            continue;
        }
        let body = content(file, left, request.max_bytes).map_err(|problem| problem.told(&path))?;
        left -= (body.len() as u64).min(left);
        let found = identity(&data, &body, now);
        let is_new = before.member("hash") != found.member("hash") || before.member("size") != found.member("size");
        kept.insert(name.clone(), found);
        if is_new {
            let body = encoding.map_or_else(|| body.clone(), |encoding| super::file::decoded(&body, encoding));
            answers.push(Answer::of(body, &*name));
        }
    }
    if kept.is_empty() && !request.optional {
        return Err(nothing_there(&request.pattern, is_glob));
    }
    if answers.is_empty() {
        answers.push(Answer::of(Bytes::new(), request.pattern.to_string_lossy()));
    }
    if let Some(last) = answers.last_mut() {
        let mut value = Map::default();
        value.insert("changed", Value::map(kept));
        last.kept = vec![(request.key(), Value::map(value))];
    }
    Ok(answers)
}

/// What a file is known by.
fn identity(data: &Metadata, body: &[u8], now: i64) -> Value {
    let mut map = Map::with_capacity(6);
    for (key, number) in [("device", data.dev()), ("inode", data.ino()), ("size", body.len() as u64), ("hash", hash(body))] {
        map.insert(key, Value::number(Number::Uint(number)));
    }
    map.insert("modified", Value::Int(modified(data)));
    if modified(data) > now.saturating_sub(TICK) {
        map.insert("unsure", Value::Bool(true));
    }
    Value::map(map)
}

fn is_same(before: &Value, data: &Metadata) -> bool {
    let number = |n: u64| Value::number(Number::Uint(n));
    // Files of the kernel say that they are empty, whatever they hold.
    data.len() > 0
        && before.member("unsure").is_missing()
        && before.member("modified") == Value::Int(modified(data))
        && before.member("size") == number(data.len())
        && before.member("inode") == number(data.ino())
        && before.member("device") == number(data.dev())
}

fn content(file: File, left: u64, most: u64) -> Result<Bytes, Problem> {
    let mut content = Vec::new();
    file.take(left.saturating_add(1)).read_to_end(&mut content).map_err(Problem::of)?;
    if content.len() as u64 > left { Err(Problem::TooLarge { most }) } else { Ok(content.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error_kind::ErrorKind;
    use crate::net::file::Reading;
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, UNIX_EPOCH};

    const WRITTEN: u64 = 1_800_000_000;

    /// Writes a file, some seconds after the others.
    fn write(path: &Path, text: &str, seconds: u64) {
        fs::write(path, text).unwrap();
        File::options().append(true).open(path).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(WRITTEN + seconds)).unwrap();
    }

    fn request(path: &Path) -> FileRequest {
        FileRequest { reading: Reading::Changed, ..FileRequest::of(path) }
    }

    /// The files of an accepted run, so many seconds after the first was written.
    fn run(request: &mut FileRequest, seconds: i64) -> Vec<String> {
        let now = Timestamp::from_second(i64::try_from(WRITTEN).unwrap() + seconds).unwrap();
        let answers = look(request, now).unwrap();
        request.continue_with(&answers);
        let texts = answers.iter().map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn a_file_comes_again_only_with_other_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write(&path, "one", 0);
        let mut request = request(&path);
        assert_eq!(run(&mut request, 10), ["one"]);
        assert!(run(&mut request, 11).is_empty());
        write(&path, "one", 20);
        assert!(run(&mut request, 30).is_empty(), "only touched");
        write(&path, "two", 40);
        assert_eq!(run(&mut request, 50), ["two"]);
        fs::rename(&path, folder.path().join("g")).unwrap();
        write(&path, "two", 60);
        assert!(run(&mut request, 70).is_empty(), "another file with the same content");
        write(&path, "longer", 80);
        assert_eq!(run(&mut request, 90), ["longer"]);
    }

    #[test]
    fn what_was_not_accepted_comes_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write(&path, "one", 0);
        assert_eq!(run(&mut request(&path), 10), ["one"]);
        assert_eq!(run(&mut request(&path), 10), ["one"]);
    }

    #[test]
    fn a_file_that_was_written_a_moment_ago_counts_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write(&path, "one", 0);
        let mut request = request(&path);
        assert_eq!(run(&mut request, 1), ["one"]);
        // As long as the other, and in the same tick.
        write(&path, "two", 0);
        assert_eq!(run(&mut request, 5), ["two"]);
        assert!(run(&mut request, 6).is_empty());
    }

    #[test]
    fn of_a_pattern_only_the_files_that_have_changed_come() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            write(&folder.path().join(name), name, 0);
        }
        let mut request = request(&folder.path().join("*"));
        assert_eq!(run(&mut request, 10), ["a", "b", "c"]);
        write(&folder.path().join("b"), "B", 20);
        fs::remove_file(folder.path().join("c")).unwrap();
        assert_eq!(run(&mut request, 30), ["B"]);
        // A file that was gone is new when it comes back.
        write(&folder.path().join("c"), "c", 0);
        assert_eq!(run(&mut request, 40), ["c"]);
    }

    #[test]
    fn missing_and_large_files_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mut request = request(&path);
        assert_eq!(look(&request, Timestamp::UNIX_EPOCH).unwrap_err().kind, ErrorKind::NotFound);
        request.optional = true;
        assert!(run(&mut request, 0).is_empty());
        write(&path, "12345", 0);
        request.max_bytes = 4;
        assert_eq!(look(&request, Timestamp::UNIX_EPOCH).unwrap_err().kind, ErrorKind::TooLarge);
        request.max_bytes = 5;
        assert_eq!(run(&mut request, 10), ["12345"]);
    }
}
