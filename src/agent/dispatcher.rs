//! The one loop that owns the schedule and the memory of all checks.

use super::board::Board;
use super::clocks::{Clocks, Jump, Reading};
use super::host::host_of;
use super::lanes::{Lanes, Turn};
use super::load::Loaded;
use super::memories::{Checkpoints, Filed, Written};
use super::schedule::{Schedule, period};
use super::service;
use super::worker::{Carried, Done, End, Generation, Job, Shared, work};
use crate::base::limits;
use crate::conf::settings::LimitsConf;
use crate::plan::Check;
use crate::state::folder;
use futures_util::FutureExt;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// Clocks are compared, and children that escaped their group looked for, this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks from one search for escaped children to the next.
const LOOKS_PER_STRAYS: u32 = 10;

/// One check on the schedule.
pub(super) struct Entry {
    pub(super) check: Arc<Check>,
    pub(super) generation: Arc<Generation>,
    /// None before the first run, and while a run has it.
    pub(super) carried: Option<Carried>,
    pub(super) filed: Filed,
    host: u32,
    slow: bool,
}

/// The schedule of all checks, and what they remember.
pub struct Dispatcher {
    pub(super) entries: Vec<Option<Entry>>,
    pub(super) schedule: Schedule,
    pub(super) board: Arc<Board>,
    pub(super) shared: Arc<Shared>,
    pub(super) interval: Duration,
    lanes: Lanes,
    /// When the runs that wait for a place were to begin.
    due: Vec<Option<Instant>>,
    workers: JoinSet<(Turn, Option<Done>)>,
    once: bool,
    pub(super) runtime: Handle,
    pub(super) checkpoints: Option<Checkpoints>,
}

/// A reading of all files.
pub struct Configured {
    /// What was read.
    pub loaded: Loaded,
    /// Why it was read: `start`, `SIGHUP`, `files`, `secrets`.
    pub reason: &'static str,
    /// What its runs stand on; none where engine.yaml cannot be used, and then nothing changes.
    pub ground: Option<Ground>,
}

/// What the runs of a reading stand on.
pub struct Ground {
    /// What they share.
    pub shared: Arc<Shared>,
    /// Who writes the files of memories, where a spool has just been opened.
    pub checkpoints: Option<Checkpoints>,
}

/// What the outside tells the dispatcher.
pub enum Message {
    /// End, and why.
    Stop(&'static str),
    /// All files were read again.
    Configured(Box<Configured>),
    /// A checkpoint has ended.
    Written(Written),
}

impl Dispatcher {
    /// An empty schedule, whose runs go to `runtime`; with `once`, each check runs a single time, at
    /// once.
    pub fn new(shared: Arc<Shared>, board: Arc<Board>, bounds: &LimitsConf, runtime: Handle, once: bool) -> Self {
        Dispatcher {
            entries: Vec::new(),
            schedule: Schedule::new(shared.clock.instant()),
            board,
            interval: limits::INTERVAL_DEFAULT,
            lanes: Lanes::new(bounds.runs_at_once.0, bounds.runs_per_host.0),
            due: Vec::new(),
            workers: JoinSet::new(),
            once,
            runtime,
            checkpoints: None,
            shared,
        }
    }

    /// Puts the first checks on the schedule.
    pub fn begin(&mut self, reading: Configured) {
        self.take_over(reading);
    }

