//! Rows to observations: one file per kind of mapping.
//!
//! A mapping is read once, with the defaults of its spec merged in; [`Mapping::emit`] then runs for
//! every row, with the frame set. Left-out points are remarks of the frame, never errors of the
//! run, unless the spec says `required`.

mod about;
pub mod choice;
pub mod event;
pub mod families;
pub mod family_names;
pub mod flatten;
pub mod health;
pub mod label;
pub mod log;
pub mod metric;
pub mod metric_entry;
pub mod service_check;
pub mod topology;
pub mod watch;

use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Template};
use crate::expr::frame::Frame;
use crate::observation::{About, Cut, Observations, TagSet, TagWriter};
use crate::rows::RowsSpec;
use about::Abouts;
use family_names::FamilyNames;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use watch::Watch;

/// One way to make observations of a row.
pub trait Mapping: Send + Sync + Debug {
    /// Makes the observations of the row that the frame holds.
    fn emit(&self, cx: &mut MapCx<'_>, frame: &mut Frame);
    /// Compares what it watches, and makes nothing: the row is not to be sent.
    fn watch(&self, _: &mut MapCx<'_>, _: &mut Frame) {}
    /// True if it compares something with an earlier run.
    fn watches(&self) -> bool {
        false
    }
    /// Calls `take` for every computed place.
    fn codes<'m>(&'m self, take: &mut dyn FnMut(&'m Code));
    /// Calls `take` for every place that a test can cover: what makes an observation, and the branches
    /// of a choice between statuses or values.
    fn places(&self, take: &mut dyn FnMut(Span, Covered, String));
    /// What it reads of the row besides what its computed places read.
    fn row_reads(&self) -> RowReads {
        RowReads::Whole
    }
}

/// When a place counts as covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// An observation that it made is expected, or it was reached.
    Made,
    /// It was taken, and service checks or health states are expected.
    Judged,
    /// It was taken, and metrics or points are expected.
    Measured,
}

/// What a mapping reads of its row by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowReads {
    /// Nothing: its computed places tell all.
    Codes,
    /// These members.
    Members(&'static [&'static str]),
    /// Perhaps everything.
    Whole,
}

/// A mapping with the rows it is for.
#[derive(Debug)]
pub struct Mapped {
    /// Which rows.
    pub rows: RowsSpec,
    /// What is made of each.
    pub mapping: Box<dyn Mapping>,
    /// Its place.
    pub span: Span,
}

/// What mappings write to, and what they know of their check.
#[derive(Debug)]
pub struct MapCx<'a> {
    /// What the run reports so far.
    pub out: &'a mut Observations,
    /// How many samples the run may report.
    pub max_samples: usize,
    /// The tags of the instance, `service:` included.
    pub instance_tags: &'a TagSet,
    /// The host name of the instance, if it says one.
    pub hostname: Option<&'a Text>,
    /// When what is mapped was true.
    pub timestamp: Timestamp,
    /// Tag sets that do not depend on a row, computed once per check.
    pub tag_cache: &'a [OnceLock<TagSet>],
    /// What `on_change` compared last, and what it compares now.
    pub watch: Watch<'a>,
    /// Memory that one row leaves to the next.
    pub scratch: &'a mut Scratch,
    /// Why the run fails: points that are required and have no value.
    pub errors: &'a mut Vec<String>,
}

impl MapCx<'_> {
    /// Adds a sample, or a remark where the run has as many as it may have.
    pub fn submit(&mut self, value: Number, tags: &TagSet, about: Arc<About>, frame: &mut Frame) {
        let origin = about.origin;
        if !self.out.add(value, tags, about, self.max_samples) {
            frame.remark(origin, |_| Cut::of_samples(self.max_samples, 1).to_string());
        }
    }

    /// The prepared names of a place; they are the same for all rows of a run.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn family_names(&mut self, place: Span, value: &Value) -> Result<Arc<FamilyNames>, String> {
        let prepared = self.scratch.family_names.entry(place);
        prepared.or_insert_with(|| FamilyNames::of(value).map(Arc::new)).clone()
    }
}

/// What mappings keep from row to row, so that a row costs few allocations.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Where tags are put together.
    pub tags: TagWriter,
    /// Where names are put together.
    pub name: String,
    /// What samples share.
    pub abouts: Abouts,
    /// Names of families that come from configuration, prepared once per run.
    pub family_names: HashMap<Span, Result<Arc<FamilyNames>, String>>,
}

/// More runs of one spec than are under way at once as a rule.
const SPARE: usize = 32;

/// The memory of runs that have ended, for those that begin: it says nothing of them.
#[derive(Debug, Default)]
pub struct Scratches(Mutex<Vec<Scratch>>);

impl Scratches {
    /// One that an earlier run has left, or a new one.
    pub fn take(&self) -> Scratch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Leaves it to later runs.
    pub fn leave(&self, mut scratch: Scratch) {
        // Settings differ from instance to instance.
        scratch.family_names.clear();
        scratch.tags.forget();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < SPARE {
            all.push(scratch);
        }
    }
}

/// Calls `take` for the computed places of optional templates.
pub fn template_codes<'t>(templates: &[&'t Option<Template>], take: &mut dyn FnMut(&'t Code)) {
    templates.iter().filter_map(|t| t.as_ref()).for_each(|t| take(&t.0));
}
