//! Trying again what may work a moment later.
//!
//! ```yaml
//! retry: {attempts: 5, for: [429, 5xx, timeout], backoff: 1s..30s}
//! ```

use super::statuses::range;
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::text_of;
use crate::base::units::parse_duration;
use crate::base::value::Value;
use crate::expr::code::{Code, FromValue, Setting};
use crate::net::ExchangeError;
use crate::net::status::StatusSet;
use crate::yaml::basic::Count;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::sync::Arc;
use std::time::Duration;

crate::fields! {
    /// Tries a request again that failed in a way which may pass.
    pub struct Retry, "retry" {
        /// How often it is tried in all, the first time included; 100 times at most.
        pub attempts: Setting<Count> = Setting::Fixed(Count(limits::ATTEMPTS)), "3";
        /// The failures that may pass: statuses (`429`, `5xx`, `500-504`) and kinds of error (`timeout`, `connect`, `decode`, …).
        pub r#for: Setting<Failures> = Setting::Fixed(Failures::default()), "[429, 5xx, timeout, connect]";
        /// The pause before the second attempt and the longest one; it doubles from one to the next. A `Retry-After` of the answer is honoured instead. Each pause is cut by up to a half at random, so that many do not come at once.
        pub backoff: Setting<Backoff> = Setting::Fixed(Backoff::default()), "1s..30s";
    }
}

impl Retry {
    /// Calls `take` for every computed place.
    pub fn codes<'s>(&'s self, take: &mut dyn FnMut(&'s Code)) {
        let settings = [self.attempts.code(), self.r#for.code(), self.backoff.code()];
        settings.into_iter().flatten().for_each(take);
    }
}

/// Failures that may pass.
#[derive(Clone, Debug)]
pub struct Failures {
    statuses: Arc<StatusSet>,
    kinds: Arc<[ErrorKind]>,
}

impl Default for Failures {
    fn default() -> Self {
        let statuses = StatusSet::of([(429, 429), (500, 599)]);
        Failures { statuses: Arc::new(statuses), kinds: [ErrorKind::Timeout, ErrorKind::Connect].into() }
    }
}

impl Failures {
    /// True if all failures of a kind may pass.
    pub fn names(&self, kind: ErrorKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// True if this one may pass.
    pub fn hold(&self, error: &ExchangeError) -> bool {
        let status = error.answer.as_ref().and_then(|answer| answer.status).filter(|_| error.kind == ErrorKind::HttpStatus);
        self.names(error.kind) || status.is_some_and(|status| self.statuses.contains(status))
    }
}

const FAILURES: &str =
    "statuses (`429`, `5xx`) and kinds of error (timeout, connect, dns, tls, http_status, too_large, decode, expect, auth, limit)";

impl FromValue for Failures {
    fn from_value(value: &Value) -> Result<Self, String> {
        let items = match value {
            Value::List(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let (mut ranges, mut kinds) = (Vec::new(), Vec::new());
        for item in &items {
            let word = text_of(item).unwrap_or_default();
            match ErrorKind::from_word(&word) {
                Some(kind) => kinds.push(kind),
                None => ranges.push(range(&word).ok_or(FAILURES)?),
            }
        }
        Ok(Failures { statuses: Arc::new(StatusSet::of(ranges)), kinds: kinds.into() })
    }
}

impl Field for Failures {
    fn shape() -> Shape {
        let one = Shape::Either(vec![Shape::Integer, Shape::Text]);
        Shape::Either(vec![one.clone(), Shape::List(Box::new(one))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wrong = node.as_list().into_iter().flatten().find(|item| Failures::from_value(&item.to_value()).is_err());
        read_value(wrong.unwrap_or(node), FAILURES, reader).filter(|_| wrong.is_none())
    }
}

fn read_value<T: FromValue>(node: &Node, expected: &str, reader: &mut Reader<'_>) -> Option<T> {
    let value = T::from_value(&node.to_value());
    if value.is_err() {
        reader.mismatch(node, expected);
    }
    value.ok()
}

/// How long to wait between two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: Duration,
    /// At most.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { first: limits::BACKOFF_FIRST, most: limits::BACKOFF_MOST }
    }
}

impl Backoff {
    /// The pause after so many attempts: it doubles, up to the longest one.
    pub fn after(self, attempts: usize) -> Duration {
        let doubled = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
        self.first.saturating_mul(1 << doubled).min(self.most)
    }
}

const BACKOFF: &str = "the shortest and the longest pause, like `1s..30s`, or one pause";

impl FromValue for Backoff {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = text_of(value).unwrap_or_default();
        let (first, most) = text.split_once("..").unwrap_or((&text, &text));
        let time = |text: &str| parse_duration(text.trim()).ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
        let pauses = time(first).zip(time(most)).filter(|(first, most)| first <= most);
        pauses.map(|(first, most)| Backoff { first, most }).ok_or_else(|| BACKOFF.to_owned())
    }
}

impl Field for Backoff {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Text, Shape::Duration])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_value(node, BACKOFF, reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_longest() {
        let backoff = Backoff::from_value(&Value::from("1s..5s")).unwrap();
        let pauses: Vec<_> = (1..=4).map(|attempts| backoff.after(attempts).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5]);
        assert_eq!(Backoff::from_value(&Value::from("2s")).unwrap().after(9).as_secs(), 2);
        assert!(Backoff::from_value(&Value::from("5s..1s")).is_err());
    }

    #[test]
    fn failures_are_statuses_and_kinds() {
        let failures = Failures::from_value(&Value::list(vec![Value::from("5xx"), Value::Int(404), Value::from("dns")])).unwrap();
        assert!(failures.hold(&ExchangeError::new(ErrorKind::Dns, "")));
        assert!(!failures.hold(&ExchangeError::new(ErrorKind::Timeout, "")));
        let mut error = ExchangeError::new(ErrorKind::HttpStatus, "");
        let mut answer = crate::net::Answer::of("", "");
        answer.status = Some(503);
        error.answer = Some(Box::new(answer));
        assert!(failures.hold(&error) && Failures::default().hold(&error));
        assert!(Failures::from_value(&Value::from("sometimes")).is_err());
    }
}
