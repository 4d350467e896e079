//! YAML text to a tree of nodes. It never fails: it returns what it could read, plus problems.
//!
//! Plain YAML 1.2 with its core schema (`no` and `on` are words). A byte order mark goes, CRLF is a
//! line end, an empty file is null. Duplicate keys, keys that are no scalars, tabs as indentation,
//! a second document, and aliases beyond a bound are problems. Merge keys (`<<`) are resolved here:
//! a key of the map itself wins over a merged one.

use super::node::{Data, Entry, Literal, Node, Scalar, Style, size_of};
use super::scan::Stop;
use crate::base::diag::{self, Diagnostic, Level};
use crate::base::limits;
use crate::base::number::Number;
use crate::base::span::{FileId, Sources, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// A file as a tree.
#[derive(Debug)]
pub struct Loaded {
    /// The root; null for an empty file.
    pub root: Node,
    /// All problems of the YAML itself.
    pub problems: Vec<Diagnostic>,
    /// True if the text broke off at an error, so that missing parts mean nothing.
    pub broken: bool,
}

/// Reads the tree of one file that was added to `sources`.
pub fn load(sources: &Sources, file: FileId) -> Loaded {
    let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
    let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(offset..).unwrap_or("");
    let mut builder = Builder::new(file, body, offset);
    builder.text = text.clone();
    builder.run(body);
    let end = Span::new(file, text.len(), text.len());
    let root = builder.root.take().unwrap_or_else(|| Node::null(Span { start: 0, ..end }.head()));
    Loaded { root, problems: builder.problems, broken: builder.broken }
}

/// A container that is not closed yet.
struct Open {
    start: Span,
    anchor: usize,
    data: Data,
    /// The key that waits for its value; in maps only.
    key: Option<(crate::base::value::Text, Span)>,
    /// Keys seen so far, with their places.
    seen: HashMap<crate::base::value::Text, Span>,
    merges: Vec<Node>,
    /// True for an item that goes on as another one.
    two_items: bool,
}

struct Builder {
    text: std::sync::Arc<str>,
    file: FileId,
    offset: usize,
    /// Byte offset of every character where the text is not plain ASCII.
    bytes: Option<Vec<u32>>,
    length: usize,
    stack: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    n_aliases: usize,
    /// Values that aliases stand for.
    n_nodes: usize,
    documents: usize,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
    broken: bool,
}

impl Builder {
    fn new(file: FileId, body: &str, offset: usize) -> Self {
        let table = || body.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        Builder {
            text: "".into(),
            file,
            offset,
            bytes: (!body.is_ascii()).then(table),
            length: body.len(),
            stack: Vec::new(),
            anchors: HashMap::new(),
            n_aliases: 0,
            n_nodes: 0,
            documents: 0,
            root: None,
            problems: Vec::new(),
            broken: false,
        }
    }

    fn run(&mut self, body: &str) {
        for event in Parser::new_from_str(body) {
            let proceed = match event {
                Ok((event, span)) => self.take(event, self.span(span)),
                Err(error) => {
                    self.scan_error(&error, body);
                    false
                }
            };
            if !proceed {
                self.broken = true;
                while self.stack.len() > 1 || (self.stack.len() == 1 && self.root.is_none()) {
                    self.close();
                }
                return;
            }
        }
    }

    fn byte(&self, index: usize) -> usize {
        let at = match &self.bytes {
            None => index.min(self.length),
            Some(table) => table.get(index).map_or(self.length, |at| *at as usize),
        };
        at + self.offset
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        Span::new(self.file, self.byte(span.start.index()), self.byte(span.end.index()))
    }

    /// One event into the tree; false stops the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let problem = Diagnostic::error("several-documents", "a second document in one file", span)
                        .label("a new document starts here")
                        .help("keep one document in each file and remove this `---`");
                    diag::add(&mut self.problems, problem);
                    return false;
                }
            }
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                let style = style_of(style);
                let literal = self.literal(&text, style, tag.as_deref(), span);
                if style == Style::Plain && literal == Literal::Text {
                    self.comment_behind(span);
                }
                let node = Node { span, data: Data::Scalar(Scalar { text: shared(text), style, literal }) };
                return self.place(node, anchor);
            }
            Event::SequenceStart(anchor, _) => return self.open(span, anchor, Data::List(Vec::new())),
            Event::MappingStart(anchor, _) => return self.open(span, anchor, Data::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.last_mut() {
                    open.start.end = span.end.max(open.start.end);
                }
                return self.close();
            }
        }
        true
    }

    fn open(&mut self, start: Span, anchor: usize, data: Data) -> bool {
        if self.stack.len() >= limits::DEPTH {
            let title = format!("nested more than {} levels deep", limits::DEPTH);
            diag::add(
                &mut self.problems,
                Diagnostic::error("too-deep", title, start).label("the limit is passed here").help("flatten the structure"),
            );
            return false;
        }
        self.stack.push(Open { start, anchor, data, key: None, seen: HashMap::new(), merges: Vec::new(), two_items: false });
        true
    }

    fn close(&mut self) -> bool {
        let Some(mut open) = self.stack.pop() else { return true };
        // In a file that breaks off, the value of the last key is not missing but unread.
        if let (Some((key, key_span)), Data::Map(entries), false) = (open.key.take(), &mut open.data, self.broken) {
            entries.push(Entry { key, key_span, value: Node::null(key_span) });
        }
        for merged in std::mem::take(&mut open.merges) {
            self.merge(&mut open, merged);
        }
        self.place(Node { span: tight(open.start, &open.data), data: open.data }, open.anchor)
    }

    /// Puts a finished node where it belongs: as a key, a value, an item or the root.
    fn place(&mut self, node: Node, anchor: usize) -> bool {
        if anchor > 0 {
            let size = size_of(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return true;
        };
        match &mut open.data {
            Data::List(items) => items.push(node),
            Data::Scalar(_) => {}
            Data::Map(_) => return self.place_in_map(node),
        }
        true
    }

    fn place_in_map(&mut self, node: Node) -> bool {
        let Some(open) = self.stack.last_mut() else { return true };
        let Data::Map(entries) = &mut open.data else { return true };
        let Some((key, key_span)) = open.key.take() else {
            let key = match &node.data {
                Data::Scalar(scalar) => scalar.text.clone(),
                Data::List(_) | Data::Map(_) => {
                    let problem = Diagnostic::error("key-not-text", "a key that is not a plain word", node.span)
                        .label(format!("this key is {}", node.describe()))
                        .help("an unquoted `{{ … }}` is read as a map: put the whole value in double quotes");
                    diag::add(&mut self.problems, problem);
                    "".into()
                }
            };
            open.key = Some((key, node.span));
            return true;
        };
        if &*key == "<<" {
            open.merges.push(node);
            return true;
        }
        if let Some(first) = open.seen.get(&key).copied() {
            let is_first = entries.first().is_some_and(|entry| entry.key == key);
            self.duplicate(&key, key_span, first, is_first);
            return true;
        }
        open.seen.insert(key.clone(), key_span);
        entries.push(Entry { key, key_span, value: node });
        true
    }

    /// A key that its map has already. Where the first key of an item begins a line again, the dash before
    /// the next item is missing, and the keys behind it are not told as well.
    fn duplicate(&mut self, key: &str, span: Span, first: Span, is_first: bool) {
        let begins_line = self.text.get(..span.start as usize).is_some_and(|before| before.trim_end_matches(' ').ends_with('\n'));
        let in_list = self.stack.iter().rev().nth(1).is_some_and(|outer| matches!(outer.data, Data::List(_)));
        let Some(open) = self.stack.last_mut().filter(|open| !open.two_items) else { return };
        open.two_items = is_first && begins_line && in_list;
        let cure = if open.two_items {
            "if another item begins here, write `- ` before it; else keep one of the two"
        } else {
            "keep one of the two; YAML would silently take the last"
        };
        let problem = Diagnostic::error("duplicate-key", format!("the key `{key}` twice in one map"), span);
        diag::add(&mut self.problems, problem.label("given again here").help(cure).also(first, "first given here"));
    }

    fn merge(&mut self, into: &mut Open, merged: Node) {
        let Data::Map(entries) = &mut into.data else { return };
        let maps = match merged.data {
            Data::Map(_) => vec![merged],
            Data::List(items) => items,
            Data::Scalar(_) => Vec::new(),
        };
        for map in maps {
            let Data::Map(more) = map.data else {
                let problem = Diagnostic::error("bad-merge", "`<<` merges maps only", map.span).label("this is no map");
                diag::add(&mut self.problems, problem.help("name an anchor of a map: `<<: *name`"));
                continue;
            };
            for entry in more {
                if into.seen.insert(entry.key.clone(), entry.key_span).is_none() {
                    entries.push(entry);
                }
            }
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        self.n_aliases += 1;
        let Some((node, size)) = self.anchors.get(&id) else {
            // The parser knows the anchor, so it is one that is still open: it holds itself.
            let problem = Diagnostic::error("alias-in-itself", "an alias inside its own anchor", span);
            diag::add(&mut self.problems, problem.label("this would repeat without end").help("write the value out"));
            return false;
        };
        self.n_nodes = self.n_nodes.saturating_add(*size);
        if self.n_aliases > limits::YAML_ALIASES || self.n_nodes > limits::YAML_NODES {
            let (aliases, nodes) = (limits::YAML_ALIASES, limits::YAML_NODES);
            let text = format!("At most {aliases} aliases are read, which stand for {nodes} values together.");
            let problem = Diagnostic::error("alias-bomb", "too much is repeated through aliases", span).text(text);
            diag::add(&mut self.problems, problem.label("the limit is passed here").help("repeat less"));
            return false;
        }
        let node = node.clone();
        self.place(node, 0)
    }

    fn literal(&mut self, text: &str, style: Style, tag: Option<&Tag>, span: Span) -> Literal {
        let Some(tag) = tag else {
            return if style == Style::Plain { core_literal(text) } else { Literal::Text };
        };
        if tag.is_yaml_core_schema() {
            return match tag.suffix.as_str() {
                "str" => Literal::Text,
                _ => core_literal(text),
            };
        }
        let problem = Diagnostic::error("unknown-tag", format!("the tag `{}{}` means nothing here", tag.handle, tag.suffix), span)
            .label("a word that starts with `!` is a tag in YAML")
            .help("put the value in double quotes");
        diag::add(&mut self.problems, problem);
        Literal::Text
    }

    /// `see #5` is `see` and a comment.
    fn comment_behind(&mut self, span: Span) {
        let rest = self.text.get(span.end as usize..).unwrap_or("");
        if rest.strip_prefix(" #").and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric) {
            let at = Span { start: span.end + 1, end: span.end + 2, ..span };
            let problem = Diagnostic::warning("comment-in-text", "a text that a comment cuts off", at).label("a comment begins here");
            diag::add(&mut self.problems, problem.help("put the whole value in quotes; a comment that is meant begins with `# `"));
        }
    }

    fn scan_error(&mut self, error: &ScanError, body: &str) {
        let at = self.byte(error.marker().index());
        let in_same_line = |problem: &Diagnostic| {
            body.get(problem.span().start as usize - self.offset..at - self.offset).is_some_and(|s| !s.trim_end().contains('\n'))
        };
        if let Some(comment) = self.problems.last_mut().filter(|problem| problem.code == "comment-in-text" && in_same_line(problem)) {
            // The comment has swallowed the rest of a `[ ]` or `{ }`.
            comment.level = Level::Error;
            return;
        }
        let braces = self.problems.last().filter(|problem| problem.code == "key-not-text");
        if !braces.is_some_and(in_same_line) {
            let stop = Stop { info: error.info(), body, at: at - self.offset, file: self.file, offset: self.offset };
            diag::add(&mut self.problems, stop.explain());
        }
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn shared(text: Cow<'_, str>) -> crate::base::value::Text {
    match text {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}

/// The core schema of YAML 1.2 (chapter 10.3.2): null, true and false, decimal, `0o` and `0x`
/// integers, floats, `.inf` and `.nan`.
fn core_literal(text: &str) -> Literal {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Literal::Null,
        "true" | "True" | "TRUE" => return Literal::Bool(true),
        "false" | "False" | "FALSE" => return Literal::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Literal::Number(Number::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Literal::Number(Number::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Literal::Number(Number::Float(f64::NAN)),
        _ => {}
    }
    let radix = |prefix, radix| text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(n) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Literal::Number(Number::Int(n));
    }
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'-' | b'+' | b'.') => Number::parse(text).map_or(Literal::Text, Literal::Number),
        _ => Literal::Text,
    }
}

/// The span of a container up to the end of its last child, without trailing blank lines.
fn tight(span: Span, data: &Data) -> Span {
    let last = match data {
        Data::List(items) => items.last().map(|n| n.span.end),
        Data::Map(entries) => entries.last().map(|e| e.value.span.end.max(e.key_span.end)),
        Data::Scalar(_) => None,
    };
    // A flow container ends after its bracket, one or more characters past the last child.
    Span { end: last.map_or(span.end, |end| if span.end > end + 64 || span.end < end { end } else { span.end }), ..span }
}
