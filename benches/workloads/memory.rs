//! What an instance costs: bound and held, waiting in the daemon, and once it has run. The difference
//! between many and few leaves out everything that is there only once.

use crate::daemon::Daemon;
use crate::meter::resident;
use crate::server::Server;
use crate::table::{Line, Table};
use crate::{Outcome, child, setup};
use std::hint::black_box;
use std::thread::sleep;
use std::time::Duration;

const FEW: usize = 10_000;
const MANY: usize = 100_000;
/// Instances that run, and the time between two of their runs.
const FEW_ACTIVE: usize = 1_000;
const MANY_ACTIVE: usize = 10_000;
const EVERY: u64 = 5;
/// So often each of them runs before it is looked at.
const RUNS: u64 = 4;
/// What waits is looked at until it stays as it is.
const LOOK: Duration = Duration::from_millis(500);

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let line = |work, n: &str, (few, many): (u64, u64), instances: usize, most| Line {
        work,
        engine: format!("{:.0} MB for {n}", many as f64 / 1e6),
        limit: "-".to_owned(),
        figure: many.saturating_sub(few) as f64 / instances as f64,
        unit: " B",
        most: Some(most),
    };
    let held = (held(FEW)?, held(MANY)?);
    table.add(line("resident memory of an idle instance, texts of the files included", "100,000", held, MANY - FEW, 1500.0));
    let waiting = (waiting(FEW, server.port)?, waiting(MANY, server.port)?);
    table.add(line("- that waits in the daemon: schedule, board and memory included", "100,000", waiting, MANY - FEW, 1500.0));
    let active = active(server.port)?;
    table.add(line("- that has run four times there, all against one host", "10,000", active, MANY_ACTIVE - FEW_ACTIVE, 8000.0));
    Ok(())
}

/// The resident bytes of a process with `n` checks.
fn held(n: usize) -> Outcome<u64> {
    let output = child::command(&["--idle", &n.to_string()])?.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The role of a process that holds checks and says what they cost.
pub fn hold() -> Outcome {
    let n: usize = std::env::args().nth(2).ok_or("no number")?.parse()?;
    let folder = setup::folder(n, 8080)?;
    let before = resident("self")?;
    let (mut catalog, plan) = setup::plan(folder.path(), "status")?;
    let checks = setup::checks(folder.path(), "status", &mut catalog, &plan)?;
    println!("{}", resident("self")?.saturating_sub(before));
    black_box((checks, catalog));
    Ok(())
}

/// The resident bytes of a daemon with `n` instances of which next to none has run.
fn waiting(n: usize, server: u16) -> Outcome<u64> {
    let daemon = Daemon::start(n, server, "i", "interval: 7d\n")?;
    let (mut before, mut now) = (0, daemon.resident()?);
    while before != now {
        sleep(LOOK);
        (before, now) = (now, daemon.resident()?);
    }
    Ok(now)
}

/// The resident bytes of two daemons whose instances have run, their points gone to a file.
fn active(server: u16) -> Outcome<(u64, u64)> {
    let settings = format!("interval: {EVERY}s\nsinks: [{{jsonl: {{path: lines, max_file: 1MiB, files: 1}}}}]\n");
    let few = Daemon::start(FEW_ACTIVE, server, "i", &settings)?;
    let many = Daemon::start(MANY_ACTIVE, server, "i", &settings)?;
    while many.runs()? < RUNS * MANY_ACTIVE as u64 || few.runs()? < RUNS * FEW_ACTIVE as u64 {
        sleep(LOOK);
    }
    Ok((few.resident()?, many.resident()?))
}
