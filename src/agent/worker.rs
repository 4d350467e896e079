//! One run as a task: bounded, and a panic in it ends that run only.

use super::line::Lines;
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::plan::Check;
use crate::run::exchanger::Exchanger;
use crate::run::reuse::Reuse;
use crate::run::{Failure, Memory, Outcome, RunCx, run, run_time};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What all runs share.
pub struct Shared {
    /// How to talk to the outside.
    pub exchanger: Box<dyn Exchanger>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// `engine` in expressions.
    pub engine: Value,
    /// Observations as lines.
    pub lines: Lines,
    /// Where lines go.
    pub output: mpsc::Sender<String>,
}

/// What a worker sends back.
pub struct Done {
    /// The number of the check.
    pub id: u32,
    /// What the check's next run begins with.
    pub carried: Carried,
}

/// What a check carries from one run to the next.
#[derive(Default)]
pub struct Carried {
    /// What it remembers.
    pub memory: Memory,
    /// What it uses again, in memory only.
    pub reuse: Reuse,
}

/// Runs a check once, writes what it reports, and answers with what the next run begins with.
pub async fn work(id: u32, check: Arc<Check>, carried: Carried, interval: Duration, shared: Arc<Shared>) -> Done {
    let Carried { mut memory, reuse } = carried;
    let cx = RunCx {
        check: &check,
        memory: &memory,
        exchanger: &*shared.exchanger,
        clock: &*shared.clock,
        engine: &shared.engine,
        interval,
        deadline: shared.clock.instant() + run_time(&check.instance, interval),
        reuse: &reuse,
        requests: Default::default(),
        trace: None,
    };
    let mut outcome = AssertUnwindSafe(run(&cx)).catch_unwind().await.unwrap_or_else(|_| panicked(&check));
    // Only people are shown what counters and rates came to; programs get the values as submitted.
    let (points, readings) = if shared.lines.readable { outcome.fold(&memory) } else { Default::default() };
    memory.readings = readings;
    let chunks = shared.lines.chunks(&check, &outcome, &points, shared.clock.now());
    // A chunk takes a tenth of a millisecond, and others have their turn while it is handed on.
    for text in chunks {
        // The writer is gone only when the program ends.
        let _ = shared.output.send(text).await;
    }
    outcome.remember(&mut memory);
    Done { id, carried: Carried { memory, reuse } }
}

fn panicked(check: &Check) -> Outcome {
    let message = "the engine itself failed in this run: this is a bug of the engine".to_owned();
    Outcome { errors: vec![Failure { span: check.instance.span, message }], ..Outcome::default() }
}
