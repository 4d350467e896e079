//! The daemon from outside: what it shows of itself, how it takes new files over, how it ends.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod server;
}

use common::daemon::{Daemon, Site, until};
use common::server::Server;
use serde_json::Value as Json;

const PAGE: &str = r#"name: page
version: 1.0.0
config: {instance: {url: {type: url, required: true}, token: {type: secret}}}
sources:
  page: {http: {url: "{{ instance.url }}", headers: {X-Token: "{{ instance.token }}"}, timeout: 30s}}
metrics:
  - {name: page.load, value: $page.load, unit: percent}
"#;

fn site(instances: &str) -> Site {
    let site = Site::new("interval: 1s\nstatus: {listen: off}\n");
    site.write("specs/page.yaml", PAGE);
    site.write("conf.d/page.yaml", instances);
    site
}

fn statuses(status: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    let instances = status["instances"].as_array().expect("instances");
    instances.iter().map(|instance| (text(&instance["instance"]), text(&instance["status"]))).collect()
}

fn has_run(status: &Json) -> bool {
    statuses(status).iter().all(|(_, status)| status != "waiting")
}

#[test]
fn status_tells_what_is_wrong_and_by_its_exit_code() {
    let server = Server::start();
    let site = site(&format!("instances: [{{url: '{0}/json'}}, {{url: '{0}/status/503', name: down}}]\n", server.url));
    assert_eq!(site.status(&[]).0, Some(2), "not running");
    let daemon = Daemon::start(&site);
    let status = daemon.status_when(has_run);
    assert_eq!(statuses(&status), [("page[down]".to_owned(), "error".to_owned()), ("page[0]".to_owned(), "ok".to_owned())]);
    let failed = &status["instances"][0];
    let error = failed["error"].as_str().expect("an error");
    assert!(error.contains("specs/page.yaml:5") && error.contains("503") && error.contains("/status/503"), "{error}");
    assert_eq!((status["by_status"]["error"].as_u64(), status["instances"][1]["last"]["metrics"].as_u64()), (Some(1), Some(1)));
    let (code, shown) = site.status(&[]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("page[down]") && shown.contains("ERROR") && shown.contains("503"), "{shown}");
    assert_eq!(site.status(&["page[0]"]).0, Some(0));
    assert_eq!(site.status(&["pgae"]).0, Some(2));
    assert_eq!(daemon.end("TERM"), Some(0));
    assert_eq!(site.status(&[]).0, Some(2), "it has ended");
}

