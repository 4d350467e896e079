//! The sinks at work: one spool, and a task for each sink. They come, change and go with engine.yaml.
//!
//! A sink is found again by its name. One whose settings are the same is not touched; one that has
//! changed keeps its place in the spool and is opened anew between two deliveries; one that is gone
//! ends first, and then holds nothing in the spool any more.

use super::board::Board;
use super::deliver::{Delivery, Opener, Orders, Until};
use super::load::Loaded;
use super::memories::catch_up;
use super::own::Own;
use super::spooler::Spooler;
use crate::base::time::Clock;
use crate::base::value::Text;
use crate::catalog::secrets::Outside;
use crate::conf::engine::EngineConf;
use crate::conf::secrets::SecretStore;
use crate::conf::settings::SpoolConf;
use crate::disk::real::RealDisk;
use crate::net::client::HttpClients;
use crate::report::without_metrics;
use crate::sink::{OpenCx, Settings as SinkSettings};
use crate::spool::keeper::{Bounds, Durability, Keeper, Keeping};
use crate::spool::{OpenError, Settings, Spool};
use crate::state::folder::Folder;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The figures of the spool are shown as they were this long ago at most.
const FIGURES_EVERY: Duration = Duration::from_secs(1);
/// At the end, sinks have this long for what they can still take.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);
/// A single run of everything ends with its deliveries; a sink that does not take them in this time
/// gets them from the next start.
const ONCE_DELIVERIES: Duration = Duration::from_secs(30);

/// What all sinks share.
#[derive(Clone)]
pub struct Surroundings {
    /// Where they are shown.
    pub board: Arc<Board>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where their tasks run.
    pub runtime: Handle,
    /// Where relative paths of engine.yaml start.
    pub base: PathBuf,
}

/// Sinks at work.
pub struct Sinks {
    keeper: Keeper,
    keeping: Keeping,
    engine: String,
    http: Arc<HttpClients>,
    around: Surroundings,
    running: BTreeMap<Text, Running>,
    own: Option<Reporting>,
}

/// The engine's reports of itself.
struct Reporting {
    hostname: Text,
    interval: Duration,
    tags: Vec<Text>,
    task: JoinHandle<()>,
}

/// One sink at work.
struct Running {
    /// Its settings as they were when it was opened.
    settings: String,
    orders: watch::Sender<Orders>,
    task: JoinHandle<()>,
}

impl Sinks {
    /// Opens the spool below the folder of the state, and brings the files of memories up to it. No
    /// sink is at work yet.
    ///
    /// # Errors
    /// Another engine has it, or it cannot be used.
    pub fn open(conf: &EngineConf, folder: &Folder, around: Surroundings) -> Result<Sinks, String> {
        let wanted = conf.spool();
        let settings = Settings {
            age: wanted.max_age.duration(),
            fresh_id: RandomState::new().build_hasher().finish(),
            lighten: without_metrics,
            ..Settings::default().of_size(wanted.max_bytes.0)
        };
        let disk = Arc::new(RealDisk::new(folder.path().join("spool")));
        let opened = Spool::open(disk, around.clock.clone(), settings, &names(conf));
        let (mut spool, recovery) = opened.map_err(|error| match error {
            OpenError::InUse(why) | OpenError::Unusable(why) => why,
        })?;
        for notice in &recovery.notices {
            tracing::warn!(target: "spool", "{notice}");
        }
        match catch_up(&mut spool, folder, &*around.clock) {
            Ok(applied) => tracing::info!(target: "state", records = applied, "what the spool knew and the files did not was applied"),
            Err(why) => tracing::error!(target: "state", why, "the files of the state cannot be brought up to the spool"),
        }
        let engine = format!("{:016x}", spool.engine());
        let tell = |notice: String| tracing::warn!(target: "spool", "{notice}");
        let started = Keeper::start(spool, durability(&wanted), tell);
        let (keeper, keeping) = started.map_err(|error| format!("the spool cannot be started: {error}"))?;
        around.runtime.spawn(show_figures(keeper.clone(), around.board.clone()));
        Ok(Sinks { keeper, keeping, engine, http: Arc::new(HttpClients::new()), around, running: BTreeMap::new(), own: None })
    }

    /// The way in for runs, from this host.
    pub fn spooler(&self, hostname: &str) -> Spooler {
        Spooler::new(self.keeper.clone(), hostname.into())
    }

