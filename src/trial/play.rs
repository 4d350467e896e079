//! The runs of one test.

use super::answer::Beside;
use super::case::Case;
use super::script::{Asked, Script};
use super::time::Still;
use crate::base::diag::Diagnostic;
use crate::base::limits;
use crate::base::span::Sources;
use crate::base::time::{Clock, epoch_seconds};
use crate::base::value::Value;
use crate::expr::frame::Marks;
use crate::fold::Points;
use crate::plan::Check;
use crate::run::exchanger::Exchanger;
use crate::run::reuse::Reuse;
use crate::run::{Memory, Outcome, RunCx, run, run_time};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What the runs of a test came to.
#[derive(Debug, Default)]
pub struct Played {
    /// One for each run.
    pub runs: Vec<PlayedRun>,
    /// What is wrong with the answers of the test.
    pub problems: Vec<Diagnostic>,
    /// The answers that nothing asked for, as problems.
    pub unused: Vec<Diagnostic>,
    /// The places of the spec that the runs have reached.
    pub marks: Arc<Marks>,
}

/// What one run left.
#[derive(Debug)]
pub struct PlayedRun {
    /// Its observations, errors and warnings.
    pub outcome: Outcome,
    /// The points that are sent.
    pub points: Points,
    /// What is remembered under `state` from now on.
    pub state: Value,
    /// The requests, in order.
    pub asked: Vec<Asked>,
    /// When it began, in seconds since 1970; none where its pauses took time.
    pub began: Option<f64>,
}

/// When the first run begins where a test says nothing: 2026-01-01T00:00:00Z.
const FIRST: i64 = 1_767_225_600;

/// Runs a test. Nothing leaves the program, and no time passes.
pub async fn play(case: &Case, check: &Check, folder: &Path) -> Played {
    let interval = case.written.interval.map(crate::yaml::basic::Seconds::duration);
    let interval = interval.unwrap_or_else(|| check.instance.min_interval.max(limits::INTERVAL_DEFAULT));
    let engine = case.engine();
    let clock = Still::at(moment(case, interval, 0));
    let script = Script::new(&case.written.given.0, Beside { folder, test: case.span }, clock.clone());
    let mut memory = before(case);
    let reuse = Reuse::default();
    let mut played = Played::default();
    for n in 0..case.runs() {
        let now = moment(case, interval, n);
        clock.jump(now);
        script.begin(n);
        let cx = RunCx {
            check,
            memory: &memory,
            exchanger: &script,
            clock: &*clock,
            engine: &engine,
            interval,
            deadline: clock.instant() + run_time(&check.instance, interval),
            reuse: &reuse,
            requests: Default::default(),
            trace: None,
        };
        let mut outcome = clock.drive(run(&cx)).await;
        // Nobody asks for the places of points.
        let points = outcome.fold(&memory, &Sources::default());
        let still = clock.now() == now;
        let began = still.then(|| epoch_seconds(now));
        outcome.remember(&mut memory);
        played.runs.push(PlayedRun { outcome, points, state: memory.state().clone(), asked: script.asked(), began });
    }
    played.problems = script.problems();
    played.unused = script.unused();
    played.marks = script.marks().unwrap_or_default();
    played
}

/// When a run begins.
fn moment(case: &Case, interval: Duration, n: usize) -> Timestamp {
    let times = case.written.now.as_ref().map_or(&[][..], |times| &times.0);
    let first = times.first().map_or_else(|| Timestamp::from_second(FIRST).unwrap_or_default(), |at| at.0);
    match times.get(n) {
        Some(at) => at.0,
        None => {
            let (from, steps) = times.last().map_or((first, n), |last| (last.0, n + 1 - times.len()));
            let steps = u32::try_from(steps).unwrap_or(u32::MAX);
            from.checked_add(interval.saturating_mul(steps)).unwrap_or(from)
        }
    }
}

fn before(case: &Case) -> Memory {
    let mut memory = Memory::default();
    if let Some(changes) = case.remembered() {
        memory.apply(changes);
    }
    memory
}
