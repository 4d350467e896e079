//! Which lines of a spec its tests cover.
//!
//! A line that makes observations is covered by a test that expects one of them: being run is not
//! enough. The branches of a status are covered by a test that takes them and expects service checks
//! or health states, those of a `map` of a metric by one that expects metrics; a source by a test in which it is asked; a `when` of a source by one in which it
//! holds.

use super::case::Case;
use super::expect::{Items, RunDemand, Runs};
use super::found::{self, Found};
use super::item::Expected;
use super::lists::fits;
use super::play::{Played, PlayedRun};
use crate::base::span::{Sources, Span};
use crate::base::value::Text;
use crate::map::Covered;
use crate::observation::Status;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// Something that a test can cover.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A place of the spec.
    Place(Span),
    /// A status of the can-connect check of a source.
    Status(Span, &'static str),
    /// A fact about the instance.
    Fact(Text),
}

/// One line of a spec with the tests that cover it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place.
    pub span: Span,
    /// What it is: `metric system.load.1`, `branch critical`.
    pub what: String,
    /// What it takes to cover it.
    pub covered: Covered,
    /// The names of the tests.
    pub tests: Vec<String>,
}

/// The lines of one spec.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// In the order of the spec.
    pub lines: Vec<Line>,
    /// Where each key is in `lines`.
    places: BTreeMap<Key, usize>,
}

impl Coverage {
    /// The lines of a spec, covered by nothing yet.
    pub fn of(plan: &Plan) -> Coverage {
        let mut out = Coverage::default();
        let spec = &plan.spec;
        for source in &spec.sources {
            let name = plan.names.text(source.name);
            out.add(Key::Place(source.span), source.span, format!("source {name}"));
            if let Some(when) = &source.rows.when {
                out.add(Key::Place(when.0.span), when.0.span, format!("`when` of source {name}"));
            }
            if let Some(check) = &source.service_check {
                for status in [Status::Ok, Status::Critical] {
                    let name = check.name.as_const().unwrap_or_default();
                    out.add(Key::Status(check.span, status.word()), check.span, format!("service check {name} {}", status.word()));
                }
            }
        }
        for placed in &spec.mappings {
            placed
                .mapped
                .mapping
                .places(&mut |span, covered, what| out.add_line(Key::Place(span), span, covered, what.trim_end().to_owned()));
        }
        for (key, value) in &spec.metadata {
            let mut span = None;
            value.codes(&mut |code| span = span.or(Some(code.span)));
            out.add(Key::Fact(key.clone()), span.unwrap_or_default(), format!("metadata {key}"));
        }
        out
    }

    fn add(&mut self, key: Key, span: Span, what: String) {
        self.add_line(key, span, Covered::Made, what);
    }

    fn add_line(&mut self, key: Key, span: Span, covered: Covered, what: String) {
        if self.places.contains_key(&key) {
            return;
        }
        self.places.insert(key, self.lines.len());
        self.lines.push(Line { span, what, covered, tests: Vec::new() });
    }

    /// How many lines are covered.
    pub fn covered(&self) -> usize {
        self.lines.iter().filter(|line| !line.tests.is_empty()).count()
    }

    /// Covered lines of a hundred; 100 for a spec without lines.
    pub fn percent(&self) -> f64 {
        if self.lines.is_empty() { 100.0 } else { self.covered() as f64 * 100.0 / self.lines.len() as f64 }
    }

    /// The lines that no test covers, each with its place.
    pub fn missing(&self, sources: &Sources) -> Vec<String> {
        let open = self.lines.iter().filter(|line| line.tests.is_empty());
        open.map(|line| format!("{} {}", sources.origin(line.span), line.what)).collect()
    }

    /// Adds what a test covers.
    pub fn add_test(&mut self, name: &str, case: &Case, played: &Played) {
        let mut keys = BTreeSet::new();
        let demands = demands(case, played);
        for (demand, run) in &demands {
            of_run(demand, run, &mut keys);
        }
        let judged = demands.iter().any(|(demand, _)| demand.service_checks.is_some() || demand.health.is_some());
        let measured = demands.iter().any(|(demand, _)| demand.metrics.is_some() || demand.series.is_some());
        for span in played.marks.take() {
            let counts = match self.places.get(&Key::Place(span)).and_then(|at| self.lines.get(*at)).map(|line| line.covered) {
                Some(Covered::Made) => true,
                Some(Covered::Judged) => judged,
                Some(Covered::Measured) => measured,
                None => false,
            };
            if counts {
                keys.insert(Key::Place(span));
            }
        }
        for key in keys {
            if let Some(line) = self.places.get(&key).and_then(|at| self.lines.get_mut(*at)) {
                line.tests.push(name.to_owned());
            }
        }
    }
}

/// The runs of which something is expected.
fn demands<'p>(case: &'p Case, played: &'p Played) -> Vec<(&'p RunDemand, &'p PlayedRun)> {
    match case.written.expect.as_ref().map(|expect| &expect.runs) {
        Some(Runs::Last(demand)) => played.runs.last().map(|run| (&**demand, run)).into_iter().collect(),
        Some(Runs::Each(each)) => each.iter().map(|placed| &placed.value).zip(&played.runs).collect(),
        None => Vec::new(),
    }
}

fn of_run(demand: &RunDemand, run: &PlayedRun, keys: &mut BTreeSet<Key>) {
    let o = &run.outcome.observations;
    expected(&demand.metrics, o.samples.iter().map(found::metric), keys);
    expected(&demand.service_checks, o.service_checks.iter().map(found::service_check), keys);
    expected(&demand.events, o.events.iter().map(found::event), keys);
    expected(&demand.logs, o.logs.iter().map(found::log), keys);
    expected(&demand.health, o.health.iter().map(found::health), keys);
    if let (Some(topology), Some(found)) = (&demand.topology, &o.topology) {
        expected(&topology.components, found.components.iter().map(found::component), keys);
        expected(&topology.relations, found.relations.iter().map(found::relation), keys);
    }
    if demand.series.is_some() {
        // A point has no line of its own: that of the samples with its name.
        let points: Vec<Found> = run.points.iter().map(found::point).collect();
        let wanted = demand.series.as_ref();
        let named: BTreeSet<&Text> = run
            .points
            .iter()
            .zip(&points)
            .filter(|(_, point)| wanted.is_some_and(|items| is_expected(items, point)))
            .map(|(point, _)| &point.about.name)
            .collect();
        let of_point =
            |name: &Text| named.iter().any(|point| *point == name || point.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('.')));
        keys.extend(o.samples.iter().filter(|sample| of_point(&sample.name)).map(|sample| Key::Place(sample.origin)));
    }
    for check in &o.service_checks {
        if demand.service_checks.as_ref().is_some_and(|items| is_expected(items, &found::service_check(check))) {
            keys.insert(Key::Status(check.origin, check.status.word()));
        }
    }
    if demand.metadata.is_some() {
        keys.extend(o.metadata.iter().map(|(key, _)| Key::Fact(key.clone())));
    }
}

fn expected<T: Expected>(items: &Option<Items<T>>, found: impl Iterator<Item = Found>, keys: &mut BTreeSet<Key>) {
    let Some(items) = items else { return };
    for one in found {
        let Some(origin) = one.origin else { continue };
        if !keys.contains(&Key::Place(origin)) && is_expected(items, &one) {
            keys.insert(Key::Place(origin));
        }
    }
}

fn is_expected<T: Expected>(items: &Items<T>, found: &Found) -> bool {
    items.exact.is_some() || items.contains.iter().any(|item| item.expected.count() != Some(0) && fits(&item.expected, found))
}
