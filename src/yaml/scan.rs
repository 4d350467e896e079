//! What the parser of YAML complains about, in words that a person can act on, with the cure for the
//! usual slips.
//!
//! The parser tells where it could not go on, which is often a line below the slip: a bracket or quote
//! that nobody closed, a key without its colon. So the text around is looked at again, as a person
//! would, and the mark is put where something is to be typed.

use crate::base::diag::Diagnostic;
use crate::base::span::{FileId, Span};

/// Where the parser stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop<'b> {
    /// What it says.
    pub info: &'b str,
    /// The text, without a byte order mark.
    pub body: &'b str,
    /// The byte of the body where it stopped.
    pub at: usize,
    /// Its file.
    pub file: FileId,
    /// What is in the file before the body, in bytes.
    pub offset: usize,
}

/// A line with its first byte in the body.
#[derive(Clone, Copy, Debug)]
struct Line<'b> {
    start: usize,
    text: &'b str,
}

impl<'b> Line<'b> {
    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// The text without indentation and the dashes of a list, and where it begins.
    fn entry(&self) -> (usize, &'b str) {
        let mut entry = self.text.trim_start();
        while let Some(rest) = entry.strip_prefix("- ") {
            entry = rest.trim_start();
        }
        (self.start + self.text.len() - entry.len(), entry.trim_end())
    }

    /// Key and value of `key: value`.
    fn pair(&self) -> Option<(&'b str, &'b str)> {
        let (key, value) = self.entry().1.split_once(": ")?;
        is_word(key).then_some((key, value.trim()))
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

const FLOW: &str = "inside `{ }` and `[ ]`, put values with brackets, commas or braces in quotes, or use the block form";

impl<'b> Stop<'b> {
    /// The problem at the spot of the slip, as far as it can be told.
    pub fn explain(self) -> Diagnostic {
        let info = self.info;
        if info.contains("recursion limit") {
            let problem = self.problem("brackets too deep inside each other", self.at, self.at + 1).label("the reading stopped here");
            return problem.help("close the ones that are open, or use the block form");
        }
        if info.contains("escape") {
            return self.escape();
        }
        let behind_colon = info.contains("':' must be followed") && self.line(self.at).text.contains(":\t");
        if info.contains("tab ") || info.contains("tabs ") || info.ends_with("tab") || behind_colon {
            return self.tab();
        }
        if info.contains("end of stream") || info.contains("document indicator") || info.contains("indentation in quoted") {
            return self.open_quote(self.at);
        }
        if info.contains("anchor") {
            return self.cut_value().unwrap_or_else(|| self.alias());
        }
        self.brackets().or_else(|| self.colon()).or_else(|| self.no_entry()).unwrap_or_else(|| self.anything())
    }

    fn mark(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, self.offset + from, self.offset + to)
    }

    fn problem(&self, title: impl Into<String>, from: usize, to: usize) -> Diagnostic {
        Diagnostic::error("yaml-syntax", title, self.mark(from, to))
    }

    fn line(&self, at: usize) -> Line<'b> {
        let start = self.body.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        Line { start, text: self.body.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("") }
    }

