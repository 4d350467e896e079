//! All tests of one spec.

use super::case::{self, Case};
use super::compare::compare;
use super::find::Suite;
use super::play::play;
use crate::base::diag::{self, Diagnostic, has_errors};
use crate::base::limits;
use crate::base::span::{FileId, Sources};
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
        Ok(format!("secret of {handle}"))
    }
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

/// Runs the tests of a spec whose names hold the text.
pub fn run(suite: &Suite, filter: Option<&str>) -> SuiteResult {
    let mut catalog = Catalog::open(None, None);
    let plan = catalog.plan(&suite.spec);
    let mut out = SuiteResult { spec: suite.spec.name.clone(), ..SuiteResult::default() };
    out.problems = std::mem::take(&mut catalog.problems);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    for path in &suite.files {
        let Some(file) = read_file(path, &mut catalog) else {
            out.problems.append(&mut catalog.problems);
            continue;
        };
        let broken = std::mem::take(&mut catalog.problems);
        let whole = !has_errors(&broken);
        out.problems.extend(broken);
        let (Some(plan), Ok(runtime), true) = (&plan, &runtime, whole) else { continue };
        for case in &file.cases {
            let name = name_of(&suite.spec.name, path, case);
            if filter.is_some_and(|text| !name.contains(text)) {
                continue;
            }
            let began = Instant::now();
            let problems = runtime.block_on(one(case, &file, plan, &catalog.sources));
            out.tests.push(TestResult { name, file: path.clone(), problems, elapsed: began.elapsed() });
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

fn name_of(spec: &str, path: &Path, case: &Case) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    if case.name.is_empty() { format!("{spec}/{stem}") } else { format!("{spec}/{stem}/{}", case.name) }
}

/// The check of a test.
///
/// # Errors
/// What is wrong with its instance.
pub fn bind(case: &Case, file: &TestFile, plan: &Arc<Plan>) -> Result<(Check, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut frame = Frame::new(plan.names.clone(), Default::default());
    frame.set(names::ENGINE, case.engine());
    frame.set(names::TABLES, plan.spec.tables.clone());
    let folder = std::path::absolute(&file.path).ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
    let mut read = instance::read(case.conf(&file.loaded), &plan.spec, &folder, &NoSecrets, &mut frame);
    match read.instances.pop() {
        Some(instance) if !has_errors(&read.problems) => Ok((Check::bind(plan.clone(), instance, &[]), read.problems)),
        _ if read.disabled > 0 => {
            let problem = Diagnostic::error("switched-off", "the instance is switched off", case.span);
            Err(vec![problem.label("it says `enabled: false`").help("remove `enabled` from the instance of the test")])
        }
        _ => Err(read.problems),
    }
}

async fn one(case: &Case, file: &TestFile, plan: &Arc<Plan>, sources: &Sources) -> Vec<Diagnostic> {
    let mut problems = super::rules::check(case, plan);
    let check = match bind(case, file, plan) {
        Ok((check, warnings)) => {
            problems.extend(warnings);
            check
        }
        Err(more) => {
            problems.extend(more);
            return problems;
        }
    };
    if has_errors(&problems) {
        return problems;
    }
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let played = play(case, &check, folder).await;
    let broken = has_errors(&played.problems);
    problems.extend(played.problems);
    // What follows from an answer that is missing would only hide it.
    if !broken {
        problems.extend(compare(case.written.expect.as_ref(), &played.runs, case.span, sources));
    }
    problems
}
