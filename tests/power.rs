//! The parts of the daemon together (runs, what they remember, the spool, a sink) on a disk that
//! forgets and fails: whatever happens at whatever moment, the numbers that a check counts up in its
//! memory arrive without a gap, and none comes again under another record.
//!
//! The suite takes every so-and-so-many-th call to the disk; `POWER_CUTS=all cargo test --test power`
//! takes each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at its first surprise"
)]

use engine::agent::board::{Board, Facts};
use engine::agent::deliver::{Delivery, Opener, Orders, Until};
use engine::agent::dispatcher::{Configured, Dispatcher, Ground};
use engine::agent::load::load;
use engine::agent::memories::{Checkpoints, catch_up};
use engine::agent::spooler::Spooler;
use engine::agent::worker::{Output, Shared, State};
use engine::base::time::{Clock, SystemClock};
use engine::catalog::{Catalog, Places};
use engine::cli::lint::no_spec;
use engine::disk::simulated::{Fault, SimulatedDisk};
use engine::net::client::HttpClients;
use engine::run::exchanger::Live;
use engine::sink::batch::{Batch, Most, What, cut};
use engine::sink::{self, DeliverCx, Numbered, Sink, Verdict};
use engine::source::Outside;
use engine::spool::keeper::{Durability, Keeper};
use engine::spool::{Settings, Spool};
use engine::state::folder::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{mpsc, watch};

const SPEC: &str = "name: tally
version: 1.0.0
metrics:
  - {name: tally, value: run.number}
";

/// The records in which a number came, by instance and number.
type Seen = BTreeMap<(String, u64), BTreeSet<u64>>;

/// A receiver that takes everything while the power is on.
#[derive(Clone, Debug)]
struct Witness {
    disk: SimulatedDisk,
    seen: Arc<Mutex<Seen>>,
}

impl Sink for Witness {
    fn batches(&self, reports: Vec<Numbered>) -> Vec<Batch> {
        let points = |numbered: &Numbered| (0u32..).zip(numbered.report.points.iter()).map(|(at, _)| What::Point(at)).collect();
        cut(&reports.into(), 0, Most { items: 1000, bytes: usize::MAX }, points)
    }

    fn body(&self, _: &Batch) -> Vec<u8> {
        Vec::new()
    }

    fn deliver<'d>(&'d self, batch: &'d Batch, _: &'d DeliverCx<'d>) -> sink::Delivery<'d> {
        let verdict = if self.disk.is_off() {
            Verdict::Later { why: "the power is off".to_owned(), after: None }
        } else {
            let mut seen = self.seen.lock().unwrap();
            for Numbered { sequence, report } in batch.reports() {
                let tally = report.points.iter().find(|point| &*point.name == "tally").expect("a number");
                let key = (report.origin.label.to_string(), tally.value.as_f64() as u64);
                seen.entry(key).or_default().insert(*sequence);
            }
            Verdict::Delivered(None)
        };
        Box::pin(std::future::ready(verdict))
    }
}

/// A machine with one disk.
struct Machine {
    disk: SimulatedDisk,
    seen: Arc<Mutex<Seen>>,
}

/// The files that the engine reads, which lie on another disk.
fn site() -> TempDir {
    let site = tempfile::tempdir().unwrap();
    for (folder, file, text) in [("specs", "tally.yaml", SPEC), ("conf.d", "tally.yaml", "instances: [{name: a}, {name: b}, {name: c}]\n")]
    {
        fs::create_dir(site.path().join(folder)).unwrap();
        fs::write(site.path().join(folder).join(file), text).unwrap();
    }
    site
}

impl Machine {
    fn new() -> Self {
        Machine { disk: SimulatedDisk::new(), seen: Arc::default() }
    }

    /// A process from its start to its end, in which every check runs once.
    async fn life(&self, site: &TempDir) {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let disk = Arc::new(self.disk.clone());
        let settings = Settings { segment_bytes: 1024, reserve_bytes: 512, ..Settings::default() };
        // As a manager of services would do, a later life tries again.
        let Ok((mut spool, _)) = Spool::open(disk.clone(), clock.clone(), settings, &["witness".to_owned()]) else { return };
        let folder = Folder::on(disk);
        let _ = catch_up(&mut spool, &folder, &*clock);
        let acknowledged = spool.cursor("witness").unwrap().acknowledged;
        let (keeper, keeping) = Keeper::start(spool, Durability::Within(Duration::from_secs(3600)), |_| {}).unwrap();
        let facts = Facts { version: "", hostname: String::new(), pid: 1, started: clock.now(), interval_s: 15.0 };
        let board = Arc::new(Board::new(facts));
        let witness = Witness { disk: self.disk.clone(), seen: self.seen.clone() };
        let open: Opener = Arc::new(move || Ok(Arc::new(witness.clone())));
        let (orders, told) = watch::channel(Orders { open, until: Until::Told });
        let delivery = Delivery {
            name: "witness".to_owned(),
            keeper: keeper.clone(),
            http: Arc::new(HttpClients::new()),
            clock: clock.clone(),
            engine: "e".to_owned(),
            board: board.clone(),
        };
        let delivering = tokio::spawn(delivery.run(acknowledged, told));
        self.runs(site, &folder, &keeper, board, clock).await;
        let _ = keeper.sync().await;
        orders.send_modify(|orders| orders.until = Until::Delivered(keeper.readable()));
        while !delivering.is_finished() && !self.disk.is_off() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        delivering.abort();
        let _ = delivering.await;
        keeper.end().await;
        tokio::task::spawn_blocking(move || drop(keeping.join())).await.unwrap();
    }

