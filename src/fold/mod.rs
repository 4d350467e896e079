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
mod rate;
mod raw;
mod readings;

use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::time::epoch_seconds;
use crate::base::value::Text;
use crate::expr::frame::Remark;
use crate::observation::{Manner, MetricType, Sample, TagSet};
use jiff::Timestamp;
pub use readings::{Key, Readings};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

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

/// What backends make of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    /// A value at a time.
    Gauge,
    /// How many since the last point.
    Count,
    /// How many per second.
    Rate,
}

impl PointKind {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            PointKind::Gauge => "gauge",
            PointKind::Count => "count",
            PointKind::Rate => "rate",
        }
    }
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

/// A point as it would be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The metric's name with its suffix.
    pub name: Text,
    /// The type it was folded as.
    pub metric_type: MetricType,
    /// What it is.
    pub kind: PointKind,
    /// Its value.
    pub value: Number,
    /// Its unit.
    pub unit: Option<Text>,
    /// Its tags.
    pub tags: TagSet,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// The device it is about.
    pub device: Option<Text>,
    /// When it was true.
    pub at: Timestamp,
    /// The place in the spec that made it.
    pub origin: Span,
}

impl Point {
    /// The point as `check --format json` shows it.
    pub fn to_json(&self) -> Json {
        json!({
            "name": &*self.name, "type": self.kind.word(), "value": self.value, "unit": self.unit.as_deref(),
            "tags": self.tags, "hostname": self.hostname.as_deref().unwrap_or(""),
            "device": self.device.as_deref(), "timestamp": epoch_seconds(self.at), "interval": 0,
        })
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
    pub points: Vec<Point>,
    /// The readings of this run, for the next one to count from.
    pub readings: Readings,
    /// Readings that could not be used.
    pub remarks: Vec<Remark>,
}

/// Folds the samples of one run. The memory stays as it is, so that an outcome that is not accepted
/// leaves no trace.
pub fn fold(samples: &[Sample], memory: &Readings) -> Folding {
    let mut out = Folding { points: Vec::with_capacity(samples.len()), ..Folding::default() };
    let (mut folded, usual) = (Vec::new(), Manner::default());
    for (key, mut series) in grouped(samples) {
        let Some((_, arithmetic)) = TYPES.iter().find(|(metric_type, _)| *metric_type == key.metric_type) else { continue };
        let remembers = arithmetic.remembers();
        if remembers {
            // What says its own time may come in any order.
            series.more.sort_by_key(|reading| reading.at);
        }
        let readings = series.readings();
        let previous = if remembers { memory.previous(&key, readings) } else { None };
        arithmetic.fold(readings, previous, series.last.manner.as_deref().unwrap_or(&usual), &mut folded);
        out.points.extend(folded.drain(..).map(|folded| point(series.last, folded)));
        if remembers {
            out.remarks.extend(standstill(previous.as_ref(), readings).map(|why| remark(series.last, why)));
            out.readings.extend(readings.last().map(|last| (key, *last)));
        }
    }
    merge(&mut out.remarks);
    out
}

/// The samples of one series.
struct Series<'s> {
    first: Reading,
    /// All of them, where there are several.
    more: Vec<Reading>,
    last: &'s Sample,
}

impl Series<'_> {
    fn readings(&self) -> &[Reading] {
        if self.more.is_empty() { std::slice::from_ref(&self.first) } else { &self.more }
    }
}

/// The samples of each series, in the order in which the series were first seen.
fn grouped(samples: &[Sample]) -> Vec<(Key, Series<'_>)> {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(samples.len());
    let mut out: Vec<(Key, Series<'_>)> = Vec::with_capacity(samples.len());
    for sample in samples {
        let reading = Reading { value: sample.value, at: sample.timestamp };
        let key = Key::of(sample);
        match places.get(&key).and_then(|at| out.get_mut(*at)) {
            Some((_, series)) => {
                if series.more.is_empty() {
                    series.more.push(series.first);
                }
                series.more.push(reading);
                series.last = sample;
            }
            None => {
                places.insert(key.clone(), out.len());
                out.push((key, Series { first: reading, more: Vec::new(), last: sample }));
            }
        }
    }
    out
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

fn remark(sample: &Sample, why: &str) -> Remark {
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

fn point(sample: &Sample, folded: Folded) -> Point {
    let name = if folded.suffix.is_empty() { sample.name.clone() } else { format!("{}{}", sample.name, folded.suffix).into() };
    Point {
        name,
        metric_type: sample.metric_type,
        kind: folded.kind,
        value: folded.value,
        unit: sample.unit.clone(),
        tags: sample.tags.clone(),
        hostname: sample.hostname.clone(),
        device: sample.device.clone(),
        at: folded.at,
        origin: sample.origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::number::Number;
    use crate::observation::About;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn sample(metric_type: MetricType, value: f64, seconds: i64) -> Sample {
        let (hostname, device, unit) = (None, None, None);
        let about = About {
            name: "m".into(),
            metric_type,
            hostname,
            device,
            unit,
            timestamp: at(seconds),
            manner: None,
            origin: Default::default(),
        };
        Sample { value: Number::Float(value), tags: TagSet::default(), about: about.into() }
    }

    /// The values of each run, one second between two samples.
    fn runs(metric_type: MetricType, runs: &[&[f64]]) -> Vec<Vec<(String, f64)>> {
        let mut memory = Readings::default();
        let mut clock = 0;
        let mut out = Vec::new();
        for values in runs {
            let samples: Vec<_> = values.iter().map(|value| (clock += 1, sample(metric_type, *value, clock)).1).collect();
            let Folding { points, readings, .. } = fold(&samples, &memory);
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
        let first = fold(&[sample(MetricType::Rate, 1.0, 0)], &Readings::default());
        assert!(first.points.is_empty());
        let second = fold(&[sample(MetricType::Rate, 9.0, 0)], &first.readings);
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
        let samples = [sample(MetricType::Gauge, 1.0, 0), sample(MetricType::Count, 5.0, 0)];
        let points = fold(&samples, &Readings::default()).points;
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
