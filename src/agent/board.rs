//! What the daemon knows of itself: written by the dispatcher, read by whoever asks for the status.
//!
//! Readers copy a page of rows under the lock at a time, so that a look at a hundred thousand
//! instances never holds up the schedule.

pub use super::view::{
    Configuration, Counts, Facts, FileProblem, Hidden, InstanceView, LastValue, Said, SinkView, SpoolView, Summary, Totals,
};
use crate::base::limits;
use crate::base::value::Text;
use crate::observation::Status;
use crate::plan::Check;
use crate::spool::Stats;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Warnings of one run that are kept.
const WARNINGS_KEPT: usize = 5;
/// Rows that are copied at a time.
pub const PAGE: usize = 500;

/// What is kept of the last run of an instance.
#[derive(Clone, Debug)]
pub struct RunNote {
    /// The wall clock at its start.
    pub started: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// How late it began.
    pub late: Duration,
    /// Critical for an error.
    pub status: Status,
    /// Why it is an error, with the place in the spec.
    pub error: Option<Text>,
    /// Its first warnings.
    pub warnings: Box<[Text]>,
    /// How many there were.
    pub n_warnings: usize,
    /// What it reported.
    pub counts: Counts,
    /// Its last values, as far as they are kept.
    pub values: Box<[LastValue]>,
}

impl RunNote {
    /// The warnings that are kept of all.
    pub fn kept(warnings: impl Iterator<Item = String>) -> Box<[Text]> {
        warnings.take(WARNINGS_KEPT).map(Text::from).collect()
    }
}

/// What is known of an instance that has run.
#[derive(Clone, Debug)]
struct History {
    last: RunNote,
    runs: u64,
    errors: u64,
    /// Since when it has the status that it has.
    since: Timestamp,
    last_ok: Option<Timestamp>,
    total: Duration,
}

/// One instance; small, since most of a hundred thousand only wait.
#[derive(Clone, Debug)]
struct Row {
    check: Arc<Check>,
    next: Option<Instant>,
    running: bool,
    skipped: u32,
    history: Option<Box<History>>,
}

#[derive(Debug)]
struct Inner {
    sinks: BTreeMap<String, SinkView>,
    spool: Option<SpoolView>,
    facts: Facts,
    rows: Vec<Option<Row>>,
    configuration: Configuration,
    totals: Totals,
    running: usize,
    waiting: usize,
    n_values: usize,
}

/// What the daemon knows of itself.
#[derive(Debug)]
pub struct Board(Mutex<Inner>);

