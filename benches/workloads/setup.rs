//! Specs and instances on disk, loaded the way the engine loads them.

use crate::{Outcome, status};
use engine::catalog::Catalog;
use engine::catalog::files::{ConfFile, SpecFile};
use engine::plan::{Check, Plan};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder with the spec and `n` instances of it.
pub fn folder(n: usize, port: u16) -> Outcome<TempDir> {
    let folder = tempfile::tempdir()?;
    for place in ["specs", "conf.d"] {
        std::fs::create_dir(folder.path().join(place))?;
    }
    std::fs::write(folder.path().join("specs/status.yaml"), status::SPEC)?;
    std::fs::write(folder.path().join("conf.d/status.yaml"), status::conf(n, port))?;
    Ok(folder)
}

/// The catalog, and the plan of the spec.
pub fn plan(folder: &Path) -> Outcome<(Catalog, Arc<Plan>)> {
    let mut catalog = Catalog::open(None, Some("bench".to_owned()));
    let spec = SpecFile { name: "status".to_owned(), path: folder.join("specs/status.yaml") };
    let plan = catalog.plan(&spec).ok_or_else(|| format!("{:?}", catalog.problems))?;
    Ok((catalog, plan))
}

/// The checks of all instances.
pub fn checks(folder: &Path, catalog: &mut Catalog, plan: &Arc<Plan>) -> Outcome<Vec<Check>> {
    let conf = ConfFile { name: "status".to_owned(), path: folder.join("conf.d/status.yaml") };
    let checks = catalog.checks(plan, &[conf]);
    if checks.broken > 0 || catalog.has_errors() {
        return Err(format!("{:?}", catalog.problems).into());
    }
    catalog.close();
    Ok(checks.checks)
}
