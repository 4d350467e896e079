//! What can be told of a test without running it.

use super::answer::misplaced;
use super::case::Case;
use super::expect::{Items, RunDemand, Runs};
use super::given::{AnswerGiven, Given};
use super::item::{Expected, Item};
use super::made::Made;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::value::Text;
use crate::observation::{AlertType, HealthState, MetricType, Priority, Status};
use crate::plan::Plan;
use crate::spec::source::Origin;
use crate::yaml::basic::{KeyedEntry, Placed};
use std::path::Path;

/// The problems of a test that its spec and the files beside it show.
pub fn check(case: &Case, plan: &Plan, folder: &Path) -> Vec<Diagnostic> {
    let mut out = unknown_sources(case, plan);
    for entry in &case.written.given.0 {
        answers(entry, plan, folder, &mut out);
    }
    out.extend(no_expectation(case));
    out.extend(too_many_runs(case));
    let made = Made::of(plan);
    for demand in demands(case) {
        never_holds(demand, &made, &mut out);
    }
    out
}

fn demands(case: &Case) -> Vec<&RunDemand> {
    match case.written.expect.as_ref().map(|expect| &expect.runs) {
        Some(Runs::Last(demand)) => vec![demand],
        Some(Runs::Each(each)) => each.iter().map(|placed| &placed.value).collect(),
        None => Vec::new(),
    }
}

fn unknown_sources(case: &Case, plan: &Plan) -> Vec<Diagnostic> {
    let spec = &plan.spec;
    let fetching = |wanted: bool| {
        let sources = spec.sources.iter().filter(move |source| matches!(source.origin, Origin::Fetch(_)) == wanted);
        sources.map(|source| plan.names.text(source.name)).collect::<Vec<_>>()
    };
    let (known, derived) = (fetching(true), fetching(false));
    let mut out = Vec::new();
    for entry in &case.written.given.0 {
        let key = &*entry.key;
        let base = key.strip_suffix(".login").unwrap_or(key);
        if known.contains(&base) || key.starts_with("auth.") {
            continue;
        }
        if derived.contains(&key) {
            let problem = Diagnostic::error("derived-source", format!("`{key}` asks for nothing"), entry.key_span);
            out.push(problem.label("it is made of the rows of others").help("give answers to the sources that it comes from"));
            continue;
        }
        let problem = Diagnostic::error("unknown-source", format!("the spec has no source `{key}`"), entry.key_span);
        out.push(match nearest(base, known.iter().copied()) {
            Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")).edit(entry.key_span, near),
            None if known.is_empty() => problem.label("it has no source at all").help("remove it"),
            None => problem.label("nothing would ask for it").help(format!("there are {}", listed(known.iter().copied(), 20))),
        });
    }
    out
}

/// Keys that make no sense for the kind of the source, and fixtures that are not there.
fn answers(entry: &KeyedEntry<Given>, plan: &Plan, folder: &Path, out: &mut Vec<Diagnostic>) {
    let source = plan.spec.sources.iter().find(|source| plan.names.text(source.name) == &*entry.key);
    let kind = source.and_then(|source| if let Origin::Fetch(fetch) = &source.origin { Some(fetch.kind()) } else { None });
    for answer in entry.value.runs.iter().flat_map(|run| &run.answers) {
        out.extend(kind.and_then(|kind| misplaced(&answer.value, answer.span, kind)).map(|problem| *problem));
        out.extend(contradicting(answer));
        let beside = super::answer::Beside { folder, test: answer.span };
        for path in fixtures(&answer.value) {
            out.extend(beside.facts(path).err().map(|problem| *problem));
        }
    }
}

/// Two keys that say the same thing differently.
fn contradicting(answer: &Placed<AnswerGiven>) -> Option<Diagnostic> {
    let a = &answer.value;
    let bodies = [("body", a.body.is_some()), ("body_file", a.body_file.is_some()), ("json", a.json.is_some())];
    let outputs = [("stdout", a.stdout.is_some()), ("stdout_file", a.stdout_file.is_some())];
    let contents = [("content", a.content.is_some()), ("content_file", a.content_file.is_some())];
    let all: [&[(&str, bool)]; 3] = [&bodies, &outputs, &contents];
    let given = all.iter().map(|keys| keys.iter().filter(|(_, there)| *there).map(|(key, _)| *key).collect::<Vec<_>>());
    let twice = given.into_iter().find(|keys| keys.len() > 1)?;
    let problem = Diagnostic::error("contradiction", format!("an answer with {}", listed(twice, 3)), answer.span);
    Some(problem.label("only one of them can be the answer").help("remove all but one"))
}

