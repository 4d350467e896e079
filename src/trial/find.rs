//! Which tests there are: `specs/NAME/tests/*.yaml`, for `specs/NAME.yaml` and for
//! `specs/NAME/spec.yaml`.
//!
//! Files in folders below `tests` are fixtures, whatever their ending.

use crate::catalog::Places;
use crate::catalog::files::{SpecFile, all_specs, is_yaml, spec_at, specs_in};
use std::path::{Path, PathBuf};

/// A spec with its tests.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The spec.
    pub spec: SpecFile,
    /// Its files of tests, in order of name.
    pub files: Vec<PathBuf>,
}

/// The folder of tests.
const TESTS: &str = "tests";

/// The tests of a spec.
pub fn tests_of(spec: &SpecFile) -> Vec<PathBuf> {
    yaml_in(&folder_of(spec))
}

/// True for a folder of tests.
pub fn is_tests(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == TESTS) && spec_of(&folder.join("x.yaml")).is_some()
}

/// The files of tests that a folder holds: of a folder of tests, or of that of a spec.
pub fn tests_in(folder: &Path) -> Vec<PathBuf> {
    let own = if is_tests(folder) { folder.to_path_buf() } else { folder.join(TESTS) };
    if is_tests(&own) { yaml_in(&own) } else { Vec::new() }
}

/// Where the tests of a spec are.
pub fn folder_of(spec: &SpecFile) -> PathBuf {
    let folder = spec.path.parent().unwrap_or(Path::new(""));
    let is_folder = spec.path.file_stem().is_some_and(|stem| stem == "spec");
    if is_folder { folder.join(TESTS) } else { folder.join(&spec.name).join(TESTS) }
}

fn yaml_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let visible = |path: &PathBuf| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut found: Vec<_> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_yaml(path) && path.is_file() && visible(path)).collect();
    found.sort();
    found
}

/// True for a file of tests: a YAML file directly in a folder `tests` that is beside a spec.
pub fn is_test(path: &Path) -> bool {
    is_yaml(path) && path.parent().and_then(Path::file_name).is_some_and(|name| name == TESTS) && spec_of(path).is_some()
}

/// The spec that a file of tests is for.
pub fn spec_of(test: &Path) -> Option<SpecFile> {
    let folder = test.parent()?.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let own = folder.join("spec.yaml");
    let named = std::path::absolute(folder).ok()?;
    let name = named.file_name()?.to_string_lossy().into_owned();
    let above = match folder.file_name() {
        Some(_) => folder.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => folder.join(".."),
    };
    let beside = ["yaml", "yml"].map(|ending| above.join(format!("{name}.{ending}")));
    [own].into_iter().chain(beside).find(|path| path.is_file()).map(|path| spec_at(&path).unwrap_or(SpecFile { name, path }))
}

/// The suites of paths: specs, files of tests, or folders of either; all where no path is given.
///
/// # Errors
/// A path that is none of these.
pub fn suites(paths: &[PathBuf], places: &Places) -> Result<Vec<Suite>, String> {
    let mut out: Vec<Suite> = Vec::new();
    if paths.is_empty() {
        return Ok(all_specs(&places.spec_dirs).into_iter().map(whole).collect());
    }
    for path in paths {
        for suite in at(path, places)? {
            match out.iter_mut().find(|known| known.spec.path == suite.spec.path) {
                Some(known) => known.files.extend(suite.files),
                None => out.push(suite),
            }
        }
    }
    for suite in &mut out {
        suite.files.sort();
        suite.files.dedup();
    }
    Ok(out)
}

fn whole(spec: SpecFile) -> Suite {
    Suite { files: tests_of(&spec), spec }
}

fn at(path: &Path, places: &Places) -> Result<Vec<Suite>, String> {
    if !path.exists() {
        // A bare name is that of a spec.
        let named = crate::catalog::files::find_spec(&places.spec_dirs, &path.to_string_lossy());
        return named.map(|spec| vec![whole(spec)]).ok_or_else(|| format!("{}: there is no such file or folder", path.display()));
    }
    if path.is_dir() {
        if path.file_name().is_some_and(|name| name == TESTS) {
            let files = yaml_in(path);
            let spec = spec_of(&path.join("x.yaml")).ok_or_else(|| lonely(path))?;
            return Ok(vec![Suite { spec, files }]);
        }
        if let Some(spec) = spec_at(&path.join("spec.yaml")).filter(|spec| spec.path.is_file()) {
            return Ok(vec![whole(spec)]);
        }
        if path.join(TESTS).is_dir() {
            let spec = spec_of(&path.join(TESTS).join("x.yaml")).ok_or_else(|| lonely(path))?;
            return Ok(vec![whole(spec)]);
        }
        return Ok(specs_in(path).into_iter().map(whole).collect());
    }
    if path.parent().and_then(Path::file_name).is_some_and(|name| name == TESTS) {
        let spec = spec_of(path).ok_or_else(|| lonely(path))?;
        return Ok(vec![Suite { spec, files: vec![path.to_path_buf()] }]);
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(vec![whole(spec_at(path).unwrap_or(SpecFile { name: stem, path: path.to_path_buf() }))])
}

fn lonely(path: &Path) -> String {
    format!("{}: there is no spec for these tests: they lie in NAME/tests/, beside NAME.yaml or in a folder with spec.yaml", path.display())
}
