//! Cures as edits: which of them a machine may make by itself, and the text that they give.
//!
//! Safe are those that leave what is sent as it is, or as a backend makes it anyway. A name that is
//! only the nearest known one is a guess; it is made where guesses were asked for.

use super::rule;
use crate::base::diag::{Diagnostic, Edit};
use crate::base::span::FileId;

/// Codes of the readers whose edit says the same in another way.
const SAFE: &[&str] = &["braces-in-expression"];

/// Which edits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are safe.
    Safe,
    /// All.
    Guesses,
}

/// The edits for a file, in order, without those that overlap an earlier one.
pub fn edits(problems: &[Diagnostic], file: FileId, which: Which) -> Vec<Edit> {
    let wanted = |problem: &&Diagnostic| which == Which::Guesses || rule(problem.code).is_some() || SAFE.contains(&problem.code);
    let mut edits: Vec<Edit> =
        problems.iter().filter(wanted).filter_map(|problem| problem.edit.clone()).filter(|edit| edit.span.file == file).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits.dedup();
    let mut end = 0;
    edits.retain(|edit| {
        let fits = edit.span.start >= end;
        if fits {
            end = edit.span.end;
        }
        fits
    });
    edits
}

/// The text with edits made; they stand in order and do not overlap.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start as usize).unwrap_or(""));
        out.push_str(&edit.replacement);
        at = edit.span.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// What has changed, as `diff -u` and `patch` write it. Edits stay inside their lines, so both texts
/// have as many.
pub fn diff(path: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let changed: Vec<usize> = (0..old.len().max(new.len())).filter(|at| old.get(*at) != new.get(*at)).collect();
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut rest = &changed[..];
    while let Some(first) = rest.first() {
        let near = rest.windows(2).position(|pair| matches!(pair, [a, b] if b - a > 2 * CONTEXT)).map_or(rest.len(), |at| at + 1);
        let (hunk, later) = rest.split_at_checked(near).unwrap_or((rest, &[]));
        rest = later;
        let start = first.saturating_sub(CONTEXT);
        let end = (hunk.last().unwrap_or(first) + CONTEXT + 1).min(old.len());
        out.push_str(&format!("@@ -{},{} +{},{} @@\n", start + 1, end - start, start + 1, end - start));
        let (mut minus, mut plus) = (String::new(), String::new());
        for at in start..end {
            let line = |lines: &[&str]| lines.get(at).copied().unwrap_or("").to_owned();
            if hunk.contains(&at) {
                minus.push_str(&format!("-{}\n", line(&old)));
                plus.push_str(&format!("+{}\n", line(&new)));
            } else {
                out.push_str(&minus);
                out.push_str(&plus);
                (minus, plus) = (String::new(), String::new());
                out.push_str(&format!(" {}\n", line(&old)));
            }
        }
        out.push_str(&minus);
        out.push_str(&plus);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Span;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(FileId(0), start, end), replacement: text.to_owned() }
    }

    #[test]
    fn edits_are_made_in_order_and_the_rest_stays() {
        assert_eq!(apply("a: 5 # why\nb: 6\n", &[edit(3, 4, "5s"), edit(14, 15, "6s")]), "a: 5s # why\nb: 6s\n");
    }

    #[test]
    fn a_diff_shows_the_lines_around() {
        let before: String = (1..=20).map(|n| format!("l{n}\n")).collect();
        let after = before.replace("l2\n", "X\n").replace("l19\n", "Y\n");
        let expected = "--- a\n+++ a\n@@ -1,5 +1,5 @@\n l1\n-l2\n+X\n l3\n l4\n l5\n@@ -16,5 +16,5 @@\n l16\n l17\n l18\n-l19\n+Y\n l20\n";
        assert_eq!(diff("a", &before, &after), expected);
    }
}
