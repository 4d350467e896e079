//! Whoever looks on changes nothing: a run that keeps every row, because somebody wants to see them,
//! reports the same as one whose rows go straight to the mappings and of whose documents only the
//! wanted parts were built.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common {
    pub mod scripted;
}

use common::scripted::Script;
use engine::base::span::Sources;
use engine::base::time::{Clock, SystemClock};
use engine::catalog::Catalog;
use engine::catalog::files::{ConfFile, SpecFile};
use engine::net::Answer;
use engine::observation::json::observations;
use engine::plan::Check;
use engine::run::trace::Trace;
use engine::run::{Memory, RunCx, run};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The keys of the one source besides its request, and the mappings.
const PARTS: &[&str] = &[
    r#"
    decode: json
metrics:
  - {from: page, prefix: m., tags: {t: $.t, u: $.b.c}, gauge: {a: $.a, b: $.b.c, d: row.d | length}}
"#,
    r#"
    decode: json
    rows: $.items[*]
metrics:
  - {from: page, name: m, value: row.a + 1, tags: ["{{ row }}"]}
  - {from: page, name: k, value: 1, tags: {k: "{{ key }}"}, when: row.b.c}
"#,
    r#"
    decode: json
    rows: $.items
    let: {x: row.b}
    when: x.c is defined
metrics:
  - {from: page, name: m, value: x.c, tags: {a: $.a}}
"#,
    r#"
    decode: json
    rows: $.items.*
    each: {t: "$.d[*]"}
    set: {s: row.a}
logs:
  - {from: page, message: "{{ t }} {{ row.s }} {{ row.b.c }}"}
"#,
    r#"
    decode: json
    rows: $.items[*]
    group: {t: row.t}
metrics:
  - {from: page, name: n, value: row.count, tags: {t: $.t}}
"#,
    r#"
    decode: json
    rows: $.items[*]
    group: {t: row.t}
metrics:
  - {from: page, name: n, value: "row.rows | pluck('a') | length", tags: {t: $.t}}
"#,
    r#"
    decode: json
    rows: $.items[*]
    dedupe: row.t
    limit: 3
metrics:
  - {from: page, rows: "$.d[*]", name: n, value: $.a, default: 0, tags: {k: "{{ key }}", c: "{{ row.b.c }}"}}
"#,
    r#"
    decode: json
    expect: row.items is defined
    rows: $.items[*]
    index: {t: $.t}
metrics:
  - {from: page, name: n, value: 1, tags: {a: "{{ page.by.t[row.t].a }}"}}
"#,
    r#"
    decode: json
    rows: $.items[*]
    on_error: continue
metrics:
  - {from: page, name: n, value: $.a, required: true}
service_checks:
  - {name: c, status: {critical: not page.ok}}
  - {from: page, name: d, status: {warning: row.a > 1}, tags: {t: $.t}}
"#,
    r#"
    decode: json
    rows: $.items[*]
metrics:
  - {name: n, value: page.count}
events:
  - {from: page, title: "{{ row.b.c }}", when: not run.failed}
"#,
    r#"
    decode: json
    rows: $.items[*]
metrics:
  - {from: page, name: n, value: $.a, tags: {t: "{{ page.doc.other[1].a }}", u: "{{ page.doc.a }}"}}
  - {name: m, value: "page.doc.items | length"}
service_checks:
  - {name: c, status: {critical: page.doc.b.c != 2}}
"#,
    r#"
    decode: json
metrics:
  - {from: page, name: n, value: $.a, tags: {t: $page.t, u: "{{ page.doc['b'].c }}"}}
"#,
    r#"
    decode: json
metrics:
  - {from: page, flatten: {of: $.b}}
  - {from: page, flatten: {}}
"#,
    r#"
    decode: ndjson
metrics:
  - {from: page, group: {t: row.t}, name: n, value: row.count, tags: {t: $.t}}
  - {from: page, name: a, value: $.a}
"#,
    r#"
    decode: {regex: {pattern: '"a":(?P<a>\d+)|"t":"(?P<t>[a-z]*)"', header: '^(?P<h>\[)', types: {a: number}}}
metrics:
  - {from: page, name: n, type: count, value: 1, tags: {t: $.t, a: $.a, h: $.h}}
"#,
    r#"
    decode: {regex: {patterns: ['^(?P<a>[a-z]+)=(?P<b>\S*)', '^(?P<b>[a-c]+) (?P<c>\d)?'], on_unmatched: count}}
metrics:
  - {from: page, name: n, type: count, value: 1, tags: {a: $.a, b: $.b, p: $.pattern}}
events:
  - {from: page, when: row.c, title: "{{ row.b }}"}
"#,
    r#"
    decode: lines
metrics:
  - {from: page, name: n, value: $.number, tags: {line: $.line}}
"#,
    r#"
    decode: {csv: {columns: [a, "", b, c], types: {b: number}}}
metrics:
  - {from: page, name: n, value: $.b, default: 0, tags: {a: $.a}}
"#,
    r#"
    decode: {table: {columns: [a, b, c], skip: 1, blocks: true}}
metrics:
  - {from: page, name: n, value: $.block, tags: {title: $.title, b: $.b}}
"#,
    r#"
    decode: logfmt
metrics:
  - {from: page, name: n, value: 1, tags: {a: $.a, b: $.b}}
"#,
    r#"
    decode: prometheus
metrics:
  - {from: page, families: {metrics: {"*": "*"}}}
  - {from: page, name: n, value: row.value, tags: ["{{ row.labels }}", "{{ row.help }}"]}
"#,
];

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        3 => (0i64..5).prop_map(Json::from),
        2 => "[a-c]{0,2}".prop_map(Json::from),
        1 => Just(Json::Null),
        1 => Just(json!({"c": 7, "x": [1, {"c": 2}]})),
        1 => Just(json!([{"a": 1, "b": {"c": 2}}, 2, "x"])),
    ]
}

