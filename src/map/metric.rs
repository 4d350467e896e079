//! Metrics: one of a row, many of a row, every number of a tree, or a Prometheus document.
//!
//! ```yaml
//! metrics:
//!   - {name: hello.world, value: 1}
//!   - from: nodes
//!     prefix: node.
//!     tags: {node: $.name}
//!     gauge: {mem_used: $.mem_used}
//! ```

use super::Mapping;
use super::families::{FamiliesMapping, WrittenFamilies};
use super::flatten::{FlattenMapping, WrittenFlatten};
use super::label::{Inherit, Labels};
use super::metric_entry::{Entries, Entry, Measure, MetricName, TypeChoice};
use crate::base::diag::Diagnostic;
use crate::base::value::Text;
use crate::expr::code::{Expression, Setting, Template};
use crate::expr::texts::Texts;
use crate::observation::MetricType;
use crate::yaml::node::{Data, Node};
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::{FieldDoc, Shape};

crate::fields! {
    /// The keys of a metric mapping besides those of every metric.
    struct Written, "metric" {
        /// The name of the one metric.
        name: Option<Template>;
        /// Its type; `gauge` where it is not given.
        r#type: Option<TypeChoice>;
        /// Stands before every name of the mapping.
        prefix: Option<Template>;
        /// Which tags come along: its own (`none`), those of the instance too (`instance`), or those of `defaults` as well (`all`, also where it is not given).
        inherit_tags: Option<Inherit>;
        /// Every number of a tree, with names made of its keys.
        flatten: Option<WrittenFlatten>;
        /// The families of a Prometheus or OpenMetrics document.
        families: Option<WrittenFamilies>;
    }
}

/// The fields, for the reference and the schema: the bulk forms are one key per metric type.
pub fn docs() -> Vec<FieldDoc> {
    let one = || Shape::Either(vec![Shape::Expression, Measure::shape()]);
    let bulk = MetricType::WORDS.iter().map(|word| FieldDoc {
        key: word,
        doc: format!(
            "Many metrics of type `{word}`: names to values, or to maps with `value` and what belongs to it, or to lists of these."
        ),
        shape: Shape::Map(Box::new(Shape::Either(vec![Shape::Expression, Measure::shape(), Shape::List(Box::new(one()))]))),
        required: false,
        default: None,
    });
    Written::docs().into_iter().chain(Measure::docs()).chain(bulk).collect()
}

/// Takes the mapping's own keys: exactly one of its forms.
pub fn read_from(fields: &mut Fields<'_>, default_tags: &[Node], reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
    let span = fields.span;
    let bulk: Vec<(&'static str, &Node)> =
        MetricType::WORDS.iter().filter_map(|word| fields.entry(word).map(|entry| (*word, &entry.value))).collect();
    let written = Written::read_from(fields, reader);
    // The row keys have read `when` already, and read again behind a `group` it would not see its names.
    fields.pass_over("when");
    let measure = Measure::read_from(fields, reader);
    let (mut written, mut measure) = (written?, measure?);
    let own = std::mem::take(&mut measure.tags);
    let labels = Labels::read(written.inherit_tags, default_tags, own, reader);
    let forms =
        [written.name.is_some() || measure.value.is_some(), !bulk.is_empty(), written.flatten.is_some(), written.families.is_some()];
    if forms.iter().filter(|form| **form).count() != 1 {
        let unread = reader.broken && !forms.contains(&true);
        if !unread {
            reader.report(one_form(span, &forms));
        }
        return None;
    }
    if let Some(flatten) = written.flatten.take() {
        without_effect(fields, "flatten", &["map", "default", "required", "type"], reader);
        return Some(Box::new(FlattenMapping::new(flatten, written.prefix, labels, &measure, span)));
    }
    if let Some(families) = written.families.take() {
        without_effect(fields, "families", &["map", "default", "required", "type", "unit", "scale", "device"], reader);
        return FamiliesMapping::new(families, written.prefix, labels, &measure, span, reader).map(|m| Box::new(m) as Box<dyn Mapping>);
    }
    let entries = if bulk.is_empty() {
        single(written, measure, fields, reader).map(|e| vec![e])
    } else {
        read_bulk(&bulk, &written, &measure, &labels, reader)
    };
    Some(Box::new(Entries { entries: entries?.into(), labels }))
}

/// Keys that a form does not know are slips, not decoration.
fn without_effect(fields: &mut Fields<'_>, form: &str, keys: &[&'static str], reader: &mut Reader<'_>) {
    for key in keys {
        let Some(entry) = fields.entry(key) else { continue };
        let problem = Diagnostic::error("no-effect", format!("`{}` has no effect beside `{form}`", entry.key), entry.key_span);
        let help = match (form, &*entry.key) {
            (_, "type") => format!(
                "say the type inside: `{form}: {{…}}`, under {}",
                if form == "flatten" { "`type` or `rules`" } else { "`metrics` or `types`" }
            ),
            _ => format!("take it away; `{form}` sends the numbers that there are, as they are"),
        };
        reader.report(problem.label("nothing reads this").help(help));
    }
}

