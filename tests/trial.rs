//! `engine test`: the shipped specs pass their tests, the page of tests is true, and wrong tests are
//! told as wrong.
//!
//! A case is a folder in `tests/cases/trial` with `specs/` and `expected.txt`, what `engine test` says
//! about it and its exit code; `arguments.txt` gives arguments. `UPDATE=1` rewrites what is expected.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::{cases, compared, folders, report, text_of};
use engine::trial::find::suites;
use engine::trial::suite::{Wanted, run};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn engine(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).output().expect("the engine starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn the_shipped_specs_pass_their_tests_which_cover_every_line_and_branch() {
    let output = engine(root(), &["test", "--coverage", "100"]);
    assert!(output.status.success(), "{}", said(&output));
}

/// The YAML blocks of the page that say which file they are.
fn page_in(folder: &Path) -> String {
    let page = fs::read_to_string(root().join("docs/testing.md")).expect("the page of tests");
    for block in page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let path = block.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a file");
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, block).expect("a file of the page");
    }
    page
}

#[test]
fn what_the_page_shows_passes() {
    let work = tempfile::tempdir().expect("a folder");
    page_in(work.path());
    let output = engine(work.path(), &["test", "--coverage", "100"]);
    assert!(output.status.success() && said(&output).contains("5 tests of 1 spec: 5 passed"), "{}", said(&output));
}

/// The example is what the page shows, as files.
#[test]
fn the_example_is_that_of_the_page() {
    let work = tempfile::tempdir().expect("a folder");
    page_in(work.path());
    let example = root().join("examples/testing");
    for path in ["specs/shop.yaml", "specs/shop/tests/orders.yaml", "specs/shop/tests/errors.yaml", "specs/shop/tests/two_runs.yaml"] {
        let shown = text_of(&work.path().join(path));
        let (_, shown) = shown.split_once('\n').expect("a first line");
        assert_eq!(text_of(&example.join(path)), shown, "{path}");
    }
    let output = engine(root(), &["test", "examples/testing/specs"]);
    assert!(output.status.success(), "{}", said(&output));
}

/// The rows of the table: what it is in a unit test, and its form.
fn rows(page: &str) -> Vec<(String, String)> {
    let (_, table) = page.split_once("## From other test kits").expect("the chapter");
    let lines = table.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').splitn(2, " | ").map(str::trim).collect();
        let name = cells[0].trim_start_matches('`').split('`').next().unwrap_or_default().to_owned();
        (name, cells[1].trim_matches('`').to_owned())
    };
    lines.map(row).filter(|(_, form)| !form.starts_with("engine ")).collect()
}

/// The outcome of the first test of the page with another expectation.
fn with_expectation(folder: &Path, first: &str, form: &str) -> (bool, String) {
    let given = first.split("expect:\n").next().expect("what is given");
    let expect = form.trim_start_matches('{');
    let expect = if expect.len() < form.len() { form.to_owned() } else { format!("\n  {form}") };
    let path = folder.join("specs/shop/tests/row.yaml");
    fs::write(&path, format!("{given}expect: {expect}\n")).expect("a test");
    let suites = suites(&[path], &Default::default()).expect("a suite");
    let result = run(&suites[0], Wanted::default());
    let problems = result.problems.iter().chain(result.tests.iter().flat_map(|test| &test.problems));
    let titles: Vec<_> = problems.map(|problem| format!("{}: {}", problem.code, problem.title)).collect();
    (titles.is_empty() && result.tests.len() == 1, titles.join("; "))
}

#[test]
fn every_assertion_of_the_table_holds_and_its_opposite_fails() {
    let work = tempfile::tempdir().expect("a folder");
    let page = page_in(work.path());
    let first = fs::read_to_string(work.path().join("specs/shop/tests/orders.yaml")).expect("the first test");
    let opposites: Json = common::yaml(&text_of(&cases().join("assertions.yaml")));
    let rows = rows(&page);
    assert!(rows.len() > 35, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for (name, form) in &rows {
        let (holds, why) = with_expectation(work.path(), &first, form);
        if !holds {
            wrong.push(format!("{name}: {form} does not hold: {why}"));
        }
        let Some(opposite) = opposites[name].as_str() else {
            wrong.push(format!("{name}: tests/cases/assertions.yaml has no opposite"));
            continue;
        };
        if with_expectation(work.path(), &first, opposite).0 {
            wrong.push(format!("{name}: {opposite} holds, too"));
        }
    }
    let extra = opposites.as_object().expect("a map").keys().filter(|name| !rows.iter().any(|(known, _)| known == *name));
    wrong.extend(extra.map(|name| format!("{name}: is not on the page")));
    report(&wrong);
}

#[test]
fn what_people_see_of_tests_is_as_expected() {
    let mut wrong = Vec::new();
    for folder in folders("trial") {
        let given = text_of(&folder.join("arguments.txt"));
        let arguments: Vec<&str> = ["test"].into_iter().chain(given.split_whitespace()).collect();
        let output = engine(&folder, &arguments);
        let text = format!("{}exit code {}\n", timeless(&said(&output)), output.status.code().unwrap_or(-1));
        wrong.extend(compared(&folder.join("expected.txt"), &text));
    }
    report(&wrong);
}

/// Without what differs from run to run.
fn timeless(text: &str) -> String {
    let times = regex::Regex::new(r#"\(\d+ ms\)|time="[0-9.]+"|("duration_s": )[0-9.e-]+"#).expect("a pattern");
    let text = times.replace_all(text, |found: &regex::Captures<'_>| match (found.get(1), &found[0]) {
        (Some(key), _) => format!("{}0", key.as_str()),
        (None, whole) if whole.starts_with('(') => "(0 ms)".to_owned(),
        _ => "time=\"0\"".to_owned(),
    });
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The static mistakes of a test show without running it, in the same words.
#[test]
fn lint_tells_what_shows_without_running() {
    let mut n = 0;
    for folder in folders("trial") {
        let expected = text_of(&folder.join("expected.txt"));
        let linted = said(&engine(&folder, &["lint", "--limit", "0"]));
        for code in ["unknown-source", "never-holds", "unreadable-fixture", "wrong-answer", "unknown-key", "contradiction", "other-runs"] {
            let count = |text: &str| text.matches(&format!("error[{code}]")).count();
            assert_eq!(count(&linted), count(&expected), "{}: {code}\n{linted}", folder.display());
            n += count(&linted);
        }
    }
    assert!(n > 10, "{n}");
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target: PathBuf = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copied(&entry, &target);
        } else {
            fs::copy(&entry, &target).expect("a copy");
        }
    }
}

/// What `--update` writes passes, and it leaves everything else of the files as it was.
#[test]
fn an_update_makes_tests_pass_and_keeps_comments() {
    let work = tempfile::tempdir().expect("a folder");
    let folder = cases().join("trial/updated");
    copied(&folder, work.path());
    let output = engine(work.path(), &["test", "--update"]);
    assert!(output.status.success(), "{}", said(&output));
    let mut wrong = Vec::new();
    for entry in fs::read_dir(work.path().join("specs/case/tests")).expect("tests").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        wrong.extend(compared(&folder.join("after").join(name), &text_of(&entry)));
    }
    report(&wrong);
    let again = engine(work.path(), &["test"]);
    assert!(again.status.success(), "{}", said(&again));
}
