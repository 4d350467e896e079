//! `engine new` and `engine record` with the real binary: what they write is clean, runs and passes at
//! once, and holds no secret.
//!
//! A case is a folder in `tests/cases/new` with an answer and `expected.yaml`, the spec that is proposed
//! for it; `UPDATE=1` rewrites it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::service::{Reply, Service, json, status};
use common::{compared, folders, report, text_of};
use serde_json::json as value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A secret that must show nowhere.
const SECRET: &str = "c4n4ry-of-the-mine";

fn engine(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
        command.env_remove(name);
    }
    command.env("CANARY", SECRET).args(arguments).current_dir(folder).output().expect("the engine starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let work = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = work.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    work
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = engine(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn fails(folder: &Path, arguments: &[&str], code: i32, words: &str) {
    let output = engine(folder, arguments);
    assert!(output.status.code() == Some(code) && said(&output).contains(words), "{arguments:?}: {:?} {}", output.status, said(&output));
}

/// All files of a folder with their texts.
fn texts(folder: &Path, out: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            texts(&entry, out);
        } else {
            out.push((entry.clone(), String::from_utf8_lossy(&fs::read(&entry).expect("a file")).into_owned()));
        }
    }
}

fn has_no_secret(folder: &Path) {
    let mut all = Vec::new();
    texts(folder, &mut all);
    for (path, text) in all {
        assert!(!text.contains(SECRET), "{}: {text}", path.display());
    }
}

/// What was proposed is clean, runs and passes.
fn holds_at_once(folder: &Path, name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lint = engine(folder, &["lint"]);
    if !lint.status.success() || !said(&lint).contains("no problems\n") {
        wrong.push(format!("{name}: lint says {}", said(&lint)));
    }
    for arguments in [["check", name], ["test", name]] {
        let output = engine(folder, &arguments);
        if !output.status.success() {
            wrong.push(format!("{name}: {} says {}", arguments[0], said(&output)));
        }
    }
    wrong
}

fn reply_of(file: &Path) -> Reply {
    let content_type = match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => "application/json",
        Some("xml") => "text/xml; charset=utf-8",
        Some("prom") => "text/plain; version=0.0.4",
        _ => "text/plain",
    };
    (200, format!("content-type: {content_type}\r\n"), text_of(file))
}

#[test]
fn what_is_proposed_is_clean_runs_and_passes_at_once() {
    let mut wrong = Vec::new();
    for case in folders("new") {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let answer = fs::read_dir(&case).expect("a case").map(|entry| entry.expect("an entry").path());
        let answer = answer.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == "answer")).expect("an answer");
        let file = answer.file_name().expect("a name").to_string_lossy().into_owned();
        let reply = reply_of(&answer);
        let service = Service::start(move |_| reply.clone());
        let url = format!("{}/{file}", service.url);
        let page = folder(&[]);
        let read = folder(&[(&file, &text_of(&answer))]);
        let log = name == "log";
        if !log {
            succeeds(page.path(), &["new", &name, "--from", &url]);
            wrong.extend(holds_at_once(page.path(), &name));
            let spec = text_of(&page.path().join(format!("specs/{name}.yaml"))).replace(&service.url, "http://SERVICE");
            wrong.extend(compared(&case.join("expected.yaml"), &spec));
        }
        succeeds(read.path(), &["new", &name, "--file", &file]);
        wrong.extend(holds_at_once(read.path(), &name));
        if log {
            let shown = read.path().to_string_lossy().into_owned();
            let spec = text_of(&read.path().join(format!("specs/{name}.yaml"))).replace(&shown, "/FOLDER");
            wrong.extend(compared(&case.join("expected.yaml"), &spec));
        }
    }
    report(&wrong);
}

#[test]
fn commands_and_nothing_at_all_are_beginnings_too() {
    let work = folder(&[]);
    succeeds(work.path(), &["new", "bare"]);
    succeeds(work.path(), &["new", "shouted", "--command", "echo", "used: 5"]);
    report(&[holds_at_once(work.path(), "bare"), holds_at_once(work.path(), "shouted")].concat());
    assert!(text_of(&work.path().join("specs/shouted.yaml")).contains("argv: [echo, \"used: 5\"]"));
}

