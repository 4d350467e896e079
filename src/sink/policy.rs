//! When a receiver that failed is asked again: a circuit with full jitter, as a pure state machine.
//!
//! ```text
//!            failure                    the pause is over
//! closed ───────────────► open ───────────────────────────► half open: one request
//!    ▲                      ▲                                  │         │
//!    │                      └──────────── failure ─────────────┘         │
//!    └───────────────────────────── success ─────────────────────────────┘
//! ```
//!
//! The pause after the n-th failure in a row is random between one second and a bound that doubles
//! from two seconds to a minute, so that many engines do not come back at once; what a receiver asks
//! for (`Retry-After`, at most five minutes) is the least pause. A refusal that only a person can
//! mend waits in the upper half of a minute: a key gets rotated, and until then nobody gains from
//! more.

use crate::base::limits;
use std::time::{Duration, Instant};

/// How a receiver is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// It takes what it gets.
    Closed,
    /// It is left alone until then.
    Open(Instant),
    /// It has one request, which decides.
    HalfOpen,
}

/// What may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// A request may be sent.
    Send,
    /// Nothing before then.
    Wait(Duration),
    /// Nothing before the request under way was answered.
    Busy,
}

/// The state of one receiver.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    circuit: Circuit,
    /// Failures in a row.
    failures: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { circuit: Circuit::Closed, failures: 0 }
    }
}

impl Policy {
    /// The state, for people.
    pub fn circuit(&self) -> Circuit {
        self.circuit
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// What may be done; sending is noted where it is the one request of a half-open circuit.
    pub fn ask(&mut self, now: Instant) -> Permit {
        match self.circuit {
            Circuit::Closed => Permit::Send,
            Circuit::Open(until) if now < until => Permit::Wait(until - now),
            Circuit::Open(_) => {
                self.circuit = Circuit::HalfOpen;
                Permit::Send
            }
            Circuit::HalfOpen => Permit::Busy,
        }
    }

    /// The receiver has taken a request, or has refused it for what it holds: it is there.
    pub fn succeeded(&mut self) {
        *self = Policy::default();
    }

    /// A request failed. `dice` is random from 0 to 1; the pause comes back.
    pub fn failed(&mut self, now: Instant, dice: f64, asked: Option<Duration>) -> Duration {
        let (least, most) = (limits::DELIVERY_PAUSE_LEAST, limits::DELIVERY_PAUSE_MOST);
        let doubled = 2u32.checked_pow(self.failures).and_then(|times| limits::DELIVERY_PAUSE_FIRST.checked_mul(times));
        let bound = doubled.unwrap_or(most).min(most);
        self.wait(now, between(least, bound, dice), asked)
    }

    /// A request was refused until a person does something.
    pub fn refused(&mut self, now: Instant, dice: f64) -> Duration {
        let most = limits::DELIVERY_PAUSE_MOST;
        self.wait(now, between(most / 2, most, dice), None)
    }

    fn wait(&mut self, now: Instant, pause: Duration, asked: Option<Duration>) -> Duration {
        let pause = asked.unwrap_or_default().min(limits::RETRY_AFTER_MOST).max(pause);
        self.failures = self.failures.saturating_add(1);
        self.circuit = Circuit::Open(now + pause);
        pause
    }
}

fn between(least: Duration, most: Duration, dice: f64) -> Duration {
    least + most.saturating_sub(least).mul_f64(dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: f64) -> Duration {
        Duration::from_secs_f64(n)
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_are_cut_at_random() {
        let now = Instant::now();
        let pauses = |dice: f64| {
            let mut policy = Policy::default();
            (0..8).map(|_| policy.failed(now, dice, None).as_secs_f64()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1.0), [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        assert_eq!(pauses(0.0), [1.0; 8]);
        assert_eq!(pauses(0.5), [1.5, 2.5, 4.5, 8.5, 16.5, 30.5, 30.5, 30.5]);
    }

    #[test]
    fn a_receiver_that_fails_for_ever_is_asked_every_minute() {
        let mut policy = Policy::default();
        let last = (0..100).map(|_| policy.failed(Instant::now(), 1.0, None)).last();
        assert_eq!(last, Some(seconds(60.0)));
    }

    #[test]
    fn what_a_receiver_asks_for_is_the_least_pause_up_to_five_minutes() {
        for (asked, expected) in [(0, 2.0), (7, 7.0), (300, 300.0), (86_400, 300.0)] {
            let pause = Policy::default().failed(Instant::now(), 1.0, Some(Duration::from_secs(asked)));
            assert_eq!(pause, seconds(expected), "{asked}");
        }
    }

    #[test]
    fn a_refusal_is_asked_again_slowly() {
        assert_eq!(Policy::default().refused(Instant::now(), 0.0), seconds(30.0));
        assert_eq!(Policy::default().refused(Instant::now(), 1.0), seconds(60.0));
    }

    #[test]
    fn an_open_circuit_lets_one_request_through_when_its_time_has_come() {
        let (mut policy, now) = (Policy::default(), Instant::now());
        assert_eq!(policy.ask(now), Permit::Send);
        assert_eq!(policy.failed(now, 1.0, None), seconds(2.0));
        assert_eq!(policy.ask(now + seconds(0.5)), Permit::Wait(seconds(1.5)));
        assert_eq!(policy.ask(now + seconds(2.0)), Permit::Send);
        assert_eq!((policy.circuit(), policy.ask(now + seconds(9.0))), (Circuit::HalfOpen, Permit::Busy));
        assert_eq!(policy.failed(now, 1.0, None), seconds(4.0));
        assert_eq!(policy.ask(now + seconds(4.0)), Permit::Send);
        policy.succeeded();
        assert_eq!((policy.circuit(), policy.failures(), policy.ask(now)), (Circuit::Closed, 0, Permit::Send));
    }
}
