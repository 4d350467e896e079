//! The promises of docs/reliability.md against the real daemon, with a receiver that does what
//! receivers do: refuse, fail, hang up, forget to answer, take and then say that they did not.
//!
//! Each trial is made a few times; `ENGINE_TEST_ROUNDS=1000 cargo test --release --test faults --
//! --nocapture TRIAL` makes it as often as that, by ten engines at once, and shows its figures.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod receiver;
    pub mod sequence;
    pub mod service;
}

use common::daemon::{Daemon, Site, free_port, http, until};
use common::receiver::{Receiver, Reply};
use common::sequence::{self, Seen, Source, missing};
use serde_json::Value as Json;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a trial is made.
fn rounds() -> usize {
    std::env::var("ENGINE_TEST_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Engines at once that share the rounds of a trial.
fn engines() -> usize {
    if rounds() < 50 { 1 } else { 10 }
}

/// A sequence of numbers that look random, the same at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn pause(&mut self, least_ms: u64, most_ms: u64) {
        sleep(Duration::from_millis(least_ms + self.below(most_ms - least_ms)));
    }
}

/// One engine with its source and its receiver.
struct Trial {
    source: Source,
    seen: Seen,
    receiver: Receiver,
    /// Deliveries that arrived and were not answered as such.
    unanswered: Arc<AtomicUsize>,
}

impl Trial {
    /// Every other request of the receiver goes wrong, in one of nine ways.
    fn new() -> Trial {
        let (seen, unanswered): (Seen, Arc<AtomicUsize>) = Default::default();
        let (takes, counts) = (seen.clone(), unanswered.clone());
        let receiver = Receiver::start(move |n, request| {
            let text = String::from_utf8_lossy(&request.body);
            let take_and = |reply| {
                takes.take(&text);
                counts.fetch_add(1, Ordering::Relaxed);
                reply
            };
            let status = |code| Reply::Status(code, Vec::new(), "no".to_owned());
            match n % 18 {
                1 => status(500),
                3 => status(503),
                5 => Reply::Status(429, vec![("retry-after", "1".to_owned())], String::new()),
                7 => status(408),
                9 => Reply::Bytes(""),
                11 => Reply::Bytes("SSH-2.0-OpenSSH_9.2\r\n"),
                13 => take_and(Reply::Bytes("")),
                15 => take_and(Reply::Bytes("HTTP/1.1 202 Acc")),
                17 => take_and(status(500)),
                _ => {
                    takes.take(&text);
                    Reply::Status(202, Vec::new(), "{}".to_owned())
                }
            }
        });
        Trial { source: Source::start(), seen, receiver, unanswered }
    }

    fn site(&self) -> Site {
        sequence::site(&self.source, &[("main", &self.receiver.url)])
    }

    /// Waits until what was made last has arrived, and so all before it; what is missing then.
    fn drained(&self, daemon: &Daemon, ends: &[Instant]) -> Vec<u64> {
        let before = self.source.issued().len() as u64;
        until(|| self.seen.all().keys().next_back() > Some(&(before + 1)));
        let lost = missing(&self.source, &self.seen, ends);
        assert_eq!(daemon.end("TERM"), Some(0), "{}", daemon.said());
        lost.into_iter().filter(|number| *number <= before).collect()
    }
}

/// What came of the rounds of all engines.
#[derive(Default)]
struct Figures {
    n_ends: usize,
    issued: usize,
    repeats: usize,
    unanswered: usize,
    lost: Vec<u64>,
}

impl Figures {
    /// A request comes again only after a kill, or where the receiver did not answer it.
    fn repeat_only_what_was_not_noted(&self) {
        let most = self.n_ends + self.unanswered;
        assert!(self.repeats <= most, "{} requests came again, and {most} may", self.repeats);
    }
}

