//! A spec, an instance and the answers of its sources as data, and what the runs come to.
//!
//! ```yaml
//! # answers.yaml: one answer for each source, or a list for one request after the other
//! page: {status: 404, body: gone}
//! hosts: [{json: [{id: 1}]}, {error: timeout, message: took too long}]
//! df: {body: "/dev/sda 10", exit_code: 0}
//! # or, for several runs, a list of such maps; each may also say
//! run: {now: 2026-01-01T00:01:00Z, restart: true, lost: true}
//! # restart: the process was started anew before this run; lost: the output was not accepted
//! ```

use super::scripted::{Script, Scripted};
use super::{Folder, rendered};
use engine::base::error_kind::ErrorKind;
use engine::base::span::Sources;
use engine::base::time::{Clock, SystemClock};
use engine::base::value::{Text, Value};
use engine::catalog::secrets::Outside;
use engine::conf::instance;
use engine::expr::frame::{Frame, Remark};
use engine::expr::names;
use engine::net::{Answer, ExchangeError};
use engine::observation::json::observations;
use engine::plan::Check;
use engine::plan::compile::compile;
use engine::run::exchanger::{Exchanger, Live};
use engine::run::reuse::Reuse;
use engine::run::{Memory, Outcome, RunCx, run};
use engine::spec::share::assemble;
use engine::state::folder::Folder as StateFolder;
use engine::yaml::load::load;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The moment of every run.
pub const NOW: &str = "2026-01-01T00:00:00Z";

/// A wall clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// What the runs of one case left, and what was asked.
pub struct Played {
    /// One for each map of answers.
    pub outcomes: Vec<Outcome>,
    /// The texts, for places.
    pub sources: Sources,
    /// The sources in the order in which they were asked, with their requests.
    pub asked: Vec<(String, String)>,
    /// What is remembered at the end.
    pub memory: Memory,
}

/// Runs a spec against its answers.
///
/// # Errors
/// The problems of spec and instance, rendered.
pub fn play(spec: &str, instance: &str, answers: &Json) -> Result<Played, String> {
    play_in(Path::new("/"), spec, instance, answers)
}

/// The same for a spec whose fragments lie in a folder.
///
/// # Errors
/// The problems of spec and instance, rendered.
pub fn play_in(folder: &Path, spec: &str, instance: &str, answers: &Json) -> Result<Played, String> {
    let mut sources = Sources::default();
    let check = check(folder, spec, instance, &mut sources)?;
    let single = [answers.clone()];
    let runs = answers.as_array().map_or(&single[..], Vec::as_slice);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut played = Played { outcomes: Vec::new(), sources, asked: Vec::new(), memory: Memory::default() };
    let (mut memory, mut reuse) = (Memory::default(), Reuse::default());
    for answers in runs {
        let (script, run) = (script(answers), &answers["run"]);
        let now: Timestamp = run["now"].as_str().unwrap_or(NOW).parse().expect("a time");
        let warning = if run["restart"] == json!(true) {
            reuse = Reuse::default();
            restart(&check, &mut memory)
        } else {
            None
        };
        let mut outcome = runtime.block_on(one_run(&check, &memory, &reuse, &script, now));
        outcome.warnings.extend(warning.map(|message| Remark { span: check.instance.span, message, count: 1 }));
        outcome.fold(&memory, &played.sources);
        if run["lost"] != json!(true) {
            outcome.remember(&mut memory);
        }
        played.outcomes.push(outcome);
        played.asked.extend(script.asked());
    }
    played.memory = memory;
    Ok(played)
}

