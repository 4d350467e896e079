//! The spool against a plain list, on a disk that forgets and fails: every record that was durable is
//! read by every receiver, nothing is invented, order is kept, numbers are never used twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at its first surprise"
)]

use engine::base::time::Clock;
use engine::disk::simulated::{Fault, SimulatedDisk};
use engine::spool::{OpenError, Record, Recovery, Settings, Spool, Weight};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A clock that moves when it is told to, over restarts of the engine.
#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn instant(&self) -> Instant {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        *BEGIN.get_or_init(Instant::now) + Duration::from_millis(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap())
    }
}

const RECEIVERS: [&str; 2] = ["a", "b"];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A record of these tests is `number;rest` and loses all behind the semicolon with its metrics.
fn lighten(bytes: &[u8]) -> Option<Vec<u8>> {
    let end = bytes.iter().position(|byte| *byte == b';')? + 1;
    Some(bytes[..end].to_vec())
}

fn settings() -> Settings {
    Settings { segment_bytes: 4096, bytes: 1 << 30, memory_bytes: 1 << 20, fresh_id: 77, lighten, ..Settings::default() }
}

struct Bench {
    disk: SimulatedDisk,
    clock: Arc<Hand>,
    settings: Settings,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        Bench { disk: SimulatedDisk::new(), clock: Arc::default(), settings }
    }

    fn try_open(&self) -> Result<(Spool, Recovery), OpenError> {
        Spool::open(Arc::new(self.disk.clone()), self.clock.clone(), self.settings, &names(&RECEIVERS))
    }

    fn open(&self) -> (Spool, Recovery) {
        self.try_open().unwrap_or_else(|error| panic!("{error}"))
    }

    fn advance(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
}

fn content(id: u64, length: usize) -> Vec<u8> {
    let mut bytes = format!("{id};").into_bytes();
    bytes.resize(bytes.len() + length, b'a' + (id % 26) as u8);
    bytes
}

fn metrics(n: u64) -> Weight {
    Weight { metrics: n, ..Weight::default() }
}

fn filled(bench: &Bench, n: u64, length: usize) -> (Spool, Vec<u64>) {
    let (mut spool, _) = bench.open();
    let numbers = (0..n).map(|id| spool.append(content(id, length), metrics(1)).unwrap()).collect();
    spool.sync();
    (spool, numbers)
}

fn drained(spool: &mut Spool, receiver: &str) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    let mut from = spool.cursor(receiver).unwrap().acknowledged + 1;
    loop {
        let records = spool.read(receiver, from, 7, 1000).unwrap();
        let Some(last) = records.last() else { return all };
        from = last.sequence + 1;
        all.extend(records);
    }
}

fn sequences(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.sequence).collect()
}

#[test]
fn what_was_appended_is_read_by_every_receiver_at_its_own_pace() {
    let bench = Bench::new(settings());
    let (mut spool, numbers) = filled(&bench, 50, 300);
    assert!(spool.stats().segments >= 3);
    let first = spool.read("a", numbers[0], 3, 1 << 20).unwrap();
    assert_eq!(sequences(&first), numbers[..3]);
    assert_eq!(first[1].bytes, content(1, 300));
    assert_eq!(sequences(&drained(&mut spool, "b")), numbers);
    assert_eq!(sequences(&spool.read("a", numbers[3], 100, 700).unwrap()), numbers[3..5]);
    // One record at least, whatever the bound.
    assert_eq!(sequences(&spool.read("a", numbers[5], 100, 1).unwrap()), [numbers[5]]);
}

#[test]
fn nothing_is_handed_out_that_a_power_cut_could_take_back() {
    let bench = Bench::new(settings());
    let (mut spool, _) = bench.open();
    let number = spool.append(content(1, 10), metrics(1)).unwrap();
    assert!(spool.synced() < number && spool.read("a", 0, 10, 1000).unwrap().is_empty());
    assert_eq!(spool.sync(), number);
    assert_eq!(sequences(&spool.read("a", 0, 10, 1000).unwrap()), [number]);
}

