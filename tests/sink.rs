//! Sinks against receivers on the loopback: what they send, byte for byte, and what they make of
//! every bad answer.
//!
//! `tests/cases/sink/<kind>-*/sink.yaml` is one entry of `sinks`, `requests.txt` what it sends of a
//! report with one of everything. `UPDATE=1 cargo test --test sink` rewrites.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

#[path = "common/protobuf.rs"]
mod protobuf;
#[path = "common/receiver.rs"]
mod receiver;
#[path = "common/reports.rs"]
mod reports;

use engine::base::number::Number;
use engine::base::span::Sources;
use engine::base::time::SystemClock;
use engine::fold::PointAbout;
use engine::net::client::HttpClients;
use engine::sink::outbox::{Note, Outbox, Step};
use engine::sink::{AnySink, DeliverCx, Numbered, OpenCx, Sink};
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use protobuf::write_request;
use receiver::{Received, Receiver, Reply};
use serde_json::{Value as Json, json};
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
    let path = request.line.split('?').next().unwrap_or_default();
    let body = match path {
        // Read with definitions that are not ours.
        "POST /v1/metrics" => format!("{:#?}", ExportMetricsServiceRequest::decode(&*request.body).expect("metrics")),
        "POST /v1/logs" => format!("{:#?}", ExportLogsServiceRequest::decode(&*request.body).expect("logs")),
        "POST /api/v1/write" => serde_json::to_string_pretty(&write_request(&request.body)).expect("text"),
        _ => serde_json::to_string_pretty(&serde_json::from_slice::<Json>(&request.body).expect("JSON")).expect("text"),
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

/// What is wrong with a request to a StackState receiver, by the schema of its forms.
fn faults(request: &Received) -> Vec<String> {
    let forms: Json = from_yaml(include_str!("common/intake.yaml"));
    let path = request.line.split(['?', ' ']).nth(1).unwrap_or_default();
    let form = match path.trim_end_matches('/').rsplit('/').next().unwrap_or_default() {
        "check_run" => "check_run",
        "series" => "series",
        _ => "intake",
    };
    let schema = json!({"$defs": forms["$defs"], "$ref": format!("#/$defs/{form}")});
    let body: Json = serde_json::from_slice(&request.body).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    validator.iter_errors(&body).map(|error| format!("{path} {}: {error}", error.instance_path())).collect()
}

fn from_yaml(text: &str) -> Json {
    serde_yaml::from_str(text).expect("YAML")
}

/// Every field is one that the receiver knows, and of its type.
#[test]
fn a_stackstate_receiver_knows_every_field() {
    let receiver = Receiver::start(|_, _| ok());
    let yaml = format!("stackstate: {{url: '{}', api_key: k}}", receiver.url);
    let mut raw = reports::small();
    raw.points.amend(|_| {}, |about| std::sync::Arc::make_mut(about).metric_type = engine::observation::MetricType::Raw);
    let reports = vec![Numbered { sequence: 41, report: reports::small() }, Numbered { sequence: 42, report: raw }];
    drain(&*sink(&yaml, Path::new("/")), reports, 100);
    let received = receiver.received();
    assert_eq!(received.len(), 3);
    let wrong: Vec<String> = received.iter().flat_map(faults).collect();
    assert_eq!(wrong, Vec::<String>::new());
    // The schema can say no.
    let mut bad = received[0].clone();
    bad.body = String::from_utf8(bad.body).expect("text").replace("\"externalId\"", "\"externalID\"").into_bytes();
    assert!(!faults(&bad).is_empty());
}

/// The status of an instance comes once in ten minutes, as from the receiver's agents.
#[test]
fn the_status_of_an_instance_comes_every_ten_minutes() {
    let receiver = Receiver::start(|_, _| ok());
    let yaml = format!("stackstate: {{url: '{}', api_key: k, max_items: 1, send: [metadata]}}", receiver.url);
    let report = |n: u64| {
        let mut report = reports::small();
        report.origin.started += std::time::Duration::from_secs(n * 15);
        Numbered { sequence: n + 1, report }
    };
    drain(&*sink(&yaml, Path::new("/")), (0..81).map(report).collect(), 500);
    let rows: Vec<Json> = receiver.received().iter().map(|request| serde_json::from_slice::<Json>(&request.body).expect("JSON")).collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert_eq!(rows[0]["agent_checks"], json!([["a", "a", 0, "ERROR", "down", {"version": "1.2"}]]));
}

/// What a receiver says, and what is to become of it.
fn said(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Note, String) {
    // Once bad, then good.
    let receiver = Receiver::start(move |n, _| if n == 0 { reply() } else { ok() });
    let yaml = format!("stackstate: {{url: '{}', api_key: \"{{{{ secret('env:KEY') }}}}\", timeout: 1s, send: [metrics]}}", receiver.url);
    let sink = sink(&yaml, Path::new("/"));
    let (mut notes, outbox) = drain(&*sink, one_series(1), 20);
    assert!(outbox.is_empty() || matches!(notes[0], Note::Kept { .. }));
    let ids: Vec<String> = receiver.received().iter().map(|request| request.header("x-engine-batch").to_owned()).collect();
    let shown = format!("{notes:?}");
    assert!(!shown.contains(KEY) && !shown.contains("c4n4ry"), "{shown}");
    (notes.remove(0), ids.join(" "))
}

fn one_series(n_points: usize) -> Vec<Numbered> {
    let mut report = reports::small();
    let first = report.points.get(0).expect("a point");
    let about = |n: usize| PointAbout { name: format!("m{n}").into(), ..PointAbout::clone(first.about) };
    report.points = (0..n_points).map(|n| (first.value, first.tags.clone(), about(n).into())).collect();
    vec![Numbered { sequence: 7, report }]
}

fn status(code: u16) -> (Note, String) {
    said(move || Reply::Status(code, vec![("location", format!("http://127.0.0.1:1/?api_key={KEY}"))], format!("you sent {KEY}")))
}

#[test]
fn statuses_that_pass_are_asked_again_with_the_same_id() {
    for code in [408, 425, 429, 500, 502, 503, 504] {
        let (note, ids) = status(code);
        let Note::Kept { why, alarm: false, .. } = note else { panic!("{code}: {note:?}") };
        assert!(why.starts_with(&format!("HTTP {code} ")) && why.ends_with(": you sent ****"), "{why}");
        assert_eq!(ids, "e1-7-7 e1-7-7");
    }
}

#[test]
fn statuses_that_a_person_must_mend_keep_everything() {
    for code in [301, 302, 307, 308, 401, 403, 404, 405, 415] {
        let (note, ids) = status(code);
        assert!(matches!(note, Note::Kept { alarm: true, .. }), "{code}: {note:?}");
        assert_eq!(ids, "e1-7-7 e1-7-7", "{code}: kept, and not followed elsewhere");
    }
}

#[test]
fn a_single_item_that_is_refused_is_dropped_by_name() {
    for code in [400, 413, 422] {
        let (note, ids) = status(code);
        let Note::Dropped(dropped) = note else { panic!("{code}: {note:?}") };
        assert_eq!((dropped.what.as_str(), &*dropped.check, &*dropped.origin), ("metric `m0` queue:a b", "a[0]", "specs/a.yaml:3"));
        assert_eq!(ids, "e1-7-7");
    }
}

/// A name for the way in which a receiver answers.
type Manner = (&'static str, fn() -> Reply);

/// A success whose body is not whole may come from a proxy on its way down: what is sent again comes
/// twice at most, what is not is lost.
#[test]
fn connections_that_fail_in_any_way_keep_everything() {
    let bad: [Manner; 10] = [
        ("closed", || Reply::Bytes("")),
        ("garbage", || Reply::Bytes("\0\u{1}nonsense\r\n\r\n")),
        ("half a head", || Reply::Bytes("HTTP/1.1 200 O")),
        ("silent", || Reply::Hang("")),
        ("half a head and silent", || Reply::Hang("HTTP/1.1 2")),
        ("another protocol", || Reply::Bytes("SSH-2.0-OpenSSH_9.2\r\n")),
        ("switches", || Reply::Bytes("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")),
        ("never ends", || Reply::Hang("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")),
        ("breaks off", || Reply::Bytes("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nabc")),
        ("chunks of nonsense", || Reply::Bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")),
    ];
    for (name, reply) in bad {
        let (note, ids) = said(reply);
        assert!(matches!(note, Note::Kept { alarm: false, .. }), "{name}: {note:?}");
        assert_eq!(ids, "e1-7-7 e1-7-7", "{name}");
    }
}

#[test]
fn a_success_is_one_whatever_its_body_says() {
    let good: [Manner; 3] = [
        ("nonsense", || Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\0\u{1}?")),
        ("nothing", || Reply::Bytes("HTTP/1.1 204 No Content\r\n\r\n")),
        ("nothing, accepted", || Reply::Bytes("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")),
    ];
    for (name, reply) in good {
        let (note, ids) = said(reply);
        assert!(matches!(note, Note::Delivered { .. }), "{name}: {note:?}");
        assert_eq!(ids, "e1-7-7", "{name}");
    }
}

#[test]
fn a_receiver_that_is_not_there_keeps_everything() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = listener.local_addr().expect("an address");
    drop(listener);
    for (url, why) in [(format!("http://{gone}"), "connection refused"), ("http://no-such-host.invalid".to_owned(), "no address found")] {
        let sink = sink(&format!("stackstate: {{url: '{url}', api_key: x}}"), Path::new("/"));
        let (notes, outbox) = drain(&*sink, one_series(1), 3);
        assert!(matches!(&notes[0], Note::Kept { why: found, alarm: false, .. } if found.contains(why)), "{notes:?}");
        assert_eq!(outbox.done(), 6);
    }
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    let (note, _) = said(|| Reply::Status(429, vec![("retry-after", "120".to_owned())], String::new()));
    assert!(matches!(note, Note::Kept { pause, .. } if pause.as_secs() == 120), "{note:?}");
}

/// A receiver that takes small requests only, and never the metric `m3`.
#[test]
fn what_is_too_large_is_halved_and_what_is_bad_is_found() {
    let receiver = Receiver::start(|_, request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let n_series = text.matches("\"metric\"").count();
        match () {
            () if n_series > 4 => Reply::Status(413, Vec::new(), String::new()),
            () if text.contains("\"m3\"") => Reply::Status(400, Vec::new(), "m3 is bad".to_owned()),
            () => ok(),
        }
    });
    let sink = sink(&format!("stackstate: {{url: '{}', api_key: x, send: [metrics]}}", receiver.url), Path::new("/"));
    let (notes, outbox) = drain(&*sink, one_series(10), 100);
    let dropped: Vec<_> =
        notes.iter().filter_map(|note| if let Note::Dropped(dropped) = note { Some(&*dropped.what) } else { None }).collect();
    assert_eq!(dropped, ["metric `m3` queue:a b"]);
    let delivered: usize = notes.iter().map(|note| if let Note::Delivered { n_items, .. } = note { *n_items } else { 0 }).sum();
    assert_eq!((delivered, outbox.done()), (9, 7));
    let ids: std::collections::BTreeSet<String> =
        receiver.received().iter().map(|request| request.header("x-engine-batch").to_owned()).collect();
    assert_eq!(ids.len(), receiver.received().len(), "no id stands for two contents");
}

#[test]
fn what_a_receiver_takes_in_part_is_told() {
    // partial_success { rejected_data_points: 2, error_message: "too old" }
    let body = "\u{a}\u{b}\u{8}\u{2}\u{12}\u{7}too old";
    let receiver = Receiver::start(move |_, _| Reply::Status(200, Vec::new(), body.to_owned()));
    let sink = sink(&format!("otlp: {{url: '{}', send: [metrics]}}", receiver.url), Path::new("/"));
    let (notes, _) = drain(&*sink, one_series(3), 5);
    let Note::Delivered { n_items: 3, rejected: Some(rejected), .. } = &notes[0] else { panic!("{notes:?}") };
    assert_eq!((rejected.n_items, rejected.why.as_str()), (2, "too old"));
}

/// Totals only grow, and a repeat says the same.
#[test]
fn counts_are_totals_where_the_receiver_wants_them() {
    let receiver = Receiver::start(|n, _| if n == 0 { Reply::Status(503, Vec::new(), String::new()) } else { ok() });
    let sink = sink(&format!("prometheus: {{url: '{}/api/v1/write', send: [metrics], include: [a.growth]}}", receiver.url), Path::new("/"));
    let growth = |sequence, n| {
        let mut report = reports::small();
        reports::change_points(&mut report, |nth, value, _, about| {
            if nth == 1 {
                *value = Number::Int(n);
                about.at = jiff::Timestamp::from_second(1_700_000_000 + sequence as i64).expect("a time");
            }
        });
        Numbered { sequence, report }
    };
    drain(&*sink, vec![growth(1, 5), growth(2, 3)], 10);
    drain(&*sink, vec![growth(3, 4)], 10);
    let values: Vec<Json> =
        receiver.received().iter().map(|request| write_request(&request.body)["timeseries"][0]["samples"].clone()).collect();
    let first = json!([{"value": 5.0, "timestamp": 1_700_000_001_000i64}, {"value": 8.0, "timestamp": 1_700_000_002_000i64}]);
    assert_eq!(values, [first.clone(), first, json!([{"value": 12.0, "timestamp": 1_700_000_003_000i64}])]);
}

/// What the page says to a client that accepts this.
fn page(address: &str, accept: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("the page");
    let request = format!("GET /metrics HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

#[test]
fn a_page_holds_the_last_value_of_every_series() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let entered = runtime.enter();
    let sink = sink(&format!("prometheus: {{listen: '{address}', include: [a.bytes, a.growth, a.up]}}"), Path::new("/"));
    drop(entered);
    drain(&*sink, everything(), 10);
    let mut later = reports::small();
    reports::change_points(&mut later, |nth, value, tags, _| match nth {
        0 => (*value, *tags) = (Number::Int(5), engine::observation::TagSet::new(["q:a \"b\"\\\n"])),
        1 => *value = Number::Int(2),
        _ => {}
    });
    drain(&*sink, vec![Numbered { sequence: 42, report: later }], 10);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sink/prometheus-write");
    let both = format!("{}\n{}", page(&address, "text/plain"), page(&address, "application/openmetrics-text; version=1.0.0"));
    compare(&folder.join("page.txt"), &both);
}

/// `tests/cases/settings/NAME.yaml` is an engine.yaml, `NAME.txt` what is wrong with it.
#[test]
fn slips_in_settings_are_told_with_their_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/settings");
    let entries = std::fs::read_dir(&folder).expect("the cases").map(|entry| entry.expect("an entry").path());
    for path in entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")) {
        let text = std::fs::read_to_string(&path).expect("a case");
        let mut sources = Sources::default();
        let file = sources.add("engine.yaml", text);
        let (_, mut problems) = engine::conf::engine::read(load(&sources, file), &[], &mut sources);
        engine::base::diag::sort(&mut problems);
        let found = engine::base::render::human(&problems, &sources, false);
        compare(&path.with_extension("txt"), &found);
    }
}
