//! Paths against the compliance suite of RFC 9535.
//!
//! The suite is not kept here. `ENGINE_JSONPATH_SUITE=cts.json cargo test --test jsonpath` runs all
//! of its cases (`tests: [{name, selector, document, result | results, invalid_selector}]`); without
//! the variable only the format of the runner itself is tested.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::print::to_json;
use engine::base::value::Value;
use engine::expr::path::Path;
use serde_json::{Value as Json, json};

/// The matches of a path, always as a list.
fn matches(path: &Path, document: &Json) -> Result<Json, String> {
    let mut found = Vec::new();
    let take = &mut |_: Value, value: &Value| found.push(to_json(value));
    path.each(&document.clone().into(), take).map_err(|fault| format!("{fault:?}"))?;
    Ok(Json::Array(found))
}

/// What is wrong with one case of the suite.
fn wrong(case: &Json) -> Option<String> {
    let selector = case["selector"].as_str().expect("a selector");
    let path = Path::parse(selector);
    if case["invalid_selector"] == json!(true) {
        return path.is_ok().then(|| "is accepted".to_owned());
    }
    let path = match path {
        Ok(path) => path,
        Err(error) => return Some(format!("is refused: {}", error.message)),
    };
    let found = match matches(&path, &case["document"]) {
        Ok(found) => found,
        Err(why) => return Some(why),
    };
    let single = [case["result"].clone()];
    let allowed = case["results"].as_array().map_or(&single[..], Vec::as_slice);
    (!allowed.contains(&found)).then(|| format!("gives {found}"))
}

fn failures(suite: &Json) -> Vec<String> {
    let cases = suite["tests"].as_array().expect("a list of cases");
    let mut out = Vec::new();
    for case in cases {
        let name = case["name"].as_str().unwrap_or_default();
        if let Some(why) = wrong(case) {
            out.push(format!("{name}: `{}` {why}", case["selector"].as_str().unwrap_or_default()));
        }
    }
    out
}

#[test]
fn the_suite_passes() {
    let Some(file) = std::env::var_os("ENGINE_JSONPATH_SUITE") else { return };
    let text = std::fs::read_to_string(&file).expect("the suite can be read");
    let failures = failures(&serde_json::from_str(&text).expect("the suite is JSON"));
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_runner_tells_right_from_wrong() {
    let suite = json!({"tests": [
        {"name": "right", "selector": "$.a[*]", "document": {"a": [1, 2]}, "result": [1, 2]},
        {"name": "one of several", "selector": "$.*", "document": {"a": 1, "b": 2}, "results": [[2, 1], [1, 2]]},
        {"name": "refused", "selector": "$.", "invalid_selector": true},
        {"name": "wrong", "selector": "$.a", "document": {"a": 1}, "result": [2]},
        {"name": "accepted", "selector": "$.a", "invalid_selector": true},
    ]});
    assert_eq!(failures(&suite), ["wrong: `$.a` gives [1]", "accepted: `$.a` is accepted"]);
}
