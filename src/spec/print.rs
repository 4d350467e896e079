//! A spec as one text: everything that its files and standard options come to, each part with the
//! place that it stands at.
//!
//! ```yaml
//! sources:
//!   scrape: # specs/fragments/openmetrics.yaml:8
//!     http:
//!       url: "{{ instance.url }}"
//! ```
//!
//! The text is a spec itself: anchors are expanded, notes of the author are gone.

use super::merge::is_shared;
use super::read::SHARING;
use crate::base::span::{Sources, Span};
use crate::base::value::Text;
use crate::yaml::load::load;
use crate::yaml::node::{Data, Entry, Literal, Node, Scalar, Style};
use std::fmt::Write as _;

/// The tree of a spec as YAML with places. `standard` is what sources get that do not say
/// otherwise; it is shown among their defaults.
pub fn print(root: &Node, standard: &[Entry], sources: &Sources) -> String {
    let mut printer = Printer { out: String::new(), sources, path: Vec::new(), in_lists: 0 };
    let entries = root.as_map().unwrap_or(&[]).iter().filter(|entry| !entry.key.starts_with("x-") && !SHARING.contains(&&*entry.key));
    let mut entries: Vec<Entry> = entries.cloned().collect();
    add_defaults(&mut entries, standard);
    // What a spec is called stands first, wherever its parts came from.
    entries.sort_by_key(|entry| !["name", "version", "title", "description", "language"].contains(&&*entry.key));
    printer.map(&entries, 0);
    printer.out
}

/// The standard options where the defaults say nothing.
fn add_defaults(entries: &mut Vec<Entry>, standard: &[Entry]) {
    let Some(first) = standard.first() else { return };
    let at = first.key_span;
    let missing = |known: &[Entry]| -> Vec<Entry> { standard.iter().filter(|s| !known.iter().any(|k| k.key == s.key)).cloned().collect() };
    inside(entries, "defaults", at, |defaults| {
        inside(defaults, "sources", at, |of_sources| {
            let more = missing(of_sources);
            of_sources.extend(more);
        });
    });
}

/// Changes the entries of a key that holds a map, which is made where there is none.
fn inside(entries: &mut Vec<Entry>, key: &str, span: Span, change: impl FnOnce(&mut Vec<Entry>)) {
    if !entries.iter().any(|entry| &*entry.key == key) {
        entries.push(Entry { key: key.into(), key_span: span, value: Node { span, data: Data::Map(Vec::new()) } });
    }
    let found = entries.iter_mut().find(|entry| &*entry.key == key);
    // A value that is no map has been reported where the spec was read.
    if let Some(Data::Map(inner)) = found.map(|entry| &mut entry.value.data) {
        change(inner);
    }
}

struct Printer<'s> {
    out: String,
    sources: &'s Sources,
    path: Vec<Text>,
    /// Lists around the node: what is inside an item is a part of it.
    in_lists: usize,
}

impl Printer<'_> {
    fn map(&mut self, entries: &[Entry], depth: usize) {
        for entry in entries {
            self.path.push(entry.key.clone());
            let _ = write!(self.out, "{}{}:", "  ".repeat(depth), key(&entry.key));
            self.value(&entry.value, entry.key_span, depth);
            self.path.pop();
        }
    }

    /// What stands behind a key, with the place of the part that begins here.
    fn value(&mut self, node: &Node, place: Span, depth: usize) {
        let part = self.is_part(node);
        let place = if part { format!(" # {}", self.sources.origin(place)) } else { String::new() };
        match &node.data {
            Data::Map(entries) if !entries.is_empty() => {
                let _ = writeln!(self.out, "{place}");
                self.map(entries, depth + 1);
            }
            Data::List(items) if !items.is_empty() => {
                let _ = writeln!(self.out, "{place}");
                self.list(items, depth + 1);
            }
            Data::Scalar(scalar) if scalar.style == Style::Literal && is_block(&scalar.text) => {
                let indent = "  ".repeat(depth + 1);
                let end = if scalar.text.ends_with('\n') { "" } else { "-" };
                let _ = writeln!(self.out, " |{end}{place}");
                for line in scalar.text.trim_end_matches('\n').split('\n') {
                    let _ = if line.is_empty() { writeln!(self.out) } else { writeln!(self.out, "{indent}{line}") };
                }
            }
            data => {
                let _ = writeln!(self.out, " {}{place}", short(data));
            }
        }
    }

    fn list(&mut self, items: &[Node], depth: usize) {
        let indent = "  ".repeat(depth);
        let parts = self.in_lists == 0 && is_shared(&self.path);
        self.in_lists += 1;
        for item in items {
            let place = if parts && item.as_scalar().is_none() {
                format!("# {}\n{indent}  ", self.sources.origin(item.span))
            } else {
                String::new()
            };
            match &item.data {
                Data::Map(entries) if !entries.is_empty() => {
                    let _ = write!(self.out, "{indent}- {place}");
                    let at = self.out.len();
                    self.map(entries, depth + 1);
                    // The first key stands behind the dash, or below the place.
                    let rest = self.out.split_off(at);
                    self.out.push_str(rest.trim_start_matches(' '));
                }
                Data::List(inner) if !inner.is_empty() => {
                    let _ = writeln!(self.out, "{indent}-");
                    self.list(inner, depth + 1);
                }
                data => {
                    let _ = writeln!(self.out, "{indent}- {}", short(data));
                }
            }
        }
        self.in_lists -= 1;
    }

    /// Parts are what different files may give side by side: not the maps that hold them, and not
    /// what is inside of one.
    fn is_part(&self, node: &Node) -> bool {
        let above = self.path.split_last().map_or(&[][..], |(_, above)| above);
        let holds = match &node.data {
            Data::Map(entries) => is_shared(&self.path) && !entries.is_empty(),
            Data::List(items) => items.iter().any(|item| item.as_scalar().is_none()),
            Data::Scalar(_) => false,
        };
        self.in_lists == 0 && is_shared(above) && !holds
    }
}

fn is_block(text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    !first.starts_with(' ') && !first.is_empty() && !text.ends_with("\n\n") && !text.contains(['\r', '\t'])
}

fn key(text: &str) -> String {
    scalar(&Scalar { text: text.into(), style: Style::Plain, literal: Literal::Text })
}

/// A scalar or an empty container in one line.
fn short(data: &Data) -> String {
    match data {
        Data::Map(_) => "{}".to_owned(),
        Data::List(_) => "[]".to_owned(),
        Data::Scalar(own) => scalar(own),
    }
}

/// A scalar as YAML, in a list or a map, too: plain where that reads back as the same, else in double
/// quotes.
pub fn scalar(scalar: &Scalar) -> String {
    if scalar.literal == Literal::Null {
        return "null".to_owned();
    }
    let mut sources = Sources::default();
    let file = sources.add("", format!("a: [{}]", scalar.text));
    let read = load(&sources, file);
    let items = read.root.entry("a").and_then(|entry| entry.value.as_list()).unwrap_or(&[]);
    let same = match items {
        [item] => {
            item.as_scalar().is_some_and(|item| item.text == scalar.text && item.literal == scalar.literal && item.style == Style::Plain)
        }
        _ => false,
    };
    if same && read.problems.is_empty() { scalar.text.to_string() } else { serde_json::Value::from(&*scalar.text).to_string() }
}
