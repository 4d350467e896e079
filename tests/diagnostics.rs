//! What a person sees who made a mistake: rendered problems as snapshots.
//!
//! A case is a folder in `tests/cases/lint` with `spec.yaml`, `conf.yaml` and `fragments`, or some of
//! them, or else with `engine.yaml` or `test.yaml`, and `expected.txt`, which `UPDATE=1` rewrites. Fragments are found from the case's folder;
//! without a spec they are checked alone. The JSON form must carry the same places.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::{Folder, compared, folders, report, text_of};
use engine::base::diag::{Diagnostic, sort};
use engine::base::render;
use engine::base::span::{FileId, Sources};
use engine::base::value::Value;
use engine::catalog::files::fragments_in;
use engine::catalog::secrets::Outside;
use engine::catalog::twins::Known;
use engine::conf::instance;
use engine::expr::frame::Frame;
use engine::plan::compile::compile;
use engine::plan::{Check, Plan};
use engine::spec::read::check_fragment;
use engine::spec::share::{FragmentStore, assemble};
use engine::yaml::load::load;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// The problems of one spec and its plan, if it has one.
fn of_spec(folder: &Path, sources: &mut Sources, file: FileId) -> (Option<Plan>, Vec<Diagnostic>) {
    let whole = assemble(load(sources, file), sources, &mut Folder(folder));
    let (spec, mut problems) = engine::spec::read::read(whole, file, "case", sources);
    let plan = spec.map(|spec| compile(spec, "/".into()));
    match plan {
        Some(Ok(plan)) => (Some(plan), problems),
        Some(Err(more)) => {
            problems.extend(more);
            (None, problems)
        }
        None => (None, problems),
    }
}

fn of_conf(sources: &Sources, file: FileId, plan: Plan) -> Vec<Diagnostic> {
    let plan = Arc::new(plan);
    let mut frame = Frame::new(plan.names.clone(), Default::default());
    let read = instance::read(load(sources, file), &plan.spec, Path::new("/"), &Outside, &mut frame);
    let (mut problems, mut known) = (read.problems, Known::default());
    for instance in read.instances {
        let added = known.add(&mut Check::bind(plan.clone(), instance, &[]), &Value::default(), &mut problems);
        problems.extend(added.err().map(|problem| *problem));
    }
    problems
}

/// Fragments that no spec of the case uses, or the only files of the case.
fn of_fragments(folder: &Path, sources: &mut Sources) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for fragment in fragments_in(folder) {
        let path = fragment.path.strip_prefix(folder).expect("a path in the case").to_string_lossy().into_owned();
        let file = Folder(folder).open(&path, sources).expect("a fragment");
        let whole = assemble(load(sources, file), sources, &mut Folder(folder));
        problems.extend(check_fragment(whole, file, sources));
    }
    problems
}

/// All problems of a case.
fn problems(folder: &Path) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    if folder.join("engine.yaml").is_file() {
        let file = sources.add("engine.yaml", text_of(&folder.join("engine.yaml")));
        let loaded = load(&sources, file);
        let (conf, mut found) = engine::conf::engine::read(loaded, &[], &mut sources);
        found.extend(engine::lint::levels(conf.lint.as_ref()).1);
        sort(&mut found);
        return (sources, found);
    }
    if folder.join("test.yaml").is_file() {
        let file = sources.add("test.yaml", text_of(&folder.join("test.yaml")));
        let loaded = load(&sources, file);
        let (_, found) = engine::trial::case::read(&loaded, &sources);
        return (sources, found);
    }
    if !folder.join("spec.yaml").is_file() {
        let found = of_fragments(folder, &mut sources);
        return (sources, found);
    }
    let file = sources.add("spec.yaml", text_of(&folder.join("spec.yaml")));
    let conf = folder.join("conf.yaml");
    let conf = conf.is_file().then(|| sources.add("conf.yaml", text_of(&conf)));
    let (plan, mut found) = of_spec(folder, &mut sources, file);
    if let (Some(conf), Some(plan)) = (conf, plan) {
        found.extend(of_conf(&sources, conf, plan));
    }
    sort(&mut found);
    (sources, found)
}

#[test]
fn problems_are_shown_as_expected() {
    let wrong = folders("lint").into_iter().filter_map(|folder| {
        let (sources, found) = problems(&folder);
        compared(&folder.join("expected.txt"), &render::human(&found, &sources, false))
    });
    report(&wrong.collect::<Vec<_>>());
}

/// A file that is right in spite of its looks may be without problems; its folder's name says so.
#[test]
fn every_problem_has_a_place_and_a_cure() {
    let mut wrong = Vec::new();
    for folder in folders("lint") {
        let (sources, found) = problems(&folder);
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        if found.is_empty() != name.starts_with("fine_") {
            wrong.push(format!("{name}: {} problems", found.len()));
        }
        for problem in found {
            let placed = sources.get(problem.span().file).is_some();
            if !placed || problem.help.as_deref().unwrap_or_default().is_empty() || problem.labels.iter().any(|label| label.text.is_empty())
            {
                wrong.push(format!("{name}: {} is without place, label or help", problem.code));
            }
        }
    }
    report(&wrong);
}

/// `line:column code` of every problem, as the comments at the ends of the lines say.
fn places(sources: &Sources, found: &[Diagnostic]) -> Vec<String> {
    let place = |problem: &Diagnostic| {
        let at = sources.get(problem.span().file).expect("a file").position(problem.span().start);
        format!("{}:{} {}", at.line, at.column, problem.code)
    };
    found.iter().map(place).collect()
}

#[test]
fn eight_mistakes_give_eight_problems() {
    for name in ["eight_in_sources", "eight_in_mappings"] {
        let folder = common::cases().join("lint").join(name);
        let (sources, found) = problems(&folder);
        let expected: Vec<String> = text_of(&folder.join("places.txt")).lines().map(str::to_owned).collect();
        assert_eq!(expected.len(), 8, "{name}");
        assert_eq!(places(&sources, &found), expected, "{name}");
    }
}

#[test]
fn the_json_form_has_the_same_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("case.yaml");
    let case = common::cases().join("lint/eight_in_mappings");
    std::fs::write(&spec, text_of(&case.join("spec.yaml"))).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_engine")).args(["lint", "--format", "json"]).arg(&spec).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let problems = json["problems"].as_array().expect("a list");
    let places = problems.iter().map(|p| format!("{}:{} {}", p["line"], p["column"], p["code"].as_str().unwrap_or_default()));
    assert_eq!(places.collect::<Vec<_>>(), text_of(&case.join("places.txt")).lines().collect::<Vec<_>>());
    assert_eq!(json["errors"], 8);
}
