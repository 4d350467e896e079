//! All tests of one spec.

use super::case::{self, Case};
use super::compare::compare;
use super::coverage::Coverage;
use super::find::Suite;
use super::play::{Played, play};
use super::update::{self, Change};
use crate::base::diag::{self, Diagnostic, Level, has_errors};
use crate::base::limits;
use crate::base::span::{FileId, Sources, Span};
use crate::catalog::Catalog;
use crate::conf::instance;
use crate::conf::secrets::SecretStore;
use crate::expr::frame::Frame;
use crate::expr::names;
use crate::plan::{Check, Plan};
use crate::yaml::load::Loaded;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the tests of one spec came to.
#[derive(Debug, Default)]
pub struct SuiteResult {
    /// The name of the spec.
    pub spec: String,
    /// All texts, for places.
    pub sources: Sources,
    /// What is wrong with the spec, or with a file of tests as a whole.
    pub problems: Vec<Diagnostic>,
    /// The tests, in order.
    pub tests: Vec<TestResult>,
    /// Which lines of the spec they cover; none where the spec has errors.
    pub coverage: Option<Coverage>,
}

/// What one test came to.
#[derive(Debug)]
pub struct TestResult {
    /// `spec/file` or `spec/file/name`.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Why it does not pass; warnings, too.
    pub problems: Vec<Diagnostic>,
    /// True if its expectations were written anew.
    pub updated: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl TestResult {
    /// True if everything is as expected.
    pub fn passed(&self) -> bool {
        !has_errors(&self.problems)
    }
}

/// What `secret('env:NAME')` stands for in a test: nothing of this machine.
struct NoSecrets;

impl SecretStore for NoSecrets {
    fn fetch(&self, handle: &str, _: &Path) -> Result<String, String> {
        Ok(secret_of(handle))
    }
}

/// The text of a secret in tests.
pub fn secret_of(handle: &str) -> String {
    format!("secret of {handle}")
}

/// One file of tests, read.
pub struct TestFile {
    /// Its path.
    pub path: PathBuf,
    /// Its id in the sources.
    pub file: FileId,
    /// Its tree.
    pub loaded: Loaded,
    /// Its tests.
    pub cases: Vec<Case>,
}

/// What is to be done with the tests of a spec.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// Only those whose names hold this text.
    pub filter: Option<&'w str>,
    /// What is found becomes what is expected, where a test fails.
    pub update: bool,
}

/// The answers of a file that its tests share, and that nothing asked for.
#[derive(Default)]
struct Unused {
    n_tests: usize,
    shared: Vec<(Diagnostic, usize)>,
}

impl Unused {
    /// Those of a test itself; what it shares with others may serve only these.
    fn own(&mut self, unused: Vec<Diagnostic>, test: Span) -> Vec<Diagnostic> {
        self.n_tests += 1;
        let is_own = |problem: &Diagnostic| test.start <= problem.span().start && problem.span().end <= test.end;
        let (own, shared): (Vec<_>, Vec<_>) = unused.into_iter().partition(is_own);
        for problem in shared {
            match self.shared.iter_mut().find(|(known, _)| known.span() == problem.span()) {
                Some((_, n)) => *n += 1,
                None => self.shared.push((problem, 1)),
            }
        }
        own
    }

    /// Those that no test used.
    fn by_all(self) -> impl Iterator<Item = Diagnostic> {
        self.shared.into_iter().filter(move |(_, n)| *n == self.n_tests).map(|(problem, _)| problem)
    }
}

impl TestFile {
    /// Where the tests of a file with several stand.
    fn tests(&self) -> Option<Span> {
        self.loaded.root.entry("tests").map(|entry| entry.value.span)
    }
}

/// Runs the tests of a spec.
pub fn run(suite: &Suite, wanted: Wanted<'_>) -> SuiteResult {
    let mut catalog = Catalog::open(None, None);
    let plan = catalog.plan(&suite.spec);
    let mut out = SuiteResult { spec: suite.spec.name.clone(), ..SuiteResult::default() };
    out.problems = std::mem::take(&mut catalog.problems);
    out.coverage = plan.as_ref().map(|plan| Coverage::of(plan));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    for path in &suite.files {
        let Some(file) = read_file(path, &mut catalog) else {
            out.problems.append(&mut catalog.problems);
            continue;
        };
        let mut broken = std::mem::take(&mut catalog.problems);
        let within = |problem: &Diagnostic, span: Span| span.start <= problem.span().start && problem.span().end <= span.end;
        let of_case = |problem: &Diagnostic| file.cases.iter().any(|case| within(problem, case.span));
        let of_tests = |problem: &Diagnostic| file.tests().is_some_and(|span| within(problem, span));
        let whole = !broken.iter().any(|problem| problem.level == Level::Error && !of_case(problem) && !of_tests(problem));
        out.problems.extend(broken.extract_if(.., |problem| !of_case(problem)));
        let (Some(plan), Ok(runtime), true) = (&plan, &runtime, whole) else {
            out.problems.append(&mut broken);
            continue;
        };
        let mut changes = Vec::new();
        let mut unused = Unused::default();
        for case in &file.cases {
            let name = name_of(&suite.spec.name, path, case);
            if wanted.filter.is_some_and(|text| !name.contains(text)) {
                continue;
            }
            let began = Instant::now();
            let mut problems: Vec<Diagnostic> = broken.iter().filter(|problem| within(problem, case.span)).cloned().collect();
            let mut played = None;
            if !has_errors(&problems) {
                let (more, done) = runtime.block_on(one(case, &file, plan, &catalog.sources));
                problems.extend(more);
                played = done;
                if let Some(played) = &mut played {
                    problems.extend(unused.own(std::mem::take(&mut played.unused), case.span));
                }
            }
            if let (Some(coverage), Some(played)) = (&mut out.coverage, &played) {
                coverage.add_test(&name, case, played);
            }
            let updated = wanted.update && can_update(&problems);
            if let (true, Some(played), Some(source)) = (updated, &played, catalog.sources.get(file.file)) {
                match update::change(case, played, source) {
                    Ok(change) => {
                        changes.push(change);
                        problems.clear();
                    }
                    Err(problem) => problems.push(*problem),
                }
            }
            out.tests.push(TestResult { name, file: path.clone(), problems, updated, elapsed: began.elapsed() });
        }
        if wanted.filter.is_none() {
            out.problems.extend(unused.by_all());
        }
        if !changes.is_empty() {
            out.problems.extend(rewrite(&file, changes, &catalog.sources));
        }
    }
    diag::sort(&mut out.problems);
    out.sources = catalog.sources;
    out
}

