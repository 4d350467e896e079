//! Sources in order of need, independent ones at the same time.

use super::fetch::{Fetched, Held, Start, fetch, items};
use super::flow::Made;
use super::result::{Fate, SourceResult};
use super::{Failure, Outcome, RunCx};
use crate::base::error_kind::ErrorKind;
use crate::base::name::NameId;
use crate::base::print::cut;
use crate::base::value::Value;
use crate::expr::frame::{Frame, Remark};
use crate::plan::{Plan, SourcePlan};
use crate::rows::Row;
use crate::rows::pipeline::RowSource;
use crate::spec::source::{OnError, SourceSpec};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;

/// The results of all sources, by their place in the plan.
pub struct Results<'p> {
    plan: &'p Plan,
    results: Vec<Option<Arc<SourceResult>>>,
    /// What mappings have made of rows that were not kept.
    pub made: Vec<Made>,
}

impl Results<'_> {
    /// The result of a source that is done.
    pub fn get(&self, at: usize) -> Option<&Arc<SourceResult>> {
        self.results.get(at).and_then(Option::as_ref)
    }

    /// The spec of a source.
    pub fn spec(&self, at: usize) -> Option<&SourceSpec> {
        self.plan.spec.sources.get(at)
    }

    /// Sources with their results, in written order.
    pub fn iter(&self) -> impl Iterator<Item = (&SourceSpec, &Arc<SourceResult>)> {
        self.plan.spec.sources.iter().zip(&self.results).filter_map(|(spec, result)| Some((spec, result.as_ref()?)))
    }

    /// The rows of a source, or a row for each of its requests.
    pub fn input(&self, source: NameId, requests: bool) -> Arc<Vec<Row>> {
        if !requests {
            return self.rows(source);
        }
        let result = self.plan.source_index(source).and_then(|at| self.get(at));
        Arc::new(result.map(|result| result.request_rows()).unwrap_or_default())
    }

    fn is_done(&self, at: &usize) -> bool {
        self.get(*at).is_some()
    }

    /// True if a source was not to run.
    pub fn is_off(&self, at: usize) -> bool {
        self.get(at).is_some_and(|result| result.fate == Fate::Off)
    }

    /// True if a source's rows may be used: it worked, or it failed under `on_error: continue`.
    pub fn usable(&self, at: usize) -> bool {
        let Some(result) = self.get(at) else { return false };
        match result.fate {
            Fate::Ok => true,
            Fate::Failed => self.spec(at).is_some_and(|spec| spec.on_error == OnError::Continue),
            Fate::Skipped | Fate::Off => false,
        }
    }
}

impl RowSource for Results<'_> {
    fn rows(&self, source: NameId) -> Arc<Vec<Row>> {
        let at = self.plan.source_index(source);
        at.and_then(|at| self.get(at)).map(|result| result.rows.clone()).unwrap_or_default()
    }
}

/// Runs all sources to their end.
pub async fn run_sources<'r>(cx: &'r RunCx<'_>, frame: &mut Frame) -> Results<'r> {
    let plan: &Plan = &cx.check.plan;
    let n = plan.sources.len();
    let mut state = State {
        results: Results { plan, results: vec![None; n], made: Vec::new() },
        started: vec![false; n],
        lets_done: vec![false; plan.lets.len()],
    };
    // Made when it is needed: it costs as much memory as a source under way.
    let mut running = None;
    loop {
        let mut starts = state.starts(frame);
        let done = match starts.pop() {
            // One source alone, as most specs have it, needs no place on the heap.
            Some((start, frame)) if starts.is_empty() && running.as_ref().is_none_or(FuturesUnordered::is_empty) => {
                fetch(cx, start, frame).await
            }
            None if running.is_none() => return state.results,
            last => {
                let running = running.get_or_insert_with(FuturesUnordered::new);
                running.extend(starts.into_iter().chain(last).map(|(start, frame)| fetch(cx, start, frame)));
                let Some(done) = running.next().await else { return state.results };
                done
            }
        };
        let Fetched { at, mut result, remarks, made } = done;
        frame.absorb(remarks);
        if state.results.made.is_empty() {
            state.results.made = made;
        } else {
            state.results.made.extend(made);
        }
        if let (Some(source), Some(spec)) = (plan.sources.get(at), plan.spec.sources.get(at)) {
            let needs_complete = source.needs.iter().all(|need| state.results.get(*need).is_none_or(|r| r.complete));
            result.complete = result.fate == Fate::Ok && needs_complete && result.caps.is_empty();
            if is_refused(&result) {
                forget_needs(cx, at);
            }
            state.finish(at, spec, result, frame);
        }
    }
}

