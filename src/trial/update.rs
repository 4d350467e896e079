//! `--update`: writes what was found as what is expected, for a person to review.
//!
//! Only tests that fail, and those without `expect`, are written: an expectation that holds may say
//! less than everything on purpose. The rest of the file stays as it is, comments included.

use super::case::Case;
use super::expect::{RunDemand, Runs};
use super::play::Played;
use super::write;
use crate::base::diag::Diagnostic;
use crate::base::span::SourceText;

/// A part of a file to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first byte that goes.
    pub start: usize,
    /// The first byte that stays.
    pub end: usize,
    /// What comes.
    pub text: String,
}

/// What makes a test expect what was found.
///
/// # Errors
/// Why that cannot be written there.
pub fn change(case: &Case, played: &Played, source: &SourceText) -> Result<Change, Box<Diagnostic>> {
    let text = &*source.text;
    let start = case.node.span.start as usize;
    if text.get(start..).is_some_and(|rest| rest.starts_with('{')) {
        let problem = Diagnostic::error("not-updated", "a test in one line cannot be updated", case.span);
        return Err(Box::new(problem.label("in flow form").help("write it in block form: one key on a line, without `{ }`")));
    }
    let none = RunDemand::default();
    let before = case.written.expect.as_ref().map(|expect| &expect.runs);
    let each = matches!(before, Some(Runs::Each(_))) || (before.is_none() && played.runs.len() > 1);
    let last = played.runs.len().saturating_sub(1);
    let demand = |n: usize| match before {
        Some(Runs::Last(demand)) if n == last => &**demand,
        Some(Runs::Each(all)) => all.get(n).map_or(&none, |placed| &placed.value),
        _ => &none,
    };
    let runs: Vec<_> = played.runs.iter().enumerate().map(|(n, run)| (demand(n), run)).collect();
    let column =
        source.position(case.node.as_map().and_then(<[_]>::first).map_or(case.span.start, |entry| entry.key_span.start)).column - 1;
    let written = write::expect(&runs, each, column);
    let own = case.node.entry("expect");
    Ok(match own {
        Some(entry) => {
            let key = entry.key_span.start as usize;
            let line = text.get(..key).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let end = end_of(text, entry.value.span.end as usize, key);
            Change { start: line, end: before_comments(text, key, end, column), text: written }
        }
        None => {
            let end = end_of(text, case.node.span.end as usize, start);
            let newline = if end > 0 && !text.get(..end).is_some_and(|before| before.ends_with('\n')) { "\n" } else { "" };
            Change { start: end, end, text: format!("{newline}{written}") }
        }
    })
}

/// Behind the last line that holds something of a node which ends there.
fn end_of(text: &str, end: usize, start: usize) -> usize {
    let inner = text.get(start..end.min(text.len())).unwrap_or("").trim_end();
    let last = start + inner.len();
    text.get(last..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| last + at + 1)
}

/// Without the comments below a block that do not stand in it.
fn before_comments(text: &str, start: usize, end: usize, column: usize) -> usize {
    let lines = text.get(start..end).unwrap_or("").split_inclusive('\n').collect::<Vec<_>>();
    let outside = |line: &str| {
        let words = line.trim_start();
        words.is_empty() || (words.starts_with('#') && line.len() - words.len() <= column)
    };
    end - lines.iter().skip(1).rev().take_while(|line| outside(line)).map(|line| line.len()).sum::<usize>()
}

/// A text with its changes.
pub fn apply(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|change| std::cmp::Reverse(change.start));
    let mut out = text.to_owned();
    for change in changes {
        out.replace_range(change.start..change.end.min(out.len()), &change.text);
    }
    out
}
