//! One check, once.
//!
//! Sources run in order of need, independent ones at the same time; then every mapping is
//! evaluated. Nothing of a run is seen outside before its [`Outcome`] is complete, so a run that
//! fails half-way leaves no half-truths.

pub mod aside;
pub mod ask;
mod assemble;
mod echo;
pub mod exchanger;
pub mod fetch;
mod flow;
mod index;
pub mod login;
pub mod mapping;
pub mod order;
pub mod page;
mod records;
mod remember;
pub mod result;
pub mod reuse;
mod rules;
mod seen;
mod survivors;
pub mod trace;

use crate::base::print::one_line;
use crate::base::span::{Sources, Span};
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::expr::frame::{Frame, Remark};
use crate::expr::names;
use crate::fold::{Points, Readings, fold};
use crate::observation::Observations;
use crate::plan::Check;
pub use crate::state::{Changes, Memory};
use exchanger::Exchanger;
use remember::Left;
use result::RunFacts;
use reuse::Reuse;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};
use trace::Trace;

/// What a run may use.
pub struct RunCx<'r> {
    /// The check.
    pub check: &'r Check,
    /// What earlier runs left.
    pub memory: &'r Memory,
    /// How to talk to the outside.
    pub exchanger: &'r dyn Exchanger,
    /// The clocks.
    pub clock: &'r dyn Clock,
    /// `engine` in expressions.
    pub engine: &'r Value,
    /// The interval of the check.
    pub interval: Duration,
    /// When the run ends, whatever it is doing.
    pub deadline: Instant,
    /// What later runs of the check use again.
    pub reuse: &'r Reuse,
    /// Requests made so far.
    pub requests: AtomicUsize,
    /// Notes what happens, for a person who looks for a fault.
    pub trace: Option<&'r Trace>,
}

/// What one run leaves.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it reports.
    pub observations: Observations,
    /// Why it is an error; empty if it is none.
    pub errors: Vec<Failure>,
    /// What was left out, and sources that failed under `on_error: continue`.
    pub warnings: Vec<Remark>,
    /// How long it took.
    pub duration: Duration,
    /// What the next run is to know, once this one was accepted.
    pub changes: Changes,
}

/// One reason why a run is an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The place in the spec.
    pub span: Span,
    /// One sentence: what failed, and why.
    pub message: String,
}

impl Outcome {
    /// True if the run is an error.
    pub fn failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// All reasons in one line.
    pub fn error(&self) -> Option<String> {
        let messages: Vec<_> = self.errors.iter().map(|failure| one_line(&failure.message)).collect();
        (!messages.is_empty()).then(|| messages.join("; "))
    }

    /// The points of the run's samples, with places in these texts. The readings that the next run
    /// counts from become a part of the changes.
    pub fn fold(&mut self, memory: &Memory, sources: &Sources) -> Points {
        let none = Readings::default();
        let folding = fold(&self.observations.samples, memory.readings().unwrap_or(&none), sources);
        self.changes.readings = folding.readings;
        self.warnings.extend(folding.remarks);
        folding.points
    }

    /// Moves what the run has left into the memory: its output was accepted.
    pub fn remember(&mut self, memory: &mut Memory) {
        memory.apply(std::mem::take(&mut self.changes));
    }
}

/// Runs a check once.
pub async fn run(cx: &RunCx<'_>) -> Outcome {
    let started = cx.clock.instant();
    cx.check.sessions.begin_run();
    let mut frame = base_frame(cx);
    let mut results = order::run_sources(cx, &mut frame).await;
    let made = std::mem::take(&mut results.made);
    let mut outcome = Outcome::default();
    order::report_sources(cx, &results, &mut outcome);
    set_run(cx, &mut frame, &outcome);
    let mut left = Left::default();
    let rows = results.iter().map(|(_, result)| result.rows.len()).max().unwrap_or(0);
    aside::aside(rows > aside::MANY, || mapping::run_mappings(cx, &results, made, &mut frame, &mut left, &mut outcome));
    outcome.changes = remember::changes(cx, &results, &mut frame, left);
    outcome.warnings.append(&mut frame.remarks);
    echo::mask(cx.check, &mut outcome);
    outcome.duration = cx.clock.instant().saturating_duration_since(started);
    outcome
}

/// The names that exist before any source has run.
fn base_frame(cx: &RunCx<'_>) -> Frame {
    let check = cx.check;
    let mut frame = Frame::new(check.plan.names.clone(), check.cache.clone());
    frame.marks = cx.exchanger.marks();
    frame.set(names::INSTANCE, check.instance.config.clone());
    frame.set(names::INIT_CONFIG, check.instance.init_config.clone());
    frame.set(names::ENGINE, cx.engine.clone());
    frame.set(names::NOW, Value::Time(cx.clock.now()));
    frame.set(names::TABLES, check.plan.spec.tables.clone());
    frame.set(names::SPEC, check.plan.facts.clone());
    if check.plan.reads(names::RUN) {
        let facts = RunFacts { interval: cx.interval, number: cx.memory.runs() + 1, failures: None };
        frame.set(names::RUN, Value::Lazy(Arc::new(facts)));
    }
    frame.set(names::PREVIOUS, cx.memory.previous().clone());
    let state = remember::state_at_first(cx, &mut frame);
    frame.set(names::STATE, state);
    frame
}

/// `run.failed` and `run.errors` are known once all sources are done.
fn set_run(cx: &RunCx<'_>, frame: &mut Frame, outcome: &Outcome) {
    if !cx.check.plan.reads(names::RUN) {
        return;
    }
    let failures = outcome.errors.iter().map(|failure| failure.message.clone()).collect();
    let facts = RunFacts { interval: cx.interval, number: cx.memory.runs() + 1, failures: Some(failures) };
    frame.set(names::RUN, Value::Lazy(Arc::new(facts)));
}

/// The deadline of a run: its own, or the interval, at most a minute.
pub fn run_time(instance: &crate::conf::instance::Instance, interval: Duration) -> Duration {
    let usual = instance.min_interval.max(interval).min(crate::base::limits::RUN_TIME_DEFAULT);
    instance.run_timeout.unwrap_or(usual)
}
