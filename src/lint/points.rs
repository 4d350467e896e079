//! The single metrics of a mapping: one for `name` and `value`, one for each entry of the bulk forms.

use super::subject::{MappingView, constant};
use crate::base::span::Span;
use crate::base::value::Text;
use crate::observation::MetricType;
use crate::spec::Family;
use crate::yaml::node::Node;
use std::rc::Rc;

/// One metric as it was written.
#[derive(Clone, Debug)]
pub struct Point {
    /// The index of its mapping.
    pub mapping: usize,
    /// The whole name, where nothing of it is computed.
    pub name: Option<String>,
    /// The constant end of the name, though a prefix may be computed.
    pub end: Option<Text>,
    /// Where the name stands.
    pub name_span: Span,
    /// Its type; none where it is computed.
    pub metric_type: Option<MetricType>,
    /// Where its type is said, if anywhere.
    pub type_span: Option<Span>,
    /// Where its value stands.
    pub value: Span,
    /// Its own keys, or those of the mapping for a single metric.
    own: Option<Node>,
    shared: Rc<Node>,
}

impl Point {
    /// What the metric says under a key, or its mapping for it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let own = self.own.as_ref().and_then(|own| own.entry(key));
        own.or_else(|| self.shared.entry(key)).map(|entry| &entry.value)
    }

    /// What the metric says itself.
    pub fn own(&self, key: &str) -> Option<&Node> {
        self.own.as_ref().unwrap_or(&self.shared).entry(key).map(|entry| &entry.value)
    }

    /// The constant unit.
    pub fn unit(&self) -> Option<(&str, Span)> {
        self.get("unit").and_then(|node| Some((constant(node)?, node.span)))
    }

    /// What it is sent of and with: mapping keys that make two metrics of one name differ.
    pub fn is_conditional(&self) -> bool {
        let of_mapping = ["from", "each", "when", "rows", "once", "limit", "dedupe", "group"].iter();
        of_mapping.clone().any(|key| self.shared.entry(key).is_some()) || self.own.as_ref().is_some_and(|own| own.entry("when").is_some())
    }
}

/// The metrics of a mapping.
pub fn points(at: usize, mapping: &MappingView<'_>) -> Vec<Point> {
    if mapping.family != Family::Metrics {
        return Vec::new();
    }
    let prefix = match mapping.get("prefix") {
        None => Some(""),
        Some(node) => constant(node),
    };
    let shared = mapping.node.clone();
    let mut out = Vec::new();
    if let (Some(name), Some(value)) = (mapping.get("name"), mapping.get("value")) {
        let metric_type = match mapping.get("type") {
            None => Some(MetricType::Gauge),
            Some(node) => constant(node).and_then(MetricType::from_word),
        };
        let end = constant(name);
        out.push(Point {
            mapping: at,
            name: prefix.zip(end).map(|(prefix, end)| format!("{prefix}{end}")),
            end: end.map(Text::from),
            name_span: name.span,
            metric_type,
            type_span: mapping.get("type").map(|node| node.span),
            value: value.span,
            own: None,
            shared: shared.clone(),
        });
    }
    for word in MetricType::WORDS {
        let Some(entry) = mapping.node.entry(word) else { continue };
        for metric in entry.value.as_map().unwrap_or(&[]) {
            let key = &*metric.key;
            let end = (!crate::expr::code::has_holes(key) && !crate::expr::code::is_path(key)).then_some(key);
            for node in metric.value.as_list().unwrap_or(std::slice::from_ref(&metric.value)) {
                let own = node.as_map().is_some();
                out.push(Point {
                    mapping: at,
                    name: prefix.zip(end).map(|(prefix, end)| format!("{prefix}{end}")),
                    end: end.map(Text::from),
                    name_span: metric.key_span,
                    metric_type: MetricType::from_word(word),
                    type_span: Some(entry.key_span),
                    value: node.entry("value").map_or(node.span, |value| value.value.span),
                    own: Some(if own { node.clone() } else { Node::null(node.span) }),
                    shared: shared.clone(),
                });
            }
        }
    }
    out
}
