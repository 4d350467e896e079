//! What `given` says as an answer of HTTP or of a command, judged as a real one.

use super::given::{AnswerGiven, Body};
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::to_json;
use crate::base::span::Span;
use crate::base::time::Clock;
use crate::base::value::Text;
use crate::net::command::{CommandRequest, wanted_exit};
use crate::net::http::{HttpRequest, too_large, wanted_status};
use crate::net::{Answer, ExchangeError, words};
use crate::source::Request;
use crate::yaml::basic::Placed;
use bytes::Bytes;
use std::path::Path;
use std::time::Duration;

/// What lies beside a test.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'t> {
    /// The folder of the test file, where paths of fixtures start.
    pub folder: &'t Path,
    /// The place of the test, for problems that have no better one.
    pub test: Span,
}

/// Why there is no answer.
pub enum Why {
    /// The test says so.
    Given(ExchangeError),
    /// The test is wrong.
    Broken(Box<Diagnostic>),
}

impl Beside<'_> {
    /// The bytes of a fixture.
    ///
    /// # Errors
    /// The problem of the test.
    pub fn read(&self, path: &Placed<Text>) -> Result<Bytes, Box<Diagnostic>> {
        self.facts(path)?;
        std::fs::read(self.folder.join(&*path.value)).map(Bytes::from).map_err(|error| {
            told(path, format!("the fixture `{}` cannot be read", path.value), error.to_string(), "check its permissions".to_owned())
        })
    }

    /// Whether there is a fixture that can be used.
    ///
    /// # Errors
    /// The problem of the test.
    pub fn facts(&self, path: &Placed<Text>) -> Result<(), Box<Diagnostic>> {
        let whole = self.folder.join(&*path.value);
        let missing = |label: String| {
            let help = match nearest_file(&whole).filter(|near| !whole.ends_with(near)) {
                Some(near) => format!("did you mean `{near}`? Paths start at the folder of the test file"),
                None => "write the file, or another path: paths start at the folder of the test file".to_owned(),
            };
            told(path, format!("no fixture `{}`", path.value), label, help)
        };
        match std::fs::metadata(&whole) {
            Ok(facts) if facts.is_dir() => Err(missing("this is a folder".to_owned())),
            Ok(facts) if facts.len() > limits::FIXTURE_BYTES => {
                let most = words::size(limits::FIXTURE_BYTES);
                let label = format!("larger than {most}");
                Err(told(path, format!("the fixture `{}` is too large", path.value), label, "cut it to what matters".to_owned()))
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing(format!("there is no {}", whole.display()))),
            Err(error) => Err(missing(error.to_string())),
        }
    }

    /// The bytes that a body is.
    ///
    /// # Errors
    /// The problem of the test.
    pub fn bytes(&self, body: &Body) -> Result<Bytes, Box<Diagnostic>> {
        match body {
            Body::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
            Body::File(path) => self.read(path),
        }
    }

    /// The problem of a machine on which no test with files can run.
    pub fn unusable(&self, why: &std::io::Error) -> Box<Diagnostic> {
        let problem = Diagnostic::error("no-temporary-folder", "files cannot be laid down for the test", self.test);
        Box::new(problem.label(why.to_string()).help("set TMPDIR to a folder that can be written"))
    }
}

fn told(path: &Placed<Text>, title: String, label: String, help: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("unreadable-fixture", title, path.span).label(label).help(help))
}

