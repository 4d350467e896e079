//! The rows and numbers of a document: which lists have rows of their own, what tells their rows apart,
//! and which of their fields are measured.

use super::ask::SOURCES;
use super::words::{is_counter, is_state, measures, part, singular, status, unit, words_of};
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::secret_names::is_secret;
use crate::base::unit::{Kind, find as find_unit};
use crate::base::value::{Text, Value};
use crate::expr::plain_words::looks_computed;
use crate::lint::words::RESERVED;
use std::collections::{BTreeMap, BTreeSet};

/// Rows with their metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The keys that lead to the rows; none for the rows of the source itself.
    pub keys: Vec<Text>,
    /// What the rows are.
    pub rows: Rows,
    /// How many of them the answer has.
    pub n_rows: usize,
    /// Names of tags with what they are made of.
    pub tags: Vec<(String, Tag)>,
    /// What is measured.
    pub metrics: Vec<Metric>,
    /// The state of a row, and the statuses of its words.
    pub state: Option<(Text, Vec<(Text, &'static str)>)>,
    /// True if no tag tells the rows apart.
    pub alike: bool,
}

/// What the rows of a group are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// Those of the source.
    #[default]
    Source,
    /// The items of a list.
    Items,
    /// The values of a map, each under a key of its own.
    Values,
}

/// What a tag is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A field of the row.
    Field(Text),
    /// The key or index of the row.
    Key,
}

/// A number of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name below the prefix.
    pub name: String,
    /// The keys that lead to it.
    pub keys: Vec<Text>,
    /// How the number is made of the value.
    pub reading: Reading,
    /// True if it only grows.
    pub counter: bool,
    /// Its unit.
    pub unit: Option<&'static str>,
    /// True if not all rows have it.
    pub optional: bool,
}

/// How a number is made of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is one.
    Number,
    /// A text with a unit.
    Quantity,
    /// How many items there are.
    Length,
}

/// What was found in a document.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The rows, those of the source first.
    pub groups: Vec<Group>,
    /// What was seen and not proposed, in words.
    pub left: Vec<String>,
}

/// Most metrics that are proposed: more than this nobody reviews.
const METRICS: usize = 150;
/// Most tags of a group.
const TAGS: usize = 4;
/// The longest text that is a tag.
const TAG_LENGTH: usize = 48;
/// How many rows of a list are looked at.
const ROWS: usize = 1000;
/// How deep a document is looked into.
const DEPTH: usize = 6;

/// The rows and numbers of a document.
pub fn find(doc: &Value, integration: &str) -> Found {
    let mut finder = Finder { integration: integration.to_owned(), out: Found::default(), passed: BTreeSet::new() };
    match doc {
        Value::List(items) if !rows_of(items).is_empty() => {
            finder.group(Vec::new(), Rows::Source, items.len(), &rows_of(items), &[], integration)
        }
        Value::Map(map) => {
            let mut own = Group { n_rows: 1, ..Group::default() };
            finder.map(map, &mut Vec::new(), &mut own);
            if !own.metrics.is_empty() {
                finder.out.groups.insert(0, own);
            }
        }
        _ => {}
    }
    finder.finish()
}

struct Finder {
    integration: String,
    out: Found,
    /// What was seen and is not proposed.
    passed: BTreeSet<&'static str>,
}

const NESTED: &str = "lists inside of rows (`each` goes into them)";
const PLAIN: &str = "lists of plain values (`row.NAME | sum`, `| max`, `| length`)";
const DEEP: &str = "numbers that lie deeper than six maps";

/// The maps of a list, if most of its items are some.
fn rows_of(items: &[Value]) -> Vec<&Map> {
    let maps: Vec<&Map> = items.iter().take(ROWS).filter_map(|item| item.as_map().map(|map| &**map)).collect();
    if maps.len() * 2 > items.len().min(ROWS) { maps } else { Vec::new() }
}

