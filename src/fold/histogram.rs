//! `histogram`: the distribution of a run's values.
//!
//! The aggregates are the agents' usual ones, `max median avg count` and the 95th percentile, or
//! those that the metric names. The median is the lower middle, the percentile `p` the element at
//! `(p n - 1) / 100` of the sorted values, and `count` a rate, where every run counts as one second.

use super::{Fold, Folded, PointKind, Reading, sum};
use crate::base::number::Number;
use crate::observation::{Aggregate, Manner};
use std::cmp::Ordering;

/// The distribution.
pub struct Histogram;

impl Fold for Histogram {
    fn fold(&self, readings: &[Reading], _: Option<Reading>, manner: &Manner, out: &mut Vec<Folded>) {
        aggregate(readings, manner, out);
    }
}

/// The aggregates of some values, at the time of the last.
pub fn aggregate(readings: &[Reading], manner: &Manner, out: &mut Vec<Folded>) {
    let Some(last) = readings.last() else { return };
    let mut values: Vec<Number> = readings.iter().map(|reading| reading.value).collect();
    values.sort_by(|a, b| a.compare(*b).unwrap_or(Ordering::Equal));
    let n = values.len();
    let value_at = |index: usize| values.get(index).copied().unwrap_or(Number::Int(0));
    for aggregate in &manner.aggregates {
        let (kind, value) = match aggregate {
            Aggregate::Max => (PointKind::Gauge, value_at(n - 1)),
            Aggregate::Min => (PointKind::Gauge, value_at(0)),
            Aggregate::Median => (PointKind::Gauge, value_at((n - 1) / 2)),
            Aggregate::Avg => (PointKind::Gauge, Number::Float(sum(readings).as_f64() / n as f64)),
            Aggregate::Sum => (PointKind::Gauge, sum(readings)),
            Aggregate::Count => (PointKind::Rate, Number::Int(i64::try_from(n).unwrap_or(i64::MAX))),
        };
        out.push(Folded { suffix: format!(".{}", aggregate.word()).into(), kind, value, at: last.at });
    }
    for percent in &manner.percentiles {
        let value = value_at((usize::from(*percent) * n - 1) / 100);
        out.push(Folded { suffix: format!(".{percent}percentile").into(), kind: PointKind::Gauge, value, at: last.at });
    }
}