impl Board {
    /// A board without instances.
    pub fn new(facts: Facts) -> Self {
        Board(Mutex::new(Inner {
            sinks: BTreeMap::new(),
            spool: None,
            facts,
            rows: Vec::new(),
            configuration: Configuration::default(),
            totals: Totals::default(),
            running: 0,
            waiting: 0,
            n_values: 0,
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for `n` more instances.
    pub fn make_room(&self, n: usize) {
        self.inner().rows.reserve_exact(n);
    }

    /// Puts an instance on the board; one that is there keeps its history if it is the same check.
    pub fn put(&self, id: u32, check: Arc<Check>, next: Option<Instant>) {
        let mut inner = self.inner();
        let at = id as usize;
        if inner.rows.len() <= at {
            inner.rows.resize_with(at + 1, || None);
        }
        let Some(place) = inner.rows.get_mut(at) else { return };
        match place {
            Some(row) if row.check.id == check.id => (row.check, row.next) = (check, next.or(row.next)),
            _ => *place = Some(Row { check, next, running: false, skipped: 0, history: None }),
        }
    }

    /// Takes an instance off the board.
    pub fn remove(&self, id: u32) {
        let mut inner = self.inner();
        let removed = inner.rows.get_mut(id as usize).and_then(Option::take);
        let values = removed.and_then(|row| row.history).map_or(0, |history| history.last.values.len());
        inner.n_values = inner.n_values.saturating_sub(values);
    }

    /// A run begins or waits for its place.
    pub fn began(&self, id: u32, next: Instant, skipped: u32) {
        let mut inner = self.inner();
        if let Some(row) = inner.rows.get_mut(id as usize).and_then(Option::as_mut) {
            let more = skipped.saturating_sub(row.skipped);
            (row.next, row.running, row.skipped) = (Some(next), true, skipped);
            inner.totals.skipped += u64::from(more);
        }
    }

    /// A run has ended. The answer says whether its status is another one than before.
    pub fn ended(&self, id: u32, mut note: RunNote) -> bool {
        let mut inner = self.inner();
        let totals = &mut inner.totals;
        totals.runs += 1;
        totals.errors += u64::from(note.status == Status::Critical);
        totals.warnings += u64::from(note.n_warnings > 0);
        totals.run_seconds += note.duration.as_secs_f64();
        let c = note.counts;
        totals.observations += (c.metrics + c.service_checks + c.events + c.logs + c.topology + c.health) as u64;
        let room = limits::LAST_VALUES.saturating_sub(inner.n_values);
        let Some(row) = inner.rows.get_mut(id as usize).and_then(Option::as_mut) else { return false };
        row.running = false;
        let had = row.history.as_ref().map_or(0, |history| history.last.values.len());
        if note.values.len() > room + had {
            note.values = Box::default();
        }
        let has = note.values.len();
        let changed = row.history.as_ref().is_none_or(|history| history.last.status != note.status);
        match &mut row.history {
            Some(history) => history.follow(note),
            None => row.history = Some(Box::new(History::of(note))),
        }
        inner.n_values = (inner.n_values + has).saturating_sub(had);
        changed
    }

    /// Runs in progress, and runs that wait for a place.
    pub fn load(&self, running: usize, waiting: usize) {
        let mut inner = self.inner();
        (inner.running, inner.waiting) = (running, waiting);
    }

    /// Changes what all runs came to.
    pub fn count(&self, change: impl FnOnce(&mut Totals)) {
        change(&mut self.inner().totals);
    }

    /// Changes what is known of the files.
    pub fn configure(&self, change: impl FnOnce(&mut Configuration)) {
        change(&mut self.inner().configuration);
    }

    /// Changes what is known of a sink.
    pub fn sink(&self, name: &str, change: impl FnOnce(&mut SinkView)) {
        let mut inner = self.inner();
        let fresh = || SinkView { name: name.to_owned(), status: "ok", ..SinkView::default() };
        change(inner.sinks.entry(name.to_owned()).or_insert_with(fresh));
    }

    /// Forgets a sink.
    pub fn remove_sink(&self, name: &str) {
        self.inner().sinks.remove(name);
    }

    /// The figures of the spool as they are now.
    pub fn spool(&self, stats: &Stats) {
        let mut inner = self.inner();
        inner.spool = Some(SpoolView {
            bytes: stats.bytes,
            segments: stats.segments,
            oldest: stats.oldest,
            pending: stats.pending.0,
            trouble: stats.trouble.clone(),
            damaged: stats.bad_records + stats.given_up + stats.set_aside,
            said: stats.said.iter().map(|(at, text)| Said { at: *at, text: text.clone() }).collect(),
        });
        for (name, cursor) in &stats.receivers {
            if let Some(sink) = inner.sinks.get_mut(name) {
                sink.acknowledged = cursor.acknowledged;
                let parts = cursor.dropped.parts().into_iter().filter(|(_, n)| *n > 0);
                sink.dropped_by_spool = parts.chain([("records", cursor.dropped_records)]).filter(|(_, n)| *n > 0).collect();
            }
        }
    }

    /// What a reload may change of the facts.
    pub fn set_facts(&self, hostname: &str, interval: Duration) {
        let mut inner = self.inner();
        (inner.facts.hostname, inner.facts.interval_s) = (hostname.to_owned(), interval.as_secs_f64());
    }

    /// Everything but the instances.
    pub fn summary(&self) -> Summary {
        let mut by_status = BTreeMap::from([("ok", 0), ("warning", 0), ("error", 0), ("waiting", 0)]);
        let n = self.inner().rows.len();
        for from in (0..n).step_by(PAGE) {
            for row in self.inner().rows.iter().skip(from).take(PAGE).flatten() {
                *by_status.entry(row.word()).or_default() += 1;
            }
        }
        let inner = self.inner();
        Summary {
            facts: inner.facts.clone(),
            by_status,
            running: inner.running,
            waiting_for_place: inner.waiting,
            totals: inner.totals,
            sinks: inner.sinks.values().cloned().collect(),
            spool: inner.spool.clone(),
            configuration: inner.configuration.clone(),
        }
    }

    /// All instances for which `wanted` holds; those with errors first, then by name.
    pub fn instances(&self, now: (Timestamp, Instant), wanted: impl Fn(&Check) -> bool) -> Vec<InstanceView> {
        let n = self.inner().rows.len();
        let mut out = Vec::new();
        for from in (0..n).step_by(PAGE) {
            let page: Vec<(usize, Row)> = {
                let inner = self.inner();
                let rows = inner.rows.iter().enumerate().skip(from).take(PAGE);
                rows.filter_map(|(id, row)| row.as_ref().filter(|row| wanted(&row.check)).map(|row| (id, row.clone()))).collect()
            };
            out.extend(page.into_iter().map(|(id, row)| row.view(id, now)));
        }
        out.sort_by(|a, b| (rank(a.status), &a.check, natural(&a.instance)).cmp(&(rank(b.status), &b.check, natural(&b.instance))));
        out
    }
}

/// Instances of one spec in the order of their numbers.
fn natural(label: &str) -> (usize, &str) {
    (label.len(), label)
}

/// What is worse stands first.
fn rank(status: &str) -> u8 {
    match status {
        "error" => 0,
        "warning" => 1,
        "waiting" => 2,
        _ => 3,
    }
}

impl History {
    /// After the first run.
    fn of(note: RunNote) -> History {
        let failed = note.status == Status::Critical;
        History {
            since: note.started,
            runs: 1,
            errors: u64::from(failed),
            total: note.duration,
            last_ok: (!failed).then_some(note.started),
            last: note,
        }
    }

    /// After another run. What outlives runs stays where it is: moved each time, it would be scattered over
    /// the memory of all threads.
    fn follow(&mut self, mut note: RunNote) {
        let failed = note.status == Status::Critical;
        if note.status != self.last.status {
            self.since = note.started;
        }
        if !failed {
            self.last_ok = Some(note.started);
        }
        self.runs += 1;
        self.errors += u64::from(failed);
        self.total += note.duration;
        let kept = &mut self.last.values;
        if kept.len() == note.values.len() && kept.iter().zip(&note.values).all(|(kept, new)| kept.is_of_same(new)) {
            kept.iter_mut().zip(&note.values).for_each(|(kept, new)| kept.value = new.value);
            note.values = std::mem::take(kept);
        }
        self.last = note;
    }
}

impl Row {
    fn word(&self) -> &'static str {
        match self.history.as_ref().map(|history| history.last.status) {
            None => "waiting",
            Some(Status::Ok) => "ok",
            Some(Status::Warning | Status::Unknown) => "warning",
            Some(Status::Critical) => "error",
        }
    }

    fn view(self, id: usize, (now, instant): (Timestamp, Instant)) -> InstanceView {
        let next = self.next.map(|next| next.saturating_duration_since(instant));
        let status = self.word();
        let history = self.history.map(|history| *history);
        let last = history.as_ref().map(|history| &history.last);
        InstanceView {
            id: u32::try_from(id).unwrap_or(u32::MAX),
            instance: self.check.label(),
            check: self.check.plan.spec.name.clone(),
            status,
            error: last.and_then(|last| last.error.clone()),
            warnings: last.map(|last| last.warnings.to_vec()).unwrap_or_default(),
            n_warnings: last.map_or(0, |last| last.n_warnings),
            running: self.running,
            since: history.as_ref().map(|history| history.since),
            last_run: last.map(|last| last.started),
            last_ok: history.as_ref().and_then(|history| history.last_ok),
            next_run: next.and_then(|next| now.checked_add(next).ok()),
            duration_s: last.map(|last| last.duration.as_secs_f64()),
            average_s: history.as_ref().map(|history| history.total.as_secs_f64() / history.runs.max(1) as f64),
            late_s: last.map(|last| last.late.as_secs_f64()),
            runs: history.as_ref().map_or(0, |history| history.runs),
            errors: history.as_ref().map_or(0, |history| history.errors),
            skipped: self.skipped,
            last: last.map(|last| last.counts).unwrap_or_default(),
            values: history.map(|history| history.last.values.into_vec()).unwrap_or_default(),
        }
    }
}
