//! The program itself, against servers of the tests' own: exit codes, forms of output, and how it
//! ends.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod server;
}

use common::server::Server;
use serde_json::{Value as Json, json};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PAGE: &str = r#"name: page
version: 1.0.0
config:
  instance:
    url: {type: url, required: true}
    token: {type: secret}
sources:
  page: {http: {url: "{{ instance.url }}", headers: {X-Token: "{{ instance.token }}"}, timeout: 30s}}
metrics:
  - {name: load, value: $page.load}
  - {from: page, rows: "$.hosts[*]", name: host.n, value: $.n, type: rate, tags: {host: $.name}}
service_checks:
  - {name: page.can_connect, status: {critical: not page.ok}, message: "{{ page.error.message }}"}
"#;

/// A folder with specs and instances.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(instances: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder") };
        site.write("engine.yaml", "interval: 1s\n");
        site.write("specs/page.yaml", PAGE);
        site.write("conf.d/page.yaml", instances);
        site
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command.args(arguments).current_dir(self.path()).env_remove("ENGINE_CONFIG").env("NO_COLOR", "1");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_of(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{}", text(&output.stdout), text(&output.stderr)))
}

#[test]
fn lint_tells_by_its_exit_code() {
    let site = Site::new("instances: [{url: 'http://h/'}]\n");
    assert_eq!(code(&site.run(&["lint"])), Some(0));
    assert_eq!(code(&site.run(&["lint", "no/such/file.yaml"])), Some(2));
    assert_eq!(code(&site.run(&["lint", "--frmat"])), Some(2));
    site.write("specs/broken.yaml", "name: broken\n");
    let broken = site.run(&["lint"]);
    assert_eq!(code(&broken), Some(1));
    let shown = text(&broken.stdout);
    assert!(shown.contains("specs/broken.yaml:1:1") && shown.contains("1 error"), "{shown}{}", text(&broken.stderr));
}

#[test]
fn check_tells_by_its_exit_code() {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{0}/json'}}, {{url: '{0}/status/500'}}]\n", server.url));
    assert_eq!(code(&site.run(&["check", "page", "--instance", "0"])), Some(0));
    assert_eq!(code(&site.run(&["check", "page", "--instance", "1"])), Some(1));
    assert_eq!(code(&site.run(&["check", "page"])), Some(1));
    assert_eq!(code(&site.run(&["check", "page", "--instance", "7"])), Some(2));
    let unknown = site.run(&["check", "pgae"]);
    assert_eq!(code(&unknown), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `page`?"), "{}", text(&unknown.stderr));
    assert!(unknown.stdout.is_empty());
}

#[test]
fn check_gives_the_documented_json() {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{}/json', tags: [t]}}]\n", server.url));
    let output = site.run(&["check", "page", "--format", "json"]);
    let found = json_of(&output);
    assert_eq!(found["check"], "page");
    let run = &found["runs"][0];
    let keys: Vec<_> = run.as_object().expect("a run").keys().map(String::as_str).collect();
    let documented = ["instance", "run", "status", "error", "warnings", "duration_s", "metrics", "service_checks", "events", "logs"];
    for key in documented.iter().chain(&["metadata", "topology", "health", "series"]) {
        assert!(keys.contains(key), "{key} is not among {keys:?}");
    }
    assert_eq!((&run["instance"], &run["run"], &run["status"], &run["error"]), (&json!(0), &json!(1), &json!("ok"), &Json::Null));
    let metric = &run["metrics"][1];
    assert_eq!((&metric["name"], &metric["type"], &metric["value"]), (&json!("host.n"), &json!("rate"), &json!(1)));
    assert_eq!(metric["tags"], json!(["t", "host:a"]));
    assert!(metric["timestamp"].as_f64().is_some_and(|time| time > 1.7e9));
    assert!(metric["origin"].as_str().is_some_and(|origin| origin.ends_with("specs/page.yaml:11")), "{metric}");
    assert_eq!(run["service_checks"][0]["status"], "ok");
}

#[test]
fn check_runs_as_often_as_it_is_told() {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{}/json'}}]\n", server.url));
    let runs = |arguments: &[&str]| json_of(&site.run(arguments))["runs"].as_array().map_or(0, Vec::len);
    assert_eq!(runs(&["check", "page", "--times", "3", "--pause", "10ms", "--format", "json"]), 3);
    assert_eq!(runs(&["check", "page", "--rate", "--pause", "10ms", "--format", "json"]), 2);
    let traced = site.run(&["check", "page", "--trace"]);
    let shown = text(&traced.stdout);
    assert!(shown.contains("source `page`") && shown.contains("/json") && shown.contains("HTTP 200"), "{shown}");
}

#[test]
fn a_failed_instance_disturbs_nobody() {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{0}/status/503'}}, {{urll: x}}, {{url: '{0}/json'}}]\n", server.url));
    let output = site.run(&["check", "page", "--format", "json"]);
    assert_eq!(code(&output), Some(1));
    let runs = json_of(&output);
    let statuses: Vec<_> = runs["runs"].as_array().expect("runs").iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["error", "ok"]);
    assert!(runs["runs"][0]["error"].as_str().is_some_and(|error| error.contains("503")), "{runs}");
    assert!(text(&output.stderr).contains("did you mean `url`?"));
}

