//! What a number means over time: the samples of one series in one run become points.
//!
//! Samples are folded at the end of their run. A series is its name, type, tags, host and device:
//! the type is a part of it, so two types under one name never feed each other. Counters and rates
//! keep their previous sample across runs; a fall of a counter is a reset, never a negative number.
//!
//! Adding a metric type: one file with its [`Fold`], and one line in [`TYPES`].

mod count;
mod gauge;
mod histogram;
mod historate;
mod increment;
mod monotonic_count;
mod point;
mod rate;
mod raw;
mod readings;
mod series;

use crate::base::number::Number;
use crate::base::span::Sources;
use crate::expr::frame::Remark;
use crate::observation::{Manner, MetricType, Sample, Samples};
use jiff::Timestamp;
use point::Maker;
pub use point::{Point, PointAbout, PointKind, Points};
use readings::Keys;
pub use readings::{Key, Metric, Metrics, Readings};
use series::AllSeries;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One metric type's arithmetic.
pub trait Fold: Sync {
    /// The points of one series in one run; `previous` is the last reading of an earlier run.
    fn fold(&self, readings: &[Reading], previous: Option<Reading>, manner: &Manner, out: &mut Vec<Folded>);
    /// True if the last reading is needed by the next run.
    fn remembers(&self) -> bool {
        false
    }
}

/// Every metric type with its arithmetic.
pub const TYPES: &[(MetricType, &dyn Fold)] = &[
    (MetricType::Gauge, &gauge::Gauge),
    (MetricType::Count, &count::Count),
    (MetricType::MonotonicCount, &monotonic_count::MonotonicCount),
    (MetricType::Rate, &rate::Rate),
    (MetricType::Histogram, &histogram::Histogram),
    (MetricType::Historate, &historate::Historate),
    (MetricType::Increment, &increment::Increment),
    (MetricType::Decrement, &increment::Decrement),
    (MetricType::Raw, &raw::Raw),
];

/// One value at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The value.
    pub value: Number,
    /// When it was true.
    pub at: Timestamp,
}

impl Reading {
    /// Seconds since an earlier reading; `None` if no time has passed.
    pub fn seconds_since(&self, earlier: &Reading) -> Option<f64> {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        (seconds > 0.0).then_some(seconds)
    }
}

/// The sum of all values.
fn sum(readings: &[Reading]) -> Number {
    readings.iter().fold(Number::Int(0), |sum, reading| sum.plus(reading.value))
}

/// A point of one series, without its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Added to the metric's name: `.max`.
    pub suffix: Cow<'static, str>,
    /// What it is.
    pub kind: PointKind,
    /// Its value.
    pub value: Number,
    /// When it was true.
    pub at: Timestamp,
}

impl Folded {
    /// A point under the metric's own name.
    pub fn new(kind: PointKind, value: Number, at: Timestamp) -> Self {
        Folded { suffix: Cow::Borrowed(""), kind, value, at }
    }
}

/// True for types whose points need the reading of an earlier run.
pub fn remembers(metric_type: MetricType) -> bool {
    TYPES.iter().any(|(known, arithmetic)| *known == metric_type && arithmetic.remembers())
}

/// What the samples of one run come to.
#[derive(Debug, Default)]
pub struct Folding {
    /// The points, in the order in which their series were first seen.
    pub points: Points,
    /// The readings of this run, for the next one to count from.
    pub readings: Readings,
    /// Readings that could not be used.
    pub remarks: Vec<Remark>,
}

/// Folds the samples of one run. The memory stays as it is, so that an outcome that is not accepted
/// leaves no trace; `sources` are for the places of points.
pub fn fold(samples: &Samples, memory: &Readings, sources: &Sources) -> Folding {
    let mut out = Folding::default();
    let mut maker = Maker::new(sources);
    let (mut readings, mut folded, usual) = (Vec::new(), Vec::new(), Manner::default());
    let mut keys = Keys::default();
    for series in AllSeries::of(samples).iter() {
        let mut last = None;
        readings.clear();
        readings.extend(series.inspect(|sample| last = Some(*sample)).map(|sample| Reading { value: sample.value, at: sample.timestamp }));
        let Some(last) = last else { continue };
        let Some((_, arithmetic)) = TYPES.iter().find(|(metric_type, _)| *metric_type == last.metric_type) else { continue };
        let key = arithmetic.remembers().then(|| keys.of(last));
        if key.is_some() {
            // What says its own time may come in any order.
            readings.sort_by_key(|reading| reading.at);
        }
        let previous = key.as_ref().and_then(|key| memory.previous(key, &readings));
        arithmetic.fold(&readings, previous, last.manner.as_deref().unwrap_or(&usual), &mut folded);
        maker.add(last, folded.drain(..));
        if let Some(key) = key {
            out.remarks.extend(standstill(previous.as_ref(), &readings).map(|why| remark(last, why)));
            out.readings.extend(readings.last().map(|last| (key, *last)));
        }
    }
    merge(&mut out.remarks);
    Folding { points: maker.points, ..out }
}

/// Why the last reading of a series gives nothing that is per second.
fn standstill(previous: Option<&Reading>, readings: &[Reading]) -> Option<&'static str> {
    let mut latest = readings.iter().rev();
    let last = latest.next()?;
    let before = latest.next().or(previous)?;
    match last.at.cmp(&before.at) {
        Ordering::Equal if last.value != before.value => Some("two values at the same time: a tag that tells them apart is missing"),
        Ordering::Less => Some("its value is older than the one of the last run"),
        Ordering::Equal | Ordering::Greater => None,
    }
}

