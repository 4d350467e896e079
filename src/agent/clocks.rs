//! Jumps of the wall clock and times in which nothing ran, found by comparing three clocks.
//!
//! The schedule goes by the monotonic clock, so a jump of the wall clock moves no run; stamps go by
//! the wall clock. A person who looks at gaps or doubled minutes wants to know the reason, once.

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The wall clock may be corrected by this much without a word.
const WALL_JUMP: Duration = Duration::from_secs(2);
/// A machine that slept for less was merely busy.
const ASLEEP: Duration = Duration::from_secs(1);
/// So long after the time of a look, the process stood still.
const STOPPED: Duration = Duration::from_secs(2);

/// The three clocks at one time.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The wall clock.
    pub wall: Timestamp,
    /// The monotonic clock, which stands still while the machine sleeps.
    pub monotonic: Instant,
    /// Time since boot, which does not.
    pub boot: Duration,
}

impl Reading {
    /// The clocks of the system now.
    pub fn now() -> Self {
        let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(boot.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(boot.tv_nsec).unwrap_or_default();
        Reading { wall: Timestamp::now(), monotonic: Instant::now(), boot: Duration::new(seconds, nanos) }
    }
}

/// What happened between two looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jump {
    /// The machine slept.
    Asleep(Duration),
    /// The process was stopped, or had no processor.
    Stopped(Duration),
    /// The wall clock was set, forward by so many seconds or backward.
    Wall(f64),
}

/// Compares each look with the one before.
#[derive(Debug)]
pub struct Clocks {
    last: Reading,
    every: Duration,
}

impl Clocks {
    /// Looks are made every so often.
    pub fn new(first: Reading, every: Duration) -> Self {
        Clocks { last: first, every }
    }

    /// What happened since the last look.
    pub fn look(&mut self, now: Reading) -> Vec<Jump> {
        let before = std::mem::replace(&mut self.last, now);
        let monotonic = now.monotonic.saturating_duration_since(before.monotonic);
        let boot = now.boot.saturating_sub(before.boot);
        let mut out = Vec::new();
        let asleep = boot.saturating_sub(monotonic);
        if asleep > ASLEEP {
            out.push(Jump::Asleep(asleep));
        }
        let stopped = monotonic.saturating_sub(self.every);
        if stopped > STOPPED {
            out.push(Jump::Stopped(stopped));
        }
        let wall = now.wall.duration_since(before.wall).as_secs_f64();
        let jumped = wall - boot.max(monotonic).as_secs_f64();
        if jumped.abs() > WALL_JUMP.as_secs_f64() {
            out.push(Jump::Wall(jumped));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(wall: i64, monotonic: u64, boot: u64) -> Vec<Jump> {
        let start = Instant::now();
        let first = Reading { wall: Timestamp::UNIX_EPOCH, monotonic: start, boot: Duration::ZERO };
        let mut clocks = Clocks::new(first, Duration::from_secs(1));
        let now = Reading {
            wall: Timestamp::from_second(wall).unwrap(),
            monotonic: start + Duration::from_secs(monotonic),
            boot: Duration::from_secs(boot),
        };
        let found = clocks.look(now);
        assert_eq!(clocks.look(Reading { monotonic: now.monotonic, ..now }), [], "it is told once");
        found
    }

    #[test]
    fn each_cause_is_told_from_the_others() {
        assert_eq!(after(1, 1, 1), []);
        assert_eq!(after(3601, 1, 1), [Jump::Wall(3600.0)]);
        assert_eq!(after(-3599, 1, 1), [Jump::Wall(-3600.0)]);
        assert_eq!(after(601, 1, 601), [Jump::Asleep(Duration::from_secs(600))]);
        assert_eq!(after(21, 21, 21), [Jump::Stopped(Duration::from_secs(20))]);
    }
}
