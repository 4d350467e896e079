//! Real receivers, where there are any: `tests/receivers/run` gets them and sets `ENGINE_RECEIVERS` to
//! the folder of their programs. Without it there is nothing to do.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

#[path = "../common/reports.rs"]
mod reports;

use engine::base::number::Number;
use engine::base::span::Sources;
use engine::base::time::SystemClock;
use engine::net::client::HttpClients;
use engine::net::http::HttpRequest;
use engine::sink::outbox::{Note, Outbox, Step};
use engine::sink::{AnySink, DeliverCx, Numbered, OpenCx, Sink};
use engine::yaml::load::load;
use engine::yaml::read::{Field, Reader};
use jiff::Timestamp;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Site {
    programs: PathBuf,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    http: HttpClients,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

impl Site {
    fn start(&self, program: &str, arguments: &[String]) -> Running {
        let log = std::fs::File::create(self.folder.path().join(format!("{program}.log"))).expect("a log");
        let mut command = Command::new(self.programs.join(program));
        let command = command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Running(command.spawn().expect("a program"))
    }

    fn get(&self, url: &str) -> Option<String> {
        let answer = self.runtime.block_on(self.http.exchange(&HttpRequest::get(url), &SystemClock)).ok()?;
        Some(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// What a question gives once it gives something.
    fn ask<T>(&self, url: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(found) = self.get(url).and_then(|text| wanted(&text)) {
                return found;
            }
            assert!(Instant::now() < until, "{url} gives {:?}", self.get(url));
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn sink(&self, yaml: &str) -> Arc<dyn Sink> {
        let mut sources = Sources::default();
        let file = sources.add("engine.yaml", yaml);
        let loaded = load(&sources, file);
        let mut reader = Reader::new(&sources, false);
        let settings = AnySink::read(&loaded.root, &mut reader).expect("settings");
        let _inside = self.runtime.enter();
        settings.0.open(&OpenCx { folder: self.folder.path(), secret: &|_| Err("none".to_owned()) }).expect("a sink")
    }

    /// Delivers reports; every item must arrive at the first attempt.
    fn send(&self, sink: &dyn Sink, reports: Vec<Numbered>) -> usize {
        let cx = DeliverCx { http: &self.http, clock: &SystemClock, engine: "e1" };
        let mut outbox = Outbox::default();
        outbox.fill(sink.batches(reports), 9);
        let mut sent = 0;
        while let Step::Send(batch) = outbox.step(Instant::now()) {
            let verdict = self.runtime.block_on(sink.deliver(&batch, &cx));
            match outbox.answered(verdict, Instant::now(), 0.5) {
                Note::Delivered { n_items, rejected: None, .. } => sent += n_items,
                other => panic!("{other:?}"),
            }
        }
        sent
    }
}

/// Two reports of now, 5 s apart; the counter grows by 3 and by 4.
fn two_reports() -> Vec<Numbered> {
    let now = Timestamp::from_second(Timestamp::now().as_second()).expect("a time");
    let of = |sequence: u64, growth: i64| {
        let at = now - jiff::SignedDuration::from_secs(10 - 5 * sequence as i64);
        let mut report = reports::small();
        report.origin.started = at;
        reports::change_points(&mut report, |nth, value, _, about| {
            about.at = at;
            if nth == 1 {
                *value = Number::Int(growth);
            }
        });
        report.service_checks[0].what.timestamp = at;
        Numbered { sequence, report }
    };
    vec![of(1, 3), of(2, 4)]
}

/// Series as VictoriaMetrics exports them: by name, their labels and values.
fn exported(text: &str) -> BTreeMap<String, (Json, Vec<f64>)> {
    let lines = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
    let series = lines.map(|line| {
        let values = line["values"].as_array().expect("values").iter().filter_map(Json::as_f64).collect();
        (line["metric"]["__name__"].as_str().unwrap_or_default().to_owned(), (line["metric"].clone(), values))
    });
    series.collect()
}

/// The value and labels of one series, as Prometheus answers a question.
fn queried(text: &str) -> Option<(Json, f64)> {
    let json: Json = serde_json::from_str(text).ok()?;
    let found = json["data"]["result"].as_array()?.first()?.clone();
    Some((found["metric"].clone(), found["value"][1].as_str()?.parse().ok()?))
}

#[test]
fn real_receivers_have_what_was_sent() {
    let Some(programs) = std::env::var_os("ENGINE_RECEIVERS") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let site = Site { programs: programs.into(), folder: tempfile::tempdir().expect("a folder"), runtime, http: HttpClients::new() };
    victoria_metrics(&site);
    prometheus(&site);
}

fn victoria_metrics(site: &Site) {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let arguments =
        [format!("-httpListenAddr=127.0.0.1:{port}"), "-storageDataPath=victoria".to_owned(), "-search.latencyOffset=0s".to_owned()];
    let _server = site.start("victoria-metrics", &arguments);
    site.ask(&format!("{base}/health"), |text| text.contains("OK").then_some(()));
    let export = format!("{base}/api/v1/export?match[]={{__name__!=%22%22}}");
    for (form, yaml, names) in [
        (
            "prometheus remote write",
            format!("prometheus: {{url: '{base}/api/v1/write'}}"),
            [("a_bytes", vec![-3.0, -3.0]), ("a_growth_total", vec![3.0, 7.0]), ("a_up_status", vec![2.0, 2.0])],
        ),
        (
            "datadog series",
            format!("datadog: {{url: '{base}/datadog', api_key: x, send: [metrics]}}"),
            [("a.bytes", vec![-3.0, -3.0]), ("a.growth", vec![3.0, 4.0]), ("a.latency.count", vec![0.25, 0.25])],
        ),
    ] {
        let sent = site.send(&*site.sink(&yaml), two_reports());
        site.get(&format!("{base}/internal/force_flush"));
        let found = site.ask(&export, |text| {
            let found = exported(text);
            names.iter().all(|(name, values)| found.get(*name).is_some_and(|(_, all)| all.len() == values.len())).then_some(found)
        });
        for (name, values) in &names {
            let (labels, all) = &found[*name];
            assert_eq!(all, values, "{form} {name}");
            println!("VictoriaMetrics, {form}: {name} {labels} = {all:?}");
        }
        println!("VictoriaMetrics, {form}: {sent} items sent");
    }
}

fn prometheus(site: &Site) {
    let (port, page) = (free_port(), free_port());
    let base = format!("http://127.0.0.1:{port}");
    let config =
        format!("scrape_configs:\n- job_name: engine\n  scrape_interval: 1s\n  static_configs: [{{targets: ['127.0.0.1:{page}']}}]\n");
    std::fs::write(site.folder.path().join("prometheus.yml"), config).expect("its configuration");
    let arguments = [
        "--config.file=prometheus.yml".to_owned(),
        "--storage.tsdb.path=tsdb".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--web.enable-remote-write-receiver".to_owned(),
    ];
    let scraped = site.sink(&format!("prometheus: {{listen: '127.0.0.1:{page}'}}"));
    site.send(&*scraped, two_reports());
    let _server = site.start("prometheus", &arguments);
    site.ask(&format!("{base}/-/ready"), |text| text.contains("Ready").then_some(()));
    let writer = site.sink(&format!("prometheus: {{url: '{base}/api/v1/write', add_tags: [way:write]}}"));
    site.send(&*writer, two_reports());
    for way in ["way=%22write%22", "job=%22engine%22"] {
        for (name, value) in [("a_bytes", -3.0), ("a_growth_total", 7.0), ("a_up_status", 2.0), ("engine_health", 1.0)] {
            let (labels, found) = site.ask(&format!("{base}/api/v1/query?query={name}{{{way}}}"), queried);
            assert_eq!(found, value, "{name} {way}");
            println!("Prometheus, {way}: {labels} = {found}");
        }
    }
    check_page(&site.get(&format!("http://127.0.0.1:{page}/metrics")).expect("the page"), &site.programs);
}

/// `promtool` finds nothing wrong with the form of the page; what it says of names is shown, since
/// they are those of the specs.
fn check_page(text: &str, programs: &Path) {
    let mut tool = Command::new(programs.join("promtool"));
    let tool = tool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tool.spawn().expect("promtool");
    child.stdin.take().expect("its input").write_all(text.as_bytes()).expect("the page");
    let output = child.wait_with_output().expect("its verdict");
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    println!("promtool check metrics: {} {said}\n{text}", output.status);
    assert!(!said.contains("error while linting") && !said.contains("parse"), "{said}");
}
