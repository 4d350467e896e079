//! From what a run has left to a report: places as words, values made plain, and what the engine
//! itself says of the run.

use super::{Origin, Report, Stated, Topology};
use crate::base::number::Number;
use crate::base::secret;
use crate::base::span::{Places, Sources, Span};
use crate::base::value::{Text, Value};
use crate::fold::{PointAbout, Points};
use crate::observation::{self, Observations, ServiceCheck, Status, TagSet};
use crate::state::Changes;
use jiff::Timestamp;
use std::mem::take;
use std::time::Duration;

/// What the engine itself says of a run.
#[derive(Clone, Debug)]
pub struct RunStatus {
    /// Critical for an error, warning where something was left out.
    pub status: Status,
    /// Why.
    pub message: Text,
    /// How long the run took.
    pub duration: Duration,
    /// When it ended.
    pub ended: Timestamp,
}

/// What a report is made of, besides where it comes from.
#[derive(Debug)]
pub struct Facts<'f> {
    /// What the run reports; its samples are not read.
    pub observations: Observations,
    /// What its samples came to.
    pub points: Points,
    /// What the next run is to know.
    pub changes: Changes,
    /// How the run went.
    pub run: RunStatus,
    /// The texts of the specs, for places.
    pub sources: &'f Sources,
}

impl Report {
    /// The report of a run.
    pub fn new(origin: Origin, facts: Facts<'_>) -> Report {
        let Facts { observations: mut seen, mut points, changes, run, sources } = facts;
        // Points were made of them, and they may be many.
        drop(take(&mut seen.samples));
        let mut places = Stating(Places::new(sources));
        let checks = take(&mut seen.service_checks).into_iter();
        let mut service_checks: Vec<_> = checks.map(|mut check| places.state(take(&mut check.origin), check)).collect();
        let status = of_run(&origin, run, &mut points);
        service_checks.push(Stated { what: status, origin: Text::default() });
        let events = take(&mut seen.events).into_iter().map(|mut event| {
            event.attributes = plain(&event.attributes);
            if let Some(context) = &mut event.context {
                (context.source_links, context.data) = (plain(&context.source_links), plain(&context.data));
            }
            places.state(take(&mut event.origin), event)
        });
        let events = events.collect();
        let logs = take(&mut seen.logs).into_iter().map(|mut log| {
            log.attributes = plain(&log.attributes);
            places.state(take(&mut log.origin), log)
        });
        Report {
            points,
            service_checks,
            events,
            logs: logs.collect(),
            topology: seen.topology.take().map(|topology| places.topology(topology)),
            health: take(&mut seen.health).into_iter().map(|mut health| places.state(take(&mut health.origin), health)).collect(),
            health_stream: seen.health_stream.take(),
            metadata: take(&mut seen.metadata).into_iter().map(|(key, value)| (key, plain(&value))).collect(),
            changes,
            origin,
        }
    }
}

/// `engine.check_status`; `engine.run.duration` is added to the points.
fn of_run(origin: &Origin, run: RunStatus, points: &mut Points) -> ServiceCheck {
    let tags = TagSet::new([format!("check:{}", origin.check), format!("instance:{}", origin.label)]);
    let duration = PointAbout::own("engine.run.duration", Some("second"), run.ended);
    points.push(Number::Float(run.duration.as_secs_f64()), &tags, duration.into());
    ServiceCheck {
        name: "engine.check_status".into(),
        status: run.status,
        tags,
        hostname: None,
        message: run.message,
        timestamp: run.ended,
        origin: Span::default(),
    }
}

/// Says where an observation was made.
struct Stating<'s>(Places<'s>);

impl Stating<'_> {
    fn state<T>(&mut self, span: Span, what: T) -> Stated<T> {
        Stated { what, origin: self.0.text(span) }
    }

    fn topology(&mut self, topology: observation::Topology) -> Topology {
        let components = topology.components.into_iter().map(|mut component| {
            component.data = plain(&component.data);
            self.state(take(&mut component.origin), component)
        });
        let components = components.collect();
        let relations = topology.relations.into_iter().map(|mut relation| {
            relation.data = plain(&relation.data);
            self.state(take(&mut relation.origin), relation)
        });
        Topology {
            components,
            relations: relations.collect(),
            key_type: topology.key_type,
            key_url: topology.key_url,
            start_snapshot: topology.start_snapshot,
            stop_snapshot: topology.stop_snapshot,
            deletes: topology.deletes,
        }
    }
}

/// The value without anything computed on demand, and with a mask for each secret.
fn plain(value: &Value) -> Value {
    match value {
        Value::List(items) if !items.iter().all(is_plain) => Value::list(items.iter().map(plain).collect()),
        Value::Map(map) if !map.values().all(is_plain) => Value::map(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        Value::Secret(_) => Value::text(secret::MASK),
        Value::Lazy(lazy) => plain(&lazy.materialize()),
        other => other.clone(),
    }
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().all(is_plain),
        Value::Map(map) => map.values().all(is_plain),
        Value::Secret(_) | Value::Lazy(_) => false,
        Value::Missing | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) | Value::Text(_) | Value::Time(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let inner = Value::map([(Text::from("k"), Value::Secret(Secret::new("c4n4ry")))].into_iter().collect());
        let found = plain(&Value::list(vec![Value::Int(1), inner]));
        assert_eq!(found.item(0), Value::Int(1));
        assert_eq!(found.item(1).member("k"), Value::text(secret::MASK));
    }
}
