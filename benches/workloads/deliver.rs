//! From what runs have observed to the durable records that wait for the sinks: folded, made reports,
//! encoded, appended to the spool, taken over by the memories of their checks, and synced.

use crate::meter::{Rounds, own_cpu};
use crate::server::Server;
use crate::subject::{INTERVAL, Subject};
use crate::table::{Line, Table};
use crate::{Outcome, list, status};
use engine::agent::spooler::{Spooler, Times};
use engine::base::time::{Clock, SystemClock};
use engine::disk::real::RealDisk;
use engine::plan::Check;
use engine::report::Report;
use engine::run::{self, Memory};
use engine::sink::Numbered;
use engine::spool::keeper::{Durability, Keeper};
use engine::spool::{Settings, Spool};
use futures_util::future::try_join_all;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Small runs: those of a busy second, of which so many end together.
const SMALL: usize = 2_000;
const TOGETHER: usize = 64;
/// Items of the large run, of five metrics each.
const ITEMS: usize = 20_000;
const ROUNDS: usize = 9;
/// What the spool is read for.
const SINK: &str = "sink";

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let line = |work, cost: f64| Line {
        work,
        engine: format!("{cost:.2} µs CPU"),
        limit: "-".to_owned(),
        figure: cost,
        unit: " µs",
        most: Some(3.0),
    };
    let small = Runs::small(&runtime, server.port)?;
    let large = Runs::large(&runtime, server.port)?;
    let rounds = Rounds::run(ROUNDS, || Ok([small.cost(&runtime)?, large.cost(&runtime)?]))?;
    table.add(line("a sample of 2,000 small runs, from observation to durable record", rounds.cost(0)));
    table.add(line("a sample of a run of 100,000, from observation to durable record", rounds.cost(1)));
    Ok(())
}

/// What runs of some checks have left.
pub struct Runs {
    subject: Subject,
    outcomes: Vec<run::Outcome>,
}

/// A run that has ended, and what its check remembers.
struct Ended<'r> {
    check: &'r Check,
    outcome: run::Outcome,
    memory: Memory,
}

impl Runs {
    /// Many runs of ten metrics and a service check each.
    pub fn small(runtime: &Runtime, port: u16) -> Outcome<Runs> {
        Runs::of(runtime, "status", status::SPEC, &status::conf(SMALL, port, "i"))
    }

    /// One run of a hundred thousand metrics with three tags each.
    pub fn large(runtime: &Runtime, port: u16) -> Outcome<Runs> {
        Runs::of(runtime, "large", list::SPEC, &list::conf(port, ITEMS))
    }

    /// Runs every instance of a spec once.
    pub fn of(runtime: &Runtime, name: &str, spec: &str, conf: &str) -> Outcome<Runs> {
        let subject = Subject::of(name, spec, conf)?;
        let mut outcomes = Vec::new();
        for check in &subject.checks {
            outcomes.push(runtime.block_on(subject.run(check))?);
        }
        Ok(Runs { subject, outcomes })
    }

    /// Microseconds of CPU for each sample.
    fn cost(&self, runtime: &Runtime) -> Outcome<f64> {
        let samples: usize = self.outcomes.iter().map(|outcome| outcome.observations.samples.len()).sum();
        let (_, _, spent) = runtime.block_on(self.spooled())?;
        Ok(spent.as_secs_f64() * 1e6 / samples as f64)
    }

    /// What the sinks get of the runs.
    pub fn reports(&self, runtime: &Runtime) -> Outcome<Vec<Numbered>> {
        runtime.block_on(async {
            let (_folder, keeper, _) = self.spooled().await?;
            let records = keeper.read(SINK, 1, usize::MAX, usize::MAX).await.map_err(|error| error.to_string())?;
            keeper.end().await;
            records.iter().map(|record| Ok(Numbered { sequence: record.sequence, report: Report::decode(&record.bytes)? })).collect()
        })
    }

    /// A spool with the second runs of all checks, and the CPU time from their ends to the sync.
    async fn spooled(&self) -> Outcome<(TempDir, Keeper, Duration)> {
        let folder = tempfile::tempdir()?;
        let disk = Arc::new(RealDisk::new(folder.path()));
        let opened = Spool::open(disk, Arc::new(SystemClock), Settings::default(), &[SINK.to_owned()]);
        let (spool, _) = opened.map_err(|error| error.to_string())?;
        let (keeper, _) = Keeper::start(spool, Durability::Within(Duration::from_secs(3600)), drop)?;
        let spooler = Spooler::new(keeper.clone(), "mon-01".into());
        let runs = self.subject.checks.iter().zip(&self.outcomes);
        let mut all: Vec<Ended> = runs.map(|(check, outcome)| Ended::again(&self.subject, check, outcome)).collect();
        let begin = own_cpu();
        for together in all.chunks_mut(TOGETHER) {
            try_join_all(together.iter_mut().map(|ended| ended.take(&spooler, &self.subject))).await?;
        }
        keeper.sync().await.map_err(|error| error.to_string())?;
        let spent = own_cpu() - begin;
        Ok((folder, keeper, spent))
    }
}

impl<'r> Ended<'r> {
    /// The same once more, so that its counters have something to count from.
    fn again(subject: &Subject, check: &'r Check, outcome: &run::Outcome) -> Ended<'r> {
        let (mut first, mut memory) = (outcome.clone(), Memory::default());
        drop(first.fold(&memory, &subject.sources));
        first.remember(&mut memory);
        Ended { check, outcome: outcome.clone(), memory }
    }

    async fn take(&mut self, spooler: &Spooler, subject: &Subject) -> Outcome {
        let mut outcome = std::mem::take(&mut self.outcome);
        let points = outcome.fold(&self.memory, &subject.sources);
        let now = SystemClock.now();
        let times = Times { started: now, ended: now, period: INTERVAL };
        spooler.take(self.check, outcome, points, &subject.sources, times, &mut self.memory).await?;
        Ok(())
    }
}