    /// A way to the spool.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Makes the sinks and the bounds of the spool those of a reading of engine.yaml.
    pub async fn apply(&mut self, loaded: &Loaded) {
        let (conf, spool) = (&loaded.conf, loaded.conf.spool());
        let bounds = Bounds { bytes: spool.max_bytes.0, age: spool.max_age.duration(), durability: durability(&spool) };
        // These fail only where the spool has ended, and then so does everything else; a disk that does
        // not take the cursors is told of by the spool itself.
        let _ = self.keeper.set_bounds(bounds).await;
        let names = names(conf);
        let gone: Vec<Text> = self.running.keys().filter(|name| !names.iter().any(|new| **new == ***name)).cloned().collect();
        for name in gone {
            self.end_one(&name).await;
        }
        let _ = self.keeper.set_receivers(names).await;
        let cursors = self.keeper.stats().await.map(|stats| stats.receivers).unwrap_or_default();
        for sink in &conf.sinks {
            // What a secret in the file was shows only in the text.
            let settings = format!("{:?}\n{}", sink.value, loaded.sources.slice(sink.span));
            let (name, open) = (sink.value.0.name(), self.opener(sink.value.0.clone()));
            match self.running.get_mut(&name) {
                Some(running) if running.settings == settings => {}
                Some(running) => {
                    tracing::info!(target: "reload", sink = %name, "the sink has other settings");
                    running.settings = settings;
                    running.orders.send_modify(|orders| orders.open = open);
                }
                None => {
                    let acknowledged = cursors.get(&*name).map_or(0, |cursor| cursor.acknowledged);
                    let running = self.begin(&name, settings, open, acknowledged);
                    self.running.insert(name, running);
                }
            }
        }
    }

    /// Reports what the engine knows of itself as ordinary observations, as long as there is a sink.
    pub fn report_own(&mut self, loaded: &Loaded) {
        let (hostname, interval, tags) = (loaded.hostname(), loaded.conf.interval.duration(), loaded.conf.tags.clone());
        let is_same = |own: &Reporting| own.hostname == hostname && own.interval == interval && own.tags == tags;
        if self.any() && self.own.as_ref().is_some_and(is_same) {
            return;
        }
        if let Some(own) = self.own.take() {
            own.task.abort();
        }
        if self.any() {
            let Surroundings { board, clock, runtime, .. } = self.around.clone();
            let own = Own { board, spooler: self.spooler(&hostname), clock, interval, tags: tags.clone() };
            self.own = Some(Reporting { hostname, interval, tags, task: runtime.spawn(own.run()) });
        }
    }

    /// True while there is a sink.
    pub fn any(&self) -> bool {
        !self.running.is_empty()
    }

    fn opener(&self, settings: Arc<dyn SinkSettings>) -> Opener {
        let base = self.around.base.clone();
        Arc::new(move || {
            let secret = |handle: &str| Outside.fetch(handle, &base);
            settings.open(&OpenCx { folder: &base, secret: &secret })
        })
    }

    fn begin(&self, name: &Text, settings: String, open: Opener, acknowledged: u64) -> Running {
        self.around.board.sink(name, |sink| sink.acknowledged = acknowledged);
        let (orders, told) = watch::channel(Orders { open, until: Until::Told });
        let delivery = Delivery {
            name: name.to_string(),
            keeper: self.keeper.clone(),
            http: self.http.clone(),
            clock: self.around.clock.clone(),
            engine: self.engine.clone(),
            board: self.around.board.clone(),
        };
        Running { settings, orders, task: self.around.runtime.spawn(delivery.run(acknowledged, told)) }
    }

    async fn end_one(&mut self, name: &Text) {
        let Some(running) = self.running.remove(name) else { return };
        tracing::info!(target: "reload", sink = %name, "the sink is gone");
        tell(&running, Until::Now);
        // It ends at its next breath; a panic in it has been told.
        let _ = running.task.await;
        self.around.board.remove_sink(name);
    }

    /// Gives the sinks a moment for what is there, makes everything durable and ends.
    pub async fn end(self, once: bool) {
        if let Some(own) = self.own {
            own.task.abort();
        }
        // What was appended last must be readable first.
        let _ = self.keeper.sync().await;
        let readable = self.keeper.readable();
        self.running.values().for_each(|running| tell(running, Until::Delivered(readable)));
        let mut tasks: Vec<_> = self.running.into_values().collect();
        let all = async {
            for running in &mut tasks {
                let _ = (&mut running.task).await;
            }
        };
        let patience = if once { ONCE_DELIVERIES } else { LAST_DELIVERIES };
        if tokio::time::timeout(patience, all).await.is_err() {
            let left = tasks.iter().filter(|running| !running.task.is_finished()).count();
            tracing::info!(target: "sinks", sinks = left, "what these sinks did not take stays in the spool for the next start");
        }
        for running in tasks.iter().filter(|running| !running.task.is_finished()) {
            running.task.abort();
        }
        self.keeper.end().await;
        let keeping = self.keeping;
        let spool = tokio::task::spawn_blocking(move || keeping.join()).await;
        let n_lost = spool.ok().and_then(Result::ok).map_or(0, |spool| spool.stats().pending.0);
        if n_lost > 0 {
            tracing::error!(target: "spool", "{n_lost} records end with the engine: the disk took nothing, and they were not all delivered");
        }
    }
}

fn tell(running: &Running, until: Until) {
    running.orders.send_modify(|orders| orders.until = until);
}

fn names(conf: &EngineConf) -> Vec<String> {
    conf.sinks.iter().map(|sink| sink.value.0.name().to_string()).collect()
}

fn durability(spool: &SpoolConf) -> Durability {
    if spool.sync.0.is_zero() { Durability::Always } else { Durability::Within(spool.sync.0) }
}

async fn show_figures(keeper: Keeper, board: Arc<Board>) {
    while let Ok(stats) = keeper.stats().await {
        board.spool(&stats);
        tokio::time::sleep(FIGURES_EVERY).await;
    }
}
