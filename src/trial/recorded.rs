//! The types of the answers that the tests of a spec hold: what lint knows of documents without a
//! declared shape.
//!
//! Only answers that worked count: an error page has other keys.

use super::find::tests_of;
use crate::base::limits;
use crate::base::span::Sources;
use crate::base::types::Type;
use crate::base::value::Value;
use crate::catalog::files::{SpecFile, read_text};
use crate::lint::beside::Recorded;
use crate::spec::Spec;
use crate::spec::source::{Decode, SourceSpec};
use crate::yaml::load::load;
use crate::yaml::node::{Data, Node};
use std::path::Path;

/// Keys of an answer that hold its bytes, and those that name a file with them.
const TEXTS: &[&str] = &["body", "stdout", "content"];
const FILES: &[&str] = &["body_file", "stdout_file", "content_file"];

/// The types of the recorded documents of a spec, by source.
pub fn recorded(file: &SpecFile, spec: &Spec) -> Recorded {
    let mut out = Recorded::new();
    for path in tests_of(file) {
        let Ok(text) = read_text(&path, limits::SPEC_BYTES) else { continue };
        let mut sources = Sources::default();
        let id = sources.add(&path.to_string_lossy(), text);
        let root = load(&sources, id).root;
        let folder = path.parent().unwrap_or(Path::new(""));
        let several = root.entry("tests").and_then(|tests| tests.value.as_map()).unwrap_or(&[]).iter().map(|test| &test.value);
        for given in
            [&root].into_iter().chain(several).filter_map(|test| test.entry("given")).filter_map(|given| given.value.as_map()).flatten()
        {
            let name = spec.names.find(&given.key);
            let Some(source) = spec.sources.iter().find(|source| Some(source.name) == name) else { continue };
            answers(&given.value, &mut |answer| {
                let Some(document) = document(answer, source, folder) else { return };
                let seen = Type::seen(&document);
                let known = out.remove(&given.key);
                out.insert(given.key.clone(), known.map_or(seen.clone(), |known| known.or(seen)));
            });
        }
    }
    out
}

/// Calls `take` for every answer in what a source is given.
fn answers<'n>(node: &'n Node, take: &mut dyn FnMut(&'n Node)) {
    match &node.data {
        Data::Scalar(_) => {}
        Data::List(items) => items.iter().for_each(|item| answers(item, take)),
        Data::Map(entries) => {
            take(node);
            let inner = entries.iter().filter(|entry| ["requests", "runs"].contains(&&*entry.key));
            inner.for_each(|entry| answers(&entry.value, take));
        }
    }
}

/// The document of an answer that worked.
fn document(answer: &Node, source: &SourceSpec, folder: &Path) -> Option<Value> {
    let status = answer.entry("status").and_then(|entry| entry.value.as_scalar()).and_then(|scalar| scalar.text.parse::<u16>().ok());
    if answer.entry("error").is_some() || status.is_some_and(|status| status >= 300) {
        return None;
    }
    if let Some(json) = answer.entry("json") {
        return Some(json.value.to_value());
    }
    let word = |keys: &[&str]| {
        keys.iter().find_map(|key| answer.entry(key)).and_then(|entry| entry.value.as_scalar()).map(|scalar| scalar.text.to_string())
    };
    let text = word(TEXTS).or_else(|| read_text(&folder.join(word(FILES)?), limits::FIXTURE_BYTES).ok())?;
    match &source.decode {
        // Where rows are not those of the document, as of Nagios plugins, one type cannot tell of both.
        Decode::Fixed(decoder) => decoder.decode(text.as_bytes()).ok().filter(|decoded| decoded.rows.is_none()).map(|decoded| decoded.doc),
        // The content type decides then, which most tests leave out.
        Decode::Guess => serde_json::from_str::<serde_json::Value>(&text).ok().map(Value::from),
        Decode::Computed(..) => None,
    }
}
