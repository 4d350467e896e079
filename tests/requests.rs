//! What is asked, when, and what comes out: pages, polls, retries, rates and kept answers, case by
//! case.
//!
//! All cases are data in `tests/cases/requests.yaml`; time passes in pauses only.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::script::{NOW, check, scripted};
use common::scripted::Script;
use common::{cases, report, text_of, yaml};
use engine::base::span::Sources;
use engine::base::time::Clock;
use engine::base::value::Value;
use engine::plan::Check;
use engine::run::exchanger::{Answers, Exchanger, Pause};
use engine::run::reuse::Reuse;
use engine::run::{Memory, Outcome, RunCx, run};
use engine::source::Request;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A script with a clock of its own, which only pauses move.
struct Stage {
    script: Script,
    begin: Instant,
    passed: Mutex<Duration>,
    asked: Mutex<Vec<String>>,
    pauses: Mutex<Vec<Json>>,
}

impl Stage {
    fn new() -> Stage {
        Stage {
            script: Script::default(),
            begin: Instant::now(),
            passed: Mutex::default(),
            asked: Mutex::default(),
            pauses: Mutex::default(),
        }
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().expect("no panic before")
    }
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        NOW.parse::<Timestamp>().expect("a time") + self.passed()
    }

    fn instant(&self) -> Instant {
        self.begin + self.passed()
    }
}

impl Exchanger for Stage {
    fn exchange<'a>(&'a self, source: &'a str, request: &'a Request) -> Answers<'a> {
        self.asked.lock().expect("no panic before").push(whole(request));
        self.script.exchange(source, request)
    }

    fn pause(&self, time: Duration) -> Pause<'_> {
        *self.passed.lock().expect("no panic before") += time;
        self.pauses.lock().expect("no panic before").push(json!(time.as_secs_f64()));
        Box::pin(async {})
    }
}

/// A request with everything that is sent: `POST http://h/ name: value {"body": 1}`.
fn whole(request: &Request) -> String {
    let Request::Http(http) = request else { return request.describe() };
    let mut out = format!("{} {}", http.method, http.url);
    for (name, value) in &http.headers {
        out += &format!(" {name}: {}", value.reveal());
    }
    if let Some(body) = &http.body {
        out += &format!(" {}", String::from_utf8_lossy(body));
    }
    out
}

const MAPPINGS: &str = r#"
metrics:
  - {name: capped, value: things.capped}
  - {name: failed, value: things.failed}
logs:
  - {from: things, message: "{{ row | json }}", source: row}
  - {from: things.requests, message: "{{ row | omit('elapsed', 'body') | json }}", source: request}
  - {message: "{{ {'ok': things.ok, 'status': things.status, 'body': things.body, 'url': things.url, 'kind': things.error.kind} | json }}", source: result}
topology:
  instance: {type: case, url: x}
  snapshot: true
  components: [{from: things, id: "urn:{{ row }}", type: thing}]
"#;

/// One answer of a case, or as many as it says: `{repeat: 3, …}` with `N` for their number.
fn answers(given: &Json) -> Vec<Json> {
    let Some(times) = given["repeat"].as_u64() else { return vec![given.clone()] };
    let text = given.to_string();
    (1..=times).map(|n| serde_json::from_str(&text.replace("#N", &n.to_string())).expect("an answer")).collect()
}

/// The runs of one case: a list of answers for each source, or a list of those.
fn runs(case: &Json) -> Vec<Json> {
    match &case["answers"] {
        Json::Object(of_sources) => vec![Json::Object(of_sources.clone())],
        Json::Array(items) if items.iter().all(|item| item.get("things").is_some()) => items.clone(),
        Json::Array(items) => vec![json!({ "things": items })],
        other => panic!("{}: answers {other}", case["about"]),
    }
}

fn one_run(check: &Check, memory: &Memory, reuse: &Reuse, stage: &Stage) -> Outcome {
    let engine = Value::map(Default::default());
    let cx = RunCx {
        check,
        memory,
        exchanger: stage,
        clock: stage,
        engine: &engine,
        interval: Duration::from_secs(15),
        deadline: stage.instant() + Duration::from_secs(60),
        reuse,
        requests: Default::default(),
        trace: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(&cx))
}

