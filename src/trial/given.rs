//! The declared form of `given`: what the sources are answered.
//!
//! ```yaml
//! given:
//!   page: {status: 200, body_file: page.json}
//!   hosts: {requests: [{match: {query: {page: "2"}}, json: []}, {json: [{id: 1}]}]}
//!   log: {runs: [{content: "one\n"}, {append: "two\n"}]}
//!   df: {error: timeout}
//! ```

use super::demand::{Any, Words};
use crate::base::diag::Diagnostic;
use crate::base::error_kind::ErrorKind;
use crate::base::span::Span;
use crate::base::value::Text;
use crate::yaml::basic::{Count, Keyed, Placed, Raw, Seconds};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use jiff::Timestamp;

impl Field for ErrorKind {
    fn shape() -> Shape {
        Shape::Words(ErrorKind::WORDS)
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let found = node.as_scalar().and_then(|scalar| ErrorKind::from_word(&scalar.text));
        if found.is_none() {
            crate::yaml::basic::unknown_word(node, ErrorKind::WORDS, reader);
        }
        found
    }
}

/// A moment that is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub Timestamp);

impl Field for At {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let at = node.as_scalar().and_then(|scalar| scalar.text.parse::<Timestamp>().ok());
        if at.is_none() {
            let problem = Diagnostic::error("wrong-type", "expected a time", node.span).label(format!("found {}", node.describe()));
            reader.report(problem.help("write date, time and zone, as in `2026-01-01T00:00:00Z`"));
        }
        at.map(At)
    }
}

crate::fields! {
    /// One answer of a source. Which keys make sense depends on the kind of the source.
    pub struct AnswerGiven, "answer" {
        /// Only for requests like this; without it for any.
        pub r#match: Option<Match>;
        /// How many requests of a run it answers; without it one, and the last one that matches answers all further ones.
        pub times: Option<Count>;
        /// The HTTP status; 200 where it is not given.
        pub status: Option<u16>;
        /// The headers of the answer.
        pub headers: Keyed<Text>;
        /// The body as text.
        pub body: Option<Placed<Text>>;
        /// The body from a file beside the test.
        pub body_file: Option<Placed<Text>>;
        /// The body as a value, which is sent as JSON.
        pub json: Option<Raw>;
        /// How long the answer takes: `elapsed` of the source. Longer than the time limit of the request, it is a timeout.
        pub elapsed: Seconds = Seconds(0.0), "0s";
        /// The address that answered, where it was another than that asked: after redirects.
        pub url: Option<Text>;
        /// The certificate of an answer over TLS.
        pub certificate: Option<CertificateGiven>;
        /// Standard output of a command.
        pub stdout: Option<Placed<Text>>;
        /// Standard output from a file beside the test.
        pub stdout_file: Option<Placed<Text>>;
        /// Standard error of a command.
        pub stderr: Option<Text>;
        /// The exit code of a command; 0 where it is not given.
        pub exit_code: Option<i64>;
        /// The content of a file.
        pub content: Option<Placed<Text>>;
        /// The content of a file from a file beside the test.
        pub content_file: Option<Placed<Text>>;
        /// What is added to the file since the run before.
        pub append: Option<Placed<Text>>;
        /// Several files, by the paths at which the source finds them.
        pub files: Keyed<FileGiven>;
        /// There is no answer but this error.
        pub error: Option<ErrorKind>;
        /// The words of the error; without them those of a real one.
        pub message: Option<Text>;
    }
}

crate::fields! {
    /// The content of one of several files.
    pub struct FileContent, "file" {
        /// The content.
        content: Option<Placed<Text>>;
        /// The content from a file beside the test.
        content_file: Option<Placed<Text>>;
        /// What is added to the file since the run before.
        append: Option<Placed<Text>>;
        /// The file is removed before the run.
        removed: bool = false, "false";
        /// The file gets this other path before the run, as a rotation does.
        renamed: Option<Text>;
    }
}