/// Does something to the running engine as often as there are rounds; the answer of `round` is the
/// daemon that runs now, and when a run that was under way may have been lost.
fn trials(
    what: &str,
    n_rounds: usize,
    round: impl for<'s> Fn(&'s Site, Daemon<'s>, &Source, &mut Dice) -> (Daemon<'s>, Instant) + Sync,
) -> Figures {
    let begun = Instant::now();
    let all = std::thread::scope(|scope| {
        let one = |engine: usize| {
            let round = &round;
            scope.spawn(move || {
                let (trial, mut dice, mut ends) = (Trial::new(), Dice(engine as u64), Vec::new());
                let site = trial.site();
                let mut daemon = Daemon::start(&site);
                for _ in 0..n_rounds.div_ceil(engines()) {
                    let (next, end) = round(&site, daemon, &trial.source, &mut dice);
                    daemon = next;
                    ends.push(end);
                }
                let lost = trial.drained(&daemon, &ends);
                let unanswered = trial.unanswered.load(Ordering::Relaxed);
                Figures { n_ends: ends.len(), issued: trial.source.issued().len(), repeats: trial.seen.repeats(), unanswered, lost }
            })
        };
        let engines: Vec<_> = (0..engines()).map(one).collect();
        engines.into_iter().map(|engine| engine.join().expect("no panic")).fold(Figures::default(), |mut all, one| {
            all.n_ends += one.n_ends;
            all.issued += one.issued;
            all.repeats += one.repeats;
            all.unanswered += one.unanswered;
            all.lost.extend(one.lost);
            all
        })
    });
    println!(
        "{what}: {n_rounds} times in {} s, {} runs: {} lost, {} requests came again, {} deliveries were not answered",
        begun.elapsed().as_secs(),
        all.issued,
        all.lost.len(),
        all.repeats,
        all.unanswered
    );
    assert_eq!(all.lost, Vec::<u64>::new());
    all
}

/// The daemon that comes after this one, and when a number that was given last may be lost.
fn kill_and_start<'s>(site: &'s Site, daemon: &Daemon<'s>, source: &Source) -> (Daemon<'s>, Instant) {
    daemon.kill();
    // What the dead process asked for may not be answered yet.
    source.service.settle();
    let end = Instant::now();
    (Daemon::start(site), end)
}

#[test]
fn kills_lose_nothing_but_the_run_under_way() {
    let figures = trials("kill -9", rounds(), |site, daemon, source, dice| {
        dice.pause(300, 2500);
        kill_and_start(site, &daemon, source)
    });
    figures.repeat_only_what_was_not_noted();
}

#[test]
fn kills_amid_reloads_lose_nothing_but_the_run_under_way() {
    let figures = trials("kill -9 amid reloads", rounds(), |site, daemon, source, dice| {
        for _ in 0..=dice.below(2) {
            dice.pause(300, 1200);
            daemon.signal("HUP");
        }
        kill_and_start(site, &daemon, source)
    });
    figures.repeat_only_what_was_not_noted();
}

/// Stopping in peace loses not even the run under way.
#[test]
fn ends_in_peace_lose_nothing() {
    let trial = Trial::new();
    let site = trial.site();
    let mut dice = Dice(1);
    let n_rounds = rounds().min(100);
    for n_before in 0..n_rounds {
        let daemon = Daemon::start(&site);
        // Before that it knows no signals.
        until(|| daemon.said().matches("instances, every").count() > n_before);
        dice.pause(0, 1800);
        assert_eq!(daemon.end("TERM"), Some(0), "{}", daemon.said());
    }
    let daemon = Daemon::start(&site);
    let lost = trial.drained(&daemon, &[]);
    let (issued, repeats) = (trial.source.issued().len(), trial.seen.repeats());
    println!("TERM: {n_rounds} times, {issued} runs: {} lost, {repeats} requests came again", lost.len());
    assert_eq!(lost, Vec::<u64>::new());
}

/// A process that stands still for a while goes on where it was; a run that was under way may be past
/// its time then.
#[test]
fn pauses_of_the_process_lose_nothing() {
    let longest = if rounds() < 50 { 1500 } else { 60_000 };
    let figures = trials("STOP and CONT", rounds().min(50), |_, daemon, _, dice| {
        dice.pause(300, 1500);
        daemon.signal("STOP");
        // The source may answer what was asked just before.
        let stopped = Instant::now() + Duration::from_millis(100);
        dice.pause(500, longest);
        daemon.signal("CONT");
        (daemon, stopped)
    });
    figures.repeat_only_what_was_not_noted();
}

