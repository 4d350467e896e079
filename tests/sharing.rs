//! Fragments on disk, the whole of a spec as text, and what `config: {use: [http]}` does to
//! requests: the program itself in folders of the tests' own.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::map::Map;
use engine::catalog::Catalog;
use engine::catalog::files::{ConfFile, SpecFile};
use engine::expr::frame::Frame;
use engine::expr::names;
use engine::net::http::HttpRequest;
use engine::net::login::Login;
use engine::plan::Check;
use engine::source::{Place, Request};
use engine::spec::source::Origin;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const BASE: &str = "title: Shared
sources:
  table: {file: {path: data.csv}, decode: {csv: {types: {n: int}}}}
metrics:
  - {from: table, name: \"{{ tables.names.n }}\", value: $.n}
";

/// A folder with `specs` and `conf.d`.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(files: &[(&str, &str)]) -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["specs", "conf.d"] {
            fs::create_dir(site.path().join(folder)).expect("a folder");
        }
        files.iter().for_each(|(name, text)| site.write(name, text));
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

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command.args(arguments).current_dir(self.path()).env_remove("ENGINE_CONFIG").env("NO_COLOR", "1").env("WORD", "sesame");
        let Output { status, stdout, stderr } = command.output().expect("the program runs");
        (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
    }
}

fn spec(name: &str, rest: &str) -> String {
    format!("name: {name}\nversion: 1.0.0\nuse: [fragments/base.yaml]\ntables: {{names: {{n: {name}.n}}}}\n{rest}")
}

#[test]
fn relative_paths_start_at_the_file_they_stand_in() {
    let own = spec(
        "one",
        "sources:\n  own: {file: {path: data.csv}, decode: csv}\nmetrics:\n  - {from: own, name: own.n, value: $.n | number}\n",
    );
    let own = own.replace("value: $.n | number", "value: row.n | number");
    let site = Site::new(&[
        ("specs/fragments/base.yaml", BASE),
        ("specs/fragments/data.csv", "n\n7\n"),
        ("specs/one/spec.yaml", &own),
        ("specs/one/data.csv", "n\n8\n"),
    ]);
    let (code, said) = site.run(&["check", "one", "--format", "json"]);
    let found: Json = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let metrics = found["runs"][0]["metrics"].as_array().expect("metrics").iter();
    let metrics: Vec<_> = metrics.map(|metric| (metric["name"].clone(), metric["value"].clone(), metric["origin"].clone())).collect();
    assert_eq!(code, Some(0));
    assert_eq!(
        metrics,
        [(json!("one.n"), json!(7), json!("specs/fragments/base.yaml:5")), (json!("own.n"), json!(8), json!("specs/one/spec.yaml:8"))]
    );
}

#[test]
fn a_slip_in_a_fragment_is_told_once() {
    let (one, two) = (spec("one", ""), spec("two", ""));
    let site = Site::new(&[("specs/fragments/base.yaml", BASE), ("specs/one.yaml", &one), ("specs/two/spec.yaml", &two)]);
    for arguments in [
        &["lint"][..],
        &["lint", "specs"],
        &["lint", "specs/fragments"],
        &["lint", "specs/fragments/base.yaml"],
        &["lint", "specs/one.yaml"],
    ] {
        let (code, said) = site.run(arguments);
        assert_eq!((code, said.contains("no problems")), (Some(0), true), "{arguments:?}: {said}");
    }
    assert!(site.run(&["lint"]).1.contains("3 files checked"));
    site.write("specs/fragments/base.yaml", &BASE.replace("decode:", "dceode:"));
    for arguments in [&["lint"][..], &["lint", "specs"], &["lint", "specs/fragments/base.yaml"]] {
        let (code, said) = site.run(arguments);
        assert_eq!(code, Some(1));
        assert_eq!(said.matches("unknown key `dceode`").count(), 1, "{arguments:?}: {said}");
        assert!(said.contains("1 error") && said.contains("specs/fragments/base.yaml:3:35"), "{said}");
    }
}

#[test]
fn a_fragment_is_no_spec() {
    let site =
        Site::new(&[("specs/fragments/base.yaml", BASE), ("specs/one.yaml", &spec("one", "")), ("conf.d/base.yaml", "instances: [{}]\n")]);
    assert_eq!(site.run(&["check", "base"]).0, Some(2));
    assert!(site.run(&["lint"]).1.contains("there is no spec `base`"));
    site.write("specs/one.yaml", &spec("one", "").replace("base.yaml", "gone.yaml"));
    let (code, said) = site.run(&["lint", "specs/one.yaml"]);
    assert!(said.contains("specs/fragments/gone.yaml: there is no such file"), "{said}");
    assert_eq!((code, said.contains("1 error")), (Some(1), true), "{said}");
}

