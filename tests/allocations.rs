//! What the hot paths may allocate, counted: nothing per metric and per row with constant names and
//! tags, one set of tags per row however many metrics share it, little per run, and little per
//! instance that waits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod scripted;
}

use common::scripted::Script;
use engine::base::time::{Clock, SystemClock};
use engine::catalog::Catalog;
use engine::catalog::files::{ConfFile, SpecFile};
use engine::net::Answer;
use engine::plan::Check;
use engine::run::reuse::Reuse;
use engine::run::{Memory, Outcome, RunCx, run};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::alloc::System;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The counters are those of the whole process, so one test counts at a time.
static COUNTING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    COUNTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lists of samples and of what they are about double their room, so that their allocations grow with
/// the logarithm.
const GROWTH: usize = 4;

/// What a run of one request allocates besides; the script that stands for the server, and notes each
/// request in words, is a third of it.
const RUN: usize = 48;

/// A session with one spec and its instances.
struct Session {
    catalog: Catalog,
    checks: Vec<Check>,
    _folder: tempfile::TempDir,
}

fn session(spec: &str, conf: &str) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("spec.yaml"), spec).unwrap();
    std::fs::write(path("conf.yaml"), conf).unwrap();
    let mut catalog = Catalog::open(None, Some("host".to_owned()));
    let plan = catalog.plan(&SpecFile { name: "counted".to_owned(), path: path("spec.yaml") });
    let plan = plan.unwrap_or_else(|| panic!("{:?}", catalog.problems));
    let checks = catalog.checks(&plan, &[ConfFile { name: "counted".to_owned(), path: path("conf.yaml") }]).checks;
    assert!(!catalog.has_errors(), "{:?}", catalog.problems);
    Session { catalog, checks, _folder: folder }
}

/// A spec over a scripted document, with these mappings.
fn spec(metrics: &str) -> String {
    format!(
        "name: counted\nversion: 1.0.0\nsources:\n  page:\n    http: {{url: \"http://127.0.0.1:9/\"}}\n    decode: json\nmetrics:\n{metrics}"
    )
}

impl Session {
    /// One run, and what it alone allocates: neither its runtime nor its script.
    fn run(&self, body: &str) -> (Outcome, Stats) {
        let script = Script::default();
        script.add("page", Ok(vec![Answer::of(body.to_owned(), "http://127.0.0.1:9/")]));
        let (memory, reuse) = (Memory::default(), Reuse::default());
        let interval = Duration::from_secs(15);
        let cx = RunCx {
            check: &self.checks[0],
            memory: &memory,
            exchanger: &script,
            clock: &SystemClock,
            engine: &self.catalog.engine,
            interval,
            deadline: SystemClock.instant() + interval,
            reuse: &reuse,
            requests: Default::default(),
            trace: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let region = Region::new(ALLOCATOR);
        let outcome = runtime.block_on(run(&cx));
        (outcome, region.change())
    }

    /// What one run allocates, once everything that is kept is there; and how many samples it gave.
    fn counted(&self, body: &str) -> (Stats, usize) {
        self.run(body);
        let (outcome, stats) = self.run(body);
        assert!(!outcome.failed() && outcome.warnings.is_empty(), "{outcome:?}");
        (stats, outcome.observations.samples.len())
    }
}

/// Allocations of a run of one spec and of another one that gives more samples of the same document.
fn growth(few: &str, many: &str, body: &str, samples: (usize, usize)) -> usize {
    let _alone = alone();
    let instance = "instances: [{}]\n";
    let (few, n_few) = session(&spec(few), instance).counted(body);
    let (many, n_many) = session(&spec(many), instance).counted(body);
    assert_eq!((n_few, n_many), samples);
    many.allocations.saturating_sub(few.allocations)
}

fn object(n: usize) -> String {
    let entries: Vec<String> = (0..n).map(|n| format!("\"k{n}\": {n}.5")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn list(n: usize) -> String {
    let items: Vec<String> =
        (0..n).map(|n| format!("{{\"name\": \"n{n}\", \"a\": {n}, \"b\": 1.5, \"c\": 2, \"d\": 3, \"e\": 4}}")).collect();
    format!("[{}]", items.join(", "))
}

#[test]
fn a_metric_with_constant_name_and_tags_allocates_nothing() {
    let metrics = |n: usize| {
        let mut text = String::from("  - from: page\n    prefix: app.\n    tags: [\"tier:one\", \"zone:two\"]\n    gauge:\n");
        (0..n).for_each(|n| writeln!(text, "      m{n}: $.k{n}").unwrap());
        text
    };
    let growth = growth(&metrics(20), &metrics(40), &object(40), (20, 40));
    assert!(growth <= GROWTH, "20 more metrics: {growth} more allocations");
}

#[test]
fn a_small_run_allocates_little() {
    let _alone = alone();
    let mut metrics = String::from("  - from: page\n    prefix: app.\n    gauge:\n");
    (0..20).for_each(|n| writeln!(metrics, "      m{n}: $.k{n}").unwrap());
    let kept = format!("{metrics}service_checks:\n  - {{name: app.up, status: {{critical: page.doc.k1 < 0}}}}\n");
    for metrics in [metrics, kept] {
        let (stats, samples) = session(&spec(&metrics), "instances: [{}]\n").counted(&object(20));
        println!("a small run: {} allocations", stats.allocations + stats.reallocations);
        assert_eq!(samples, 20);
        assert!(stats.allocations + stats.reallocations <= RUN, "{stats:?}");
    }
}

#[test]
fn a_row_with_constant_names_and_tags_allocates_nothing() {
    let metrics = |limit: usize| format!("  - {{from: page, limit: {limit}, tags: [\"tier:one\"], gauge: {{a: $.a, b: $.b}}}}\n");
    let growth = growth(&metrics(200), &metrics(400), &list(400), (400, 800));
    assert!(growth <= GROWTH, "200 more rows: {growth} more allocations");
}

#[test]
fn the_metrics_of_a_row_share_its_tags() {
    let metrics = |gauges: &str| format!("  - {{from: page, tags: {{name: $.name}}, gauge: {{{gauges}}}}}\n");
    let growth = growth(&metrics("a: $.a"), &metrics("a: $.a, b: $.b, c: $.c, d: $.d, e: $.e"), &list(200), (200, 1000));
    assert!(growth <= 4 + GROWTH, "800 more metrics of the same rows: {growth} more allocations");
}

#[test]
fn an_instance_that_waits_is_small() {
    let _alone = alone();
    let spec = "name: counted\nversion: 1.0.0\nconfig:\n  instance:\n    url: {type: url, required: true}\n    timeout: {type: duration, default: 5s}\n\
                sources:\n  page:\n    http: {url: \"{{ instance.url }}\", timeout: \"{{ instance.timeout }}\"}\n    decode: json\n\
                metrics:\n  - {from: page, gauge: {a: $.a}}\n";
    let held = |n: usize| {
        let mut conf = String::from("instances:\n");
        (0..n).for_each(|n| {
            writeln!(conf, "  - url: http://127.0.0.1:8080/i/{n:06}.json\n    tags: [\"cluster:c1\", \"zone:eu-1\"]").unwrap()
        });
        let region = Region::new(ALLOCATOR);
        let session = session(spec, &conf);
        let stats = region.change();
        assert_eq!(session.checks.len(), n);
        stats.bytes_allocated - stats.bytes_deallocated
    };
    let (few, many) = (held(1000), held(3000));
    let each = (many - few) / 2000;
    println!("an idle instance: {each} bytes, {} of them the check itself", size_of::<Check>());
    assert!(each <= 1024, "an idle instance holds {each} bytes");
}