#[test]
fn the_page_is_for_this_machine_only_and_changes_nothing() {
    let server = Server::start();
    let site = site(&format!("instances: [{{url: '{}/json', name: '<b>'}}]\n", server.url));
    let port = common::daemon::free_port();
    site.write("engine.yaml", &format!("interval: 1s\nstatus: {{listen: '127.0.0.1:{port}'}}\n"));
    let daemon = Daemon::start(&site);
    daemon.status_when(has_run);
    let get = |path: &str, more: &str| common::daemon::http(port, &format!("GET {path} HTTP/1.1\r\n{more}Connection: close\r\n\r\n"));
    let page = get("/", "Host: localhost\r\n");
    assert!(page.contains("<title>well on "), "{page}");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("page[&lt;b&gt;]") && !page.contains("<b>"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none'") && page.contains("x-content-type-options: nosniff"), "{page}");
    assert!(get("/instance/0", "Host: 127.0.0.1\r\n").contains("<td>page.load<td class=n>0.5<td>percent"));
    assert!(get("/metrics", "Host: [::1]:9\r\n").contains("\nengine_instances{status=\"ok\"} 1\n"));
    assert!(get("/status.json", "Host: localhost\r\n").contains("\"by_status\":{"));
    assert!(get("/", "Host: evil.example\r\n").starts_with("HTTP/1.1 421"));
    assert!(get("/", "Host: localhost\r\nOrigin: http://localhost\r\n").starts_with("HTTP/1.1 403"));
    assert!(get("/no", "Host: localhost\r\n").starts_with("HTTP/1.1 404"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = common::daemon::http(port, &format!("{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    }
    assert_eq!(daemon.end("TERM"), Some(0));
}

#[test]
fn a_flare_is_an_archive_that_only_its_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let site = site("instances: [{url: 'http://me:c4n4ry@localhost/', token: c4n4ry-two}]\n");
    let flare = || site.command(&["flare", "--out", "x.tar.gz"]).output().expect("the program runs");
    let output = flare();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["about.json", "status.json", "settings/conf.d/page.yaml", "specs/page.yaml", "x.tar.gz"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let path = site.path().join("x.tar.gz");
    assert_eq!(std::fs::metadata(&path).expect("an archive").permissions().mode() & 0o777, 0o600);
    let texts = std::process::Command::new("tar").arg("-xzOf").arg(&path).output().expect("tar runs").stdout;
    let texts = String::from_utf8_lossy(&texts);
    assert!(texts.contains("no engine is running here") && texts.contains("url: http://****@localhost/"), "{texts}");
    assert!(!texts.contains("c4n4ry"), "{texts}");
    assert_eq!(flare().status.code(), Some(1), "what is there is left alone");
}

/// A broken file changes nothing, is shown, and once it is mended, counts.
#[test]
fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
    let server = Server::start();
    let site = site(&format!("instances: [{{url: '{}/json'}}]\n", server.url));
    site.write("specs/hello.yaml", "name: hello\nversion: 1.0.0\nmetrics:\n  - {name: hello, value: 1}\n");
    let daemon = Daemon::start(&site);
    let runs = daemon.status_when(|status| status["instances"][0]["runs"].as_u64() > Some(0))["instances"][0]["runs"].as_u64();
    // A new file of another spec, beside one that broke.
    site.write("conf.d/page.yaml", "instances: [{urll: x}]\n");
    site.write("conf.d/hello.yaml", "instances: [{}]\n");
    let status = daemon.status_when(|status| status["instances"].as_array().is_some_and(|all| all.len() == 2) && has_run(status));
    assert_eq!((status["configuration"]["kept_old"].as_bool(), status["configuration"]["broken"][0].as_str()), (Some(true), Some("page")));
    let problem = status["configuration"]["problems"][0].to_string();
    assert!(problem.contains("conf.d/page.yaml:1") && problem.contains("urll"), "{problem}");
    let page = status["instances"].as_array().and_then(|all| all.iter().find(|one| one["check"] == "page")).expect("the old instance");
    assert!(page["runs"].as_u64() >= runs && page["status"] == "ok", "{page}");
    assert_eq!(site.status(&[]).0, Some(1));
    // engine.yaml itself.
    site.write("engine.yaml", "intervall: 1s\n");
    daemon.signal("HUP");
    let status = daemon.status_when(|status| status["configuration"]["problems"].to_string().contains("intervall"));
    assert_eq!((status["interval_s"].as_f64(), status["instances"].as_array().map(Vec::len)), (Some(1.0), Some(2)));
    // Mended.
    site.write("engine.yaml", "interval: 2s\nstatus: {listen: off}\n");
    site.write("conf.d/page.yaml", "instances: []\n");
    let status = daemon.status_when(|status| status["instances"].as_array().is_some_and(|all| all.len() == 1));
    assert_eq!((status["configuration"]["kept_old"].as_bool(), status["interval_s"].as_f64()), (Some(false), Some(2.0)));
    assert_eq!(daemon.end("TERM"), Some(0));
}

/// The reload of everything, again and again, neither doubles nor loses a run of what is unchanged.
#[test]
fn unchanged_instances_keep_their_timers_and_memory_under_reloads() {
    let site = Site::new("interval: 1s\nstatus: {listen: off}\nstate_dir: state\n");
    site.write("specs/n.yaml", "name: n\nversion: 1.0.0\nmetrics:\n  - {name: n, value: run.number}\n");
    site.write("conf.d/n.yaml", "instances: [{name: a}, {name: b}]\n");
    let daemon = Daemon::start(&site);
    daemon.status_when(has_run);
    for _ in 0..30 {
        daemon.signal("HUP");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let status = daemon.status_when(|status| status["configuration"]["reloads"].as_u64() > Some(3));
    assert_eq!(daemon.end("TERM"), Some(0));
    assert_eq!(status["totals"]["skipped"].as_u64(), Some(0));
    let lines = daemon.output();
    for name in [0, 1] {
        let mine = lines.iter().filter(|line| line["kind"] == "metric" && line["name"] == "n" && line["instance"] == name);
        let seen: Vec<(u64, f64)> =
            mine.map(|line| (line["value"].as_u64().expect("a number"), line["timestamp"].as_f64().expect("a time"))).collect();
        let expected: Vec<u64> = (1..=seen.len() as u64).collect();
        assert_eq!(seen.iter().map(|(n, _)| *n).collect::<Vec<_>>(), expected);
        assert!(seen.len() >= 3 && seen.windows(2).all(|pair| (0.5..1.6).contains(&(pair[1].1 - pair[0].1))), "{seen:?}");
    }
}

/// A secret that is renewed reaches its check without a restart, and shows nowhere.
#[test]
fn a_renewed_secret_is_used_after_a_reload() {
    let server = Server::start();
    let site = site(&format!("instances: [{{url: '{}/json', token: \"{{{{ secret('file:token') }}}}\"}}]\n", server.url));
    site.write("conf.d/token", "c4n4ry-one\n");
    let daemon = Daemon::start(&site);
    until(|| server.asked().iter().any(|asked| asked.contains("c4n4ry-one")));
    site.write("conf.d/token", "c4n4ry-two\n");
    daemon.signal("HUP");
    until(|| server.asked().iter().any(|asked| asked.contains("c4n4ry-two")));
    let shown = site.status(&["--format", "json"]).1;
    assert!(!shown.contains("c4n4ry"), "{shown}");
    assert_eq!(daemon.end("TERM"), Some(0));
    assert!(!daemon.said().contains("c4n4ry"), "{}", daemon.said());
}

#[test]
fn the_log_names_the_check_and_can_be_json() {
    let server = Server::start();
    let site = site(&format!("instances: [{{url: '{}/status/500'}}]\n", server.url));
    site.write("engine.yaml", "interval: 1s\nstatus: {listen: off}\nlogging: {format: json, targets: {schedule: info}}\n");
    let daemon = Daemon::start(&site);
    daemon.status_when(|status| status["totals"]["runs"].as_u64() > Some(2));
    assert_eq!(daemon.end("INT"), Some(0));
    let said = daemon.said();
    let lines: Vec<Json> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |target: &str| lines.iter().filter(|line| line["target"] == target).count();
    assert_eq!((of("checks.page"), of("schedule")), (1, 1), "{said}");
    let failed = lines.iter().find(|line| line["target"] == "checks.page").expect("a line");
    assert!(failed["message"].as_str().is_some_and(|text| text.contains("500")) && failed["instance"] == "page[0]", "{failed}");
}

#[test]
fn a_manager_of_services_learns_when_it_is_ready_alive_and_about_to_end() {
    let site = site("instances: []\n");
    site.write("specs/steady.yaml", "name: steady\nversion: 1.0.0\nmetrics: [{name: steady, value: 1}]\n");
    site.write("conf.d/steady.yaml", "instances: [{}]\n");
    let path = site.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("a time limit");
    let heard = |wanted: &str| {
        let mut buffer = [0; 256];
        loop {
            let n = socket.recv(&mut buffer).expect("a word of the engine");
            if String::from_utf8_lossy(&buffer[..n]).contains(wanted) {
                return;
            }
        }
    };
    let daemon = Daemon::start_with(&site, &[("NOTIFY_SOCKET", &path)]);
    ["READY=1", "WATCHDOG=1", "WATCHDOG=1"].into_iter().for_each(heard);
    daemon.signal("TERM");
    heard("STOPPING=1");
}