/// Reads a file of tests; its problems are added to those of the catalog.
pub fn read_file(path: &Path, catalog: &mut Catalog) -> Option<TestFile> {
    let (file, loaded) = catalog.load(path, limits::SPEC_BYTES)?;
    let (cases, problems) = case::read(&loaded, &catalog.sources);
    catalog.problems.extend(problems);
    Some(TestFile { path: path.to_path_buf(), file, loaded, cases })
}

/// True for a test that differs only in what it expects.
fn can_update(problems: &[Diagnostic]) -> bool {
    has_errors(problems) && problems.iter().all(|problem| problem.level != Level::Error || EXPECTATIONS.contains(&problem.code))
}

/// The codes of what `--update` cures.
const EXPECTATIONS: &[&str] = &[
    "no-expectation",
    "differs",
    "not-found",
    "unexpected",
    "other-number",
    "not-absent",
    "more-failures",
    "not-covered",
    "run-failed",
    "never-holds",
];

fn rewrite(file: &TestFile, changes: Vec<Change>, sources: &Sources) -> Option<Diagnostic> {
    let text = sources.get(file.file).map(|source| source.text.clone())?;
    let error = std::fs::write(&file.path, update::apply(&text, changes)).err()?;
    let problem = Diagnostic::error("not-updated", "the file cannot be written", file.loaded.root.span);
    Some(problem.label(error.to_string()).help("check its permissions"))
}

fn name_of(spec: &str, path: &Path, case: &Case) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    if case.name.is_empty() { format!("{spec}/{stem}") } else { format!("{spec}/{stem}/{}", case.name) }
}

/// The check of a test. A mere warning about its instance, a deprecated key for example, may be what
/// the test is about, and is not told.
///
/// # Errors
/// What is wrong with its instance.
pub fn bind(case: &Case, file: &TestFile, plan: &Arc<Plan>) -> Result<Check, Vec<Diagnostic>> {
    let mut frame = Frame::new(plan.names.clone(), Default::default());
    frame.set(names::ENGINE, case.engine());
    frame.set(names::TABLES, plan.spec.tables.clone());
    let folder = std::path::absolute(&file.path).ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
    let mut read = instance::read(case.conf(&file.loaded), &plan.spec, &folder, &NoSecrets, &mut frame);
    match read.instances.pop() {
        Some(instance) if !has_errors(&read.problems) => Ok(Check::bind(plan.clone(), instance, &[])),
        _ if read.disabled > 0 => {
            let problem = Diagnostic::error("switched-off", "the instance is switched off", case.span);
            Err(vec![problem.label("it says `enabled: false`").help("remove `enabled` from the instance of the test")])
        }
        _ => Err(read.problems),
    }
}

/// Runs a test; what it came to is told where it could be run.
async fn one(case: &Case, file: &TestFile, plan: &Arc<Plan>, sources: &Sources) -> (Vec<Diagnostic>, Option<Played>) {
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let mut problems = super::rules::check(case, plan, folder);
    let check = match bind(case, file, plan) {
        Ok(check) => check,
        Err(more) => {
            problems.extend(more);
            return (problems, None);
        }
    };
    if problems.iter().any(|problem| problem.level == Level::Error && !EXPECTATIONS.contains(&problem.code)) {
        return (problems, None);
    }
    let mut played = play(case, &check, folder).await;
    let broken = has_errors(&played.problems);
    problems.append(&mut played.problems);
    // What follows from an answer that is missing would only hide it.
    if !broken {
        let told: Vec<_> = problems.iter().filter(|problem| problem.code == "never-holds").map(Diagnostic::span).collect();
        let more = compare(case.written.expect.as_ref(), &played.runs, case.span, sources);
        problems.extend(more.into_iter().filter(|problem| !told.contains(&problem.span())));
    }
    (problems, Some(played))
}
