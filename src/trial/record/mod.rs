//! What a real run is answered, kept as a test.
//!
//! A [`Recorder`] stands between a run and the outside and keeps every exchange; [`write`] makes a file
//! of tests and its fixtures of them, in which a [`mask`] has taken the place of secrets. What the runs
//! leave is not kept: `--update` writes what a test expects, of the answers as they stand in the files,
//! so a recorded test passes at once.

mod answers;
mod apart;
pub mod mask;
pub mod write;

use crate::base::span::Sources;
use crate::base::time::Clock;
use crate::base::value::Value;
use crate::net::{Answer, ExchangeError};
use crate::plan::Check;
use crate::run::exchanger::{Answers, Exchanger, Pause};
use crate::run::reuse::Reuse;
use crate::run::{Memory, RunCx, run, run_time};
use crate::source::Request;
use jiff::{Timestamp, Unit};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One exchange of a recorded run.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The number of the run, from 0.
    pub run: usize,
    /// The source, or its login.
    pub source: String,
    /// What was asked.
    pub request: Request,
    /// What came back; none where the run ended before.
    pub outcome: Option<Result<Vec<Answer>, ExchangeError>>,
}

/// What was recorded of a check.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// When each run began: what `now` was in it.
    pub began: Vec<Timestamp>,
    /// All exchanges, in the order in which they were asked for.
    pub taken: Vec<Taken>,
    /// Why runs were errors.
    pub errors: Vec<String>,
}

/// How often a check runs while it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How many runs there are.
    pub runs: u32,
    /// The pause between two of them.
    pub pause: Duration,
    /// The interval of the collector, for `run.interval` and deadlines.
    pub interval: Duration,
}

/// Keeps what passes through it.
struct Recorder<'o> {
    outside: &'o dyn Exchanger,
    taken: Mutex<(usize, Vec<Taken>)>,
}

impl Recorder<'_> {
    fn taken<T>(&self, with: impl FnOnce(&mut (usize, Vec<Taken>)) -> T) -> T {
        with(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn record(&self, source: &str, request: &Request) -> Result<Vec<Answer>, ExchangeError> {
        let at = self.taken(|(run, taken)| {
            taken.push(Taken { run: *run, source: source.to_owned(), request: request.clone(), outcome: None });
            taken.len() - 1
        });
        let outcome = self.outside.exchange(source, request).await;
        self.taken(|(_, taken)| {
            if let Some(slot) = taken.get_mut(at) {
                slot.outcome = Some(outcome.clone());
            }
        });
        outcome
    }
}

impl Exchanger for Recorder<'_> {
    fn exchange<'a>(&'a self, source: &'a str, request: &'a Request) -> Answers<'a> {
        Box::pin(self.record(source, request))
    }

    fn pause(&self, time: Duration) -> Pause<'_> {
        self.outside.pause(time)
    }
}

/// The clocks, but the wall clock stands still during a run, as it will in the test: what a request says
/// of the time is then the same.
struct Whole<'c> {
    clock: &'c dyn Clock,
    now: Timestamp,
}

impl Clock for Whole<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn instant(&self) -> Instant {
        self.clock.instant()
    }
}

/// Runs a check and keeps its exchanges.
pub async fn record(check: &Check, outside: &dyn Exchanger, clock: &dyn Clock, engine: &Value, times: Times) -> Recording {
    let recorder = Recorder { outside, taken: Mutex::default() };
    let (reuse, mut memory, mut out) = (Reuse::default(), Memory::default(), Recording::default());
    let interval = check.instance.min_interval.max(times.interval);
    for n in 0..times.runs {
        if n > 0 {
            outside.pause(times.pause).await;
        }
        let now = clock.now();
        let clock = Whole { clock, now: now.round(Unit::Second).unwrap_or(now) };
        recorder.taken(|(run, _)| *run = out.began.len());
        out.began.push(clock.now);
        let cx = RunCx {
            check,
            memory: &memory,
            exchanger: &recorder,
            clock: &clock,
            engine,
            interval,
            deadline: clock.instant() + run_time(&check.instance, interval),
            reuse: &reuse,
            requests: Default::default(),
            trace: None,
        };
        let mut outcome = run(&cx).await;
        out.errors.extend(outcome.error());
        outcome.fold(&memory, &Sources::default());
        outcome.remember(&mut memory);
    }
    out.taken = recorder.taken(|(_, taken)| std::mem::take(taken));
    out
}
