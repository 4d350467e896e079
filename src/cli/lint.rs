//! `engine lint`: mistakes in specs, instances, tests and settings.

use super::cores;
use super::lint_fix::Edited;
use super::lint_target::{Target, groups, targets, targets_at};
use super::redact::for_excerpts;
use super::session::{counted, open, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, lint_fix};
use crate::base::diag::{self, Level};
use crate::base::render;
use crate::base::suggest::{listed, nearest};
use crate::catalog::files::{ConfFile, all_specs, find_spec};
use crate::catalog::{Catalog, Places};
use crate::lint::{Levels, fix, sarif, summary};
use crate::trial::recorded::recorded;
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine lint                          everything: specs, tests, conf.d, engine.yaml
  engine lint specs/disk.yaml          one spec
  engine lint --fix specs              make the edits that are safe
  engine lint --format sarif > x.sarif for code hosts and editors
  engine lint --stdin-filename specs/disk.yaml < unsaved.yaml")]
pub struct Arguments {
    /// Specs, fragments, tests, files of conf.d, engine.yaml, or folders of them; everything where none is given.
    paths: Vec<PathBuf>,
    /// How problems are written.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Makes warnings errors.
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Deny>,
    /// The most problems that are drawn in full; 0 draws all of them.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Makes the edits that are safe, then tells what is left.
    #[arg(long)]
    fix: bool,
    /// Shows what `--fix` would change, and changes nothing.
    #[arg(long)]
    diff: bool,
    /// With `--fix` or `--diff`: takes names that are only the nearest known ones, too.
    #[arg(long)]
    guesses: bool,
    /// Tells again whenever a file has changed, until it is interrupted.
    #[arg(long)]
    watch: bool,
    /// Reads standard input as if it were this file, which an editor has not saved yet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "fix", "diff", "watch"])]
    stdin_filename: Option<PathBuf>,
}

/// How problems are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with excerpts.
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

/// What becomes an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings too.
    Warnings,
}

/// Everything that was looked at.
struct Looked {
    catalog: Catalog,
    targets: Vec<Target>,
}

/// Lints and reports.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    loop {
        // Taken before the files are read: what changes meanwhile is another reason to look again.
        let seen = arguments.watch.then(|| times(arguments, common));
        let looked = match look(arguments, common, &[]) {
            Ok(looked) => looked,
            Err(why) => return usage(&why, common),
        };
        let code = match arguments.fix || arguments.diff {
            true => fixed(arguments, common, looked),
            false => report(arguments, common, looked),
        };
        let Some(seen) = seen else { return code };
        while times(arguments, common) == seen {
            std::thread::sleep(WATCH_EVERY);
        }
    }
}

/// The problems of everything, a line for each and without excerpts.
///
/// # Errors
/// What was named and does not exist.
pub fn told(common: &Common) -> Result<String, String> {
    let (places, catalog) = open(common)?;
    let all = targets(&[], &places)?;
    let Looked { catalog, .. } = look_at(all, &places, catalog, false, cores::all());
    let line = |problem: &diag::Diagnostic| {
        let place = catalog.sources.origin(problem.span());
        format!("{place}: {}[{}]: {}\n", problem.level.word(), problem.code, problem.title)
    };
    let lines: String = catalog.problems.iter().map(line).collect();
    Ok(format!("{lines}{}\n", counted(&catalog.problems)))
}

/// The problems of everything that was asked for; some files may have other texts than on the disk.
fn look(arguments: &Arguments, common: &Common, texts: &[Edited]) -> Result<Looked, String> {
    let (places, mut catalog) = open(common)?;
    texts.iter().for_each(|edited| catalog.unsaved(edited.path.clone(), edited.after.clone().into_bytes()));
    let targets = match &arguments.stdin_filename {
        Some(path) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input cannot be read: {error}"))?;
            catalog.unsaved(path.clone(), bytes);
            targets_at(path)
        }
        None => targets(&arguments.paths, &places)?,
    };
    Ok(look_at(targets, &places, catalog, arguments.stdin_filename.is_some(), cores::all()))
}

/// The same for targets that are known; `unsaved` if engine.yaml may be another one than the disk's.
fn look_at(targets: Vec<Target>, places: &Places, mut catalog: Catalog, unsaved: bool, cores: usize) -> Looked {
    let (levels, problems) = crate::lint::levels(catalog.conf.lint.as_ref());
    catalog.problems.extend(problems);
    let look_apart =
        |group: &Vec<&Target>| catalog.apart(|part| group.iter().for_each(|target| look_into(target, places, &levels, unsaved, part)));
    let groups = groups(&targets, places);
    // A few files are read before a thread has begun.
    let parts = cores::on_cores(if groups.len() <= 2 { 1 } else { cores }, &groups, look_apart);
    parts.into_iter().for_each(|part| catalog.join(part));
    diag::sort(&mut catalog.problems);
    Looked { catalog, targets }
}

fn look_into(target: &Target, places: &Places, levels: &Levels, unsaved: bool, catalog: &mut Catalog) {
    match target {
        Target::Spec(file) => drop(catalog.linted(file, levels, &|spec| recorded(file, spec))),
        Target::Fragment(fragment) => catalog.fragment(fragment),
        Target::Conf(conf) => lint_conf(conf, places, levels, catalog),
        Target::Tests(path) => crate::trial::lint::lint(path, catalog),
        Target::Engine(path) if places.config.as_ref() == Some(path) && !unsaved => {}
        Target::Engine(path) => lint_engine(path, catalog),
    }
}

