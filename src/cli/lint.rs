//! `engine lint`: mistakes in specs, instances and settings.

use super::session::{counted, open, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED};
use crate::base::diag::{self, Level};
use crate::base::render;
use crate::base::suggest::{listed, nearest};
use crate::catalog::files::{
    ConfFile, FragmentFile, SpecFile, all_confs, all_specs, find_spec, fragment_at, fragments_in, is_yaml, spec_at, specs_in,
};
use crate::catalog::{Catalog, Places};
use crate::lint::Levels;
use crate::trial::find::{is_test, is_tests, tests_in, tests_of};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine lint                          everything: specs, conf.d, engine.yaml
  engine lint specs/disk.yaml          one spec
  engine lint --format json conf.d     as JSON, for tools")]
pub struct Arguments {
    /// Specs, fragments, files of conf.d, or folders of them; everything where none is given.
    paths: Vec<PathBuf>,
    /// How problems are written.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Makes warnings errors.
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Deny>,
}

/// How problems are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with excerpts.
    Human,
    /// One JSON object.
    Json,
}

/// What becomes an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings too.
    Warnings,
}

/// What a path is.
enum Target {
    Spec(SpecFile),
    Fragment(FragmentFile),
    Conf(ConfFile),
    Test(PathBuf),
}

/// Lints and reports.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, mut catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let targets = match targets(&arguments.paths, &places) {
        Ok(targets) => targets,
        Err(why) => return usage(&why, common),
    };
    let (levels, problems) = crate::lint::levels(catalog.conf.lint.as_ref());
    catalog.problems.extend(problems);
    for target in &targets {
        match target {
            Target::Spec(spec) => {
                catalog.linted(spec, &levels);
            }
            Target::Fragment(fragment) => catalog.fragment(fragment),
            Target::Conf(conf) => lint_conf(conf, &places, &levels, &mut catalog),
            Target::Test(path) => crate::trial::lint::lint(path, &mut catalog),
        }
    }
    report(arguments, common, &mut catalog, targets.len())
}

fn report(arguments: &Arguments, common: &Common, catalog: &mut Catalog, n_files: usize) -> u8 {
    diag::sort(&mut catalog.problems);
    let problems = &catalog.problems;
    let errors = problems.iter().filter(|p| p.level == Level::Error).count();
    match arguments.format {
        Format::Human => {
            print!("{}", render::human(problems, &catalog.sources, Style::stdout(common.color).color));
            let files = if n_files == 1 { "1 file".to_owned() } else { format!("{n_files} files") };
            println!("{files} checked: {}", counted(problems));
        }
        Format::Json => {
            let json = serde_json::json!({"files": n_files, "errors": errors, "problems": render::json(problems, &catalog.sources)});
            println!("{json:#}");
        }
    }
    let denied = arguments.deny == Some(Deny::Warnings) && problems.iter().any(|p| p.level == Level::Warning);
    if errors > 0 || denied { FAILED } else { CLEAN }
}

fn targets(paths: &[PathBuf], places: &Places) -> Result<Vec<Target>, String> {
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

fn targets_at(path: &Path) -> Vec<Target> {
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
        let specs = specs.chain(tests_in(path).into_iter().map(Target::Test));
        return specs.chain(fragments_in(path).into_iter().map(Target::Fragment)).collect();
    }
    if is_test(path) {
        return vec![Target::Test(path.to_path_buf())];
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

fn with_tests(spec: SpecFile) -> impl Iterator<Item = Target> {
    let tests = tests_of(&spec).into_iter().map(Target::Test);
    std::iter::once(Target::Spec(spec)).chain(tests)
}

fn lint_conf(conf: &ConfFile, places: &Places, levels: &Levels, catalog: &mut Catalog) {
    let Some(spec) = find_spec(&places.spec_dirs, &conf.name) else {
        catalog.problems.push(no_spec(conf, places, &mut catalog.sources));
        return;
    };
    // The spec's own problems are shown where the spec is linted.
    let before = catalog.problems.len();
    let plan = catalog.plan(&spec);
    catalog.problems.truncate(before);
    if let Some(plan) = plan {
        catalog.linted_checks(&plan, conf, levels);
    }
}

/// The problem of a conf.d file whose spec does not exist.
pub fn no_spec(conf: &ConfFile, places: &Places, sources: &mut crate::base::span::Sources) -> diag::Diagnostic {
    let text = std::fs::read_to_string(&conf.path).unwrap_or_default();
    let end = text.lines().next().map_or(0, str::len);
    let file = sources.add(&conf.path.to_string_lossy(), text);
    let span = crate::base::span::Span::new(file, 0, end);
    let problem = diag::Diagnostic::error("no-spec", format!("there is no spec `{}` for this file", conf.name), span);
    let specs = all_specs(&places.spec_dirs);
    match nearest(&conf.name, specs.iter().map(|s| s.name.as_str())) {
        Some(near) => problem.label("its name must be that of a spec").help(format!("rename it to `{near}.yaml`, if that is meant")),
        None => problem
            .label("its name must be that of a spec")
            .help(format!("there are {}", listed(specs.iter().map(|s| s.name.as_str()), 20))),
    }
}
