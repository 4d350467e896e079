//! Rows out of the named groups of patterns: what `regex` and `grok` have in common.
//!
//! Groups of a dotted path make maps within maps, and several groups of one pattern may have the same
//! path: the first that took part in the match counts.

use super::budget::Budget;
use super::faults::Faults;
use super::share::Share;
use super::types::CellType;
use super::want::{NOTHING, RowsWanted, TakeRow, WHOLE, Want};
use super::{DecodeError, Decoded, Decoder, Facts, beginning, text, whole_then_rows};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use regex::CaptureLocations;

crate::words! {
    /// What a pattern is searched in.
    pub enum Over {
        /// In each line.
        Lines = "lines",
        /// In the whole text.
        Text = "text",
    }
}

crate::words! {
    /// What happens with lines that nothing matches.
    pub enum OnUnmatched {
        /// Nothing.
        Skip = "skip",
        /// A warning with their count.
        Count = "count",
        /// The source fails.
        Fail = "fail",
    }
}

/// Words of one text that are held once.
const TEXT_SLOTS: usize = 1024;

/// A pattern with its named groups.
#[derive(Debug)]
pub struct Groups {
    regex: regex::Regex,
    named: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    index: usize,
    path: Path,
    /// True if an earlier group has the same path.
    again: bool,
    cell: CellType,
}

/// Where in a row a group goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    first: Text,
    inner: Vec<Text>,
}

impl From<&str> for Path {
    fn from(name: &str) -> Self {
        Path { first: name.into(), inner: Vec::new() }
    }
}

impl Path {
    /// A key in maps within maps; `None` without a name.
    pub fn nested<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Path> {
        let mut names = names.into_iter().map(Text::from);
        Some(Path { first: names.next()?, inner: names.collect() })
    }

    /// True if one of the two is a value where the other one needs a map.
    pub fn collides(&self, other: &Path) -> bool {
        let (shorter, longer) = if self.inner.len() < other.inner.len() { (self, other) } else { (other, self) };
        shorter.first == longer.first && longer.inner.len() > shorter.inner.len() && longer.inner.starts_with(&shorter.inner)
    }
}

impl Groups {
    /// The named groups of a pattern; `place` gives path and type of each name.
    pub fn new(regex: regex::Regex, place: impl Fn(&str) -> Option<(Path, CellType)>) -> Groups {
        let mut named: Vec<Group> = Vec::new();
        for (index, name) in regex.capture_names().enumerate() {
            if let Some((path, cell)) = name.and_then(&place) {
                let again = named.iter().any(|group| group.path == path);
                named.push(Group { index, path, again, cell });
            }
        }
        Groups { regex, named }
    }

    /// True without a named group.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The first names of all paths.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|group| &*group.path.first)
    }

    /// The groups that somebody reads.
    fn wanted(&self, want: &Want) -> Vec<&Group> {
        self.named.iter().filter(|group| want.has(&group.path.first)).collect()
    }

    /// How many columns a row has at its top, read or not, besides those of another pattern.
    fn n_columns(&self, besides: Option<&Groups>) -> usize {
        let is_known =
            |name: &str, n: usize| self.names().take(n).chain(besides.iter().flat_map(|other| other.names())).any(|known| known == name);
        self.names().enumerate().filter(|(n, name)| !is_known(name, *n)).count()
    }
}

/// Adds groups of a match to a row; missing ones, too, so that every row has every column.
fn add<'t>(groups: &[&Group], found: impl Fn(usize) -> Option<&'t str>, texts: &mut Share, row: &mut Map) {
    for group in groups {
        let cell = found(group.index).map(|cell| converted(group.cell, cell, texts));
        if !group.again || (cell.is_some() && is_missing(row, &group.path)) {
            put(row, &group.path.first, &group.path.inner, cell.into());
        }
    }
}

/// Words that are in many lines are held once.
fn converted(to: CellType, cell: &str, texts: &mut Share) -> Value {
    if to == CellType::Text { Value::Text(texts.get(cell)) } else { to.convert(cell) }
}

/// A pattern while a text is searched with it.
struct Finder<'g> {
    groups: &'g Groups,
    wanted: Vec<&'g Group>,
    found: CaptureLocations,
    n_columns: usize,
}

impl<'g> Finder<'g> {
    fn new(groups: &'g Groups, besides: Option<&Groups>, want: &Want) -> Self {
        let found = groups.regex.capture_locations();
        Finder { groups, wanted: groups.wanted(want), found, n_columns: groups.n_columns(besides) }
    }

    fn matches(&mut self, line: &str) -> bool {
        self.groups.regex.captures_read(&mut self.found, line).is_some()
    }

    fn add(&self, line: &str, texts: &mut Share, row: &mut Map) {
        add(&self.wanted, |index| part(line, self.found.get(index)), texts, row);
    }
}

fn is_missing(row: &Map, path: &Path) -> bool {
    let first = row.get(&path.first).cloned().unwrap_or_default();
    path.inner.iter().fold(first, |value, name| value.member(name)).is_missing()
}

fn put(map: &mut Map, name: &Text, inner: &[Text], value: Value) {
    let Some((next, rest)) = inner.split_first() else {
        map.insert(name.clone(), value);
        return;
    };
    let mut nested = map.get(name).and_then(Value::as_map).map(|nested| (**nested).clone()).unwrap_or_default();
    put(&mut nested, next, rest, value);
    map.insert(name.clone(), Value::map(nested));
}

