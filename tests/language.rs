//! The language, case by case: what expressions give, what a failed source does, and that rows are
//! made the same way everywhere.
//!
//! All cases are data below `tests/cases`; the runners here say nothing of the language.

mod common;

use common::script::{play, summary};
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
