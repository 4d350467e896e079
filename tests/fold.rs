//! What the samples of some runs come to, compared with models that know the whole history, and with
//! the figures that the agents' own tests state.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::number::Number;
use engine::base::span::Sources;
use engine::fold::{PointKind, Readings, fold};
use engine::observation::{About, Aggregate, First, Manner, MetricType, Reset, Samples, TagSet};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// Readings are a second apart, whatever run they belong to.
struct Folder {
    metric_type: MetricType,
    manner: Option<Manner>,
    memory: Readings,
    clock: i64,
}

impl Folder {
    fn new(metric_type: MetricType) -> Self {
        Folder { metric_type, manner: None, memory: Readings::default(), clock: 0 }
    }

    fn run(&mut self, values: &[i64]) -> Vec<(String, f64)> {
        let samples = self.samples(values);
        let folding = fold(&samples, &self.memory, &Sources::default());
        self.memory.take_over(folding.readings);
        folding.points.iter().map(|point| (point.name.to_string(), point.value.as_f64())).collect()
    }

    fn samples(&mut self, values: &[i64]) -> Samples {
        let mut out = Samples::default();
        for value in values {
            out.push(Number::Int(*value), &TagSet::default(), self.about());
        }
        out
    }

    fn about(&mut self) -> Arc<About> {
        self.clock += 1;
        let about = About {
            name: "m".into(),
            metric_type: self.metric_type,
            hostname: None,
            device: None,
            unit: None,
            timestamp: Timestamp::from_second(1_700_000_000 + self.clock).expect("a time"),
            manner: self.manner.clone().map(Into::into),
            origin: Default::default(),
        };
        about.into()
    }

    /// The value under the metric's own name, run by run.
    fn runs(&mut self, runs: &[Vec<i64>]) -> Vec<Option<f64>> {
        runs.iter().map(|values| self.run(values).first().map(|(_, value)| *value)).collect()
    }
}

/// For each run, pairs of a reading and the one before it in the whole history.
fn pairs(runs: &[Vec<i64>]) -> Vec<Vec<(Option<i64>, i64)>> {
    let mut before = None;
    let of_run = |run: &Vec<i64>| run.iter().map(|value| (before.replace(*value), *value)).collect();
    runs.iter().map(of_run).collect()
}

fn some_runs() -> impl Strategy<Value = Vec<Vec<i64>>> {
    vec(vec(-5i64..100, 0..5), 0..6)
}

proptest! {
    #[test]
    fn a_gauge_is_the_last_and_a_count_the_sum(runs in some_runs()) {
        let last: Vec<_> = runs.iter().map(|run| run.last().map(|n| *n as f64)).collect();
        prop_assert_eq!(Folder::new(MetricType::Gauge).runs(&runs), last);
        let sum = |sign: i64| runs.iter().map(|run| (!run.is_empty()).then(|| (sign * run.iter().sum::<i64>()) as f64)).collect::<Vec<_>>();
        prop_assert_eq!(Folder::new(MetricType::Count).runs(&runs), sum(1));
        prop_assert_eq!(Folder::new(MetricType::Increment).runs(&runs), sum(1));
        prop_assert_eq!(Folder::new(MetricType::Decrement).runs(&runs), sum(-1));
    }

    #[test]
    fn a_monotonic_count_is_the_sum_of_what_grew(runs in some_runs(), emit in any::<bool>(), count in any::<bool>()) {
        let model = |run: &Vec<(Option<i64>, i64)>| {
            let grown = run.iter().filter_map(|(before, value)| match before {
                None => emit.then_some(*value),
                Some(before) if value >= before => Some(value - before),
                Some(_) => Some(if count { *value } else { 0 }),
            });
            let grown: Vec<i64> = grown.collect();
            (!grown.is_empty()).then(|| grown.iter().sum::<i64>() as f64)
        };
        let mut folder = Folder::new(MetricType::MonotonicCount);
        let (first, reset) = (if emit { First::Emit } else { First::Skip }, if count { Reset::Count } else { Reset::Skip });
        folder.manner = Some(Manner { first, reset, ..Manner::default() });
        prop_assert_eq!(folder.runs(&runs), pairs(&runs).iter().map(model).collect::<Vec<_>>());
    }

    #[test]
    fn a_rate_is_the_growth_of_the_last_second(runs in some_runs()) {
        let model = |run: &Vec<(Option<i64>, i64)>| {
            let (before, value) = run.last()?;
            let grown = value - (*before)?;
            (grown >= 0).then_some(grown as f64)
        };
        prop_assert_eq!(Folder::new(MetricType::Rate).runs(&runs), pairs(&runs).iter().map(model).collect::<Vec<_>>());
    }

    #[test]
    fn a_histogram_tells_what_sorting_tells(values in vec(-50i64..50, 1..40), percent in 1u8..100) {
        let mut folder = Folder::new(MetricType::Histogram);
        let all = Aggregate::WORDS.iter().filter_map(|word| Aggregate::from_word(word)).collect();
        folder.manner = Some(Manner { aggregates: all, percentiles: vec![percent], ..Manner::default() });
        let found: std::collections::BTreeMap<String, f64> = folder.run(&values).into_iter().collect();
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let n = values.len();
        let below = |value: f64| sorted.iter().filter(|other| (**other as f64) < value).count();
        prop_assert_eq!(found["m.max"], sorted[n - 1] as f64);
        prop_assert_eq!(found["m.min"], sorted[0] as f64);
        prop_assert_eq!(found["m.sum"], values.iter().sum::<i64>() as f64);
        prop_assert_eq!(found["m.count"], n as f64);
        prop_assert!((found["m.avg"] * n as f64 - found["m.sum"]).abs() < 1e-6);
        prop_assert!(2 * below(found["m.median"]) < n, "fewer than half lie below the median");
        let percentile = found[&format!("m.{percent}percentile")];
        prop_assert!(100 * below(percentile) < usize::from(percent) * n);
    }

    /// Ten runs of one reading are as good as one run of ten.
    #[test]
    fn a_historate_loses_no_reading_between_runs(values in vec(0i64..1000, 2..12)) {
        let mut together = Folder::new(MetricType::Historate);
        let mut apart = Folder::new(MetricType::Historate);
        let rates = |points: Vec<(String, f64)>| points.into_iter().find(|(name, _)| name == "m.count").map_or(0.0, |(_, n)| n);
        let whole = rates(together.run(&values));
        let parts: f64 = values.iter().map(|value| rates(apart.run(&[*value]))).sum();
        prop_assert_eq!(whole, parts);
    }
}

