//! Families of kinds: "exactly one of these keys", each with fields of its own.

use super::node::Node;
use super::read::{Reader, unknown_key};
use super::shape::KindDoc;
use crate::base::diag::Diagnostic;
use crate::base::suggest::{listed, nearest};

/// One member of a family, as its table lists it. `T` is what reading gives, for example a boxed
/// decoder.
#[derive(Debug)]
pub struct Kind<T> {
    /// The word in YAML.
    pub name: &'static str,
    /// Name, doc and fields for the reference and the schema.
    pub docs: fn() -> KindDoc,
    /// Reads the kind's own fields; a null node where only the bare word was given.
    pub read: fn(&Node, &mut Reader<'_>) -> Option<T>,
}

/// The kind of a name.
pub fn find<'k, T>(kinds: &'k [Kind<T>], name: &str) -> Option<&'k Kind<T>> {
    kinds.iter().find(|kind| kind.name == name)
}

/// Reads one member of a family written as `word` or as `{word: {fields}}`.
pub fn read_one<T>(family: &str, kinds: &[Kind<T>], node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    if let Some(scalar) = node.as_scalar() {
        let kind = known(family, kinds, &scalar.text, node, reader)?;
        return (kind.read)(&Node::null(node.span), reader);
    }
    match node.as_map() {
        Some([entry]) => {
            let key = Node { span: entry.key_span, ..Node::null(entry.key_span) };
            let kind = known(family, kinds, &entry.key, &key, reader)?;
            (kind.read)(&entry.value, reader)
        }
        _ => {
            let names = listed(kinds.iter().map(|k| k.name), 40);
            let problem = Diagnostic::error("wrong-type", format!("expected one {family}"), node.span)
                .label(format!("found {}", node.describe()))
                .help(format!("write one of {names}, or one of them as the only key of a map with its options"));
            reader.report(problem);
            None
        }
    }
}

/// Checks the names that are written of members whose options are computed, one or a list of them:
/// which kind it is and which keys it has is known all the same.
pub fn check_names<T>(family: &str, kinds: &[Kind<T>], node: &Node, reader: &mut Reader<'_>) {
    for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
        let Some([entry]) = item.as_map() else { continue };
        if entry.key.contains('{') || entry.key.starts_with('$') {
            continue;
        }
        let key = Node { span: entry.key_span, ..Node::null(entry.key_span) };
        let Some(kind) = known(family, kinds, &entry.key, &key, reader) else { continue };
        let fields = (kind.docs)().fields;
        for option in entry.value.as_map().unwrap_or(&[]).iter().filter(|option| !option.key.contains('{')) {
            if !fields.iter().any(|field| field.key == &*option.key) {
                let what = format!("{family} `{}`", kind.name);
                reader.report(unknown_key(option, &what, fields.iter().map(|field| field.key)));
            }
        }
    }
}

fn known<'k, T>(family: &str, kinds: &'k [Kind<T>], name: &str, node: &Node, reader: &mut Reader<'_>) -> Option<&'k Kind<T>> {
    let found = find(kinds, name);
    if found.is_none() {
        let names = listed(kinds.iter().map(|k| k.name), 40);
        let mut problem =
            Diagnostic::error("unknown-kind", format!("unknown {family} `{name}`"), node.span).help(format!("use one of {names}"));
        problem = match nearest(name, kinds.iter().map(|k| k.name)) {
            Some(near) => problem.label(format!("did you mean `{near}`?")).edit(node.span, near),
            None => problem.label("there is none of that name"),
        };
        reader.report(problem);
    }
    found
}
