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
use tokio::time::{Instant, sleep_until};

/// Between two small checks.
const EVERY: Duration = Duration::from_millis(5);
/// Small checks of one turn.
const STARTS: u32 = 1_000;

/// Adds the row of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let small = Arc::new(Subject::of("status", status::SPEC, &status::conf(1, server.port, "i"))?);
    let large = Arc::new(Subject::of("large", list::SPEC, &list::conf(server.port, list::MANY))?);
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
    let small = Arc::clone(small);
    let late = tokio::spawn(async move {
        let began = Instant::now();
        let mut late = Vec::new();
        for n in 1..=STARTS {
            let due = began + EVERY * n;
            sleep_until(due).await;
            late.push(due.elapsed().as_secs_f64() * 1e3);
            small.run_first().await.map_err(|error| error.to_string())?;
        }
        Ok::<_, String>(late)
    });
    let mut late = late.await??;
    over.store(true, Relaxed);
    let n_large = match beside {
        Some(beside) => beside.await?,
        None => 0,
    };
    late.sort_by(f64::total_cmp);
    Ok((late.get(late.len() * 99 / 100).copied().unwrap_or(f64::NAN), n_large))
}