    /// The last line above that says something.
    fn above(&self, line: Line<'b>) -> Option<Line<'b>> {
        let mut end = line.start;
        while end > 0 {
            let line = self.line(end - 1);
            if !line.text.trim().is_empty() && !line.text.trim_start().starts_with('#') {
                return Some(line);
            }
            end = line.start;
        }
        None
    }

    fn escape(&self) -> Diagnostic {
        let line = self.line(self.at);
        let rest = self.body.get(self.at..line.start + line.text.len());
        let at = self.at + rest.and_then(bad_escape).unwrap_or(0);
        let problem = self.problem("an escape that YAML does not know", at, at + 2).label("in double quotes `\\` begins an escape");
        problem.help("use single quotes: there `\\` is an ordinary character")
    }

    fn tab(&self) -> Diagnostic {
        let line = self.line(self.at);
        let tab = line.text.find('\t').map_or(self.at, |at| line.start + at);
        let problem = self.problem("a tab where YAML takes blanks only", tab, tab + 1).label("a tab");
        let indents = self.body.get(line.start..tab).is_some_and(|before| before.trim().is_empty());
        problem.help(if indents { "replace it by blanks, as many as the lines around have" } else { "replace it by a blank" })
    }

    fn alias(&self) -> Diagnostic {
        let problem =
            self.problem("a `*` that is no alias of an anchor", self.at, self.at).label("an unquoted `*` begins an alias in YAML");
        problem.help("put the whole value in double quotes; an alias is declared before with `&name`")
    }

    fn open_quote(&self, at: usize) -> Diagnostic {
        let quote = self.body.get(at..).and_then(|rest| rest.chars().next()).filter(|c| "\"'".contains(*c)).unwrap_or('"');
        let problem = self.problem("a quote that is never closed", at, at + 1).label("the text in quotes begins here");
        problem.help(format!("close it with `{quote}` at the end of the value"))
    }

    /// Slips with brackets, and values that brackets cut.
    fn brackets(&self) -> Option<Diagnostic> {
        let found = self.body.get(self.at..).and_then(|rest| rest.chars().next());
        if self.info.contains("misplaced bracket") {
            let closing = found.filter(|c| "]}".contains(*c))?;
            let problem = self.problem(format!("a `{closing}` that closes nothing"), self.at, self.at + 1);
            return Some(problem.label("no bracket is open here").help("remove it, or put the whole value in quotes if it belongs to it"));
        }
        if let Some(quote) = self.quote_from_above() {
            return Some(self.open_quote(quote));
        }
        let of_flow = self.info.contains("flow") || self.info.contains("trailing content") || self.info.contains("unexpected eof");
        let (at, open) = self.open_bracket()?;
        let other = found.is_some_and(|c| "]}".contains(c) && c != closing_of(open));
        let (opened, here) = (self.line(at), self.line(self.at));
        let goes_on = here.indent() > opened.indent();
        if found == Some(':') && (opened.start == here.start || goes_on) {
            return None;
        }
        if opened.start < here.start || other || found.is_none() {
            let problem = self.problem(format!("a `{open}` that is never closed"), at, at + 1).label("opened here");
            let problem = problem.also(self.mark(self.at, self.at + 1), "nothing before this closes it");
            return Some(problem.help(format!("write `{}` where it ends", closing_of(open))));
        }
        if of_flow { self.cut_value() } else { None }
    }

    /// The last bracket that is open where the parser stopped.
    fn open_bracket(&self) -> Option<(usize, char)> {
        let mut top = self.line(self.at);
        while top.indent() > 0 || top.text.starts_with('-') || top.text.trim().is_empty() {
            let Some(above) = self.above(top) else { break };
            top = above;
        }
        let mut open: Vec<(usize, char)> = Vec::new();
        let (mut quote, mut before, mut comment) = (None, '\n', false);
        for (at, c) in self.body.get(top.start..self.at)?.char_indices() {
            let begins = "\n:-[{,".contains(before);
            match c {
                '\n' => comment = false,
                _ if comment => {}
                c if quote == Some(c) => quote = None,
                _ if quote.is_some() => {}
                '"' | '\'' if begins => quote = Some(c),
                '#' if self.body.get(..top.start + at).is_some_and(|text| text.ends_with(char::is_whitespace)) => comment = true,
                '[' | '{' if begins || !open.is_empty() => open.push((top.start + at, c)),
                ']' | '}' => drop(open.pop()),
                _ => {}
            }
            if c == '\n' && open.is_empty() || !c.is_whitespace() && !comment {
                before = c;
            }
        }
        open.pop()
    }

    /// The opening quote of a text that ends just before this spot, and began on a line above.
    fn quote_from_above(&self) -> Option<usize> {
        if !self.info.contains("trailing content") {
            return None;
        }
        let before = self.body.get(..self.at)?.trim_end();
        let quote = before.chars().next_back().filter(|c| "\"'".contains(*c))?;
        let opening = before.get(..before.len() - 1)?.rfind(quote)?;
        before.get(opening..)?.contains('\n').then_some(opening)
    }

    /// A value that `{ }` or `[ ]` around it has cut: the whole of it in quotes.
    fn cut_value(&self) -> Option<Diagnostic> {
        self.open_bracket()?;
        let line = self.line(self.at);
        let before = self.body.get(line.start..self.at)?;
        let start = line.start + before.rfind(": ").map_or_else(|| before.len() - before.trim_start().len(), |at| at + 2);
        let end = start + end_of_value(self.body.get(start..line.start + line.text.len())?);
        let value = self.body.get(start..end)?;
        let start = end - value.trim_start().len();
        let value = value.trim();
        if value.is_empty() || end <= self.at.saturating_sub(1) || value.starts_with(['"', '\'', '[', '{', '*', '&']) {
            return None;
        }
        let quoted = if value.contains(['"', '\\']) { format!("'{}'", value.replace('\'', "''")) } else { format!("\"{value}\"") };
        let span = self.mark(start, start + value.len());
        let problem = self.problem("a value that YAML cuts at a bracket or comma", start, start + value.len());
        let problem = problem.label("inside `{ }` and `[ ]` it needs quotes");
        let word = value.split_once(": ").and_then(|(words, _)| words.rsplit_once(' ')).map(|(_, word)| word).filter(|word| is_word(word));
        if let Some(word) = word {
            return Some(problem.help(format!("write `{quoted}`; if `{word}` is a key, a comma is missing before it")));
        }
        Some(problem.help(format!("write `{quoted}`, or use the block form without `{{ }}`")).edit(span, quoted))
    }

    /// A `: ` where no key can be.
    fn colon(&self) -> Option<Diagnostic> {
        if !self.body.get(self.at..).is_some_and(|rest| rest.starts_with(": ") || rest.starts_with(":\n")) {
            return None;
        }
        let line = self.line(self.at);
        if let Some(above) = self.above(line) {
            let (start, word) = above.entry();
            if let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with('-')) {
                let problem = self.problem("a `-` without a blank behind it", start, start + 1).label("this is a part of the key");
                return Some(problem.help(format!("write `- {rest}`")).edit(self.mark(start + 1, start + 1), " "));
            }
            if is_word(word) && above.indent() <= line.indent() {
                let problem = self.problem(format!("the key `{word}` without its `:`"), start, start + word.len());
                let end = self.mark(start + word.len(), start + word.len());
                return Some(problem.label("a key ends in `:`").help(format!("write `{word}:`")).edit(end, ":"));
            }
            let (own, deeper) = (line.entry().0 - line.start, line.entry().0 - line.start > start - above.start);
            if let (Some((key, value)), Some(_)) = (above.pair(), line.pair())
                && deeper
                && !value.starts_with(['|', '>', '{', '['])
            {
                let column = start - above.start + 1;
                let problem = self.problem("a line that is indented too far", line.start + own, self.at).label("deeper than the key above");
                let problem = problem.also(self.mark(start, start + key.len()), "this key has its value already");
                return Some(problem.help(format!("begin it in column {column}, like `{key}`")));
            }
        }
        let before = self.body.get(line.start..self.at).unwrap_or("");
        let word = before.rsplit(' ').next().filter(|word| is_word(word) && self.open_bracket().is_some());
        let comma = word.map_or_else(String::new, |word| format!("; if `{word}` is a key, a comma is missing before it"));
        let problem = self.problem("a text with `: ` in it and no quotes", self.at, self.at + 1).label("`: ` ends a key in YAML");
        Some(problem.help(format!("put the whole value in quotes{comma}")))
    }

