//! The mappings of a spec, family by family.

use super::defaults::Defaults;
use super::{Family, Placed};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::expr::code::Template;
use crate::map::event::EventMapping;
use crate::map::health::{HealthMapping, Stream};
use crate::map::log::LogMapping;
use crate::map::service_check::ServiceCheckMapping;
use crate::map::topology::TopologyMapping;
use crate::map::{Mapped, Mapping, metric};
use crate::rows::RowsSpec;
use crate::yaml::node::Node;
use crate::yaml::read::{Fields, Reader};

/// The topology key, and whether snapshots are made.
#[derive(Clone, Debug)]
pub struct TopologyKey {
    /// The type.
    pub key_type: Template,
    /// The URL.
    pub key_url: Template,
    /// True for full pictures.
    pub snapshot: bool,
    /// Its place.
    pub span: Span,
}

crate::fields! {
    /// Under which key the components of an instance live.
    pub struct WrittenKey, "topology instance" {
        /// The type.
        r#type: Template;
        /// The URL.
        url: Template;
    }
}

/// Reads all mappings of one family's list.
pub fn read_family(family: Family, node: Option<&Node>, defaults: &Defaults, reader: &mut Reader<'_>, out: &mut Vec<Placed>) {
    let Some(node) = node else { return };
    let Some(items) = node.as_list() else {
        let problem = Diagnostic::error("wrong-type", format!("expected a list for `{}`", family.word()), node.span);
        let dash = node.as_map().and_then(|entries| entries.first()).filter(|entry| entry.key.starts_with('-'));
        reader.report(problem.label(format!("found {}", node.describe())).help(match dash {
            Some(entry) => format!("write a blank behind the `-`: `- {}: …`", entry.key.trim_start_matches('-')),
            None => format!("begin each {} with `- `, as in `- {}`", what(family), example(family)),
        }));
        return;
    };
    for item in items {
        if let Some(mapped) = read_one(family, item, defaults, reader) {
            out.push(Placed { family, mapped });
        }
    }
}

fn read_one(family: Family, node: &Node, defaults: &Defaults, reader: &mut Reader<'_>) -> Option<Mapped> {
    let (node, default_tags) = defaults.mapping(family.word(), node);
    if node.as_map().is_none() && !node.is_null() {
        let problem = Diagnostic::error("wrong-type", format!("expected a {} with its keys", what(family)), node.span);
        let problem = problem.label(format!("found {}", node.describe()));
        reader.report(problem.help(format!("write `- {}`", example(family))));
        return None;
    }
    let (read, _) = reader.within(|reader| {
        reader.begin(what(family), node.span);
        let mut fields = Fields::open(&node, what(family), reader)?;
        reader.bind("checks", node.span);
        RowsSpec::bind_names(&mut fields, reader);
        bind_rows(&mut fields, reader);
        RowsSpec::bind_carried(&mut fields, reader);
        let rows = RowsSpec::read_from(&mut fields, reader);
        let mapping = read_mapping(family, &mut fields, &default_tags, reader);
        fields.finish(reader);
        Some(Mapped { rows: rows?, mapping: mapping?, span: node.span })
    });
    read
}

/// The shortest one of a family.
fn example(family: Family) -> &'static str {
    match family {
        Family::Metrics => "{name: NAME, value: 1}",
        Family::ServiceChecks => "{name: NAME, status: {critical: not SOURCE.ok}}",
        Family::Events => "{title: …, when: …}",
        Family::Logs => "{from: SOURCE, message: $.line}",
        Family::Components => "{from: SOURCE, id: …, type: …, name: …}",
        Family::Relations => "{from: SOURCE, source: …, target: …, type: …}",
        Family::Deletes => "{from: SOURCE, id: …}",
        Family::Health => "{from: SOURCE, id: …, name: …, element: …, health: …}",
    }
}

fn what(family: Family) -> &'static str {
    match family {
        Family::Metrics => "metric",
        Family::ServiceChecks => "service check",
        Family::Events => "event",
        Family::Logs => "log",
        Family::Components => "component",
        Family::Relations => "relation",
        Family::Deletes => "deletion",
        Family::Health => "health state",
    }
}

/// With `from` there is a row.
fn bind_rows(fields: &mut Fields<'_>, reader: &mut Reader<'_>) {
    let Some(node) = fields.node("from") else { return };
    reader.bind("row", node.span);
    reader.bind("key", node.span);
}

fn read_mapping(family: Family, fields: &mut Fields<'_>, tags: &[Node], reader: &mut Reader<'_>) -> Option<Box<dyn Mapping>> {
    match family {
        Family::Metrics => metric::read_from(fields, tags, reader),
        Family::ServiceChecks => ServiceCheckMapping::read_from(fields, tags, reader),
        Family::Events => EventMapping::read_from(fields, tags, reader),
        Family::Logs => LogMapping::read_from(fields, tags, reader),
        Family::Components => TopologyMapping::component(fields, reader),
        Family::Relations => TopologyMapping::relation(fields, reader),
        Family::Deletes => TopologyMapping::delete(fields, reader),
        Family::Health => HealthMapping::read_from(fields, reader),
    }
}

/// Reads `topology`.
pub fn read_topology(node: Option<&Node>, defaults: &Defaults, reader: &mut Reader<'_>, out: &mut Vec<Placed>) -> Option<TopologyKey> {
    let node = node?;
    let mut fields = Fields::open(node, "`topology`", reader)?;
    let key = fields.take::<WrittenKey>("instance", reader);
    let snapshot = fields.take::<Option<bool>>("snapshot", reader).flatten().unwrap_or(false);
    for (key, family) in [("components", Family::Components), ("relations", Family::Relations), ("deletes", Family::Deletes)] {
        let node = fields.node(key);
        read_family(family, node, defaults, reader, out);
    }
    fields.finish(reader);
    let key = key?;
    Some(TopologyKey { key_type: key.r#type, key_url: key.url, snapshot, span: node.span })
}

/// Reads `health`.
pub fn read_health(node: Option<&Node>, defaults: &Defaults, reader: &mut Reader<'_>, out: &mut Vec<Placed>) -> Option<Stream> {
    let node = node?;
    let mut fields = Fields::open(node, "`health`", reader)?;
    let stream = fields.take::<Stream>("stream", reader);
    let states = fields.node("states");
    read_family(Family::Health, states, defaults, reader, out);
    fields.finish(reader);
    stream
}
