//! `engine run`: every configured instance on the shared schedule, until it is stopped.

use super::in_force::{InForce, Manner, follow};
use super::lint::no_spec;
use super::session::{counted, find_config, open, show, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, allocator};
use crate::agent::dispatcher::{Configured, Dispatcher, Message};
use crate::agent::load::{Loaded, Look, load};
use crate::agent::log;
use crate::agent::watch::{Read, watch_files};
use crate::catalog::{Catalog, Places};
use clap::ValueEnum;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
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

/// Threads for runs at least: more than cores, so that a heavy one does not hold up the others.
const WORKERS: usize = 4;

/// Loads everything and runs.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    allocator::tell();
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
    let loaded = load(&places, catalog, no_spec);
    show(&loaded.problems, &loaded.sources, style);
    if let Some(why) = idle(&loaded) {
        if arguments.once {
            return usage(&why, common);
        }
        // A manager of services, or a container, brings the files later.
        eprintln!("{}: {why}; the files are read again as soon as they change", style.bad("error"));
    } else {
        eprintln!("{} instances, every {} s: {}", loaded.checks.len(), loaded.conf.interval.0, counted(&loaded.problems));
    }
    raise_limits();
    let readable = arguments.format.map_or_else(|| std::io::stdout().is_terminal(), |format| format == Format::Human);
    let (messages, inbox) = mpsc::channel(16);
    let mut in_force = InForce::new(&loaded, common.clone(), Manner { once: arguments.once, readable }, messages, workers.handle());
    let ground = match workers.block_on(in_force.begin(&loaded)) {
        Ok(ground) => ground,
        Err(why) => return usage(&why, common),
    };
    if !in_force.keeps_state() && loaded.checks.iter().any(|check| check.plan.remembers()) {
        eprintln!(
            "what the checks remember is lost when the engine ends: name a folder for it with `state_dir` in engine.yaml, or --state-dir"
        );
    }
    let reader = Reader { common: common.clone(), places: Arc::new(Mutex::new(places)) };
    let start = Start { reader, reading: Configured { loaded, reason: "start", ground }, in_force, signals, inbox };
    schedule.block_on(serve(start, arguments.once, workers.handle().clone()));
    workers.shutdown_timeout(Duration::from_secs(1));
    CLEAN
}

/// Why nothing runs.
fn idle(loaded: &Loaded) -> Option<String> {
    if loaded.broken_settings {
        return Some("nothing runs before engine.yaml is mended".to_owned());
    }
    loaded.checks.is_empty().then(|| format!("there is nothing to run: {} holds no usable instance", loaded.places.conf_dir.display()))
}

/// How all files are read again.
#[derive(Clone)]
struct Reader {
    common: Common,
    /// Where they were the last time.
    places: Arc<Mutex<Places>>,
}

impl Read for Reader {
    fn read(&self) -> Result<Loaded, String> {
        let (places, catalog) = open(&self.common)?;
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places.clone();
        Ok(load(&places, catalog, no_spec))
    }

    fn look(&self) -> (Look, Duration) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // One that has come since then counts as well.
        Look::at(&Places { config: find_config(&self.common).or(places.config), ..places })
    }
}

/// What is there before the first run.
struct Start {
    reader: Reader,
    reading: Configured,
    in_force: InForce,
    signals: Signals,
    inbox: mpsc::Receiver<Message>,
}

async fn serve(start: Start, once: bool, workers: Handle) {
    let Start { reader, reading, mut in_force, signals: Signals { term, int, hangup }, inbox } = start;
    let _ = crate::net::reaper::become_subreaper();
    tokio::spawn(watch_signals(term, int, in_force.messages()));
    let bounds = reading.loaded.conf.limits();
    let refresh = reading.loaded.conf.secrets().refresh.duration();
    let mut dispatcher = Dispatcher::new(in_force.ground(), in_force.board(), &bounds, workers.clone(), once);
    dispatcher.begin(reading);
    in_force.show();
    let in_force = Arc::new(tokio::sync::Mutex::new(in_force));
    if !once {
        let (readings, attempts) = mpsc::channel(1);
        tokio::spawn(watch_files(reader, hangup, refresh, readings));
        workers.spawn(follow(in_force.clone(), attempts));
    }
    dispatcher.run(inbox).await;
    crate::net::reaper::end_strays().await;
    in_force.lock().await.end().await;
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