/// A file of the same folder with a similar name.
fn nearest_file(missing: &Path) -> Option<String> {
    let entries = std::fs::read_dir(missing.parent()?).ok()?;
    let names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let wanted = missing.file_name()?.to_string_lossy();
    crate::base::suggest::nearest(&wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The answer to a request.
///
/// # Errors
/// The given error, or what is wrong with the test.
pub fn of(given: &AnswerGiven, span: Span, request: &Request, beside: &Beside<'_>, clock: &dyn Clock) -> Result<Vec<Answer>, Why> {
    let kind_of_source = match request {
        Request::Http(_) => "http",
        Request::Command(_) => "command",
        Request::File(_) => "file",
    };
    if let Some(problem) = misplaced(given, span, kind_of_source) {
        return Err(Why::Broken(problem));
    }
    let limit = match request {
        Request::Http(http) => Some(http.timeout),
        Request::Command(command) => Some(command.timeout),
        Request::File(_) => None,
    };
    let elapsed = given.elapsed.duration();
    let late = limit.filter(|limit| elapsed > *limit && given.error.is_none());
    let kind = if late.is_some() { Some(ErrorKind::Timeout) } else { given.error };
    let stamped = |answer: Answer| Answer { elapsed: late.unwrap_or(elapsed), ended: clock.now(), ..answer };
    let answered = match request {
        Request::Http(http) => http_answer(given, http, beside).map(stamped),
        Request::Command(command) => command_answer(given, command, beside).map(stamped),
        Request::File(file) => Ok(stamped(Answer::of("", file.pattern.to_string_lossy()))),
    };
    let answer = answered.map_err(Why::Broken)?;
    if let Some(kind) = kind {
        let message = given.message.as_ref().map_or_else(|| usual_words(kind, request), |message| message.to_string());
        let told = matches!(request, Request::Http(_) if given.status.is_some()) || matches!(request, Request::Command(_));
        return Err(Why::Given(ExchangeError { answer: told.then(|| Box::new(answer)), ..ExchangeError::new(kind, message) }));
    }
    let judged = match request {
        Request::Http(http) if answer.body.len() as u64 > http.max_bytes => Err(too_large(http.max_bytes)),
        Request::Http(http) => wanted_status(answer, http),
        Request::Command(command) if answer.body.len() as u64 > command.max_bytes => {
            let words = format!("the output is larger than {} (max_bytes)", words::size(command.max_bytes));
            Err(ExchangeError::new(ErrorKind::TooLarge, words))
        }
        Request::Command(command) => wanted_exit(answer.exit_code.unwrap_or(0), answer, command),
        Request::File(_) => Ok(answer),
    };
    judged.map(|answer| vec![answer]).map_err(Why::Given)
}

fn http_answer(given: &AnswerGiven, http: &HttpRequest, beside: &Beside<'_>) -> Result<Answer, Box<Diagnostic>> {
    let (body, content_type) = match (&given.json, Body::of(&given.body, &given.body_file)) {
        (Some(json), _) => (Bytes::from(to_json(&json.0.to_value()).to_string()), Some("application/json")),
        (None, Some(Body::File(path))) => (beside.read(&path)?, type_of_file(&path.value)),
        (None, Some(text)) => (beside.bytes(&text)?, None),
        (None, None) => (Bytes::new(), None),
    };
    let asked = http.url.parsed().map_or_else(|_| http.url.to_string(), |url| words::without_user_info(url).into());
    let mut answer = Answer::of(body, given.url.as_ref().map_or(asked, |url| url.to_string()));
    answer.status = Some(given.status.unwrap_or(200));
    let says = |name: &str| given.headers.0.iter().any(|entry| entry.key.eq_ignore_ascii_case(name));
    let usual = content_type.filter(|_| !says("content-type")).map(|value| ("content-type".to_owned(), value.to_owned()));
    let written = given.headers.0.iter().map(|entry| (entry.key.to_string(), entry.value.to_string()));
    answer.headers = usual.into_iter().chain(written).collect();
    answer.certificate = given.certificate.as_ref().and_then(|facts| {
        crate::net::certificate::Certificate { not_after: facts.not_after.0, subject: facts.subject.clone(), issuer: facts.issuer.clone() }
            .write()
            .map(Bytes::from)
    });
    Ok(answer)
}

/// What a server says of a file with that ending.
pub fn type_of_file(path: &str) -> Option<&'static str> {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending)?;
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, content_type)| *content_type)
}

/// Endings of files and what servers say of them.
const TYPES: &[(&str, &str)] = &[
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("csv", "text/csv"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("html", "text/html"),
    ("ndjson", "application/x-ndjson"),
    ("txt", "text/plain"),
    ("prom", "text/plain; version=0.0.4"),
];

/// The ending of a file for a body of that type: of one with other parameters that of its kind, and one
/// that means nothing where nobody says a type.
pub fn ending_of(content_type: Option<&str>) -> &'static str {
    let Some(content_type) = content_type else { return "body" };
    let kind = content_type.split(';').next().unwrap_or("").trim();
    let whole = TYPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(content_type));
    let found = whole.or_else(|| TYPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(kind)));
    match found {
        Some((ending, _)) => ending,
        None if kind.ends_with("json") => "json",
        None if kind.ends_with("xml") => "xml",
        None if kind.starts_with("text/") => "txt",
        None => "body",
    }
}

