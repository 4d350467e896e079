//! All files as one set: what a start begins with, and what a reload swaps in.
//!
//! A reload changes everything or nothing of a spec: one whose file, fragments or instances have an
//! error keeps the checks that it has. A broken engine.yaml changes nothing at all.

use super::board::{FileProblem, Hidden};
use crate::base::diag::{self, Diagnostic, Level};
use crate::base::span::Sources;
use crate::base::value::{Text, Value};
use crate::catalog::files::{ConfFile, all_confs, find_spec, specs_in};
use crate::catalog::{Catalog, Places};
use crate::conf::engine::EngineConf;
use crate::plan::Check;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Everything that was read.
pub struct Loaded {
    /// Where it was read.
    pub places: Places,
    /// The settings.
    pub conf: EngineConf,
    /// `engine` in expressions.
    pub engine: Value,
    /// The checks that can run. Each has its last place already: moving a hundred thousand later would
    /// leave a hole as large as all of them.
    pub checks: Vec<Arc<Check>>,
    /// Specs of which something has an error.
    pub broken: BTreeSet<Text>,
    /// True if engine.yaml itself has an error.
    pub broken_settings: bool,
    /// Why its settings cannot be in force, where they are right by themselves.
    pub refused: Option<String>,
    /// All problems.
    pub problems: Vec<Diagnostic>,
    /// All texts, for the problems.
    pub sources: Sources,
    /// Specs that others hide.
    pub hidden: Vec<Hidden>,
}

impl FileProblem {
    /// Something about engine.yaml as a whole.
    pub fn of_settings(places: &Places, why: &str) -> FileProblem {
        let place = places.config.as_ref().map_or_else(|| "engine.yaml".to_owned(), |path| path.display().to_string());
        FileProblem { place, level: Level::Error.word(), title: why.to_owned(), help: None }
    }
}

/// Reads all instances with their specs. `no_spec` words the problem of a file without one.
pub fn load(places: &Places, mut catalog: Catalog, no_spec: fn(&ConfFile, &Places, &mut Sources) -> Diagnostic) -> Loaded {
    let broken_settings = catalog.has_errors();
    let confs = all_confs(&places.conf_dir);
    let (mut checks, mut broken) = (Vec::new(), BTreeSet::new());
    let mut names: Vec<&str> = confs.iter().map(|conf| conf.name.as_str()).collect();
    names.dedup();
    for name in names {
        let of_name: Vec<_> = confs.iter().filter(|conf| conf.name == name).cloned().collect();
        let before = catalog.problems.len();
        match find_spec(&places.spec_dirs, name) {
            None => {
                let problems: Vec<_> = of_name.iter().map(|conf| no_spec(conf, places, &mut catalog.sources)).collect();
                catalog.problems.extend(problems);
            }
            Some(spec) => {
                if let Some(plan) = catalog.plan(&spec) {
                    checks.extend(catalog.checks(&plan, &of_name).checks.into_iter().map(Arc::new));
                }
            }
        }
        if catalog.problems.iter().skip(before).any(|problem| problem.level == Level::Error) {
            broken.insert(Text::from(name));
        }
    }
    catalog.close();
    diag::sort(&mut catalog.problems);
    let Catalog { sources, problems, engine, conf, .. } = catalog;
    let (places, hidden) = (places.clone(), hidden(&places.spec_dirs));
    Loaded { places, conf, engine, checks, broken, broken_settings, refused: None, problems, sources, hidden }
}

impl Loaded {
    /// The problems as the board shows them.
    pub fn file_problems(&self) -> Vec<FileProblem> {
        let told = |problem: &Diagnostic| FileProblem {
            place: self.sources.origin(problem.span()),
            level: problem.level.word(),
            title: problem.title.clone(),
            help: problem.help.clone(),
        };
        let refused = self.refused.iter().map(|why| FileProblem::of_settings(&self.places, why));
        refused.chain(self.problems.iter().map(told)).collect()
    }

    /// The name of this host.
    pub fn hostname(&self) -> Text {
        self.engine.member("hostname").as_text().unwrap_or_default().into()
    }
}

/// Specs that a folder before theirs has, too.
fn hidden(folders: &[PathBuf]) -> Vec<Hidden> {
    let mut used: Vec<(String, PathBuf)> = Vec::new();
    let mut out = Vec::new();
    for spec in folders.iter().flat_map(|folder| specs_in(folder)) {
        match used.iter().find(|(name, _)| *name == spec.name) {
            Some((name, path)) if *path != spec.path => {
                let shown = |path: &Path| path.display().to_string();
                out.push(Hidden { name: name.clone(), used: shown(path), hidden: shown(&spec.path) });
            }
            Some(_) => {}
            None => used.push((spec.name, spec.path)),
        }
    }
    out
}

/// What all files look like from outside. Files are looked at, not watched: a look costs a
/// microsecond for each file, works on every file system and through links that are swapped, needs no
/// library, and meets no bound of the system's for watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    files: Vec<(PathBuf, u64, Option<SystemTime>, u64)>,
}

/// Levels of folders that are looked at: fragments lie some levels below the specs.
const DEEP: usize = 8;

impl Look {
    /// Looks at everything that a reload would read; also how long that took.
    pub fn at(places: &Places) -> (Self, Duration) {
        let begun = Instant::now();
        let mut look = Look::default();
        places.config.iter().for_each(|path| look.file(path.clone()));
        for folder in places.spec_dirs.iter().chain([&places.conf_dir]) {
            look.folder(folder, DEEP);
        }
        look.files.sort();
        (look, begun.elapsed())
    }

    fn folder(&mut self, folder: &Path, deep: usize) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && deep > 0 {
                self.folder(&path, deep - 1);
            } else if crate::catalog::files::is_yaml(&path) {
                self.file(path);
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        use std::os::unix::fs::MetadataExt;
        let facts = std::fs::metadata(&path).ok();
        let inode = facts.as_ref().map_or(0, |facts| facts.ino());
        self.files.push((path, facts.as_ref().map_or(0, |facts| facts.len()), facts.and_then(|facts| facts.modified().ok()), inode));
    }
}
