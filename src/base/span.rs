//! Places in files: which file, from which byte to which.
//!
//! Every node, name and expression keeps its [`Span`], so that any later problem can point at the
//! characters that a person wrote. Spans are byte offsets; lines and columns are computed only when
//! a diagnostic is drawn.

use std::collections::HashMap;
use std::sync::Arc;

/// One file among the [`Sources`] of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range in `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// True for a range within this one.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The empty range at the start of this one.
    pub fn head(self) -> Self {
        Span { end: self.start, ..self }
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A position as people count: lines and columns start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// The text of one file, with the path under which it is shown.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// As the user knows it: relative where it was given so.
    pub path: Arc<str>,
    /// The whole content, a byte order mark included.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceText {
    /// Line and column of a byte offset; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(0, |before| before.chars().filter(|c| *c != '\u{feff}').count());
        Position { line, column: column + 1 }
    }

    /// The characters of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The byte range of the line (without its end) that holds `offset`.
    pub fn line_range(&self, offset: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let next = self.line_starts.get(line).map_or(self.text.len(), |n| *n as usize);
        let body = self.text.get(start..next).unwrap_or("");
        (start, start + body.trim_end_matches(['\n', '\r']).len())
    }
}

/// All texts of a session, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceText>,
    /// The first file of each path.
    by_path: HashMap<Arc<str>, FileId>,
    /// How many of the first files are those of the session that this one is a part of.
    shared: usize,
}

impl Sources {
    /// Takes a text in; the answer is its id in every span.
    pub fn add(&mut self, path: &str, text: impl Into<Arc<str>>) -> FileId {
        let text: Arc<str> = text.into();
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| clamp(at + 1));
        let line_starts = std::iter::once(0).chain(starts).collect();
        self.push(SourceText { path: path.into(), text, line_starts })
    }

    fn push(&mut self, source: SourceText) -> FileId {
        let file = FileId(clamp(self.files.len()));
        self.by_path.entry(source.path.clone()).or_insert(file);
        self.files.push(source);
        file
    }

    /// A session that knows the files of this one, to read more of them apart.
    pub fn part(&self) -> Sources {
        Sources { files: self.files.clone(), by_path: self.by_path.clone(), shared: self.files.len() }
    }

    /// Takes in what a part of this session has read. The answer gives each file there its id here: one
    /// that several parts have read is the same here.
    pub fn join(&mut self, part: Sources) -> Vec<FileId> {
        let mut ids: Vec<FileId> = (0..part.shared).map(|at| FileId(clamp(at))).collect();
        for source in part.files.into_iter().skip(part.shared) {
            let known = self.known(&source.path, &source.text);
            ids.push(known.unwrap_or_else(|| self.push(source)));
        }
        ids
    }

    /// The file of a path, if it was taken in with this text.
    pub fn known(&self, path: &str, text: &str) -> Option<FileId> {
        self.find(path).filter(|file| self.get(*file).is_some_and(|source| *source.text == *text))
    }

    /// Gives up the texts, once nothing can be drawn any more; paths and lines stay, so places can
    /// still be told.
    pub fn forget_texts(&mut self) {
        self.files.iter_mut().for_each(|file| file.text = "".into());
    }

    /// The first file of a path, if it was taken in already.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The file of an id; `None` only for an id of another session.
    pub fn get(&self, file: FileId) -> Option<&SourceText> {
        self.files.get(file.0 as usize)
    }

    /// The characters of a span, empty if it lies nowhere.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).map_or("", |file| file.slice(span))
    }

    /// `path:line`, the short form of a place in outputs; empty for a text that stands in no file.
    pub fn origin(&self, span: Span) -> String {
        let file = self.get(span.file).filter(|file| !file.path.is_empty());
        file.map_or_else(String::new, |file| format!("{}:{}", file.path, file.position(span.start).line))
    }
}

/// Places in words; most things have the same as the one before.
#[derive(Debug)]
pub struct Places<'s> {
    sources: &'s Sources,
    last: (Span, Arc<str>),
}

impl<'s> Places<'s> {
    /// Places in these texts.
    pub fn new(sources: &'s Sources) -> Self {
        Places { sources, last: (Span::default(), Arc::default()) }
    }

    /// [`Sources::origin`]; nothing for what the engine itself made, whose span is empty.
    pub fn text(&mut self, span: Span) -> Arc<str> {
        if self.last.0 != span {
            self.last = (span, if span == Span::default() { Arc::default() } else { self.sources.origin(span).into() });
        }
        self.last.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_read_the_same_file_have_one_file_when_they_are_joined() {
        let mut whole = Sources::default();
        let settings = whole.add("engine.yaml", "");
        let read = |text: &'static str, own: &'static str| {
            let mut part = whole.part();
            (part.add(own, "x"), part.add("shared.yaml", text), part)
        };
        let ((a, of_a, first), (b, of_b, second), (_, changed, third)) = (read("s", "a.yaml"), read("s", "b.yaml"), read("t", "a.yaml"));
        let [first, second, third] = [first, second, third].map(|part| whole.join(part));
        let at = |ids: &[FileId], file: FileId| ids[file.0 as usize];
        assert_eq!([&first, &second, &third].map(|ids| at(ids, settings)), [settings; 3]);
        assert_eq!(at(&first, of_a), at(&second, of_b));
        assert_ne!(at(&first, of_a), at(&third, changed), "it was changed meanwhile");
        assert_eq!([at(&first, a), at(&second, b)].map(|file| &*whole.get(file).unwrap().path), ["a.yaml", "b.yaml"]);
    }

    #[test]
    fn positions_count_characters_and_skip_the_byte_order_mark() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "\u{feff}é: x\nb: 1\n");
        let text = sources.get(file).unwrap();
        assert_eq!(text.position(3), Position { line: 1, column: 1 });
        assert_eq!(text.position(7), Position { line: 1, column: 4 });
        assert_eq!(text.position(9), Position { line: 2, column: 1 });
        assert_eq!(text.position(999), Position { line: 3, column: 1 });
        assert_eq!(sources.origin(Span::new(file, 9, 10)), "a.yaml:2");
    }
}
