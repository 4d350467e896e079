//! What the runs of a test left beside what it expects.

use super::demand::Any;
use super::expect::{Expect, Requests, RunDemand, Runs, Snapshot, TopologyDemand};
use super::found::{self, Found, called, words};
use super::item::{Expected, Item, Metric};
use super::lists::{compare as compare_list, fits};
use super::play::PlayedRun;
use crate::base::diag::Diagnostic;
use crate::base::map::Map;
use crate::base::span::{Sources, Span};
use crate::base::value::Value;
use crate::observation::{MetricType, Topology};
use crate::yaml::basic::Placed;
use std::collections::HashMap;

/// Everything in which the runs are not as expected.
pub fn compare(expect: Option<&Expect>, runs: &[PlayedRun], test: Span, sources: &Sources) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let none = RunDemand::default();
    let many = runs.len() > 1;
    for (n, run) in runs.iter().enumerate() {
        let (demand, span) = match expect {
            None => (&none, test),
            Some(Expect { span, runs: Runs::Last(demand) }) if n + 1 == runs.len() => (&**demand, *span),
            Some(Expect { span, runs: Runs::Last(_) }) => (&none, *span),
            Some(Expect { span, runs: Runs::Each(each) }) => {
                (each.get(n).map_or(&none, |placed| &placed.value), each.get(n).map_or(*span, |placed| placed.span))
            }
        };
        let before = out.len();
        one_run(demand, run, span, sources, &mut out);
        if many {
            out.iter_mut().skip(before).for_each(|problem: &mut Diagnostic| problem.title = format!("run {}: {}", n + 1, problem.title));
        }
    }
    out
}

fn one_run(demand: &RunDemand, run: &PlayedRun, span: Span, sources: &Sources, out: &mut Vec<Diagnostic>) {
    error(demand, run, span, sources, out);
    let o = &run.outcome.observations;
    let metrics: Vec<Found> = o.samples.iter().map(found::metric).collect();
    let checks: Vec<Found> = o.service_checks.iter().map(found::service_check).collect();
    list(&demand.metrics, || metrics.clone(), out);
    list(&demand.series, || run.points.iter().map(found::point).collect(), out);
    list(&demand.service_checks, || checks.clone(), out);
    list(&demand.events, || o.events.iter().map(found::event).collect(), out);
    list(&demand.logs, || o.logs.iter().map(found::log).collect(), out);
    list(&demand.health, || o.health.iter().map(found::health).collect(), out);
    list(&demand.warnings, || run.outcome.warnings.iter().map(found::warning).collect(), out);
    topology(demand.topology.as_ref(), run, out);
    let metadata = Value::map(o.metadata.iter().map(|(key, value)| (key.clone(), value.materialize())).collect::<Map>());
    value("metadata", demand.metadata.as_ref(), &metadata, out);
    let stream = o.health_stream.as_ref().map(found::stream).unwrap_or_default();
    value("health_stream", demand.health_stream.as_ref(), &stream, out);
    value("state", demand.state.as_ref(), &run.state, out);
    requests(demand, run, out);
    if demand.no_duplicates {
        duplicates(run, &metrics, &checks, span, out);
    }
    if demand.all_metrics_covered {
        uncovered(demand, &metrics, span, out);
    }
}

fn list<T: Expected>(demand: &Option<super::expect::Items<T>>, found: impl FnOnce() -> Vec<Found>, out: &mut Vec<Diagnostic>) {
    if let Some(items) = demand {
        compare_list(items, &found(), out);
    }
}

fn error(demand: &RunDemand, run: &PlayedRun, span: Span, sources: &Sources, out: &mut Vec<Diagnostic>) {
    let found = run.outcome.error();
    let place = run.outcome.errors.first().map(|failure| failure.span).filter(|place| sources.get(place.file).is_some());
    let problem = match (&demand.error, found) {
        (None, Some(error)) => {
            let problem = Diagnostic::error("run-failed", "the run is an error", span).label("nothing here expects an error");
            problem.text(error).help("give the sources another answer, or expect it: `error: {contains: ...}`")
        }
        (Some(Placed { value: wanted, span }), found) => {
            let value = found.clone().map_or(Value::Missing, Value::from);
            if wanted.0.fits(&value) {
                return;
            }
            let title = if found.is_some() { "the error is not as expected" } else { "the run is no error" };
            let problem = Diagnostic::error("differs", title, *span).label(format!("expected {}", wanted.0.describe()));
            problem.text(found.map_or_else(|| "The run worked.".to_owned(), |error| format!("found {error:?}")))
        }
        (None, None) => return,
    };
    out.push(place.map_or(problem.clone(), |place| problem.also(place, "this failed")));
}