#[test]
fn the_plan_is_the_whole_spec_with_its_places() {
    let text = spec(
        "one",
        "override: [metrics]\nx-note: mine\nmetrics:\n  - from: table\n    name: n\n    value: |\n      row.n +\n      1\n    tags: [\"a: b\"]\n",
    );
    let site = Site::new(&[("specs/fragments/base.yaml", BASE), ("specs/fragments/data.csv", "n\n7\n"), ("specs/one.yaml", &text)]);
    let (code, said) = site.run(&["check", "one", "--plan"]);
    let expected = "name: one # specs/one.yaml:1
version: 1.0.0 # specs/one.yaml:2
sources:
  table: # specs/fragments/base.yaml:3
    file:
      path: data.csv
    decode:
      csv:
        types:
          n: int
metrics:
  - # specs/one.yaml:8
    from: table
    name: n
    value: |
      row.n +
      1
    tags:
      - \"a: b\"
tables:
  names:
    n: one.n # specs/one.yaml:4
";
    assert_eq!((code, said.as_str()), (Some(0), expected));
    // What is shown is a spec by itself, and the same one.
    site.write("specs/one.yaml", expected);
    assert_eq!(site.run(&["lint", "specs/one.yaml"]).0, Some(0));
    site.write("specs/one.yaml", "name: one\nversion: 1\nuse: [fragments/base.yaml]\n");
    let (code, said) = site.run(&["check", "one", "--plan"]);
    assert!(code == Some(1) && said.contains("bad-version") && said.contains("table:"), "{said}");
}

#[test]
fn the_whole_of_standard_options_is_a_spec_too() {
    let text = "name: one\nversion: 1.0.0\nconfig: {use: http}\nsources:\n  page: {http: {url: 'https://h/'}}\nmetrics: [{name: n, value: page.count}]\n";
    let site = Site::new(&[("specs/one.yaml", text)]);
    let (_, whole) = site.run(&["check", "one", "--plan"]);
    assert!(
        whole.contains("username: # built-in/http.yaml:") && whole.contains("follow_redirects: \"{{ instance.allow_redirects }}\""),
        "{whole}"
    );
    site.write("specs/one.yaml", &whole);
    let (code, said) = site.run(&["lint", "--deny", "warnings", "specs/one.yaml"]);
    assert_eq!(code, Some(0), "{said}");
}

/// The requests of all sources of a spec for each instance.
fn requests(spec: &str, conf: &str) -> Vec<Vec<HttpRequest>> {
    let site = Site::new(&[("specs/case.yaml", spec), ("conf.d/case.yaml", conf)]);
    let mut catalog = Catalog::open(None, Some("host".to_owned()));
    let plan = catalog.plan(&SpecFile { name: "case".to_owned(), path: site.path().join("specs/case.yaml") });
    let conf = ConfFile { name: "case".to_owned(), path: site.path().join("conf.d/case.yaml") };
    let checks = plan.map(|plan| catalog.checks(&plan, &[conf]).checks).unwrap_or_default();
    assert!(!catalog.has_errors(), "{:#?}", catalog.problems);
    checks.iter().map(of_check).collect()
}

fn of_check(check: &Check) -> Vec<HttpRequest> {
    let mut frame = Frame::new(check.plan.names.clone(), check.cache.clone());
    frame.set(names::INSTANCE, check.instance.config.clone());
    frame.set(names::INIT_CONFIG, check.instance.init_config.clone());
    let place = Place { folders: &check.plan.folders, kept: &Map::default() };
    let mut out = Vec::new();
    for source in &check.plan.spec.sources {
        let Origin::Fetch(fetch) = &source.origin else { continue };
        for request in fetch.requests(&place, &mut frame).unwrap_or_else(|error| panic!("{error}")) {
            match request {
                Request::Http(request) => out.push(*request),
                other => panic!("{}", other.describe()),
            }
        }
    }
    out
}

/// What the options are about, in short; what is as usual is left out.
fn shown(request: &HttpRequest) -> Json {
    let headers = request.headers.iter().map(|(name, value)| format!("{}: {}", name.to_lowercase(), value.reveal()));
    let connect = &request.connect;
    let file = |path: &Option<std::path::PathBuf>| path.as_ref().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let all = json!({
        "headers": headers.collect::<Vec<_>>(),
        "timeout": request.timeout.as_secs_f64(),
        "connect_timeout": connect.connect_timeout.as_secs_f64(),
        "proxy": connect.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
        "verify": connect.tls.verify,
        "tls": [file(&connect.tls.ca_file), file(&connect.tls.cert_file), file(&connect.tls.key_file), connect.tls.server_name.clone()],
        "follow": request.follow_redirects,
        "login": matches!(request.login, Login::Digest(_)).then_some("digest"),
    });
    let usual = json!({"headers": [], "timeout": 10.0, "connect_timeout": 5.0, "proxy": null, "verify": true, "tls": [null, null, null, null], "follow": true, "login": null});
    let differs = all.as_object().expect("a map").iter().filter(|(key, value)| usual[key] != **value);
    differs.map(|(key, value)| (key.clone(), value.clone())).collect()
}

const PLAIN: &str = "name: case\nversion: 1.0.0\nconfig: {use: [http]}\nsources:\n  page: {http: {url: 'http://h.test/'}}\nmetrics: [{name: n, value: page.count}]\n";

