//! Small checks that are due every few milliseconds beside a large one that is worked through all
//! the time: how late they start.

use crate::server::Server;
use crate::table::{Line, Table};
use crate::{Outcome, list, setup, status};
use engine::base::time::{Clock, SystemClock};
use engine::base::value::Value;
use engine::plan::Check;
use engine::run::exchanger::Live;
use engine::run::{Memory, RunCx, run};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Between two small checks.
const EVERY: Duration = Duration::from_millis(5);
/// Small checks of one turn.
const STARTS: u32 = 1_000;

/// Adds the row of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    // A server that sends megabytes answers others late.
    let (server, other) = (Server::start()?, Server::start()?);
    let large =
        format!("instances:\n  - {{url: \"http://127.0.0.1:{}/list/{}\", max_returned_metrics: 1000000}}\n", other.port, list::MANY);
    let small = Arc::new(Subject::of("status", status::SPEC, &status::conf(1, server.port))?);
    let large = Arc::new(Subject::of("large", list::SPEC, &large)?);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (alone, _) = runtime.block_on(turn(&small, None))?;
    let (beside, n_large) = runtime.block_on(turn(&small, Some(&large)))?;
    if n_large == 0 {
        return Err("the large check has never come to its end".into());
    }
    table.add(Line {
        work: "start of small checks beside a 20 MB list, latest of a hundred",
        engine: format!("{beside:.1} ms"),
        limit: format!("{alone:.1} ms"),
        figure: beside,
        unit: " ms",
        most: None,
    });
    Ok(())
}

/// A check with all that its runs need.
struct Subject {
    check: Check,
    facts: Value,
    live: Live,
}

impl Subject {
    fn of(name: &str, spec: &str, conf: &str) -> Outcome<Subject> {
        let folder = setup::written(name, spec, conf)?;
        let (mut catalog, plan) = setup::plan(folder.path(), name)?;
        let check = setup::checks(folder.path(), name, &mut catalog, &plan)?.pop().ok_or("no check")?;
        let live = Live { outside: engine::source::Outside::default(), clock: Arc::new(SystemClock) };
        Ok(Subject { check, facts: catalog.engine, live })
    }

    async fn run(&self) -> Outcome {
        let (memory, interval) = (Memory::default(), Duration::from_secs(15));
        let cx = RunCx {
            check: &self.check,
            memory: &memory,
            exchanger: &self.live,
            clock: &SystemClock,
            engine: &self.facts,
            interval,
            deadline: SystemClock.instant() + interval,
            reuse: &Default::default(),
            requests: Default::default(),
            trace: None,
        };
        let outcome = run(&cx).await;
        outcome.error().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// How many milliseconds the latest of a hundred small checks starts after it is due, and how many
/// large ones came to their end meanwhile.
async fn turn(small: &Arc<Subject>, large: Option<&Arc<Subject>>) -> Outcome<(f64, usize)> {
    let over = Arc::new(AtomicBool::new(false));
    let beside = large.map(|large| {
        let (large, over) = (Arc::clone(large), Arc::clone(&over));
        tokio::spawn(async move {
            let mut n = 0;
            while !over.load(Relaxed) {
                n += usize::from(large.run().await.is_ok());
            }
            n
        })
    });
    let began = Instant::now();
    let mut running = JoinSet::new();
    for n in 1..=STARTS {
        let (small, due) = (Arc::clone(small), began + EVERY * n);
        // Nobody waits for another one's answer, whose server may be busy.
        running.spawn(async move {
            sleep_until(due).await;
            let late = due.elapsed().as_secs_f64() * 1e3;
            small.run().await.map(|()| late).map_err(|error| error.to_string())
        });
    }
    let mut late = running.join_all().await.into_iter().collect::<Result<Vec<f64>, String>>()?;
    over.store(true, Relaxed);
    let n_large = match beside {
        Some(beside) => beside.await?,
        None => 0,
    };
    late.sort_by(f64::total_cmp);
    Ok((late.get(late.len() * 99 / 100).copied().unwrap_or(f64::NAN), n_large))
}
