//! `histogram`: the distribution of a run's values.
//!
//! The aggregates are the agents' usual ones: `max median avg count` and the 95th percentile. The
//! median is the lower middle, the percentile the element at `(95 n - 1) / 100` of the sorted
//! values, and `count` a rate, where every run counts as one second.

use super::{Fold, Folded, PointKind, Reading, sum};
use crate::base::number::Number;
use std::cmp::Ordering;

/// The distribution.
pub struct Histogram;

impl Fold for Histogram {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, out: &mut Vec<Folded>) {
        aggregate(readings, out);
    }
}

/// The aggregates of some values, at the time of the last.
pub fn aggregate(readings: &[Reading], out: &mut Vec<Folded>) {
    let Some(last) = readings.last() else { return };
    let mut values: Vec<Number> = readings.iter().map(|reading| reading.value).collect();
    values.sort_by(|a, b| a.compare(*b).unwrap_or(Ordering::Equal));
    let n = values.len();
    let value_at = |index: usize| values.get(index).copied().unwrap_or(Number::Int(0));
    let average = Number::Float(sum(readings).as_f64() / n as f64);
    let mut push = |suffix, kind, value| out.push(Folded { suffix, kind, value, at: last.at });
    push(".max", PointKind::Gauge, value_at(n - 1));
    push(".median", PointKind::Gauge, value_at((n - 1) / 2));
    push(".avg", PointKind::Gauge, average);
    push(".count", PointKind::Rate, Number::Int(i64::try_from(n).unwrap_or(i64::MAX)));
    push(".95percentile", PointKind::Gauge, value_at((95 * n - 1) / 100));
}
