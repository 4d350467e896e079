//! Canaries: a different secret in every place that takes one, every way to fail, and a search of
//! everything that the engine writes, shows and sends, for each secret in every form.
//!
//! What may hold a secret: the requests of checks (that is what it is for), and headers and query of
//! the requests to receivers. Nothing else.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod daemon;
    pub mod service;
}

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use common::daemon::{Daemon, Site, free_port, http, until};
use common::service::{Asked, Reply, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Mutex;

/// The secrets by the places that hold them.
struct Canaries {
    random: RandomState,
    made: Mutex<BTreeMap<String, String>>,
}

impl Canaries {
    fn new() -> Canaries {
        Canaries { random: RandomState::new(), made: Mutex::default() }
    }

    /// The secret of a place; it holds characters that are escaped in addresses.
    fn of(&self, place: &str) -> String {
        let fresh = || format!("C4n/{:016x}+{}", self.random.hash_one(place), place.len());
        self.made.lock().expect("no panic before").entry(place.to_owned()).or_insert_with(fresh).clone()
    }

    fn percent(&self, place: &str) -> String {
        utf8_percent_encode(&self.of(place), NON_ALPHANUMERIC).to_string()
    }

    /// Fails if a text holds any of them in any form.
    fn absent_in(&self, what: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for (place, secret) in self.made.lock().expect("no panic before").iter() {
            for form in forms(secret) {
                if let Some(at) = text.find(&form) {
                    let from = text.floor_char_boundary(at.saturating_sub(200));
                    let to = text.ceil_char_boundary((at + form.len() + 60).min(text.len()));
                    panic!("{what} shows the secret of `{place}`: …{}…", &text[from..to]);
                }
            }
        }
    }

    /// The same for everything below a folder, names included.
    fn absent_below(&self, folder: &Path, except: &[&str]) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            self.absent_in("a name of a file", name.as_bytes());
            match entry.file_type().expect("a type") {
                kind if kind.is_dir() && !except.contains(&&*name) => self.absent_below(&path, except),
                kind if kind.is_file() && !except.contains(&&*name) => {
                    self.absent_in(&path.display().to_string(), &fs::read(&path).expect("a file"));
                }
                _ => {}
            }
        }
    }
}

/// As it is, percent-encoded, in hexadecimal, and in base64 whatever stands before it.
fn forms(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let hex = hex::encode(secret);
    let mut out = vec![secret.to_owned(), percent.to_lowercase(), percent, hex.to_uppercase(), hex];
    for before in 0..3usize {
        let encoded = STANDARD_NO_PAD.encode([&vec![b'x'; before], secret.as_bytes()].concat());
        // Without the characters that what stands around it changes.
        let inner = &encoded[(before * 8).div_ceil(6)..(before + secret.len()) * 8 / 6];
        out.push(inner.to_owned());
    }
    out
}

/// Everything that a request said, as a server might repeat it.
fn repeated(asked: &Asked) -> String {
    let headers: BTreeMap<&str, &str> = asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    serde_json::json!({"line": asked.line, "headers": headers, "body": asked.body}).to_string()
}

/// A server that repeats what it was sent, in every way to answer.
fn parrot() -> Service {
    Service::start(|asked| -> Reply {
        let said = repeated(asked);
        let of_header = asked.header("authorization").to_owned();
        let path = asked.line.split([' ', '?']).nth(1).unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "refuse" => (401, format!("www-authenticate: Basic realm=\"{of_header}\"\r\n"), said),
            "digest" if of_header.is_empty() => {
                (401, "www-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n".to_owned(), said)
            }
            "away" => (302, format!("location: http://localhost:1/x?{}\r\n", of_header.replace(' ', "+")), said),
            "broken" => (200, "content-type: application/json\r\n".to_owned(), format!("{{\"a\": {said}")),
            "down" => (500, String::new(), said),
            "token" | "login" => (403, String::new(), said),
            "slow" => {
                std::thread::sleep(std::time::Duration::from_millis(1500));
                (200, String::new(), said)
            }
            _ => (200, format!("content-type: application/json\r\nx-said: {of_header}\r\n"), said),
        }
    })
}

/// A spec that brings whatever comes back into every kind of observation.
const PARROT: &str = r#"name: parrot
version: 1.0.0
description: Repeats everything.
config:
  use: [http]
  instance:
    url: {type: url, required: true, description: Address.}
    query: {type: secret, description: In the query.}
    body: {type: secret, description: In the body.}
    part: {type: secret, description: In the path.}
    pin: {type: secret, description: A secret whose name tells nothing.}
    login: {type: string, default: none, description: Which login.}
    key: {type: secret, description: For the login.}
