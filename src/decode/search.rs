//! Rows out of the named groups of patterns: what `regex` and `grok` have in common.
//!
//! Groups of a dotted path make maps within maps, and several groups of one pattern may have the same
//! path: the first that took part in the match counts.

use super::budget::Budget;
use super::faults::Faults;
use super::types::CellType;
use super::{DecodeError, Decoded, Decoder, beginning, text};
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

    /// Adds the groups of a match to a row; missing ones, too, so that every row has every column.
    fn add<'t>(&self, found: impl Fn(usize) -> Option<&'t str>, row: &mut Map) {
        for group in &self.named {
            let cell = found(group.index).map(|cell| group.cell.convert(cell));
            if !group.again || (cell.is_some() && is_missing(row, &group.path)) {
                put(row, &group.path.first, &group.path.inner, cell.into());
            }
        }
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

impl Decoder for Search {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        let rows = match self.over {
            Over::Lines => self.over_lines(text::lines(&text), &mut warnings)?,
            Over::Text => self.over_text(&text, &mut warnings)?,
        };
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn decode_record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(record, &mut warnings);
        let rows = match self.over {
            Over::Lines => self.over_lines(std::iter::once((number, &*text)), &mut warnings)?,
            Over::Text => self.over_text(&text, &mut warnings)?,
        };
        Ok(Decoded::with(Value::list(rows), warnings))
    }
}

impl Search {
    fn over_lines<'t>(&self, lines: impl Iterator<Item = (usize, &'t str)>, warnings: &mut Vec<String>) -> Result<Vec<Value>, DecodeError> {
        let mut search: Vec<_> = self.patterns.iter().map(|groups| (groups, groups.regex.capture_locations())).collect();
        let mut header = self.header.as_ref().map(|groups| (groups, groups.regex.capture_locations()));
        let (mut budget, mut unmatched, mut rows, mut carried) = (Budget::default(), Faults::default(), Vec::new(), Map::default());
        if let Some((groups, _)) = &header {
            groups.add(|_| None, &mut carried);
        }
        for (number, line) in lines {
            if let Some((groups, found)) = &mut header
                && groups.regex.captures_read(found, line).is_some()
            {
                groups.add(|index| part(line, found.get(index)), &mut carried);
                continue;
            }
            match self.row_of(line, &mut search, &carried) {
                Some(row) => {
                    budget.spend(1 + row.len())?;
                    rows.push(Value::map(row));
                }
                None if line.trim().is_empty() => {}
                None => self.unmatched(number, line, &mut unmatched)?,
            }
        }
        unmatched.warn("line is not matched", "lines are not matched", warnings);
        Ok(rows)
    }

    /// The row of the first pattern that matches a line.
    fn row_of(&self, line: &str, search: &mut [(&Groups, CaptureLocations)], carried: &Map) -> Option<Map> {
        for (number, (groups, found)) in search.iter_mut().enumerate() {
            if groups.regex.captures_read(found, line).is_none() {
                continue;
            }
            let mut row = carried.clone();
            groups.add(|index| part(line, found.get(index)), &mut row);
            if let Some(name) = &self.numbered {
                row.insert(name.clone(), number.into());
            }
            return Some(row);
        }
        None
    }

    fn over_text(&self, text: &str, warnings: &mut Vec<String>) -> Result<Vec<Value>, DecodeError> {
        let (mut budget, mut unmatched, mut rows) = (Budget::default(), Faults::default(), Vec::new());
        for groups in &self.patterns {
            for found in groups.regex.captures_iter(text) {
                budget.spend(1 + groups.named.len())?;
                let mut row = Map::with_capacity(groups.named.len());
                groups.add(|index| found.get(index).map(|group| group.as_str()), &mut row);
                rows.push(Value::map(row));
            }
        }
        if rows.is_empty() {
            self.unmatched(1, text, &mut unmatched)?;
            unmatched.warn("text is not matched", "texts are not matched", warnings);
        }
        Ok(rows)
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
