//! `monotonic_count`: how much a counter has grown.
//!
//! The first reading is the baseline and gives nothing. A fall is a reset: it adds nothing, and the
//! lower value is the new baseline.

use super::{Fold, Folded, PointKind, Reading};

/// The growth.
pub struct MonotonicCount;

impl Fold for MonotonicCount {
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, out: &mut Vec<Folded>) {
        let chain: Vec<Reading> = previous.into_iter().chain(readings.iter().copied()).collect();
        let pairs = chain.iter().zip(chain.iter().skip(1));
        let growth: f64 = pairs.map(|(before, after)| (after.value - before.value).max(0.0)).sum();
        if let Some(last) = readings.last().filter(|_| chain.len() > 1) {
            out.push(Folded::new(PointKind::Count, growth, last.at));
        }
    }

    fn remembers(&self) -> bool {
        true
    }
}
