//! One run as a task: bounded, and a panic in it ends that run only.
//!
//! The order at its end is the promise of the whole: first the output is written out, then the
//! memory moves, then it is saved. A crash in between repeats data and loses none.

use super::board::{Counts, LastValue, RunNote};
use super::line::{Chunks, Lines};
use super::spooler::{Moved, Spooler, Times};
use crate::base::limits;
use crate::base::number::Number;
use crate::base::print::one_line;
use crate::base::span::Sources;
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::expr::frame::Remark;
use crate::fold::{Points, remembers};
use crate::observation::Status;
use crate::plan::Check;
use crate::run::aside::{MANY, aside};
use crate::run::exchanger::Exchanger;
use crate::run::reuse::Reuse;
use crate::run::{Failure, Memory, Outcome, RunCx, run, run_time};
use crate::state::folder::{Folder, Loaded};
use futures_util::FutureExt;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// What the runs of one reading of the settings share.
pub struct Shared {
    /// How to talk to the outside.
    pub exchanger: Arc<dyn Exchanger>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where the output goes.
    pub output: Output,
    /// Where memories lie, if they are to outlive the process.
    pub state: Option<Arc<State>>,
}

/// Where the output of runs goes.
pub enum Output {
    /// To standard output, as lines.
    Lines {
        /// True if they are for people.
        readable: bool,
        /// Who writes them.
        writer: mpsc::Sender<Chunk>,
    },
    /// To the sinks, through the spool.
    Spool(Spooler),
}

/// What the runs of one reading of the configuration share.
pub struct Generation {
    /// The paths and lines of all files, for the places of observations and errors.
    pub sources: Arc<Sources>,
    /// `engine` in expressions.
    pub engine: Value,
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
    /// Places for those that are loading. The runtime makes a thread for each of them, and a thread has
    /// memory of its own for as long as the process lives.
    loading: Semaphore,
}

/// Memories that are loaded at a time: of ten thousand checks that begin at once.
const LOADS_AT_ONCE: usize = 2;

impl State {
    /// The folder of memories.
    pub fn new(folder: Folder) -> Self {
        State { folder, told: AtomicBool::new(false), loading: Semaphore::new(LOADS_AT_ONCE) }
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Thousands of checks would say the same of a full disk: the first says it, the others only to
    /// those who look for a fault.
    fn tell(&self, why: &str) {
        if self.told.swap(true, Ordering::Relaxed) {
            tracing::debug!(target: "state", why, "state is not saved");
        } else {
            tracing::error!(target: "state", why, "state is not saved; the checks go on, and a restart will repeat what they have sent");
        }
    }
}

/// A run that begins.
pub struct Job {
    /// The number of the check.
    pub id: u32,
    /// The check.
    pub check: Arc<Check>,
    /// What its files were when it was read.
    pub generation: Arc<Generation>,
    /// What it begins with.
    pub carried: Carried,
    /// The time between two runs.
    pub period: Duration,
    /// When it was to begin.
    pub due: Instant,
}

/// What a worker sends back.
pub struct Done {
    /// The number of the check.
    pub id: u32,
    /// The check, which may have been replaced meanwhile.
    pub check: Arc<Check>,
    /// What the check's next run begins with.
    pub carried: Carried,
    /// What the board is told.
    pub note: RunNote,
    /// How it ended.
    pub end: End,
    /// The record that it left in the spool.
    pub moved: Option<Moved>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Own,
    /// It was dropped after its deadline.
    Overtime,
    /// The engine itself failed in it.
    Panic,
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
pub async fn work(job: Job, shared: Arc<Shared>) -> Done {
    let Job { id, check, generation, carried: Carried { memory, reuse }, period, due } = job;
    let Loaded { memory, warning } = match memory {
        Some(memory) => Loaded { memory, warning: None },
        None => load(&check, &shared).await,
    };
    let (started, begun) = (shared.clock.now(), shared.clock.instant());
    let cx = RunCx {
        check: &check,
        memory: &memory,
        exchanger: &*shared.exchanger,
        clock: &*shared.clock,
        engine: &generation.engine,
        interval: period,
        deadline: begun + run_time(&check.instance, period),
        reuse: &reuse,
        requests: Default::default(),
        trace: None,
    };
    let (mut outcome, end) = bounded(&cx).await;
    outcome.warnings.extend(warning.map(|message| Remark { span: check.instance.span, message, count: 1 }));
    let late = begun.saturating_duration_since(due);
    let end_of = Ending { id, check, generation, reuse, end, started, late, period };
    match &shared.output {
        Output::Lines { readable, writer } => end_of.in_lines(outcome, memory, *readable, writer, &shared).await,
        Output::Spool(spooler) => end_of.in_spool(outcome, memory, spooler, &shared).await,
    }
}

/// What the end of a run needs besides its outcome.
struct Ending {
    id: u32,
    check: Arc<Check>,
    generation: Arc<Generation>,
    reuse: Reuse,
    end: End,
    started: Timestamp,
    late: Duration,
    period: Duration,
}

impl Ending {
    async fn in_lines(self, mut outcome: Outcome, memory: Memory, readable: bool, writer: &mpsc::Sender<Chunk>, shared: &Shared) -> Done {
        // Only people are shown what counters and rates came to; programs get the values as submitted.
        let points = if readable { outcome.fold(&memory, &self.generation.sources) } else { Points::default() };
        let moved = memory.is_moved_by(&outcome.changes);
        let note = self.note(&outcome, &points);
        let lines = Lines { sources: self.generation.sources.clone(), readable };
        let chunks = lines.chunks(&self.check, &outcome, &points, shared.clock.now());
        let accepted = write(chunks, writer, moved).await;
        let memory = remember(&self.check, outcome, memory, shared, accepted.then_some(moved)).await;
        self.done(memory, note, None)
    }