fn one_form(span: crate::base::span::Span, forms: &[bool]) -> Diagnostic {
    let none = !forms.contains(&true);
    let title = if none { "metric without a value" } else { "metric of several forms at once" };
    let problem = Diagnostic::error("metric-form", title, span);
    let problem = if none { problem.label("nothing here says what is measured") } else { problem.label("these forms exclude each other") };
    problem
        .help("give `name` and `value`, or metrics by type (`gauge: {name: value}`), or `flatten`, or `families`; use one mapping for each")
}

fn single(written: Written, measure: Measure, fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Entry> {
    let missing = |key: &str| {
        let problem =
            Diagnostic::error("missing-key", format!("metric without `{key}`"), fields.span).label(format!("`{key}` is needed here"));
        problem.help(if key == "name" { "add `name:` with a text" } else { "add `value:` with a path or an expression" })
    };
    let (Some(name), Some(value)) = (&written.name, &measure.value) else {
        reader.report(missing(if written.name.is_none() { "name" } else { "value" }));
        return None;
    };
    Some(Entry {
        name: MetricName::new(written.prefix.as_ref(), name.clone(), reader.sources),
        metric_type: written.r#type.unwrap_or_else(|| TypeChoice::fixed(MetricType::Gauge)),
        value: value.clone(),
        labels: None,
        hostname: measure.hostname.clone(),
        device: measure.device.clone(),
        timestamp: measure.timestamp.clone(),
        optional: measure.optional.clone().unwrap_or(Setting::Fixed(false)),
        manner: measure.manner(None),
        measure,
        span: fields.span,
    })
}

fn read_bulk(
    bulk: &[(&'static str, &Node)],
    written: &Written,
    shared: &Measure,
    labels: &Labels,
    reader: &mut Reader<'_>,
) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut whole = true;
    for (word, node) in bulk {
        let Some(metric_type) = MetricType::from_word(word) else { continue };
        let Some(map) = node.as_map() else {
            reader.mismatch(node, "a map of metric names to values");
            whole = false;
            continue;
        };
        for entry in map {
            let name = Node { span: entry.key_span, data: Data::Scalar(crate::expr::data::key_scalar(&entry.key)) };
            let nodes = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
            for node in nodes {
                match bulk_entry(&name, node, metric_type, written, shared, labels, reader) {
                    Some(entry) => entries.push(entry),
                    None => whole = false,
                }
            }
        }
    }
    whole.then_some(entries)
}

fn bulk_entry(
    name: &Node,
    node: &Node,
    metric_type: MetricType,
    written: &Written,
    shared: &Measure,
    labels: &Labels,
    reader: &mut Reader<'_>,
) -> Option<Entry> {
    let read_name = Template::read(name, reader);
    let mut measure = match node.as_map() {
        Some(_) => Measure::read(node, reader)?,
        None => Measure { value: Some(Expression::read(node, reader)?), ..Measure::empty() },
    };
    let Some(value) = measure.value.clone() else {
        let problem = Diagnostic::error("missing-key", "metric without `value`", node.span).label("`value` is needed here");
        reader.report(problem.help("add `value:` with a path or an expression"));
        return None;
    };
    let own = std::mem::take(&mut measure.tags);
    let own_labels = if own.is_empty() { None } else { Some(labels.with(own, reader)) };
    Some(Entry {
        name: MetricName::new(written.prefix.as_ref(), read_name?, reader.sources),
        metric_type: TypeChoice::fixed(metric_type),
        value,
        labels: own_labels,
        hostname: measure.hostname.clone().or_else(|| shared.hostname.clone()),
        device: measure.device.clone().or_else(|| shared.device.clone()),
        timestamp: measure.timestamp.clone().or_else(|| shared.timestamp.clone()),
        optional: measure.optional.clone().or_else(|| shared.optional.clone()).unwrap_or(Setting::Fixed(false)),
        manner: measure.manner(Some(shared)),
        measure: Measure {
            unit: measure.unit.clone().or_else(|| shared.unit.clone()),
            map: measure.map.clone().or_else(|| shared.map.clone()),
            scale: measure.scale.clone().or_else(|| shared.scale.clone()),
            default: measure.default.or(shared.default),
            required: measure.required || shared.required,
            ..measure
        },
        span: name.span,
    })
}

impl Measure {
    /// A metric that says nothing besides its value.
    pub fn empty() -> Self {
        Measure {
            value: None,
            unit: None,
            tags: Texts::default(),
            when: None,
            map: None,
            scale: None,
            default: None,
            optional: None,
            required: false,
            hostname: None,
            device: None,
            timestamp: None,
            first: None,
            reset: None,
            aggregates: None,
            percentiles: None,
            description: None::<Text>,
        }
    }
}