/// Refused, or an answer that is not what it should be: perhaps because of an old answer.
fn is_refused(result: &SourceResult) -> bool {
    result.requests.iter().any(|note| match &note.error {
        Some((ErrorKind::Expect | ErrorKind::Auth, _)) => true,
        Some((ErrorKind::HttpStatus, _)) => matches!(note.status, Some(401 | 403)),
        _ => false,
    })
}

/// Drops the kept answers of everything that the source needs, at any distance.
fn forget_needs(cx: &RunCx<'_>, at: usize) {
    let plan = &cx.check.plan;
    let mut open = vec![at];
    let mut done = Vec::new();
    while let Some(at) = open.pop() {
        if done.contains(&at) {
            continue;
        }
        done.push(at);
        if let (Some(source), Some(spec)) = (plan.sources.get(at), plan.spec.sources.get(at)) {
            cx.reuse.forget(spec.name);
            open.extend(&source.needs);
        }
    }
}

struct State<'p> {
    results: Results<'p>,
    started: Vec<bool>,
    lets_done: Vec<bool>,
}

impl State<'_> {
    fn next_ready(&self) -> Option<usize> {
        let plan = self.results.plan;
        let ready = |(at, source): &(usize, &SourcePlan)| {
            self.started.get(*at) == Some(&false) && source.waits.iter().all(|waited| self.results.is_done(waited))
        };
        plan.sources.iter().enumerate().find(ready).map(|(at, _)| at)
    }

    /// All sources that can begin, each with the names as they are then.
    fn starts(&mut self, frame: &mut Frame) -> Vec<(Start, Frame)> {
        let plan = self.results.plan;
        let mut starts = Vec::new();
        self.compute_lets(frame);
        while let Some(at) = self.next_ready() {
            if let Some(started) = self.started.get_mut(at) {
                *started = true;
            }
            let (Some(source), Some(spec)) = (plan.sources.get(at), plan.spec.sources.get(at)) else { continue };
            match fate(source, spec, &self.results, frame) {
                Some(result) => self.finish(at, spec, result, frame),
                None => {
                    let input = input_rows(spec, &self.results);
                    let items = items(source, &self.results, frame);
                    if starts.is_empty() {
                        starts.reserve_exact(1);
                    }
                    let off = source.asks_with.iter().any(|at| self.results.is_off(*at));
                    starts.push((Start { at, input, items, held: Held::of(source, &self.results), off }, frame.fresh()));
                }
            }
            self.compute_lets(frame);
        }
        starts
    }

    /// Computes every name of the run whose sources are done.
    fn compute_lets(&mut self, frame: &mut Frame) {
        for (at, planned) in self.results.plan.lets.iter().enumerate() {
            let ready = self.lets_done.get(at) == Some(&false) && planned.waits.iter().all(|waited| self.results.is_done(waited));
            if ready {
                let code = &planned.local.value.0;
                let value = code.eval(frame).unwrap_or_default();
                if value.is_missing() && code.reads_off(frame) {
                    frame.off.push(planned.local.name);
                }
                frame.set(planned.local.name, value);
                if let Some(done) = self.lets_done.get_mut(at) {
                    *done = true;
                }
            }
        }
    }

    fn finish(&mut self, at: usize, spec: &SourceSpec, result: SourceResult, frame: &mut Frame) {
        if result.fate == Fate::Off {
            frame.off.push(spec.name);
        }
        let result = Arc::new(result);
        frame.set(spec.name, Value::Lazy(result.clone()));
        if let Some(slot) = self.results.results.get_mut(at) {
            *slot = Some(result);
        }
    }
}