#[test]
fn a_segment_goes_when_every_durable_cursor_has_passed_it() {
    let bench = Bench::new(settings());
    let (mut spool, numbers) = filled(&bench, 50, 300);
    let (last, before) = (*numbers.last().unwrap(), spool.stats().segments);
    spool.acknowledge("a", last);
    spool.state_saved(last);
    spool.save().unwrap();
    assert_eq!(spool.stats().segments, before);
    spool.acknowledge("b", last);
    assert_eq!(spool.stats().segments, before);
    spool.save().unwrap();
    assert_eq!(spool.stats().segments, 1);
    // A receiver that is no more holds nothing; a new one begins with what comes.
    let (mut spool, numbers) = filled(&Bench::new(settings()), 50, 300);
    spool.state_saved(*numbers.last().unwrap());
    spool.set_receivers(&names(&["c"]));
    spool.save().unwrap();
    assert_eq!(spool.stats().segments, 1);
    let next = spool.append(content(99, 1), metrics(1)).unwrap();
    spool.sync();
    assert_eq!(sequences(&drained(&mut spool, "c")), [next]);
}

#[test]
fn state_holds_a_segment_as_a_receiver_does() {
    let bench = Bench::new(settings());
    let (mut spool, numbers) = filled(&bench, 50, 300);
    for receiver in RECEIVERS {
        spool.acknowledge(receiver, numbers[49]);
    }
    spool.state_saved(numbers[20]);
    spool.save().unwrap();
    drop(spool);
    let (mut spool, recovery) = bench.open();
    assert!(recovery.records >= 29, "{recovery:?}");
    let mut replayed = Vec::new();
    let state = spool.stats().state;
    spool.replay(state + 1, |record| replayed.push(record.sequence)).unwrap();
    assert_eq!(replayed, numbers[21..]);
}

#[test]
fn two_engines_cannot_share_a_spool() {
    let bench = Bench::new(settings());
    let (spool, _) = bench.open();
    let error = bench.try_open().expect_err("a refusal").to_string();
    assert_eq!(error, "the spool in /simulated/ is in use by another engine");
    drop(spool);
    assert!(bench.try_open().is_ok());
}

/// What is done to the spool.
#[derive(Clone, Debug)]
enum Step {
    Append { length: usize, metrics: u64 },
    Sync,
    Read { receiver: usize, most: usize },
    Acknowledge { receiver: usize },
    Save,
    Advance(i64),
    Kill,
    PowerCut(u64),
    Fail { after: u64, fault: Fault },
    Full(u64),
    Heal,
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![Just(Fault::NoSpace), Just(Fault::Device), Just(Fault::TooManyFiles)];
    prop_oneof![
        12 => (0usize..900, 0u64..3).prop_map(|(length, metrics)| Step::Append { length, metrics }),
        5 => Just(Step::Sync),
        5 => (0usize..2, 1usize..20).prop_map(|(receiver, most)| Step::Read { receiver, most }),
        3 => (0usize..2).prop_map(|receiver| Step::Acknowledge { receiver }),
        3 => Just(Step::Save),
        2 => (0i64..3000).prop_map(Step::Advance),
        1 => Just(Step::Kill),
        1 => (0u64..u64::MAX).prop_map(Step::PowerCut),
        1 => ((0u64..12), fault).prop_map(|(after, fault)| Step::Fail { after, fault }),
        1 => (0u64..8192).prop_map(Step::Full),
        1 => Just(Step::Heal),
    ]
}

/// What the spool must be like: a list, and what each receiver has had of it.
#[derive(Default)]
struct Model {
    appended: BTreeMap<u64, Vec<u8>>,
    /// Appended and promised to be durable: a sync has said so.
    durable: BTreeMap<u64, ()>,
    had: [BTreeMap<u64, u32>; 2],
    next: [u64; 2],
    /// What was acknowledged and saved: that never comes again.
    saved: [u64; 2],
    acknowledged: [u64; 2],
    ids: u64,
    /// The first number of this process.
    begin: u64,
}

impl Model {
    fn append(&mut self, spool: &mut Spool, length: usize, n_metrics: u64) {
        self.ids += 1;
        let bytes = content(self.ids, length);
        let number = spool.append(bytes.clone(), metrics(n_metrics)).unwrap();
        assert!(self.appended.last_key_value().is_none_or(|(last, _)| *last < number), "numbers never go back");
        self.appended.insert(number, bytes);
    }

    fn sync(&mut self, spool: &mut Spool) {
        let synced = spool.sync();
        self.durable.extend(self.appended.range(self.begin..synced.max(self.begin - 1) + 1).map(|(number, _)| (*number, ())));
    }

