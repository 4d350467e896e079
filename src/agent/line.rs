//! Observations as lines: readable on a terminal, JSON for programs.
//!
//! A run can report a hundred thousand samples, so lines come in chunks: no more than one is in
//! memory at a time, and a slow reader holds up that run only.

use crate::base::number::Number;
use crate::base::print::{one_line, to_json};
use crate::base::span::{Sources, Span};
use crate::base::time::epoch_seconds;
use crate::base::value::{Text, Value};
use crate::fold::{Point, Points, remembers};
use crate::observation::json::{self, SampleJson};
use crate::observation::{Event, Health, Log, Observations, Sample, ServiceCheck, TagSet, Topology};
use crate::plan::Check;
use crate::run::Outcome;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::sync::Arc;

/// The size at which a chunk is handed on.
const CHUNK_BYTES: usize = 64 << 10;

/// How lines are written.
pub struct Lines {
    /// The texts of the specs, for the places of observations.
    pub sources: Arc<Sources>,
    /// True for people at a terminal.
    pub readable: bool,
}

/// What becomes one line.
enum Item<'o> {
    Sample(Sample<'o>),
    /// The first reading of a counter or rate.
    First(Sample<'o>),
    /// What a counter or rate came to.
    Point(Point<'o>),
    ServiceCheck(&'o ServiceCheck),
    Event(&'o Event),
    Log(&'o Log),
    Topology(&'o Topology),
    Health(&'o Health),
    Fact(&'o (Text, Value)),
}

/// The lines of one run, chunk by chunk.
pub struct Chunks<'o> {
    lines: &'o Lines,
    check: &'o Check,
    outcome: &'o Outcome,
    now: Timestamp,
    items: Box<dyn Iterator<Item = Item<'o>> + Send + 'o>,
    /// The place of the last line: most samples share theirs with the one before.
    origin: (Span, String),
    ended: bool,
}

impl Lines {
    /// All observations of one run, one line each, and the run's own status.
    ///
    /// People see what counters and rates came to, `points`; programs get the values as submitted.
    pub fn chunks<'o>(&'o self, check: &'o Check, outcome: &'o Outcome, points: &'o Points, now: Timestamp) -> Chunks<'o> {
        let items: Box<dyn Iterator<Item = Item<'o>> + Send> =
            if self.readable { Box::new(readable_items(&outcome.observations, points)) } else { Box::new(items(&outcome.observations)) };
        Chunks { lines: self, check, outcome, now, items, origin: (Span::default(), String::new()), ended: false }
    }
}

fn items(o: &Observations) -> impl Iterator<Item = Item<'_>> + Send {
    let samples = o.samples.iter().map(Item::Sample);
    let rest = o.service_checks.iter().map(Item::ServiceCheck).chain(o.events.iter().map(Item::Event));
    let more = o.logs.iter().map(Item::Log).chain(o.topology.iter().map(Item::Topology)).chain(o.health.iter().map(Item::Health));
    samples.chain(rest).chain(more).chain(o.metadata.iter().map(Item::Fact))
}

/// A reading without a point of its own name is the first of its counter.
fn readable_items<'o>(o: &'o Observations, points: &'o Points) -> impl Iterator<Item = Item<'o>> + Send {
    let has_point =
        |sample: Sample<'_>| points.iter().any(|p| p.name == sample.name && p.tags == sample.tags && p.metric_type == sample.metric_type);
    let shown = move |item: Item<'o>| match item {
        Item::Sample(sample) if remembers(sample.metric_type) => (!has_point(sample)).then_some(Item::First(sample)),
        other => Some(other),
    };
    let counted = points.iter().filter(|point| remembers(point.metric_type)).map(Item::Point);
    items(o).filter_map(shown).chain(counted)
}

impl Iterator for Chunks<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let mut out = String::with_capacity(4 << 10);
        while out.len() < CHUNK_BYTES {
            match self.items.next() {
                Some(item) if self.lines.readable => readable(&item, &mut out),
                Some(item) => self.json(&item, &mut out),
                None => {
                    self.ended = true;
                    self.status(&mut out);
                    break;
                }
            }
        }
        Some(out)
    }
}

/// What stands before the fields of an observation.
#[derive(Serialize)]
struct JsonLine<'l, T: Serialize> {
    kind: &'static str,
    check: &'l str,
    instance: usize,
    #[serde(flatten)]
    fields: T,
}

impl Chunks<'_> {
    fn json(&mut self, item: &Item<'_>, out: &mut String) {
        let sources = &*self.lines.sources;
        match item {
            // Programs get every sample as it is.
            Item::Point(_) => {}
            Item::Sample(sample) | Item::First(sample) => {
                if self.origin.0 != sample.origin || self.origin.1.is_empty() {
                    self.origin = (sample.origin, sources.origin(sample.origin));
                }
                self.line("metric", SampleJson::of(*sample, &self.origin.1), out);
            }
            Item::ServiceCheck(check) => self.line("service_check", json::service_check(check, sources), out),
            Item::Event(event) => self.line("event", json::event(event, sources), out),
            Item::Log(log) => self.line("log", json::log(log, sources), out),
            Item::Topology(topology) => self.line("topology", json::topology(topology, sources), out),
            Item::Health(health) => self.line("health", json::health(health, sources), out),
            Item::Fact((key, value)) => self.line("metadata", json!({"name": &**key, "value": to_json(value)}), out),
        }
    }

    fn line<T: Serialize>(&self, kind: &'static str, fields: T, out: &mut String) {
        let line = JsonLine { kind, check: &self.check.plan.spec.name, instance: self.check.instance.number, fields };
        if let Ok(text) = serde_json::to_string(&line) {
            out.push_str(&text);
            out.push('\n');
        }
    }

    /// `engine.check_status` and the duration of the run; for people the error, if there is one.
    fn status(&self, out: &mut String) {
        let outcome = self.outcome;
        if self.lines.readable {
            if let Some(error) = outcome.error() {
                let _ = writeln!(out, "{} ERROR {error}", self.check.label());
            }
            return;
        }
        let (word, message) = verdict(outcome);
        let tags = [format!("check:{}", self.check.plan.spec.name), format!("instance:{}", self.check.label())];
        let timestamp = epoch_seconds(self.now);
        let status = json!({"name": "engine.check_status", "status": word, "tags": tags, "hostname": "", "message": message, "timestamp": timestamp});
        self.line::<Json>("service_check", status, out);
        let duration = outcome.duration.as_secs_f64();
        let metric = json!({"name": "engine.run.duration", "type": "gauge", "value": duration, "tags": tags, "hostname": "", "device": null, "unit": "second", "timestamp": timestamp});
        self.line::<Json>("metric", metric, out);
    }
}

/// The status of a run as a service check, with its reason.
fn verdict(outcome: &Outcome) -> (&'static str, String) {
    match (outcome.error(), outcome.warnings.first()) {
        (Some(error), _) => ("critical", error),
        (None, Some(warning)) => ("warning", one_line(&warning.message)),
        (None, None) => ("ok", String::new()),
    }
}

fn tags(tags: &TagSet) -> String {
    tags.iter().map(|tag| format!(" {}", one_line(tag))).collect()
}

fn metric_line(out: &mut String, name: &str, value: &str, unit: &Option<Text>, kind: &str, set: &TagSet) -> std::fmt::Result {
    let value = unit.as_ref().map_or_else(|| value.to_owned(), |unit| format!("{value} {unit}"));
    writeln!(out, "{:<32} {value:>24}  {kind}{}", one_line(name), tags(set))
}

fn readable(item: &Item<'_>, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match item {
        Item::Sample(s) => metric_line(out, &s.name, &s.value.to_string(), &s.unit, s.metric_type.word(), s.tags),
        Item::First(s) => metric_line(out, &s.name, "first reading", &None, s.metric_type.word(), s.tags),
        Item::Point(p) => {
            let value = Number::Float((p.value.as_f64() * 1e4).round() / 1e4).to_string();
            metric_line(out, &p.name, &value, &p.unit, p.metric_type.word(), p.tags)
        }
        Item::ServiceCheck(c) => {
            let status = c.status.word().to_uppercase();
            writeln!(out, "{:<32} {:>22} {} {}", one_line(&c.name), status, tags(&c.tags), one_line(&c.message))
        }
        Item::Event(e) => writeln!(out, "event: {} {} {}", one_line(&e.title), one_line(&e.text), tags(&e.tags)),
        Item::Log(l) => writeln!(out, "log: {} {}", one_line(&l.message), tags(&l.tags)),
        Item::Topology(t) => {
            let (components, relations) = (t.components.len(), t.relations.len());
            writeln!(out, "topology: {} {}: {components} components, {relations} relations", t.key_type, t.key_url)
        }
        Item::Health(h) => writeln!(out, "health: {} {} {}", one_line(&h.name), h.health.word(), one_line(&h.element)),
        Item::Fact((key, value)) => writeln!(out, "metadata: {key} {}", one_line(&to_json(value).to_string())),
    };
}
