//! Disk meets front end: reads specs and conf.d, and returns checks with all diagnostics.
//!
//! A broken spec or instance is a problem in the list; the others are there all the same.

pub mod files;
pub mod secrets;

use crate::base::diag::{Diagnostic, has_errors};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::span::{FileId, Sources, Span};
use crate::base::value::{Text, Value};
use crate::conf::engine::EngineConf;
use crate::conf::instance::{self, Instances};
use crate::expr::frame::Frame;
use crate::expr::names;
use crate::plan::compile::compile;
use crate::plan::{Check, Plan};
use crate::yaml::load::{Loaded, load};
use files::{ConfFile, SpecFile};
use secrets::Outside;
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
        if let Some(path) = config
            && let Some((_, loaded)) = catalog.load(path, limits::SPEC_BYTES)
        {
            let (conf, problems) = crate::conf::engine::read(loaded, &catalog.sources);
            catalog.conf = conf;
            catalog.problems.extend(problems);
        }
        let configured = catalog.conf.hostname.as_deref().map(str::to_owned);
        let hostname = hostname.or(configured).unwrap_or_else(files::system_hostname);
        let entries =
            [("hostname", Value::text(hostname)), ("version", Value::from(env!("CARGO_PKG_VERSION"))), ("vars", catalog.conf.vars())];
        catalog.engine = Value::map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>());
        catalog
    }

    /// Reads a file into the session; a problem where that fails.
    fn load(&mut self, path: &Path, most: u64) -> Option<(FileId, Loaded)> {
        match files::read_text(path, most) {
            Ok(text) => {
                let file = self.sources.add(&path.to_string_lossy(), text);
                let loaded = load(&self.sources, file);
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

    /// Reads and compiles one spec; `None` if it has errors, which are in the list then.
    pub fn plan(&mut self, spec: &SpecFile) -> Option<Arc<Plan>> {
        let (file, loaded) = self.load(&spec.path, limits::SPEC_BYTES)?;
        let (read, mut problems) = crate::spec::read::read(loaded, file, &spec.name, &self.sources);
        let folder = std::path::absolute(&spec.path).ok().and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
        let compiled = read.map(|read| compile(read, folder));
        let plan = match compiled {
            Some(Ok(plan)) => Some(Arc::new(plan)),
            Some(Err(more)) => {
                problems.extend(more);
                None
            }
            None => None,
        };
        self.problems.extend(problems);
        plan
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
            let instances = self.instances(plan, loaded, &folder);
            self.bind(plan, instances, &mut out);
        }
        number(&mut out.checks);
        out
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
        let tags = &self.conf.tags;
        out.checks.extend(instances.instances.into_iter().map(|instance| Check::bind(plan.clone(), instance, tags)));
    }

    /// True if something that was read has errors.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.problems)
    }
}

/// Instances of several files of one spec are numbered through.
fn number(checks: &mut [Check]) {
    for (number, check) in checks.iter_mut().enumerate() {
        check.instance.number = number;
    }
}
