//! Small checks that are due every few milliseconds beside a large one that is worked through all
//! the time: how late they start.

use crate::server::Server;
use crate::subject::Subject;
use crate::table::{Line, Table};
use crate::{Outcome, list, status};
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
    let small = Arc::new(Subject::of("status", status::SPEC, &status::conf(1, server.port, "i"))?);
    let large = Arc::new(Subject::of("large", list::SPEC, &list::conf(other.port, list::MANY))?);
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

/// How many milliseconds the latest of a hundred small checks starts after it is due, and how many
/// large ones came to their end meanwhile.
async fn turn(small: &Arc<Subject>, large: Option<&Arc<Subject>>) -> Outcome<(f64, usize)> {
    let over = Arc::new(AtomicBool::new(false));
    let beside = large.map(|large| {
        let (large, over) = (Arc::clone(large), Arc::clone(&over));
        tokio::spawn(async move {
            let mut n = 0;
            while !over.load(Relaxed) {
                n += usize::from(large.run_first().await.is_ok());
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
            small.run_first().await.map(|_| late).map_err(|error| error.to_string())
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
