//! What reaches receivers from the real daemon: across stops and kills, in order, and whatever other
//! receivers do.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod sequence;
    pub mod service;
}

use common::daemon::{Daemon, Site, until};
use common::sequence::{self, Seen, Source, missing};
use common::service::{Reply, Service, status};
use serde_json::{Value as Json, json as body};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A receiver that takes everything, after `before` has said whether it answers at all.
fn receiver(seen: &Seen, before: impl Fn(u64) -> Option<Reply> + Send + Sync + 'static) -> Service {
    let (seen, n) = (seen.clone(), AtomicU64::new(0));
    Service::start(move |asked| {
        if let Some(reply) = before(n.fetch_add(1, Ordering::Relaxed)) {
            return reply;
        }
        seen.take(&asked.body);
        (202, String::new(), "{}".to_owned())
    })
}

fn site(source: &Source, sinks: &[(&str, &Service)]) -> Site {
    let sinks: Vec<_> = sinks.iter().map(|(name, service)| (*name, service.url.as_str())).collect();
    sequence::site(source, &sinks)
}

/// Stopping loses nothing at all, and what is remembered goes on where it was.
#[test]
fn a_stop_loses_nothing_and_forgets_nothing() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = receiver(&seen, |_| None);
    let site = site(&source, &[("main", &receiver)]);
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
    let receiver = receiver(&seen, |_| None);
    let site = site(&source, &[("main", &receiver)]);
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
    let refusing = receiver(&busy, |_| Some((429, "retry-after: 60\r\n".to_owned(), String::new())));
    let good = receiver(&fine, |_| None);
    let site = site(&source, &[("hanging", &hanging), ("busy", &refusing), ("fine", &good)]);
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
    let receiver = receiver(&seen, move |_| (down.load(Ordering::Relaxed) == 1).then(|| status(500)));
    let site = site(&source, &[("main", &receiver)]);
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
    let receiver = receiver(&seen, |_| None);
    let site = site(&source, &[("main", &receiver)]);
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

/// Files of the spool that are of another version or damaged hold nothing up, and are named.
#[test]
fn what_is_wrong_with_the_spool_stands_in_the_status() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = receiver(&seen, |_| None);
    let site = site(&source, &[("main", &receiver)]);
    let daemon = Daemon::start(&site);
    until(|| !seen.all().is_empty());
    daemon.kill();
    let form = [b"engspool".as_slice(), &9u32.to_le_bytes()].concat();
    let foreign = [form.as_slice(), &crc32c::crc32c(&form).to_le_bytes(), &[0; 100]].concat();
    let spool = site.path().join("state/spool");
    std::fs::write(spool.join("00000000000000000001.segment"), foreign).expect("a file");
    std::fs::write(spool.join("cursors"), "engine-spool 1 00000000 2\n{}").expect("a file");
    let daemon = Daemon::start(&site);
    daemon.status_when(|status| status["spool"]["said"].as_array().is_some_and(|said| said.len() >= 2));
    let shown = site.status(&[]).1;
    assert!(shown.contains("it is of version 9, and this engine reads version 1"), "{shown}");
    assert!(shown.contains("receivers begin with the oldest data"), "{shown}");
    let before = source.issued().len() as u64;
    until(|| seen.all().keys().next_back() > Some(&before));
    assert_eq!(daemon.end("TERM"), Some(0));
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let (source, seen) = (Source::start(), Seen::default());
    let receiver = receiver(&seen, |_| None);
    let site = site(&source, &[("main", &receiver)]);
    site.write("state", "no folder");
    let output = site.command(&["run", "--once"]).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("state cannot be written to") && said.contains("name one with `state_dir`"), "{said}");
}
