//! The language, case by case: what expressions give, what a failed source does, and that rows are
//! made the same way everywhere.
//!
//! All cases are data below `tests/cases`; the runners here say nothing of the language.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::script::{play, play_in, summary};
use common::{cases, compared, field, folders, report, text_of, yaml};
use engine::base::print::to_json;
use engine::base::value::Value;
use engine::expr::code::{Expression, Setting, Template};
use engine::expr::data::DataTemplate;
use engine::expr::fault::Fault;
use engine::expr::frame::Frame;
use engine::expr::ops::as_measure;
use engine::yaml::basic::Seconds;
use serde_json::{Value as Json, json};
use std::path::Path;

/// A value, or why there is none.
type Found = Result<Result<Value, Fault>, String>;

/// Reads one field of a type and computes it.
fn computed<T: engine::yaml::read::Field>(
    text: &str,
    given: &[(&str, Value)],
    eval: impl Fn(&T, &mut Frame) -> Result<Value, Fault>,
) -> Found {
    field::<T>(text, given).map(|(read, mut frame)| eval(&read, &mut frame))
}

fn evaluated(notation: &str, text: &str, given: &[(&str, Value)]) -> Found {
    match notation {
        "expr" | "path" => computed::<Expression>(text, given, |read, frame| read.0.eval(frame)),
        "when" => computed::<Expression>(text, given, |read, frame| Ok(Value::Bool(read.0.holds(frame)))),
        "value" => computed::<Expression>(text, given, |read, frame| as_measure(&read.0.eval(frame)?).map(Value::number)),
        "text" => computed::<Template>(text, given, |read, frame| read.eval(frame)),
        "setting" => computed::<DataTemplate>(text, given, |read, frame| read.try_eval(frame)),
        "duration" => computed::<Setting<Seconds>>(text, given, |read, frame| read.get(frame).map(|s| Value::seconds(s.0))),
        "switch" => computed::<Setting<bool>>(text, given, |read, frame| read.get(frame).map(Value::Bool)),
        other => panic!("no notation {other}"),
    }
}

/// The outcome of a case in the form in which the table writes it.
fn shown(found: &Found) -> Json {
    match found {
        Ok(Ok(Value::Missing) | Err(Fault::Missing)) => json!("missing"),
        Ok(Ok(value)) => to_json(value),
        Ok(Err(Fault::Failed(why))) => json!({"fails": why}),
        Err(slip) => json!({"slip": slip}),
    }
}

fn fits(found: &Json, expected: &Json) -> bool {
    let part = |key: &str| {
        let (whole, part) = (found[key].as_str(), expected[key].as_str());
        whole.zip(part).is_some_and(|(whole, part)| whole.contains(part))
    };
    let is_reason = |key: &str| expected.as_object().is_some_and(|map| map.len() == 1 && map.contains_key(key));
    if is_reason("fails") || is_reason("slip") { part("fails") || part("slip") } else { found == expected }
}

/// The names that a group has, the row among them.
fn names(group: &Json) -> Vec<(&str, Value)> {
    let now = Value::Time(common::script::NOW.parse().expect("a time"));
    let others = group["names"].as_object().into_iter().flatten();
    let others = others.map(|(name, value)| (name.as_str(), Value::from(value.clone())));
    [("row", Value::from(group["row"].clone())), ("now", now)].into_iter().chain(others).collect()
}

const NOTATIONS: &[&str] = &["expr", "path", "when", "value", "text", "setting", "duration", "switch"];