/// The values of a map that is a list by other means: alike, and under keys that are data.
fn values_of(map: &Map) -> Option<(Vec<Text>, Vec<&Map>)> {
    let maps: Vec<(&Text, &Map)> = map.iter().take(ROWS).filter_map(|(key, value)| Some((key, &**value.as_map()?))).collect();
    let (first, rest) = maps.split_first()?;
    let data = maps.iter().any(|(key, _)| key.contains(|c: char| !c.is_ascii_alphabetic() && c != '_'));
    let keys: BTreeSet<&Text> = first.1.keys().collect();
    let alike = rest.iter().all(|(_, other)| keys.iter().filter(|key| other.get(key).is_some()).count() * 2 >= keys.len());
    let several = maps.len() >= 3 || (maps.len() == 2 && data);
    let numbers = maps.iter().any(|(_, map)| map.iter().any(|(_, value)| reading(value).is_some()));
    let whole = maps.len() == map.len().min(ROWS);
    (whole && several && alike && numbers && !keys.is_empty()).then(|| maps.into_iter().map(|(key, map)| (key.clone(), map)).unzip())
}

/// The number that a value is, and how it is made of it.
fn reading(value: &Value) -> Option<(f64, bool, Reading, Option<&'static str>)> {
    match value {
        Value::Bool(b) => Some((f64::from(u8::from(*b)), false, Reading::Number, None)),
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => {
            value.as_number().map(|number| (number.as_f64(), number.as_integer().is_some(), Reading::Number, None))
        }
        Value::Text(text) => match Number::parse(text) {
            Some(number) => Some((number.as_f64(), number.as_integer().is_some(), Reading::Number, None)),
            None => quantity(text),
        },
        _ => None,
    }
}

/// `12%`, `10 kB`, `5.3 ms`.
fn quantity(text: &str) -> Option<(f64, bool, Reading, Option<&'static str>)> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')?;
    let (digits, unit) = text.split_at_checked(at)?;
    let number: f64 = digits.parse().ok()?;
    let unit = match find_unit(unit.trim(), 1000.0)?.kind {
        Kind::Percent => "percent",
        Kind::Bytes => "byte",
        Kind::Time => "second",
        _ => return None,
    };
    Some((number, false, Reading::Quantity, Some(unit)))
}

impl Finder {
    /// The numbers of a map, and the lists below it.
    fn map(&mut self, map: &Map, keys: &mut Vec<Text>, own: &mut Group) {
        for (key, value) in map.iter() {
            keys.push(key.clone());
            match value {
                Value::Map(inner) => match values_of(inner) {
                    Some((names, rows)) => self.group(keys.clone(), Rows::Values, inner.len(), &rows, &names, key),
                    None if keys.len() < DEPTH => self.map(inner, keys, own),
                    None => {
                        self.passed.insert(DEEP);
                    }
                },
                Value::List(items) => {
                    let rows = rows_of(items);
                    let before = self.out.groups.len();
                    self.group(keys.clone(), Rows::Items, items.len(), &rows, &[], key);
                    if self.out.groups.len() == before && (items.is_empty() || !rows.is_empty()) {
                        own.metrics.extend(metric(keys, Reading::Length, (items.len() as f64, true), None));
                    } else if rows.is_empty() {
                        self.passed.insert(PLAIN);
                    }
                }
                other => {
                    if let Some((number, whole, reading, unit)) = reading(other) {
                        own.metrics.extend(metric(keys, reading, (number, whole), unit));
                    } else if keys.len() == 1 {
                        own.state = own.state.take().or_else(|| state(key, &[other]));
                    }
                }
            }
            keys.pop();
        }
    }

    /// The group of a list, where its rows have numbers or a state.
    fn group(&mut self, keys: Vec<Text>, rows: Rows, n_rows: usize, maps: &[&Map], names: &[Text], called: &str) {
        let mut columns: Vec<(Vec<Text>, Vec<&Value>)> = Vec::new();
        for map in maps {
            self.columns(map, &mut Vec::new(), &mut columns);
        }
        let mut group = Group { keys, rows, n_rows, ..Group::default() };
        let one = singular(&part(called));
        let texts: Vec<(&Text, &Vec<&Value>)> =
            columns.iter().filter_map(|(keys, values)| if let [key] = &keys[..] { Some((key, values)) } else { None }).collect();
        group.state = texts.iter().find_map(|(key, values)| state(key, values));
        self.tags(&mut group, &texts, maps.len(), names, &one);
        for (keys, values) in &columns {
            if let [key] = &keys[..]
                && group.tags.iter().any(|(_, tag)| *tag == Tag::Field(key.clone()))
            {
                continue;
            }
            group.metrics.extend(column(keys, values, maps.len()));
        }
        if !group.metrics.is_empty() || group.state.is_some() {
            self.out.groups.push(group);
        }
    }

