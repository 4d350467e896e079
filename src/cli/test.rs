//! `engine test`: the tests that lie beside the specs.

use super::cores;
use super::session::{open, usage};
use super::style::Style;
use super::test_report::{Told, counts, human, junit, to_json};
use super::{CLEAN, Common, FAILED, USAGE};
use crate::catalog::Places;
use crate::trial::find::{Suite, folder_of, suites};
use crate::trial::suite::{SuiteResult, Wanted, run as run_suite};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine test                                all tests of all specs
  engine test specs/http.yaml                those of one spec
  engine test specs/http/tests/timeout.yaml  one file of tests
  engine test --filter timeout               those whose name holds a text
  engine test --update specs/http            write what is found into the tests that fail
  engine test --coverage 100                 fail if a line of a spec has no test")]
pub struct Arguments {
    /// Specs, files of tests, or folders of them; everything where none is given.
    paths: Vec<PathBuf>,
    /// Only tests whose name (spec/file/test) holds this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Writes what is found as what is expected into the tests that fail, or that expect nothing yet.
    #[arg(long)]
    update: bool,
    /// Shows which test covers which line; with a number, fails below so many percent.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, default_missing_value = "0", value_parser = percent)]
    coverage: Option<f64>,
    /// How results are written.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Runs again whenever a file changes, until it is stopped.
    #[arg(long, conflicts_with_all = ["update", "format"])]
    watch: bool,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// The XML of JUnit, for build servers.
    Junit,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| (0.0..=100.0).contains(n));
    number.ok_or_else(|| "a number of percent from 0 to 100; write paths before `--coverage`".to_owned())
}

/// How often a person's files are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Runs the tests and reports.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, _) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    loop {
        let found = suites(&arguments.paths, &places);
        let before = arguments.watch.then(|| found.as_ref().map(|suites| stamps(suites)).unwrap_or_default());
        let code = match found {
            Ok(suites) => once(&suites, arguments, common),
            Err(why) => usage(&why, common),
        };
        let Some(before) = before else { return code };
        println!("waiting for a change; Ctrl-C ends this");
        wait(&before, arguments, &places);
    }
}

fn once(suites: &[Suite], arguments: &Arguments, common: &Common) -> u8 {
    let began = Instant::now();
    let wanted = Wanted { filter: arguments.filter.as_deref(), update: arguments.update };
    let with_tests: Vec<&Suite> = suites.iter().filter(|suite| !suite.files.is_empty()).collect();
    let results = cores::on_cores(cores::all(), &with_tests, |suite| run_suite(suite, wanted));
    let counts = counts(&results);
    if counts.passed + counts.failed + counts.updated + counts.broken == 0 {
        return nothing(suites, arguments, common);
    }
    let written = write(&results, arguments, began.elapsed(), Style::stdout(common.color));
    let short = short_of(suites, &results, arguments, common);
    if written.is_err() || counts.failed > 0 || counts.broken > 0 || short { FAILED } else { CLEAN }
}

/// There was no test at all.
fn nothing(suites: &[Suite], arguments: &Arguments, common: &Common) -> u8 {
    let Some(first) = suites.first() else { return usage("there are no specs here", common) };
    if let Some(text) = &arguments.filter {
        return usage(&format!("no test has a name that holds `{text}`"), common);
    }
    eprintln!(
        "{}: there are no tests; write {}",
        Style::stderr(common.color).bad("error"),
        folder_of(&first.spec).join("first.yaml").display()
    );
    USAGE
}

fn write(results: &[SuiteResult], arguments: &Arguments, took: Duration, style: Style) -> std::io::Result<()> {
    let told = match (arguments.coverage, &arguments.filter) {
        (Some(0.0), _) => Told::All,
        (Some(_), _) => Told::Missing,
        (None, Some(_)) => Told::Nothing,
        (None, None) if arguments.update => Told::Nothing,
        (None, None) => Told::Missing,
    };
    let text = match arguments.format {
        Format::Human => human(results, told, took, style),
        Format::Json => format!("{:#}\n", to_json(results, took)),
        Format::Junit => junit(results, took),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Tells which specs are covered less than was asked for.
fn short_of(suites: &[Suite], results: &[SuiteResult], arguments: &Arguments, common: &Common) -> bool {
    let Some(least) = arguments.coverage else { return false };
    let style = Style::stderr(common.color);
    let mut short = false;
    for result in results {
        if let Some(coverage) = result.coverage.as_ref().filter(|coverage| coverage.percent() < least) {
            short = true;
            let (covered, all) = (coverage.covered(), coverage.lines.len());
            eprintln!("{}: {} has tests for {covered} of {all} lines, less than {least} %", style.bad("error"), result.spec);
        }
    }
    for suite in suites.iter().filter(|suite| suite.files.is_empty() && least > 0.0) {
        short = true;
        eprintln!(
            "{}: {} has no tests; write {}",
            style.bad("error"),
            suite.spec.name,
            folder_of(&suite.spec).join("first.yaml").display()
        );
    }
    short
}

/// When each file of the suites was changed last.
fn stamps(suites: &[Suite]) -> BTreeMap<PathBuf, SystemTime> {
    let mut out = BTreeMap::new();
    for suite in suites {
        stamp(&suite.spec.path, &mut out, 0);
        stamp(&suite.spec.specs().join("fragments"), &mut out, 0);
        stamp(&folder_of(&suite.spec), &mut out, 0);
    }
    out
}

/// Folders of fixtures in folders: a link that leads back ends here.
const DEEP: usize = 6;

fn stamp(path: &Path, out: &mut BTreeMap<PathBuf, SystemTime>, deep: usize) {
    let Ok(facts) = std::fs::metadata(path) else { return };
    if let Ok(changed) = facts.modified() {
        out.insert(path.to_path_buf(), changed);
    }
    if facts.is_dir() && deep < DEEP {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| stamp(&entry.path(), out, deep + 1));
    }
}

fn wait(before: &BTreeMap<PathBuf, SystemTime>, arguments: &Arguments, places: &Places) {
    loop {
        std::thread::sleep(LOOK);
        if suites(&arguments.paths, places).map(|suites| stamps(&suites)).unwrap_or_default() != *before {
            return;
        }
    }
}