fn remark(sample: Sample<'_>, why: &str) -> Remark {
    let tags: String = sample.tags.iter().map(|tag| format!(" {tag}")).collect();
    Remark { span: sample.origin, message: format!("`{}`{tags}: {why}", sample.name), count: 1 }
}

/// One remark for each place in the spec.
fn merge(remarks: &mut Vec<Remark>) {
    remarks.sort_by_key(|remark| remark.span);
    remarks.dedup_by(|next, kept| {
        let same = next.span == kept.span;
        kept.count += if same { next.count } else { 0 };
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{About, TagSet};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    /// One sample each.
    fn samples(of: impl IntoIterator<Item = (MetricType, f64, i64)>) -> Samples {
        let mut out = Samples::default();
        of.into_iter().for_each(|(metric_type, value, seconds)| {
            out.push(Number::Float(value), &TagSet::default(), about(metric_type, seconds).into());
        });
        out
    }

    fn about(metric_type: MetricType, seconds: i64) -> About {
        let (hostname, device, unit) = (None, None, None);
        About { name: "m".into(), metric_type, hostname, device, unit, timestamp: at(seconds), manner: None, origin: Default::default() }
    }

    /// The values of each run, one second between two samples.
    fn runs(metric_type: MetricType, runs: &[&[f64]]) -> Vec<Vec<(String, f64)>> {
        let mut memory = Readings::default();
        let mut clock = 0;
        let mut out = Vec::new();
        for values in runs {
            let samples = samples(values.iter().map(|value| (clock += 1, (metric_type, *value, clock)).1));
            let Folding { points, readings, .. } = fold(&samples, &memory, &Sources::default());
            memory.take_over(readings);
            out.push(points.iter().map(|p| (p.name.to_string(), p.value.as_f64())).collect());
        }
        out
    }

    fn values(metric_type: MetricType, of: &[&[f64]]) -> Vec<Vec<f64>> {
        runs(metric_type, of).into_iter().map(|points| points.into_iter().map(|(_, value)| value).collect()).collect()
    }

    #[test]
    fn a_gauge_is_the_last_value_and_a_count_the_sum_of_a_run() {
        assert_eq!(values(MetricType::Gauge, &[&[1.0, 5.0, 3.0], &[]]), [vec![3.0], vec![]]);
        assert_eq!(values(MetricType::Count, &[&[1.0, 5.0, 3.0], &[2.0]]), [[9.0], [2.0]]);
    }

    #[test]
    fn a_monotonic_count_is_the_growth_and_a_fall_is_a_reset() {
        let of: &[&[f64]] = &[&[2.0, 3.0, 6.0, 7.0], &[10.0, 11.0], &[3.0], &[9.0]];
        assert_eq!(values(MetricType::MonotonicCount, of), [[5.0], [4.0], [0.0], [6.0]]);
        assert_eq!(values(MetricType::MonotonicCount, &[&[5.0], &[5.0]]), [vec![], vec![0.0]]);
    }

    #[test]
    fn a_rate_is_per_second_across_runs_and_never_negative() {
        assert_eq!(values(MetricType::Rate, &[&[10.0], &[14.0], &[2.0], &[3.0]]), [vec![], vec![4.0], vec![], vec![1.0]]);
        assert_eq!(values(MetricType::Rate, &[&[1.0, 4.0]]), [[3.0]]);
    }

    #[test]
    fn two_readings_at_one_time_give_no_rate() {
        let first = fold(&samples([(MetricType::Rate, 1.0, 0)]), &Readings::default(), &Sources::default());
        assert!(first.points.is_empty());
        let second = fold(&samples([(MetricType::Rate, 9.0, 0)]), &first.readings, &Sources::default());
        assert!(second.points.is_empty());
        assert_eq!(second.remarks[0].message, "`m`: two values at the same time: a tag that tells them apart is missing");
    }

    #[test]
    fn a_histogram_has_max_median_average_count_and_a_percentile() {
        let found = runs(MetricType::Histogram, &[&[1.0, 2.0, 3.0, 10.0]]);
        let expected = [("m.max", 10.0), ("m.median", 2.0), ("m.avg", 4.0), ("m.count", 4.0), ("m.95percentile", 10.0)];
        assert_eq!(found[0], expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn a_historate_keeps_its_previous_sample_across_runs() {
        let found = values(MetricType::Historate, &[&[1.0], &[3.0], &[4.0]]);
        assert!(found[0].is_empty());
        assert_eq!(found[1][0], 2.0);
        assert_eq!(found[2][0], 1.0);
    }

    #[test]
    fn increments_and_decrements_are_per_second_of_one() {
        assert_eq!(values(MetricType::Increment, &[&[1.0, 2.0]]), [[3.0]]);
        assert_eq!(values(MetricType::Decrement, &[&[1.0, 2.0]]), [[-3.0]]);
        assert_eq!(values(MetricType::Raw, &[&[1.0, 2.0]]), [[1.0, 2.0]]);
    }

    #[test]
    fn two_types_under_one_name_are_two_series() {
        let samples = samples([(MetricType::Gauge, 1.0, 0), (MetricType::Count, 5.0, 0)]);
        let points = fold(&samples, &Readings::default(), &Sources::default()).points;
        assert_eq!(
            points.iter().map(|p| (p.kind, p.value.as_f64())).collect::<Vec<_>>(),
            [(PointKind::Gauge, 1.0), (PointKind::Count, 5.0)]
        );
    }

    #[test]
    fn every_type_has_its_arithmetic() {
        let known: Vec<&str> = TYPES.iter().map(|(metric_type, _)| metric_type.word()).collect();
        assert_eq!(known, MetricType::WORDS);
    }
}
