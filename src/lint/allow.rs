//! `# lint: allow CODE reason`: what a person has looked at and means as it is.
//!
//! At the end of a line the comment is about that line; on a line of its own it is about the block
//! that begins below: the next line and all that is indented deeper.
//!
//! ```yaml
//! metrics:
//!   # lint: allow two-units the old release counted in milliseconds
//!   - {name: demo.wait, value: 1, unit: millisecond}
//! ```
//!
//! Errors cannot be allowed: nothing runs with them. A comment that allows nothing is a note, so
//! that none outlives its reason.

use super::{Levels, RULES, finding, rule};
use crate::base::diag::{Diagnostic, Level};
use crate::base::limits;
use crate::base::span::{FileId, SourceText, Sources, Span};
use crate::base::suggest::nearest;

/// What such a comment begins with.
const WORDS: &str = "lint: allow";

/// One code of one comment.
#[derive(Debug)]
struct Allow<'t> {
    code: &'t str,
    /// Where the code stands.
    span: Span,
    /// The bytes that it is about.
    covers: std::ops::Range<usize>,
    has_reason: bool,
}

/// Takes away what the comments of a file allow. With `complete`, when all rules have looked, comments
/// that allow nothing are told.
pub fn apply(file: FileId, problems: &mut Vec<Diagnostic>, sources: &Sources, levels: &Levels, complete: bool) {
    let Some(source) = sources.get(file) else { return };
    let mut allows = comments(file, source);
    if allows.is_empty() {
        return;
    }
    if let Some(beyond) = allows.get(limits::ALLOWED).map(|beyond| beyond.span) {
        let problem = Diagnostic::warning("too-many-exceptions", format!("more than {} exceptions in one file", limits::ALLOWED), beyond);
        problems.push(
            problem
                .label("this and all below have no effect")
                .help("set the level of the rule in engine.yaml: `lint: {levels: {CODE: off}}`"),
        );
        allows.truncate(limits::ALLOWED);
    }
    let mut used = vec![false; allows.len()];
    problems.retain(|problem| {
        let span = problem.span();
        let hit = allows
            .iter()
            .position(|allow| allow.code == problem.code && span.file == file && allow.covers.contains(&(span.start as usize)));
        let allowed = hit.filter(|_| problem.level != Level::Error);
        if let Some(used) = allowed.and_then(|at| used.get_mut(at)) {
            *used = true;
        }
        allowed.is_none()
    });
    let mut found = Vec::new();
    for (allow, used) in allows.iter().zip(used) {
        remark(allow, used, complete, levels, &mut found);
    }
    problems.extend(found);
}

fn remark(allow: &Allow<'_>, used: bool, complete: bool, levels: &Levels, found: &mut Vec<Diagnostic>) {
    let known = rule(allow.code).is_some() || super::codes::find(allow.code).is_some();
    if !known {
        let problem = finding(format!("there is no rule `{}`", allow.code), allow.span);
        let codes = RULES.iter().map(|rule| rule.code).chain(super::codes::all().map(|code| code.code));
        let problem = match nearest(allow.code, codes) {
            Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(allow.span, near),
            None => problem.label("no rule of this name").help("write the code that stands in brackets behind `warning` or `note`"),
        };
        return tell("unknown-allow", problem, levels, found);
    }
    if !used && complete {
        let problem = finding(format!("nothing here is `{}` any more", allow.code), allow.span).label("this allows nothing");
        tell("idle-allow", problem.help("remove the comment; an error cannot be allowed"), levels, found);
    }
    if used && !allow.has_reason {
        let problem = finding("an exception without its reason", allow.span).label("why is this fine?");
        tell(
            "unexplained-allow",
            problem.help(format!("write the reason behind the code: `# {WORDS} {} the device counts so`", allow.code)),
            levels,
            found,
        );
    }
}

fn tell(code: &str, problem: Diagnostic, levels: &Levels, found: &mut Vec<Diagnostic>) {
    if let Some((rule, level)) = rule(code).and_then(|rule| Some((rule, levels.of(rule)?))) {
        found.push(Diagnostic { code: rule.code, level, ..problem });
    }
}

