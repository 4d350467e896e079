//! `monotonic_count`: how much a counter has grown.
//!
//! The first reading is the baseline and gives nothing. A fall is a reset: it adds nothing, and the
//! lower value is the new baseline.

use super::{Fold, Folded, PointKind, Reading};
use crate::base::number::Number;

/// The growth.
pub struct MonotonicCount;

impl Fold for MonotonicCount {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, out: &mut Vec<Folded>) {
        let mut chain = previous.iter().chain(readings);
        let Some(mut before) = chain.next() else { return };
        let (mut growth, mut last) = (Number::Int(0), None);
        for after in chain {
            let grown = after.value.minus(before.value);
            if grown.as_f64() > 0.0 {
                growth = growth.plus(grown);
            }
            (before, last) = (after, Some(after));
        }
        out.extend(last.map(|last| Folded::new(PointKind::Count, growth, last.at)));
    }

    fn remembers(&self) -> bool {
        true
    }
}
