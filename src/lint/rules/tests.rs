//! The examples of all rules: the bad one gives its code and nothing else, the good one nothing.

use super::RULES;
use crate::base::diag::Diagnostic;
use crate::base::span::Sources;
use crate::base::types::Type;
use crate::base::value::{Text, Value};
use crate::conf::instance;
use crate::conf::secrets::SecretStore;
use crate::expr::frame::Frame;
use crate::lint::beside::{Beside, Recorded};
use crate::lint::{Conf, Levels, allow};
use crate::yaml::load::load;
use std::collections::BTreeSet;
use std::path::Path;

/// Every handle leads to a secret.
struct Open;

impl SecretStore for Open {
    fn fetch(&self, _: &str, _: &Path) -> Result<String, String> {
        Ok("secret".to_owned())
    }
}

/// A disk on which the files of the examples lie.
fn disk(example: &str) -> Beside {
    let mode = |path: &Path| path.to_string_lossy().contains("shared").then_some(0o777);
    let user = ["name", "mem_used"].map(|key| (Text::from(key), Value::Int(1)));
    let recorded = Recorded::from([("recorded".into(), Type::seen(&Value::list(vec![Value::map(user.into_iter().collect())])))]);
    Beside { folder: "/".into(), recorded, has_tests: Some(!example.contains("untested")), mode }
}

/// The spec of examples that are about an instance alone.
const PAGE: &str = include_str!("../../../tests/cases/messages/page.yaml");

/// The problems of an example: a spec, perhaps without its first lines, and perhaps a file of conf.d
/// behind a line that says so. One that is nothing but that file belongs to a check of a page.
pub fn problems(example: &str) -> (Sources, Vec<Diagnostic>) {
    let (spec, conf) = example.split_once("# conf.d/demo.yaml\n").map_or((example, None), |(spec, conf)| (spec, Some(conf)));
    let spec = if spec.is_empty() { PAGE } else { spec };
    let head =
        if spec.starts_with("name:") || spec.contains("\nname:") { "" } else { "name: demo\nversion: 1.0.0\ndescription: Shows a rule.\n" };
    let mut sources = Sources::default();
    let file = sources.add("specs/demo.yaml", format!("{head}{spec}"));
    let loaded = load(&sources, file);
    let whole = crate::spec::share::assemble(loaded, &mut sources, &mut crate::spec::share::NoFragments);
    let root = whole.loaded.root.clone();
    let (read, mut found) = crate::spec::read::read(whole, file, "demo", &sources);
    let Some(spec) = read else { return (sources, found) };
    let (beside, levels) = (disk(example), Levels::default());
    found.extend(crate::lint::spec(&root, &spec, &sources, &beside, &levels));
    allow::apply(file, &mut found, &sources, &levels, true);
    if let Some(text) = conf {
        let file = sources.add("conf.d/demo.yaml", text);
        let root = load(&sources, file).root;
        let mut frame = Frame::new(std::sync::Arc::new(Default::default()), Default::default());
        found.extend(instance::read(load(&sources, file), &spec, Path::new("/"), &Open, &mut frame).problems);
        found.extend(crate::lint::conf(&Conf { root: &root, spec: &spec, sources: &sources, file, beside: &beside }, &levels));
        allow::apply(file, &mut found, &sources, &levels, true);
    }
    (sources, found)
}

/// The codes of an example's problems.
fn codes(example: &str) -> BTreeSet<&'static str> {
    problems(example).1.into_iter().map(|problem| problem.code).collect()
}

#[test]
fn the_bad_example_gives_the_code_and_the_good_one_nothing() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let (sources, bad) = problems(rule.bad);
        let found: BTreeSet<_> = bad.iter().map(|problem| problem.code).collect();
        if found != BTreeSet::from([rule.code]) {
            let words = crate::base::render::human(&bad, &sources, false);
            wrong.push(format!("{}: the bad example gives {found:?}\n{words}", rule.code));
        }
        let good = codes(rule.good);
        if !good.is_empty() {
            let (sources, found) = problems(rule.good);
            wrong.push(format!("{}: the good example gives {good:?}\n{}", rule.code, crate::base::render::human(&found, &sources, false)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_finding_has_a_label_and_a_cure() {
    for rule in RULES {
        for problem in problems(rule.bad).1 {
            let complete =
                problem.help.as_deref().is_some_and(|help| !help.is_empty()) && problem.labels.iter().all(|l| !l.text.is_empty());
            assert!(complete && !problem.title.ends_with('.'), "{}: {problem:?}", rule.code);
        }
    }
}

#[test]
fn every_cure_that_is_an_edit_cures() {
    for rule in RULES {
        let (sources, found) = problems(rule.bad);
        for edit in found.iter().filter_map(|problem| problem.edit.as_ref()) {
            let source = sources.get(edit.span.file).unwrap();
            let mut text = source.text.to_string();
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
            if source.path.starts_with("specs") {
                let count = |found: &[Diagnostic]| found.iter().filter(|problem| problem.code == rule.code).count();
                assert!(count(&problems(&text).1) < count(&found), "{}: {text}", rule.code);
            }
        }
    }
}

#[test]
fn rules_are_told_apart_by_codes_in_order() {
    let codes: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    for rule in RULES {
        assert!(rule.finds.ends_with('.') && rule.why.ends_with('.'), "{}", rule.code);
        assert!(crate::lint::codes::find(rule.code).is_none(), "{}", rule.code);
    }
}