#[test]
fn expressions_paths_and_texts_give_what_the_table_says() {
    let table = yaml(&text_of(&cases().join("expressions.yaml")));
    let (mut wrong, mut n_cases) = (Vec::new(), 0);
    for group in table.as_array().expect("a list of groups") {
        let given = names(group);
        for (notation, cases) in group.as_object().expect("a group").iter().filter(|(key, _)| NOTATIONS.contains(&key.as_str())) {
            for (text, expected) in cases.as_object().expect("written forms with their values") {
                n_cases += 1;
                let found = shown(&evaluated(notation, text, &given));
                if !fits(&found, expected) {
                    wrong.push(format!("{}: {notation} `{text}` gives {found}, expected {expected}", group["about"]));
                }
            }
        }
    }
    report(&wrong);
    assert!(n_cases >= 200, "{n_cases}");
}

/// The template of a table of sources with the parts of one case.
fn failing_spec(table: &Json, outcome: &Json, on_error: &str) -> String {
    let text = |value: &Json, or: &str| value.as_str().unwrap_or(or).to_owned();
    let spec = text(&table["spec"], "");
    let spec = spec.replace("MAIN", &text(&outcome["main"], "")).replace("ON_ERROR", on_error);
    spec.replace("FIRST", &text(&outcome["first_keys"], "description: the first"))
}

fn with_default(given: &Json, default: &Json) -> Json {
    if given.is_null() { default.clone() } else { given.clone() }
}

/// What one run of the table of failures came to, in the form of its cases.
fn failing_run(table: &Json, case: &Json) -> Result<Json, String> {
    let outcome = &table["outcomes"][case["outcome"].as_str().expect("an outcome")];
    assert!(outcome.is_object(), "no outcome {}", case["outcome"]);
    let spec = failing_spec(table, outcome, case["on_error"].as_str().expect("fail or continue"));
    let answers = json!({"first": with_default(&outcome["first"], &table["first"]), "other": table["other"], "main": outcome["answers"]});
    let played = play(&spec, "", &answers)?;
    let outcome = played.outcomes.first().expect("one run");
    let seen = &outcome.observations;
    let checks = seen.service_checks.iter().map(|check| (check.name.to_string(), json!(check.status.word())));
    let mut found = json!({
        "outcome": case["outcome"], "on_error": case["on_error"], "run": if outcome.failed() { "error" } else { "ok" },
        "sent": seen.samples.iter().map(|sample| sample.name.to_string()).collect::<Json>(),
        "closed": seen.topology.as_ref().is_some_and(|topology| topology.stop_snapshot),
        "checks": checks.collect::<serde_json::Map<_, _>>(),
    });
    if !outcome.warnings.is_empty() {
        found["warned"] = json!(true);
    }
    if let Some(event) = seen.events.first() {
        found["kind"] = json!(*event.title);
    }
    Ok(found)
}

#[test]
fn the_outcome_of_a_source_does_what_the_table_says() {
    let table = yaml(&text_of(&cases().join("failures.yaml")));
    let mut wrong = Vec::new();
    for case in table["cases"].as_array().expect("a list of cases") {
        match failing_run(&table, case) {
            Ok(found) if found == *case => {}
            Ok(found) => wrong.push(format!("expected {case}\n   found {found}")),
            Err(problems) => wrong.push(problems),
        }
    }
    report(&wrong);
}

/// The same keys at three places: in the source itself, in one made of it, in the mapping.
fn row_specs(case: &Json) -> Vec<(&'static str, String)> {
    let keys = |indent: &str| {
        let keys = case["keys"].as_object().expect("keys");
        keys.iter().map(|(key, value)| format!("{indent}{key}: {value}\n")).collect::<String>()
    };
    let head = "name: case\nversion: 1.0.0\nsources:\n  others: {http: {url: 'http://o/'}}\n  base:\n    http: {url: 'http://b/'}\n";
    let log = format!("logs:\n  - from: FROM\n    message: {}\n", case["show"]);
    let of = |name: &str| log.replace("FROM", name);
    let made = format!("{head}  made:\n    from: base\n{}{}", keys("    "), of("made"));
    let mapped = format!("{head}{}{}", of("base"), keys("    "));
    let fetched = format!("{head}{}{}", keys("    "), of("base"));
    vec![("a derived source", made), ("a mapping", mapped), ("a source that fetches", fetched)]
}