sources:
  page:
    http:
      url: "{{ instance.url }}"
      method: POST
      query: {q: "{{ instance.query }}", part: "{{ instance.part }}"}
      json: {body: "{{ instance.body }}", pin: "{{ instance.pin }}"}
      auth:
        - {digest: {username: me, password: "{{ instance.key }}"}, when: instance.login == "digest"}
        - {header: {X-Key: "{{ instance.key }}"}, when: instance.login == "header"}
        - {oauth2: {token_url: "{{ instance.url }}/token", client_id: a, client_secret: "{{ instance.key }}"}, when: instance.login == "oauth2"}
        - {aws_sigv4: {access_key: AKIA, secret_key: "{{ instance.key }}", region: r, service: s}, when: instance.login == "aws_sigv4"}
        - session:
            login: {http: {url: "{{ instance.url }}/login", json: {password: "{{ instance.key }}"}}}
            token: row.token
            inject: {header: {X-Session: "{{ token }}"}}
          when: instance.login == "session"
    on_error: continue
    service_check: parrot.up
metrics:
  - {from: page, name: parrot.said, value: 1, tags: ["line:{{ row.line }}", "auth:{{ row.headers.authorization }}", "key:{{ row.headers['x-key'] }}"]}
  - {from: page, each: {h: row.headers | entries}, name: "parrot.header", value: 1, tags: ["{{ h.key }}:{{ h.value }}"]}
service_checks:
  - {from: page, name: "parrot.page", status: critical, message: "{{ row.body }}"}
events:
  - {from: page, title: "{{ row.line }}", text: "{{ row | json }}", attributes: {all: "{{ row }}"}}
  - {title: failed, text: "{{ page.error.message }} {{ page.body }} {{ page.headers | json }}", when: not page.ok}
logs:
  - {from: page, message: "{{ row | json | base64 }} {{ row.line | url_encode }} {{ row.body }}", attributes: {h: $.headers}}
topology:
  instance: {type: parrot, url: "{{ instance.name }}"}
  components:
    - {from: page, id: "urn:parrot:/{{ row.line }}", type: parrot, name: $.line, data: {said: $.body, deep: [{a: $.headers}]}}
health:
  stream: {urn: "urn:health:parrot:x"}
  states:
    - {from: page, id: a, name: $.line, element: "urn:parrot:/x", health: clear, message: $.body}
metadata: {said: "{{ page.doc | json }}"}
"#;

/// A program that tells all it knows, and fails.
const PROGRAM: &str = r#"name: program
version: 1.0.0
description: Tells its environment.
config:
  instance:
    token: {type: secret, required: true, description: For its environment and input.}
    fails: {type: bool, default: false, description: Whether it fails.}
sources:
  own:
    command:
      argv: [sh, -c, 'env; cat; env >&2; [ "$FAILS" = false ]']
      env: {TOKEN: "{{ instance.token }}", FAILS: "{{ instance.fails }}"}
      stdin: "{{ instance.token }}"
    decode: lines
    on_error: continue
logs:
  - {from: own, message: $.line}
events:
  - {title: failed, text: "{{ own.error.message }} {{ own.stderr }}", when: not own.ok}
"#;

/// The same program without any secret of its own: it must not see those of the engine either.
const STRANGER: &str = "name: stranger\nversion: 1.0.0\nsources:\n  own: {command: {argv: [sh, -c, 'env; tr \"\\0\" \"\\n\" < /proc/self/cmdline']}, decode: lines}\nlogs:\n  - {from: own, message: $.line}\n";

/// One instance of the parrot with a secret in every field.
fn instance(canaries: &Canaries, name: &str, url: &str, login: &str, more: &str) -> String {
    let handle = |field: &str| {
        // Every third is from the environment, from a file, and as it is.
        let place = format!("{name} {field}");
        canaries.of(&place);
        format!("\"{}\"", canaries.of(&place))
    };
    let fields: Vec<String> =
        ["query", "body", "part", "pin", "key"].iter().map(|field| format!("    {field}: {}\n", handle(field))).collect();
    format!("  - name: {name}\n    url: \"{url}\"\n    login: {login}\n    timeout: 1\n{}{more}", fields.concat())
}

