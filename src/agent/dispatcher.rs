//! The one loop that owns the schedule and the memory of all checks.

use super::schedule::Schedule;
use super::worker::{Carried, Done, Shared, work};
use crate::base::limits;
use crate::plan::Check;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Children that escaped their group are looked for this often.
const STRAYS_EVERY: Duration = Duration::from_secs(10);

/// The schedule of all checks, and what they remember.
pub struct Dispatcher {
    checks: Vec<Arc<Check>>,
    carried: Vec<Option<Carried>>,
    schedule: Schedule,
    waiting: VecDeque<u32>,
    workers: JoinSet<Done>,
    shared: Arc<Shared>,
    once: bool,
    runtime: Handle,
}

/// What ends the loop.
pub type Stop = mpsc::Receiver<&'static str>;

impl Dispatcher {
    /// All checks on one schedule, their runs on `runtime`; with `once`, each runs a single time, at
    /// once.
    pub fn new(checks: Vec<Check>, interval: Duration, shared: Arc<Shared>, runtime: Handle, once: bool) -> Self {
        let mut schedule = Schedule::new(interval, checks.len(), shared.clock.instant());
        for check in &checks {
            schedule.add(check.id, check.instance.min_interval);
        }
        let carried = checks.iter().map(|_| None).collect();
        let checks = checks.into_iter().map(Arc::new).collect();
        Dispatcher { checks, carried, schedule, waiting: VecDeque::new(), workers: JoinSet::new(), shared, once, runtime }
    }

    /// Runs until `stop` says so; then gives the runs in progress a moment to end.
    pub async fn run(mut self, mut stop: Stop) {
        if self.once {
            self.waiting.extend(0..u32::try_from(self.checks.len()).unwrap_or(u32::MAX));
        }
        let mut strays = tokio::time::interval(STRAYS_EVERY);
        loop {
            self.start_waiting();
            if self.once && self.waiting.is_empty() && self.workers.is_empty() {
                return;
            }
            let next = self.schedule.next().filter(|_| !self.once);
            tokio::select! {
                reason = stop.recv() => {
                    tracing::info!(reason = reason.unwrap_or("closed"), running = self.workers.len(), "stopping");
                    return self.drain().await;
                }
                Some(done) = self.workers.join_next() => self.finish(done),
                () = until(next) => self.start_due(),
                _ = strays.tick() => { crate::net::reaper::reap_strays(); }
            }
        }
    }

    fn start_due(&mut self) {
        let now = self.shared.clock.instant();
        while let Some(due) = self.schedule.pop(now) {
            let late = now.saturating_duration_since(due.at);
            if late > limits::INTERVAL_LEAST {
                tracing::debug!(check = %self.label(due.id), late_ms = late.as_millis() as u64, "late");
            }
            self.waiting.push_back(due.id);
        }
    }

    fn start_waiting(&mut self) {
        while self.workers.len() < limits::RUNS_AT_ONCE
            && let Some(id) = self.waiting.pop_front()
        {
            let (Some(check), Some(carried)) = (self.checks.get(id as usize), self.carried.get_mut(id as usize)) else { continue };
            let carried = carried.take().unwrap_or_default();
            let run = work(id, check.clone(), carried, self.schedule.period(id), self.shared.clone());
            self.workers.spawn_on(run, &self.runtime);
        }
    }

    fn finish(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(done) => {
                self.schedule.done(done.id);
                if let Some(carried) = self.carried.get_mut(done.id as usize) {
                    *carried = Some(done.carried);
                }
            }
            Err(error) => tracing::error!(%error, "a run was lost"),
        }
    }

    fn label(&self, id: u32) -> String {
        self.checks.get(id as usize).map(|check| check.label()).unwrap_or_default()
    }

    /// No new runs; those in progress get a moment, then they are cancelled with their children.
    async fn drain(mut self) {
        let end = Instant::now() + limits::STOP_GRACE;
        while !self.workers.is_empty() {
            tokio::select! {
                Some(done) = self.workers.join_next() => self.finish(done),
                () = sleep_until(end) => {
                    tracing::warn!(running = self.workers.len(), "runs were cancelled");
                    self.workers.shutdown().await;
                    return;
                }
            }
        }
    }
}

async fn until(next: Option<std::time::Instant>) {
    match next {
        Some(next) => sleep_until(next.into()).await,
        None => std::future::pending().await,
    }
}
