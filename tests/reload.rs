//! The daemon under changes of its settings: nothing needs a restart, and what did not change goes on.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod service;
}

use common::daemon::{Daemon, Site, free_port, http, until};
use common::service::Service;
use serde_json::Value as Json;

const STEADY: &str = "name: steady\nversion: 1.0.0\nmetrics: [{name: steady, value: run.number}]\n";

fn site(settings: &str) -> Site {
    let site = Site::new(settings);
    site.write("specs/steady.yaml", STEADY);
    site.write("conf.d/steady.yaml", "instances: [{}]\n");
    site
}

fn receiver() -> Service {
    Service::start(|_| (202, String::new(), "{}".to_owned()))
}

/// One sink of engine.yaml.
fn sink(name: &str, service: &Service, more: &str) -> String {
    format!("  - datadog: {{name: {name}, url: '{}', api_key: k, compression: identity, send: [metrics]{more}}}\n", service.url)
}

/// The values of `steady` that a receiver has got, in the order of arrival.
fn values(service: &Service) -> Vec<u64> {
    let mut out = Vec::new();
    for asked in service.asked("POST /api/v1/series") {
        let body: Json = serde_json::from_str(&asked.body).expect("JSON");
        for series in body["series"].as_array().expect("a list").iter().filter(|series| series["metric"] == "steady") {
            out.extend(series["points"].as_array().expect("a list").iter().map(|point| point[1].as_f64().expect("a number") as u64));
        }
    }
    out
}

/// Grows by at least two from now.
fn goes_on(service: &Service) {
    let before = values(service).len();
    until(|| values(service).len() > before + 1);
}

