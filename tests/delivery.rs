//! Nothing that a run has reported is lost: the real daemon, killed and stopped at random, with
//! receivers that fail, hang and refuse.
//!
//! `ENGINE_TEST_KILLS=200 cargo test --test delivery` kills it that often; a few times otherwise.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod service;
}

use common::daemon::{Daemon, Site, until};
use common::service::{Asked, Reply, Service, json, status};
use serde_json::{Value as Json, json as body};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SEQUENCE: &str = r#"name: sequence
version: 1.0.0
config: {instance: {url: {type: url, required: true}}}
sources:
  s: {http: {url: "{{ instance.url }}"}}
metrics:
  - {name: seq, value: $s.seq}
  - {name: runs, value: run.number}
state:
  last: {initial: 0, next: s.doc.seq}
"#;

/// A source that numbers its answers, and remembers when it gave each.
struct Source {
    service: Service,
    issued: Arc<Mutex<Vec<Instant>>>,
}

impl Source {
    fn start() -> Source {
        let issued: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let mine = issued.clone();
        let service = Service::start(move |_| {
            let mut issued = mine.lock().expect("no panic before");
            issued.push(Instant::now());
            json(body!({"seq": issued.len()}))
        });
        Source { service, issued }
    }

    fn issued(&self) -> Vec<Instant> {
        self.issued.lock().expect("no panic before").clone()
    }
}

/// What a receiver has got: how often each number.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeMap<u64, usize>>>);

impl Seen {
    /// Takes the numbers of a request in; they count as received whatever is answered.
    fn take(&self, asked: &Asked) {
        let series: Json = serde_json::from_str(&asked.body).unwrap_or_default();
        let mut seen = self.0.lock().expect("no panic before");
        for metric in series["series"].as_array().into_iter().flatten().filter(|metric| metric["metric"] == "seq") {
            for point in metric["points"].as_array().into_iter().flatten() {
                *seen.entry(point[1].as_f64().expect("a value") as u64).or_default() += 1;
            }
        }
    }

    fn all(&self) -> BTreeMap<u64, usize> {
        self.0.lock().expect("no panic before").clone()
    }

    /// A receiver that takes everything, after `before` has said whether it answers at all.
    fn receiver(&self, before: impl Fn(u64) -> Option<Reply> + Send + Sync + 'static) -> Service {
        let (seen, n) = (self.clone(), AtomicU64::new(0));
        Service::start(move |asked| {
            if let Some(reply) = before(n.fetch_add(1, Ordering::Relaxed)) {
                return reply;
            }
            seen.take(asked);
            (202, String::new(), "{}".to_owned())
        })
    }
}

fn site(source: &Source, sinks: &[(&str, &Service)], more: &str) -> Site {
    let sinks: String = sinks
        .iter()
        .map(|(name, service)| format!("  - datadog: {{name: {name}, url: '{}', api_key: k, compression: identity}}\n", service.url))
        .collect();
    let site = Site::new(&format!("interval: 1s\nstatus: {{listen: off}}\nsinks:\n{sinks}{more}"));
    site.write("specs/sequence.yaml", SEQUENCE);
    site.write("conf.d/sequence.yaml", &format!("instances: [{{url: '{}'}}]\n", source.service.url));
    site
}

/// All numbers but those that were issued shortly before an end of the process.
fn missing(source: &Source, seen: &Seen, ends: &[Instant]) -> Vec<u64> {
    let seen = seen.all();
    let in_flight = |at: &Instant| ends.iter().any(|end| *at <= *end && end.duration_since(*at) < Duration::from_secs(1));
    let issued = source.issued();
    let owed = issued.iter().enumerate().filter(|(_, at)| !in_flight(at)).map(|(n, _)| n as u64 + 1);
    owed.filter(|n| !seen.contains_key(n)).collect()
}

