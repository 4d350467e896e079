//! What a source came to: the value behind its name in expressions.

use crate::base::error_kind::ErrorKind;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::value::{Lazy, Text, Value};
use crate::decode::Facts;
use crate::decode::text::in_utf8;
use crate::net::Answer;
use crate::net::certificate::Certificate;
use crate::net::headers::Headers;
use crate::rows::once::Sightings;
use crate::rows::{Binds, Row};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The four outcomes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It worked, every item of it.
    Ok,
    /// It did not, or some items of an `each` did not.
    Failed,
    /// Something that it needs did not work.
    Skipped,
    /// Its condition does not hold, or it needs one that is off.
    Off,
}

/// One request of a source.
#[derive(Clone, Debug, Default)]
pub struct RequestNote {
    /// The items of `each` that it was for.
    pub items: Vec<(NameId, Text, Value)>,
    /// The request in one line; known where it failed or where a person looks on.
    pub request: String,
    /// The address, path or program.
    pub url: String,
    /// Why it failed.
    pub error: Option<(ErrorKind, String)>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// How long it took.
    pub elapsed: Duration,
    /// How many rows it gave.
    pub count: usize,
    /// The answer.
    pub body: Bytes,
    /// True if an earlier run has asked.
    pub from_cache: bool,
}

/// The result of one source.
#[derive(Debug)]
pub struct SourceResult {
    /// What became of it.
    pub fate: Fate,
    /// True if it, and everything it needs, worked completely.
    pub complete: bool,
    /// Why it failed or was skipped.
    pub error: Option<(ErrorKind, String)>,
    /// Its rows.
    pub rows: Arc<Vec<Row>>,
    /// Its document: of the first failed request of an `each`, else of the last.
    pub doc: Value,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The HTTP headers.
    pub headers: Headers,
    /// How long the exchanges took, from the first to the end of the last.
    pub elapsed: Duration,
    /// When the last answer ended.
    pub ended: Option<Timestamp>,
    /// The address, path or program.
    pub url: String,
    /// The answer.
    pub body: Bytes,
    /// The exit code of a command.
    pub exit_code: Option<i32>,
    /// The tail of its standard error.
    pub stderr: String,
    /// The server's certificate in DER.
    pub certificate: Option<Bytes>,
    /// Its requests.
    pub requests: Vec<RequestNote>,
    /// Items of an `each` that failed.
    pub failed_items: usize,
    /// The documents of its pages.
    pub pages: Vec<Value>,
    /// The caps that left something out, each with the number of items that reached it.
    pub caps: Vec<(String, usize)>,
    /// Positions for the next run, by their keys.
    pub kept: Vec<(Text, Value)>,
    /// Its indexes.
    pub by: Value,
    /// What its `once` has seen and let through.
    pub once: Option<Sightings>,
}

impl SourceResult {
    /// A result without any exchange.
    pub fn without_exchange(fate: Fate, error: Option<(ErrorKind, String)>) -> Self {
        SourceResult {
            fate,
            complete: fate == Fate::Off || fate == Fate::Ok,
            error,
            rows: Arc::default(),
            doc: Value::Missing,
            status: None,
            headers: Headers::default(),
            elapsed: Duration::ZERO,
            ended: None,
            url: String::new(),
            body: Bytes::new(),
            exit_code: None,
            stderr: String::new(),
            certificate: None,
            requests: Vec::new(),
            failed_items: 0,
            pages: Vec::new(),
            caps: Vec::new(),
            kept: Vec::new(),
            by: Value::Missing,
            once: None,
        }
    }

    /// A row for each request, with the items of `each` as local names.
    pub fn request_rows(&self) -> Vec<Row> {
        let row = |(n, note): (usize, &RequestNote)| {
            let binds: Binds = note.items.iter().map(|(name, _, value)| (*name, value.clone())).collect();
            Row { value: request_value(note), key: Value::from(n), binds: Some(Arc::new(binds)) }
        };
        self.requests.iter().enumerate().map(row).collect()
    }

    /// Takes over what the answer says.
    pub fn fill(&mut self, answer: Answer, doc: Value) {
        self.doc = doc;
        self.status = answer.status;
        self.headers = answer.headers;
        self.url = answer.url;
        self.body = answer.body;
        self.exit_code = answer.exit_code;
        self.stderr = answer.stderr;
        self.certificate = answer.certificate;
        self.elapsed = answer.elapsed;
        self.ended = Some(answer.ended);
    }

