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
use engine::disk::Disk;
use engine::disk::simulated::{Fault, SimulatedDisk};
use engine::spool::{OpenError, Record, Recovery, Settings, Spool, Weight};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
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
    Settings { segment_bytes: 4096, bytes: 1 << 30, memory_bytes: 1 << 20, reserve_bytes: 0, fresh_id: 77, lighten, ..Settings::default() }
}

/// The same on a disk that is shared with the state of checks.
fn with_reserve() -> Settings {
    Settings { reserve_bytes: 2048, ..settings() }
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
    points: BTreeMap<u64, u64>,
    had: [BTreeMap<u64, u32>; 2],
    /// What a receiver got without its metrics.
    light: [BTreeSet<u64>; 2],
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
        self.points.insert(number, n_metrics);
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
            if record.weight.metrics < self.points[&record.sequence] {
                self.light[receiver].insert(record.sequence);
            }
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
        model.acknowledge(&mut spool, receiver);
    }
    (model, spool)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Without bounds nothing is dropped, whatever the disk does; but a file that cannot be read twice.
    #[test]
    fn every_durable_record_reaches_every_receiver(steps in prop::collection::vec(step(), 1..120)) {
        let (model, spool) = run(&steps, with_reserve());
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

/// A spool that is too small for what comes.
fn small() -> Settings {
    Settings { bytes: 16 << 10, memory_bytes: 8 << 10, ..with_reserve() }
}

/// Steps without those that take the memory of counts away.
fn bounded_step() -> impl Strategy<Value = Step> {
    step().prop_map(|step| match step {
        Step::PowerCut(_) | Step::Kill => Step::Sync,
        Step::Fail { after, .. } => Step::Fail { after, fault: Fault::NoSpace },
        other => other,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a receiver never got is what was counted, to the record and the point.
    #[test]
    fn counts_equal_the_gap(steps in prop::collection::vec(bounded_step(), 1..200)) {
        let (model, spool) = run(&steps, small());
        prop_assert!(spool.stats().bytes <= (16 << 10) && spool.stats().pending.1 <= (8 << 10));
        for (n, had) in model.had.iter().enumerate() {
            let cursor = spool.cursor(RECEIVERS[n]).unwrap();
            let missing: Vec<u64> = model.appended.keys().copied().filter(|number| !had.contains_key(number)).collect();
            prop_assert_eq!(cursor.dropped_records, missing.len() as u64, "{:?} {:?}", missing, cursor);
            let points = |number: &u64| model.points[number];
            let got: u64 = had.keys().map(|number| if model.light[n].contains(number) { 0 } else { points(number) }).sum();
            let all: u64 = model.appended.keys().map(points).sum();
            prop_assert_eq!(cursor.dropped.metrics, all - got);
        }
    }
}

#[test]
fn metrics_go_before_events_and_the_oldest_before_the_others() {
    let bench = Bench::new(small());
    let (mut spool, _) = bench.open();
    let mut numbers = Vec::new();
    for id in 0..100 {
        let weight = if id % 2 == 0 { metrics(5) } else { Weight { events: 1, ..Weight::default() } };
        numbers.push(spool.append(content(id, 400), weight).unwrap());
    }
    spool.sync();
    let notices = spool.take_notices();
    assert!(
        notices[0].contains("the spool is full and metrics go first: a will not get") && notices[0].contains("metrics; b"),
        "{notices:?}"
    );
    let got = drained(&mut spool, "a");
    let cursor = spool.cursor("a").unwrap();
    let lightened = got.iter().filter(|record| record.weight.is_empty()).count();
    let whole = got.iter().filter(|record| record.weight.metrics > 0).count() as u64;
    assert!(lightened > 0 && whole > 0);
    assert_eq!(cursor.dropped.metrics, 5 * (50 - whole));
    assert_eq!(cursor.dropped_records, 100 - got.len() as u64);
    // What is there is the end of what there was, without a gap.
    assert_eq!(sequences(&got), numbers[100 - got.len()..]);
}

#[test]
fn what_waited_for_too_long_is_dropped_and_counted() {
    let bench = Bench::new(Settings { age: Duration::from_secs(4800), ..settings() });
    let (mut spool, _) = filled(&bench, 5, 100);
    bench.advance(101_000);
    spool.append(content(5, 100), metrics(1)).unwrap();
    spool.sync();
    assert_eq!(spool.stats().segments, 2);
    bench.advance(4_750_000);
    spool.sync();
    assert_eq!(drained(&mut spool, "a").len(), 1);
    assert_eq!(spool.cursor("a").unwrap().dropped_records, 5);
}

/// Who had a record when it was dropped and acknowledges it later has it.
#[test]
fn what_a_receiver_had_in_its_hands_is_not_lost_to_it() {
    let bench = Bench::new(small());
    let (mut spool, _) = bench.open();
    let event = Weight { events: 1, ..Weight::default() };
    let first = spool.append(content(0, 400), event).unwrap();
    spool.sync();
    assert_eq!(spool.read("a", 0, 1, 1000).unwrap().len(), 1);
    for id in 1..60 {
        spool.append(content(id, 400), event).unwrap();
    }
    spool.sync();
    let (before, other) = (spool.cursor("a").unwrap().dropped.events, spool.cursor("b").unwrap().dropped.events);
    assert!(before > 1 && before == other);
    spool.acknowledge("a", first);
    assert_eq!(spool.cursor("a").unwrap().dropped.events, before - 1);
    assert_eq!(spool.cursor("b").unwrap().dropped.events, other);
}

/// Three segments of 4 KiB, and what was in them.
fn three_segments() -> (Bench, BTreeMap<u64, Vec<u8>>) {
    let bench = Bench::new(settings());
    let (mut spool, _) = bench.open();
    let mut all = BTreeMap::new();
    for id in 0.. {
        let number = spool.append(content(id, 150 + (id as usize * 37) % 300), metrics(1)).unwrap();
        all.insert(number, content(id, 150 + (id as usize * 37) % 300));
        if spool.stats().segments == 3 && spool.stats().bytes > 10_500 {
            break;
        }
    }
    spool.sync();
    spool.save().unwrap();
    drop(spool);
    (bench, all)
}

/// Opens the spool as it is and reads it: how many records are lost, and nothing else may happen.
fn lost(bench: &Bench, disk: SimulatedDisk, all: &BTreeMap<u64, Vec<u8>>) -> (usize, Recovery) {
    let bench = Bench { disk, clock: Arc::clone(&bench.clock), settings: bench.settings };
    let (mut spool, recovery) = bench.open();
    let mut had = 0;
    let mut last = 0;
    for record in spool.read("a", 0, usize::MAX, usize::MAX).unwrap() {
        assert_eq!(all.get(&record.sequence), Some(&record.bytes), "nothing is invented");
        assert!(record.sequence > last, "order is kept");
        last = record.sequence;
        had += 1;
    }
    // It goes on: what comes is taken and read.
    let next = spool.append(b"1;next".to_vec(), metrics(1)).unwrap();
    assert!(next > *all.last_key_value().unwrap().0, "numbers never go back");
    assert_eq!(spool.sync(), next);
    assert_eq!(sequences(&spool.read("a", last + 1, 10, 1000).unwrap()), [next]);
    (all.len() - had, recovery)
}

fn files(disk: &SimulatedDisk) -> Vec<(String, u64)> {
    engine::disk::Disk::list(disk).unwrap()
}

/// The suite takes every so-and-so-many-th place; `SPOOL_FLIPS=all` takes each. That every single one is
/// noticed is tested where records are read, too.
fn stride(usual: usize) -> usize {
    if std::env::var_os("SPOOL_FLIPS").is_some() { 1 } else { usual }
}

#[test]
fn every_flipped_bit_costs_one_record_at_most() {
    let (bench, all) = three_segments();
    for (name, length) in files(&bench.disk) {
        for bit in (0..length * 8).step_by(stride(61)) {
            let disk = bench.disk.fork();
            disk.damage(&name, |bytes| bytes[(bit / 8) as usize] ^= 1 << (bit % 8));
            let (n_lost, recovery) = lost(&bench, disk, &all);
            assert!(n_lost <= 1, "bit {bit} of {name} costs {n_lost} records");
            let told = recovery.bad_records + recovery.torn_bytes + recovery.set_aside;
            assert!(n_lost == 0 || told > 0, "bit {bit} of {name} is not told");
        }
    }
}

#[test]
fn every_truncation_costs_what_is_cut_off() {
    let (bench, all) = three_segments();
    for (name, length) in files(&bench.disk) {
        for cut in (0..length).step_by(stride(17)) {
            let disk = bench.disk.fork();
            disk.damage(&name, |bytes| bytes.truncate(cut as usize));
            let (n_lost, _) = lost(&bench, disk, &all);
            // No record here is smaller than 150 bytes.
            assert!(n_lost as u64 <= (length - cut) / 150 + 1, "{name} cut to {cut} costs {n_lost} records");
        }
    }
}

/// Every point at which the power may go off in a trace of all that a spool does.
#[test]
fn a_power_cut_at_any_call_loses_nothing_that_was_promised() {
    let trace = |bench: &Bench, promised: &mut BTreeMap<u64, Vec<u8>>| {
        let Ok((mut spool, _)) = bench.try_open() else { return };
        let mut waiting = BTreeMap::new();
        for id in 0..40u64 {
            let bytes = content(id, 300);
            waiting.insert(spool.append(bytes.clone(), metrics(1)).unwrap(), bytes);
            if id % 3 == 2 {
                let synced = spool.sync();
                let rest = waiting.split_off(&(synced + 1));
                promised.append(&mut std::mem::replace(&mut waiting, rest));
            }
            if id % 10 == 9 {
                let records = spool.read("a", spool.cursor("a").unwrap().acknowledged + 1, 6, 1 << 20).unwrap_or_default();
                let last = records.last().map_or(0, |record| record.sequence);
                spool.acknowledge("a", last);
                spool.state_saved(last);
                let _ = spool.save();
            }
        }
    };
    let whole = Bench::new(with_reserve());
    trace(&whole, &mut BTreeMap::new());
    for call in 0..whole.disk.calls() {
        for seed in 0..3 {
            let bench = Bench::new(with_reserve());
            bench.disk.off_at(call);
            let mut promised = BTreeMap::new();
            trace(&bench, &mut promised);
            bench.disk.power_cut(seed * (call + 1));
            let (mut spool, _) = bench.open();
            let had: BTreeMap<u64, Vec<u8>> = drained(&mut spool, "b").into_iter().map(|record| (record.sequence, record.bytes)).collect();
            for (number, bytes) in &promised {
                assert_eq!(had.get(number), Some(bytes), "call {call}, seed {seed}: {number} is lost");
            }
            let next = spool.append(content(99, 1), metrics(1)).unwrap();
            assert!(promised.last_key_value().is_none_or(|(last, _)| *last < next));
        }
    }
}

#[test]
fn a_segment_of_another_version_is_set_aside_and_named() {
    let (bench, all) = three_segments();
    let (name, _) = files(&bench.disk)[1].clone();
    bench.disk.damage(&name, |bytes| {
        bytes[8] = 9;
        let sum = crc32c::crc32c(&bytes[..12]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    });
    let (n_lost, recovery) = lost(&bench, bench.disk.fork(), &all);
    assert!(n_lost > 5 && recovery.set_aside == 1);
    let text = &recovery.notices[0];
    assert!(text.contains(".version-9-") && text.contains("it is of version 9, and this engine reads version 1"), "{text}");
}

#[test]
fn a_segment_that_is_gone_is_passed_over() {
    let (bench, all) = three_segments();
    let (name, _) = files(&bench.disk)[1].clone();
    let disk = bench.disk.fork();
    engine::disk::Disk::remove(&disk, &name).unwrap();
    assert!(lost(&bench, disk, &all).0 < all.len() - 10);
    // Also while the engine runs.
    let (mut spool, _) = bench.open();
    engine::disk::Disk::remove(&bench.disk, &name).unwrap();
    let got = drained(&mut spool, "a");
    assert!(got.len() > 10 && got.len() < all.len());
    assert!(spool.stats().set_aside == 1 && spool.take_notices().iter().any(|text| text.contains(&name)));
    assert!(spool.stats().said.iter().any(|(_, text)| text.contains(&name)));
    // The one that grows, too: what comes is written elsewhere, and nobody waits for what is gone.
    spool.append(content(98, 100), metrics(1)).unwrap();
    spool.sync();
    for (name, _) in files(&bench.disk) {
        bench.disk.remove(&name).unwrap();
    }
    assert!(drained(&mut spool, "b").is_empty());
    let next = spool.append(content(99, 100), metrics(1)).unwrap();
    spool.sync();
    assert_eq!(sequences(&drained(&mut spool, "b")), [next]);
    assert_eq!(spool.cursor("b").unwrap().dropped_records as usize, all.len() + 1);
}

#[test]
fn damaged_cursors_repeat_and_lose_nothing() {
    let (bench, all) = three_segments();
    {
        let (mut spool, _) = bench.open();
        spool.acknowledge("a", *all.keys().nth(3).unwrap());
        spool.save().unwrap();
    }
    bench.disk.damage("cursors", |bytes| bytes[30] ^= 1);
    let (mut spool, recovery) = bench.open();
    assert!(recovery.notices[0].contains("receivers begin with the oldest data"), "{recovery:?}");
    assert_eq!(drained(&mut spool, "a").len(), all.len());
}

/// A disk that is full of other things: nothing stops, and nothing is lost while memory lasts.
#[test]
fn a_full_disk_is_survived_without_a_restart() {
    let bench = Bench::new(settings());
    let (mut spool, _) = bench.open();
    bench.disk.set_capacity(Some(6000));
    let numbers: Vec<u64> = (0..100).map(|id| spool.append(content(id, 300), metrics(1)).unwrap()).collect();
    spool.sync();
    assert!(spool.trouble().is_some() && spool.stats().pending.0 > 80);
    assert_eq!(sequences(&drained(&mut spool, "a")), numbers);
    bench.disk.set_capacity(None);
    // It is tried again in a second.
    spool.sync();
    assert!(spool.trouble().is_some());
    bench.advance(1000);
    assert_eq!(spool.sync(), numbers[99]);
    assert!(spool.trouble().is_none());
    assert_eq!(sequences(&drained(&mut spool, "b")), numbers);
    let notices = spool.take_notices().join("\n");
    assert!(notices.contains("records wait in memory") && notices.contains("on disk again"), "{notices}");
}

/// Writes a file aside and renames it, as the state of checks is saved.
fn save_state(disk: &SimulatedDisk) -> std::io::Result<()> {
    let mut output = disk.create("check.state.new")?;
    output.append(&[7; 1500])?;
    disk.rename("check.state.new", "check.state")
}

/// A disk that is full of the spool's own records: what frees room is written in room that was kept.
#[test]
fn a_disk_that_the_spool_has_filled_heals_by_itself() {
    let bench = Bench::new(with_reserve());
    let (mut spool, _) = bench.open();
    bench.disk.set_capacity(Some(20_000));
    save_state(&bench.disk).unwrap();
    let mut numbers: Vec<u64> = (0..100).map(|id| spool.append(content(id, 300), metrics(1)).unwrap()).collect();
    spool.sync();
    assert!(spool.trouble().is_some());
    // Nobody takes anything: the room that is kept for cursors and state stays theirs.
    for _ in 0..5 {
        bench.advance(1000);
        numbers.push(spool.append(content(numbers.len() as u64, 300), metrics(1)).unwrap());
        spool.sync();
        spool.save().unwrap();
        save_state(&bench.disk).unwrap();
    }
    assert!(spool.trouble().is_some() && !spool.state_is_urgent());
    // Receivers are back: then the state of what they have is wanted, and with it room is free.
    for receiver in RECEIVERS {
        assert_eq!(sequences(&drained(&mut spool, receiver)), numbers);
        spool.acknowledge(receiver, *numbers.last().unwrap());
    }
    spool.save().unwrap();
    assert!(spool.state_is_urgent());
    save_state(&bench.disk).unwrap();
    spool.state_saved(spool.safe());
    spool.save().unwrap();
    bench.advance(1000);
    assert_eq!(spool.sync(), *numbers.last().unwrap());
    assert!(spool.trouble().is_none() && !spool.state_is_urgent());
    assert_eq!(spool.cursor("a").unwrap().dropped_records, 0);
    let notices = spool.take_notices().join("\n");
    assert!(notices.contains("is full: what is kept free for cursors and state is used now"), "{notices}");
    assert!(files(&bench.disk).contains(&("reserve".to_owned(), 2048)));
}

/// State that is never saved does not hold a full disk for ever: it repeats data, and loses none.
#[test]
fn a_full_disk_waits_for_the_state_of_checks_for_a_while_only() {
    let bench = Bench::new(with_reserve());
    let (mut spool, _) = bench.open();
    bench.disk.set_capacity(Some(20_000));
    let numbers: Vec<u64> = (0..60).map(|id| spool.append(content(id, 300), metrics(1)).unwrap()).collect();
    spool.sync();
    assert!(spool.trouble().is_some());
    for receiver in RECEIVERS {
        spool.acknowledge(receiver, numbers[50]);
    }
    for second in 0..10 {
        assert!(spool.trouble().is_some() || second >= 5);
        bench.advance(1000);
        spool.sync();
    }
    assert!(spool.trouble().is_none());
    assert_eq!(sequences(&drained(&mut spool, "a")), numbers[51..]);
    assert_eq!(spool.cursor("a").unwrap().dropped_records, 0);
    assert!(spool.take_notices().iter().any(|text| text.contains("they may repeat data")));
}

/// More waits in memory than the disk has room for: what fits goes to disk.
#[test]
fn a_disk_with_a_little_room_takes_a_little() {
    let bench = Bench::new(Settings { segment_bytes: 16 << 20, ..with_reserve() });
    let (mut spool, _) = bench.open();
    bench.disk.set_capacity(Some(0));
    let numbers: Vec<u64> = (0..10).map(|id| spool.append(content(id, 100_000), metrics(1)).unwrap()).collect();
    spool.sync();
    assert!(spool.synced() < numbers[0]);
    bench.disk.set_capacity(Some(550_000));
    bench.advance(1000);
    spool.sync();
    assert_eq!((spool.synced(), spool.stats().pending.0), (numbers[3], 6));
    assert_eq!(sequences(&drained(&mut spool, "a")), numbers);
}

/// Files of full size, damaged anywhere: `SPOOL_FLIPS=all` makes 10,000 of these.
#[test]
fn damage_in_large_files_costs_what_it_hits() {
    let bench = Bench::new(Settings { segment_bytes: 1 << 20, ..settings() });
    let (mut spool, _) = bench.open();
    let mut all = BTreeMap::new();
    for id in 0..60 {
        all.insert(spool.append(content(id, 50_000), metrics(1)).unwrap(), content(id, 50_000));
    }
    spool.sync();
    drop(spool);
    let files = files(&bench.disk);
    let mut place = 7usize;
    for n in 0..10_000 / stride(500) {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (name, length) = &files[n % files.len()];
        let disk = bench.disk.fork();
        disk.damage(name, |bytes| bytes[place % *length as usize] ^= 1 << (n % 8));
        assert!(lost(&bench, disk, &all).0 <= 1);
    }
}
