//! Several trees to the one of a spec: maps by key, lists one after the other.
//!
//! ```yaml
//! # fragments/base.yaml          # specs/etcd.yaml                 # together
//! tables: {names: {a: x}}        tables: {names: {b: y}}           tables: {names: {a: x, b: y}}
//! metrics: [{name: up, …}]       metrics: [{name: keys, …}]        metrics: [{name: up, …}, {name: keys, …}]
//! ```
//!
//! A key that two of them give is an error, so that nobody changes a spec by accident, unless
//! `override` names it. One source, one field of the configuration, one name of `let` is a whole:
//! it is not mixed of two files, unless `override` names a key inside of it. Nodes keep their
//! places, so whatever is found later still points at the file that a person wrote.

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::suggest::nearest;
use crate::base::value::Text;
use crate::yaml::node::{Data, Entry, Node};
use std::collections::BTreeSet;

/// One `override: [sources.scrape]`.
#[derive(Clone, Debug)]
pub struct Override {
    /// The dotted path.
    pub path: Text,
    /// Its place.
    pub span: Span,
    /// The part that says it.
    pub part: usize,
}

/// What is said about one key by several files: the trees in order of `use`, the spec's own last.
pub struct Merger {
    overrides: Vec<Override>,
    used: BTreeSet<usize>,
    part: usize,
    last: usize,
    path: Vec<Text>,
    /// Keys that were given twice, errors and overrides.
    pub problems: Vec<Diagnostic>,
}

impl Merger {
    /// A merger of `n_parts` trees.
    pub fn new(overrides: Vec<Override>, n_parts: usize) -> Self {
        let last = n_parts.saturating_sub(1);
        Merger { overrides, used: BTreeSet::new(), part: 0, last, path: Vec::new(), problems: Vec::new() }
    }

    /// The tree of all parts. Its place is that of the last one, which is the spec itself.
    pub fn merge(&mut self, parts: Vec<Node>) -> Node {
        let mut entries: Vec<Entry> = Vec::new();
        let mut span = Span::default();
        for (at, part) in parts.into_iter().enumerate() {
            (self.part, span) = (at, part.span);
            if let Data::Map(own) = part.data {
                self.maps(&mut entries, own);
            }
        }
        self.report_idle(&entries);
        Node { span, data: Data::Map(entries) }
    }

    fn maps(&mut self, into: &mut Vec<Entry>, from: Vec<Entry>) {
        for entry in from {
            self.path.push(entry.key.clone());
            let Some(at) = into.iter().position(|known| known.key == entry.key) else {
                let above = self.path.split_last().map_or(&[][..], |(_, above)| above);
                if !is_shared(above) {
                    // A further key of another file's source is a change of it all the same.
                    self.overrides_it();
                }
                self.path.pop();
                into.push(entry);
                continue;
            };
            let removed = match into.get_mut(at) {
                Some(known) => self.both(known, entry),
                None => false,
            };
            self.path.pop();
            if removed {
                into.remove(at);
            }
        }
    }

    /// The same key twice. True if the later one takes the earlier one away.
    fn both(&mut self, known: &mut Entry, entry: Entry) -> bool {
        if self.overrides_it() {
            let removed = entry.value.is_null();
            *known = entry;
            return removed;
        }
        if entry.value.is_null() {
            return false;
        }
        if known.value.is_null() {
            *known = entry;
            return false;
        }
        let whole = is_whole(&self.path) && !self.overrides_inside();
        let mut value = entry.value;
        if self.path.iter().map(|key| &**key).eq(["config", "use"]) {
            // A single word is short for a list of one.
            as_list(&mut known.value);
            as_list(&mut value);
        }
        match (&mut known.value.data, value.data) {
            (Data::Map(into), Data::Map(from)) if !whole => {
                self.maps(into, from);
                known.value.span = value.span;
            }
            (Data::List(into), Data::List(from)) if !whole => {
                into.extend(from);
                known.value.span = value.span;
            }
            (Data::Map(_), Data::List(_)) | (Data::List(_), Data::Map(_)) if !whole => {
                self.report_twice(known.key_span, entry.key_span, true)
            }
            _ => self.report_twice(known.key_span, entry.key_span, false),
        }
        false
    }