fn item() -> impl Strategy<Value = Json> {
    let entries = proptest::collection::btree_map("[a-dt]", leaf(), 0..5);
    prop_oneof![6 => entries.prop_map(|entries| json!(entries)), 1 => leaf()]
}

/// Words, pairs and cells, the first line of them several times.
fn lines() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("([a-c]{1,2}[= ,][0-9a-c]{0,2}([ ,][a-c]=?[0-9]{0,2}){0,3})?\r?\n", 1..12)
}

/// A document, sometimes broken off.
fn body() -> impl Strategy<Value = String> {
    let items = || proptest::collection::vec(item(), 0..6);
    let doc = prop_oneof![
        4 => items().prop_map(|items| json!({"other": [1, {"a": 2}], "items": items, "a": 1}).to_string()),
        2 => items().prop_map(|items| json!(items).to_string()),
        2 => items().prop_map(|items| items.iter().map(|item| format!("{item}\n")).collect()),
        4 => (lines(), 0usize..30).prop_map(|(lines, n_usual)| lines.first().cloned().unwrap_or_default().repeat(n_usual) + &lines.concat()),
        1 => Just("# HELP a_total Words.\n# TYPE a_total counter\na_total{t=\"x\"} 1\na_total{t=\"y\"} 2 5\nb 3\n".to_owned()),
    ];
    (doc, 0usize..20).prop_map(|(doc, cut)| if cut == 0 { doc.chars().take(doc.chars().count() / 2).collect() } else { doc })
}

struct Session {
    catalog: Catalog,
    checks: Vec<Check>,
}

fn session(part: &str) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let spec = format!("name: case\nversion: 1.0.0\nsources:\n  page:\n    http: {{url: \"http://127.0.0.1:9/\"}}{part}");
    std::fs::write(path("spec.yaml"), spec).unwrap();
    std::fs::write(path("conf.yaml"), "instances: [{}]\n").unwrap();
    let mut catalog = Catalog::open(None, Some("host".to_owned()));
    let plan = catalog.plan(&SpecFile { name: "case".to_owned(), path: path("spec.yaml") });
    let plan = plan.unwrap_or_else(|| panic!("{part}{:?}", catalog.problems));
    let checks = catalog.checks(&plan, &[ConfFile { name: "case".to_owned(), path: path("conf.yaml") }]).checks;
    Session { catalog, checks }
}

impl Session {
    /// What a run reports, its errors, and its warnings in order of the alphabet.
    fn run(&self, body: &str, trace: Option<&Trace>) -> (Json, Vec<String>, Vec<String>) {
        let script = Script::default();
        script.add("page", Ok(vec![Answer::of(body.to_owned(), "http://127.0.0.1:9/")]));
        let (memory, interval) = (Memory::default(), Duration::from_secs(15));
        let cx = RunCx {
            check: &self.checks[0],
            memory: &memory,
            exchanger: &script,
            clock: &SystemClock,
            engine: &self.catalog.engine,
            interval,
            deadline: SystemClock.instant() + interval,
            reuse: &Default::default(),
            requests: Default::default(),
            trace,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut outcome = runtime.block_on(run(&cx));
        let at_once = |check: &mut engine::observation::ServiceCheck| check.timestamp = Default::default();
        outcome.observations.service_checks.iter_mut().for_each(at_once);
        let errors = outcome.errors.iter().map(|failure| failure.message.clone()).collect();
        let mut warnings: Vec<String> = outcome.warnings.iter().map(|w| format!("{} ({})", w.message, w.count)).collect();
        warnings.sort();
        let report = observations(&outcome.observations, &Sources::default());
        (Json::Object(report), errors, warnings)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_that_are_not_kept_report_the_same(body in body()) {
        thread_local!(static SESSIONS: Vec<Session> = PARTS.iter().map(|part| session(part)).collect());
        SESSIONS.with(|sessions| {
            for (session, part) in sessions.iter().zip(PARTS) {
                let (straight, kept) = (session.run(&body, None), session.run(&body, Some(&Trace::default())));
                prop_assert_eq!(straight, kept, "{}\n{}", part, body);
            }
            Ok(())
        })?;
    }
}

#[test]
fn most_of_these_specs_keep_no_rows() {
    let streams = |part: &&&str| session(part).checks[0].plan.sources[0].wanted.streamed.is_some();
    let n = PARTS.iter().filter(streams).count();
    assert!((8..PARTS.len()).contains(&n), "{n} of {} keep no rows", PARTS.len());
}
