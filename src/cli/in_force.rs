//! What of engine.yaml is in force: the folder of the state, the sinks with their spool, the status
//! page and socket, the bounds of commands.
//!
//! A start and a reload do the same here: what is there is made what the settings say, and what they
//! do not change is not touched. One key cannot follow, since all that is remembered lies there: the
//! folder of the state, once there is one.

use super::Common;
use super::session::{state_dir, take_folder};
use super::status::socket_of;
use super::style::Style;
use crate::agent::board::{Board, Facts, FileProblem};
use crate::agent::dispatcher::{Configured, Ground, Message};
use crate::agent::load::Loaded;
use crate::agent::memories::Checkpoints;
use crate::agent::sinks::{Sinks, Surroundings};
use crate::agent::watch::Attempt;
use crate::agent::worker::{Chunk, Output, Shared, State};
use crate::base::time::{Clock, SystemClock};
use crate::base::value::Text;
use crate::conf::settings::StatusConf;
use crate::disk::Lock;
use crate::run::exchanger::Live;
use crate::source::Outside;
use crate::status::Known;
use crate::status::doors::Doors;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};

/// Chunks of lines, 64 KiB each at most, that wait for a slow reader; then runs wait too.
const OUTPUT_QUEUE: usize = 64;
/// At the end, a reader of the lines has this long for the last of them.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What the command line decides for good.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Every instance once, and no status.
    pub once: bool,
    /// Lines on standard output are for people.
    pub readable: bool,
}

/// What is in force.
pub struct InForce {
    common: Common,
    manner: Manner,
    around: Surroundings,
    exchanger: Arc<Live>,
    messages: mpsc::Sender<Message>,
    hostname: Text,
    state: Option<(Arc<State>, Lock)>,
    sinks: Option<Sinks>,
    doors: Option<Doors>,
    /// Where the status is to be asked for.
    wanted: Option<(StatusConf, PathBuf)>,
    /// False before there is something to show.
    shown: bool,
    lines: Option<Lines>,
}

/// Standard output, and the thread that writes it.
struct Lines {
    writer: mpsc::Sender<Chunk>,
    thread: std::thread::JoinHandle<()>,
}

impl InForce {
    /// Nothing is, yet.
    pub fn new(loaded: &Loaded, common: Common, manner: Manner, messages: mpsc::Sender<Message>, workers: &Handle) -> InForce {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let board = Arc::new(Board::new(facts(loaded, &*clock)));
        let doors = || Doors::new(Arc::new(Known { board: board.clone(), clock: clock.clone() }), workers.clone());
        InForce {
            common,
            manner,
            doors: (!manner.once).then(doors),
            around: Surroundings { board, clock: clock.clone(), runtime: workers.clone(), base: base_of(loaded.places.config.as_deref()) },
            exchanger: Arc::new(Live { outside: Outside::default(), clock }),
            messages,
            hostname: loaded.hostname(),
            state: None,
            sinks: None,
            wanted: None,
            shown: false,
            lines: None,
        }
    }

    /// Where everything is shown.
    pub fn board(&self) -> Arc<Board> {
        self.around.board.clone()
    }

    /// A way to the schedule.
    pub fn messages(&self) -> mpsc::Sender<Message> {
        self.messages.clone()
    }

    /// True if what checks remember outlives the process.
    pub fn keeps_state(&self) -> bool {
        self.state.is_some()
    }

    /// The first reading of the settings. Broken ones are shown, and nothing else.
    ///
    /// # Errors
    /// What is missing on this machine.
    pub async fn begin(&mut self, loaded: &Loaded) -> Result<Option<Ground>, String> {
        if !loaded.broken_settings {
            return self.apply(loaded).await.map(Some);
        }
        self.open_doors(loaded);
        Ok(None)
    }

    /// Makes a reading of the settings the one in force.
    ///
    /// # Errors
    /// What is missing on this machine; nothing was changed then.
    pub async fn apply(&mut self, loaded: &Loaded) -> Result<Ground, String> {
        let wanted = state_dir(&self.common, &loaded.places, &loaded.conf);
        let needs_restart = self.take_state(wanted)?;
        let checkpoints = self.open_spool(loaded)?;
        self.around.board.configure(|shown| shown.needs_restart = needs_restart.iter().map(|key| (*key).to_owned()).collect());
        if let Some(key) = needs_restart {
            tracing::warn!(target: "reload", key, "this setting was changed and needs a restart");
        }
        self.hostname = loaded.hostname();
        self.exchanger.outside.commands.set_most(loaded.conf.limits().commands_at_once.0);
        if let Some(sinks) = &mut self.sinks {
            sinks.apply(loaded).await;
            if !self.manner.once {
                sinks.report_own(loaded);
            }
        }
        self.open_doors(loaded);
        Ok(Ground { shared: self.ground(), checkpoints })
    }

