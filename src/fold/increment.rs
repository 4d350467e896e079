//! `increment` and `decrement`: the sum of a run per second, where the agents count every run as
//! one second.

use super::{Fold, Folded, PointKind, Reading, sum};
use crate::base::number::Number;
use crate::observation::Manner;

/// What is added up.
pub struct Increment;

impl Fold for Increment {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        out.extend(readings.last().map(|last| Folded::new(PointKind::Rate, sum(readings), last.at)));
    }
}

/// What is taken off.
pub struct Decrement;

impl Fold for Decrement {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, _: &Manner, out: &mut Vec<Folded>) {
        let taken = Number::Int(0).minus(sum(readings));
        out.extend(readings.last().map(|last| Folded::new(PointKind::Rate, taken, last.at)));
    }
}
