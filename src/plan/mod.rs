//! The compiled, immutable form of a spec, and its binding to one instance.
//!
//! A [`Plan`] is made once per spec and shared by all its checks; a [`Check`] adds the instance's
//! settings and the results that are the same in every run. After this no name of a spec is looked
//! up by text.

pub mod compile;
mod remember;
mod repeated;
pub mod want;

use crate::base::masks::Masks;
use crate::base::name::{NameId, Names};
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::conf::instance::Instance;
use crate::expr::code::Code;
use crate::expr::function::Cache;
use crate::expr::names;
use crate::map::Scratches;
use crate::observation::TagSet;
use crate::rows::{Let, RowsSpec};
use crate::source::auth::sessions::Sessions;
use crate::source::{Folders, Request};
use crate::spec::Spec;
use crate::state::folder::Owner;
use std::hash::{Hash, Hasher};
use std::iter::repeat_with;
use std::sync::{Arc, OnceLock};

/// A compiled spec.
#[derive(Debug)]
pub struct Plan {
    /// The spec with everything that was read.
    pub spec: Spec,
    /// The folders of its files, where relative paths start.
    pub folders: Folders,
    /// Its sources, in written order, with what they wait for.
    pub sources: Vec<SourcePlan>,
    /// The names of the run, with the sources they use.
    pub lets: Vec<LetPlan>,
    /// Its mappings, in the order of [`Spec::mappings`].
    pub mappings: Vec<MapPlan>,
    /// What is remembered of a run.
    pub remember: RememberPlan,
    /// All names.
    pub names: Arc<Names>,
    /// `spec` in expressions: its name and version.
    pub facts: Value,
    /// A fingerprint of its texts: the same for two plans of the same files.
    pub version: u64,
    /// Memory that its runs leave to each other; nothing of a run is in it.
    pub scratches: Scratches,
}

/// What a run knows of one source before it begins.
#[derive(Debug)]
pub struct SourcePlan {
    /// Loops, names and condition that stand before the request.
    pub before: RowsSpec,
    /// The row keys that need the answer.
    pub after: RowsSpec,
    /// Those of them that look at one row: between `rows` and `group`.
    pub per_record: RowsSpec,
    /// Those that look at all rows: from `group` on.
    pub over_all: RowsSpec,
    /// Chooses what counts as the rows of a page, where that is not what `rows` chooses.
    pub counted: Option<Code>,
    /// The names of all its loops and lets.
    pub locals: Vec<NameId>,
    /// Sources whose rows, documents or indexes it reads.
    pub needs: Vec<usize>,
    /// Sources that must be done before it begins.
    pub waits: Vec<usize>,
    /// Sources that its loops before the request and the request itself read.
    pub asks_with: Vec<usize>,
    /// Sources that its condition names.
    pub when_names: Vec<usize>,
    /// Names that its rows carry along.
    pub carries: Vec<NameId>,
    /// What the spec takes for lists in its answer: names, the outermost first.
    pub lists: Vec<Box<[Text]>>,
    /// What its answers are wanted for.
    pub wanted: want::Wanted,
}

/// One name of the run.
#[derive(Debug)]
pub struct LetPlan {
    /// The name and its value.
    pub local: Let,
    /// Sources that must be done before it is computed.
    pub waits: Vec<usize>,
}

/// What a run knows of one mapping before it begins.
#[derive(Debug)]
pub struct MapPlan {
    /// Whose rows it is for.
    pub from: Vec<InputPlan>,
    /// Sources whose rows, documents or indexes it reads, those of `from` included.
    pub needs: Vec<usize>,
    /// What the memory of its `once` is found by.
    pub place: Text,
    /// Whose rows it is for, in words: what the memory of its `on_change` is found by.
    pub about: Text,
    /// Where it compares with earlier runs: its row keys without `when`, since what it compares is
    /// remembered of rows that are not sent, too. None where keys behind `when` count rows.
    pub watching: Option<RowsSpec>,
}

/// What is remembered of a run.
#[derive(Debug, Default)]
pub struct RememberPlan {
    /// For each name of `state`, the sources that its next value reads.
    pub state: Vec<Vec<usize>>,
    /// What `previous` keeps.
    pub previous: Vec<PreviousPlan>,
}

/// One thing that `previous` keeps.
#[derive(Debug)]
pub struct PreviousPlan {
    /// The source or the name of the run.
    pub name: NameId,
    /// The keys behind `previous`, the name first.
    pub keys: Box<[Text]>,
    /// Sources that must have worked for it to move.
    pub needs: Vec<usize>,
    /// Where it is mentioned.
    pub span: Span,
}

/// One source whose rows come in.
#[derive(Clone, Copy, Debug)]
pub struct InputPlan {
    /// Its place.
    pub at: usize,
    /// True for a row for each of its requests, which are there whatever became of them.
    pub requests: bool,
}

impl Plan {
    /// True if the spec says that something is to be remembered between runs. Readings of rates
    /// do not count: one point is lost with them, and nothing is sent twice.
    pub fn remembers(&self) -> bool {
        let spec = &self.spec;
        let once = spec.sources.iter().any(|source| source.rows.once.is_some());
        let mapped = spec.mappings.iter().any(|placed| placed.mapped.rows.once.is_some() || placed.mapped.mapping.watches());
        once || mapped || !spec.state.is_empty() || !spec.previous.is_empty()
    }

