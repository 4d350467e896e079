//! `engine run`: every configured instance on the shared schedule, until it is stopped.

use super::delivery;
use super::lint::no_spec;
use super::session::{counted, open, show, state_dir, take_folder, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, USAGE};
use crate::agent::board::{Board, Facts};
use crate::agent::dispatcher::{Dispatcher, Message};
use crate::agent::load::{Loaded, Look, load};
use crate::agent::log;
use crate::agent::memories::Checkpoints;
use crate::agent::own::Own;
use crate::agent::watch::{Read, watch_files};
use crate::agent::worker::{Chunk, Output, Shared, State};
use crate::base::time::{Clock, SystemClock};
use crate::catalog::{Catalog, Places};
use crate::conf::settings::Listen;
use crate::net::command::Commands;
use crate::run::exchanger::Live;
use crate::state::folder::Folder;
use crate::status::{Known, server};
use clap::ValueEnum;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
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
    // The schedule has a thread of its own, so that no run, however heavy, can make it late.
    let schedule = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let threads = std::thread::available_parallelism().map_or(WORKERS, |n| n.get().max(WORKERS));
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    // Signals are caught before anything is read, which may take a second.
    let signals = schedule.as_ref().ok().and_then(|schedule| Signals::catch(schedule).ok());
    let (Ok(schedule), Ok(workers), Some(signals)) = (schedule, workers, signals) else {
        eprintln!("error: the runtime cannot be started");
        return FAILED;
    };
    let (places, catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let style = Style::stderr(common.color);
    start_log(&catalog, style);
    let place = state_dir(common, &places, &catalog);
    let loaded = load(&places, catalog, no_spec);
    show(&loaded.problems, &loaded.sources, style);
    if loaded.checks.is_empty() {
        eprintln!("{}: there is nothing to run: {} holds no usable instance", style.bad("error"), places.conf_dir.display());
        return USAGE;
    }
    eprintln!("{} instances, every {} s: {}", loaded.checks.len(), loaded.conf.interval.0, counted(&loaded.problems));
    raise_limits();
    if place.is_none() && loaded.checks.iter().any(|check| check.plan.remembers()) {
        eprintln!(
            "what the checks remember is lost when the engine ends: name a folder for it with `state_dir` in engine.yaml, or --state-dir"
        );
    }
    let socket = super::status::socket_of(place.as_deref(), &places);
    // The lock is held to the end.
    let (folder, _lock) = match take_folder(place, style) {
        Ok(taken) => taken.unzip(),
        Err(why) => return usage(&why, common),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = match (loaded.conf.sinks.is_empty(), &folder) {
        (true, _) => None,
        (false, None) => return usage("sinks need a folder for their spool that can be written to: name one with `state_dir`", common),
        (false, Some(folder)) => match delivery::open(&loaded.conf, folder, &clock) {
            Ok(opened) => Some((opened, folder.clone())),
            Err(why) => return usage(&why, common),
        },
    };
    let reader = Reader { common: common.clone(), places };
    let started = Started { folder, opened, socket, signals, clock };
    schedule.block_on(serve(loaded, reader, arguments, started, workers.handle().clone()));
    workers.shutdown_timeout(Duration::from_secs(1));
    CLEAN
}

/// How all files are read again.
#[derive(Clone)]
struct Reader {
    common: Common,
    places: Places,
}

impl Read for Reader {
    fn read(&self) -> Result<Loaded, String> {
        let (places, catalog) = open(&self.common)?;
        Ok(load(&places, catalog, no_spec))
    }

    fn look(&self) -> (Look, Duration) {
        Look::at(&self.places)
    }
}

/// What is there before the first run.
struct Started {
    folder: Option<Folder>,
    opened: Option<(delivery::Open, Folder)>,
    socket: PathBuf,
    signals: Signals,
    clock: Arc<dyn Clock>,
}

async fn serve(loaded: Loaded, reader: Reader, arguments: &Arguments, started: Started, workers: Handle) {
    let Started { folder, opened, socket, signals: Signals { term, int, hangup }, clock } = started;
    let _ = crate::net::reaper::become_subreaper();
    let board = Arc::new(Board::new(facts(&loaded, &*clock)));
    let (messages, inbox) = mpsc::channel(16);
    let hostname = delivery::hostname(&loaded.engine);
    let base = delivery::base_of(reader.places.config.as_deref());
    let (output, writer, checkpoints, running) = match opened {
        None => {
            let readable = arguments.format.map_or_else(|| std::io::stdout().is_terminal(), |format| format == Format::Human);
            let (writer, lines) = mpsc::channel(OUTPUT_QUEUE);
            (Output::Lines { readable, writer }, Some(std::thread::spawn(move || write_lines(lines))), None, None)
        }
        Some((opened, folder)) => {
            let spooler = opened.spooler(&hostname);
            let checkpoints = Checkpoints::new(folder, opened.keeper(), messages.clone(), clock.instant());
            let running = opened.start(&loaded.conf, base, &board, &clock, &workers);
            if !arguments.once {
                let (interval, tags) = (loaded.conf.interval.duration(), loaded.conf.tags.clone());
                let own = Own { board: board.clone(), spooler: spooler.clone(), clock: clock.clone(), interval, tags };
                running.report_own(own, &workers);
            }
            (Output::Spool(spooler), None, Some(checkpoints), Some(running))
        }
    };
    let bounds = loaded.conf.limits();
    let outside = crate::source::Outside { commands: Commands::at_once(bounds.commands_at_once.0), ..Default::default() };
    let exchanger = Box::new(Live { outside, clock: clock.clone() });
    let shared = Arc::new(Shared { exchanger, clock: clock.clone(), output, state: folder.map(State::new) });
    tokio::spawn(watch_signals(term, int, messages.clone()));
    if !arguments.once {
        let known = Arc::new(Known { board: board.clone(), clock });
        show_status(known, &loaded, &socket, &workers);
        tokio::spawn(watch_files(reader, hangup, loaded.conf.secrets().refresh.duration(), messages));
    }
    let mut dispatcher = Dispatcher::new(shared, board, &bounds, workers, arguments.once);
    if let Some(checkpoints) = checkpoints {
        dispatcher = dispatcher.with_checkpoints(checkpoints);
    }
    dispatcher.begin(loaded);
    dispatcher.run(inbox).await;
    crate::net::reaper::end_strays().await;
    if let Some(running) = running {
        running.end(arguments.once).await;
    }
    let _ = std::fs::remove_file(&socket);
    end_of_lines(writer).await;
}

/// All senders are gone, so the writer ends after its last line; a reader that has stopped reading
/// must not hold up the end.
async fn end_of_lines(writer: Option<std::thread::JoinHandle<()>>) {
    let end = std::time::Instant::now() + Duration::from_secs(2);
    while writer.as_ref().is_some_and(|writer| !writer.is_finished()) && std::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn facts(loaded: &Loaded, clock: &dyn Clock) -> Facts {
    let hostname = delivery::hostname(&loaded.engine).to_string();
    let interval_s = loaded.conf.interval.0;
    Facts { version: env!("CARGO_PKG_VERSION"), hostname, pid: std::process::id(), started: clock.now(), interval_s }
}

/// The page and the socket; neither is worth an end of the checks.
fn show_status(known: Arc<Known>, loaded: &Loaded, socket: &Path, workers: &Handle) {
    let status = loaded.conf.status();
    if let Listen::At(address) = status.listen.value {
        let hosts = status.hosts.iter().map(|host| host.to_string()).collect();
        workers.spawn(server::serve_tcp(known.clone(), address, hosts));
    }
    match server::open_socket(socket) {
        Ok(listener) => {
            workers.spawn(server::serve_socket(known, listener));
        }
        Err(error) => tracing::warn!(target: "status", path = %socket.display(), %error, "`engine status` will not find this engine"),
    }
}

/// The signals that mean something.
struct Signals {
    term: Signal,
    int: Signal,
    hangup: Signal,
}

impl Signals {
    fn catch(runtime: &Runtime) -> std::io::Result<Signals> {
        let _inside = runtime.enter();
        Ok(Signals { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())?, hangup: signal(SignalKind::hangup())? })
    }
}

async fn watch_signals(mut term: Signal, mut int: Signal, messages: mpsc::Sender<Message>) {
    let reason = tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    };
    let _ = messages.send(Message::Stop(reason)).await;
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

fn start_log(catalog: &Catalog, style: Style) {
    let variable = std::env::var("ENGINE_LOG").ok();
    if let Err(part) = log::start(&catalog.conf.logging(), variable.as_deref()) {
        eprintln!("{}: ENGINE_LOG: `{part}` is no level: write one as in `info,checks.http=debug`", style.bad("error"));
    }
}

/// Many machines allow 1,024 open files, and every connection is one.
fn raise_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
}
