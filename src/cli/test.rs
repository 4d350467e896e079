//! `engine test`: the tests that lie beside the specs.

use super::session::{open, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, USAGE};
use crate::base::diag::has_errors;
use crate::base::render;
use crate::trial::find::{Suite, folder_of, suites};
use crate::trial::suite::{SuiteResult, run as run_suite};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine test                               all tests of all specs
  engine test specs/http.yaml               those of one spec
  engine test specs/http/tests/timeout.yaml one file of tests
  engine test --filter timeout              those whose name holds a text")]
pub struct Arguments {
    /// Specs, files of tests, or folders of them; everything where none is given.
    paths: Vec<PathBuf>,
    /// Only tests whose name (spec/file/test) holds this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// Runs the tests and reports.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, _) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let suites = match suites(&arguments.paths, &places) {
        Ok(suites) => suites,
        Err(why) => return usage(&why, common),
    };
    let began = Instant::now();
    let results = run_all(&suites, arguments.filter.as_deref());
    report(&suites, &results, arguments, common, began)
}

/// One suite after the other on each core.
fn run_all(suites: &[Suite], filter: Option<&str>) -> Vec<SuiteResult> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, suite)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| suites.get(at).map(|suite| (at, suite))) {
            if suite.files.is_empty() {
                continue;
            }
            let result = run_suite(suite, filter);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get()).min(suites.len());
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        work();
        for other in others {
            let _ = other.join();
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn report(suites: &[Suite], results: &[SuiteResult], arguments: &Arguments, common: &Common, began: Instant) -> u8 {
    let style = Style::stdout(common.color);
    let (mut passed, mut failed) = (0, 0);
    let mut broken = false;
    for result in results {
        print!("{}", render::human(&result.problems, &result.sources, style.color));
        broken |= has_errors(&result.problems);
        for test in &result.tests {
            if test.passed() {
                passed += 1;
            } else {
                failed += 1;
            }
            let word = if test.passed() { style.good("ok") } else { style.bad("FAILED") };
            println!("{word} {} ({} ms)", test.name, test.elapsed.as_millis());
            print!("{}", render::human(&test.problems, &result.sources, style.color));
        }
    }
    if passed + failed == 0 && !broken {
        let Some(first) = suites.first() else { return usage("there are no specs here", common) };
        if arguments.filter.is_some() {
            return usage("no test has a name that holds the text of --filter", common);
        }
        eprintln!("{}: there are no tests; write {}", style.bad("error"), folder_of(&first.spec).join("first.yaml").display());
        return USAGE;
    }
    println!("{} tests: {passed} passed, {failed} failed, {} ms", passed + failed, began.elapsed().as_millis());
    if failed > 0 || broken { FAILED } else { CLEAN }
}