/// Instances for all logins and all ways to fail.
fn instances(canaries: &Canaries, parrot: &Service, site: &Site) -> String {
    let base = &parrot.url;
    let mut out = "instances:\n".to_owned();
    for login in ["none", "digest", "header", "oauth2", "aws_sigv4", "session"] {
        out += &instance(canaries, &format!("login-{login}"), &format!("{base}/{login}"), login, "");
    }
    for way in ["refuse", "away", "broken", "down", "slow"] {
        out += &instance(canaries, way, &format!("{base}/{way}"), "header", "");
    }
    out += &instance(canaries, "closed", "http://127.0.0.1:1/x", "header", "");
    out += &instance(canaries, "tls", &format!("{}/x", base.replace("http:", "https:")), "header", "");
    // The standard options, with handles of each kind.
    let basic = canaries.of("basic password from a file");
    site.write("conf.d/basic.secret", &format!("{basic}\n"));
    let file = "    username: me\n    password: \"{{ secret('file:basic.secret') }}\"\n";
    out += &instance(canaries, "basic", &format!("{base}/refuse"), "none", file);
    let environment = "    bearer_token: \"{{ secret('env:CANARY_BEARER') }}\"\n";
    out += &instance(canaries, "bearer", &format!("{base}/x"), "none", environment);
    let program = site.path().join("secret-program");
    site.write("secret-program", &format!("#!/bin/sh\necho '{}'\n", canaries.of("header from a program")));
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("permissions");
    let exec = format!("    headers: {{X-Other: \"{{{{ secret('exec:{}') }}}}\"}}\n", program.display());
    out += &instance(canaries, "exec", &format!("{base}/x"), "none", &exec);
    let literal = format!("    headers: {{Authorization: \"Bearer {}\"}}\n", canaries.of("literal header"));
    out += &instance(canaries, "literal", &format!("{base}/x"), "none", &literal);
    let user = base.replace("://", &format!("://me:{}@", canaries.percent("user in the address")));
    out += &instance(canaries, "address", &format!("{user}/x"), "none", "");
    let proxy = base.replace("://", &format!("://me:{}@", canaries.percent("user of the proxy")));
    out += &instance(canaries, "proxy", "http://elsewhere.example/x", "none", &format!("    proxy: {{http: \"{proxy}\"}}\n"));
    out
}

/// Receivers that repeat what they are sent, in every way to refuse.
fn sinks(canaries: &Canaries, receivers: &[(&str, &Service)]) -> String {
    let mut out = "sinks:\n".to_owned();
    for (name, service) in receivers {
        let key = canaries.of(&format!("{name} key"));
        let header = format!("headers: {{X-More: \"{}\"}}", canaries.of(&format!("{name} header")));
        let url = &service.url;
        out += &match name.split('-').next().unwrap_or_default() {
            "stackstate" => {
                format!("  - stackstate: {{name: {name}, url: '{url}/stsAgent', api_key: \"{key}\", compression: identity, {header}}}\n")
            }
            "datadog" => format!("  - datadog: {{name: {name}, url: '{url}', api_key: \"{key}\", compression: identity, {header}}}\n"),
            "prometheus" => format!("  - prometheus: {{name: {name}, url: '{url}/write', username: me, password: \"{key}\", {header}}}\n"),
            "otlp" => format!("  - otlp: {{name: {name}, url: '{url}', bearer_token: \"{key}\", compression: identity, {header}}}\n"),
            _ => {
                let proxy = url.replace("://", &format!("://me:{}@", canaries.percent(&format!("{name} proxy"))));
                format!(
                    "  - datadog: {{name: {name}, url: 'http://elsewhere.example', api_key: \"{key}\", compression: identity, proxy: '{proxy}'}}\n"
                )
            }
        };
    }
    out + "  - jsonl: {path: observations.jsonl}\n"
}

fn refusing(status: u16) -> Service {
    Service::start(move |asked| (status, format!("x-said: {}\r\n", asked.header("authorization")), repeated(asked)))
}

fn engine(site: &Site, canaries: &Canaries, arguments: &[&str]) -> Vec<u8> {
    let mut command = site.command(arguments);
    command.env("CANARY_BEARER", canaries.of("bearer from the environment")).env("ENGINE_LOG", "trace");
    let output = command.output().expect("the program runs");
    [output.stdout, output.stderr].concat()
}

