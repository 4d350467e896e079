//! What a check remembers, with the program itself: from one process to the next, in the right
//! order, and with files that are damaged.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use serde_json::{Value as Json, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SPEC: &str = r#"name: tickets
version: 1.0.0
sources:
  tickets: {file: {path: tickets.json}}
state:
  newest: {initial: 0, next: "tickets.rows | pluck('id') | max"}
metrics:
  - {name: tickets.total, value: "tickets.rows | pluck('id') | sum", type: monotonic_count}
  - {name: tickets.newest.before, value: state.newest}
  - {name: tickets.run, value: run.number}
service_checks:
  - {name: tickets.any, status: {critical: tickets.count == 0}}
events:
  - {from: tickets, title: "ticket {{ row.id }} is {{ row.state }}", once: {key: $.id, value: $.state}}
  - {on_change: 'checks["tickets.any"]', title: "from {{ change.from }} to {{ change.to }}"}
  - {title: "one more than {{ previous.tickets.count }}", when: tickets.count == previous.tickets.count + 1}
"#;

/// A folder with one spec, its data and one instance.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder") };
        site.write("specs/tickets.yaml", SPEC);
        site.write("conf.d/tickets.yaml", "instances: [{}]\n");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn tickets(&self, tickets: &[(u32, &str)]) {
        let rows: Json = tickets.iter().map(|(id, state)| json!({"id": id, "state": state})).collect();
        self.write("specs/tickets.json", &rows.to_string());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// The one run of `check` with these arguments besides.
    fn check(&self, more: &[&str]) -> Json {
        let output = self.run(&[&["check", "tickets", "--format", "json"], more].concat());
        let found: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        found["runs"][0].clone()
    }

    /// The files of memories.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
        files.sort();
        files
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn titles(run: &Json) -> Vec<&str> {
    run["events"].as_array().expect("events").iter().map(|event| event["msg_title"].as_str().expect("a title")).collect()
}

fn metric(run: &Json, list: &str, name: &str) -> Json {
    let metrics = run[list].as_array().expect("metrics");
    metrics.iter().find(|metric| metric["name"] == name).map_or(Json::Null, |metric| metric["value"].clone())
}

#[test]
fn a_new_process_goes_on_where_the_last_one_ended() {
    let site = Site::new();
    let kept = ["--state-dir", "state"];
    site.tickets(&[(1, "new"), (2, "new")]);
    let first = site.check(&kept);
    assert_eq!(titles(&first), ["ticket 1 is new", "ticket 2 is new"]);
    assert_eq!(metric(&first, "series", "tickets.total"), Json::Null);
    site.tickets(&[(1, "new"), (2, "done"), (3, "new")]);
    let second = site.check(&kept);
    assert_eq!(titles(&second), ["ticket 2 is done", "ticket 3 is new", "one more than 2"]);
    assert_eq!(metric(&second, "series", "tickets.total"), 3);
    assert_eq!(metric(&second, "metrics", "tickets.newest.before"), 2);
    assert_eq!(metric(&second, "metrics", "tickets.run"), 2);
    site.tickets(&[]);
    assert_eq!(titles(&site.check(&kept)), ["from ok to critical"]);
    // Nothing has changed since, but the number of the run that this spec uses.
    assert_eq!(metric(&site.check(&kept), "metrics", "tickets.run"), 4);
    let files = site.files("state");
    assert!(matches!(&files[..], [one] if one.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tickets."))), "{files:?}");
}

#[test]
fn check_leaves_the_memory_of_the_daemon_alone() {
    let site = Site::new();
    site.write("engine.yaml", "state_dir: daemon\n");
    site.tickets(&[(1, "new")]);
    let output = site.run(&["run", "--once"]);
    assert!(said(&output).contains("ticket 1 is new"), "{}", said(&output));
    let before: Vec<_> = site.files("daemon").iter().map(|path| fs::read(path).expect("a file")).collect();
    assert_eq!(before.len(), 1);
    let run = site
        .command(&["check", "tickets", "--times", "2", "--pause", "1ms", "--format", "json"])
        .env("ENGINE_STATE_DIR", "daemon")
        .output();
    let run: Json = serde_json::from_slice(&run.expect("the program runs").stdout).expect("JSON");
    assert_eq!((titles(&run["runs"][0]), titles(&run["runs"][1])), (vec!["ticket 1 is new"], vec![]));
    let after: Vec<_> = site.files("daemon").iter().map(|path| fs::read(path).expect("a file")).collect();
    assert_eq!(before, after);
    // The daemon itself knows what it has sent.
    let again = site.run(&["run", "--once"]);
    assert!(!said(&again).contains("ticket 1 is new"), "{}", said(&again));
}

#[test]
fn the_folder_comes_from_the_command_line_then_the_environment_then_the_settings() {
    let site = Site::new();
    site.write("engine.yaml", "state_dir: settings\n");
    site.tickets(&[(1, "new")]);
    let run = |more: &[&str], variable: Option<&str>| {
        let mut command = site.command(&[&["run", "--once"], more].concat());
        variable.map(|dir| command.env("ENGINE_STATE_DIR", dir));
        assert!(command.output().expect("the program runs").status.success());
        ["settings", "variable", "line"].map(|folder| site.files(folder).len())
    };
    assert_eq!(run(&["--state-dir", "line"], Some("variable")), [0, 0, 1]);
    assert_eq!(run(&[], Some("variable")), [0, 1, 1]);
    assert_eq!(run(&[], None), [1, 1, 1]);
}

/// What is remembered is found by what it is about, not by where it stands.
#[test]
fn a_spec_can_be_reordered_and_quoted_anew() {
    let site = Site::new();
    site.tickets(&[(1, "new")]);
    site.check(&["--state-dir", "state"]);
    let (before, events) = SPEC.split_once("events:\n").expect("events");
    let mut events: Vec<String> = events.lines().map(str::to_owned).collect();
    events.reverse();
    events.insert(0, "  - {from: tickets, title: another one, once: $.state}".to_owned());
    let spec = format!("{before}events:\n{}\n", events.join("\n")).replace("key: $.id", "key: \"$.id\"");
    site.write("specs/tickets.yaml", &spec);
    site.tickets(&[]);
    assert_eq!(titles(&site.check(&["--state-dir", "state"])), ["from ok to critical"]);
    site.tickets(&[(1, "new")]);
    assert_eq!(titles(&site.check(&["--state-dir", "state"])), ["another one", "one more than 0", "from critical to ok"]);
}

fn damaged(site: &Site, path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    bytes.truncate(bytes.len() / 2);
    fs::write(path, bytes).expect("a file");
    let run = site.check(&["--state-dir", "state"]);
    let warnings = run["warnings"].to_string();
    let files = site.files("state");
    let aside = files.iter().find(|path| path.to_string_lossy().contains(".broken-")).unwrap_or_else(|| panic!("{files:?}"));
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(warnings.contains(&name(path)) && warnings.contains(&name(aside)), "{warnings}");
    assert_eq!(titles(&run), ["ticket 1 is new"]);
    assert_eq!((run["status"].as_str(), files.len()), (Some("ok"), 2));
}

#[test]
fn a_damaged_file_is_set_aside_and_the_check_goes_on() {
    let site = Site::new();
    site.tickets(&[(1, "new")]);
    site.check(&["--state-dir", "state"]);
    let file = site.files("state").remove(0);
    damaged(&site, &file);
    let next = site.check(&["--state-dir", "state"]);
    assert_eq!((titles(&next), &next["warnings"]), (vec![], &json!([])));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of_and_the_checks_go_on() {
    let site = Site::new();
    site.write("file", "");
    site.write("conf.d/tickets.yaml", "instances: [{}, {name: b}, {name: c}]\n");
    site.tickets(&[(1, "new")]);
    let output = site.run(&["run", "--once", "--state-dir", "file/state"]);
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).matches("state is not saved").count();
    assert_eq!((told, said(&output).matches("ticket 1 is new").count()), (1, 3), "{}", said(&output));
    let output = site.run(&["check", "tickets", "--times", "2", "--pause", "1ms", "--state-dir", "file/state"]);
    assert!(output.status.success() && said(&output).contains("state is not saved"), "{}", said(&output));
}

/// Instances that are the same to the engine are told apart by their order.
#[test]
fn two_instances_with_one_id_do_not_share_a_file() {
    let site = Site::new();
    site.write("conf.d/tickets.yaml", "instances: [{tags: [a]}, {tags: [b]}]\n");
    site.tickets(&[(1, "new")]);
    let output = site.run(&["check", "tickets", "--state-dir", "state"]);
    assert!(said(&output).contains("twin-instance") || said(&output).contains("same"), "{}", said(&output));
    assert_eq!(site.files("state").len(), 2);
}

/// What nobody has read was not sent.
#[test]
fn output_that_is_not_accepted_moves_nothing() {
    let site = Site::new();
    site.tickets(&[(1, "new")]);
    let mut child =
        site.command(&["run", "--once", "--state-dir", "state"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    drop(child.stdout.take());
    child.wait().expect("an end");
    assert_eq!(site.files("state").len(), 0);
    assert!(said(&site.run(&["run", "--once", "--state-dir", "state"])).contains("ticket 1 is new"));
    assert_eq!(site.files("state").len(), 1);
}

#[test]
fn a_second_engine_does_not_touch_the_same_folder() {
    let site = Site::new();
    site.tickets(&[(1, "new")]);
    let mut first = site.command(&["run", "--state-dir", "state"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut lines = BufReader::new(first.stdout.take().expect("a pipe")).lines();
    lines.next().expect("a line").expect("text");
    for arguments in [&["run", "--once", "--state-dir", "state"][..], &["check", "tickets", "--state-dir", "state"]] {
        let second = site.run(arguments);
        assert_eq!(second.status.code(), Some(2), "{}", said(&second));
        assert!(said(&second).contains("in use by another engine"), "{}", said(&second));
    }
    first.kill().expect("it ends");
    first.wait().expect("an end");
    assert!(site.run(&["run", "--once", "--state-dir", "state"]).status.success());
}
