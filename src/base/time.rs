//! Wall clock and monotonic clock behind one trait, so that tests can hold time still.

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Where the program learns what time it is.
pub trait Clock: Send + Sync {
    /// The wall clock, for stamps.
    fn now(&self) -> Timestamp;
    /// The monotonic clock, for schedules and limits.
    fn instant(&self) -> Instant;
}

/// The clocks of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// Seconds since 1970 with their fraction.
pub fn epoch_seconds(time: Timestamp) -> f64 {
    time.as_second() as f64 + f64::from(time.subsec_nanosecond()) / 1e9
}

/// Seconds as a number that prints shortest: whole where it is whole.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
