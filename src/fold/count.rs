//! `count`: the sum of a run.

use super::{Fold, Folded, PointKind, Reading, sum};
use crate::observation::Manner;

/// The sum.
pub struct Count;

impl Fold for Count {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        out.extend(readings.last().map(|last| Folded::new(PointKind::Count, sum(readings), last.at)));
    }
}
