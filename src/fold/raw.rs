//! `raw`: every sample passes as it is.

use super::{Fold, Folded, PointKind, Reading};
use crate::observation::Manner;

/// Every sample.
pub struct Raw;

impl Fold for Raw {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        out.extend(readings.iter().map(|reading| Folded::new(PointKind::Gauge, reading.value, reading.at)));
    }
}