/// A source that fetches chooses its rows from the whole document: one row per document of the case.
fn row_answers(place: &str, case: &Json) -> Vec<Json> {
    let rows = &case["rows"];
    let chooses = case["keys"].get("rows").is_some();
    match (place, case.get("fetch"), chooses) {
        ("a source that fetches", Some(Json::Bool(false)), _) => Vec::new(),
        ("a source that fetches", Some(given), _) => vec![given[0].clone()],
        ("a source that fetches", None, true) => vec![rows[0].clone()],
        (_, _, _) if case["derived"] == json!(false) => Vec::new(),
        _ => vec![rows.clone()],
    }
}

#[test]
fn row_keys_give_the_same_rows_everywhere() {
    let table = yaml(&text_of(&cases().join("rows.yaml")));
    let mut wrong = Vec::new();
    for case in table.as_array().expect("a list of cases") {
        for (place, spec) in row_specs(case) {
            for document in row_answers(place, case) {
                let answers = json!({"base": {"json": document}, "others": {"json": [{"x": 1}, {"x": 2}]}});
                let found = match play(&spec, "", &answers) {
                    Ok(played) => played.outcomes[0].observations.logs.iter().map(|log| log.message.to_string()).collect::<Json>(),
                    Err(problems) => json!(problems),
                };
                if found != case["gives"] {
                    wrong.push(format!("{}, in {place}: {found}, expected {}", case["about"], case["gives"]));
                }
            }
        }
    }
    report(&wrong);
}

/// A source that failed, and one whose rows were not worked through, begins where it began.
#[test]
fn positions_move_with_sources_that_worked() {
    let spec = "name: case\nversion: 1.0.0\nsources:\n  log: {file: {path: l}, decode: json}\n  also: {file: {path: m}, decode: json}\n  \
                names: {http: {url: 'http://n/'}}\nlogs:\n  - {from: log, each: {n: names}, message: '{{ row }}{{ n }}'}\n  - {from: also, message: '{{ row }}'}\n";
    let run = |log: Json, at: u64, names: Json| json!({"log": log, "also": {"json": [1], "kept": {"m": at}}, "names": names});
    let position = |at: u64| json!({"json": [1], "kept": {"l": at}});
    let (error, names) = (json!({"error": "connect"}), json!({"json": ["a"]}));
    let mut runs = vec![run(position(1), 1, names.clone())];
    for (next, expected) in
        [(run(position(2), 2, error.clone()), (1, 2)), (run(error, 3, names.clone()), (1, 3)), (run(position(4), 4, names), (4, 4))]
    {
        runs.push(next);
        let played = play(spec, "", &json!(runs)).expect("a spec");
        let at = |source: &str, key: &str| played.memory.kept(source).get(key).cloned();
        let expected = (Some(Value::Int(expected.0)), Some(Value::Int(expected.1)));
        assert_eq!((at("log", "l"), at("also", "m")), expected, "{} runs", runs.len());
    }
}

/// Plays one folder and compares what its runs came to.
fn snippet(folder: &Path) -> Option<String> {
    let read = |name: &str| text_of(&folder.join(name));
    let answers = read("answers.yaml");
    let answers = if answers.trim().is_empty() { json!({}) } else { yaml(&answers) };
    let found = match play_in(folder, &read("spec.yaml"), &read("instance.yaml"), &answers) {
        Err(problems) => return Some(format!("{}:\n{problems}", folder.display())),
        Ok(played) => played.outcomes.iter().map(|outcome| summary(outcome, &played.sources)).collect::<Json>(),
    };
    compared(&folder.join("expected.json"), &format!("{found:#}\n"))
}

#[test]
fn every_feature_of_the_language_page_runs() {
    let wrong: Vec<_> = folders("snippets").iter().filter_map(|folder| snippet(folder)).collect();
    report(&wrong);
}
