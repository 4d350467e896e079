//! `gauge`: the last value of a run.

use super::{Fold, Folded, PointKind, Reading};
use crate::observation::Manner;

/// The last value.
pub struct Gauge;

impl Fold for Gauge {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        out.extend(readings.last().map(|last| Folded::new(PointKind::Gauge, last.value, last.at)));
    }
}
