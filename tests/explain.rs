//! The examples of `engine explain`: the bad one gives its code, the good one gives no error, no warning
//! and no such code. Every code that the sources report can be explained.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::text_of;
use engine::lint::{RULES, codes, explain::explain};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Codes whose examples are no file, are about its rights, or would be too long.
const UNSHOWN: &[&str] = &[
    "unreadable-file",
    "unknown-variable",
    "readable-secret",
    "writable-by-others",
    "too-many-problems",
    "too-many-names",
    "too-large-spec",
    "too-many-exceptions",
];

/// Writes the files of an example; a line with a path begins one, and the rest is `specs/demo.yaml`.
fn write(folder: &Path, example: &str) {
    let mut path = "specs/demo.yaml".to_owned();
    let mut text = String::new();
    let put = |path: &str, text: &str| {
        let spec = path == "specs/demo.yaml";
        if text.trim().is_empty() && !spec {
            return;
        }
        let headed = text.is_empty() || text.contains("name:") && text.contains("version:") || !spec || !text.contains(':');
        let head = if headed { "" } else { "name: demo\nversion: 1.0.0\ndescription: Shows a code.\n" };
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, format!("{head}{text}")).expect("a file");
    };
    for line in example.lines() {
        let named = line.strip_prefix("# ").filter(|rest| rest.ends_with(".yaml") && !rest.contains(' '));
        match named {
            Some(named) => {
                if !text.is_empty() {
                    put(&path, &text);
                }
                path = named.to_owned();
                text.clear();
            }
            None => text.push_str(&format!("{line}\n")),
        }
    }
    put(&path, &text);
}

/// The codes and levels of an example.
fn found(example: &str) -> BTreeSet<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), example);
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    let output =
        command.args(["lint", "--format", "json"]).current_dir(folder.path()).env_remove("ENGINE_CONFIG").output().expect("it runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON for {example}"));
    let problems = json["problems"].as_array().expect("a list").clone();
    problems.iter().map(|p| (p["code"].as_str().expect("a code").to_owned(), p["level"].as_str().expect("a level").to_owned())).collect()
}

#[test]
fn the_examples_of_codes_give_them() {
    let mut wrong = Vec::new();
    for known in codes::all().filter(|known| !UNSHOWN.contains(&known.code)) {
        let bad = found(known.bad);
        if !bad.iter().any(|(code, _)| code == known.code) {
            wrong.push(format!("{}: the bad example gives {bad:?}", known.code));
        }
        let good = found(known.good);
        if good.iter().any(|(code, level)| code == known.code || level != "note") {
            wrong.push(format!("{}: the good example gives {good:?}", known.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What lint prints of an example, as far as `wanted` is true of the beginning of a problem.
fn printed(example: &str, wanted: impl Fn(&str) -> bool) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), example);
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["lint", "--limit", "0"]).current_dir(folder.path()).env_remove("ENGINE_CONFIG").env("DEMO_PASSWORD", "secret");
    let output = command.output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split("\n\n").filter(|told| wanted(told)).map(|told| format!("{told}\n\n")).collect()
}

/// `UPDATE=1` rewrites the pages: to be read as a newcomer would. What only a disk can show is absent.
#[test]
fn what_a_person_sees_of_every_code_and_rule() {
    let of_codes = codes::all().filter(|known| !UNSHOWN.contains(&known.code));
    let codes: String =
        of_codes.map(|known| printed(known.bad, |told| told.starts_with("error[") || told.starts_with("warning["))).collect();
    // An example that is nothing but a file of conf.d belongs to a check of a page.
    let page = text_of(&common::cases().join("messages/page.yaml"));
    let whole = |bad: &str| if bad.starts_with("# conf.d/") { format!("{page}{bad}") } else { bad.to_owned() };
    let rules: String = RULES.iter().map(|rule| printed(&whole(rule.bad), |told| told.contains(&format!("[{}]", rule.code)))).collect();
    let pages = [("messages/codes.txt", codes), ("messages/rules.txt", rules)];
    common::report(&pages.iter().filter_map(|(path, seen)| common::compared(&common::cases().join(path), seen)).collect::<Vec<_>>());
}

/// The codes in the sources of the readers: the first text behind `Diagnostic::error(` and `::warning(`.
fn reported(folder: &Path, out: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            reported(&path, out);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        for call in ["Diagnostic::error(", "Diagnostic::warning("] {
            for rest in text.split(call).skip(1) {
                let code = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                out.extend(code.filter(|code| code.contains('-') && !code.contains(' ')).map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_code_that_is_reported_can_be_explained() {
    let mut all = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // What tests of specs report is told by `engine test`.
    for folder in std::fs::read_dir(&root)
        .expect("the sources")
        .flatten()
        .filter(|folder| folder.file_name() != "trial" && folder.file_name() != "cli")
    {
        if folder.path().is_dir() {
            reported(&folder.path(), &mut all);
        }
    }
    let unknown: Vec<_> = all.iter().filter(|code| explain(code).is_err()).collect();
    assert!(unknown.is_empty(), "no text for {unknown:?}");
    for rule in RULES {
        assert!(explain(rule.code).expect("a text").contains(rule.why), "{}", rule.code);
    }
    assert!(explain("unused-sourc").expect_err("no such code").contains("`unused-source`"));
}