/// A receiver that is there once it is no longer away.
fn absent(seen: &Seen, away: &Arc<AtomicBool>) -> Receiver {
    let (takes, is_away) = (seen.clone(), away.clone());
    Receiver::start(move |_, request| {
        if is_away.load(Ordering::Relaxed) {
            return Reply::Bytes("");
        }
        takes.take(&String::from_utf8_lossy(&request.body));
        Reply::Status(202, Vec::new(), "{}".to_owned())
    })
}

/// A receiver that is away for long: the memory of the engine stays as it is, and everything comes.
#[test]
fn a_receiver_that_is_away_costs_no_memory() {
    let (source, seen, away) = (Source::with_more(2000, 20), Seen::default(), Arc::new(AtomicBool::new(true)));
    let receiver = absent(&seen, &away);
    let site = sequence::site(&source, &[("main", &receiver.url)]);
    let daemon = Daemon::start(&site);
    let runs = rounds().max(6);
    until_with(Duration::from_secs(30 + 2 * runs as u64), || source.issued().len() >= 3);
    let before = daemon.resident_kib();
    until_with(Duration::from_secs(30 + 2 * runs as u64), || source.issued().len() >= runs);
    let after = daemon.resident_kib();
    away.store(false, Ordering::Relaxed);
    let back = Instant::now();
    until_with(Duration::from_secs(120 + 2 * runs as u64), || seen.all().len() >= runs);
    println!(
        "receiver away: {runs} runs of 2,000 series, memory {before} KiB and then {after} KiB, all there {} s after it was back",
        back.elapsed().as_secs()
    );
    assert_eq!(daemon.end("TERM"), Some(0));
    assert!(after < before + 24 * 1024, "{before} KiB became {after} KiB");
    assert!((1..=runs as u64).all(|number| seen.all().contains_key(&number)));
}

fn until_with(patience: Duration, condition: impl Fn() -> bool) {
    let end = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < end, "it never happened");
        sleep(Duration::from_millis(20));
    }
}

/// A disk of 4 MiB that the engine fills by itself while its receiver is away: it heals without a
/// restart once the receiver is back.
#[test]
fn a_full_disk_heals_without_a_restart() {
    let namespace = Command::new("unshare").args(["-Urm", "true"]).status();
    if !namespace.is_ok_and(|status| status.success()) {
        return println!("this machine lets nobody mount a small disk: nothing was tried");
    }
    let (source, seen, away) = (Source::with_more(5000, 190), Seen::default(), Arc::new(AtomicBool::new(true)));
    let receiver = absent(&seen, &away);
    let site = sequence::site(&source, &[("main", &receiver.url)]);
    let port = free_port();
    let settings = std::fs::read_to_string(site.path().join("engine.yaml")).expect("settings");
    site.write("engine.yaml", &settings.replace("listen: off", &format!("listen: '127.0.0.1:{port}'")));
    std::fs::create_dir(site.path().join("state")).expect("a folder");
    let mount = "mount -t tmpfs -o size=4m none state && exec \"$0\" run";
    let daemon = Daemon::start_by(&site, &["unshare", "-Urm", "sh", "-c", mount]);
    let spool = || {
        let answer = http(port, "GET /status.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str::<Json>(body).unwrap_or_default()
    };
    until(|| !source.issued().is_empty());
    until(|| spool()["spool"]["trouble"].is_string());
    let trouble = spool()["spool"]["trouble"].to_string();
    let full = source.issued().len();
    until(|| source.issued().len() > full + 3);
    away.store(false, Ordering::Relaxed);
    until_with(Duration::from_secs(300), || spool()["spool"]["trouble"].is_null());
    let healed = source.issued().len() as u64;
    until_with(Duration::from_secs(120), || seen.all().contains_key(&healed));
    println!(
        "disk of 4 MiB: full after {full} runs ({trouble}), {healed} runs later on disk again, {} lost",
        healed as usize - seen.all().range(..=healed).count()
    );
    assert_eq!(daemon.end("TERM"), Some(0));
    assert_eq!(missing(&source, &seen, &[Instant::now()]), Vec::<u64>::new());
    let said = daemon.said();
    assert!(said.contains("what is kept free for cursors and state is used now") && said.contains("on disk again"), "{said}");
}