#[test]
fn standard_options_reach_the_requests() {
    let cases = [
        ("{}", json!({})),
        ("{username: null, password: null, headers: null, proxy: null, timeout: null, tls_verify: null, tls_ca_cert: null}", json!({})),
        ("{username: u, password: p}", json!({"headers": ["authorization: Basic dTpw"]})),
        ("{password: p}", json!({})),
        ("{username: u, auth_type: digest}", json!({"login": "digest"})),
        ("{username: u, bearer_token: t}", json!({"headers": ["authorization: Bearer t"]})),
        ("{headers: {X-A: b, X-B: null}, extra_headers: {x-a: c, X-C: 1}}", json!({"headers": ["x-a: b", "x-c: 1"]})),
        ("{timeout: 3}", json!({"timeout": 3.0})),
        ("{timeout: 3, read_timeout: 500ms, connect_timeout: 2}", json!({"timeout": 0.5, "connect_timeout": 2.0})),
        ("{tls_verify: false}", json!({"verify": false})),
        (
            "{tls_ca_cert: ca.pem, tls_cert: c.pem, tls_private_key: k.pem, tls_server_name: other}",
            json!({"tls": ["ca.pem", "c.pem", "k.pem", "other"]}),
        ),
        ("{proxy: 'http://p:1'}", json!({"proxy": "http://p:1"})),
        ("{proxy: {http: 'http://p:1', https: 'http://p:2'}}", json!({"proxy": "http://p:1"})),
        ("{proxy: {http: 'http://p:1', no_proxy: 'x.test, .test'}}", json!({})),
        ("{proxy: 'http://p:1', skip_proxy: true}", json!({})),
        ("{allow_redirects: false}", json!({"follow": false})),
    ];
    for (instance, expected) in cases {
        let found = requests(PLAIN, &format!("instances: [{instance}]\n"));
        assert_eq!(shown(&found[0][0]), expected, "{instance}");
    }
}

#[test]
fn init_config_holds_for_instances_that_say_nothing() {
    let conf =
        "init_config: {timeout: 4s, proxy: 'http://p:1'}\ninstances: [{name: a}, {timeout: 2, proxy: 'http://p:2'}, {skip_proxy: true}]\n";
    let found = requests(PLAIN, conf);
    let found: Vec<Json> = found.iter().map(|requests| shown(&requests[0])).collect();
    assert_eq!(
        found,
        [json!({"timeout": 4.0, "proxy": "http://p:1"}), json!({"timeout": 2.0, "proxy": "http://p:2"}), json!({"timeout": 4.0})]
    );
}

#[test]
fn what_a_source_or_the_spec_says_wins_over_the_options() {
    let spec = "name: case
version: 1.0.0
config:
  use: [http]
  instance:
    timeout: {type: duration, default: 7s}
defaults:
  sources: {base_url: 'http://h.test', headers: {X-Spec: s}, connect_timeout: 1s}
sources:
  all: {http: {url: /all}}
  own: {http: {url: /own, timeout: 1s, auth: none, headers: {x-user: own}, tls: {server_name: other}, proxy: 'http://p:9', follow_redirects: true}}
metrics: [{name: n, value: all.count + own.count}]
";
    let found = requests(
        spec,
        "instances: [{username: u, headers: {X-User: u}, tls_verify: false, proxy: 'http://p:1', allow_redirects: false}]\n",
    );
    assert_eq!(
        shown(&found[0][0]),
        json!({"headers": ["x-spec: s", "x-user: u", "authorization: Basic dTo="], "timeout": 7.0, "connect_timeout": 1.0, "proxy": "http://p:1", "verify": false, "follow": false})
    );
    assert_eq!(
        shown(&found[0][1]),
        json!({"headers": ["x-user: own"], "timeout": 1.0, "connect_timeout": 1.0, "proxy": "http://p:9", "verify": false, "tls": [null, null, null, "other"]})
    );
}

#[test]
fn the_login_of_the_instance_is_the_last_resort_of_a_list() {
    let spec = PLAIN.replace("'http://h.test/'}", "'http://h.test/', auth: [{bearer: t, when: instance.password is undefined}]}");
    let found = requests(&spec, "instances: [{username: u}, {username: u, password: p}]\n");
    assert_eq!(shown(&found[0][0]), json!({"headers": ["authorization: Bearer t"]}));
    assert_eq!(shown(&found[1][0]), json!({"headers": ["authorization: Basic dTpw"]}));
}

#[test]
fn secrets_are_read_at_any_depth() {
    let site = Site::new(&[("word", "open\n")]);
    let file = site.path().join("word");
    let program = site.path().join("program");
    fs::write(&program, "#!/bin/sh\necho from-a-program\n").expect("a program");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("permissions");
    let conf = format!(
        "instances:\n  - username: u\n    headers:\n      A: \"{{{{ secret('file:{}') }}}}\"\n      B: \"{{{{ secret('exec:{}') }}}}\"\n",
        file.display(),
        program.display()
    );
    let found = requests(PLAIN, &conf);
    assert_eq!(shown(&found[0][0])["headers"], json!(["a: open", "b: from-a-program", "authorization: Basic dTo="]));
}
