//! What a spec accepts, key by key, for the reference, the schema and the editor.
//!
//! Everything here is put together from the declarations that the readers use, so a new kind, field
//! or mapping shows up by itself. Only keys that are read by hand (the sections themselves) are said
//! here again, and a test holds them against what the readers know.

use super::config::Config;
use super::defaults::{FAMILIES, IN_KIND, SHARED};
use super::mappings::WrittenKey;
use super::read::Identity;
use super::source::SourceSpec;
use crate::expr::code::Expression;
use crate::expr::data::DataTemplate;
use crate::map::{event, health, log, metric, service_check, topology};
use crate::rows::RowsSpec;
use crate::source::KINDS;
use crate::source::auth::Auth;
use crate::yaml::basic::{Keyed, Raw};
use crate::yaml::read::{Field, Record};
use crate::yaml::shape::{FieldDoc, Shape, Struct};

/// The top-level keys of a spec.
pub fn docs() -> Vec<FieldDoc> {
    let mut identity = Identity::docs();
    for field in &mut identity {
        // The reader asks for these two in its own words, with the name of the file.
        field.required = ["name", "version"].contains(&field.key);
    }
    [identity, bytes_to_rows(), mappings()].concat()
}

fn bytes_to_rows() -> Vec<FieldDoc> {
    vec![
        optional("config", "What a user of the spec may say in conf.d: typed fields with defaults.", Config::shape()),
        optional(
            "auth",
            "Logins with names, for several sources: a source says `auth: NAME`. Sources that name the same login share its session.",
            map_of(Auth::shape()),
        ),
        optional(
            "sources",
            "Where bytes come from, how they are decoded and which rows they hold. The keys are the names of the sources.",
            map_of(source()),
        ),
        optional("tables", "Constant look-up tables. Nothing in them is a path or a text with holes.", map_of(Raw::shape())),
        optional("let", "Named expressions, computed once per run where they are needed.", Keyed::<Expression>::shape()),
        optional(
            "defaults",
            "What every mapping or source says unless it says otherwise. Tags add up, everything else is replaced.",
            defaults(),
        ),
    ]
}

fn mappings() -> Vec<FieldDoc> {
    vec![
        optional("metrics", "Numbers over time.", list_of(METRIC)),
        optional("service_checks", "Named statuses: ok, warning, critical, unknown.", list_of(SERVICE_CHECK)),
        optional("events", "Things that happened once.", list_of(EVENT)),
        optional("logs", "Log lines.", list_of(LOG)),
        optional("topology", "Components and their relations.", Shape::Struct(TOPOLOGY)),
        optional("health", "Health states of components.", Shape::Struct(HEALTH)),
        optional("metadata", "Facts about the instance itself, by free names.", Keyed::<DataTemplate>::shape()),
    ]
}

const METRIC: Struct = Struct {
    name: "metric mapping",
    doc: "One metric (`name` and `value`), many metrics of one row (a key per type), every number of a tree (`flatten`), or a Prometheus document (`families`): exactly one of these forms.",
    fields: || with_rows(metric::docs()),
};
const SERVICE_CHECK: Struct =
    Struct { name: "service check", doc: "A named status.", fields: || with_rows(service_check::Written::docs()) };
const EVENT: Struct = Struct {
    name: "event",
    doc: "Something that happened once. It needs a `title` or a `text`.",
    fields: || with_rows(event::Written::docs()),
};
const LOG: Struct = Struct { name: "log", doc: "One log line.", fields: || with_rows(log::Written::docs()) };
const COMPONENT: Struct = Struct {
    name: "component",
    doc: "A thing in the topology. Its fields besides `id` and `type` become a part of its data, over what `data` says.",
    fields: || with_rows(topology::WrittenComponent::docs()),
};
const RELATION: Struct =
    Struct { name: "relation", doc: "A directed tie between two components.", fields: || with_rows(topology::WrittenRelation::docs()) };
const DELETION: Struct =
    Struct { name: "deletion", doc: "A component that is gone.", fields: || with_rows(topology::WrittenDelete::docs()) };
const STATE: Struct = Struct { name: "health state", doc: "The health of one component.", fields: || with_rows(health::Written::docs()) };

const TOPOLOGY: Struct = Struct {
    name: "topology",
    doc: "Components and relations under one topology key.",
    fields: || {
        vec![
            FieldDoc {
                required: true,
                ..optional("instance", "The topology key: the type and URL under which the components live.", WrittenKey::shape())
            },
            FieldDoc {
                default: Some("false"),
                ..optional(
                    "snapshot",
                    "Each run gives the full picture: what it does not name is gone. It is closed only when every source that feeds it was complete.",
                    Shape::Bool,
                )
            },
            optional("components", "Things in the topology.", list_of(COMPONENT)),
            optional("relations", "Ties between them.", list_of(RELATION)),
            optional("deletes", "Components that are gone, where there are no snapshots.", list_of(DELETION)),
        ]
    },
};

const HEALTH: Struct = Struct {
    name: "health",
    doc: "Health states in one stream.",
    fields: || {
        vec![
            FieldDoc { required: true, ..optional("stream", "The stream that the states belong to.", health::Stream::shape()) },
            optional("states", "The states.", list_of(STATE)),
        ]
    },
};

fn source() -> Shape {
    Shape::Struct(Struct {
        name: "source",
        doc: "One way to get rows: exactly one kind that fetches bytes, or `from` for rows made of other sources' rows.",
        fields: source_fields,
    })
}

fn source_fields() -> Vec<FieldDoc> {
    let kinds = KINDS.iter().map(|kind| {
        let kind = (kind.docs)();
        optional(kind.name, kind.doc, Shape::Kind("source", Box::new(kind)))
    });
    kinds.chain(SourceSpec::docs()).collect()
}

