//! The outside world: one HTTP exchange, one command, one file.
//!
//! Requests arrive here complete: every template is rendered, every limit is a number. Each
//! exchange ends within its time limit, reads no more than its size limit, and fails with one
//! [`ExchangeError`] that is a sentence for an operator.

mod address;
pub mod amend;
pub mod certificate;
mod changed;
pub mod client;
pub mod command;
pub mod digest;
#[cfg(test)]
mod exchange_tests;
mod failure;
pub mod file;
pub mod headers;
mod hmac;
pub mod http;
pub mod link;
pub mod login;
#[cfg(test)]
mod login_tests;
mod pipes;
mod program;
mod pulse;
pub mod reaper;
pub mod redirect;
pub mod request_url;
pub mod sigv4;
pub mod status;
pub mod tail;
#[cfg(test)]
mod testing;
pub mod trust;
pub mod words;

use crate::base::error_kind::ErrorKind;
use crate::base::value::{Text, Value};
use bytes::Bytes;
use headers::Headers;
use jiff::Timestamp;
use std::time::Duration;

/// What a source gave back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The bytes: body, standard output, content.
    pub body: Bytes,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The HTTP headers.
    pub headers: Headers,
    /// The URL of the last request after redirects, the file's path, or the program; without user
    /// info.
    pub url: String,
    /// How long the whole exchange took.
    pub elapsed: Duration,
    /// When it ended.
    pub ended: Timestamp,
    /// The command's exit code.
    pub exit_code: Option<i32>,
    /// The tail of the command's standard error.
    pub stderr: String,
    /// The server's certificate in DER, of an answer over TLS.
    pub certificate: Option<Bytes>,
    /// Positions that the next run is to begin at, by their keys; remembered once the output of
    /// this run has been accepted.
    pub kept: Vec<(Text, Value)>,
    /// Where each record ends in the body, its line end included, of records of several lines: each
    /// is decoded by itself. Empty where the decoder knows what a record is.
    pub records: Vec<usize>,
    /// What was cut or passed over, a sentence each.
    pub warnings: Vec<String>,
    /// True if there is more that the same request would give now: a file that is read in chunks.
    pub more: bool,
}

impl Answer {
    /// An answer with a body and nothing else known.
    pub fn of(body: impl Into<Bytes>, url: impl Into<String>) -> Self {
        Answer {
            body: body.into(),
            status: None,
            headers: Headers::default(),
            url: url.into(),
            elapsed: Duration::ZERO,
            ended: Timestamp::UNIX_EPOCH,
            exit_code: None,
            stderr: String::new(),
            certificate: None,
            kept: Vec::new(),
            records: Vec::new(),
            warnings: Vec::new(),
            more: false,
        }
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// How long the server asks to wait: its `Retry-After` (RFC 9110 §10.2.3), seconds or a date.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
    }
}

/// Why an exchange failed.
#[derive(Clone, Debug)]
pub struct ExchangeError {
    /// For `.error.kind`.
    pub kind: ErrorKind,
    /// One sentence fragment in lower case, without secrets: "connection refused by 127.0.0.1:80".
    pub message: String,
    /// What there is all the same: the answer with an unwanted status, the output of a command that
    /// failed.
    pub answer: Option<Box<Answer>>,
}

impl ExchangeError {
    /// An error without an answer.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ExchangeError { kind, message: message.into(), answer: None }
    }
}

impl std::fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExchangeError {}