fn fixtures(answer: &AnswerGiven) -> Vec<&Placed<Text>> {
    let of_files = answer.files.0.iter().filter_map(|entry| match &entry.value.content {
        Some(super::given::Body::File(path)) => Some(path),
        _ => None,
    });
    [&answer.body_file, &answer.stdout_file, &answer.content_file].into_iter().flatten().chain(of_files).collect()
}

fn no_expectation(case: &Case) -> Option<Diagnostic> {
    if case.written.expect.is_some() {
        return None;
    }
    let problem = Diagnostic::error("no-expectation", "a test without `expect`", case.span).label("this test shows nothing");
    Some(problem.help("add `expect:` with what the run leaves; `engine test --update` writes what it finds"))
}

fn too_many_runs(case: &Case) -> Option<Diagnostic> {
    let runs = case.runs();
    let expect = case.written.expect.as_ref()?;
    let Runs::Each(each) = &expect.runs else { return None };
    if each.len() == runs {
        return None;
    }
    let n_runs = |n: usize| if n == 1 { "1 run".to_owned() } else { format!("{n} runs") };
    let title = format!("expectations of {}, and {}", n_runs(each.len()), n_runs(runs));
    let problem = Diagnostic::error("other-runs", title, expect.span).label("one for each run is needed");
    Some(problem.help("add or remove items below `runs` of `expect`, or change `runs` of the test"))
}

/// Expectations of what no line of the spec makes.
fn never_holds(demand: &RunDemand, made: &Made, out: &mut Vec<Diagnostic>) {
    let mut names = |what: &str, names: &[super::made::Name], items: Vec<(Text, Span)>, suffixes: bool| {
        for (name, span) in items {
            if names.iter().any(|known| known.makes(&name, suffixes)) {
                continue;
            }
            let problem = Diagnostic::error("never-holds", format!("no line of the spec makes the {what} `{name}`"), span);
            let known = || names.iter().filter_map(|known| known.exact());
            out.push(match nearest(&name, known()) {
                Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`, or add a line to the spec")),
                None if known().next().is_none() => problem.label(format!("the spec makes no {what}s")).help("remove it"),
                None => problem.label("this can never be there").help(format!("there are {}", listed(known(), 20))),
            });
        }
    };
    names("metric", &made.metrics, exact_of(&demand.metrics, "name"), false);
    names("metric", &made.metrics, exact_of(&demand.series, "name"), true);
    names("service check", &made.service_checks, exact_of(&demand.service_checks, "name"), false);
    names("event", &made.events, exact_of(&demand.events, "title"), false);
    let mut words = |what: &str, words: &[&'static str], items: Vec<(Text, Span)>| {
        for (word, span) in items.into_iter().filter(|(word, _)| !words.contains(&&**word)) {
            let problem = Diagnostic::error("never-holds", format!("there is no {what} `{word}`"), span);
            out.push(match nearest(&word, words.iter().copied()) {
                Some(near) => problem.label(format!("did you mean `{near}`?")).help(format!("write `{near}`")),
                None => problem.label("this can never be there").help(format!("write one of {}", listed(words.iter().copied(), 20))),
            });
        }
    };
    words("metric type", MetricType::WORDS, exact_of(&demand.metrics, "type"));
    words("type of a point", &["gauge", "count", "rate", "raw"], exact_of(&demand.series, "type"));
    words("status", Status::WORDS, exact_of(&demand.service_checks, "status"));
    words("alert type", AlertType::WORDS, exact_of(&demand.events, "alert_type"));
    words("priority", Priority::WORDS, exact_of(&demand.events, "priority"));
    words("health", HealthState::WORDS, exact_of(&demand.health, "health"));
}

/// The exact texts that a field of the expected items must have.
fn exact_of<T: Expected>(items: &Option<Items<T>>, field: &str) -> Vec<(Text, Span)> {
    let wanted = items.iter().flat_map(|items| items.wanted()).filter(|item| item.expected.count() != Some(0));
    let text = |item: &Item<T>| {
        let demands = item.expected.demands();
        let (_, demand) = demands.iter().find(|(known, _)| *known == field)?;
        Some((crate::base::print::text_of(demand.exact()?)?, item.span))
    };
    wanted.filter_map(text).collect()
}