    fn dotted(&self) -> String {
        self.path.join(".")
    }

    /// The spec's own overrides hold between its fragments too.
    fn active(&self) -> impl Iterator<Item = (usize, &Override)> {
        self.overrides.iter().enumerate().filter(|(_, o)| o.part == self.part || o.part == self.last)
    }

    fn overrides_it(&mut self) -> bool {
        let path = self.dotted();
        let found: Vec<usize> = self.active().filter(|(_, o)| *o.path == *path).map(|(at, _)| at).collect();
        self.used.extend(&found);
        !found.is_empty()
    }

    fn overrides_inside(&self) -> bool {
        let path = self.dotted() + ".";
        self.active().any(|(_, o)| o.path.starts_with(&path))
    }

    fn report_twice(&mut self, first: Span, again: Span, unlike: bool) {
        let path = self.dotted();
        let problem = Diagnostic::error("doubled-key", format!("`{path}` is given by two files"), again);
        let problem = problem.label("given again here").also(first, "first given here");
        let why = "It is a list in one file and a map in the other: write both in the same form, then they are put together.";
        let problem = if unlike { problem.text(why) } else { problem };
        self.problems.push(if self.part == self.last {
            problem.help(format!("keep one of the two, or write `override: [{path}]` at the top of the spec to take this one"))
        } else {
            problem.help(format!(
                "keep one of the two, or write `override: [{path}]` in the spec: then the later one in order of `use` counts"
            ))
        });
    }

    fn report_idle(&mut self, entries: &[Entry]) {
        let idle: Vec<Override> =
            self.overrides.iter().enumerate().filter(|(at, _)| !self.used.contains(at)).map(|(_, o)| o.clone()).collect();
        if idle.is_empty() {
            return;
        }
        let mut known = Vec::new();
        paths("", entries, 3, &mut known);
        for entry in idle {
            let problem = Diagnostic::warning("idle-override", format!("`{}` overrides nothing", entry.path), entry.span);
            let problem = problem.label("no two files give this key");
            self.problems.push(match nearest(&entry.path, known.iter().map(String::as_str).filter(|path| **path != *entry.path)) {
                Some(near) => problem.help(format!("remove it, or write `{near}`, if that is meant")),
                None => problem.help("remove it; it is needed only for a key that a fragment gives too"),
            });
        }
    }
}

fn as_list(node: &mut Node) {
    if matches!(node.data, Data::Scalar(_)) {
        node.data = Data::List(vec![node.clone()]);
    }
}

/// What is not mixed of two files: one source, one field, one name.
fn is_whole(path: &[Text]) -> bool {
    let path: Vec<&str> = path.iter().map(|key| &**key).collect();
    matches!(
        path.as_slice(),
        ["sources" | "let" | "state" | "auth" | "metadata", _]
            | ["config", "instance" | "init_config", _]
            | ["defaults", "sources", "auth"]
    )
}

/// True for a map whose keys may come from several files.
pub fn is_shared(path: &[Text]) -> bool {
    !(1..=path.len()).any(|n| path.get(..n).is_some_and(is_whole))
}

