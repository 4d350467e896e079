//! Problems as data: code, level, title, places, what is true, and the edit that cures it.
//!
//! Every phase returns its value *and* the problems it met; nothing prints here.

use super::limits;
use super::span::{FileId, Span};
use std::collections::HashSet;

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The file cannot be used as it stands.
    Error,
    /// It runs, and probably not as meant.
    Warning,
    /// A matter of taste or a hint.
    Note,
}

impl Level {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// A marked place with what this spot is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A few words, without full stop; may be empty.
    pub text: String,
}

/// Replace the characters of `span` by `replacement`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub replacement: String,
}

/// One problem in something a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kebab-case name, for `explain` and `allow`.
    pub code: &'static str,
    /// How grave it is.
    pub level: Level,
    /// A noun phrase or short statement, no full stop.
    pub title: String,
    /// The first is the primary place.
    pub labels: Vec<Label>,
    /// What is true, in whole sentences.
    pub text: Option<String>,
    /// The exact cure.
    pub help: Option<String>,
    /// The cure as an edit, where a machine can do it.
    pub edit: Option<Edit>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, title: impl Into<String>, span: Span) -> Self {
        Self::new(code, Level::Error, title, span)
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, title: impl Into<String>, span: Span) -> Self {
        Self::new(code, Level::Warning, title, span)
    }

    /// A note at `span`.
    pub fn note(code: &'static str, title: impl Into<String>, span: Span) -> Self {
        Self::new(code, Level::Note, title, span)
    }

    fn new(code: &'static str, level: Level, title: impl Into<String>, span: Span) -> Self {
        let labels = vec![Label { span, text: String::new() }];
        Diagnostic { code, level, title: title.into(), labels, text: None, help: None, edit: None }
    }

    /// Says what the primary place is.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Adds another place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what is true.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Gives the cure as an edit.
    pub fn edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edit = Some(Edit { span, replacement: replacement.into() });
        self
    }

    /// Gives every place the file that `file` names instead.
    pub fn in_files(&mut self, file: impl Fn(FileId) -> FileId) {
        let labels = self.labels.iter_mut().map(|label| &mut label.span);
        labels.chain(self.edit.iter_mut().map(|edit| &mut edit.span)).for_each(|span| span.file = file(span.file));
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels.first().map_or_else(Span::default, |label| label.span)
    }
}

/// Adds a problem, unless there are more than anybody reads: then one last error says so.
pub fn add(problems: &mut Vec<Diagnostic>, problem: Diagnostic) {
    match problems.len().cmp(&limits::PROBLEMS) {
        std::cmp::Ordering::Less => problems.push(problem),
        std::cmp::Ordering::Equal => {
            let title = format!("more than {} problems in one file", limits::PROBLEMS);
            let last = Diagnostic::error("too-many-problems", title, problem.span()).label("the next one");
            problems.push(last.help("put those right that are told, and look again"));
        }
        std::cmp::Ordering::Greater => {}
    }
}

/// Sorts by file, place and gravity, and drops repeats: an anchor is read at each of its aliases.
pub fn sort(problems: &mut Vec<Diagnostic>) {
    problems.sort_by(|a, b| (a.span(), a.level, a.code).cmp(&(b.span(), b.level, b.code)));
    let mut told = HashSet::new();
    problems.retain(|problem| told.insert((problem.span(), problem.code, problem.title.clone())));
}

/// Drops problems that are only the consequence of another one of the list: one slip, one problem.
pub fn drop_consequences(problems: &mut Vec<Diagnostic>) {
    let is_cause = |problem: &&Diagnostic| {
        matches!(problem.code, "unknown-key" | "empty-key" | "cut-value" | "key-not-text" | "unknown-tag" | "yaml-syntax")
    };
    let mut causes: Vec<Diagnostic> = problems.iter().filter(is_cause).cloned().collect();
    causes.sort_by_key(Diagnostic::span);
    let breaks: Vec<Diagnostic> = causes.iter().filter(|cause| cause.code == "yaml-syntax").cloned().collect();
    problems.retain(|problem| {
        // Causes lie inside or beside: there may be very many of both.
        let (from, to) = (problem.span().start.saturating_sub(1), problem.span().end.saturating_add(4));
        let place = |cause: &Diagnostic| (cause.span().file, cause.span().start);
        let first = causes.partition_point(|cause| place(cause) < (problem.span().file, from));
        let last = causes.partition_point(|cause| place(cause) <= (problem.span().file, to));
        let near = causes.get(first..last).unwrap_or_default().iter().chain(&breaks);
        !near.into_iter().any(|cause| follows(problem, cause) && cause != problem)
    });
}

fn follows(problem: &Diagnostic, cause: &Diagnostic) -> bool {
    let (own, other) = (problem.span(), cause.span());
    let inside = own.contains(other);
    let key_is = |key: &str| problem.code == "missing-key" && problem.title.ends_with(&format!("without `{key}`"));
    match cause.code {
        // The key is there, misspelt or without a value.
        "unknown-key" if inside && problem.code == "metric-form" => problem.title.ends_with("without a value"),
        "unknown-key" if inside => cause.edit.as_ref().is_some_and(|edit| key_is(&edit.replacement)),
        "empty-key" if inside => cause.title.split('`').nth(1).is_some_and(key_is),
        // What `{ }` has cut off is missing where it was cut.
        "cut-value" => own.file == other.file && problem.code == "bad-expression" && own.end <= other.start && other.start - own.end <= 4,
        // Nothing behind it is read as it was meant, and the value before it may be cut.
        "yaml-syntax" => own.file == other.file && (problem.code == "missing-key" || own.end + 1 >= other.start),
        // The value is not what was meant, so what it is taken for says nothing.
        "key-not-text" | "unknown-tag" => own.file == other.file && own.start.abs_diff(other.start) <= 1,
        _ => false,
    }
}

/// True if any of the problems is an error.
pub fn has_errors(problems: &[Diagnostic]) -> bool {
    problems.iter().any(|p| p.level == Level::Error)
}
