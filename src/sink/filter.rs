//! What a sink takes, and the tags it adds.

use super::batch::What;
use crate::base::glob;
use crate::base::value::Text;
use crate::observation::{Event, Log, TagSet, TagWriter};
use crate::report::Report;

crate::words! {
    /// A kind of observations.
    pub enum Family {
        /// Points of metrics.
        Metrics = "metrics",
        /// Service checks.
        ServiceChecks = "service_checks",
        /// Events.
        Events = "events",
        /// Logs.
        Logs = "logs",
        /// Components and relations.
        Topology = "topology",
        /// Health states.
        Health = "health",
        /// Facts about instances.
        Metadata = "metadata",
    }
}

crate::fields! {
    /// What every sink may say.
    pub struct Common, "sink" {
        /// What it is called, where there are several of its kind: its place in the queue is found by this name.
        pub name: Option<Text>;
        /// The kinds of observations that it takes: `metrics service_checks events logs topology health metadata`; all that its receiver knows where it is not given.
        pub send: Option<Vec<Family>>;
        /// Takes only what matches one of these patterns: names of metrics and service checks, types of events, services of logs; with `check:` in front, names of specs. `*` stands for any characters.
        pub include: Vec<Text>;
        /// Leaves out what matches one of these patterns; it wins over `include`.
        pub exclude: Vec<Text>;
        /// Tags that are added to metrics, service checks, events and logs.
        pub add_tags: Vec<Text>;
    }
}

/// The filters of a sink, ready for use.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    families: Option<Vec<Family>>,
    include: Patterns,
    exclude: Patterns,
    add_tags: TagSet,
}

/// Patterns of names of items, and of specs.
#[derive(Clone, Debug, Default)]
struct Patterns {
    names: Vec<Text>,
    checks: Vec<Text>,
}

impl Patterns {
    fn of(patterns: &[Text]) -> Self {
        let mut out = Patterns::default();
        for pattern in patterns {
            match pattern.strip_prefix("check:") {
                Some(check) => out.checks.push(check.into()),
                None => out.names.push(pattern.clone()),
            }
        }
        out
    }

    fn name(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| glob::matches(pattern, name))
    }

    fn check(&self, check: &str) -> bool {
        self.checks.iter().any(|pattern| glob::matches(pattern, check))
    }
}

impl Filter {
    /// The filters of these settings.
    pub fn of(common: &Common) -> Filter {
        Filter {
            families: common.send.clone(),
            include: Patterns::of(&common.include),
            exclude: Patterns::of(&common.exclude),
            add_tags: TagSet::new(&common.add_tags),
        }
    }

    /// Tags with those of the sink.
    pub fn tags(&self, tags: &TagSet) -> TagSet {
        if self.add_tags.is_empty() {
            return tags.clone();
        }
        let mut writer = TagWriter::default();
        writer.extend(tags);
        writer.extend(&self.add_tags);
        writer.finish()
    }

    /// The items of a report that pass, of these kinds, in the order of delivery.
    pub fn items(&self, report: &Report, families: &[Family]) -> Vec<What> {
        let check = &report.origin.check;
        if self.exclude.check(check) || !(self.include.checks.is_empty() || self.include.check(check)) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for family in families.iter().filter(|family| self.families.as_ref().is_none_or(|wanted| wanted.contains(family))) {
            self.family(report, *family, &mut out);
        }
        out
    }

    /// True if it takes that kind of observations of the report's check.
    pub fn takes(&self, report: &Report, family: Family) -> bool {
        let check = &report.origin.check;
        let of_check = !self.exclude.check(check) && (self.include.checks.is_empty() || self.include.check(check));
        of_check && self.families.as_ref().is_none_or(|wanted| wanted.contains(&family))
    }

    fn passes(&self, name: &str) -> bool {
        !self.exclude.name(name) && (self.include.names.is_empty() || self.include.name(name))
    }

    fn family(&self, report: &Report, family: Family, out: &mut Vec<What>) {
        match family {
            Family::Metrics => {
                out.extend((0u32..).zip(report.points.iter()).filter(|(_, point)| self.passes(&point.name)).map(|(at, _)| What::Point(at)))
            }
            Family::ServiceChecks => {
                let checks = numbered(&report.service_checks).filter(|(_, check)| self.passes(&check.name));
                out.extend(checks.map(|(at, _)| What::ServiceCheck(at)));
            }
            Family::Events => {
                let events = numbered(&report.events).filter(|(_, event)| self.passes(event_name(event)));
                out.extend(events.map(|(at, _)| What::Event(at)));
            }
            Family::Logs => {
                let logs = numbered(&report.logs).filter(|(_, log)| self.passes(log_name(log).unwrap_or(&report.origin.check)));
                out.extend(logs.map(|(at, _)| What::Log(at)));
            }
            Family::Topology => topology(report, out),
            Family::Health => health(report, out),
            Family::Metadata => out.extend(numbered(&report.metadata).map(|(at, _)| What::Fact(at))),
        }
    }
}

fn numbered<T>(all: &[T]) -> impl Iterator<Item = (u32, &T)> {
    (0u32..).zip(all)
}

/// What patterns see of an event: its type, else the system it came from, else its title.
pub fn event_name(event: &Event) -> &str {
    event.event_type.as_deref().or(event.source_type_name.as_deref()).unwrap_or(&event.title)
}

/// What patterns see of a log: its service, else its source.
fn log_name(log: &Log) -> Option<&str> {
    log.service.as_deref().or(log.source.as_deref())
}

/// Never a part of it: what is absent from a full picture would be deleted.
fn topology(report: &Report, out: &mut Vec<What>) {
    let Some(topology) = &report.topology else { return };
    out.push(What::TopologyStart);
    out.extend(numbered(&topology.components).map(|(at, _)| What::Component(at)));
    out.extend(numbered(&topology.relations).map(|(at, _)| What::Relation(at)));
    out.extend(numbered(&topology.deletes).map(|(at, _)| What::Delete(at)));
    out.extend(topology.stop_snapshot.then_some(What::TopologyStop));
}

fn health(report: &Report, out: &mut Vec<What>) {
    let complete = report.health_stream.as_ref().is_some_and(|stream| stream.complete);
    if report.health_stream.is_none() && report.health.is_empty() {
        return;
    }
    out.push(What::HealthStart);
    out.extend(numbered(&report.health).map(|(at, _)| What::Health(at)));
    out.extend(complete.then_some(What::HealthStop));
}
