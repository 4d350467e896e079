//! The language as a whole: one spec, read from its file and resolved.
//!
//! [`share::assemble`] puts the trees of its files together, [`read::read`] turns the whole into a [`Spec`]; every template, path and expression is
//! parsed on the way. [`resolve::resolve`] then checks every name against the scope it stands in.
//! Both report all problems at once and never fail.

pub mod config;
pub mod defaults;
pub mod docs;
pub mod mappings;
pub mod merge;
mod misplaced;
pub mod print;
pub mod read;
pub mod resolve;
pub mod share;
pub mod source;
pub mod standard;
pub mod state;

use crate::base::name::{NameId, Names};
use crate::base::span::{FileId, Span};
use crate::base::value::{Text, Value};
use crate::expr::data::DataTemplate;
use crate::map::Mapped;
use crate::map::health::Stream;
use crate::rows::Let;
use crate::yaml::read::Use;
use config::Config;
use mappings::TopologyKey;
use source::SourceSpec;
use state::{Mention, StateSpec};

/// How an integration is monitored, as its file declares it.
#[derive(Debug)]
pub struct Spec {
    /// The name: that of the file and of the conf.d file.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// A short title.
    pub title: Option<Text>,
    /// What it monitors.
    pub description: Option<Text>,
    /// Its file.
    pub file: FileId,
    /// What `init_config` and an instance may say.
    pub config: Config,
    /// The sources in written order.
    pub sources: Vec<SourceSpec>,
    /// Constant look-up tables.
    pub tables: Value,
    /// Names computed once per run.
    pub lets: Vec<Let>,
    /// Names that are remembered between runs.
    pub state: Vec<StateSpec>,
    /// What the spec mentions of `previous`, as keys behind it.
    pub previous: Vec<Mention>,
    /// True if the number of the run is used, which is then remembered, too.
    pub counts_runs: bool,
    /// Everything that makes observations, service checks before events.
    pub mappings: Vec<Placed>,
    /// The topology key, if the spec makes topology.
    pub topology: Option<TopologyKey>,
    /// The health stream, if the spec makes health states.
    pub health_stream: Option<Stream>,
    /// Facts about the instance.
    pub metadata: Vec<(Text, DataTemplate)>,
    /// All names, whose ids are slots.
    pub names: Names,
    /// Every use of a name anywhere in it, each name and member once.
    pub uses: Vec<Use>,
    /// How many places keep a result per check.
    pub n_sites: usize,
}

/// A mapping with the family it belongs to.
#[derive(Debug)]
pub struct Placed {
    /// Its family.
    pub family: Family,
    /// The mapping.
    pub mapped: Mapped,
}

crate::words! {
    /// The families of mappings, by their top-level keys.
    pub enum Family {
        /// Numbers.
        Metrics = "metrics",
        /// Named statuses.
        ServiceChecks = "service_checks",
        /// Things that happened once.
        Events = "events",
        /// Log lines.
        Logs = "logs",
        /// Components of the topology.
        Components = "components",
        /// Relations of the topology.
        Relations = "relations",
        /// Components that are gone.
        Deletes = "deletes",
        /// Health states.
        Health = "states",
    }
}

impl Family {
    /// True for what a snapshot consists of.
    pub fn feeds_snapshot(self) -> bool {
        matches!(self, Family::Components | Family::Relations)
    }
}

/// A source name with its place.
pub type SourceUse = (NameId, Span);