    async fn in_spool(self, mut outcome: Outcome, mut memory: Memory, spooler: &Spooler, shared: &Shared) -> Done {
        let heavy = outcome.observations.samples.len() > MANY;
        let points = aside(heavy, || outcome.fold(&memory, &self.generation.sources));
        let mut note = self.note(&outcome, &points);
        let times = Times { started: self.started, ended: shared.clock.now(), period: self.period };
        let taken = spooler.take(&self.check, outcome, points, &self.generation.sources, times, &mut memory).await;
        let moved = match taken {
            Ok(moved) => Some(moved),
            Err(why) => {
                let (spec, instance) = (&self.check.plan.spec.name, self.check.label());
                tracing::error!(target: "checks", spec = %spec, instance = %instance, "what the run reports was dropped: {why}");
                (note.status, note.error) = (Status::Critical, Some(why.into()));
                None
            }
        };
        self.done(Some(memory), note, moved)
    }

    fn note(&self, outcome: &Outcome, points: &Points) -> RunNote {
        note(outcome, points, &self.generation.sources, self.started, self.late)
    }

    fn done(self, memory: Option<Memory>, note: RunNote, moved: Option<Moved>) -> Done {
        Done { id: self.id, check: self.check, carried: Carried { memory, reuse: self.reuse }, note, end: self.end, moved }
    }
}

/// The run, which ends by itself at its deadline; what does not is dropped, with its connections and
/// children.
async fn bounded(cx: &RunCx<'_>) -> (Outcome, End) {
    let limit = cx.deadline + limits::RUN_OVERTIME;
    let whole = tokio::time::timeout_at(limit.into(), AssertUnwindSafe(run(cx)).catch_unwind());
    let begun = cx.clock.instant();
    let (message, end) = match whole.await {
        Ok(Ok(outcome)) => return (outcome, End::Own),
        Ok(Err(_)) => ("the engine itself failed in this run: this is a bug of the engine", End::Panic),
        Err(_) => ("the run was dropped: it did not end at its deadline", End::Overtime),
    };
    let errors = vec![Failure { span: cx.check.instance.span, message: message.to_owned() }];
    let duration = cx.clock.instant().saturating_duration_since(begun);
    (Outcome { errors, duration, ..Outcome::default() }, end)
}

/// What the board keeps of a run.
fn note(outcome: &Outcome, points: &Points, sources: &Sources, started: Timestamp, late: Duration) -> RunNote {
    let placed = |span, message: &str| match sources.origin(span) {
        place if place.is_empty() => one_line(message),
        place => format!("{place}: {}", one_line(message)),
    };
    let errors: Vec<String> = outcome.errors.iter().map(|failure| placed(failure.span, &failure.message)).collect();
    let status = match (errors.is_empty(), outcome.warnings.is_empty()) {
        (false, _) => Status::Critical,
        (true, false) => Status::Warning,
        (true, true) => Status::Ok,
    };
    RunNote {
        started,
        duration: outcome.duration,
        late,
        status,
        error: (!errors.is_empty()).then(|| errors.join("; ").into()),
        warnings: RunNote::kept(outcome.warnings.iter().map(|warning| placed(warning.span, &warning.message))),
        n_warnings: outcome.warnings.len(),
        counts: Counts::of(&outcome.observations),
        values: last_values(outcome, points),
    }
}

/// The last values: what rates and counters came to where they were folded, all others as submitted.
fn last_values(outcome: &Outcome, points: &Points) -> Box<[LastValue]> {
    let submitted = outcome.observations.samples.iter().filter(|sample| !remembers(sample.metric_type));
    let submitted = submitted.map(|sample| LastValue {
        name: sample.name.clone(),
        tags: sample.tags.clone(),
        value: Number::as_f64(sample.value),
        unit: sample.unit.clone(),
    });
    let folded = points.iter().filter(|point| remembers(point.metric_type)).map(LastValue::from);
    submitted.chain(folded).take(limits::LAST_VALUES_EACH).collect()
}

async fn load(check: &Check, shared: &Shared) -> Loaded {
    let Some(state) = &shared.state else { return Loaded::default() };
    // The places are there as long as the folder.
    let _place = state.loading.acquire().await;
    let (folder, owner, now) = (state.folder.clone(), check.owner(), shared.clock.now());
    let loaded = tokio::task::spawn_blocking(move || folder.load(&owner, now)).await.unwrap_or_default();
    if let Some(warning) = &loaded.warning {
        tracing::warn!(target: "checks", spec = %check.plan.spec.name, instance = %check.label(), "{warning}");
    }
    loaded
}

/// Writes what a run reports. With `wait` the answer is whether all of it was written out.
async fn write(chunks: Chunks<'_>, writer: &mpsc::Sender<Chunk>, wait: bool) -> bool {
    // A chunk takes a tenth of a millisecond, and others have their turn while it is handed on.
    for text in chunks {
        // The writer is gone when nobody reads any more.
        let _ = writer.send(Chunk { text, written: None }).await;
    }
    if !wait {
        return true;
    }
    let (written, done) = oneshot::channel();
    let _ = writer.send(Chunk { text: String::new(), written: Some(written) }).await;
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
