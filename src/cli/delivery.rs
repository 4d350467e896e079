//! The part of `engine run` that makes sinks work: the spool, what it knows that files do not, a task
//! for each sink.

use crate::agent::board::Board;
use crate::agent::deliver::{Delivery, Until};
use crate::agent::memories::catch_up;
use crate::agent::own::Own;
use crate::agent::spooler::Spooler;
use crate::base::limits;
use crate::base::time::Clock;
use crate::base::value::Text;
use crate::catalog::secrets::Outside;
use crate::conf::engine::EngineConf;
use crate::conf::secrets::SecretStore;
use crate::disk::real::RealDisk;
use crate::net::client::HttpClients;
use crate::report::without_metrics;
use crate::sink::OpenCx;
use crate::spool::keeper::{Durability, Keeper, Keeping};
use crate::spool::{OpenError, Settings, Spool, Stats};
use crate::state::folder::Folder;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The figures of the spool are shown as they were this long ago at most.
const FIGURES_EVERY: Duration = Duration::from_secs(1);
/// At the end, sinks have this long for what they can still take.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);
/// A single run of everything ends with its deliveries; a sink that does not take them in this time
/// gets them from the next start.
const ONCE_DELIVERIES: Duration = Duration::from_secs(30);

/// A spool that is open.
pub struct Open {
    keeper: Keeper,
    keeping: Keeping,
    stats: Stats,
}

/// Sinks at work.
pub struct Running {
    keeper: Keeper,
    keeping: Keeping,
    until: watch::Sender<Until>,
    tasks: JoinSet<()>,
}

/// Opens the spool below the folder of the state, and brings the files of memories up to it.
///
/// # Errors
/// Another engine has it, or it cannot be used.
pub fn open(conf: &EngineConf, folder: &Folder, clock: &Arc<dyn Clock>) -> Result<Open, String> {
    let wanted = conf.spool();
    let reserve_bytes = limits::SPOOL_RESERVE_BYTES.min(wanted.max_bytes.0 / limits::SPOOL_RESERVE_SHARE);
    let settings = Settings {
        bytes: wanted.max_bytes.0 - reserve_bytes,
        reserve_bytes,
        age: wanted.max_age.duration(),
        segment_bytes: limits::SPOOL_SEGMENT_BYTES.min(wanted.max_bytes.0 / 4),
        fresh_id: RandomState::new().build_hasher().finish(),
        lighten: without_metrics,
        ..Settings::default()
    };
    let names: Vec<String> = conf.sinks.iter().map(|sink| sink.value.0.name().to_string()).collect();
    let disk = Arc::new(RealDisk::new(folder.path().join("spool")));
    let opened = Spool::open(disk, clock.clone(), settings, &names);
    let (mut spool, recovery) = opened.map_err(|error| match error {
        OpenError::InUse(why) | OpenError::Unusable(why) => why,
    })?;
    for notice in &recovery.notices {
        tracing::warn!(target: "spool", "{notice}");
    }
    match catch_up(&mut spool, folder, &**clock) {
        Ok(applied) => tracing::info!(target: "state", records = applied, "what the spool knew and the files did not was applied"),
        Err(why) => tracing::error!(target: "state", why, "the files of the state cannot be brought up to the spool"),
    }
    let durability = if wanted.sync.0.is_zero() { Durability::Always } else { Durability::Within(wanted.sync.0) };
    let stats = spool.stats();
    let tell = |notice: String| tracing::warn!(target: "spool", "{notice}");
    let (keeper, keeping) = Keeper::start(spool, durability, tell).map_err(|error| format!("the spool cannot be started: {error}"))?;
    Ok(Open { keeper, keeping, stats })
}

impl Open {
    /// The way in for runs, from this host.
    pub fn spooler(&self, hostname: &str) -> Spooler {
        Spooler::new(self.keeper.clone(), hostname.into())
    }

    /// A way to the spool.
    pub fn keeper(&self) -> Keeper {
        self.keeper.clone()
    }

    /// Starts a task for each sink, and one that shows the figures.
    pub fn start(self, conf: &EngineConf, base: PathBuf, board: &Arc<Board>, clock: &Arc<dyn Clock>, runtime: &Handle) -> Running {
        let (until, told) = watch::channel(Until::Told);
        let http = Arc::new(HttpClients::new());
        let mut tasks = JoinSet::new();
        for sink in &conf.sinks {
            let (settings, base) = (sink.value.0.clone(), base.clone());
            let name = settings.name().to_string();
            let open = move || {
                let secret = |handle: &str| Outside.fetch(handle, &base);
                settings.open(&OpenCx { folder: &base, secret: &secret })
            };
            let acknowledged = self.stats.receivers.get(&name).map_or(0, |cursor| cursor.acknowledged);
            board.sink(&name, |sink| sink.acknowledged = acknowledged);
            let delivery = Delivery {
                name,
                open: Box::new(open),
                keeper: self.keeper.clone(),
                http: http.clone(),
                clock: clock.clone(),
                engine: format!("{:016x}", self.stats.engine),
                board: board.clone(),
            };
            tasks.spawn_on(delivery.run(acknowledged, told.clone()), runtime);
        }
        runtime.spawn(show_figures(self.keeper.clone(), board.clone()));
        Running { keeper: self.keeper, keeping: self.keeping, until, tasks }
    }
}

impl Running {
    /// Reports what the engine knows of itself as ordinary observations, every so often.
    pub fn report_own(&self, own: Own, runtime: &Handle) {
        runtime.spawn(own.run());
    }

    /// Gives the sinks a moment for what is there, makes everything durable and ends.
    pub async fn end(mut self, once: bool) {
        // What was appended last must be readable first.
        let _ = self.keeper.sync().await;
        let _ = self.until.send(Until::Delivered(self.keeper.readable()));
        let patience = if once { ONCE_DELIVERIES } else { LAST_DELIVERIES };
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            let left = self.tasks.len();
            tracing::info!(target: "sinks", sinks = left, "what these sinks did not take stays in the spool for the next start");
            let _ = self.until.send(Until::Now);
        }
        self.tasks.shutdown().await;
        self.keeper.end().await;
        let keeping = self.keeping;
        let spool = tokio::task::spawn_blocking(move || keeping.join()).await;
        let n_lost = spool.ok().and_then(Result::ok).map_or(0, |spool| spool.stats().pending.0);
        if n_lost > 0 {
            tracing::error!(target: "spool", "{n_lost} records end with the engine: the disk took nothing, and they were not all delivered");
        }
    }
}

async fn show_figures(keeper: Keeper, board: Arc<Board>) {
    while let Ok(stats) = keeper.stats().await {
        board.spool(&stats);
        tokio::time::sleep(FIGURES_EVERY).await;
    }
}

/// The host's name as the reports say it.
pub fn hostname(engine: &crate::base::value::Value) -> Text {
    engine.member("hostname").as_text().unwrap_or_default().into()
}

/// Where relative paths of engine.yaml start.
pub fn base_of(config: Option<&Path>) -> PathBuf {
    let folder = config.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    std::path::absolute(&folder).unwrap_or(folder)
}