    /// The leaves of a row, by the keys that lead to them.
    fn columns<'v>(&mut self, map: &'v Map, keys: &mut Vec<Text>, out: &mut Vec<(Vec<Text>, Vec<&'v Value>)>) {
        for (key, value) in map.iter() {
            keys.push(key.clone());
            match value {
                Value::Map(inner) if keys.len() < DEPTH => self.columns(inner, keys, out),
                Value::Missing => {}
                Value::Map(_) => {
                    self.passed.insert(DEEP);
                }
                Value::List(_) => {
                    self.passed.insert(NESTED);
                }
                leaf => match out.iter_mut().find(|(known, _)| known == keys) {
                    Some((_, values)) => values.push(leaf),
                    None => out.push((keys.clone(), vec![leaf])),
                },
            }
            keys.pop();
        }
    }

    /// The fields that tell rows apart, and short texts that group them.
    fn tags(&mut self, group: &mut Group, texts: &[(&Text, &Vec<&Value>)], n: usize, names: &[Text], one: &str) {
        let named = |key: &str| tag_name(key, one, &self.integration);
        let state = group.state.as_ref().map(|(key, _)| key.clone());
        let mut columns: Vec<_> = texts.iter().filter(|(key, values)| Some(*key) != state.as_ref() && is_tag(key, values)).collect();
        if !names.is_empty() {
            group.tags.push((named("name"), Tag::Key));
        }
        columns.sort_by_key(|(key, values)| (distinct(values) < n, rank(key)));
        let mut apart = !names.is_empty() || n < 2;
        for (key, values) in columns.into_iter().take(TAGS) {
            let repeats = distinct(values) < n;
            // One that tells rows apart is enough; others that do so, too, say nothing new.
            if apart && !group.tags.is_empty() && (!repeats && n > 2 || words_of(key).last().is_some_and(|word| word == "id")) {
                continue;
            }
            let name = named(key);
            if !group.tags.iter().any(|(known, _)| *known == name) {
                group.tags.push((name, Tag::Field((*key).clone())));
                apart |= values.len() == n && !repeats;
            }
        }
        apart = apart || together(&group.tags, texts, n);
        if !apart
            && let Some((key, _)) = texts.iter().find(|(key, values)| values.len() == n && distinct(values) == n && !measures(key, 0.0))
        {
            group.tags.push((named(key), Tag::Field((*key).clone())));
            apart = true;
        }
        if !apart {
            group.tags.push(("index".to_owned(), Tag::Key));
            group.alike = true;
        }
    }

    fn finish(mut self) -> Found {
        let mut left = METRICS;
        let mut dropped = 0;
        for group in &mut self.out.groups {
            unique(&mut group.metrics);
            dropped += group.metrics.len().saturating_sub(left);
            group.metrics.truncate(left);
            left -= group.metrics.len();
        }
        self.out.groups.retain(|group| !group.metrics.is_empty() || group.state.is_some());
        if dropped > 0 {
            self.out.left.push(format!("{dropped} more numbers (the first {METRICS} are in the spec; `flatten` sends all)"));
        }
        self.out.left.extend(self.passed.into_iter().map(str::to_owned));
        self.out
    }
}

/// Names that are there twice are told apart.
fn unique(metrics: &mut [Metric]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for metric in metrics {
        let n = seen.entry(metric.name.clone()).or_default();
        *n += 1;
        if *n > 1 {
            metric.name = format!("{}_{n}", metric.name);
        }
    }
}

fn metric(keys: &[Text], reading: Reading, (number, whole): (f64, bool), unit_of_text: Option<&'static str>) -> Option<Metric> {
    let parts: Vec<String> = keys.iter().map(|key| part(key)).filter(|part| !part.is_empty()).collect();
    let dotted = parts.join(".");
    // Names that read like an expression are warned of.
    let reads = looks_computed(&dotted) || (parts.len() > 1 && parts.first().is_some_and(|first| SOURCES.contains(&&**first)));
    let name = if reads { parts.join("_") } else { dotted };
    let last = keys.last()?;
    if name.is_empty() || (reading != Reading::Length && (!measures(last, number) || is_secret(last))) {
        return None;
    }
    let counter = reading == Reading::Number && is_counter(last, whole);
    let unit = match reading {
        Reading::Length => None,
        _ => unit_of_text.or_else(|| unit(last, !whole && number.abs() <= 1.0)),
    };
    Some(Metric { name, keys: keys.to_vec(), reading, counter, unit, optional: false })
}

