//! A declarative check engine: operations teams describe a check in YAML, and one interpreter runs
//! it for every instance on a shared schedule.
//!
//! # The way of the data
//!
//! One type per hop, one verb per hop, one folder per hop.
//!
//! | from → to | verb | folder |
//! |---|---|---|
//! | text → [`Node`](yaml::node::Node), a tree with spans | `load` | [`yaml`] |
//! | `Node` → [`Spec`](spec::Spec), typed, every name checked | `read`, `resolve` | [`spec`] |
//! | `Node` → [`Instance`](conf::instance::Instance), typed by its spec | `read` | [`conf`] |
//! | `Spec` → [`Plan`](plan::Plan), immutable, names are slots | `compile` | [`mod@plan`] |
//! | `Plan` + `Instance` → [`Check`](plan::Check), what is scheduled | `bind` | [`mod@plan`] |
//! | `Check` → [`Request`](source::Request) → [`Answer`](net::Answer) | `requests`, `exchange` | [`source`], [`net`] |
//! | `Answer` → document → [`Row`](rows::Row)s | `decode`, `run` | [`decode`], [`rows`] |
//! | `Row` → [`Observations`](observation::Observations) | `emit` | [`map`] |
//! | samples of one run → [`Point`](fold::Point)s | `fold` | [`mod@fold`] |
//! | all of one run → [`Outcome`](run::Outcome) | `run` | [`run`] |
//! | all of it, as bytes and back → [`Report`](report::Report) | `encode`, `decode` | [`report`] |
//! | `Report`s → [`Batch`](sink::batch::Batch)es → delivered | `batches`, `deliver` | [`sink`] |
//! | what it leaves → [`Memory`](state::Memory) | `apply`, `save` | [`mod@state`] |
//!
//! Start at [`run::run`] to see one check from its sources to its outcome, at [`spec::read::read`]
//! to see how a spec is read, and at [`agent::dispatcher`] to see how runs are scheduled.
//!
//! # What is absent on purpose
//!
//! * Loading and reading never fail: they return what they could, and problems with places.
//! * Nothing after `resolve` looks a name of a spec up by text; a name is a slot in a frame.
//! * Nothing changes a plan. Memory between runs belongs to the check and moves only with an
//!   outcome.
//! * No I/O, clock or environment outside [`net`], [`disk`], [`source`], [`spool`], [`run`],
//!   [`mod@state`], [`sink`], [`catalog`], [`trial`], [`agent`] and [`cli`].
//! * A [`Secret`](base::secret::Secret) becomes text only where a request is rendered.
//!
//! The modules stand in layers, lowest first; each uses only those above it in this list.

pub mod base;
#[macro_use]
pub mod yaml;
pub mod disk;
pub mod net;

pub mod decode;

pub mod expr;

pub mod observation;
pub mod rows;

pub mod fold;
pub mod map;
pub mod source;
pub mod spool;

// What is remembered is made of what `rows` and `fold` leave.
pub mod state;

pub mod spec;

pub mod report;

pub mod sink;

// A file of conf.d is read against the types that its spec declares.
pub mod conf;

pub mod lint;
pub mod plan;

pub mod catalog;
pub mod manual;
pub mod run;

pub mod agent;
pub mod trial;

pub mod propose;
pub mod status;

pub mod cli;