/// The comments of a file that allow something.
fn comments(file: FileId, source: &SourceText) -> Vec<Allow<'_>> {
    let mut out = Vec::new();
    for (at, _) in source.text.match_indices(WORDS) {
        // One more than count tells that there are more.
        if out.len() > limits::ALLOWED {
            break;
        }
        let (start, end) = source.line_range(u32::try_from(at).unwrap_or(u32::MAX));
        let before = source.text.get(start..at).unwrap_or("");
        let Some(line) = before.trim_end().strip_suffix('#').filter(|line| line.is_empty() || line.ends_with([' ', '\t'])) else {
            continue;
        };
        let covers = if line.trim().is_empty() { end..block_end(&source.text, end) } else { start..end };
        let words = source.text.get(at + WORDS.len()..end).unwrap_or("");
        let codes: Vec<&str> = codes(words);
        let last = codes.last().map_or(0, |code| code.as_ptr() as usize - words.as_ptr() as usize + code.len());
        let has_reason = words.get(last..).is_some_and(|rest| !rest.trim().is_empty());
        for code in codes {
            let offset = at + WORDS.len() + (code.as_ptr() as usize - words.as_ptr() as usize);
            out.push(Allow { code, span: Span::new(file, offset, offset + code.len()), covers: covers.clone(), has_reason });
        }
    }
    out
}

/// The codes at the beginning of what is allowed: one, or several with commas between them.
fn codes(words: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for part in words.split(',') {
        let part = part.trim_start();
        let code = part.split_whitespace().next().unwrap_or("");
        if code.is_empty() {
            break;
        }
        out.push(code);
        if code.len() < part.trim_end().len() {
            break;
        }
    }
    out
}

/// Where the block ends that begins below a line.
fn block_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    let mut first: Option<(usize, bool)> = None;
    let mut at = from;
    for line in rest.split_inclusive('\n').skip(1) {
        let start = at + rest_offset(text, at);
        let body = line.trim();
        let indent = line.len() - line.trim_start().len();
        if !body.is_empty() && !body.starts_with('#') {
            match first {
                None => first = Some((indent, body.ends_with(':'))),
                // The items of a list may stand below their key without an indentation of their own.
                Some((outer, key)) if indent < outer || indent == outer && !(key && body.starts_with('-')) => return start,
                Some(_) => {}
            }
        }
        at = start + line.trim_end_matches(['\n', '\r']).len();
    }
    text.len()
}

/// From the end of a line's text to the beginning of the next line.
fn rest_offset(text: &str, end: usize) -> usize {
    text.get(end..).and_then(|rest| rest.find('\n')).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(text: &str) -> Vec<(String, String, bool)> {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let source = sources.get(file).unwrap();
        let found = comments(file, source);
        found.iter().map(|a| (a.code.to_owned(), source.text[a.covers.clone()].trim().to_owned(), a.has_reason)).collect()
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_block_below() {
        let one = |code: &str, text: &str, reason| (code.to_owned(), text.to_owned(), reason);
        assert_eq!(covered("a: 1 # lint: allow x-y\nb: 2\n"), [one("x-y", "a: 1 # lint: allow x-y", false)]);
        assert_eq!(covered("# lint: allow x because\na:\n  b: 1\n\n  c: 2\nd: 3\n"), [one("x", "a:\n  b: 1\n\n  c: 2", true)]);
        assert_eq!(covered("m:\n  # lint: allow x\r\n  - a: 1\r\n    b: 2\r\n  - c: 1\r\n"), [one("x", "- a: 1\r\n    b: 2", false)]);
        assert_eq!(covered("# lint: allow x\nm:\n- a: 1\n- b: 2\nn: 1\n"), [one("x", "m:\n- a: 1\n- b: 2", false)]);
        assert_eq!(covered("a: 1 # lint: allow x, y why\n").iter().map(|a| &*a.0).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(covered("a: 1 lint: allow x\n# lint: allow\n"), []);
    }
}
