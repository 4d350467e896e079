//! Disk meets front end: reads specs and conf.d, and returns checks with all diagnostics.
//!
//! A broken spec or instance is a problem in the list; the others are there all the same.

pub mod files;
pub mod fragments;
mod parts;
mod permissions;
pub mod secrets;
pub mod twins;

use crate::base::diag::{Diagnostic, has_errors};
use crate::base::fingerprint::fingerprint;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::span::{FileId, Sources, Span};
use crate::base::value::{Text, Value};
use crate::conf::engine::EngineConf;
use crate::conf::instance::{self, Instances};
use crate::expr::frame::Frame;
use crate::expr::names;
use crate::lint::beside::{Beside, Recorded};
use crate::lint::{Conf, Levels};
use crate::plan::compile::compile;
use crate::plan::{Check, Plan};
use crate::source::Folders;
use crate::spec::Spec;
use crate::spec::share::{Whole, assemble};
use crate::yaml::load::{Loaded, load};
use crate::yaml::node::Node;
use files::{ConfFile, FragmentFile, SpecFile};
use secrets::Outside;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where specs, instances and settings are.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Folders of specs; the first that has a spec wins.
    pub spec_dirs: Vec<PathBuf>,
    /// The folder of the instances.
    pub conf_dir: PathBuf,
    /// engine.yaml, if there is one.
    pub config: Option<PathBuf>,
}

/// What the tests of a spec have recorded; they are known above this layer.
pub type Recall<'r> = dyn Fn(&Spec) -> Recorded + 'r;

/// Everything that was found and read in one session.
#[derive(Debug, Default)]
pub struct Catalog {
    /// All texts, for places.
    pub sources: Sources,
    /// All problems.
    pub problems: Vec<Diagnostic>,
    /// `engine` in expressions.
    pub engine: Value,
    /// The settings of the engine.
    pub conf: EngineConf,
    /// Files as an editor has them.
    unsaved: Arc<HashMap<PathBuf, Vec<u8>>>,
    /// The specs that were read, by their paths; nothing for those with errors.
    plans: HashMap<PathBuf, Option<Arc<Plan>>>,
    /// What the instances are known by.
    known: twins::Known,
}

/// The checks of one spec.
#[derive(Debug, Default)]
pub struct Checks {
    /// Those that can run.
    pub checks: Vec<Check>,
    /// Instances that are switched off.
    pub disabled: usize,
    /// Instances with errors.
    pub broken: usize,
}