/// A page behind a login of any kind: header, parameter, user, token.
#[test]
fn secrets_are_used_and_written_nowhere() {
    let service = Service::start(|asked| {
        let login = ["x-token", "authorization"].iter().any(|name| {
            [SECRET.to_owned(), format!("Bearer {SECRET}"), "Basic bWU6YzRuNHJ5LW9mLXRoZS1taW5l".to_owned()]
                .contains(&asked.header(name).to_owned())
        });
        let allowed = login || asked.line.contains(&format!("key={SECRET}"));
        if allowed { json(value!({"users": 5, "echo": SECRET, "session_token": "whatever"})) } else { status(401) }
    });
    let ways: [&[&str]; 4] = [
        &["--header", "X-Token: env:CANARY"],
        &["--bearer", "env:CANARY"],
        &["--user", "me", "--password", "env:CANARY"],
        &["--query", "api_key=env:CANARY"],
    ];
    for way in ways {
        let work = folder(&[]);
        succeeds(work.path(), &[&["new", "users", "--from", &service.url], way].concat());
        report(&holds_at_once(work.path(), "users"));
        has_no_secret(work.path());
        let fixture = text_of(&work.path().join("specs/users/tests/first/page.json"));
        assert!(fixture.contains("secret of env:CANARY") && !fixture.contains("whatever"), "{fixture}");
    }
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_is_written() {
    let service = Service::start(|asked| if asked.is("GET /login") { status(401) } else { status(500) });
    let work = folder(&[("specs/there/spec.yaml", "name: there\n"), ("conf.d/kept.yaml", "instances: []\n")]);
    let at = |path: &str| format!("{}{path}", service.url);
    fails(work.path(), &["new", "there"], 2, "specs/there/spec.yaml is there already");
    fails(work.path(), &["new", "kept"], 2, "`--force`");
    fails(work.path(), &["new", "x", "--from", &at("/login")], 1, "give a login");
    fails(work.path(), &["new", "x", "--from", &at("/")], 1, "HTTP 500");
    fails(work.path(), &["new", "x", "--from", "http://me:pw@localhost/"], 2, "--password env:NAME");
    fails(work.path(), &["new", "x", "--from", "http://localhost/?token=abc"], 2, "--query token=env:NAME");
    fails(work.path(), &["new", "x", "--from", &at("/"), "--bearer", "abc"], 2, "by its name");
    fails(work.path(), &["new", "x", "--from", &at("/"), "--bearer", "env:NO_SUCH_NAME"], 2, "no variable");
    fails(work.path(), &["new", "x", "--file", "nothing"], 1, "no file");
    fails(work.path(), &["new", "X-1"], 2, "small letters");
    fails(work.path(), &["record", "x"], 2, "there is no spec `x`");
    assert!(!work.path().join("specs/x.yaml").exists());
    succeeds(work.path(), &["new", "kept", "--force"]);
    assert!(text_of(&work.path().join("conf.d/kept.yaml")).contains("- {}"));
}

const SHOP: &str = r#"name: shop
version: 1.0.0
description: Everything that can be recorded.
config:
  instance:
    url: {type: url, required: true, description: The address.}
    password: {type: secret, required: true, description: The password.}
    folder: {type: path, required: true, description: Files.}
sources:
  hosts:
    http:
      url: "{{ instance.url }}/hosts"
      auth: {session: {login: {http: {url: "{{ instance.url }}/login", json: {user: me, password: "{{ instance.password }}"}}}, token: $.token, inject: {header: {X-Token: "{{ token }}"}}}}
      paginate: {page: {param: page}}
    rows: $.items[*]
  load:
    each: {host: hosts}
    http: {url: "{{ instance.url }}/load/{{ host.name }}", method: POST, json: {at: "{{ now }}"}}
    on_error: continue
  said:
    each: {word: ["one", "two"]}
    command: {argv: [echo, "{{ word }}"]}
    decode: raw
  log:
    file: {path: "{{ instance.folder }}/*.log", mode: tail, start_at: beginning}
    decode: lines
  facts:
    file: {path: "{{ instance.folder }}/state.json"}
metrics:
  - {from: load, name: shop.load, type: rate, value: $.load, tags: {name: "{{ host.name }}"}}
  - {from: facts, name: shop.state, value: $.n}
  - {name: shop.lines, value: log.count}
  - {from: said, name: shop.length, value: row.text | length, tags: {word: "{{ word }}"}}
"#;

/// Pages, a login, requests for each item, one of which fails, commands and files, in two runs.
#[test]
fn a_recorded_run_passes_as_a_test() {
    let service = Service::start(|asked| match asked.line.as_str() {
        "POST /login" if asked.body.contains(SECRET) => json(value!({"token": "token-of-the-session", "user": "me"})),
        "GET /hosts?page=1" if asked.header("x-token") == "token-of-the-session" => json(value!({"items": [{"name": "a"}, {"name": "b"}]})),
        "GET /hosts?page=2" => json(value!({"items": [{"name": "c"}]})),
        "GET /hosts?page=3" => json(value!({"items": []})),
        "POST /load/c" => status(503),
        line if line.starts_with("POST /load/") => json(value!({"load": line.len(), "password": SECRET})),
        _ => status(401),
    });
    let conf = format!(
        "init_config: {{}}\ninstances:\n  - url: {}\n    password: \"{{{{ secret('env:CANARY') }}}}\"\n    folder: ../data\n    tags: [env:test]\n",
        service.url
    );
    let work = folder(&[
        ("specs/shop.yaml", SHOP),
        ("conf.d/shop.yaml", &conf),
        ("data/a.log", "one\ntwo\n"),
        ("data/b.log", "three\n"),
        ("data/state.json", "{\"n\": 5}"),
    ]);
    let told = succeeds(work.path(), &["record", "shop", "--times", "2", "--pause", "10ms"]);
    assert!(told.contains("wrote specs/shop/tests/recorded.yaml"), "{told}");
    let test = text_of(&work.path().join("specs/shop/tests/recorded.yaml"));
    let needed = [
        "match: {query: {page: \"2\"}}",
        "match: {url: /load/a}",
        "status: 503",
        "match: {argv: [echo, one]}",
        "hosts.login",
        "b.log: {content_file",
    ];
    needed.iter().for_each(|part| assert!(test.contains(part), "no {part} in\n{test}"));
    let told = succeeds(work.path(), &["test", "shop"]);
    assert!(told.contains("ok shop/recorded"), "{told}");
    has_no_secret(&work.path().join("specs"));
    let mut all = Vec::new();
    texts(&work.path().join("specs"), &mut all);
    assert!(all.iter().all(|(_, text)| !text.contains("token-of-the-session")), "{all:?}");
    fails(work.path(), &["record", "shop"], 2, "recorded.yaml is there already");
    succeeds(work.path(), &["record", "shop", "--test", "again", "--instance", "0"]);
    succeeds(work.path(), &["record", "shop", "--force"]);
    succeeds(work.path(), &["test", "shop"]);
}

/// A system that is away is a test, too.
#[test]
fn a_failure_is_recorded_as_it_was() {
    let spec = "name: away\nversion: 1.0.0\nsources:\n  page: {command: {argv: [\"false\"]}, decode: raw, service_check: away.can_run}\n";
    let work = folder(&[("specs/away.yaml", spec)]);
    let told = succeeds(work.path(), &["record", "away"]);
    assert!(told.contains("failed, and the test shows that"), "{told}");
    assert!(text_of(&work.path().join("specs/away/tests/recorded.yaml")).contains("page: {exit_code: 1}"));
}

/// A spec that sends one series twice is recorded as it is, with a word about it.
#[test]
fn what_is_sent_twice_passes_with_a_warning() {
    let spec = "name: twice\nversion: 1.0.0\nsources:\n  rows: {command: {argv: [echo, '[1, 2]']}, decode: json}\nmetrics:\n  - {from: rows, name: twice.n, value: $}\n";
    for times in ["1", "2"] {
        let work = folder(&[("specs/twice.yaml", spec)]);
        let told = succeeds(work.path(), &["record", "twice", "--times", times, "--pause", "1ms"]);
        assert!(told.contains("sent twice"), "{told}");
        succeeds(work.path(), &["test", "twice"]);
    }
}
