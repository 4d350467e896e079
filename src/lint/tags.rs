//! The tags of mappings, key by key.

use super::subject::{MappingView, constant, items};
use crate::base::span::Span;
use crate::base::value::Text;
use crate::expr::code::is_path;
use crate::observation::MetricType;
use crate::spec::Family;
use crate::yaml::node::Node;

/// One tag as it was written.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The index of its mapping.
    pub mapping: usize,
    /// Its key: what stands before the colon; the whole of a bare word.
    pub key: Text,
    /// Where the tag, or in map form its key, stands.
    pub span: Span,
    /// What stands behind the colon, where nothing of it is computed.
    pub fixed: Option<Text>,
    /// The place whose value it shows, where that is computed.
    pub value: Option<Span>,
}

/// The tags of a mapping whose tags go to backends: its own, those of its metrics and of the defaults.
pub fn tags(at: usize, mapping: &MappingView<'_>) -> Vec<Tag> {
    if !matches!(mapping.family, Family::Metrics | Family::ServiceChecks | Family::Events | Family::Logs) {
        return Vec::new();
    }
    let mut out = Vec::new();
    mapping.default_tags.iter().for_each(|node| read(at, node, &mut out));
    mapping.get("tags").into_iter().for_each(|node| read(at, node, &mut out));
    let bulk = MetricType::WORDS.iter().filter_map(|word| mapping.get(word)).filter_map(Node::as_map).flatten();
    for metric in bulk.flat_map(|entry| items(&entry.value)) {
        metric.entry("tags").into_iter().for_each(|entry| read(at, &entry.value, &mut out));
    }
    out
}

/// The tags of one node, in map or list form.
fn read(at: usize, node: &Node, out: &mut Vec<Tag>) {
    for entry in node.as_map().unwrap_or(&[]) {
        let fixed = constant(&entry.value).map(Text::from);
        let value = fixed.is_none().then_some(entry.value.span);
        out.push(Tag { mapping: at, key: entry.key.clone(), span: entry.key_span, fixed, value });
    }
    for item in node.as_list().unwrap_or(&[]) {
        let text = item.entry("text").map_or(item, |entry| &entry.value);
        let Some(scalar) = text.as_scalar() else { continue };
        if is_path(&scalar.text) || scalar.text.starts_with("{{") {
            continue;
        }
        let key = scalar.text.split_once(':').map_or(&*scalar.text, |(key, _)| key);
        if key.contains("{{") {
            continue;
        }
        let fixed = constant(text).map(|text| Text::from(text.split_once(':').map_or("", |(_, value)| value)));
        let value = fixed.is_none().then_some(text.span);
        out.push(Tag { mapping: at, key: key.into(), span: text.span, fixed, value });
    }
}
