//! The mistakes of a file of tests that show without running it.

use super::find::spec_of;
use super::rules;
use super::suite::{bind, read_file};
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::catalog::Catalog;
use std::path::Path;

/// Reads a file of tests and adds its problems to those of the catalog. Those of its spec are told
/// where the spec is linted.
pub fn lint(path: &Path, catalog: &mut Catalog) {
    let Some(file) = read_file(path, catalog) else { return };
    let Some(spec) = spec_of(path) else {
        let problem = Diagnostic::error("no-spec", "there is no spec for these tests", Span::new(file.file, 0, 0));
        let problem = problem.label("tests lie in NAME/tests/, beside NAME.yaml or in a folder with spec.yaml");
        catalog.problems.push(problem.help("move the file, or write the spec"));
        return;
    };
    let before = catalog.problems.len();
    let plan = catalog.plan(&spec);
    catalog.problems.truncate(before);
    let Some(plan) = plan else { return };
    let folder = path.parent().unwrap_or(Path::new(""));
    for case in &file.cases {
        catalog.problems.extend(rules::check(case, &plan, folder));
        catalog.problems.extend(bind(case, &file, &plan).err().into_iter().flatten());
    }
}
