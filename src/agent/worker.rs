//! One run as a task: bounded, and a panic in it ends that run only.
//!
//! The order at its end is the promise of the whole: first the output is written out, then the
//! memory moves, then it is saved. A crash in between repeats data and loses none.

use super::line::Lines;
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::expr::frame::Remark;
use crate::fold::Point;
use crate::plan::Check;
use crate::run::exchanger::Exchanger;
use crate::run::reuse::Reuse;
use crate::run::{Failure, Memory, Outcome, RunCx, run, run_time};
use crate::state::folder::{Folder, Loaded};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

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
    pub output: mpsc::Sender<Chunk>,
    /// Where memories lie, if they are to outlive the process.
    pub state: Option<State>,
}

/// A part of the output.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Whole lines.
    pub text: String,
    /// Told once the text, and all before it, was written out.
    pub written: Option<oneshot::Sender<()>>,
}

/// The folder of memories, and whether its trouble was told.
#[derive(Debug)]
pub struct State {
    folder: Folder,
    told: AtomicBool,
}

impl State {
    /// The folder of memories.
    pub fn new(folder: Folder) -> Self {
        State { folder, told: AtomicBool::new(false) }
    }

    /// Thousands of checks would say the same of a full disk: the first says it, the others only to
    /// those who look for a fault.
    fn tell(&self, why: &str) {
        if self.told.swap(true, Ordering::Relaxed) {
            tracing::debug!(why, "state is not saved");
        } else {
            tracing::error!(why, "state is not saved; the checks go on, and a restart will repeat what they have sent");
        }
    }
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
    /// What it remembers; none if it is to be loaded from disk.
    pub memory: Option<Memory>,
    /// What it uses again, in memory only.
    pub reuse: Reuse,
}

/// Runs a check once, writes what it reports, and answers with what the next run begins with.
pub async fn work(id: u32, check: Arc<Check>, carried: Carried, interval: Duration, shared: Arc<Shared>) -> Done {
    let Carried { memory, reuse } = carried;
    let Loaded { memory, warning } = match memory {
        Some(memory) => Loaded { memory, warning: None },
        None => load(&check, &shared).await,
    };
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
    outcome.warnings.extend(warning.map(|message| Remark { span: check.instance.span, message, count: 1 }));
    // Only people are shown what counters and rates came to; programs get the values as submitted.
    let points = if shared.lines.readable { outcome.fold(&memory) } else { Vec::new() };
    let moved = memory.is_moved_by(&outcome.changes);
    let accepted = write(&check, &outcome, &points, &shared, moved).await;
    let memory = remember(&check, outcome, memory, &shared, accepted.then_some(moved)).await;
    Done { id, carried: Carried { memory, reuse } }
}

async fn load(check: &Check, shared: &Shared) -> Loaded {
    let Some(state) = &shared.state else { return Loaded::default() };
    let (folder, owner, now) = (state.folder.clone(), check.owner(), shared.clock.now());
    let loaded = tokio::task::spawn_blocking(move || folder.load(&owner, now)).await.unwrap_or_default();
    if let Some(warning) = &loaded.warning {
        tracing::warn!(check = %check.label(), "{warning}");
    }
    loaded
}

/// Writes what a run reports. With `wait` the answer is whether all of it was written out.
async fn write(check: &Check, outcome: &Outcome, points: &[Point], shared: &Shared, wait: bool) -> bool {
    // A chunk takes a tenth of a millisecond, and others have their turn while it is handed on.
    for text in shared.lines.chunks(check, outcome, points, shared.clock.now()) {
        // The writer is gone when nobody reads any more.
        let _ = shared.output.send(Chunk { text, written: None }).await;
    }
    if !wait {
        return true;
    }
    let (written, done) = oneshot::channel();
    let _ = shared.output.send(Chunk { text: String::new(), written: Some(written) }).await;
    done.await.is_ok()
}

/// Moves the memory once the output was accepted (`Some`), and saves it where it has moved. Output
/// that was not accepted leaves everything as it was, so that the next run repeats it.
async fn remember(check: &Check, mut outcome: Outcome, mut memory: Memory, shared: &Shared, accepted: Option<bool>) -> Option<Memory> {
    let Some(moved) = accepted else { return Some(memory) };
    outcome.remember(&mut memory);
    let Some(state) = shared.state.as_ref().filter(|_| moved) else { return Some(memory) };
    let (folder, owner) = (state.folder.clone(), check.owner());
    let saving = tokio::task::spawn_blocking(move || (folder.save(&owner, &memory), memory));
    let (saved, memory) = saving.await.ok()?;
    if let Err(why) = saved {
        state.tell(&why);
    }
    Some(memory)
}

fn panicked(check: &Check) -> Outcome {
    let message = "the engine itself failed in this run: this is a bug of the engine".to_owned();
    Outcome { errors: vec![Failure { span: check.instance.span, message }], ..Outcome::default() }
}
