//! Rows out of the named groups of patterns: what `regex` and `grok` have in common.
//!
//! Groups of a dotted path make maps within maps, and several groups of one pattern may have the same
//! path: the first that took part in the match counts.

use super::budget::Budget;
use super::by_row::{ByRow, Take};
use super::faults::Faults;
use super::matcher::{Matcher, Matching};
use super::reused::Reused;
use super::types::{CellType, TEXT_SLOTS};
use super::want::{WHOLE, Want};
use super::{DecodeError, Decoded, beginning, text};
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::value::{Text, Value};

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
    matcher: Matcher,
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
        Groups { matcher: Matcher::new(regex), named }
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

/// Adds groups of a match to a row of which `from` columns are set; missing ones, too, so that every row
/// has every column.
fn add<'t>(groups: &[&Group], from: usize, found: impl Fn(usize) -> Option<&'t str>, texts: &mut Share, row: &mut Map) {
    for (at, group) in (from..).zip(groups) {
        let cell = found(group.index).map(|cell| group.cell.shared(cell, texts));
        if !group.again || (cell.is_some() && is_missing(row, &group.path)) {
            put(row, at, &group.path.first, &group.path.inner, cell.into());
        }
    }
}

/// A pattern while a text is searched with it.
struct Finder<'g> {
    wanted: Vec<&'g Group>,
    matching: Matching<'g>,
    n_columns: usize,
    rows: Reused,
}

impl<'g> Finder<'g> {
    fn new(groups: &'g Groups, besides: Option<&Groups>, want: &Want) -> Self {
        let (matching, wanted) = (Matching::new(&groups.matcher), groups.wanted(want));
        Finder { matching, n_columns: groups.n_columns(besides), rows: Reused::with_columns(wanted.len()), wanted }
    }

    /// Puts the groups of the last match into what lines below have in their rows.
    fn carry(&self, line: &str, texts: &mut Share, carried: &mut Map) {
        add(&self.wanted, 0, |index| self.matching.group(line, index), texts, carried);
    }

    /// The row of the last match, with what was carried down, and the number of the pattern under its name.
    fn row(&mut self, line: &str, texts: &mut Share, carried: &Map, number: Option<(&Text, usize)>) -> Value {
        let Finder { wanted, matching, rows, .. } = self;
        rows.row(|row| {
            carried.iter().enumerate().for_each(|(at, (name, value))| row.put(at, name, value.clone()));
            add(wanted, carried.len(), |index| matching.group(line, index), texts, row);
            if let Some((name, number)) = number {
                row.put(carried.len() + wanted.len(), name, number.into());
            }
        })
    }
}

fn is_missing(row: &Map, path: &Path) -> bool {
    let first = row.get(&path.first).cloned().unwrap_or_default();
    path.inner.iter().fold(first, |value, name| value.member(name)).is_missing()
}

/// `at` is where the name may be.
fn put(map: &mut Map, at: usize, name: &Text, inner: &[Text], value: Value) {
    let Some((next, rest)) = inner.split_first() else { return map.put(at, name, value) };
    let mut nested = map.get(name).and_then(Value::as_map).map(|nested| (**nested).clone()).unwrap_or_default();
    put(&mut nested, at, next, rest, value);
    map.put(at, name, Value::map(nested));
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

impl ByRow for Search {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        self.search(text::lines(&text), &text, want, &mut warnings, take)?;
        Ok(warnings)
    }

    fn record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let (mut warnings, mut rows) = (Vec::new(), Vec::new());
        let text = text::lenient(record, &mut warnings);
        let lines = std::iter::once((number, &*text));
        self.search(lines, &text, &WHOLE, &mut warnings, &mut |row| rows.push(row))?;
        Ok(Decoded::with(Value::list(rows), warnings))
    }
}

impl Search {
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
            add(&header.wanted, 0, |_| None, &mut texts, &mut carried);
        }
        for (number, line) in lines {
            if let Some(header) = &mut header
                && header.matching.matches(line)
            {
                header.carry(line, &mut texts, &mut carried);
                continue;
            }
            let Some(at) = finders.iter_mut().position(|finder| finder.matching.matches(line)) else {
                if !line.trim().is_empty() {
                    self.unmatched(number, line, unmatched)?;
                }
                continue;
            };
            let Some(finder) = finders.get_mut(at) else { continue };
            budget.spend(1 + finder.n_columns + n_more)?;
            let number = self.numbered.as_ref().filter(|name| want.has(name)).map(|name| (name, at));
            take(finder.row(line, &mut texts, &carried, number));
        }
        Ok(())
    }

    fn over_text(&self, text: &str, want: &Want, unmatched: &mut Faults, take: &mut Take<'_>) -> Result<(), DecodeError> {
        let (mut budget, mut texts, mut empty) = (Budget::default(), Share::with_slots(TEXT_SLOTS), true);
        for groups in &self.patterns {
            let wanted = groups.wanted(want);
            for found in groups.matcher.regex.captures_iter(text) {
                budget.spend(1 + groups.named.len())?;
                let mut row = Map::with_capacity(wanted.len());
                add(&wanted, 0, |index| found.get(index).map(|group| group.as_str()), &mut texts, &mut row);
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
