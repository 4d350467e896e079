//! Diagnostics as text for a terminal and as JSON for tools.

use super::diag::{Diagnostic, Level};
use super::print::one_line;
use super::span::{Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level as Severity, Patch, Renderer, Snippet};
use serde_json::{Value as Json, json};

/// Draws the problems one after the other, with excerpts, as a person reads them.
pub fn human(problems: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for problem in problems {
        out.push_str(&renderer.render(&groups(problem, sources)));
        out.push_str("\n\n");
    }
    out
}

fn groups<'a>(problem: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let severity = match problem.level {
        Level::Error => Severity::ERROR,
        Level::Warning => Severity::WARNING,
        Level::Note => Severity::NOTE,
    };
    let mut main = severity.primary_title(one_line(&problem.title)).id(problem.code).elements(snippets(problem, sources));
    if let Some(text) = &problem.text {
        main = main.element(Severity::NOTE.message(text.as_str()));
    }
    let Some(help) = &problem.help else { return vec![main] };
    match patch(problem, sources) {
        Some(patch) => vec![main, Severity::HELP.secondary_title(help.as_str()).element(patch)],
        None => vec![main.element(Severity::HELP.message(help.as_str()))],
    }
}

fn snippets<'a>(problem: &'a Diagnostic, sources: &'a Sources) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut files: Vec<_> = problem.labels.iter().map(|label| label.span.file).collect();
    files.dedup();
    let primary = problem.span();
    let one_file = |file| {
        let source = sources.get(file)?;
        let labels = problem.labels.iter().filter(move |label| label.span.file == file);
        let marks = labels.map(|label| {
            let kind = if label.span == primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let mark = kind.span(visible(label.span, &source.text));
            if label.text.is_empty() { mark } else { mark.label(label.text.as_str()) }
        });
        Some(Snippet::source(&*source.text).path(&*source.path).annotations(marks))
    };
    files.into_iter().filter_map(one_file).collect()
}

fn patch<'a>(problem: &'a Diagnostic, sources: &'a Sources) -> Option<Snippet<'a, Patch<'a>>> {
    let edit = problem.edit.as_ref()?;
    let source = sources.get(edit.span.file)?;
    let range = floor_char(&source.text, edit.span.start as usize)..floor_char(&source.text, edit.span.end as usize);
    Some(Snippet::source(&*source.text).path(&*source.path).patch(Patch::new(range, edit.replacement.as_str())))
}

/// A range that lies in the text, on character borders, and covers its first line only: a long
/// block would hide the message.
fn visible(span: Span, text: &str) -> std::ops::Range<usize> {
    let start = floor_char(text, span.start as usize);
    let end = floor_char(text, span.end as usize).max(start);
    let body = text.get(start..end).unwrap_or("");
    let line = body.lines().next().unwrap_or("").trim_end();
    start..start + line.len()
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The problems as a JSON list: `code level title file line column end_line end_column text help
/// labels edit`.
pub fn json(problems: &[Diagnostic], sources: &Sources) -> Json {
    problems.iter().map(|problem| one_json(problem, sources)).collect()
}

fn one_json(problem: &Diagnostic, sources: &Sources) -> Json {
    let mut out = place(problem.span(), sources);
    if let Some(map) = out.as_object_mut() {
        map.insert("code".into(), problem.code.into());
        map.insert("level".into(), problem.level.word().into());
        map.insert("title".into(), problem.title.clone().into());
        map.insert("label".into(), problem.labels.first().map(|l| l.text.clone()).into());
        map.insert("text".into(), problem.text.clone().into());
        map.insert("help".into(), problem.help.clone().into());
        map.insert("excerpt".into(), excerpt(problem.span(), sources).into());
        let others = problem.labels.iter().skip(1).map(|label| {
            let mut out = place(label.span, sources);
            if let Some(map) = out.as_object_mut() {
                map.insert("label".into(), label.text.clone().into());
            }
            out
        });
        map.insert("related".into(), others.collect());
        let edit = problem.edit.as_ref().map(|edit| {
            let mut out = place(edit.span, sources);
            if let Some(map) = out.as_object_mut() {
                map.insert("replacement".into(), edit.replacement.clone().into());
            }
            out
        });
        map.insert("edit".into(), edit.into());
    }
    out
}

fn place(span: Span, sources: &Sources) -> Json {
    let Some(source) = sources.get(span.file) else { return json!({}) };
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({"file": &*source.path, "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column})
}

fn excerpt(span: Span, sources: &Sources) -> String {
    let Some(source) = sources.get(span.file) else { return String::new() };
    let (start, end) = source.line_range(span.start);
    source.text.get(start..end).unwrap_or("").to_owned()
}
