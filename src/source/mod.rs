//! Where a run gets bytes: HTTP, commands, files.
//!
//! A [`Source`] is what a person declares; [`Source::request`] renders it for one exchange, with
//! every template printed and every limit a number. [`exchange`] then talks to the outside. So a
//! request can be shown, matched and answered by a script without any network.
//!
//! Adding a source: one file with its fields, and one line in [`KINDS`].

pub mod auth;
pub mod command;
pub mod file;
pub mod http;
pub mod of_document;
pub mod paginate;
pub mod poll;
pub mod proxy;
pub mod rate;
pub mod retry;
pub mod statuses;
pub mod version;
pub mod wire;

use crate::base::error_kind::ErrorKind;
use crate::base::map::Map;
use crate::base::span::{FileId, Span};
use crate::base::time::Clock;
use crate::expr::code::{Code, FromValue, Setting};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::client::HttpClients;
use crate::net::command::{CommandRequest, Commands};
use crate::net::file::FileRequest;
use crate::net::http::HttpRequest;
use crate::net::login::Login;
use crate::net::{Answer, ExchangeError};
use crate::yaml::kind::Kind;
use paginate::Paginate;
use poll::Poll;
use rate::Rate;
use retry::Retry;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Every source kind by its name in YAML.
pub const KINDS: &[Kind<Arc<dyn Source>>] = &[http::KIND, command::KIND, file::KIND];

/// One declared way to get bytes.
pub trait Source: Send + Sync + Debug {
    /// The kind's name.
    fn kind(&self) -> &'static str;
    /// The requests of one exchange, tried in order until one works.
    ///
    /// # Errors
    /// What could not be rendered, as the error of the source.
    fn requests(&self, place: &Place<'_>, frame: &mut Frame) -> Result<Vec<Request>, ExchangeError>;
    /// True if its requests are the same in every run of a check, so that they are made once.
    fn is_steady(&self) -> bool {
        false
    }

    /// Why and how its requests are repeated, for sources that can.
    fn repeats(&self) -> Option<&Repeats> {
        None
    }

    /// Calls `take` for every computed place.
    fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code));
}

/// Why and how requests are repeated.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    /// After failures that may pass.
    pub retry: Option<Retry>,
    /// For further pages.
    pub paginate: Option<Paginate>,
    /// Until the answer is ready.
    pub poll: Option<Poll>,
    /// No more often than this.
    pub rate_limit: Option<Setting<Rate>>,
}

impl Repeats {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        self.retry.iter().for_each(|retry| retry.codes(take));
        self.paginate.iter().for_each(|paginate| paginate.codes(take));
        self.poll.iter().for_each(|poll| poll.codes(take));
        self.rate_limit.iter().filter_map(Setting::code).for_each(take);
    }
}

/// What a request is made in.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// Where relative paths start: the folders of the files of the spec.
    pub folders: &'p Folders,
    /// What the answers of the last accepted run asked to keep, by their keys.
    pub kept: &'p Map,
}

impl Place<'_> {
    /// Where a relative path starts that stands at a place of the spec.
    pub fn folder(&self, span: Span) -> &Path {
        self.folders.of(span)
    }
}

/// The folders of the files that a spec consists of: a relative path starts at the folder of the
/// file that it stands in.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// The folder of the spec itself.
    pub own: PathBuf,
    /// Those of its fragments.
    pub fragments: Vec<(FileId, PathBuf)>,
}

impl Folders {
    /// The folder of a file of the spec.
    pub fn of(&self, span: Span) -> &Path {
        self.fragments.iter().find(|(file, _)| *file == span.file).map_or(&self.own, |(_, folder)| folder)
    }
}

impl From<&str> for Folders {
    fn from(own: &str) -> Self {
        Folders { own: own.into(), fragments: Vec::new() }
    }
}

/// A rendered request.
#[derive(Clone, Debug)]
pub enum Request {
    /// Over HTTP.
    Http(Box<HttpRequest>),
    /// A command.
    Command(CommandRequest),
    /// A file or several.
    File(FileRequest),
}