/// The metric of a field, as its values in all rows have it.
fn column(keys: &[Text], values: &[&Value], n: usize) -> Option<Metric> {
    let readings: Vec<_> = values.iter().filter_map(|value| reading(value)).collect();
    let quantities = readings.iter().filter(|(_, _, reading, _)| *reading == Reading::Quantity).count();
    if readings.len() * 2 <= values.len() {
        return None;
    }
    let most = readings.iter().map(|(number, ..)| number.abs()).fold(0.0, f64::max);
    let whole = readings.iter().all(|(_, whole, ..)| *whole);
    let unit = readings.iter().find_map(|(_, _, _, unit)| *unit);
    let how = if quantities > 0 { Reading::Quantity } else { Reading::Number };
    let metric = metric(keys, how, (most, whole), unit)?;
    Some(Metric { optional: readings.len() < n, ..metric })
}

/// The state of rows, where all its words say something.
fn state(key: &Text, values: &[&Value]) -> Option<(Text, Vec<(Text, &'static str)>)> {
    if !is_state(key) || values.is_empty() {
        return None;
    }
    let mut words: Vec<(Text, &'static str)> = Vec::new();
    for value in values {
        let word = value.as_text()?;
        let status = status(word)?;
        if !words.iter().any(|(known, _)| **known == *word) {
            words.push((word.into(), status));
        }
    }
    Some((key.clone(), words))
}

/// The name of the tag that a field gives: the `name` of a queue tells queues apart, so it is `queue`; what
/// backends take for something of their own gets the name of the integration in front.
fn tag_name(key: &str, one: &str, integration: &str) -> String {
    let name = part(key);
    let name = match name.as_str() {
        "name" | "id" | "key" | "label" | "title" if !one.is_empty() => one.to_owned(),
        other => other.to_owned(),
    };
    let taken = RESERVED.iter().any(|(reserved, _)| *reserved == name);
    if taken || !name.starts_with(|c: char| c.is_ascii_alphabetic()) { format!("{integration}_{name}") } else { name }
}

/// A field with short texts that come again in the next run.
fn is_tag(key: &str, values: &[&Value]) -> bool {
    const VARYING: &[&str] = &[
        "comment",
        "date",
        "description",
        "email",
        "error",
        "guid",
        "ip",
        "mail",
        "message",
        "nonce",
        "pid",
        "query",
        "reason",
        "session",
        "sql",
        "stacktrace",
        "text",
        "time",
        "timestamp",
        "trace",
        "url",
        "uuid",
    ];
    let short = |value: &&Value| value.as_text().is_some_and(|text| (1..=TAG_LENGTH).contains(&text.len()) && !text.contains(['\n', '\t']));
    let moment = |value: &&Value| {
        value.as_text().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::Date>().is_ok())
    };
    let number = values.iter().all(|value| reading(value).is_some());
    let words = words_of(key);
    let varying = words.iter().any(|word| VARYING.contains(&&**word)) || words.last().is_some_and(|word| word == "at");
    !number && !varying && !is_secret(key) && values.iter().all(short) && !values.iter().any(moment)
}

/// Names come first, then whatever else.
fn rank(key: &str) -> usize {
    const FIRST: &[&str] =
        &["name", "key", "label", "title", "host", "hostname", "instance", "node", "queue", "device", "filesystem", "id"];
    let words = words_of(key);
    let last = words.last().map_or("", String::as_str);
    FIRST.iter().position(|word| *word == last).unwrap_or(FIRST.len())
}

fn distinct(values: &[&Value]) -> usize {
    values.iter().filter_map(|value| crate::base::print::text_of(value)).collect::<BTreeSet<_>>().len()
}

/// True if the tags together are different in every row.
fn together(tags: &[(String, Tag)], texts: &[(&Text, &Vec<&Value>)], n: usize) -> bool {
    let columns = tags.iter().filter_map(|(_, tag)| match tag {
        Tag::Field(key) => texts.iter().find(|(known, values)| *known == key && values.len() == n).map(|(_, values)| *values),
        Tag::Key => None,
    });
    let columns: Vec<_> = columns.collect();
    let row = |at: usize| {
        columns.iter().filter_map(|values| values.get(at).and_then(|value| crate::base::print::text_of(value))).collect::<Vec<_>>()
    };
    (0..n).map(row).collect::<BTreeSet<_>>().len() == n
}