    /// Takes the folder of the state if there is none yet. The answer is the key that needs a restart.
    fn take_state(&mut self, wanted: Option<PathBuf>) -> Result<Option<&'static str>, String> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let Some((state, _)) = &self.state else {
            let taken = take_folder(wanted, Style::stderr(self.common.color))?;
            self.state = taken.map(|(folder, lock)| (Arc::new(State::new(folder)), lock));
            return Ok(None);
        };
        // Without sinks the folder is only needed where it is named.
        let is_same = wanted.is_none_or(|wanted| absolute(&wanted) == absolute(state.folder().path()));
        Ok((!is_same).then_some("state_dir"))
    }

    /// Opens the spool if there are sinks and it is not open yet.
    fn open_spool(&mut self, loaded: &Loaded) -> Result<Option<Checkpoints>, String> {
        if loaded.conf.sinks.is_empty() || self.sinks.is_some() {
            return Ok(None);
        }
        let Some((state, _)) = &self.state else {
            return Err("sinks need a folder for their spool that can be written to: name one with `state_dir`".to_owned());
        };
        let sinks = tokio::task::block_in_place(|| Sinks::open(&loaded.conf, state.folder(), self.around.clone()))?;
        let checkpoints =
            Checkpoints::new(state.folder().clone(), sinks.keeper().clone(), self.messages.clone(), self.around.clock.instant());
        self.sinks = Some(sinks);
        Ok(Some(checkpoints))
    }

    fn open_doors(&mut self, loaded: &Loaded) {
        let state_dir = state_dir(&self.common, &loaded.places, &loaded.conf);
        self.wanted = Some((loaded.conf.status(), socket_of(state_dir.as_deref(), &loaded.places)));
        if self.shown {
            self.show();
        }
    }

    /// Shows the status from now on.
    pub fn show(&mut self) {
        self.shown = true;
        if let (Some(doors), Some((status, socket))) = (&mut self.doors, &self.wanted) {
            doors.apply(status, socket);
        }
    }

    /// What runs stand on now.
    pub fn ground(&mut self) -> Arc<Shared> {
        let spooler = self.sinks.as_ref().filter(|sinks| sinks.any()).map(|sinks| sinks.spooler(&self.hostname));
        let output = match spooler {
            Some(spooler) => Output::Spool(spooler),
            None => Output::Lines { readable: self.manner.readable, writer: self.writer() },
        };
        let state = self.state.as_ref().map(|(state, _)| state.clone());
        Arc::new(Shared { exchanger: self.exchanger.clone(), clock: self.around.clock.clone(), output, state })
    }

    fn writer(&mut self) -> mpsc::Sender<Chunk> {
        let begin = || {
            let (writer, lines) = mpsc::channel(OUTPUT_QUEUE);
            Lines { writer, thread: std::thread::spawn(move || write_lines(lines)) }
        };
        self.lines.get_or_insert_with(begin).writer.clone()
    }

    /// What is there is delivered or written as far as it goes, and everything is closed.
    pub async fn end(&mut self) {
        if let Some(sinks) = self.sinks.take() {
            sinks.end(self.manner.once).await;
        }
        self.doors = None;
        let Some(Lines { writer, thread }) = self.lines.take() else { return };
        // The last sender is gone then, and the thread ends after its last line; a reader that has
        // stopped reading must not hold up the end.
        drop(writer);
        let end = tokio::time::Instant::now() + LAST_LINES;
        while !thread.is_finished() && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Puts every reading in force and hands it to the schedule.
pub async fn follow(in_force: Arc<Mutex<InForce>>, mut attempts: mpsc::Receiver<Attempt>) {
    while let Some((read, reason)) = attempts.recv().await {
        let mut now = in_force.lock().await;
        let mut loaded = match read {
            Ok(loaded) => loaded,
            Err(why) => {
                now.unreadable(&why, reason);
                continue;
            }
        };
        let ground = if loaded.broken_settings { None } else { now.apply(&loaded).await.map_err(|why| loaded.refused = Some(why)).ok() };
        let reading = Box::new(Configured { loaded, reason, ground });
        if now.messages.send(Message::Configured(reading)).await.is_err() {
            return;
        }
    }
}

impl InForce {
    fn unreadable(&self, why: &str, reason: &'static str) {
        tracing::error!(target: "reload", reason, why, "the files cannot be read again: nothing was changed");
        let problem = FileProblem { place: "engine.yaml".to_owned(), level: "error", title: why.to_owned(), help: None };
        self.around.board.configure(|shown| {
            (shown.reason, shown.kept_old, shown.problems) = (reason, true, vec![problem]);
        });
    }
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

fn facts(loaded: &Loaded, clock: &dyn Clock) -> Facts {
    let (hostname, interval_s) = (loaded.hostname().to_string(), loaded.conf.interval.0);
    Facts { version: env!("CARGO_PKG_VERSION"), hostname, pid: std::process::id(), started: clock.now(), interval_s }
}

/// Where relative paths of engine.yaml start.
fn base_of(config: Option<&Path>) -> PathBuf {
    let folder = config.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    std::path::absolute(&folder).unwrap_or(folder)
}
