//! The settings of a source's repetitions, as numbers for one item.

use super::RunCx;
use crate::base::limits;
use crate::expr::code::{FromValue, Setting};
use crate::expr::fault::Fault;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;
use crate::source::bad_part;
use crate::source::rate::Rate;
use crate::source::retry::{Backoff, Failures};
use crate::spec::source::{Origin, SourceSpec};
use crate::yaml::basic::Count;
use std::time::Duration;

/// How often, how long and how much.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Tries again.
    pub retry: Option<RetryRule>,
    /// Pause and time limit of a poll.
    pub poll: Option<PollRule>,
    /// Caps of the pages.
    pub pages: Option<PageRule>,
    /// No more often than this.
    pub rate: Option<Rate>,
    /// How long the answer is kept.
    pub cache: Option<Duration>,
}

/// Tries again after failures that may pass.
#[derive(Clone, Debug)]
pub struct RetryRule {
    /// In all.
    pub attempts: usize,
    /// Which may pass.
    pub failures: Failures,
    /// The pauses.
    pub backoff: Backoff,
}

/// Repeats until ready.
#[derive(Clone, Copy, Debug)]
pub struct PollRule {
    /// The pause.
    pub every: Duration,
    /// The whole.
    pub timeout: Duration,
}

/// Caps of the pages.
#[derive(Clone, Copy, Debug)]
pub struct PageRule {
    /// The most pages.
    pub max_pages: usize,
    /// The most rows.
    pub max_items: Option<usize>,
}

impl Rules {
    /// The settings of a source for the item in the frame.
    ///
    /// # Errors
    /// One that cannot be computed.
    pub fn of(spec: &SourceSpec, frame: &mut Frame) -> Result<Rules, ExchangeError> {
        let cache = optional("cache", spec.cache.as_ref(), frame)?.map(|seconds| seconds.duration());
        let Origin::Fetch(source) = &spec.origin else { return Ok(Rules::default()) };
        let Some(repeats) = source.repeats() else { return Ok(Rules { cache, ..Rules::default() }) };
        let retry = match &repeats.retry {
            Some(retry) => Some(RetryRule {
                attempts: given("retry.attempts", &retry.attempts, Count(limits::ATTEMPTS), frame)?.0.min(limits::ATTEMPTS_MOST),
                failures: given("retry.for", &retry.r#for, Failures::default(), frame)?,
                backoff: given("retry.backoff", &retry.backoff, Backoff::default(), frame)?,
            }),
            None => None,
        };
        let poll = match &repeats.poll {
            Some(poll) => Some(PollRule {
                every: required("poll.every", &poll.every, frame)?.duration().max(limits::POLL_PAUSE_LEAST),
                timeout: required("poll.timeout", &poll.timeout, frame)?.duration(),
            }),
            None => None,
        };
        let pages = match &repeats.paginate {
            Some(paginate) => Some(PageRule {
                max_pages: given("paginate.max_pages", &paginate.max_pages, Count(limits::PAGES), frame)?.0,
                max_items: optional("paginate.max_items", paginate.max_items.as_ref(), frame)?.map(|most| most.0),
            }),
            None => None,
        };
        let rate = optional("rate_limit", repeats.rate_limit.as_ref(), frame)?;
        Ok(Rules { retry, poll, pages, rate, cache })
    }
}

fn given<T: FromValue + Clone>(what: &str, setting: &Setting<T>, default: T, frame: &mut Frame) -> Result<T, ExchangeError> {
    Setting::get_or(Some(setting), default, frame).map_err(|fault| bad_part(what, fault))
}

fn required<T: FromValue + Clone>(what: &str, setting: &Setting<T>, frame: &mut Frame) -> Result<T, ExchangeError> {
    setting.get(frame).map_err(|fault| bad_part(what, fault))
}

fn optional<T: FromValue + Clone>(what: &str, setting: Option<&Setting<T>>, frame: &mut Frame) -> Result<Option<T>, ExchangeError> {
    match setting.map(|setting| setting.get(frame)) {
        None | Some(Err(Fault::Missing)) => Ok(None),
        Some(result) => result.map(Some).map_err(|fault| bad_part(what, fault)),
    }
}

/// How long a failure asks to wait before the next attempt, else the backoff, cut by up to a half.
pub fn pause(cx: &RunCx<'_>, rule: &RetryRule, attempts: usize, error: &ExchangeError) -> Duration {
    let now = cx.clock.now();
    let asked = error.answer.as_ref().and_then(|answer| answer.retry_after(now));
    asked.unwrap_or_else(|| {
        // The wall clock's last digits are as good as dice for spreading load.
        let dice = f64::from(now.subsec_nanosecond().unsigned_abs() % 1000) / 1000.0;
        rule.backoff.after(attempts).mul_f64(1.0 - dice / 2.0)
    })
}