impl Request {
    /// The time after which its exchange has ended by itself; none where it may wait for a free
    /// place or has no limit.
    pub fn ends_within(&self) -> Option<Duration> {
        match self {
            // A login may have to be made, or waited for.
            Request::Http(request) if matches!(request.login, Login::Token(_)) => None,
            Request::Http(request) => Some(request.timeout),
            Request::Command(_) | Request::File(_) => None,
        }
    }

    /// The request that goes on where these answers ended; none where they were all.
    pub fn further<'a>(&self, answers: impl Iterator<Item = &'a Answer>) -> Option<Request> {
        let Request::File(request) = self else { return None };
        let mut next = request.clone();
        next.continue_with(answers).then_some(Request::File(next))
    }

    /// The same request for so many records at most, if it is for a file of independent records.
    pub fn bounded(&self, records: usize) -> Option<Request> {
        let Request::File(request) = self else { return None };
        self.is_tail().then(|| Request::File(FileRequest { most_records: records, ..request.clone() }))
    }

    /// True if no look at the outside is needed: an earlier one has read more than was asked for.
    pub fn is_at_hand(&self) -> bool {
        matches!(self, Request::File(request) if request.is_at_hand())
    }

    /// True if the answer says "nothing new", and there is nothing to decode.
    pub fn is_nothing(&self, answer: &Answer) -> bool {
        matches!(self, Request::File(request) if request.is_nothing(answer))
    }

    /// True if the answer is a part of a file of independent records.
    pub fn is_tail(&self) -> bool {
        matches!(self, Request::File(request) if matches!(request.reading, crate::net::file::Reading::Tail(_)))
    }

    /// The request in one line, without secrets: `GET http://…`, `df -P -k`, `/proc/stat`.
    pub fn describe(&self) -> String {
        match self {
            Request::Http(request) => {
                let shown = request.url.parsed().map(|url| crate::net::words::readable(url, &request.secrets));
                format!("{} {}", request.method, shown.unwrap_or_else(|_| "an address that is no URL".to_owned()))
            }
            Request::Command(request) => request.shown.clone(),
            Request::File(request) => request.pattern.display().to_string(),
        }
    }

    /// What `.url` of a result is: the address without user info and secrets, the program, the path.
    pub fn address(&self) -> String {
        match self {
            Request::Http(request) => match request.url.parsed() {
                Ok(url) => crate::net::words::without_secrets(url, &request.secrets),
                Err(_) => request.url.to_string(),
            },
            Request::Command(request) => request.argv.first().cloned().unwrap_or_default(),
            Request::File(request) => request.pattern.display().to_string(),
        }
    }
}

/// What talks to the outside, shared by all checks.
#[derive(Default)]
pub struct Outside {
    /// HTTP clients with their pools.
    pub http: HttpClients,
    /// Children of this process.
    pub commands: Commands,
}

/// One exchange; several answers only where a file pattern matches several files.
///
/// # Errors
/// Why there is no usable answer.
pub async fn exchange(outside: &Outside, request: &Request, clock: &dyn Clock) -> Result<Vec<Answer>, ExchangeError> {
    match request {
        Request::Http(request) => outside.http.exchange(request, clock).await.map(|answer| vec![answer]),
        Request::Command(request) => outside.commands.exchange(request, clock).await.map(|answer| vec![answer]),
        Request::File(request) => crate::net::file::read(request, clock).await,
    }
}

/// A setting of a request, or the usual value where it has none.
///
/// # Errors
/// A value of another type.
pub fn with_usual<T: FromValue + Clone>(what: &str, setting: &Setting<T>, usual: T, frame: &mut Frame) -> Result<T, ExchangeError> {
    Setting::get_or(Some(setting), usual, frame).map_err(|fault| bad_part(what, fault))
}

/// A required part of a request that has no value.
pub fn missing_part(what: &str, code: &Code, frame: &Frame) -> ExchangeError {
    ExchangeError::new(ErrorKind::Limit, code.with_values(&format!("`{what}` has no value"), frame))
}

/// A part of a request that cannot be computed.
pub fn bad_part(what: &str, fault: Fault) -> ExchangeError {
    let why = match fault {
        Fault::Missing => "a part of it is missing".to_owned(),
        Fault::Failed(why) => why,
    };
    ExchangeError::new(ErrorKind::Limit, format!("`{what}` cannot be computed: {why}"))
}