fn value(what: &str, demand: Option<&Placed<Any>>, found: &Value, out: &mut Vec<Diagnostic>) {
    let Some(Placed { value: Any(demand), span }) = demand.filter(|placed| !placed.value.0.fits(found)) else { return };
    let problem = Diagnostic::error("differs", format!("`{what}` is not as expected"), *span);
    let problem = problem.label(format!("expected {}", demand.describe()));
    out.push(problem.text(format!("expected {}\nfound    {}", demand.describe(), words(found))));
}

fn topology(demand: Option<&TopologyDemand>, run: &PlayedRun, out: &mut Vec<Diagnostic>) {
    let Some(demand) = demand else { return };
    let none = Default::default();
    let found = run.outcome.observations.topology.as_ref().unwrap_or(&none);
    value("topology.instance", demand.instance.as_ref(), &found::topology_key(found), out);
    let state = snapshot(found);
    if let Some(Placed { value: wanted, span }) = demand.snapshot.as_ref().filter(|wanted| wanted.value != state) {
        let title = format!("the snapshot is {}, expected {}", state.word(), wanted.word());
        out.push(Diagnostic::error("differs", title, *span).label(format!("expected {}, found {}", wanted.word(), state.word())));
    }
    list(&demand.components, || found.components.iter().map(found::component).collect(), out);
    list(&demand.relations, || found.relations.iter().map(found::relation).collect(), out);
    list(&demand.deletes, || found.deletes.iter().map(found::delete).collect(), out);
}

/// What a run says about the whole topology of its key.
pub fn snapshot(found: &Topology) -> Snapshot {
    match (found.start_snapshot, found.stop_snapshot) {
        (true, true) => Snapshot::Closed,
        (true, false) => Snapshot::Open,
        (false, _) => Snapshot::None,
    }
}

fn requests(demand: &RunDemand, run: &PlayedRun, out: &mut Vec<Diagnostic>) {
    match &demand.requests {
        Some(Requests::Number(wanted, span)) if *wanted != run.asked.len() => {
            let lines: Vec<_> = run.asked.iter().map(found::request_line).collect();
            let problem = Diagnostic::error("other-number", format!("{} requests, expected {wanted}", run.asked.len()), *span);
            out.push(problem.label(format!("found {}", run.asked.len())).text(lines.join("\n")));
        }
        Some(Requests::Items(items)) => compare_list(items, &run.asked.iter().map(found::asked).collect::<Vec<_>>(), out),
        Some(Requests::Number(..)) | None => {}
    }
}

/// What was sent twice: the later value hides the earlier one. Counters and histograms add up.
fn duplicates(run: &PlayedRun, metrics: &[Found], checks: &[Found], span: Span, out: &mut Vec<Diagnostic>) {
    let hides = |metric_type: MetricType| matches!(metric_type, MetricType::Gauge | MetricType::Rate);
    let once = run.outcome.observations.samples.iter().zip(metrics).filter(|(sample, _)| hides(sample.metric_type));
    let key = |found: &Found, fields: &[&str]| fields.iter().map(|field| format!("{:?}", found.field(field))).collect::<Vec<_>>();
    let metrics = once.map(|(_, found)| ("metric", key(found, &["name", "type", "tags", "hostname", "device"]), found));
    let checks = checks.iter().map(|found| ("service check", key(found, &["name", "tags", "hostname"]), found));
    let mut seen: HashMap<(&str, Vec<String>), &Found> = HashMap::new();
    for (what, key, found) in metrics.chain(checks) {
        let Some(first) = seen.insert((what, key), found) else { continue };
        let problem = Diagnostic::error("duplicate", format!("{what} `{}` was sent twice with the same tags", called(found, "name")), span);
        let problem = problem.label("`no_duplicates` holds here").text(format!("first {}\nthen  {}", first.describe(), found.describe()));
        let problem = found.origin.map_or(problem.clone(), |origin| problem.also(origin, "this line made it"));
        out.push(problem.help("tell them apart by a tag, or say `no_duplicates: false`"));
    }
}

/// Metrics whose name nothing mentions.
fn uncovered(demand: &RunDemand, metrics: &[Found], span: Span, out: &mut Vec<Diagnostic>) {
    let wanted: Vec<&Item<Metric>> = demand.metrics.iter().flat_map(|items| items.wanted()).collect();
    let names_it = |item: &Item<Metric>, found: &Found| {
        let demands = item.expected.demands();
        let name = demands.iter().find(|(field, _)| *field == "name");
        name.is_some_and(|(_, demand)| demand.fits(found.field("name"))) || (name.is_none() && fits(&item.expected, found))
    };
    let mut names: Vec<String> = Vec::new();
    for found in metrics.iter().filter(|found| !wanted.iter().any(|item| names_it(item, found))) {
        let name = called(found, "name");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        let listed = crate::base::suggest::listed(names.iter().map(String::as_str), 40);
        let problem = Diagnostic::error("not-covered", format!("{} metrics that no expectation mentions", names.len()), span);
        out.push(problem.label("`all_metrics_covered` holds here").text(format!("Not mentioned: {listed}.")).help("add them to `metrics`"));
    }
}
