//! What a path that `lint` is given stands for, by the rule of places.

use crate::catalog::Places;
use crate::catalog::files::{
    ConfFile, FragmentFile, SpecFile, all_confs, all_specs, find_spec, fragment_at, fragments_in, is_yaml, spec_at, specs_in,
};
use crate::trial::find::{is_test, is_tests, spec_of, tests_in, tests_of};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What a path is.
#[derive(Clone, Debug)]
pub enum Target {
    /// A spec.
    Spec(SpecFile),
    /// A part of specs.
    Fragment(FragmentFile),
    /// Instances.
    Conf(ConfFile),
    /// Tests of a spec.
    Tests(PathBuf),
    /// The settings of the engine.
    Engine(PathBuf),
}

impl Target {
    /// Its file.
    pub fn path(&self) -> &Path {
        match self {
            Target::Spec(spec) => &spec.path,
            Target::Fragment(fragment) => &fragment.path,
            Target::Conf(conf) => &conf.path,
            Target::Tests(path) | Target::Engine(path) => path,
        }
    }

    /// The file of the spec that it is, or is for.
    fn spec(&self, places: &Places) -> Option<PathBuf> {
        match self {
            Target::Spec(spec) => Some(spec.path.clone()),
            Target::Conf(conf) => find_spec(&places.spec_dirs, &conf.name).map(|spec| spec.path),
            Target::Tests(path) => spec_of(path).map(|spec| spec.path),
            Target::Fragment(_) | Target::Engine(_) => None,
        }
    }
}

/// What the paths stand for; everything where there are none.
///
/// # Errors
/// A path that does not exist.
pub fn targets(paths: &[PathBuf], places: &Places) -> Result<Vec<Target>, String> {
    if paths.is_empty() {
        let specs = all_specs(&places.spec_dirs).into_iter().flat_map(with_tests);
        let fragments = places.spec_dirs.iter().flat_map(|folder| fragments_in(folder)).map(Target::Fragment);
        return Ok(specs.chain(fragments).chain(all_confs(&places.conf_dir).into_iter().map(Target::Conf)).collect());
    }
    let mut out = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(format!("{}: there is no such file or folder", path.display()));
        }
        out.extend(targets_at(path));
    }
    Ok(out)
}

/// The targets by what they are read against, so that each spec is read once: a spec with its tests and
/// instances, and every other file by itself. Each stands where its first target does.
pub fn groups<'t>(targets: &'t [Target], places: &Places) -> Vec<Vec<&'t Target>> {
    let mut groups: Vec<Vec<&Target>> = Vec::new();
    let mut of_specs = HashMap::new();
    for target in targets {
        let new = groups.len();
        let at = target.spec(places).map_or(new, |spec| *of_specs.entry(spec).or_insert(new));
        match groups.get_mut(at) {
            Some(group) => group.push(target),
            None => groups.push(vec![target]),
        }
    }
    groups
}

/// What one path stands for, whether it exists or not.
pub fn targets_at(path: &Path) -> Vec<Target> {
    let named_conf = |path: &Path| path.file_name().is_some_and(|name| name == "conf.d");
    if path.is_dir() {
        let spec = path.join("spec.yaml");
        if spec.is_file() {
            let own = fragments_in(path).into_iter().map(Target::Fragment);
            return spec_at(&spec).into_iter().flat_map(with_tests).chain(own).collect();
        }
        if named_conf(path) {
            return all_confs(path).into_iter().map(Target::Conf).collect();
        }
        let of_fragments = fragment_at(&path.join("x.yaml")).is_some();
        let specs = specs_in(path).into_iter().filter(|_| !of_fragments && !is_tests(path)).flat_map(with_tests);
        let specs = specs.chain(tests_in(path).into_iter().map(Target::Tests));
        return specs.chain(fragments_in(path).into_iter().map(Target::Fragment)).collect();
    }
    if path.file_name().is_some_and(|name| name == "engine.yaml" || name == "engine.yml") {
        return vec![Target::Engine(path.to_path_buf())];
    }
    if is_test(path) {
        return vec![Target::Tests(path.to_path_buf())];
    }
    if let Some(fragment) = fragment_at(path) {
        return vec![Target::Fragment(fragment)];
    }
    let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let in_d = parent.extension().is_some_and(|ending| ending == "d");
    if is_yaml(path) && in_d {
        let folder = if named_conf(&parent) { path.file_stem() } else { parent.file_stem() };
        let name = folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        return vec![Target::Conf(ConfFile { name, path: path.to_path_buf() })];
    }
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    vec![Target::Spec(spec_at(path).unwrap_or(SpecFile { name: stem, path: path.to_path_buf() }))]
}

/// A spec and the tests beside it.
fn with_tests(spec: SpecFile) -> Vec<Target> {
    let tests = tests_of(&spec).into_iter().map(Target::Tests).collect::<Vec<_>>();
    [Target::Spec(spec)].into_iter().chain(tests).collect()
}