    async fn runs(&self, site: &TempDir, folder: &Folder, keeper: &Keeper, board: Arc<Board>, clock: Arc<dyn Clock>) {
        let places = Places { config: None, spec_dirs: vec![site.path().join("specs")], conf_dir: site.path().join("conf.d") };
        let loaded = load(&places, Catalog::open(None, None), no_spec);
        assert_eq!(loaded.checks.len(), 3);
        let bounds = loaded.conf.limits();
        let output = Output::Spool(Spooler::new(keeper.clone(), "host".into()));
        let exchanger = Arc::new(Live { outside: Outside::default(), clock: clock.clone() });
        let shared = Arc::new(Shared { exchanger, clock: clock.clone(), output, state: Some(Arc::new(State::new(folder.clone()))) });
        let (messages, inbox) = mpsc::channel(16);
        let checkpoints = Checkpoints::new(folder.clone(), keeper.clone(), messages, clock.instant());
        let mut dispatcher = Dispatcher::new(shared.clone(), board, &bounds, Handle::current(), true);
        let ground = Some(Ground { shared, checkpoints: Some(checkpoints) });
        dispatcher.begin(Configured { loaded, reason: "start", ground });
        dispatcher.run(inbox).await;
    }

    /// What is wrong with what the receiver has got: gaps, and numbers that came in several records.
    fn wrong(&self, may_repeat: bool) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let labels: BTreeSet<&String> = seen.keys().map(|(label, _)| label).collect();
        let mut out = Vec::new();
        for label in labels {
            let of_it: Vec<(u64, &BTreeSet<u64>)> =
                seen.iter().filter(|((l, _), _)| l == label).map(|((_, n), records)| (*n, records)).collect();
            let numbers: Vec<u64> = of_it.iter().map(|(n, _)| *n).collect();
            if numbers != (1..=numbers.len() as u64).collect::<Vec<_>>() {
                out.push(format!("{label}: {numbers:?} has a gap"));
            }
            if !may_repeat && of_it.iter().any(|(_, records)| records.len() > 1) {
                out.push(format!("{label}: a number came in two records: {of_it:?}"));
            }
        }
        if seen.len() < 3 {
            out.push(format!("nearly nothing has arrived: {seen:?}"));
        }
        out
    }
}

/// Calls to the disk in some undisturbed lives.
fn calls(runtime: &Runtime, site: &TempDir, lives: usize) -> u64 {
    let machine = Machine::new();
    (0..lives).for_each(|_| runtime.block_on(machine.life(site)));
    assert_eq!(machine.wrong(false), Vec::<String>::new());
    assert_eq!(machine.seen.lock().unwrap().len(), 3 * lives);
    machine.disk.calls()
}

fn stride(usual: usize) -> usize {
    if std::env::var_os("POWER_CUTS").is_some() { 1 } else { usual }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_power_cut_at_any_call_leaves_no_gap_and_repeats_no_number() {
    let (runtime, site) = (runtime(), site());
    let n_calls = calls(&runtime, &site, 3);
    for call in (0..n_calls).step_by(stride(7)) {
        for seed in 0..3 {
            let machine = Machine::new();
            machine.disk.off_at(call);
            while !machine.disk.is_off() {
                runtime.block_on(machine.life(&site));
            }
            machine.disk.power_cut(seed * (call + 1));
            (0..2).for_each(|_| runtime.block_on(machine.life(&site)));
            assert_eq!(machine.wrong(false), Vec::<String>::new(), "call {call}, seed {seed}");
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_call_leaves_no_gap_and_repeats_no_number() {
    let (runtime, site) = (runtime(), site());
    let n_calls = calls(&runtime, &site, 2);
    for call in (0..n_calls).step_by(stride(7)) {
        // A disk is full for a while; that it fails, or that the process is short of files, passes sooner.
        for (fault, n) in [(Fault::NoSpace, 1), (Fault::NoSpace, 12), (Fault::Device, 1), (Fault::TooManyFiles, 1)] {
            let machine = Machine::new();
            (call..call + n).for_each(|call| machine.disk.fail(call, fault));
            (0..3).for_each(|_| runtime.block_on(machine.life(&site)));
            machine.disk.heal();
            runtime.block_on(machine.life(&site));
            // What was in memory at the end of a process is made again by the next one.
            assert_eq!(machine.wrong(n > 1), Vec::<String>::new(), "call {call}, {fault:?}, {n} times");
        }
    }
}