/// The decoder of `regex` and `grok` with its options checked.
#[derive(Debug)]
pub struct Search {
    /// The first that matches a line makes its row.
    pub patterns: Vec<Groups>,
    /// The column of the pattern's number, where there is one.
    pub numbered: Option<Text>,
    /// What is searched.
    pub over: Over,
    /// Lines whose groups are in the rows below.
    pub header: Option<Groups>,
    /// What happens with lines that nothing matches.
    pub on_unmatched: OnUnmatched,
}

/// Takes a finished row.
type Take<'t> = dyn FnMut(Value) + 't;

impl Decoder for Search {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_wanted(input, &Facts::default(), &WHOLE)
    }

    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, want: &Want) -> Result<Decoded, DecodeError> {
        let mut rows = Vec::new();
        let warnings = self.rows(input, facts, want.items().unwrap_or(&NOTHING), &mut |row| rows.push(row))?;
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn decode_record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let (mut warnings, mut rows) = (Vec::new(), Vec::new());
        let text = text::lenient(record, &mut warnings);
        let lines = std::iter::once((number, &*text));
        self.search(lines, &text, WHOLE.items().unwrap_or(&NOTHING), &mut warnings, &mut |row| rows.push(row))?;
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        if !rows.path.is_empty() {
            return whole_then_rows(self, input, facts, rows, take);
        }
        let mut n = 0usize;
        self.rows(input, facts, &rows.want, &mut |row| {
            take(Value::from(n), row);
            n += 1;
        })
    }
}

impl Search {
    fn rows(&self, input: &[u8], facts: &Facts<'_>, want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let input = text::in_utf8(input, facts, &mut warnings);
        let text = text::lenient(&input, &mut warnings);
        self.search(text::lines(&text), &text, want, &mut warnings, take)?;
        Ok(warnings)
    }

    fn search<'t>(
        &self,
        lines: impl Iterator<Item = (usize, &'t str)>,
        text: &'t str,
        want: &Want,
        warnings: &mut Vec<String>,
        take: &mut Take<'_>,
    ) -> Result<(), DecodeError> {
        let mut unmatched = Faults::default();
        match self.over {
            Over::Lines => {
                self.over_lines(lines, want, &mut unmatched, take)?;
                unmatched.warn("line is not matched", "lines are not matched", warnings);
            }
            Over::Text => {
                self.over_text(text, want, &mut unmatched, take)?;
                unmatched.warn("text is not matched", "texts are not matched", warnings);
            }
        }
        Ok(())
    }

    fn over_lines<'t>(
        &self,
        lines: impl Iterator<Item = (usize, &'t str)>,
        want: &Want,
        unmatched: &mut Faults,
        take: &mut Take<'_>,
    ) -> Result<(), DecodeError> {
        let mut header = self.header.as_ref().map(|groups| Finder::new(groups, None, want));
        let mut finders: Vec<_> = self.patterns.iter().map(|groups| Finder::new(groups, self.header.as_ref(), want)).collect();
        let (mut budget, mut texts, mut carried) = (Budget::default(), Share::with_slots(TEXT_SLOTS), Map::default());
        let mut n_more = usize::from(self.numbered.is_some());
        if let Some(header) = &header {
            n_more += header.n_columns;
            add(&header.wanted, |_| None, &mut texts, &mut carried);
        }
        for (number, line) in lines {
            if let Some(header) = &mut header
                && header.matches(line)
            {
                header.add(line, &mut texts, &mut carried);
                continue;
            }
            let Some(at) = finders.iter_mut().position(|finder| finder.matches(line)) else {
                if !line.trim().is_empty() {
                    self.unmatched(number, line, unmatched)?;
                }
                continue;
            };
            let Some(finder) = finders.get(at) else { continue };
            budget.spend(1 + finder.n_columns + n_more)?;
            let mut row = if carried.is_empty() { Map::with_capacity(finder.wanted.len()) } else { carried.clone() };
            finder.add(line, &mut texts, &mut row);
            if let Some(name) = self.numbered.as_ref().filter(|name| want.has(name)) {
                row.insert(name.clone(), at.into());
            }
            take(Value::map(row));
        }
        Ok(())
    }

    fn over_text(&self, text: &str, want: &Want, unmatched: &mut Faults, take: &mut Take<'_>) -> Result<(), DecodeError> {
        let (mut budget, mut texts, mut empty) = (Budget::default(), Share::with_slots(TEXT_SLOTS), true);
        for groups in &self.patterns {
            let wanted = groups.wanted(want);
            for found in groups.regex.captures_iter(text) {
                budget.spend(1 + groups.named.len())?;
                let mut row = Map::with_capacity(wanted.len());
                add(&wanted, |index| found.get(index).map(|group| group.as_str()), &mut texts, &mut row);
                empty = false;
                take(Value::map(row));
            }
        }
        if empty { self.unmatched(1, text, unmatched) } else { Ok(()) }
    }

    fn unmatched(&self, number: usize, line: &str, unmatched: &mut Faults) -> Result<(), DecodeError> {
        match self.on_unmatched {
            OnUnmatched::Skip => {}
            OnUnmatched::Count => unmatched.add(number, || beginning(line)),
            OnUnmatched::Fail => return Err(DecodeError(format!("line {number} is not matched: {}", beginning(line)))),
        }
        Ok(())
    }
}

fn part(line: &str, place: Option<(usize, usize)>) -> Option<&str> {
    place.and_then(|(start, end)| line.get(start..end))
}