/// A canary in every place that shows values; the server must get it.
#[test]
fn a_secret_shows_nowhere() {
    const CANARY: &str = "c4n4ry-7f3a";
    let server = Server::start();
    let token = "\"{{ secret('env:PAGE_TOKEN') }}\"";
    let site =
        Site::new(&format!("instances: [{{url: '{0}/json', token: {token}}}, {{url: '{0}/status/401', token: {token}}}]\n", server.url));
    let metrics = r#"metrics:
  - {name: told, value: instance.token, tags: ["t:{{ instance.token }}"]}
  - {name: one, value: 1, tags: ["t:{{ instance.token }}"]}
"#;
    let logs = "logs:\n  - {message: '{{ instance | json }} {{ instance.token | upper }}'}\n";
    site.write("specs/page.yaml", &(PAGE.replace("metrics:\n", metrics) + logs));
    for arguments in
        [&["check", "page"][..], &["check", "page", "--trace"], &["check", "page", "--trace", "--format", "json"], &["run", "--once"]]
    {
        let output = site.command(arguments).env("PAGE_TOKEN", CANARY).env("ENGINE_LOG", "trace").output().expect("the program runs");
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(!shown.to_lowercase().contains(CANARY), "{arguments:?}: {shown}");
        assert!(shown.contains("****"), "{arguments:?}: {shown}");
    }
    assert!(server.asked().iter().all(|head| head.to_lowercase().contains(&format!("x-token: {CANARY}"))), "{:?}", server.asked());
}

fn started(site: &Site) -> Child {
    let mut command = site.command(&["run"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// Waits for the end; a program that does not end is a failure of the test.
fn ended(child: &mut Child, within: Duration) -> Option<i32> {
    let end = Instant::now() + within;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    panic!("still running after {within:?}");
}

#[test]
fn run_prints_json_lines_to_a_pipe() {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{0}/json'}}, {{url: '{0}/status/500'}}]\n", server.url));
    let mut child = started(&site);
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let lines: Vec<Json> = lines.take(8).map(|line| serde_json::from_str(&line).expect("a line is JSON")).collect();
    assert!(lines.iter().all(|line| line["kind"].is_string() && line["check"] == "page" && line["instance"].is_u64()), "{lines:?}");
    assert!(lines.iter().any(|line| line["kind"] == "metric" && line["name"] == "load" && line["value"] == 0.5), "{lines:?}");
    signal(&child, "TERM");
    assert_eq!(ended(&mut child, Duration::from_secs(10)), Some(0));
}

/// Processes whose arguments hold a word.
fn processes_with(word: &str) -> usize {
    let all = fs::read_dir("/proc").expect("processes").flatten();
    all.filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))).count()
}

fn ends_on(name: &str, seconds: u32) {
    let server = Server::start();
    let site = Site::new(&format!("instances: [{{url: '{}/slow', run_timeout: 40s}}]\n", server.url));
    let word = format!("{seconds}.{}", std::process::id());
    let sleeper = format!(
        "name: sleeper\nversion: 1.0.0\nsources:\n  s: {{command: {{argv: [sleep, '{word}'], timeout: 40s}}}}\nmetrics:\n  - {{name: a, value: s.exit_code}}\n"
    );
    site.write("specs/sleeper.yaml", &sleeper);
    site.write("conf.d/sleeper.yaml", "instances: [{run_timeout: 40s}]\n");
    let mut child = started(&site);
    let begun = Instant::now();
    while (server.asked().is_empty() || processes_with(&word) == 0) && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(processes_with(&word) > 0, "the command never began");
    signal(&child, name);
    assert_eq!(ended(&mut child, Duration::from_secs(10)), Some(0));
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(processes_with(&word), 0, "a child is left: {said}");
}

#[test]
fn sigterm_ends_it_with_runs_in_progress() {
    ends_on("TERM", 711);
}

#[test]
fn sigint_ends_it_with_runs_in_progress() {
    ends_on("INT", 712);
}