#[test]
fn no_secret_shows_anywhere() {
    let canaries = Canaries::new();
    let parrot = parrot();
    let taking = Service::start(|_| (202, String::new(), "{}".to_owned()));
    let (refusing_400, refusing_401, refusing_500) = (refusing(400), refusing(401), refusing(500));
    let receivers = [
        ("stackstate-ok", &taking),
        ("stackstate-no", &refusing_400),
        ("datadog-no", &refusing_401),
        ("prometheus-no", &refusing_500),
        ("otlp-ok", &taking),
        ("otlp-no", &refusing_400),
        ("proxied", &refusing_401),
    ];
    let port = free_port();
    let site = Site::new("");
    let settings = format!(
        "interval: 2s\nstate_dir: state\nstatus: {{listen: '127.0.0.1:{port}'}}\nlogging: {{level: trace}}\nvars: {{x: 1}}\n{}",
        sinks(&canaries, &receivers)
    );
    site.write("engine.yaml", &settings);
    for (name, text) in [("parrot", PARROT), ("program", PROGRAM), ("stranger", STRANGER)] {
        site.write(&format!("specs/{name}.yaml"), text);
    }
    site.write("conf.d/parrot.yaml", &instances(&canaries, &parrot, &site));
    let token = canaries.of("environment of a program");
    site.write("conf.d/program.yaml", &format!("instances:\n  - {{token: \"{token}\"}}\n  - {{token: \"{token}\", fails: true}}\n"));
    site.write("conf.d/stranger.yaml", "instances: [{}]\n");
    // One line of conf.d is wrong, so that excerpts are drawn.
    site.write("conf.d/parrot.d/wrong.yaml", &format!("instances: [{{urll: x, pin: \"{}\"}}]\n", canaries.of("in an excerpt")));

    for name in ["parrot", "program", "stranger"] {
        for form in [&["--trace"][..], &["--format", "json", "--trace"], &["--format", "wire"], &["--plan"], &["--format", "summary"]] {
            let shown = engine(&site, &canaries, &[&["check", name], form].concat());
            canaries.absent_in(&format!("check {name} {form:?}"), &shown);
        }
    }
    let linted = String::from_utf8_lossy(&engine(&site, &canaries, &["lint"])).into_owned();
    assert!(linted.contains("1 error ") && linted.contains("did you mean `url`?"), "{linted}");
    for form in [&["lint"][..], &["lint", "--format", "json"], &["lint", "--format", "sarif"], &["limits-of-nothing"]] {
        canaries.absent_in(&format!("{form:?}"), &engine(&site, &canaries, form));
    }

    let bearer = canaries.of("bearer from the environment");
    let daemon = Daemon::start_with(&site, &[("CANARY_BEARER", Path::new(&bearer)), ("ENGINE_LOG", Path::new("trace"))]);
    let status = daemon.status_when(|status| {
        let done = |sink: &serde_json::Value| {
            sink["delivered"].as_u64() > Some(0) || sink["failures"].as_u64() > Some(0) || sink["dropped"].as_u64() > Some(0)
        };
        status["by_status"]["waiting"] == 0 && status["sinks"].as_array().is_some_and(|sinks| sinks.len() == 8 && sinks.iter().all(done))
    });
    // The test means something only if secrets went out and came back.
    for name in ["refuse", "away", "broken", "down", "closed", "tls", "slow", "login-oauth2", "login-session"] {
        let one = status["instances"].as_array().into_iter().flatten().find(|one| one["instance"] == format!("parrot[{name}]"));
        assert!(one.is_some_and(|one| one["status"] != "ok"), "{name}: {one:?}");
    }
    let sent: String = parrot.asked("").iter().map(|asked| format!("{asked:?}")).collect();
    for place in ["login-none body", "login-header key", "login-session key", "header from a program", "bearer from the environment"] {
        assert!(sent.contains(&canaries.of(place)), "{place} was never sent");
    }
    for page in ["/", "/metrics", "/status.json", "/instance/0", "/instance/5", "/instance/20"] {
        let shown = http(port, &format!("GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        canaries.absent_in(page, shown.as_bytes());
    }
    for form in [&["status"][..], &["status", "--format", "json"], &["status", "parrot"], &["flare", "--out", "flare"]] {
        canaries.absent_in(&format!("{form:?}"), &engine(&site, &canaries, form));
    }
    until(|| site.path().join("observations.jsonl").exists());
    assert_eq!(daemon.end("TERM"), Some(0));
    canaries.absent_in("flare without an engine", &engine(&site, &canaries, &["flare", "--out", "flare2"]));

    let log = fs::read_to_string(site.path().join("flare/log.txt")).expect("the log in the flare");
    assert!(
        log.contains("checks.parrot") && fs::metadata(site.path().join("flare/lint.txt")).is_ok_and(|facts| facts.len() > 100),
        "{log}"
    );
    let lines = fs::read_to_string(site.path().join("observations.jsonl")).expect("lines");
    assert!(lines.contains("****") && lines.contains("parrot.header"), "{lines}");
    // Spool, state, output, log and flares; not the settings themselves.
    canaries.absent_below(site.path(), &["conf.d", "engine.yaml", "secret-program"]);
    for service in [&taking, &refusing_400, &refusing_401, &refusing_500] {
        for asked in service.asked("POST") {
            canaries.absent_in("what a receiver gets", asked.body.as_bytes());
        }
    }
}