/// Everything that a case may say of its last run, and what was asked in all of them.
fn played(case: &Json) -> Result<Json, String> {
    let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let indented = |text: String| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let things = indented(format!("things:\n{}", indented(text("things"))));
    let spec = format!("name: case\nversion: 1.0.0\nsources:\n{}{things}{MAPPINGS}", indented(text("before")));
    let mut sources = Sources::default();
    let check = check(Path::new("/"), &spec, "", &mut sources).map_err(|problems| format!("{spec}\n{problems}"))?;
    let (mut memory, reuse, mut stage) = (Memory::default(), Reuse::default(), Stage::new());
    let mut last = Outcome::default();
    for given in runs(case) {
        stage.script = Script::default();
        for (source, given) in given.as_object().expect("answers by source") {
            let single = [given.clone()];
            let given = given.as_array().map_or(&single[..], Vec::as_slice);
            given.iter().flat_map(answers).for_each(|answer| stage.script.add(source, scripted(&answer)));
        }
        last = one_run(&check, &memory, &reuse, &stage);
        last.remember(&mut memory);
    }
    Ok(found(&last, &stage))
}

fn found(last: &Outcome, stage: &Stage) -> Json {
    let seen = &last.observations;
    let logs = |source: &str| -> Vec<Json> {
        let of_source = seen.logs.iter().filter(|log| log.source.as_deref() == Some(source));
        of_source.map(|log| serde_json::from_str(&log.message).expect("JSON")).collect()
    };
    let metric = |name: &str| seen.samples.iter().find(|sample| *sample.name == *name).map(|sample| sample.value.as_f64());
    json!({
        "run": if last.failed() { "error" } else if last.warnings.is_empty() { "ok" } else { "warning" },
        "error": last.error(),
        "warnings": last.warnings.iter().map(|w| w.message.as_str()).collect::<Vec<_>>(),
        "rows": logs("row"),
        "n_rows": logs("row").len(),
        "requests": logs("request"),
        "result": logs("result").pop(),
        "capped": metric("capped") == Some(1.0),
        "failed": metric("failed"),
        "closed": seen.topology.as_ref().is_some_and(|topology| topology.stop_snapshot),
        "asked": *stage.asked.lock().expect("no panic before"),
        "n_asked": stage.asked.lock().expect("no panic before").len(),
        "pauses": *stage.pauses.lock().expect("no panic before"),
    })
}

/// Texts need to contain what is expected, maps to have it; everything else is exact.
fn fits(key: &str, found: &Json, expected: &Json) -> bool {
    match (found, expected) {
        (Json::String(found), Json::String(expected)) if key == "error" => found.contains(expected.as_str()),
        (Json::Array(found), Json::Array(expected)) if key == "warnings" => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| fits("error", found, expected))
        }
        (Json::Array(found), Json::Array(expected)) if key == "requests" => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| fits("result", found, expected))
        }
        (Json::Object(found), Json::Object(expected)) => {
            expected.iter().all(|(key, value)| fits(key, found.get(key).unwrap_or(&Json::Null), value))
        }
        (Json::Number(found), Json::Number(expected)) => found.as_f64() == expected.as_f64(),
        (Json::Array(found), Json::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| fits("", found, expected))
        }
        _ => found == expected,
    }
}

#[test]
fn requests_are_made_as_the_table_says() {
    let table = yaml(&text_of(&cases().join("requests.yaml")));
    let mut wrong = Vec::new();
    for case in table.as_array().expect("a list of cases") {
        match played(case) {
            Err(problems) => wrong.push(format!("{}:\n{problems}", case["about"])),
            Ok(found) => {
                for (key, expected) in case["gives"].as_object().expect("what it gives") {
                    if !fits(key, &found[key], expected) {
                        wrong.push(format!(
                            "{}: {key}\n  expected {expected}\n     found {}\n{}",
                            case["about"], found[key], found["error"]
                        ));
                    }
                }
            }
        }
    }
    report(&wrong);
}
