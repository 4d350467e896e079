//! What can be told of a test without running it.

use super::case::Case;
use crate::base::diag::Diagnostic;
use crate::base::suggest::{listed, nearest};
use crate::plan::Plan;
use crate::spec::source::Origin;

/// The problems of a test that its spec shows.
pub fn check(case: &Case, plan: &Plan) -> Vec<Diagnostic> {
    let mut out = unknown_sources(case, plan);
    out.extend(no_expectation(case));
    out
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

fn no_expectation(case: &Case) -> Option<Diagnostic> {
    if case.written.expect.is_some() {
        return None;
    }
    let problem = Diagnostic::error("no-expectation", "a test without `expect`", case.span).label("this test shows nothing");
    Some(problem.help("add `expect:` with what the run leaves; `engine test --update` writes what it finds"))
}
