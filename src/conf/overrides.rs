//! Variables `ENGINE_…` in place of single keys of engine.yaml: `ENGINE_STATUS_LISTEN` is
//! `status.listen`.
//!
//! A value is YAML, so that lists can be given, and is read by the same declaration as the key in
//! the file: a mistake is shown with its place in the variable. What the command line reads itself
//! (the folders, the host name, the interval) is left to it.

use crate::base::diag::Diagnostic;
use crate::base::span::{Sources, Span};
use crate::base::suggest::nearest;
use crate::yaml::load::load;
use crate::yaml::node::{Data, Entry, Node};
use crate::yaml::shape::{FieldDoc, Shape};

/// What every such variable begins with.
pub const PREFIX: &str = "ENGINE_";
/// Variables that are no keys of the file, or read by the command line.
const OTHERS: &[&str] =
    &["ENGINE_CONFIG", "ENGINE_CONF_DIR", "ENGINE_SPEC_DIR", "ENGINE_STATE_DIR", "ENGINE_HOSTNAME", "ENGINE_INTERVAL", "ENGINE_LOG"];

/// So many letters are a slip; more are another word.
const SLIP: usize = 2;

/// The variable of every key that has one, with the keys that lead to it.
pub fn variables(fields: &[FieldDoc]) -> Vec<(String, Vec<&'static str>)> {
    let mut out = Vec::new();
    walk(fields, &[], &mut out);
    out
}

fn walk(fields: &[FieldDoc], path: &[&'static str], out: &mut Vec<(String, Vec<&'static str>)>) {
    for field in fields {
        let path: Vec<&'static str> = path.iter().copied().chain([field.key]).collect();
        match &field.shape {
            Shape::Struct(inner) => walk(&(inner.fields)(), &path, out),
            _ => out.push((format!("{PREFIX}{}", path.join("_").to_uppercase()), path)),
        }
    }
}

/// Puts the values of variables into the tree of engine.yaml. What looks like a slip in the name of
/// one gives a warning.
pub fn apply(root: &mut Node, fields: &[FieldDoc], environment: &[(String, String)], sources: &mut Sources) -> Vec<Diagnostic> {
    let known = variables(fields);
    let mut problems = Vec::new();
    for (name, value) in environment.iter().filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty()) {
        if OTHERS.contains(&name.as_str()) {
            continue;
        }
        let shown = format!("variable {name}");
        if let Some((_, path)) = known.iter().find(|(variable, _)| variable == name) {
            let file = sources.add(&shown, value.as_str());
            let loaded = load(sources, file);
            problems.extend(loaded.problems);
            put(root, path, loaded.root, Span::new(file, 0, value.len()));
        } else if let Some(near) = near(name, &known) {
            // Without its value, which may be somebody's secret.
            let file = sources.add(&shown, "");
            problems.push(slip(name, near, Span::new(file, 0, 0)));
        }
    }
    problems
}

/// Many variables with this beginning are somebody's own, as for secrets; one that is nearly a key
/// is not.
fn near<'k>(name: &str, known: &'k [(String, Vec<&'static str>)]) -> Option<&'k str> {
    let near = nearest(name, known.iter().map(|(variable, _)| variable.as_str()).chain(OTHERS.iter().copied()))?;
    (strsim::damerau_levenshtein(name, near) <= SLIP).then_some(near)
}

fn slip(name: &str, near: &str, span: Span) -> Diagnostic {
    let problem = Diagnostic::warning("unknown-variable", format!("the variable `{name}` sets nothing"), span);
    problem.label(format!("did you mean `{near}`?")).help(format!("rename it to `{near}`, if that is meant"))
}

fn put(node: &mut Node, path: &[&'static str], value: Node, span: Span) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if node.is_null() {
        node.data = Data::Map(Vec::new());
    }
    // Something that is no map is told of when it is read.
    let Data::Map(entries) = &mut node.data else { return };
    let at = entries.iter().position(|entry| &*entry.key == *first).unwrap_or_else(|| {
        entries.push(Entry { key: (*first).into(), key_span: span, value: Node::null(span) });
        entries.len() - 1
    });
    if let Some(entry) = entries.get_mut(at) {
        put(&mut entry.value, rest, value, span);
    }
}
