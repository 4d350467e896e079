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
    written("status", status::SPEC, &status::conf(n, port, "i"))
}

/// A folder with one spec and its instances.
pub fn written(name: &str, spec: &str, conf: &str) -> Outcome<TempDir> {
    let folder = tempfile::tempdir()?;
    for (place, text) in [("specs", spec), ("conf.d", conf)] {
        std::fs::create_dir(folder.path().join(place))?;
        std::fs::write(folder.path().join(format!("{place}/{name}.yaml")), text)?;
    }
    Ok(folder)
}

/// The catalog, and the plan of the spec.
pub fn plan(folder: &Path, name: &str) -> Outcome<(Catalog, Arc<Plan>)> {
    let mut catalog = Catalog::open(None, Some("bench".to_owned()));
    let spec = SpecFile { name: name.to_owned(), path: folder.join(format!("specs/{name}.yaml")) };
    let plan = catalog.plan(&spec).ok_or_else(|| format!("{:?}", catalog.problems))?;
    Ok((catalog, plan))
}

/// The checks of all instances.
pub fn checks(folder: &Path, name: &str, catalog: &mut Catalog, plan: &Arc<Plan>) -> Outcome<Vec<Check>> {
    let conf = ConfFile { name: name.to_owned(), path: folder.join(format!("conf.d/{name}.yaml")) };
    let checks = catalog.checks(plan, &[conf]);
    if checks.broken > 0 || catalog.has_errors() {
        return Err(format!("{:?}", catalog.problems).into());
    }
    catalog.close();
    Ok(checks.checks)
}
