//! What the board shows, as those who ask get it.

use crate::base::value::Text;
use crate::fold::Point;
use crate::observation::{Observations, TagSet};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many of each kind a run has reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Samples.
    pub metrics: usize,
    /// Service checks.
    pub service_checks: usize,
    /// Events.
    pub events: usize,
    /// Logs.
    pub logs: usize,
    /// Components and relations.
    pub topology: usize,
    /// Health states.
    pub health: usize,
}

impl Counts {
    /// What a run has reported.
    pub fn of(observations: &Observations) -> Self {
        let parts = |t: &crate::observation::Topology| t.components.len() + t.relations.len();
        Counts {
            metrics: observations.samples.len(),
            service_checks: observations.service_checks.len(),
            events: observations.events.len(),
            logs: observations.logs.len(),
            topology: observations.topology.as_ref().map_or(0, parts),
            health: observations.health.len(),
        }
    }
}

/// The last value of one series.
#[derive(Clone, Debug)]
pub struct LastValue {
    /// The metric.
    pub name: Text,
    /// Its tags.
    pub tags: TagSet,
    /// Its value.
    pub value: f64,
    /// Its unit.
    pub unit: Option<Text>,
}

impl LastValue {
    /// True for a value of the same series in the same unit.
    pub fn is_of_same(&self, other: &LastValue) -> bool {
        (&self.name, &self.tags, &self.unit) == (&other.name, &other.tags, &other.unit)
    }
}

impl From<Point<'_>> for LastValue {
    fn from(point: Point<'_>) -> Self {
        LastValue { name: point.name.clone(), tags: point.tags.clone(), value: point.value.as_f64(), unit: point.unit.clone() }
    }
}

/// An instance as the status shows it.
#[derive(Clone, Debug, Serialize)]
pub struct InstanceView {
    /// Its number on the board, for links.
    pub id: u32,
    /// `http[0]`, `http[front]`
    pub instance: String,
    /// The spec.
    pub check: Text,
    /// `waiting` before the first run, `ok`, `warning`, `error`.
    pub status: &'static str,
    /// Why, with the place in the spec.
    pub error: Option<Text>,
    /// Its first warnings.
    pub warnings: Vec<Text>,
    /// How many warnings there were.
    pub n_warnings: usize,
    /// True while a run is in progress.
    pub running: bool,
    /// Since when it has this status.
    pub since: Option<Timestamp>,
    /// The start of the last run.
    pub last_run: Option<Timestamp>,
    /// The start of the last run without an error.
    pub last_ok: Option<Timestamp>,
    /// The next run.
    pub next_run: Option<Timestamp>,
    /// The length of the last run.
    pub duration_s: Option<f64>,
    /// The length of all runs together, divided by their number.
    pub average_s: Option<f64>,
    /// How late the last run began.
    pub late_s: Option<f64>,
    /// Runs so far.
    pub runs: u64,
    /// Runs with an error.
    pub errors: u64,
    /// Ticks that were skipped.
    pub skipped: u32,
    /// What the last run reported.
    pub last: Counts,
    /// Its last values.
    #[serde(skip)]
    pub values: Vec<LastValue>,
}

/// A problem of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    /// `specs/http.yaml:14`
    pub place: String,
    /// `error`, `warning`
    pub level: &'static str,
    /// What is wrong.
    pub title: String,
    /// The cure.
    pub help: Option<String>,
}

/// A spec that another one of the same name hides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// The name of both.
    pub name: String,
    /// The one that is used.
    pub used: String,
    /// The one that is hidden.
    pub hidden: String,
}