/// The content of one of several files: the text itself, or where it is.
#[derive(Clone, Debug)]
pub struct FileGiven {
    /// Replaces what there is.
    pub content: Option<Body>,
    /// Is added to what there is.
    pub append: Option<Placed<Text>>,
    /// The file goes.
    pub removed: bool,
    /// The file gets another path first.
    pub renamed: Option<Text>,
}

/// Bytes of an answer: in the test, or beside it.
#[derive(Clone, Debug)]
pub enum Body {
    /// The text.
    Text(Text),
    /// The path of a file, relative to that of the test.
    File(Placed<Text>),
}

impl Body {
    /// The one of two keys that is given.
    pub fn of(text: &Option<Placed<Text>>, file: &Option<Placed<Text>>) -> Option<Body> {
        let text = text.as_ref().map(|text| Body::Text(text.value.clone()));
        text.or_else(|| file.as_ref().map(|file| Body::File(file.clone())))
    }
}

impl Field for FileGiven {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Text, FileContent::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_scalar().is_some() {
            let text = Text::read(node, reader)?;
            return Some(FileGiven { content: Some(Body::Text(text)), append: None, removed: false, renamed: None });
        }
        let FileContent { content, content_file, append, removed, renamed } = FileContent::read(node, reader)?;
        Some(FileGiven { content: Body::of(&content, &content_file), append, removed, renamed })
    }
}

crate::fields! {
    /// What a server's certificate says of itself.
    pub struct CertificateGiven, "certificate" {
        /// The end of its time.
        pub not_after: At;
        /// Whose it is.
        pub subject: String = "CN=service.test".to_owned(), "CN=service.test";
        /// Who signed it.
        pub issuer: String = "CN=Test CA".to_owned(), "CN=Test CA";
    }
}

crate::fields! {
    /// Which requests an answer is for; several keys must all hold.
    pub struct Match, "match" {
        /// The URL: whole, or its path with or without its query where it begins with `/`.
        pub url: Option<Words>;
        /// The query, by its names; others may be there.
        pub query: Keyed<Any>;
        /// The method.
        pub method: Option<Words>;
        /// The headers, by their names; others may be there.
        pub headers: Keyed<Words>;
        /// The body, of a command its standard input; a map or list is compared with the JSON in it.
        pub body: Option<Any>;
        /// The program and its arguments: a list of all, or `{contains: [...]}`.
        pub argv: Option<Any>;
        /// The path or pattern of a file.
        pub path: Option<Words>;
    }
}

/// What one source is answered.
#[derive(Clone, Debug)]
pub struct Given {
    /// Where it stands.
    pub span: Span,
    /// The answers of each run; the last stand for all further runs.
    pub runs: Vec<Answers>,
    /// True where they are written run by run.
    pub by_run: bool,
}

/// The answers of one run.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Where they stand.
    pub span: Span,
    /// In the order in which they are tried.
    pub answers: Vec<Placed<AnswerGiven>>,
}

crate::fields! {
    /// The answers to several requests of a run, in order.
    pub struct Several, "answers" {
        /// One for each request; those with `match` only for those that match.
        requests: Vec<Placed<AnswerGiven>>;
    }
}

crate::fields! {
    /// The answers of several runs, in order.
    pub struct ByRun, "answers by run" {
        /// One for each run: an answer, or `{requests: [...]}`; the last one stands for all further runs.
        runs: Vec<Answers>;
    }
}

impl Field for Answers {
    fn shape() -> Shape {
        Shape::Either(vec![AnswerGiven::shape(), Several::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let answers =
            if node.entry("requests").is_some() { Several::read(node, reader)?.requests } else { vec![Placed::read(node, reader)?] };
        Some(Answers { span: node.span, answers })
    }
}

impl Field for Given {
    fn shape() -> Shape {
        Shape::Either(vec![AnswerGiven::shape(), Several::shape(), ByRun::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let by_run = node.entry("runs").is_some();
        let runs = if by_run { ByRun::read(node, reader)?.runs } else { vec![Answers::read(node, reader)?] };
        if runs.is_empty() {
            reader.mismatch(node, "at least one run");
            return None;
        }
        Some(Given { span: node.span, runs, by_run })
    }
}