    fn certificate_value(&self) -> Value {
        let read = self.certificate.as_deref().and_then(Certificate::read);
        let Some((certificate, now)) = read.zip(self.ended) else { return Value::Missing };
        let entries = [
            ("days_left", Value::Float(certificate.days_left(now))),
            ("not_after", Value::Time(certificate.not_after)),
            ("subject", Value::from(certificate.subject.as_str())),
            ("issuer", Value::from(certificate.issuer.as_str())),
        ];
        Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// True if it ran at all.
    pub fn ran(&self) -> bool {
        matches!(self.fate, Fate::Ok | Fate::Failed)
    }
}

fn error_value(error: &Option<(ErrorKind, String)>) -> Value {
    let Some((kind, message)) = error else { return Value::Missing };
    let entries = [("kind", Value::from(kind.word())), ("message", Value::from(message.as_str()))];
    Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn body_text(body: &[u8]) -> Value {
    Value::text(String::from_utf8_lossy(body))
}

fn optional_number(n: Option<impl Into<i64>>) -> Value {
    n.map_or(Value::Missing, |n| Value::Int(n.into()))
}

fn request_value(note: &RequestNote) -> Value {
    let mut map: Map = note.items.iter().map(|(_, name, value)| (name.clone(), value.clone())).collect();
    map.insert("url", Value::from(note.url.as_str()));
    map.insert("ok", Value::Bool(note.error.is_none()));
    map.insert("status", optional_number(note.status));
    map.insert("elapsed", Value::Float(note.elapsed.as_secs_f64()));
    map.insert("error", error_value(&note.error));
    map.insert("from_cache", Value::Bool(note.from_cache));
    map.insert("count", Value::from(note.count));
    map.insert("body", body_text(&note.body));
    Value::map(map)
}

impl Lazy for SourceResult {
    fn member(&self, name: &str) -> Value {
        match name {
            "ok" => Value::Bool(self.fate == Fate::Ok),
            "ran" => Value::Bool(self.ran()),
            "error" => error_value(&self.error),
            "status" => optional_number(self.status),
            "headers" => Value::map(self.headers.iter().map(|(name, value)| (Text::from(name), Value::from(&*value))).collect()),
            "elapsed" if self.ran() => Value::Float(self.elapsed.as_secs_f64()),
            "url" if self.ran() => Value::from(self.url.as_str()),
            "body" if self.ran() => {
                let facts = Facts { content_type: self.headers.get("content-type"), ..Facts::default() };
                // The decoder has warned of what is no text.
                body_text(&in_utf8(&self.body, &facts, &mut Vec::new()))
            }
            // A sum over the rows of what was never asked must not look like one over none.
            "rows" | "count" | "pages" if self.fate == Fate::Off => Value::Missing,
            "doc" => self.doc.clone(),
            "rows" => Value::list(self.rows.iter().map(|row| row.value.clone()).collect()),
            "count" => Value::from(self.rows.len()),
            "failed" => Value::from(self.failed_items),
            "capped" => Value::Bool(!self.caps.is_empty()),
            "pages" => Value::list(self.pages.clone()),
            "requests" => Value::list(self.requests.iter().map(request_value).collect()),
            "exit_code" => optional_number(self.exit_code),
            "stderr" if self.exit_code.is_some() => Value::from(self.stderr.as_str()),
            "certificate" => self.certificate_value(),
            "by" => self.by.clone(),
            _ => Value::Missing,
        }
    }

    fn materialize(&self) -> Value {
        let members = ["ok", "ran", "error", "status", "headers", "elapsed", "url", "body", "doc", "rows", "count", "failed", "capped"];
        Value::map(members.into_iter().map(|name| (name.into(), self.member(name))).collect())
    }
}

/// `run` in expressions.
#[derive(Debug)]
pub struct RunFacts {
    /// The interval of the check.
    pub interval: Duration,
    /// The how many-th run it is.
    pub number: u64,
    /// Why the run is an error; known once its sources are done.
    pub failures: Option<Vec<String>>,
}

impl Lazy for RunFacts {
    fn member(&self, name: &str) -> Value {
        match (name, &self.failures) {
            ("interval", _) => Value::seconds(self.interval.as_secs_f64()),
            ("number", _) => Value::from(i64::try_from(self.number).unwrap_or(i64::MAX)),
            ("failed", Some(failures)) => Value::Bool(!failures.is_empty()),
            ("errors", Some(failures)) => Value::list(failures.iter().map(|failure| Value::from(failure.as_str())).collect()),
            _ => Value::Missing,
        }
    }

    fn materialize(&self) -> Value {
        let members = ["interval", "number", "failed", "errors"].into_iter().map(|name| (Text::from(name), self.member(name)));
        Value::map(members.filter(|(_, value)| !value.is_missing()).collect())
    }
}
