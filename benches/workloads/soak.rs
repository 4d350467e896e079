//! The daemon at 48 times the rate of a usual one, an hour in 75 seconds: its resident memory over
//! time while all goes well, and while a sink is down.
//!
//! A usual daemon is one of a thousand instances that run every 15 seconds. `SOAK=30m` makes it a
//! day's worth; the usual minute is three quarters of an hour.

use crate::Outcome;
use crate::daemon::Daemon;
use crate::meter::median;
use crate::server::Server;
use crate::table::{Line, Table};
use crate::trend::{DISTINGUISHABLE, Trend};
use jiff::SignedDuration;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Instances that run every second: 48 times a thousand that run every 15 seconds.
const INSTANCES: usize = 3_200;
/// The time in which a daemon fills what it keeps for as long as it runs: connections, buffers, the
/// first readings; and a checkpoint of its state comes after half a minute.
const SETTLING: Duration = Duration::from_secs(40);
/// How long it is looked at where the environment does not say.
const USUAL: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// An hour's worth of records.
const HOUR: Duration = Duration::from_secs(75);
/// The way to two receivers; a spool so small that it is full before the hour is over.
const SETTINGS: &str = "interval: 1s\nspool: {max_bytes: 64MiB}\n";

/// Adds the row of the long run.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let daemon = Daemon::start(INSTANCES, server.port, "i", &settings(server.port))?;
    sleep(SETTLING);
    let time = match std::env::var("SOAK") {
        Ok(text) => Duration::try_from(text.parse::<SignedDuration>()?)?,
        Err(_) => USUAL,
    };
    let before = (daemon.runs()?, daemon.skipped()?);
    let seen = watched(&daemon, time)?;
    let (runs, skipped) = (daemon.runs()? - before.0, daemon.skipped()? - before.1);
    let trend = Trend::of(&seen, time.as_secs_f64());
    let per_hour = |bytes: f64| bytes * HOUR.as_secs_f64() / 1e6;
    table.add(Line {
        work: "resident memory at 48 times the usual rate, its slope in standard errors",
        engine: format!(
            "{:.0} MB, {runs} runs, {skipped} skipped; {:+.2} ± {:.2} MB in 75 seconds",
            median(seen) / 1e6,
            per_hour(trend.slope),
            per_hour(trend.error)
        ),
        limit: "-".to_owned(),
        figure: trend.certainty(),
        unit: "",
        most: Some(DISTINGUISHABLE),
    });
    Ok(())
}

/// Adds the rows of the sink that is down: its cost in memory, and in the rate of the other one.
pub fn measure_down(table: &mut Table) -> Outcome {
    let (server, receiver) = (Server::start()?, Server::start()?);
    let daemon = Daemon::start(INSTANCES, server.port, "i", &settings(receiver.port))?;
    sleep(SETTLING);
    let (before, alone) = beside(&daemon, SETTLING / 2)?;
    let before = median(before);
    drop(receiver);
    let (down, meanwhile) = beside(&daemon, HOUR)?;
    daemon.runs()?;
    let status = daemon.status()?;
    let n_dropped = status.pointer("/sinks/0/dropped_by_spool/metrics").and_then(serde_json::Value::as_u64).unwrap_or_default();
    let most = down.iter().copied().fold(0.0, f64::max);
    table.add(Line {
        work: "resident memory when a sink was down for the records of an hour, less that before",
        engine: format!(
            "{:.0} MB, {:.0} MB at most; {n_dropped} metrics beyond the spool's 64 MiB",
            median(down.clone()) / 1e6,
            most / 1e6
        ),
        limit: format!("{:.0} MB", before / 1e6),
        figure: (median(down) - before) / 1e6,
        unit: " MB",
        most: Some(4.0),
    });
    table.add(Line {
        work: "- items that the other sink took before, against those it took meanwhile",
        engine: format!("{meanwhile:.0} per second"),
        limit: format!("{alone:.0} per second"),
        figure: alone / meanwhile,
        unit: " x",
        most: Some(1.05),
    });
    Ok(())
}

/// The resident bytes over a time, and the items that the sink of lines took per second of it.
fn beside(daemon: &Daemon, time: Duration) -> Outcome<(Vec<f64>, f64)> {
    let lines = || -> Outcome<f64> {
        let status = daemon.status()?;
        let delivered = status.pointer("/sinks/1/delivered").and_then(serde_json::Value::as_f64);
        Ok(delivered.ok_or("no second sink")?)
    };
    let (begun, first) = (Instant::now(), lines()?);
    let seen = watched(daemon, time)?;
    Ok((seen, (lines()? - first) / begun.elapsed().as_secs_f64()))
}

fn settings(receiver: u16) -> String {
    format!(
        "{SETTINGS}sinks: [{{datadog: {{url: \"http://127.0.0.1:{receiver}\", api_key: key}}}}, {{jsonl: {{path: lines, max_file: 1MiB, files: 1}}}}]\n"
    )
}

/// The resident bytes of a daemon over a time.
fn watched(daemon: &Daemon, time: Duration) -> Outcome<Vec<f64>> {
    let begun = Instant::now();
    let mut seen = Vec::new();
    while begun.elapsed() < time {
        seen.push(daemon.resident()? as f64);
        sleep(LOOK);
    }
    Ok(seen)
}
