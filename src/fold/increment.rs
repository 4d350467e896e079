//! `increment` and `decrement`: the sum of a run per second, where the agents count every run as
//! one second.

use super::{Fold, Folded, PointKind, Reading};

/// The sum with a sign.
pub struct Increment {
    /// 1 or -1.
    pub sign: f64,
}

impl Fold for Increment {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, out: &mut Vec<Folded>) {
        let sum: f64 = readings.iter().map(|reading| reading.value).sum();
        out.extend(readings.last().map(|last| Folded::new(PointKind::Rate, self.sign * sum, last.at)));
    }
}