fn kills() -> usize {
    std::env::var("ENGINE_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// A kill loses at most the run in progress, and repeats at most what was not acknowledged.
#[test]
fn kills_lose_nothing_that_was_reported() {
    let (source, seen) = (Source::start(), Seen::default());
    // Every fifth request fails, in one way or the other.
    let receiver = seen.receiver(|n| match n % 10 {
        4 => Some(status(503)),
        9 => Some((429, "retry-after: 1\r\n".to_owned(), String::new())),
        _ => None,
    });
    let site = site(&source, &[("main", &receiver)], "");
    let mut ends = Vec::new();
    for round in 0..kills() {
        let daemon = Daemon::start(&site);
        let before = source.issued().len();
        until(|| source.issued().len() > before + 1 + round % 3);
        std::thread::sleep(Duration::from_millis(137 * (round as u64 % 8)));
        daemon.kill();
        ends.push(Instant::now());
    }
    let daemon = Daemon::start(&site);
    let before = source.issued().len();
    until(|| source.issued().len() > before + 2 && seen.all().keys().next_back() > Some(&(before as u64 + 1)));
    assert_eq!(daemon.end("TERM"), Some(0));
    ends.push(Instant::now());
    assert_eq!(missing(&source, &seen, &ends), Vec::<u64>::new(), "{}", daemon.said());
    let repeated: usize = seen.all().values().map(|n| n - 1).sum();
    assert!(repeated <= 6 * kills(), "{repeated} numbers came again");
}

/// Stopping loses nothing at all, and what is remembered goes on where it was.
#[test]
fn a_stop_loses_nothing_and_forgets_nothing() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = seen.receiver(|_| None);
    let site = site(&source, &[("main", &receiver)], "");
    for _ in 0..3 {
        let daemon = Daemon::start(&site);
        let before = source.issued().len();
        until(|| source.issued().len() > before + 1);
        assert_eq!(daemon.end("TERM"), Some(0));
    }
    assert_eq!(missing(&source, &seen, &[]), Vec::<u64>::new());
    assert!(seen.all().values().all(|n| *n == 1), "{:?}", seen.all());
    let runs = receiver.asked("POST /api/v1/series").iter().flat_map(|asked| runs_in(&asked.body)).collect::<Vec<_>>();
    assert_eq!(runs, (1..=runs.len() as u64).collect::<Vec<_>>());
}

fn runs_in(body: &str) -> Vec<u64> {
    let series: Json = serde_json::from_str(body).expect("JSON");
    let runs = series["series"].as_array().into_iter().flatten().filter(|metric| metric["metric"] == "runs");
    runs.flat_map(|metric| metric["points"].as_array().cloned().unwrap_or_default())
        .map(|point| point[1].as_f64().expect("a value") as u64)
        .collect()
}

/// What a check remembers is in the spool before it is in a file: a kill takes neither alone.
#[test]
fn memory_survives_a_kill() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = seen.receiver(|_| None);
    let site = site(&source, &[("main", &receiver)], "");
    for _ in 0..3 {
        let daemon = Daemon::start(&site);
        let before = seen.all().len();
        until(|| seen.all().len() > before + 1);
        daemon.kill();
    }
    let mut runs: Vec<u64> = receiver.asked("POST /api/v1/series").iter().flat_map(|asked| runs_in(&asked.body)).collect();
    runs.dedup();
    assert!(runs.windows(2).all(|pair| pair[1] == pair[0] + 1 || pair[1] <= pair[0]), "no number is passed over: {runs:?}");
    assert!(runs.last() >= Some(&6), "the runs are counted through: {runs:?}");
}

/// One receiver hangs, one says 429, one is fine: the fine one gets everything in time.
#[test]
fn one_receivers_trouble_is_nobody_elses() {
    let (source, fine, busy) = (Source::start(), Seen::default(), Seen::default());
    let hanging = Service::start(|_| {
        std::thread::sleep(Duration::from_secs(60));
        status(200)
    });
    let refusing = busy.receiver(|_| Some((429, "retry-after: 60\r\n".to_owned(), String::new())));
    let good = fine.receiver(|_| None);
    let site = site(&source, &[("hanging", &hanging), ("busy", &refusing), ("fine", &good)], "");
    let daemon = Daemon::start(&site);
    until(|| fine.all().len() > 4 && !hanging.asked("POST").is_empty());
    let status =
        daemon.status_when(|status| status["sinks"].as_array().is_some_and(|sinks| sinks.iter().any(|sink| sink["status"] == "failing")));
    let sink =
        |name: &str| status["sinks"].as_array().and_then(|all| all.iter().find(|sink| sink["name"] == name)).cloned().expect("a sink");
    assert_eq!((&sink("busy")["status"], &sink("fine")["status"]), (&body!("failing"), &body!("ok")));
    assert!(sink("busy")["last_error"].as_str().is_some_and(|why| why.contains("429")), "{status}");
    assert!(sink("busy")["oldest"].is_string(), "{status}");
    let (code, shown) = site.status(&[]);
    assert!(code == Some(1) && shown.contains("sink busy") && shown.contains("FAILING"), "{shown}");
    let issued = source.issued().len();
    until(|| fine.all().len() >= issued);
    // The end does not wait for those who hang.
    let begun = Instant::now();
    assert_eq!(daemon.end("TERM"), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(busy.all().is_empty());
}

/// What a receiver missed comes in order once it is back, across a restart.
#[test]
fn what_waited_comes_in_order() {
    let (source, seen) = (Source::start(), Seen::default());
    let away = Arc::new(AtomicU64::new(1));
    let down = away.clone();
    let receiver = seen.receiver(move |_| (down.load(Ordering::Relaxed) == 1).then(|| status(500)));
    let site = site(&source, &[("main", &receiver)], "");
    let daemon = Daemon::start(&site);
    until(|| source.issued().len() > 3);
    assert_eq!(daemon.end("TERM"), Some(0));
    assert!(seen.all().is_empty());
    away.store(0, Ordering::Relaxed);
    let daemon = Daemon::start(&site);
    let before = source.issued().len() as u64;
    until(|| seen.all().keys().next_back() > Some(&before));
    assert_eq!(daemon.end("TERM"), Some(0));
    assert_eq!(missing(&source, &seen, &[]), Vec::<u64>::new());
    let order: Vec<u64> = receiver.asked("POST /api/v1/series").iter().flat_map(|asked| runs_in(&asked.body)).collect();
    let mut delivered = order.clone();
    delivered.dedup();
    assert!(delivered.is_sorted() || delivered.iter().rev().take(before as usize + 1).rev().is_sorted(), "{order:?}");
}

#[test]
fn two_engines_cannot_share_a_spool() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = seen.receiver(|_| None);
    let site = site(&source, &[("main", &receiver)], "");
    let daemon = Daemon::start(&site);
    until(|| !seen.all().is_empty());
    let second = site.command(&["run", "--once"]).output().expect("the program runs");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another engine"));
    assert_eq!(daemon.end("TERM"), Some(0));
    // A single run of everything delivers and ends.
    let before = seen.all().len();
    assert!(site.command(&["run", "--once"]).status().expect("the program runs").success());
    assert_eq!(seen.all().len(), before + 1);
}