fn command_answer(given: &AnswerGiven, command: &CommandRequest, beside: &Beside<'_>) -> Result<Answer, Box<Diagnostic>> {
    let body = Body::of(&given.stdout, &given.stdout_file).map(|body| beside.bytes(&body)).transpose()?.unwrap_or_default();
    let mut answer = Answer::of(body, command.argv.first().cloned().unwrap_or_default());
    answer.exit_code = Some(given.exit_code.and_then(|code| code.try_into().ok()).unwrap_or(0));
    answer.stderr = given.stderr.as_deref().unwrap_or_default().to_owned();
    Ok(answer)
}

/// What a real exchange would say.
fn usual_words(kind: ErrorKind, request: &Request) -> String {
    let (place, host) = match request {
        Request::Http(http) => http.url.parsed().map_or_else(
            |_| ("the server".to_owned(), "the server".to_owned()),
            |url| (words::place(url), url.host_str().unwrap_or("?").to_owned()),
        ),
        Request::Command(command) => (command.argv.first().cloned().unwrap_or_default(), String::new()),
        Request::File(file) => (file.pattern.display().to_string(), String::new()),
    };
    let limit = |time: Duration| words::time(time);
    match (kind, request) {
        (ErrorKind::Timeout, Request::Http(http)) => format!("timed out after {}: no answer from {place}", limit(http.timeout)),
        (ErrorKind::Timeout, Request::Command(command)) => format!("timed out after {} and was ended (SIGTERM)", limit(command.timeout)),
        (ErrorKind::Timeout, Request::File(_)) => "timed out".to_owned(),
        (ErrorKind::Connect, _) => format!("connection refused by {place}"),
        (ErrorKind::Dns, _) => format!("no address found for `{host}`"),
        (ErrorKind::Tls, _) => format!("certificate of `{host}` has expired"),
        (ErrorKind::NotFound, Request::File(_)) => format!("no file `{place}`"),
        (ErrorKind::NotFound, _) => format!("no program `{place}`"),
        (ErrorKind::Permission, _) => format!("`{place}`: permission denied"),
        (ErrorKind::TooLarge, Request::Http(http)) => format!("the body is larger than {} (max_bytes)", words::size(http.max_bytes)),
        (ErrorKind::TooLarge, Request::Command(command)) => {
            format!("the output is larger than {} (max_bytes)", words::size(command.max_bytes))
        }
        (ErrorKind::TooLarge, Request::File(file)) => format!("`{place}` is larger than {} (max_bytes)", words::size(file.max_bytes)),
        (ErrorKind::Spawn, _) => format!("`{place}` cannot be started"),
        (ErrorKind::Exit, _) => "ended by signal 9 (SIGKILL)".to_owned(),
        (ErrorKind::HttpStatus, _) => "an unwanted status".to_owned(),
        (ErrorKind::Decode, _) => "the body cannot be unpacked".to_owned(),
        (ErrorKind::Auth, _) => "the login failed".to_owned(),
        (ErrorKind::Expect | ErrorKind::Limit | ErrorKind::Skipped, _) => format!("the test says `{}`", kind.word()),
    }
}

/// A key that makes no sense for the kind of a source.
pub fn misplaced(given: &AnswerGiven, span: Span, kind: &str) -> Option<Box<Diagnostic>> {
    let http = [
        ("status", given.status.is_some()),
        ("headers", !given.headers.0.is_empty()),
        ("body", given.body.is_some()),
        ("body_file", given.body_file.is_some()),
        ("json", given.json.is_some()),
        ("url", given.url.is_some()),
        ("certificate", given.certificate.is_some()),
    ];
    let command = [
        ("stdout", given.stdout.is_some()),
        ("stdout_file", given.stdout_file.is_some()),
        ("stderr", given.stderr.is_some()),
        ("exit_code", given.exit_code.is_some()),
    ];
    let file = [
        ("content", given.content.is_some()),
        ("content_file", given.content_file.is_some()),
        ("append", given.append.is_some()),
        ("files", !given.files.0.is_empty()),
    ];
    let own: &[(&str, bool)] = match kind {
        "http" => &http,
        "command" => &command,
        _ => &file,
    };
    let all = http.iter().chain(&command).chain(&file);
    let (wrong, _) = all.into_iter().find(|(key, there)| *there && !own.iter().any(|(known, _)| known == key))?;
    let keys = crate::base::suggest::listed(own.iter().map(|(key, _)| *key), 10);
    let problem = Diagnostic::error("wrong-answer", format!("`{wrong}` in the answer of a source of kind {kind}"), span);
    Some(Box::new(problem.label(format!("{kind} sources are answered otherwise")).help(format!("use {keys}, or `error`"))))
}