impl Catalog {
    /// A catalog with the settings of engine.yaml, which may be absent.
    pub fn open(config: Option<&Path>, hostname: Option<String>) -> Catalog {
        let mut catalog = Catalog::default();
        let loaded = config.and_then(|path| catalog.load(path, limits::SPEC_BYTES)).map(|(_, loaded)| loaded);
        if let (Some(loaded), Some(path)) = (&loaded, config) {
            permissions::of_handles(&loaded.root, path.parent().unwrap_or(Path::new("")), &mut catalog.problems);
        }
        let loaded = loaded.unwrap_or_else(|| {
            let nothing = catalog.sources.add("", "");
            load(&catalog.sources, nothing)
        });
        // A variable that is no text sets nothing.
        let environment: Vec<_> =
            std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok())).collect();
        let (conf, problems) = crate::conf::engine::read(loaded, &environment, &mut catalog.sources);
        catalog.conf = conf;
        catalog.problems.extend(problems);
        let configured = catalog.conf.hostname.as_deref().map(str::to_owned);
        let hostname = hostname.or(configured).unwrap_or_else(files::system_hostname);
        let entries =
            [("hostname", Value::text(hostname)), ("version", Value::from(env!("CARGO_PKG_VERSION"))), ("vars", catalog.conf.vars())];
        catalog.engine = Value::map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>());
        catalog
    }

    /// What an editor has not saved yet stands for the file.
    pub fn unsaved(&mut self, path: PathBuf, bytes: Vec<u8>) {
        Arc::make_mut(&mut self.unsaved).insert(path, bytes);
    }

    /// Reads a file into the session; a problem where that fails.
    pub fn load(&mut self, path: &Path, most: u64) -> Option<(FileId, Loaded)> {
        let unsaved = self.unsaved.get(path).cloned();
        match unsaved.map_or_else(|| files::read_text(path, most), |bytes| files::as_text(bytes, most)) {
            Ok(text) => {
                // A fragment that was read through a spec is the same file when it is read alone.
                let shown = path.to_string_lossy();
                let file = self.sources.known(&shown, &text).unwrap_or_else(|| self.sources.add(&shown, text));
                let loaded = load(&self.sources, file);
                self.permissions(path, file);
                Some((file, loaded))
            }
            Err(why) => {
                let file = self.sources.add(&path.to_string_lossy(), "");
                let problem = Diagnostic::error("unreadable-file", format!("{}: {why}", path.display()), Span::new(file, 0, 0));
                self.problems.push(problem.help("check the path and its permissions"));
                None
            }
        }
    }

    /// Tells once who else may write a file, or the folder that it lies in.
    fn permissions(&mut self, path: &Path, file: FileId) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for place in [path, folder] {
            if let Some(problem) = permissions::of_path(place, Span::new(file, 0, 0)) {
                self.add_once(problem);
            }
        }
    }

    /// Reads and compiles one spec with its fragments, once in a session; `None` if it has errors, which
    /// are in the list then.
    pub fn plan(&mut self, spec: &SpecFile) -> Option<Arc<Plan>> {
        match self.plans.get(&spec.path) {
            Some(plan) => plan.clone(),
            None => self.read(spec, None),
        }
    }

    /// The same, and what the rules of lint say of it.
    pub fn linted(&mut self, spec: &SpecFile, levels: &Levels, recorded: &Recall<'_>) -> Option<Arc<Plan>> {
        self.read(spec, Some((levels, recorded)))
    }

    fn read(&mut self, spec: &SpecFile, lint: Option<(&Levels, &Recall<'_>)>) -> Option<Arc<Plan>> {
        let (file, whole) = self.whole(&spec.path, &spec.specs())?;
        let root = lint.map(|_| whole.loaded.root.clone());
        let folder = |path: &Path| std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
        let shown = |file: FileId| self.sources.get(file).map_or(Path::new(""), |source| Path::new(&*source.path));
        let fragments = whole.fragments.iter().map(|(file, _)| (*file, folder(shown(*file)))).collect();
        let folders = Folders { own: folder(&spec.path), fragments };
        let files = whole.fragments.iter().map(|(file, _)| *file).chain([file]);
        let texts: Vec<&str> = files.filter_map(|file| self.sources.get(file)).map(|source| &*source.text).collect();
        let version = fingerprint(&texts.join("\0"));
        let (read, mut problems) = crate::spec::read::read(whole, file, &spec.name, &self.sources);
        let complete = read.is_some();
        let only = self.is_only_file(spec, file);
        if let (Some(root), Some(read), Some((levels, recall))) = (&root, &read, lint) {
            let beside = Beside { recorded: recall(read), ..beside(spec) };
            problems.extend(crate::lint::spec(root, read, &self.sources, &beside, levels));
        }
        let plan = match read.map(|read| compile(read, folders)) {
            Some(Ok(plan)) => Some(Arc::new(Plan { version, ..plan })),
            Some(Err(more)) => {
                problems.extend(more);
                None
            }
            None => None,
        };
        if let Some((levels, _)) = lint {
            fragments_and(file, &problems).into_iter().for_each(|file_of| {
                crate::lint::allow::apply(file_of, &mut problems, &self.sources, levels, complete && file_of == file);
            });
        }
        self.add(problems, file);
        let plan = plan.filter(|_| only);
        self.plans.insert(spec.path.clone(), plan.clone());
        plan
    }

    /// Reports a spec with several files in its folder, once: which of them counts would be luck.
    fn is_only_file(&mut self, spec: &SpecFile, file: FileId) -> bool {
        let files = files::spec_files(&spec.specs(), &spec.name);
        if files.len() < 2 {
            return true;
        }
        let shown: Vec<_> = files.iter().map(|path| format!("`{}`", path.display())).collect();
        let problem = Diagnostic::error("two-spec-files", format!("two files for the spec `{}`", spec.name), Span::new(file, 0, 0));
        let problem = problem.label("this is one of them").text(format!("These are files of the same spec: {}.", shown.join(", ")));
        self.add_once(problem.help("keep one of them, and remove or rename the other"));
        false
    }

    /// Checks a fragment as far as that can be done without a spec that uses it.
    pub fn fragment(&mut self, fragment: &FragmentFile) {
        if let Some((file, whole)) = self.whole(&fragment.path, &fragment.specs) {
            let problems = crate::spec::read::check_fragment(whole, file, &self.sources);
            self.add(problems, file);
        }
    }

    /// The whole of a spec as one text, after `amend` has changed it; nothing where its files cannot be
    /// read.
    pub fn print(&mut self, spec: &SpecFile, amend: impl FnOnce(&mut Node)) -> Option<String> {
        let (_, mut whole) = self.whole(&spec.path, &spec.specs())?;
        amend(&mut whole.loaded.root);
        Some(crate::spec::print::print(&whole.loaded.root, &whole.standard, &self.sources))
    }

    /// A file with the fragments that it uses.
    fn whole(&mut self, path: &Path, specs: &Path) -> Option<(FileId, Whole)> {
        let (file, loaded) = self.load(path, limits::SPEC_BYTES)?;
        let mut store = fragments::Disk { specs };
        let whole = assemble(loaded, &mut self.sources, &mut store);
        Some((file, whole))
    }

    /// Takes problems in: one of a fragment is told once, however many specs it is found through.
    fn add(&mut self, problems: Vec<Diagnostic>, own: FileId) {
        let same = |a: &Diagnostic, b: &Diagnostic| (a.span(), a.code, &a.title) == (b.span(), b.code, &b.title);
        for problem in problems {
            if problem.span().file == own || !self.problems.iter().any(|known| same(known, &problem)) {
                self.problems.push(problem);
            }
        }
    }

    /// Takes in a problem of a file as a whole that other files may have as well; it is told once.
    fn add_once(&mut self, problem: Diagnostic) {
        if !self.problems.iter().any(|known| (known.code, &known.title, &known.text) == (problem.code, &problem.title, &problem.text)) {
            self.problems.push(problem);
        }
    }

    /// The checks of a spec's instances.
    pub fn checks(&mut self, plan: &Arc<Plan>, confs: &[ConfFile]) -> Checks {
        let mut out = Checks::default();
        for conf in confs {
            let Some((_, loaded)) = self.load(&conf.path, limits::CONF_BYTES) else {
                out.broken += 1;
                continue;
            };
            let folder = conf.path.parent().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.to_path_buf())).unwrap_or_default();
            permissions::of_handles(&loaded.root, &folder, &mut self.problems);
            let instances = self.instances(plan, loaded, &folder);
            self.bind(plan, instances, &mut out);
        }
        number(&mut out.checks);
        out
    }

    /// The same for one file, with what the rules of lint say of it.
    pub fn linted_checks(&mut self, plan: &Arc<Plan>, conf: &ConfFile, levels: &Levels) -> Checks {
        let from = self.problems.len();
        let checks = self.checks(plan, std::slice::from_ref(conf));
        let Some(file) = self.sources.find(&conf.path.to_string_lossy()) else { return checks };
        let loaded = load(&self.sources, file);
        let folder = conf.path.parent().map(Path::to_path_buf).unwrap_or_default();
        let beside = Beside { folder, has_tests: None, recorded: Recorded::new(), mode: files::mode };
        let mut own = self.problems.split_off(from);
        let subject = Conf { root: &loaded.root, spec: &plan.spec, sources: &self.sources, file, beside: &beside };
        own.extend(crate::lint::conf(&subject, levels));
        let complete = !has_errors(&own);
        crate::lint::allow::apply(file, &mut own, &self.sources, levels, complete);
        self.problems.append(&mut own);
        checks
    }

    /// The one check of a spec that needs no settings, where conf.d says nothing of it.
    pub fn default_check(&mut self, plan: &Arc<Plan>) -> Checks {
        let mut out = Checks::default();
        let file = self.sources.add("", "instances: [{}]\n");
        let loaded = load(&self.sources, file);
        let instances = self.instances(plan, loaded, Path::new(""));
        self.bind(plan, instances, &mut out);
        out
    }

    fn instances(&self, plan: &Arc<Plan>, loaded: Loaded, folder: &Path) -> Instances {
        let mut frame = Frame::new(plan.names.clone(), Default::default());
        frame.set(names::ENGINE, self.engine.clone());
        frame.set(names::TABLES, plan.spec.tables.clone());
        instance::read(loaded, &plan.spec, folder, &Outside, &mut frame)
    }

    fn bind(&mut self, plan: &Arc<Plan>, instances: Instances, out: &mut Checks) {
        self.problems.extend(instances.problems);
        out.disabled += instances.disabled;
        out.broken += instances.broken;
        out.checks.reserve_exact(instances.instances.len());
        for instance in instances.instances {
            let mut check = Check::bind(plan.clone(), instance, &self.conf.tags);
            match self.known.add(&mut check, &self.engine, &mut self.problems) {
                Ok(()) => out.checks.push(check),
                Err(problem) => {
                    self.problems.push(*problem);
                    out.broken += 1;
                }
            }
        }
    }

    /// Ends the reading: specs that are asked for now are read anew, and instances that come now are no
    /// longer compared with those before.
    pub fn close(&mut self) {
        self.plans = HashMap::new();
        self.known = twins::Known::default();
    }

    /// True if something that was read has errors.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.problems)
    }
}

/// The file and those of its fragments that have problems.
fn fragments_and(file: FileId, problems: &[Diagnostic]) -> Vec<FileId> {
    let mut files: Vec<FileId> = problems.iter().map(|problem| problem.span().file).chain([file]).collect();
    files.sort();
    files.dedup();
    files
}

/// What lies beside a spec.
fn beside(spec: &SpecFile) -> Beside {
    let folder = spec.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let own = spec.path.file_stem().is_some_and(|stem| stem == "spec");
    let tests = if own { folder.join("tests") } else { folder.join(&spec.name).join("tests") };
    Beside { folder, has_tests: Some(tests.is_dir()), recorded: Recorded::new(), mode: files::mode }
}

/// Instances of several files of one spec are numbered through.
fn number(checks: &mut [Check]) {
    for (number, check) in checks.iter_mut().enumerate() {
        check.instance.number = number;
    }
}
