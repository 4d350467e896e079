//! `rate`: the growth per second between the last two readings, which may belong to two runs.
//!
//! A negative rate is a reset: no point, and the new value is the baseline. Two readings at one time
//! give no rate either.

use super::{Fold, Folded, PointKind, Reading};
use crate::base::number::Number;
use crate::observation::Manner;

/// The growth per second.
pub struct Rate;

impl Fold for Rate {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        let mut latest = readings.iter().rev();
        let (Some(last), before) = (latest.next(), latest.next().copied().or(previous)) else { return };
        let per_second = before.and_then(|before| per_second(&before, last));
        out.extend(per_second.map(|rate| Folded::new(PointKind::Gauge, Number::Float(rate), last.at)));
    }

    fn remembers(&self) -> bool {
        true
    }
}

/// The growth per second; none where no time has passed, or where a counter began anew.
pub fn per_second(before: &Reading, after: &Reading) -> Option<f64> {
    let rate = after.value.minus(before.value).as_f64() / after.seconds_since(before)?;
    (rate >= 0.0).then_some(rate)
}