    /// True if some place of the spec reads that name.
    pub fn reads(&self, name: NameId) -> bool {
        self.spec.uses.iter().any(|used| used.name == name)
    }

    /// The place of a source.
    pub fn source_index(&self, name: NameId) -> Option<usize> {
        self.spec.sources.iter().position(|source| source.name == name)
    }
}

/// One spec bound to one instance: the unit that is scheduled.
#[derive(Debug)]
pub struct Check {
    /// The compiled spec.
    pub plan: Arc<Plan>,
    /// The instance.
    pub instance: Instance,
    /// Stable over restarts: of spec, name, or else of the settings that make it what it is.
    pub id: u64,
    /// The tags of engine and instance.
    pub tags: TagSet,
    /// What is the same in every run; there is room for it once it runs.
    steady: OnceLock<Box<Steady>>,
    /// Patterns and paths compiled on first use.
    pub cache: Arc<Cache>,
    /// The tokens of its logins; in memory only.
    pub sessions: Sessions,
    /// What must not show of its instance; made when it is first asked for.
    masks: OnceLock<Masks>,
}

/// What is the same in every run of a check, each made when it is first needed.
#[derive(Debug)]
struct Steady {
    tags: Box<[OnceLock<TagSet>]>,
    requests: Box<[OnceLock<Arc<[Request]>>]>,
}

impl Check {
    /// Binds a plan to an instance.
    pub fn bind(plan: Arc<Plan>, mut instance: Instance, engine_tags: &[Text]) -> Check {
        let mut tags = std::mem::take(&mut instance.tags);
        tags.extend(engine_tags.iter().cloned());
        let id = identity(&plan.spec.name, &instance);
        Check {
            id,
            tags: TagSet::new(tags),
            steady: OnceLock::new(),
            cache: Arc::new(Cache::default()),
            sessions: Sessions::default(),
            masks: OnceLock::new(),
            plan,
            instance,
        }
    }

    fn steady(&self) -> &Steady {
        let (n_sites, n_sources) = (self.plan.spec.n_sites, self.plan.spec.sources.len());
        let places = || Steady {
            tags: repeat_with(OnceLock::new).take(n_sites).collect(),
            requests: repeat_with(OnceLock::new).take(n_sources).collect(),
        };
        self.steady.get_or_init(|| Box::new(places()))
    }

    /// The places of tag sets that are the same in every run, by the numbers of their sites.
    pub fn tag_cache(&self) -> &[OnceLock<TagSet>] {
        &self.steady().tags
    }

    /// The place of the requests of a source that are the same in every run.
    pub fn requests(&self, source: usize) -> Option<&OnceLock<Arc<[Request]>>> {
        self.steady().requests.get(source)
    }

    /// Whose memory it has: stable over restarts and over other instances that come and go.
    pub fn owner(&self) -> Owner {
        let spec = &self.plan.spec.name;
        let name = self.instance.name.as_ref().map_or_else(|| spec.clone(), |name| format!("{spec}-{name}").into());
        Owner { name, id: self.id }
    }

    /// Finds the secrets of its instance in texts.
    pub fn masks(&self) -> &Masks {
        self.masks.get_or_init(|| Masks::new(self.instance.secrets().iter().map(String::as_str)))
    }

    /// How many samples one run may report.
    pub fn max_samples(&self) -> usize {
        self.instance.max_samples as usize
    }

    /// The name in outputs: the spec and the number of the instance, or its name.
    pub fn label(&self) -> String {
        match &self.instance.name {
            Some(name) => format!("{}[{name}]", self.plan.spec.name),
            None => format!("{}[{}]", self.plan.spec.name, self.instance.number),
        }
    }
}

/// Tags, interval, time limits and secrets may change without making it another check.
fn identity(spec: &str, instance: &Instance) -> u64 {
    let mut hasher = Fnv::default();
    spec.hash(&mut hasher);
    match &instance.name {
        Some(name) => name.hash(&mut hasher),
        None => {
            let left_out = ["tags", "min_collection_interval", "run_timeout", "timeout", "connect_timeout"];
            for value in [&instance.init_config, &instance.config] {
                for (key, value) in value.as_map().iter().flat_map(|map| map.iter()) {
                    if !left_out.contains(&&**key) && !matches!(value, Value::Secret(_)) {
                        key.hash(&mut hasher);
                        crate::base::print::to_json(value).to_string().hash(&mut hasher);
                    }
                }
            }
        }
    }
    hasher.finish()
}

/// FNV-1a with 64 bits (offset basis and prime from the algorithm's page): stable over versions of
/// the standard library, whose own hasher is not.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

/// True if a member of a source's result is a part of its rows, document or index.
pub fn is_need(member: Option<&str>) -> bool {
    matches!(member, None | Some("rows" | "doc" | "body" | "by" | "count" | "pages"))
}

/// True for places that need nothing of an answer.
pub fn before_answer(code: &Code, own: NameId, later: &[NameId]) -> bool {
    let of_answer = [names::ROW, names::KEY, names::FILE, names::PARENT, names::DEPTH, own];
    !code.uses.iter().any(|used| of_answer.contains(&used.name) || later.contains(&used.name))
}