/// What becomes of a source before it begins: skipped, off, or nothing yet.
fn fate(source: &SourcePlan, spec: &SourceSpec, results: &Results<'_>, frame: &mut Frame) -> Option<SourceResult> {
    let names = frame.names.clone();
    let name_of = |at: usize| results.spec(at).map(|s| names.text(s.name).to_owned()).unwrap_or_default();
    for need in &source.needs {
        let Some(result) = results.get(*need) else { continue };
        let skipped = match result.fate {
            Fate::Skipped => true,
            Fate::Failed => !results.usable(*need),
            Fate::Ok | Fate::Off => false,
        };
        if skipped {
            let reason = format!(
                "source `{}`, which it needs, {}",
                name_of(*need),
                if result.fate == Fate::Failed { "failed" } else { "was skipped" }
            );
            return Some(SourceResult::without_exchange(Fate::Skipped, Some((ErrorKind::Skipped, reason))));
        }
    }
    if rows_are_off(spec, results) {
        return Some(SourceResult::without_exchange(Fate::Off, None));
    }
    let when = source.before.when.as_ref().filter(|when| !source.before.each.iter().any(|each| when.0.uses(each.name)))?;
    let local_lets = source.before.lets.iter().any(|local| when.0.uses(local.name));
    if local_lets {
        for local in source.before.lets.iter().filter(|local| local.after == 0) {
            let value = local.value.0.eval(frame).unwrap_or_default();
            frame.set(local.name, value);
        }
    }
    if when.0.holds(frame) {
        return None;
    }
    let broken = source.when_names.iter().find(|at| results.get(**at).is_some_and(|r| matches!(r.fate, Fate::Failed | Fate::Skipped)));
    Some(match broken {
        Some(at) => {
            let reason = format!("its condition names source `{}`, which did not work", name_of(*at));
            SourceResult::without_exchange(Fate::Skipped, Some((ErrorKind::Skipped, reason)))
        }
        None => SourceResult::without_exchange(Fate::Off, None),
    })
}

/// True if every source that it is made of is off, or one that it loops over.
fn rows_are_off(spec: &SourceSpec, results: &Results<'_>) -> bool {
    let is_off = |name: NameId| results.plan.source_index(name).is_some_and(|at| results.is_off(at));
    let from = &spec.rows.from;
    let made_of_none = !from.is_empty() && from.iter().all(|input| !input.requests && is_off(input.source));
    made_of_none || spec.rows.each.iter().filter_map(|each| each.source).any(is_off)
}

fn input_rows(spec: &SourceSpec, results: &Results<'_>) -> Vec<Row> {
    spec.rows.from.iter().flat_map(|input| results.input(input.source, input.requests).to_vec()).collect()
}

/// What was asked, where the message does not say it, and how many requests failed.
fn asked(result: &SourceResult) -> String {
    let failed = result.requests.iter().find(|note| note.error.is_some());
    let request = failed.map_or("", |note| &note.request);
    let message = result.error.as_ref().map_or("", |(_, message)| message);
    let known = request.is_empty() || message.contains(request);
    let request = if known { String::new() } else { format!(" ({request})") };
    if result.failed_items > 0 && result.requests.len() > 1 {
        format!("{request} ({} of {} requests failed)", result.failed_items, result.requests.len())
    } else {
        request
    }
}

/// Errors and warnings of the sources, each with its place.
pub fn report_sources(cx: &RunCx<'_>, results: &Results<'_>, outcome: &mut Outcome) {
    for (spec, result) in results.iter() {
        let name = cx.check.plan.names.text(spec.name);
        for (cap, count) in &result.caps {
            let message = format!("source `{name}`: {cap}");
            outcome.warnings.push(Remark { span: spec.span, message, count: *count });
        }
        let Some((_, message)) = &result.error else { continue };
        let message = format!("source `{name}`: {}{}", cut(message, 1000), asked(result));
        match (result.fate, spec.on_error) {
            (Fate::Failed, OnError::Fail) => outcome.errors.push(Failure { span: spec.span, message }),
            // What was skipped has its reason in the error of another source.
            (Fate::Failed, OnError::Continue) => outcome.warnings.push(Remark { span: spec.span, message, count: 1 }),
            (Fate::Skipped | Fate::Ok | Fate::Off, _) => {}
        }
    }
}
