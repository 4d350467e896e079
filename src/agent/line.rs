//! Observations as lines: readable on a terminal, JSON for programs.

use crate::base::print::{one_line, to_json};
use crate::base::span::Sources;
use crate::base::time::{Clock, epoch_seconds};
use crate::observation::{Observations, TagSet, json};
use crate::plan::Check;
use crate::run::Outcome;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::sync::Arc;

/// How lines are written.
pub struct Lines {
    /// The texts of the specs, for the places of observations.
    pub sources: Arc<Sources>,
    /// True for people at a terminal.
    pub readable: bool,
}

impl Lines {
    /// All observations of one run, one line each, and the run's own status.
    pub fn of(&self, check: &Check, outcome: &Outcome, clock: &dyn Clock) -> String {
        let mut out = String::new();
        let status = self.status(check, outcome, clock);
        if self.readable {
            readable(&outcome.observations, &mut out);
            readable_status(check, outcome, &mut out);
            return out;
        }
        let check_name = &*check.plan.spec.name;
        for (kind, value) in self.values(&outcome.observations).into_iter().chain(status) {
            let mut line = json!({"kind": kind, "check": check_name, "instance": check.instance.number});
            if let (Some(line), Json::Object(value)) = (line.as_object_mut(), value) {
                line.extend(value);
            }
            let _ = writeln!(out, "{line}");
        }
        out
    }

    fn values(&self, o: &Observations) -> Vec<(&'static str, Json)> {
        let s = &*self.sources;
        let mut out: Vec<(&'static str, Json)> = Vec::with_capacity(o.count() + 2);
        out.extend(o.samples.iter().map(|sample| ("metric", json::sample(sample, s))));
        out.extend(o.service_checks.iter().map(|check| ("service_check", json::service_check(check, s))));
        out.extend(o.events.iter().map(|event| ("event", json::event(event, s))));
        out.extend(o.logs.iter().map(|log| ("log", json::log(log, s))));
        out.extend(o.topology.iter().map(|topology| ("topology", json::topology(topology, s))));
        out.extend(o.health.iter().map(|health| ("health", json::health(health, s))));
        let facts = o.metadata.iter().map(|(key, value)| ("metadata", json!({"name": &**key, "value": to_json(value)})));
        out.extend(facts);
        out
    }

    /// `engine.check_status` and the duration of the run.
    fn status(&self, check: &Check, outcome: &Outcome, clock: &dyn Clock) -> Vec<(&'static str, Json)> {
        let tags = [format!("check:{}", check.plan.spec.name), format!("instance:{}", check.label())];
        let word = if outcome.failed() {
            "critical"
        } else if outcome.warnings.is_empty() {
            "ok"
        } else {
            "warning"
        };
        let first_warning = outcome.warnings.first().map(|w| one_line(&w.message));
        let message = outcome.error().or(first_warning).unwrap_or_default();
        let timestamp = epoch_seconds(clock.now());
        let duration = outcome.duration.as_secs_f64();
        vec![
            (
                "service_check",
                json!({"name": "engine.check_status", "status": word, "tags": tags, "hostname": "", "message": message, "timestamp": timestamp}),
            ),
            (
                "metric",
                json!({"name": "engine.run.duration", "type": "gauge", "value": duration, "unit": "second", "tags": tags, "hostname": "", "device": null, "timestamp": timestamp}),
            ),
        ]
    }
}

fn tags(tags: &TagSet) -> String {
    tags.iter().map(|tag| format!(" {}", one_line(tag))).collect()
}

fn readable(o: &Observations, out: &mut String) {
    for s in &o.samples {
        let unit = s.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let value = format!("{}{unit}", s.value);
        let _ = writeln!(out, "{:<32} {:>22}  {}{}", s.name, value, s.metric_type.word(), tags(&s.tags));
    }
    for c in &o.service_checks {
        let _ = writeln!(out, "{:<32} {:>22} {} {}", c.name, c.status.word().to_uppercase(), tags(&c.tags), one_line(&c.message));
    }
    for e in &o.events {
        let _ = writeln!(out, "event: {} {} {}", one_line(&e.title), one_line(&e.text), tags(&e.tags));
    }
    for l in &o.logs {
        let _ = writeln!(out, "log: {} {}", one_line(&l.message), tags(&l.tags));
    }
    if let Some(t) = &o.topology {
        let _ = writeln!(out, "topology: {} {}: {} components, {} relations", t.key_type, t.key_url, t.components.len(), t.relations.len());
    }
    for h in &o.health {
        let _ = writeln!(out, "health: {} {} {}", h.name, h.health.word(), h.element);
    }
}

fn readable_status(check: &Check, outcome: &Outcome, out: &mut String) {
    if let Some(error) = outcome.error() {
        let _ = writeln!(out, "{} ERROR {error}", check.label());
    }
}
