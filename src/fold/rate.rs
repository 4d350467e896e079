//! `rate`: the growth per second between the last two readings, which may belong to two runs.
//!
//! A negative rate is a reset: no point, and the new value is the baseline.

use super::{Fold, Folded, PointKind, Reading};

/// The growth per second.
pub struct Rate;

impl Fold for Rate {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, out: &mut Vec<Folded>) {
        let mut latest = readings.iter().rev();
        let (Some(last), before) = (latest.next(), latest.next().copied().or(previous)) else { return };
        let Some(before) = before else { return };
        let per_second = last.seconds_since(&before).map(|seconds| (last.value - before.value) / seconds);
        out.extend(per_second.filter(|rate| *rate >= 0.0).map(|rate| Folded::new(PointKind::Gauge, rate, last.at)));
    }

    fn remembers(&self) -> bool {
        true
    }
}
