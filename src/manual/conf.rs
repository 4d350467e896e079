//! What conf.d files accept besides the fields that a spec declares.

use crate::yaml::shape::{FieldDoc, Shape};

/// The keys of a conf.d file.
pub fn file_docs() -> Vec<FieldDoc> {
    vec![
        field(
            "init_config",
            "What all instances of the file share: the fields that the spec declares under `config.init_config`.",
            Shape::Map(Box::new(Shape::Any)),
        ),
        field(
            "instances",
            "One item for each thing to monitor: the standard keys, and the fields that the spec declares under `config.instance`.",
            Shape::List(Box::new(Shape::Map(Box::new(Shape::Any)))),
        ),
        field("logs", "Read by log agents; ignored here.", Shape::Any),
        field("ad_identifiers", "Read by agents that find containers; ignored here.", Shape::Any),
    ]
}

/// The keys that `init_config` understands without being declared.
pub fn init_docs() -> Vec<FieldDoc> {
    instance_docs().into_iter().filter(|field| ["min_collection_interval", "service", "tags"].contains(&field.key)).collect()
}

/// The keys that every instance understands without being declared.
pub fn instance_docs() -> Vec<FieldDoc> {
    vec![
        FieldDoc {
            default: Some("0"),
            ..field(
                "min_collection_interval",
                "The instance runs on a tick of the collector only if at least this long has passed since its last run; 0 means on every tick. The instance's own wins over that of `init_config`.",
                Shape::Duration,
            )
        },
        field("run_timeout", "The deadline of a whole run; without it the interval, at most 60s.", Shape::Duration),
        field("tags", "Tags of everything that the instance reports, after those of `init_config`.", Shape::List(Box::new(Shape::Text))),
        field("hostname", "The host that everything is about; without it the host of the engine.", Shape::Text),
        field("name", "A name of its own: with it the memory between runs survives a change of other settings.", Shape::Text),
        field("service", "Adds the tag `service:NAME` to everything that the instance reports.", Shape::Text),
        FieldDoc { default: Some("true"), ..field("enabled", "`false` switches the instance off.", Shape::Bool) },
        FieldDoc {
            default: Some("100000"),
            ..field(
                "max_returned_metrics",
                "How many samples one run may report, up to 1,000,000; 0 means as many as that. The first ones in the order of the spec and of the rows stay, the others are counted in a warning.",
                Shape::Integer,
            )
        },
    ]
}

fn field(key: &'static str, doc: &str, shape: Shape) -> FieldDoc {
    FieldDoc { key, doc: doc.to_owned(), shape, required: false, default: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::names::STANDARD_KEYS;

    #[test]
    fn every_standard_key_is_told_of() {
        let keys: Vec<_> = instance_docs().iter().map(|field| field.key).collect();
        assert_eq!(keys, STANDARD_KEYS);
    }
}