fn without_gap(values: &[u64]) -> bool {
    values.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[test]
fn without_instances_it_stays_shows_that_and_takes_them_when_they_come() {
    let site = Site::new("interval: 1s\nstatus: {listen: off}\n");
    let output = site.command(&["run", "--once"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2), "a single run of nothing is a mistake");
    let daemon = Daemon::start(&site);
    daemon.status_when(|status| status["configuration"]["reason"] == "start");
    assert!(daemon.said().contains("there is nothing to run") && daemon.said().contains("read again"), "{}", daemon.said());
    let (code, shown) = site.status(&[]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("nothing runs: conf.d holds no usable instance"), "{shown}");
    // First half of it, and broken.
    site.write("conf.d/steady.yaml", "instances: [{}]\n");
    site.write("specs/steady.yaml", "name: steady\nversion: 1.0.0\nmetrics: [{name: steady, valeu: 1}]\n");
    let status = daemon.reload();
    assert!(status["configuration"]["problems"].to_string().contains("valeu"), "{status}");
    assert_eq!(site.status(&[]).0, Some(1));
    until(|| daemon.said().contains("valeu"));
    site.write("specs/steady.yaml", STEADY);
    daemon.reload();
    daemon.status_when(|status| status["by_status"]["ok"] == 1);
    assert_eq!(daemon.end("TERM"), Some(0));
}

/// Half of engine.yaml must not be half in force: a sink that cannot be read would lose its place.
#[test]
fn with_broken_settings_nothing_runs_until_they_are_mended_and_nothing_is_lost() {
    let service = receiver();
    let good = format!("interval: 1s\nstatus: {{listen: off}}\nsinks:\n{}", sink("main", &service, ""));
    let site = site(&good);
    let daemon = Daemon::start(&site);
    goes_on(&service);
    assert_eq!(daemon.end("TERM"), Some(0));
    let before = values(&service);
    site.write("engine.yaml", &good.replace("datadog", "datadoge"));
    let daemon = Daemon::start(&site);
    let status = daemon.status_when(|status| status["configuration"]["problems"].to_string().contains("datadoge"));
    assert_eq!((status["totals"]["runs"].as_u64(), site.status(&[]).0), (Some(0), Some(1)));
    site.write("engine.yaml", &good);
    daemon.reload();
    goes_on(&service);
    assert_eq!(daemon.end("TERM"), Some(0));
    assert_eq!(values(&service)[..before.len()], before);
    assert!(without_gap(&values(&service)), "{:?}", values(&service));
}

#[test]
fn sinks_come_change_and_go_and_those_that_stay_are_not_touched() {
    let [stays, goes, changes, comes] = [receiver(), receiver(), receiver(), receiver()];
    let settings = |sinks: &[String]| format!("interval: 1s\nstatus: {{listen: off}}\nspool: {{sync: 50ms}}\nsinks:\n{}", sinks.concat());
    let site = site(&settings(&[sink("stays", &stays, ""), sink("goes", &goes, ""), sink("changes", &changes, "")]));
    let daemon = Daemon::start(&site);
    [&stays, &goes, &changes].into_iter().for_each(goes_on);
    let connections = stays.connections();
    site.write(
        "engine.yaml",
        &settings(&[sink("comes", &comes, ""), sink("changes", &changes, ", add_tags: [new]"), sink("stays", &stays, "")]),
    );
    let status = daemon.reload();
    let n_gone = values(&goes).len();
    let names: Vec<&str> = status["sinks"].as_array().expect("sinks").iter().filter_map(|sink| sink["name"].as_str()).collect();
    assert_eq!(names, ["changes", "comes", "stays"]);
    assert_eq!(status["configuration"]["needs_restart"], serde_json::json!([]));
    [&stays, &changes, &comes].into_iter().for_each(goes_on);
    // A file that is broken leaves all of them in force.
    site.write("engine.yaml", "sinks: [{datadog: {}}]\n");
    let status = daemon.reload();
    assert!(status["configuration"]["problems"].to_string().contains("`url`"), "{status}");
    [&stays, &changes, &comes].into_iter().for_each(goes_on);
    assert_eq!(daemon.end("TERM"), Some(0));
    for service in [&stays, &changes, &comes] {
        assert!(without_gap(&values(service)), "{:?}", values(service));
    }
    assert_eq!((stays.connections(), values(&goes).len()), (connections, n_gone));
    let tagged = changes.asked("POST").last().expect("a request").body.contains("\"new\"");
    assert!(tagged && !stays.asked("POST").last().expect("a request").body.contains("\"new\""));
}

/// Standard output is where observations go without sinks, and what is remembered stays the same.
#[test]
fn the_first_sink_opens_the_spool_and_after_the_last_one_lines_come_again() {
    let service = receiver();
    let site = site("interval: 1s\nstatus: {listen: off}\n");
    let daemon = Daemon::start(&site);
    until(|| daemon.output().len() > 2);
    site.write("engine.yaml", &format!("interval: 1s\nstatus: {{listen: off}}\nsinks:\n{}", sink("main", &service, "")));
    daemon.reload();
    goes_on(&service);
    let n_lines = daemon.output().len();
    site.write("engine.yaml", "interval: 1s\nstatus: {listen: off}\n");
    let status = daemon.reload();
    assert_eq!(status["sinks"], serde_json::json!([]));
    until(|| daemon.output().len() > n_lines + 2);
    assert_eq!(daemon.end("TERM"), Some(0));
    let written = daemon.output();
    let lines = written.iter().filter(|line| line["name"] == "steady").map(|line| line["value"].as_u64().expect("a number"));
    let mut all: Vec<u64> = lines.chain(values(&service)).collect();
    all.sort_unstable();
    // What a sink that is gone did not have yet goes with it; nothing is counted anew or twice.
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
}

#[test]
fn names_tags_bounds_pages_and_the_log_follow_the_file() {
    let service = receiver();
    let (old, new) = (free_port(), free_port());
    let settings = |port: u16, more: &str| {
        format!("interval: 1s\nstatus: {{listen: '127.0.0.1:{port}'}}\nsinks:\n{}{more}", sink("main", &service, ""))
    };
    let site = site(&settings(old, "hostname: one\n"));
    let daemon = Daemon::start(&site);
    goes_on(&service);
    let get = |port: u16, host: &str| http(port, &format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    until(|| std::net::TcpStream::connect(("127.0.0.1", old)).is_ok());
    assert!(get(old, "engine.example").starts_with("HTTP/1.1 421"));
    let more = "hostname: two\ntags: [late]\nlogging: {level: info, format: json}\nlimits: {commands_at_once: 1}\nspool: {max_bytes: 2MiB, max_age: 1h}\n";
    site.write("engine.yaml", &settings(new, more).replace("'}", "', hosts: [engine.example]}"));
    let status = daemon.reload();
    assert_eq!((status["hostname"].as_str(), &status["configuration"]["needs_restart"]), (Some("two"), &serde_json::json!([])));
    until(|| std::net::TcpStream::connect(("127.0.0.1", new)).is_ok());
    assert!(get(new, "engine.example").starts_with("HTTP/1.1 200"));
    assert!(std::net::TcpStream::connect(("127.0.0.1", old)).is_err());
    goes_on(&service);
    let last = service.asked("POST").last().expect("a request").body.clone();
    assert!(last.contains("\"host\":\"two\"") && last.contains("\"late\""), "{last}");
    until(|| daemon.said().lines().any(|line| line.starts_with('{') && line.contains("the files were read again")));
    assert_eq!(daemon.end("TERM"), Some(0));
}

/// All that is remembered lies in the folder of the state, so that one stays until a restart, and is named.
#[test]
fn what_needs_a_restart_is_named_and_the_engine_is_found_all_the_same() {
    let site = site("interval: 1s\nstatus: {listen: off}\nstate_dir: one\n");
    let daemon = Daemon::start(&site);
    daemon.status_when(|status| status["by_status"]["ok"] == 1);
    site.write("engine.yaml", "interval: 1s\nstatus: {listen: off}\nstate_dir: two\n");
    daemon.signal("HUP");
    let status = daemon.status_when(|status| status["configuration"]["needs_restart"] == serde_json::json!(["state_dir"]));
    assert_eq!(status["configuration"]["kept_old"], false);
    assert!(daemon.said().contains("state_dir"), "{}", daemon.said());
    assert!(site.status(&[]).1.contains("state_dir was changed and needs a restart"));
    assert_eq!(daemon.end("TERM"), Some(0));
}
