//! Checks with all that their runs need, without the daemon around them.

use crate::{Outcome, setup};
use engine::base::span::Sources;
use engine::base::time::{Clock, SystemClock};
use engine::base::value::Value;
use engine::plan::Check;
use engine::run::exchanger::Live;
use engine::run::{self, Memory, RunCx};
use std::sync::Arc;
use std::time::Duration;

/// The time between two runs.
pub const INTERVAL: Duration = Duration::from_secs(15);

/// The checks of one spec.
pub struct Subject {
    /// One for each instance.
    pub checks: Vec<Check>,
    /// The texts of their files.
    pub sources: Sources,
    engine: Value,
    live: Live,
}

impl Subject {
    /// The checks of these texts.
    pub fn of(name: &str, spec: &str, conf: &str) -> Outcome<Subject> {
        let folder = setup::written(name, spec, conf)?;
        let (mut catalog, plan) = setup::plan(folder.path(), name)?;
        let checks = setup::checks(folder.path(), name, &mut catalog, &plan)?;
        let live = Live { outside: engine::source::Outside::default(), clock: Arc::new(SystemClock) };
        Ok(Subject { checks, sources: catalog.sources, engine: catalog.engine, live })
    }

    /// Runs one of the checks, which must end well.
    pub async fn run(&self, check: &Check) -> Outcome<run::Outcome> {
        let cx = RunCx {
            check,
            memory: &Memory::default(),
            exchanger: &self.live,
            clock: &SystemClock,
            engine: &self.engine,
            interval: INTERVAL,
            deadline: SystemClock.instant() + INTERVAL,
            reuse: &Default::default(),
            requests: Default::default(),
            trace: None,
        };
        let outcome = run::run(&cx).await;
        match outcome.error() {
            None => Ok(outcome),
            Some(error) => Err(error.into()),
        }
    }

    /// Runs the only check, or the first.
    pub async fn run_first(&self) -> Outcome<run::Outcome> {
        self.run(self.checks.first().ok_or("no check")?).await
    }
}
