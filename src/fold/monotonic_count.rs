//! `monotonic_count`: how much a counter has grown.
//!
//! The first reading is the baseline and gives nothing. A fall is a reset: it adds nothing, and the
//! lower value is the new baseline. A metric may say otherwise of both: its first value counts as a
//! whole, and so does what a counter has reached since it began anew.

use super::{Fold, Folded, PointKind, Reading};
use crate::base::number::Number;
use crate::observation::{First, Manner, Reset};

/// The growth.
pub struct MonotonicCount;

impl Fold for MonotonicCount {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, manner: &Manner, out: &mut Vec<Folded>) {
        let (mut before, mut growth) = (previous, None);
        for reading in readings {
            let grown = match before {
                None if manner.first == First::Skip => None,
                None => Some(reading.value),
                Some(before) => Some(grown(before.value, reading.value, manner.reset)),
            };
            growth = grown.map(|grown| growth.unwrap_or(Number::Int(0)).plus(grown)).or(growth);
            before = Some(*reading);
        }
        out.extend(growth.zip(readings.last()).map(|(growth, last)| Folded::new(PointKind::Count, growth, last.at)));
    }

    fn remembers(&self) -> bool {
        true
    }
}

fn grown(before: Number, after: Number, reset: Reset) -> Number {
    let grown = after.minus(before);
    match reset {
        _ if grown.as_f64() >= 0.0 => grown,
        Reset::Skip => Number::Int(0),
        Reset::Count => after,
    }
}