    /// A line that is no entry, or one that stands in no column of those above.
    fn no_entry(&self) -> Option<Diagnostic> {
        let line = self.line(self.at);
        if self.info.contains("simple key") {
            let suspects = [Some(line), self.above(line)];
            let (start, entry) = suspects
                .into_iter()
                .flatten()
                .map(|line| line.entry())
                .find(|(_, entry)| !entry.contains(": ") && !entry.ends_with(':') && !entry.is_empty())?;
            let problem = self.problem("a line that is neither `key: value` nor `- item`", start, start + entry.len());
            let (key, value) = entry.split_once([':', '=', ' '])?;
            let value = value.trim_start_matches([':', '=', ' ']);
            let whole = self.mark(start, start + entry.len());
            return Some(if is_word(key.trim()) && !value.is_empty() {
                let cure = format!("{}: {value}", key.trim());
                problem.label("a key ends in `: `, with a blank").help(format!("write `{cure}`")).edit(whole, cure)
            } else {
                problem.label("no key, no item").help("write `key: value`, or `- ` before an item of a list")
            });
        }
        if !self.info.contains("block") && !self.info.contains("indentation") {
            return None;
        }
        let above = self.above(line)?;
        let (start, entry) = above.entry();
        let (own, text) = line.entry();
        let key = entry.split(':').next().unwrap_or(entry);
        let problem = self.problem("a line that begins in no column of those above", own, own + text.len().max(1));
        let problem = problem.label(format!("column {}", line.indent() + 1)).also(self.mark(start, start + key.len()), "the line above");
        let (with, column) = (if line.text.trim_start().starts_with("- ") { above.indent() } else { start - above.start }, "column");
        Some(problem.help(format!("if it goes with `{key}`, begin it in {column} {}; else in the column of what it goes with", with + 1)))
    }

    fn anything(&self) -> Diagnostic {
        let line = self.line(self.at);
        let value = line.pair().map_or(line.entry().1, |(_, value)| value);
        let end = if self.at >= self.body.len() || line.text.trim().is_empty() { self.at } else { self.at + 1 };
        let problem = self.problem(format!("this is not YAML: {}", self.info), self.at, end).label("the reading stopped here");
        if value.starts_with("{{") {
            return problem.help("a value that starts with `{{` must be in double quotes");
        }
        match value.chars().next() {
            Some(c @ ('*' | '&' | '%' | '@' | '`')) => problem.help(format!("a value that starts with `{c}` must be in quotes")),
            Some('\'' | '"') => Diagnostic { title: "a text that goes on behind its closing quote".to_owned(), ..problem }
                .label("what stands here belongs to nothing")
                .help("put the whole value in quotes of the other kind, or in a `|` block"),
            _ if value.contains(": ") => problem.help("a value that holds `: ` must be in quotes"),
            _ if line.text.contains(['{', '[']) => problem.help(FLOW),
            _ => problem.help("look at the indentation of this line and of the one before it"),
        }
    }
}

fn closing_of(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

/// Where a value ends whose brackets and quotes are taken as its own.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(mark), c) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(' | '{') => depth += 1,
            (None, ']' | ')' | '}') if depth > 0 => depth -= 1,
            (None, ']' | '}' | ',') if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Where the first escape stands that YAML 1.2 does not have (chapter 5.7).
fn bad_escape(line: &str) -> Option<usize> {
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && !chars.next().is_some_and(|(_, next)| "0abtnvfre \"/\\N_LPxuU\t".contains(next)) {
            return Some(at);
        }
    }
    None
}