    fn read(&mut self, spool: &mut Spool, receiver: usize, most: usize) -> usize {
        // A disk that fails at this moment is asked again later.
        let Ok(records) = spool.read(RECEIVERS[receiver], self.next[receiver], most, 2000) else { return 0 };
        for record in &records {
            assert!(record.sequence >= self.next[receiver], "order is kept");
            let light = lighten(&self.appended[&record.sequence]).unwrap();
            let whole = &self.appended[&record.sequence];
            assert!(record.bytes == *whole || record.bytes == light, "nothing is invented");
            assert!(record.sequence > self.saved[receiver], "what was acknowledged durably comes again");
            *self.had[receiver].entry(record.sequence).or_default() += 1;
            self.next[receiver] = record.sequence + 1;
        }
        records.len()
    }

    fn acknowledge(&mut self, spool: &mut Spool, receiver: usize) {
        spool.acknowledge(RECEIVERS[receiver], self.next[receiver] - 1);
        self.acknowledged[receiver] = self.acknowledged[receiver].max(self.next[receiver] - 1);
        // Acknowledged by all: the state of it is as well in files.
        spool.state_saved(self.acknowledged[0].min(self.acknowledged[1]));
    }

    fn save(&mut self, spool: &mut Spool) {
        if spool.save().is_ok() {
            self.saved = self.acknowledged;
        }
    }

    /// The engine starts again: receivers go on behind what was saved.
    fn reopened(&mut self, spool: &Spool) {
        self.begin = spool.stats().next;
        for (n, receiver) in RECEIVERS.iter().enumerate() {
            let cursor = spool.cursor(receiver).unwrap().acknowledged;
            assert!(cursor >= self.saved[n], "a cursor went back");
            assert!(cursor <= self.acknowledged[n].max(self.saved[n]), "a cursor is ahead of what was acknowledged");
            self.next[n] = cursor + 1;
            self.acknowledged[n] = cursor;
        }
    }
}

fn run(steps: &[Step], settings: Settings) -> (Model, Spool) {
    let bench = Bench::new(settings);
    let (mut spool, _) = bench.open();
    let mut model = Model { next: [1; 2], begin: 1, ..Model::default() };
    for step in steps {
        match step {
            Step::Append { length, metrics } => model.append(&mut spool, *length, *metrics),
            Step::Sync => model.sync(&mut spool),
            Step::Read { receiver, most } => {
                model.read(&mut spool, *receiver, *most);
            }
            Step::Acknowledge { receiver } => model.acknowledge(&mut spool, *receiver),
            Step::Save => model.save(&mut spool),
            Step::Advance(ms) => bench.advance(*ms),
            Step::Kill => {
                bench.disk.heal();
                bench.disk.set_capacity(None);
                if spool.trouble().is_none() {
                    // All that was appended is in files.
                    model.durable.extend(model.appended.range(model.begin..).map(|(number, _)| (*number, ())));
                }
                bench.disk.kill();
                spool = bench.open().0;
                model.reopened(&spool);
            }
            Step::PowerCut(seed) => {
                bench.disk.heal();
                bench.disk.set_capacity(None);
                bench.disk.power_cut(*seed);
                spool = bench.open().0;
                model.reopened(&spool);
            }
            Step::Fail { after, fault } => bench.disk.fail(bench.disk.calls() + after, *fault),
            Step::Full(more) => {
                let used: u64 = engine::disk::Disk::list(&bench.disk).unwrap_or_default().iter().map(|(_, length)| length).sum();
                bench.disk.set_capacity(Some(used + more));
            }
            Step::Heal => {
                bench.disk.heal();
                bench.disk.set_capacity(None);
            }
        }
    }
    bench.disk.heal();
    bench.disk.set_capacity(None);
    bench.advance(2000);
    model.sync(&mut spool);
    assert!(spool.trouble().is_none());
    for receiver in 0..2 {
        while model.read(&mut spool, receiver, 20) > 0 {}
    }
    (model, spool)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Without bounds nothing is dropped, whatever the disk does; but a file that cannot be read twice.
    #[test]
    fn every_durable_record_reaches_every_receiver(steps in prop::collection::vec(step(), 1..120)) {
        let (model, spool) = run(&steps, settings());
        for (n, had) in model.had.iter().enumerate() {
            let cursor = spool.cursor(RECEIVERS[n]).unwrap();
            let missing: Vec<&u64> = model.durable.keys().filter(|number| !had.contains_key(number)).collect();
            let broken = steps.iter().filter(|step| matches!(step, Step::Fail { fault: Fault::Device, .. })).count() > 1;
            if !broken {
                prop_assert_eq!(cursor.dropped_records, 0);
                prop_assert_eq!(cursor.dropped, Weight::default());
            }
            prop_assert!(missing.is_empty() || cursor.dropped_records > 0, "receiver {} never got {:?}", n, missing);
        }
    }
}
