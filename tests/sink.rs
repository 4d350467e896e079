//! Sinks against receivers on the loopback: what they send, byte for byte, and what they make of
//! every bad answer.
//!
//! `tests/cases/sink/<kind>-*/sink.yaml` is one entry of `sinks`, `requests.txt` what it sends of a
//! report with one of everything. `UPDATE=1 cargo test --test sink` rewrites.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

#[path = "common/receiver.rs"]
mod receiver;
#[path = "common/reports.rs"]
mod reports;

use engine::base::span::Sources;
use engine::base::time::SystemClock;
use engine::net::client::HttpClients;
use engine::sink::outbox::{Note, Outbox, Step};
use engine::sink::{AnySink, DeliverCx, Numbered, OpenCx, Sink};
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use receiver::{Received, Receiver, Reply};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const KEY: &str = "c4n4ry key";

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sink");
    let entries = std::fs::read_dir(folder).expect("the cases");
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

/// The sink of one entry of `sinks`.
fn sink(yaml: &str, folder: &Path) -> Arc<dyn Sink> {
    let mut sources = Sources::default();
    let file = sources.add("engine.yaml", yaml);
    let loaded = load(&sources, file);
    let mut reader = Reader::new(&sources, false);
    let settings = AnySink::read(&loaded.root, &mut reader);
    assert!(reader.problems.is_empty(), "{:?}", reader.problems);
    let secret = |handle: &str| if handle == "env:KEY" { Ok(KEY.to_owned()) } else { Err("there is none".to_owned()) };
    settings.expect("settings").0.open(&OpenCx { folder, secret: &secret }).expect("a sink")
}

fn ok() -> Reply {
    Reply::Status(202, Vec::new(), String::new())
}

/// Delivers everything without waiting: pauses move the clock that the outbox is told.
fn drain(sink: &dyn Sink, reports: Vec<Numbered>, most_steps: usize) -> (Vec<Note>, Outbox) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let last = reports.last().expect("a report").sequence;
    let http = HttpClients::new();
    let cx = DeliverCx { http: &http, clock: &SystemClock, engine: "e1" };
    let (mut outbox, mut notes, mut now) = (Outbox::default(), Vec::new(), Instant::now());
    outbox.fill(sink.batches(reports), last);
    for _ in 0..most_steps {
        match outbox.step(now) {
            Step::Send(batch) => {
                let verdict = runtime.block_on(sink.deliver(&batch, &cx));
                notes.push(outbox.answered(verdict, now, 0.5));
            }
            Step::Wait(pause) => now += pause,
            Step::Busy => panic!("nothing is under way"),
            Step::Empty => break,
        }
    }
    (notes, outbox)
}

fn everything() -> Vec<Numbered> {
    vec![Numbered { sequence: 41, report: reports::small() }]
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, found).expect("the case");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{}", path.display());
}

/// A request as text: line, headers that are ours, body.
fn shown(request: &Received, url: &str) -> String {
    let ours = |name: &str| !["host", "accept", "content-length", "user-agent", "accept-encoding"].contains(&name);
    let headers: String = request.headers.iter().filter(|(name, _)| ours(name)).map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = match serde_json::from_slice::<Json>(&request.body) {
        Ok(json) => serde_json::to_string_pretty(&json).expect("text"),
        Err(_) => String::from_utf8_lossy(&request.body).into_owned(),
    };
    format!("{}\n{headers}\n{}\n", request.line, body.replace(url, "URL"))
}

#[test]
fn every_kind_sends_what_its_receiver_reads() {
    for case in cases() {
        let receiver = Receiver::start(|_, _| ok());
        let folder = tempfile::tempdir().expect("a folder");
        let yaml = std::fs::read_to_string(case.join("sink.yaml")).expect("sink.yaml").replace("URL", &receiver.url);
        let sink = sink(&yaml, folder.path());
        let (notes, outbox) = drain(&*sink, everything(), 100);
        assert!(notes.iter().all(|note| matches!(note, Note::Delivered { rejected: None, .. })), "{}: {notes:?}", case.display());
        assert_eq!(outbox.done(), 41);
        let requests: Vec<String> = receiver.received().iter().map(|request| shown(request, &receiver.url)).collect();
        let lines = std::fs::read_to_string(folder.path().join("lines.jsonl"));
        let found = lines.unwrap_or_else(|_| requests.join("\n"));
        compare(&case.join("requests.txt"), &found);
    }
}