/// The row keys, then the mapping's own; a key of both (`when`) stands once.
fn with_rows(own: Vec<FieldDoc>) -> Vec<FieldDoc> {
    let mut fields = RowsSpec::docs();
    let own: Vec<_> = own.into_iter().filter(|field| fields.iter().all(|row| row.key != field.key)).collect();
    fields.extend(own);
    fields
}

fn defaults() -> Shape {
    Shape::Struct(Struct {
        name: "defaults",
        doc: "What is said once for many. A default sees the names of the place where it is used.",
        fields: default_fields,
    })
}

fn default_fields() -> Vec<FieldDoc> {
    let mut fields = chosen(SHARED, &(SERVICE_CHECK.fields)());
    for (family, _) in FAMILIES {
        fields.push(optional(family, "For all of these.", Shape::Struct(of_family(family))));
    }
    fields
}

/// The defaults of one family; the names tell them apart in the reference.
fn of_family(family: &str) -> Struct {
    let declared = |name, fields| Struct { name, doc: "These keys mean what they mean in each place itself.", fields };
    match family {
        "metrics" => declared("metric defaults", || chosen_of("metrics", &(METRIC.fields)())),
        "service_checks" => declared("service check defaults", || chosen_of("service_checks", &(SERVICE_CHECK.fields)())),
        "events" => declared("event defaults", || chosen_of("events", &(EVENT.fields)())),
        "logs" => declared("log defaults", || chosen_of("logs", &(LOG.fields)())),
        _ => declared("source defaults", || chosen_of("sources", &fetching_fields())),
    }
}

/// The fields of a source, and those inside its kinds that have defaults.
fn fetching_fields() -> Vec<FieldDoc> {
    let of_kinds = KINDS.iter().map(|kind| (kind.docs)()).flat_map(|kind| kind.fields);
    let inner = of_kinds.filter(|field| IN_KIND.iter().any(|(key, _)| *key == field.key));
    SourceSpec::docs().into_iter().chain(inner).collect()
}

fn chosen_of(family: &str, fields: &[FieldDoc]) -> Vec<FieldDoc> {
    let keys = FAMILIES.iter().find(|(name, _)| *name == family).map_or(&[][..], |(_, keys)| *keys);
    chosen(keys, fields)
}

fn chosen(keys: &[&str], fields: &[FieldDoc]) -> Vec<FieldDoc> {
    let found = keys.iter().filter_map(|key| fields.iter().find(|field| field.key == *key));
    found.map(|field| FieldDoc { required: false, default: None, ..field.clone() }).collect()
}

fn optional(key: &'static str, doc: &str, shape: Shape) -> FieldDoc {
    FieldDoc { key, doc: doc.to_owned(), shape, required: false, default: None }
}

fn list_of(item: Struct) -> Shape {
    Shape::List(Box::new(Shape::Struct(item)))
}

fn map_of(item: Shape) -> Shape {
    Shape::Map(Box::new(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::yaml::load::load;
    use std::collections::BTreeSet;

    /// The keys that the reader knows beside an unknown one.
    fn known(spec: &str) -> BTreeSet<String> {
        let text = format!("name: a\nversion: 1.0.0\n{spec}");
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let (_, problems) = crate::spec::read::read(load(&sources, file), file, "a", &sources);
        let problem = problems.iter().find(|p| p.title.contains("unknown key `zzzzzz`"));
        let help = &problem.expect(spec).help;
        let help = help.iter().map(|h| h.to_string()).collect::<String>();
        assert!(!help.contains(" more"), "{help}");
        help.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    fn declared(fields: Vec<FieldDoc>) -> BTreeSet<String> {
        fields.into_iter().map(|field| field.key.to_owned()).collect()
    }

    #[test]
    fn the_sections_are_those_that_the_reader_knows() {
        for (spec, fields) in [
            ("zzzzzz: 1", docs()),
            ("sources: {a: {command: {argv: [a]}, zzzzzz: 1}}", source_fields()),
            ("metrics: [{zzzzzz: 1, name: a, value: 1}]", (METRIC.fields)()),
            ("service_checks: [{zzzzzz: 1, name: a, status: ok}]", (SERVICE_CHECK.fields)()),
            ("events: [{zzzzzz: 1, title: a}]", (EVENT.fields)()),
            ("logs: [{zzzzzz: 1, message: a}]", (LOG.fields)()),
            ("topology: {zzzzzz: 1}", (TOPOLOGY.fields)()),
            ("topology: {components: [{zzzzzz: 1}]}", (COMPONENT.fields)()),
            ("topology: {relations: [{zzzzzz: 1}]}", (RELATION.fields)()),
            ("topology: {deletes: [{zzzzzz: 1}]}", (DELETION.fields)()),
            ("health: {zzzzzz: 1}", (HEALTH.fields)()),
            ("health: {states: [{zzzzzz: 1}]}", (STATE.fields)()),
            ("defaults: {zzzzzz: 1}", default_fields()),
        ] {
            assert_eq!(declared(fields), known(spec), "{spec}");
        }
    }

    #[test]
    fn every_default_is_a_key_of_its_family() {
        for (family, keys) in FAMILIES {
            let fields = declared((of_family(family).fields)());
            assert_eq!(fields, keys.iter().map(|key| (*key).to_owned()).collect(), "{family}");
        }
    }

    #[test]
    fn no_key_stands_twice() {
        for fields in [docs(), source_fields(), (METRIC.fields)(), (EVENT.fields)(), (COMPONENT.fields)()] {
            assert_eq!(declared(fields.clone()).len(), fields.len());
        }
    }
}