fn paths(prefix: &str, entries: &[Entry], depth: usize, out: &mut Vec<String>) {
    for entry in entries {
        let path = if prefix.is_empty() { entry.key.to_string() } else { format!("{prefix}.{}", entry.key) };
        if let Some(inner) = entry.value.as_map().filter(|_| depth > 1) {
            paths(&path, inner, depth - 1, out);
        }
        out.push(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::base::span::Sources;
    use crate::yaml::load::load;

    /// The merged tree as JSON, and the titles of problems. The overrides are the last part's.
    fn merged(parts: &[&str], overrides: &[&str]) -> (String, Vec<String>) {
        let mut sources = Sources::default();
        let roots = parts.iter().map(|part| {
            let file = sources.add("part.yaml", *part);
            load(&sources, file).root
        });
        let roots: Vec<_> = roots.collect();
        let part = roots.len() - 1;
        let overrides = overrides.iter().map(|path| Override { path: (*path).into(), span: Span::default(), part }).collect();
        let mut merger = Merger::new(overrides, roots.len());
        let whole = merger.merge(roots).to_value();
        (to_json(&whole).to_string(), merger.problems.into_iter().map(|problem| problem.title).collect())
    }

    #[test]
    fn maps_are_merged_by_key_and_lists_appended_in_order() {
        let (whole, problems) = merged(
            &[
                "{tables: {names: {a: x}, order: [1]}, metrics: [m1], topology: {components: [c1]}}",
                "{tables: {names: }, metrics: [m2]}",
                "{tables: {names: {b: y}, order: [2]}, metrics: [m3], topology: {snapshot: true, components: [c2]}}",
            ],
            &[],
        );
        assert_eq!(
            whole,
            r#"{"tables":{"names":{"a":"x","b":"y"},"order":[1,2]},"metrics":["m1","m2","m3"],"topology":{"components":["c1","c2"],"snapshot":true}}"#
        );
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_whole_is_not_mixed_of_two_files() {
        for (first, second, path) in [
            ("sources: {a: {http: {url: x}}}", "sources: {a: {cache: 5s}}", "sources.a"),
            ("config: {instance: {a: {type: int}}}", "config: {instance: {a: {default: 1}}}", "config.instance.a"),
            ("let: {a: [1]}", "let: {a: [2]}", "let.a"),
            ("tables: {t: {a: 1}}", "tables: {t: {a: 2}}", "tables.t.a"),
            ("tables: {t: {a: 1}}", "tables: {t: [a]}", "tables.t"),
            ("defaults: {hostname: a}", "defaults: {hostname: b}", "defaults.hostname"),
            ("defaults: {sources: {auth: {basic: {}}}}", "defaults: {sources: {auth: {bearer: {}}}}", "defaults.sources.auth"),
        ] {
            assert_eq!(merged(&[first, second], &[]).1, [format!("`{path}` is given by two files")], "{second}");
            assert_eq!(merged(&[first, second], &[path]).1, Vec::<String>::new(), "{second}");
        }
    }

    #[test]
    fn an_override_takes_the_later_one() {
        let first = "sources: {a: {http: {url: x, timeout: 1}, rows: r}, b: 1}";
        assert_eq!(merged(&[first, "sources: {a: 2}"], &["sources.a"]).0, r#"{"sources":{"a":2,"b":1}}"#);
        assert_eq!(merged(&[first, "sources: {a: }"], &["sources.a"]).0, r#"{"sources":{"b":1}}"#);
        let inside = merged(&[first, "sources: {a: {http: {timeout: 9}}}"], &["sources.a.http.timeout"]);
        assert_eq!(inside, (r#"{"sources":{"a":{"http":{"url":"x","timeout":9},"rows":"r"},"b":1}}"#.to_owned(), Vec::new()));
        let further = merged(&[first, "sources: {a: {http: {retry: 2}}}"], &["sources.a.http.retry"]);
        assert_eq!(further, (r#"{"sources":{"a":{"http":{"url":"x","timeout":1,"retry":2},"rows":"r"},"b":1}}"#.to_owned(), Vec::new()));
        assert_eq!(merged(&["metrics: [1]", "metrics: [2]"], &["metrics"]).0, r#"{"metrics":[2]}"#);
    }

    #[test]
    fn an_override_of_the_spec_settles_what_its_fragments_both_give() {
        let (whole, problems) = merged(&["let: {a: 1}", "let: {a: 2}", "name: x"], &["let.a"]);
        assert_eq!((whole.as_str(), problems), (r#"{"let":{"a":2},"name":"x"}"#, Vec::new()));
    }

    #[test]
    fn an_override_of_nothing_is_told() {
        assert_eq!(merged(&["sources: {a: 1}", "name: x"], &["sources.b"]).1, ["`sources.b` overrides nothing"]);
        assert_eq!(merged(&["sources: {a: 1}", "name: x"], &["sources.a"]).1, ["`sources.a` overrides nothing"]);
        assert_eq!(merged(&["sources: {a: 1}", "sources: {b: 1}"], &["sources.b"]).1, ["`sources.b` overrides nothing"]);
    }

    #[test]
    fn words_of_standard_options_are_a_list_of_one() {
        let whole = merged(&["config: {use: http}", "config: {use: http}"], &[]);
        assert_eq!(whole, (r#"{"config":{"use":["http","http"]}}"#.to_owned(), Vec::new()));
    }
}