    /// Runs until a message says so; then gives the runs in progress a moment to end.
    pub async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        if self.once {
            self.all_at_once();
        }
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut clocks = Clocks::new(Reading::now(), LOOK_EVERY);
        let mut n_looks = 0u32;
        service::ready();
        loop {
            self.start_waiting();
            if self.once && self.lanes.waiting() == 0 && self.workers.is_empty() {
                return self.last_checkpoint().await;
            }
            let next = self.schedule.next().filter(|_| !self.once);
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Message::Configured(reading)) => self.take_over(*reading),
                    Some(Message::Written(written)) => self.written(written),
                    Some(Message::Stop(reason)) => return self.drain(reason).await,
                    None => return self.drain("closed").await,
                },
                Some(done) = self.workers.join_next() => self.finish(done),
                () = until(next) => self.start_due(),
                _ = looks.tick() => {
                    n_looks = n_looks.wrapping_add(1);
                    service::alive();
                    clocks.look(Reading::now()).into_iter().for_each(|jump| self.tell(jump));
                    self.checkpoint_if_due();
                    if n_looks.is_multiple_of(LOOKS_PER_STRAYS) {
                        crate::net::reaper::reap_strays();
                    }
                }
            }
        }
    }

    fn all_at_once(&mut self) {
        let now = self.shared.clock.instant();
        for id in 0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX) {
            self.schedule.begin(id);
            self.await_turn(id, now, now);
        }
    }

    fn tell(&self, jump: Jump) {
        self.board.count(|totals| totals.clock_jumps += 1);
        match jump {
            Jump::Asleep(time) => {
                tracing::warn!(target: "schedule", seconds = time.as_secs_f64(), "the machine was asleep: no check ran meanwhile")
            }
            Jump::Stopped(time) => {
                tracing::warn!(target: "schedule", seconds = time.as_secs_f64(), "the engine stood still: runs were missed and are not repeated");
            }
            Jump::Wall(seconds) => {
                tracing::warn!(target: "schedule", seconds, "the wall clock jumped: the schedule goes on, time stamps follow the new time")
            }
        }
    }

    fn start_due(&mut self) {
        let now = self.shared.clock.instant();
        while let Some(due) = self.schedule.pop(now) {
            self.await_turn(due.id, due.at, due.next);
        }
    }

    fn await_turn(&mut self, id: u32, at: Instant, next: Instant) {
        let Some(entry) = self.entries.get(id as usize).and_then(Option::as_ref) else { return };
        self.lanes.push(Turn { id, host: entry.host, slow: entry.slow });
        self.due.resize(self.due.len().max(id as usize + 1), None);
        if let Some(due) = self.due.get_mut(id as usize) {
            *due = Some(at);
        }
        self.board.began(id, next, self.schedule.skipped(id));
    }

    fn start_waiting(&mut self) {
        while let Some(turn) = self.lanes.begin() {
            let Some(entry) = self.entries.get_mut(turn.id as usize).and_then(Option::as_mut) else {
                // It was removed while it waited.
                self.schedule.done(turn.id);
                self.lanes.end(turn);
                continue;
            };
            let due = self.due.get_mut(turn.id as usize).and_then(Option::take);
            entry.filed.floor = self.checkpoints.as_ref().map(|checkpoints| checkpoints.highest);
            let job = Job {
                id: turn.id,
                check: entry.check.clone(),
                generation: entry.generation.clone(),
                carried: entry.carried.take().unwrap_or_default(),
                period: self.schedule.period(turn.id),
                due: due.unwrap_or_else(|| self.shared.clock.instant()),
            };
            let run = AssertUnwindSafe(work(job, self.shared.clone())).catch_unwind();
            self.workers.spawn_on(async move { (turn, run.await.ok()) }, &self.runtime);
        }
        self.board.load(self.lanes.running(), self.lanes.waiting());
    }

    fn finish(&mut self, done: Result<(Turn, Option<Done>), tokio::task::JoinError>) {
        // A task that was cancelled: the whole is ending.
        let Ok((turn, done)) = done else { return };
        self.lanes.end(turn);
        let stays = self.schedule.done(turn.id);
        let Some(done) = done else {
            self.board.count(|totals| totals.panics += 1);
            return tracing::error!(target: "schedule", "the engine itself failed after a run: this is a bug of the engine");
        };
        if !stays {
            return self.save_now(done.check.owner(), done.carried.memory.filter(|_| done.moved.is_some()));
        }
        let Some(entry) = self.entries.get_mut(done.id as usize).and_then(Option::as_mut) else { return };
        entry.filed.floor = None;
        if let (Some(moved), Some(checkpoints)) = (done.moved, &mut self.checkpoints) {
            checkpoints.highest = checkpoints.highest.max(moved.sequence);
            if moved.worth_a_file && entry.filed.lacks == 0 {
                entry.filed.lacks = moved.sequence;
            }
        }
        entry.slow = done.note.duration > limits::RUN_SLOW;
        let Carried { memory, reuse } = done.carried;
        let same = done.check.plan.version == entry.check.plan.version;
        entry.carried = Some(Carried { memory, reuse: if same { reuse } else { Default::default() } });
        match done.end {
            End::Own => {}
            End::Overtime => self.board.count(|totals| totals.overtime += 1),
            End::Panic => self.board.count(|totals| totals.panics += 1),
        }
        let (spec, label) = (entry.check.plan.spec.name.clone(), entry.check.label());
        let (error, status) = (done.note.error.clone().unwrap_or_default(), done.note.status);
        let warning = done.note.warnings.first().cloned().unwrap_or_default();
        use crate::observation::Status::{Critical, Ok as Well, Unknown, Warning};
        match (self.board.ended(done.id, done.note), status) {
            (true, Critical) => tracing::warn!(target: "checks", spec = %spec, instance = %label, "the run failed: {error}"),
            (true, Warning | Unknown) => {
                tracing::info!(target: "checks", spec = %spec, instance = %label, "the run has warnings: {warning}")
            }
            (true, Well) => tracing::info!(target: "checks", spec = %spec, instance = %label, "the run is ok"),
            (false, _) => {
                tracing::debug!(target: "checks", spec = %spec, instance = %label, status = status.word(), error = %error, "a run ended")
            }
        }
    }

    /// No new runs; those in progress get a moment, then they are cancelled with their children.
    async fn drain(mut self, reason: &str) {
        service::stopping();
        tracing::info!(target: "schedule", reason, running = self.workers.len(), "stopping");
        let end = tokio::time::Instant::now() + limits::STOP_GRACE;
        while !self.workers.is_empty() {
            tokio::select! {
                Some(done) = self.workers.join_next() => self.finish(done),
                () = sleep_until(end) => {
                    tracing::warn!(target: "schedule", running = self.workers.len(), "runs were cancelled");
                    self.workers.shutdown().await;
                    break;
                }
            }
        }
        self.last_checkpoint().await;
    }

    /// Bounds of a reading of engine.yaml.
    pub(super) fn set_bounds(&mut self, bounds: &LimitsConf) {
        self.lanes.set_most(bounds.runs_at_once.0, bounds.runs_per_host.0);
    }

    /// Room for `n` new checks: growing step by step would take half as much again.
    pub(super) fn make_room(&mut self, n: usize) {
        self.entries.reserve_exact(n);
        self.schedule.make_room(n);
        self.board.make_room(n);
    }

    /// Puts a check on the schedule as one of `n` new ones.
    pub(super) fn add(&mut self, check: Arc<Check>, generation: Arc<Generation>, n: usize, twins: &mut HashSet<u64>) {
        // Two checks with one id cannot share a file: the later one keeps what it remembers in memory.
        let twin = self.shared.state.is_some() && !twins.insert(check.id);
        let carried = twin.then(|| {
            let folder::Loaded { memory, warning } = folder::Loaded::twin();
            tracing::warn!(target: "checks", spec = %check.plan.spec.name, instance = %check.label(), "{}", warning.unwrap_or_default());
            Carried { memory: Some(memory), ..Carried::default() }
        });
        let period = period(self.interval, check.instance.min_interval);
        let (id, first) = self.schedule.add(check.id, period, n, self.shared.clock.instant());
        let entry = Entry { host: host_of(&check), filed: Filed::default(), slow: false, carried, generation, check: check.clone() };
        let at = id as usize;
        if self.entries.len() <= at {
            self.entries.resize_with(at + 1, || None);
        }
        if let Some(place) = self.entries.get_mut(at) {
            *place = Some(entry);
        }
        self.board.put(id, check, Some(first));
    }

    /// Gives a number another form of the same check: its timer and its memory stay.
    pub(super) fn replace(&mut self, id: u32, mut check: Arc<Check>, generation: Arc<Generation>) {
        let period = period(self.interval, check.instance.min_interval);
        let next = self.schedule.set_period(id, period, self.shared.clock.instant());
        let Some(entry) = self.entries.get_mut(id as usize).and_then(Option::as_mut) else { return };
        // Nobody else has it yet.
        if let Some(check) = Arc::get_mut(&mut check) {
            check.sessions = entry.check.sessions.share();
        }
        if entry.check.plan.version != check.plan.version {
            entry.carried.iter_mut().for_each(|carried| carried.reuse = Default::default());
        }
        (entry.host, entry.generation, entry.check) = (host_of(&check), generation, check.clone());
        self.board.put(id, check, next);
    }

    /// Takes a check off the schedule.
    pub(super) fn remove(&mut self, id: u32) {
        self.schedule.remove(id);
        let entry = self.entries.get_mut(id as usize).and_then(Option::take);
        if let Some(entry) = entry.filter(|entry| entry.filed.lacks > 0) {
            self.save_now(entry.check.owner(), entry.carried.and_then(|carried| carried.memory));
        }
        self.board.remove(id);
    }
}

async fn until(next: Option<Instant>) {
    match next {
        Some(next) => sleep_until(next.into()).await,
        None => std::future::pending().await,
    }
}
