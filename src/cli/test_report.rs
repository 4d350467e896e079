//! What tests came to, for people, as JSON, and as JUnit's XML.

use super::style::Style;
use crate::base::diag::{Level, has_errors};
use crate::base::render;
use crate::trial::suite::{SuiteResult, TestResult};
use quick_xml::escape::escape;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::time::Duration;

/// How many tests there are of which kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// As expected.
    pub passed: usize,
    /// Not as expected, or wrong in themselves.
    pub failed: usize,
    /// Written anew.
    pub updated: usize,
    /// Specs and files of tests with errors of their own.
    pub broken: usize,
}

/// Counts them.
pub fn counts(results: &[SuiteResult]) -> Counts {
    let mut out = Counts::default();
    for result in results {
        out.broken += usize::from(has_errors(&result.problems));
        for test in &result.tests {
            match (test.updated, test.passed()) {
                (_, false) => out.failed += 1,
                (true, true) => out.updated += 1,
                (false, true) => out.passed += 1,
            }
        }
    }
    out
}

/// How much of coverage is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// One line, and what is missing.
    Missing,
    /// Every line with its tests.
    All,
}

/// For people.
pub fn human(results: &[SuiteResult], told: Told, took: Duration, style: Style) -> String {
    let mut out = String::new();
    for result in results {
        out.push_str(&render::human(&result.problems, &result.sources, style.color));
        for test in &result.tests {
            let word = match (test.updated, test.passed()) {
                (_, false) => style.bad("FAILED"),
                (true, true) => style.warn("updated"),
                (false, true) => style.good("ok"),
            };
            let _ = writeln!(out, "{word} {}", test.name);
            out.push_str(&render::human(&test.problems, &result.sources, style.color));
        }
    }
    for result in results {
        coverage(result, told, style, &mut out);
    }
    let counts = counts(results);
    let n = counts.passed + counts.failed + counts.updated;
    let tests = if n == 1 { "1 test".to_owned() } else { format!("{n} tests") };
    let mut words = vec![format!("{} passed", counts.passed)];
    words.extend((counts.updated > 0).then(|| format!("{} updated: review them", counts.updated)));
    words.extend((counts.failed > 0).then(|| style.bad(&format!("{} failed", counts.failed))));
    words.extend((counts.broken > 0).then(|| style.bad(&format!("{} with errors of their own", counts.broken))));
    let _ = writeln!(out, "{tests} of {}: {} ({} ms)", specs(results.len()), words.join(", "), took.as_millis());
    out
}

fn specs(n: usize) -> String {
    if n == 1 { "1 spec".to_owned() } else { format!("{n} specs") }
}

fn coverage(result: &SuiteResult, told: Told, style: Style, out: &mut String) {
    let Some(coverage) = result.coverage.as_ref().filter(|_| told != Told::Nothing && !result.tests.is_empty()) else { return };
    if told == Told::Missing && coverage.covered() == coverage.lines.len() {
        return;
    }
    let _ = writeln!(
        out,
        "{}: {:.0} % covered, {} of {} lines",
        style.bold(&result.spec),
        coverage.percent().floor(),
        coverage.covered(),
        coverage.lines.len()
    );
    for line in &coverage.lines {
        let place = result.sources.origin(line.span);
        match (&line.tests[..], told) {
            ([], _) => {
                let _ = writeln!(out, "  {} {place} {}", style.bad("-"), line.what);
            }
            (tests, Told::All) => {
                let more = if tests.len() > 3 { format!(" and {} more", tests.len() - 3) } else { String::new() };
                let first: Vec<_> = tests.iter().take(3).map(String::as_str).collect();
                let _ = writeln!(out, "  {} {place} {}: {}{more}", style.good("+"), line.what, style.dim(&first.join(", ")));
            }
            (_, Told::Missing | Told::Nothing) => {}
        }
    }
}

/// As one JSON object.
pub fn to_json(results: &[SuiteResult], took: Duration) -> Json {
    let counts = counts(results);
    let tests = results.iter().flat_map(|result| {
        result.tests.iter().map(move |test| {
            json!({
                "name": test.name, "file": test.file.to_string_lossy(), "status": status(test), "duration_s": test.elapsed.as_secs_f64(),
                "problems": render::json(&test.problems, &result.sources),
            })
        })
    });
    let specs = results.iter().map(|result| {
        let coverage = result.coverage.as_ref().map(|coverage| {
            let lines = coverage
                .lines
                .iter()
                .map(|line| json!({"origin": result.sources.origin(line.span), "what": line.what, "tests": line.tests}));
            json!({"percent": coverage.percent(), "covered": coverage.covered(), "lines": lines.collect::<Json>()})
        });
        json!({"name": result.spec, "problems": render::json(&result.problems, &result.sources), "coverage": coverage})
    });
    json!({
        "passed": counts.passed, "failed": counts.failed, "updated": counts.updated, "broken": counts.broken,
        "duration_s": took.as_secs_f64(), "tests": tests.collect::<Json>(), "specs": specs.collect::<Json>(),
    })
}

fn status(test: &TestResult) -> &'static str {
    match (test.updated, test.passed()) {
        (_, false) => "failed",
        (true, true) => "updated",
        (false, true) => "passed",
    }
}

/// As the XML that build servers read: a suite for each spec, a case for each test.
pub fn junit(results: &[SuiteResult], took: Duration) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = counts(results);
    let n = counts.passed + counts.failed + counts.updated;
    let _ = writeln!(
        out,
        "<testsuites tests=\"{n}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">",
        counts.failed,
        counts.broken,
        took.as_secs_f64()
    );
    for result in results {
        let broken = has_errors(&result.problems);
        let failed = result.tests.iter().filter(|test| !test.passed()).count();
        let cases = result.tests.len() + usize::from(broken);
        let time: f64 = result.tests.iter().map(|test| test.elapsed.as_secs_f64()).sum();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{cases}\" failures=\"{failed}\" errors=\"{}\" time=\"{time:.3}\">",
            xml(&result.spec),
            usize::from(broken)
        );
        if broken {
            let text = render::human(&result.problems, &result.sources, false);
            let _ =
                writeln!(out, "    <testcase name=\"{0}\" classname=\"{0}\"><error>{1}</error></testcase>", xml(&result.spec), xml(&text));
        }
        for test in &result.tests {
            let head = format!(
                "<testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
                xml(&test.name),
                xml(&result.spec),
                test.elapsed.as_secs_f64()
            );
            if test.passed() {
                let _ = writeln!(out, "    {head}/>");
                continue;
            }
            let first = test.problems.iter().find(|problem| problem.level == Level::Error).map_or("", |problem| &problem.title);
            let text = render::human(&test.problems, &result.sources, false);
            let _ = writeln!(out, "    {head}><failure message=\"{}\">{}</failure></testcase>", xml(first), xml(&text));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// A text in XML, without the characters that XML has no place for.
fn xml(text: &str) -> String {
    let allowed: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    escape(allowed.as_str()).replace('\n', "&#10;")
}
