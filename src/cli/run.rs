//! `engine run`: every configured instance on the shared schedule, until it is stopped.

use super::lint::no_spec;
use super::session::{counted, open, show, state_dir, take_folder, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, USAGE};
use crate::agent::dispatcher::Dispatcher;
use crate::agent::line::Lines;
use crate::agent::worker::{Chunk, Shared, State};
use crate::base::diag;
use crate::base::time::{Clock, SystemClock};
use crate::catalog::files::{all_confs, find_spec};
use crate::catalog::{Catalog, Places};
use crate::plan::Check;
use crate::run::exchanger::Live;
use clap::ValueEnum;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine run                      every instance of conf.d, until Ctrl-C
  engine run --once               every instance once
  engine run --format json        one JSON object per line, also on a terminal")]
pub struct Arguments {
    /// Runs every instance once, at once, and ends.
    #[arg(long)]
    once: bool,
    /// How observations are written; readable on a terminal, JSON lines otherwise.
    #[arg(long)]
    format: Option<Format>,
}

/// How observations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Chunks of lines, 64 KiB each at most, that wait for a slow reader; then runs wait too.
const OUTPUT_QUEUE: usize = 64;
/// Threads for runs at least: more than cores, so that a heavy one does not hold up the others.
const WORKERS: usize = 4;

/// Loads everything and runs.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    start_log(common);
    let (places, mut catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let style = Style::stderr(common.color);
    let checks = load(&places, &mut catalog);
    diag::sort(&mut catalog.problems);
    show(&catalog.problems, &catalog.sources, style);
    if checks.is_empty() {
        eprintln!("{}: there is nothing to run: {} holds no usable instance", style.bad("error"), places.conf_dir.display());
        return USAGE;
    }
    eprintln!("{} instances, every {} s: {}", checks.len(), catalog.conf.interval.0, counted(&catalog.problems));
    raise_limits();
    let place = state_dir(common, &places, &catalog);
    if place.is_none() && checks.iter().any(|check| check.plan.remembers()) {
        eprintln!(
            "what the checks remember is lost when the engine ends: name a folder for it with `state_dir` in engine.yaml, or --state-dir"
        );
    }
    // The lock is held to the end.
    let (folder, _lock) = match take_folder(place, style) {
        Ok(taken) => taken.unzip(),
        Err(why) => return usage(&why, common),
    };
    // The schedule has a thread of its own, so that no run, however heavy, can make it late.
    let schedule = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let threads = std::thread::available_parallelism().map_or(WORKERS, |n| n.get().max(WORKERS));
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let (Ok(schedule), Ok(workers)) = (schedule, workers) else {
        eprintln!("{}: the runtime cannot be started", style.bad("error"));
        return FAILED;
    };
    schedule.block_on(serve(checks, catalog, arguments, folder.map(State::new), workers.handle().clone()));
    workers.shutdown_timeout(Duration::from_secs(1));
    CLEAN
}

/// The checks of all instances whose spec and settings have no errors.
fn load(places: &Places, catalog: &mut Catalog) -> Vec<Check> {
    let confs = all_confs(&places.conf_dir);
    let mut out = Vec::new();
    let mut names: Vec<&str> = confs.iter().map(|conf| conf.name.as_str()).collect();
    names.dedup();
    for name in names {
        let of_name: Vec<_> = confs.iter().filter(|conf| conf.name == name).cloned().collect();
        let Some(spec) = find_spec(&places.spec_dirs, name) else {
            for conf in &of_name {
                let problem = no_spec(conf, places, &mut catalog.sources);
                catalog.problems.push(problem);
            }
            continue;
        };
        if let Some(plan) = catalog.plan(&spec) {
            out.extend(catalog.checks(&plan, &of_name).checks);
        }
    }
    catalog.close();
    out
}

async fn serve(checks: Vec<Check>, catalog: Catalog, arguments: &Arguments, state: Option<State>, workers: Handle) {
    let readable = arguments.format.map_or_else(|| std::io::stdout().is_terminal(), |format| format == Format::Human);
    let _ = crate::net::reaper::become_subreaper();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (output, lines) = mpsc::channel(OUTPUT_QUEUE);
    let writer = std::thread::spawn(move || write_lines(lines));
    let interval = catalog.conf.interval.duration();
    let shared = Arc::new(Shared {
        exchanger: Box::new(Live { outside: crate::source::Outside::default(), clock: clock.clone() }),
        clock,
        engine: catalog.engine.clone(),
        lines: Lines { sources: Arc::new(catalog.sources), readable },
        output,
        state,
    });
    let (stop, stopped) = mpsc::channel(1);
    tokio::spawn(watch_signals(stop));
    Dispatcher::new(checks, interval, shared, workers, arguments.once).run(stopped).await;
    crate::net::reaper::end_strays().await;
    // All senders are gone, so the writer ends after its last line; a reader that has stopped
    // reading must not hold up the end.
    let end = std::time::Instant::now() + Duration::from_secs(2);
    while !writer.is_finished() && std::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn watch_signals(stop: mpsc::Sender<&'static str>) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return };
    let reason = tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    };
    let _ = stop.send(reason).await;
    // A second signal means: now.
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    std::process::exit(i32::from(FAILED));
}

fn write_lines(mut lines: mpsc::Receiver<Chunk>) {
    let mut out = std::io::stdout().lock();
    while let Some(chunk) = lines.blocking_recv() {
        if out.write_all(chunk.text.as_bytes()).and_then(|()| out.flush()).is_err() {
            // Nobody reads any more; the runs go on for their other effects.
            return;
        }
        // A run that was cancelled waits no longer.
        chunk.written.map(|written| written.send(()));
    }
}

fn start_log(common: &Common) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENGINE_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let color = Style::stderr(common.color).color;
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(color).try_init();
}

/// Many machines allow 1,024 open files, and every connection is one.
fn raise_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
}
