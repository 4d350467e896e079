//! Problems as data: code, level, title, places, what is true, and the edit that cures it.
//!
//! Every phase returns its value *and* the problems it met; nothing prints here.

use super::span::Span;

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

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels.first().map_or_else(Span::default, |label| label.span)
    }
}

/// Sorts by file, place and gravity, and drops repeats: an anchor is read at each of its aliases.
pub fn sort(problems: &mut Vec<Diagnostic>) {
    problems.sort_by(|a, b| (a.span(), a.level, a.code).cmp(&(b.span(), b.level, b.code)));
    problems.dedup_by(|later, first| (later.span(), later.code, &later.title) == (first.span(), first.code, &first.title));
}

/// Drops problems that are only the consequence of another one of the list: one slip, one problem.
pub fn drop_consequences(problems: &mut Vec<Diagnostic>) {
    let causes = problems.clone();
    problems.retain(|problem| !causes.iter().any(|cause| cause != problem && follows(problem, cause)));
}

fn follows(problem: &Diagnostic, cause: &Diagnostic) -> bool {
    let (own, other) = (problem.span(), cause.span());
    let inside = own.contains(other);
    let key_is = |key: &str| problem.code == "missing-key" && problem.title.ends_with(&format!("without `{key}`"));
    match cause.code {
        // The key is there, misspelt or without a value.
        "unknown-key" if inside => cause.edit.as_ref().is_some_and(|edit| key_is(&edit.replacement)),
        "empty-key" if inside => cause.title.split('`').nth(1).is_some_and(key_is),
        // What `{ }` has cut off is missing where it was cut.
        "cut-value" => own.file == other.file && problem.code == "bad-expression" && own.end <= other.start && other.start - own.end <= 4,
        // The value is not what was meant, so what it is taken for says nothing.
        "key-not-text" | "unknown-tag" => own.file == other.file && own.start.abs_diff(other.start) <= 1,
        _ => false,
    }
}

/// True if any of the problems is an error.
pub fn has_errors(problems: &[Diagnostic]) -> bool {
    problems.iter().any(|p| p.level == Level::Error)
}
