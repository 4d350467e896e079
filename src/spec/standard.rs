//! `config.use`: options that many specs offer, declared and applied by the engine.
//!
//! ```yaml
//! config:
//!   use: [http]
//! ```
//!
//! A set of options is a YAML text of the engine's own: fields under `config`, and what they do to
//! sources under the name of the set. What a spec declares itself replaces the declaration, and is
//! applied like it; what a source or `defaults.sources` says wins over what is applied.

use super::share::Whole;
use crate::base::diag::Diagnostic;
use crate::base::span::Sources;
use crate::base::suggest::{listed, nearest};
use crate::yaml::load::load;
use crate::yaml::node::{Data, Entry, Node};

/// The sets by their names.
pub const SETS: &[(&str, &str)] = &[("http", include_str!("standard/http.yaml"))];

/// Adds the sets that `config.use` names.
pub fn add(whole: &mut Whole, sources: &mut Sources) {
    let Some(named) = whole.loaded.root.entry("config").and_then(|config| config.value.entry("use")) else { return };
    let named = named.value.clone();
    if named.is_null() {
        return;
    }
    let items = named.as_list().unwrap_or(std::slice::from_ref(&named));
    let mut added: Vec<&str> = Vec::new();
    for item in items {
        let word = item.as_scalar().map_or("", |scalar| &*scalar.text);
        match SETS.iter().find(|(name, _)| *name == word) {
            Some((name, _)) if added.contains(name) => {}
            Some((name, text)) => {
                added.push(name);
                add_set(name, text, whole, sources);
            }
            None => whole.loaded.problems.push(unknown_set(item, word)),
        }
    }
}

fn unknown_set(item: &Node, word: &str) -> Diagnostic {
    let names = || SETS.iter().map(|(name, _)| *name);
    let problem = Diagnostic::error(
        "unknown-options",
        format!("there are no standard options {}", item.describe().trim_start_matches("the text ")),
        item.span,
    );
    match nearest(word, names()) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `use: [{near}]`")).edit(item.span, near),
        None => problem.label("not known here").help(format!("use one of {}", listed(names(), 9))),
    }
}

fn add_set(name: &str, text: &str, whole: &mut Whole, sources: &mut Sources) {
    let path = format!("built-in/{name}.yaml");
    let file = sources.find(&path).unwrap_or_else(|| sources.add(&path, text));
    let set = load(sources, file).root;
    let applied = set.entry(name).and_then(|entry| entry.value.as_map()).unwrap_or(&[]);
    whole.standard.extend(applied.iter().cloned());
    let Some(config) = entry_mut(&mut whole.loaded.root, "config") else { return };
    for declared in set.entry("config").and_then(|entry| entry.value.as_map()).unwrap_or(&[]) {
        declare(&mut config.value, declared);
    }
}

/// Declares the fields of one section in front of the spec's own, whose defaults may use them.
fn declare(config: &mut Node, section: &Entry) {
    let Data::Map(sections) = &mut config.data else { return };
    let Some(at) = sections.iter().position(|known| known.key == section.key) else {
        sections.push(section.clone());
        return;
    };
    let Some(own) = sections.get_mut(at) else { return };
    if own.value.is_null() {
        own.value = Node { span: own.key_span, data: Data::Map(Vec::new()) };
    }
    if let Data::Map(fields) = &mut own.value.data {
        let usual = section.value.as_map().unwrap_or(&[]).iter();
        let usual: Vec<Entry> = usual.filter(|field| !fields.iter().any(|own| own.key == field.key)).cloned().collect();
        fields.splice(0..0, usual);
    }
}

fn entry_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Entry> {
    let Data::Map(entries) = &mut node.data else { return None };
    entries.iter_mut().find(|entry| &*entry.key == key)
}