/// What the last reading of all files came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Configuration {
    /// When.
    pub loaded: Option<Timestamp>,
    /// Why: `start`, `SIGHUP`, `files`, `secrets`.
    pub reason: &'static str,
    /// Readings after the first one.
    pub reloads: u64,
    /// True if something stayed as it was because of an error.
    pub kept_old: bool,
    /// Specs with errors.
    pub broken: Vec<String>,
    /// All problems.
    pub problems: Vec<FileProblem>,
    /// Specs that others hide.
    pub hidden: Vec<Hidden>,
    /// engine.yaml, if there is one.
    pub config: Option<String>,
    /// The folder of the instances.
    pub conf_dir: String,
    /// The folders of the specs.
    pub spec_dirs: Vec<String>,
    /// What a reload cannot change.
    pub needs_restart: Vec<String>,
}

/// What all runs together came to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Totals {
    /// Runs that ended.
    pub runs: u64,
    /// Runs with an error.
    pub errors: u64,
    /// Runs with warnings.
    pub warnings: u64,
    /// Runs in which the engine itself failed.
    pub panics: u64,
    /// Runs that were dropped after their deadline.
    pub overtime: u64,
    /// Ticks that were skipped.
    pub skipped: u64,
    /// Observations of all kinds.
    pub observations: u64,
    /// The length of all runs together.
    pub run_seconds: f64,
    /// Jumps of the wall clock, and times in which the process or the machine stood still.
    pub clock_jumps: u64,
}

/// The facts that do not change.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// The engine's version.
    pub version: &'static str,
    /// The name of this host.
    pub hostname: String,
    /// The number of the process.
    pub pid: u32,
    /// When it started.
    pub started: Timestamp,
    /// The collector's tick.
    pub interval_s: f64,
}

/// A sink as the status shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SinkView {
    /// Its name.
    pub name: String,
    /// `ok`, or `failing` since the last delivery that was not taken.
    pub status: &'static str,
    /// Why the last delivery that failed did so.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// When something was taken last.
    pub last_delivery: Option<Timestamp>,
    /// Failures since then.
    pub failures: u64,
    /// Items that were taken.
    pub delivered: u64,
    /// Items that the receiver refused for good.
    pub dropped: u64,
    /// The last one of them.
    pub last_dropped: Option<String>,
    /// Records that could not be read.
    pub unreadable: u64,
    /// When the oldest record that waits was appended; none while nothing waits.
    pub oldest: Option<Timestamp>,
    /// The last record that it has.
    pub acknowledged: u64,
    /// What the spool had to drop before this sink had it, by kind.
    pub dropped_by_spool: BTreeMap<&'static str, u64>,
}

impl SinkView {
    /// A delivery was taken.
    pub fn delivered(&mut self, n_items: u64, now: Timestamp) {
        (self.status, self.failures, self.last_delivery) = ("ok", 0, Some(now));
        self.delivered += n_items;
    }

    /// A delivery was not taken.
    pub fn failed(&mut self, why: &str, now: Timestamp) {
        (self.status, self.last_error, self.last_error_at) = ("failing", Some(why.to_owned()), Some(now));
        self.failures += 1;
    }
}

/// The spool as the status shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SpoolView {
    /// Its bytes on disk.
    pub bytes: u64,
    /// Its files.
    pub segments: usize,
    /// The oldest record on disk.
    pub oldest: Option<Timestamp>,
    /// Records that are not durable yet.
    pub pending: usize,
    /// Why records wait in memory.
    pub trouble: Option<String>,
    /// Stretches of bytes that were no records, and files that were given up or set aside.
    pub damaged: u64,
    /// The last things that a person should know of its files and of the disk.
    pub said: Vec<Said>,
}

/// What the spool has said.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What, as a sentence.
    pub text: String,
}

/// Everything but the instances.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The facts.
    #[serde(flatten)]
    pub facts: Facts,
    /// How many instances have which status.
    pub by_status: BTreeMap<&'static str, usize>,
    /// Runs in progress.
    pub running: usize,
    /// Runs that wait for a place.
    pub waiting_for_place: usize,
    /// All runs together.
    pub totals: Totals,
    /// The sinks, by their names.
    pub sinks: Vec<SinkView>,
    /// The spool; none without sinks.
    pub spool: Option<SpoolView>,
    /// The files.
    pub configuration: Configuration,
}