/// Runs a spec several times against real servers; what was asked is theirs to know.
///
/// # Errors
/// The problems of spec and instance, rendered.
pub fn play_live(spec: &str, instance: &str, runs: usize) -> Result<Played, String> {
    let mut sources = Sources::default();
    let check = check(Path::new("/"), spec, instance, &mut sources)?;
    let live = Live { outside: Default::default(), clock: Arc::new(SystemClock) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut played = Played { outcomes: Vec::new(), sources, asked: Vec::new(), memory: Memory::default() };
    let (mut memory, reuse) = (Memory::default(), Reuse::default());
    for _ in 0..runs {
        let mut outcome = runtime.block_on(one_run(&check, &memory, &reuse, &live, NOW.parse().expect("a time")));
        outcome.fold(&memory, &played.sources);
        outcome.remember(&mut memory);
        played.outcomes.push(outcome);
    }
    played.memory = memory;
    Ok(played)
}

/// The memory as a new process finds it.
fn restart(check: &Check, memory: &mut Memory) -> Option<String> {
    let place = tempfile::tempdir().expect("a folder");
    let folder = StateFolder::new(place.path());
    folder.save(&check.owner(), memory).expect("the memory is saved");
    let loaded = folder.load(&check.owner(), Timestamp::UNIX_EPOCH);
    *memory = loaded.memory;
    loaded.warning
}

/// A spec bound to the one instance of `instance` (the keys of an instance, or nothing).
pub fn check(folder: &Path, spec: &str, instance: &str, sources: &mut Sources) -> Result<Check, String> {
    let file = sources.add("spec.yaml", spec);
    let loaded = load(sources, file);
    let whole = assemble(loaded, sources, &mut Folder(folder));
    let name = whole.loaded.root.entry("name").and_then(|e| e.value.as_scalar()).map_or("case".to_owned(), |s| s.text.to_string());
    let (spec, problems) = engine::spec::read::read(whole, file, &name, sources);
    let spec = spec.ok_or_else(|| rendered(&problems, sources))?;
    let plan = Arc::new(compile(spec, "/".into()).map_err(|problems| rendered(&problems, sources))?);
    let conf = if instance.contains("instances:") { instance.to_owned() } else { conf_of(instance) };
    let file = sources.add("instance.yaml", conf);
    let loaded = load(sources, file);
    let mut frame = Frame::new(plan.names.clone(), Default::default());
    frame.set(names::ENGINE, engine_value());
    frame.set(names::TABLES, plan.spec.tables.clone());
    let mut read = instance::read(loaded, &plan.spec, Path::new("/"), &Outside, &mut frame);
    if read.instances.is_empty() {
        return Err(rendered(&read.problems, sources));
    }
    Ok(Check::bind(plan, read.instances.remove(0), &[]))
}

fn conf_of(instance: &str) -> String {
    let indented: String = instance.lines().map(|line| format!("    {line}\n")).collect();
    let instance = if indented.trim().is_empty() { "    {}\n".to_owned() } else { indented };
    format!("instances:\n  -\n{instance}")
}

fn engine_value() -> Value {
    json!({"hostname": "host.test", "version": "1.0.0", "vars": {"site": "lab"}}).into()
}

async fn one_run(check: &Check, memory: &Memory, reuse: &Reuse, exchanger: &dyn Exchanger, now: Timestamp) -> Outcome {
    let cx = RunCx {
        check,
        memory,
        exchanger,
        clock: &Still(now),
        engine: &engine_value(),
        interval: Duration::from_secs(15),
        deadline: Instant::now() + Duration::from_secs(10),
        reuse,
        requests: Default::default(),
        trace: None,
    };
    run(&cx).await
}

fn script(answers: &Json) -> Script {
    let script = Script::default();
    for (source, given) in answers.as_object().into_iter().flatten().filter(|(name, _)| *name != "run") {
        let single = [given.clone()];
        for one in given.as_array().map_or(&single[..], Vec::as_slice) {
            script.add(source, scripted(one));
        }
    }
    script
}

/// One answer from its description.
pub fn scripted(given: &Json) -> Scripted {
    if let Some(kind) = given["error"].as_str() {
        let kind = ErrorKind::from_word(kind).unwrap_or_else(|| panic!("no error kind {kind}"));
        return Err(ExchangeError::new(kind, given["message"].as_str().unwrap_or("it did not work")));
    }
    let (body, content_type) = match given.get("json") {
        Some(document) => (document.to_string(), Some("application/json")),
        None => (given["body"].as_str().unwrap_or_default().to_owned(), given["type"].as_str()),
    };
    let mut answer = Answer::of(body, given["url"].as_str().unwrap_or("http://service.test/"));
    answer.ended = NOW.parse().expect("a time");
    answer.elapsed = Duration::from_secs_f64(given["elapsed"].as_f64().unwrap_or(0.25));
    answer.status = given["status"].as_u64().and_then(|status| status.try_into().ok()).or(Some(200));
    let kept = given["kept"].as_object().into_iter().flatten();
    answer.kept = kept.map(|(key, value)| (Text::from(key.as_str()), value.clone().into())).collect();
    answer.exit_code = given["exit_code"].as_i64().and_then(|code| code.try_into().ok());
    answer.stderr = given["stderr"].as_str().unwrap_or_default().to_owned();
    let given = given["headers"].as_object().into_iter().flatten();
    let given = given.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    answer.headers = content_type.map(|value| ("content-type", value)).into_iter().chain(given).collect();
    Ok(vec![answer])
}

/// What a run left as JSON, without what every observation of a still clock shares.
pub fn summary(outcome: &Outcome, sources: &Sources) -> Json {
    let mut out = observations(&outcome.observations, sources);
    out.insert("health_stream".into(), stream(outcome));
    let mut out = tidy(Json::Object(out), true);
    if let Some(map) = out.as_object_mut() {
        let mut whole = Map::new();
        whole.insert("status".into(), if outcome.failed() { "error" } else { "ok" }.into());
        whole.extend(outcome.error().map(|error| ("error".to_owned(), error.into())));
        let warnings: Vec<_> = outcome.warnings.iter().map(|w| format!("{} ({})", w.message, w.count)).collect();
        if !warnings.is_empty() {
            whole.insert("warnings".into(), warnings.into());
        }
        whole.append(map);
        *map = whole;
    }
    out
}

fn stream(outcome: &Outcome) -> Json {
    outcome.observations.health_stream.as_ref().map_or(Json::Null, |stream| {
        let text = |text: &Option<Text>| text.as_deref().map(str::to_owned);
        json!({
            "urn": &*stream.urn, "sub_stream": text(&stream.sub_stream), "repeat": stream.repeat_s, "expiry": stream.expiry_s,
            "complete": stream.complete,
        })
    })
}

/// Without places, the time of the run, and what is empty; `data` stays as it is.
fn tidy(value: Json, top: bool) -> Json {
    let now = NOW.parse::<Timestamp>().map(|now| now.as_second() as f64).ok();
    match value {
        Json::Object(map) => {
            let keep = |key: &str, value: &Json| {
                let empty = value.is_null() || *value == json!("") || *value == json!([]) || (top && *value == json!({}));
                !(empty || key == "origin" || (key == "timestamp" && value.as_f64() == now))
            };
            let entries = map.into_iter().filter(|(key, value)| keep(key, value));
            let inner = |key: String, value: Json| {
                let data = ["data", "metadata", "attributes", "source_links"].contains(&key.as_str());
                (key, if data { value } else { tidy(value, false) })
            };
            Json::Object(entries.map(|(key, value)| inner(key, value)).collect())
        }
        Json::Array(items) => items.into_iter().map(|item| tidy(item, false)).collect(),
        other => other,
    }
}