fn monotonic(first: First, reset: Reset) -> Vec<Option<f64>> {
    let mut folder = Folder::new(MetricType::MonotonicCount);
    folder.manner = Some(Manner { first, reset, ..Manner::default() });
    folder.runs(&[vec![2, 3, 6, 7], vec![10, 11], vec![3], vec![9]])
}

#[test]
fn the_figures_of_counters_are_those_of_the_agents() {
    let some = |all: [f64; 4]| all.map(Some).to_vec();
    assert_eq!(monotonic(First::Skip, Reset::Skip), some([5.0, 4.0, 0.0, 6.0]));
    assert_eq!(monotonic(First::Emit, Reset::Count), some([7.0, 4.0, 3.0, 6.0]));
    let mut folder = Folder::new(MetricType::MonotonicCount);
    assert_eq!(folder.runs(&[vec![0, 1, 2, 4, 7, 12, 20], vec![30]]), [Some(20.0), Some(10.0)]);
    assert_eq!(Folder::new(MetricType::Count).runs(&[vec![0, 1, 1, 2, 3, 5, 8]]), [Some(20.0)]);
    // No zero for a run without any: a point that nobody has measured.
    assert_eq!(Folder::new(MetricType::Increment).runs(&[vec![1, 5], vec![]]), [Some(6.0), None]);
}

/// A reset within a run adds what there is since, and loses nothing of before.
#[test]
fn a_reset_keeps_what_was_counted_before_it() {
    let mut folder = Folder::new(MetricType::MonotonicCount);
    folder.manner = Some(Manner { reset: Reset::Count, ..Manner::default() });
    assert_eq!(folder.runs(&[vec![10, 15, 2, 5]]), [Some(10.0)]);
}

#[test]
fn the_figures_of_histograms_are_those_of_the_agents() {
    let mut folder = Folder::new(MetricType::Histogram);
    folder.manner = Some(Manner { percentiles: vec![95, 40], ..Manner::default() });
    let found = folder.run(&(0..20).collect::<Vec<_>>());
    let expected = [("max", 19.0), ("median", 9.0), ("avg", 9.5), ("count", 20.0), ("95percentile", 18.0), ("40percentile", 7.0)];
    assert_eq!(found, expected.map(|(name, value)| (format!("m.{name}"), value)));
}

#[test]
fn samples_with_times_of_their_own_count_in_the_order_of_these() {
    let mut folder = Folder::new(MetricType::MonotonicCount);
    let read = [1, 5, 9].map(|value| (value, folder.about()));
    let mut samples = Samples::default();
    read.into_iter().rev().for_each(|(value, about)| samples.push(Number::Int(value), &TagSet::default(), about));
    let points = fold(&samples, &Readings::default(), &Sources::default()).points;
    assert_eq!(points.iter().map(|point| point.value.as_f64()).collect::<Vec<_>>(), [8.0]);
}

#[test]
fn integers_of_64_bits_stay_exact() {
    let mut folder = Folder::new(MetricType::MonotonicCount);
    let large = 9_007_199_254_740_993;
    assert_eq!(folder.runs(&[vec![large], vec![large + 2]]), [None, Some(2.0)]);
    let samples = Folder::new(MetricType::Gauge).samples(&[large]);
    let points = fold(&samples, &Readings::default(), &Sources::default()).points;
    let point = points.get(0).expect("a point");
    assert_eq!((point.value.to_string(), point.kind), (large.to_string(), PointKind::Gauge));
}

/// The same tags in another order are the same series.
#[test]
fn the_order_of_tags_makes_no_series() {
    let mut folder = Folder::new(MetricType::Count);
    let mut samples = Samples::default();
    samples.push(Number::Int(1), &TagSet::new(["a", "b"]), folder.about());
    samples.push(Number::Int(2), &TagSet::new(["b", "a"]), folder.about());
    assert_eq!(fold(&samples, &Readings::default(), &Sources::default()).points.len(), 1);
}