fn report(arguments: &Arguments, common: &Common, looked: Looked) -> u8 {
    let problems = &looked.catalog.problems;
    let sources = &for_excerpts(problems, &looked.catalog.sources);
    let n_files = looked.targets.len();
    let errors = problems.iter().filter(|p| p.level == Level::Error).count();
    match arguments.format {
        Format::Human => {
            print!("{}", summary::human(problems, sources, Style::stdout(common.color).color, arguments.limit));
            let files = if n_files == 1 { "1 file".to_owned() } else { format!("{n_files} files") };
            println!("{files} checked: {}", counted(problems));
        }
        Format::Json => {
            let json = serde_json::json!({"files": n_files, "errors": errors, "problems": render::json(problems, sources)});
            println!("{json:#}");
        }
        Format::Sarif => println!("{:#}", sarif::sarif(problems, sources)),
    }
    let denied = arguments.deny == Some(Deny::Warnings) && problems.iter().any(|p| p.level == Level::Warning);
    if errors > 0 || denied { FAILED } else { CLEAN }
}

/// Makes or shows edits. One may make room for another, so they are made in rounds, in memory.
fn fixed(arguments: &Arguments, common: &Common, mut looked: Looked) -> u8 {
    let which = if arguments.guesses { fix::Which::Guesses } else { fix::Which::Safe };
    let targets: Vec<PathBuf> = looked.targets.iter().map(|target| target.path().to_path_buf()).collect();
    let mut texts: Vec<Edited> = Vec::new();
    for _ in 0..lint_fix::ROUNDS {
        if !lint_fix::edit(&looked.catalog, &targets, which, &mut texts) {
            break;
        }
        looked = match look(arguments, common, &texts) {
            Ok(looked) => looked,
            Err(why) => return usage(&why, common),
        };
    }
    if arguments.diff {
        print!("{}", texts.iter().map(Edited::diff).collect::<String>());
        return CLEAN;
    }
    if let Some(why) = texts.iter().find_map(|edited| edited.write().err()) {
        return usage(&why, common);
    }
    let n_edits: usize = texts.iter().map(|edited| edited.n_edits).sum();
    if arguments.format == Format::Human {
        eprintln!("{n_edits} {} made", if n_edits == 1 { "edit" } else { "edits" });
    }
    report(arguments, common, looked)
}

/// How often files are looked at with `--watch`.
const WATCH_EVERY: Duration = Duration::from_millis(300);

/// The files that are looked at, with the times when they were changed.
type Times = BTreeMap<PathBuf, Option<SystemTime>>;

fn times(arguments: &Arguments, common: &Common) -> Times {
    let Ok((places, _)) = open(common) else { return Times::new() };
    let files = targets(&arguments.paths, &places).unwrap_or_default();
    let paths = files.iter().map(|target| target.path().to_path_buf()).chain(places.config);
    paths.map(|path| (path.clone(), std::fs::metadata(&path).and_then(|facts| facts.modified()).ok())).collect()
}

fn lint_engine(path: &Path, catalog: &mut Catalog) {
    if let Some((_, loaded)) = catalog.load(path, crate::base::limits::SPEC_BYTES) {
        let (conf, problems) = crate::conf::engine::read(loaded, &[], &mut catalog.sources);
        let (_, of_levels) = crate::lint::levels(conf.lint.as_ref());
        catalog.problems.extend(problems.into_iter().chain(of_levels));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of everything, read on so many cores.
    fn told(root: &Path, cores: usize) -> String {
        let places = Places { spec_dirs: vec![root.join("specs")], conf_dir: root.join("conf.d"), config: None };
        let all = targets(&[], &places).unwrap();
        let Looked { catalog, .. } = look_at(all, &places, Catalog::open(None, None), false, cores);
        format!("{:#}", render::json(&catalog.problems, &catalog.sources))
    }

    /// Specs with slips of their own, in a fragment that some of them use, in tests and in instances.
    fn broken() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("specs/fragments/a.yaml", "use: [fragments/b.yaml]\nmetrics:\n  - {name: a, valeu: 1}\n");
        write("specs/fragments/b.yaml", "metrics:\n  - {name: b, value: row.x +}\n");
        for n in 0..24 {
            let own = match n % 4 {
                0 => "use: [fragments/a.yaml]\n",
                1 => "metrics:\n  - {name: demo.a, vlaue: 1}\n",
                _ => "topology: {instance: {type: demo, url: \"{{ instance.url }}\"}, snapshot: true}\n",
            };
            let config = "config: {instance: {url: {type: url, default: \"http://h/\", description: d}}}\n";
            write(&format!("specs/demo{n}.yaml"), &format!("name: demo{n}\nversion: 1.0.0\n{config}{own}"));
            write(&format!("specs/demo{n}/tests/one.yaml"), "instance: {}\nexpcet: {}\n");
            write(&format!("conf.d/demo{n}.yaml"), "instances:\n  - {url: \"http://one/\"}\n  - {ulr: x}\n");
        }
        write("conf.d/demoo.yaml", "instances: [{}]\n");
        folder
    }

    #[test]
    fn what_is_told_does_not_depend_on_the_number_of_threads() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(told(own, 4), told(own, 1));
        let broken = broken();
        let alone = told(broken.path(), 1);
        for cores in [2, 4, 4, 7] {
            assert_eq!(told(broken.path(), cores), alone);
        }
    }

    #[test]
    fn what_several_specs_have_in_common_is_told_once() {
        let broken = broken();
        let told = told(broken.path(), 4);
        let n = |words: &str| told.matches(words).count();
        assert_eq!([n("unknown key `valeu`"), n("row.x +"), n("\"no-spec\"")], [1, 1, 1]);
        assert_eq!(n("\"same-topology\""), 11, "the instances of twelve specs, without the first");
    }
}
