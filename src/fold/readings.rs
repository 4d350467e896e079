//! The last readings of counters and rates: what folding remembers between runs.

use super::Reading;
use crate::base::number::Number;
use crate::base::stored::{float_of, float_text, time_of};
use crate::base::value::Text;
use crate::observation::{MetricType, Sample, TagSet};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// How long the previous sample of a counter or rate is kept while its series is not seen: a day
/// and an hour, so that a daily job keeps its baseline.
const KEEP: Duration = Duration::from_secs(25 * 3600);

/// What makes a series: its metric, and the set of its tags.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// What it shares with other series.
    pub metric: Arc<Metric>,
    /// Its tags, sorted.
    pub tags: TagSet,
}

/// What the series of one metric share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Its type.
    pub metric_type: MetricType,
    /// Its name.
    pub name: Text,
    /// The host it is about.
    pub hostname: Option<Text>,
    /// The device it is about.
    pub device: Option<Text>,
}

/// Metrics of which each is held once.
#[derive(Debug, Default)]
pub struct Metrics(HashSet<Arc<Metric>>);

impl Metrics {
    /// The one that is held already, if there is one.
    pub fn share(&mut self, metric: Metric) -> Arc<Metric> {
        if let Some(known) = self.0.get(&metric) {
            return known.clone();
        }
        let new = Arc::new(metric);
        self.0.insert(new.clone());
        new
    }
}

/// Keys in the making. The samples of a row have the same tags, and those of the next row are about
/// the same metrics.
#[derive(Default)]
pub(super) struct Keys {
    metrics: Metrics,
    last: TagSet,
    sorted: TagSet,
}

impl Keys {
    /// The key of a sample's series.
    pub fn of(&mut self, sample: Sample<'_>) -> Key {
        if !self.last.is_same(sample.tags) {
            (self.last, self.sorted) = (sample.tags.clone(), sample.tags.sorted());
        }
        let (name, hostname, device) = (sample.name.clone(), sample.hostname.clone(), sample.device.clone());
        let metric = self.metrics.share(Metric { metric_type: sample.metric_type, name, hostname, device });
        Key { metric, tags: self.sorted.clone() }
    }
}

/// The last readings of counters and rates, by their series.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    last: HashMap<Key, Reading>,
}

impl Readings {
    /// The last reading of a series, unless it is too old to count from.
    pub(super) fn previous(&self, key: &Key, readings: &[Reading]) -> Option<Reading> {
        let previous = self.last.get(key).copied();
        previous.filter(|previous| readings.first().is_none_or(|first| is_fresh(previous, first)))
    }

    /// All readings, in no order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Reading)> {
        self.last.iter()
    }

    /// True without readings.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// How many series.
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Takes over newer readings, and forgets series that were not seen for too long: counted from
    /// the earliest of the newer ones, so that one reading with a time in the future does no harm.
    pub fn take_over(&mut self, newer: Readings) {
        let Some(earliest) = newer.last.values().min_by_key(|reading| reading.at).copied() else { return };
        self.last.extend(newer.last);
        self.last.retain(|_, reading| is_fresh(reading, &earliest));
    }
}

impl Extend<(Key, Reading)> for Readings {
    fn extend<I: IntoIterator<Item = (Key, Reading)>>(&mut self, readings: I) {
        self.last.extend(readings);
    }
}

fn is_fresh(previous: &Reading, now: &Reading) -> bool {
    now.seconds_since(previous).is_none_or(|age| age <= KEEP.as_secs_f64())
}

/// One reading as it is kept: type, name, host, device, tags, value, time.
type Stored<T> = (T, Text, Option<Text>, Option<Text>, Vec<Text>, String, String);

impl Serialize for Readings {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.last.iter().map(|(key, reading)| -> Stored<&'static str> {
            let (value, at) = (value_text(reading.value), reading.at.to_string());
            let tags = key.tags.iter().map(Text::from).collect();
            let Metric { metric_type, name, hostname, device } = &*key.metric;
            (metric_type.word(), name.clone(), hostname.clone(), device.clone(), tags, value, at)
        }))
    }
}

impl<'de> Deserialize<'de> for Readings {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (mut readings, mut metrics) = (Readings::default(), Metrics::default());
        for (word, name, hostname, device, tags, value, at) in Vec::<Stored<String>>::deserialize(from)? {
            let metric_type = MetricType::from_word(&word).ok_or_else(|| D::Error::custom(format!("no metric type `{word}`")))?;
            let metric = metrics.share(Metric { metric_type, name, hostname, device });
            let key = Key { metric, tags: TagSet::new(tags).sorted() };
            let reading = Reading { value: value_of(&value).map_err(D::Error::custom)?, at: time_of(&at).map_err(D::Error::custom)? };
            readings.last.insert(key, reading);
        }
        Ok(readings)
    }
}

/// A float has a dot or an exponent, an integer has neither.
fn value_text(value: Number) -> String {
    match value {
        Number::Int(n) => n.to_string(),
        Number::Uint(n) => n.to_string(),
        Number::Float(n) => float_text(n),
    }
}

fn value_of(text: &str) -> Result<Number, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let integer = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| Number::parse(text)).flatten();
    integer.map_or_else(|| float_of(text).map(Number::Float), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn key(name: &str) -> Key {
        let metric = Metric { metric_type: MetricType::Rate, name: name.into(), hostname: Some("h".into()), device: None };
        Key { metric: metric.into(), tags: TagSet::new(["a:1"]) }
    }

    fn at(seconds: i64) -> Reading {
        Reading { value: Number::Float(0.1 + 0.2), at: Timestamp::from_second(seconds).unwrap() }
    }

    fn of(name: &str, seconds: i64) -> Readings {
        Readings { last: [(key(name), at(seconds))].into() }
    }

    #[test]
    fn readings_come_back_from_disk_as_they_were() {
        let text = serde_json::to_string(&of("m", 5)).unwrap();
        let found: Readings = serde_json::from_str(&text).unwrap();
        assert_eq!(found.last, of("m", 5).last);
    }

    #[test]
    fn integers_and_floats_stay_what_they_are() {
        for value in [Number::Uint(u64::MAX), Number::Int(-5), Number::Float(3.0), Number::Float(f64::INFINITY), Number::Float(1e300)] {
            let found = value_of(&value_text(value)).unwrap();
            assert_eq!(format!("{found:?}"), format!("{value:?}"));
        }
    }

    #[test]
    fn a_series_that_is_gone_is_forgotten_after_a_day_and_an_hour() {
        let mut readings = of("old", 0);
        readings.take_over(of("new", 25 * 3600));
        assert_eq!(readings.len(), 2);
        readings.take_over(of("new", 25 * 3600 + 1));
        assert_eq!(readings.last.keys().map(|key| &*key.metric.name).collect::<Vec<_>>(), ["new"]);
    }

    #[test]
    fn readings_that_do_not_move_change_nothing() {
        let mut readings = of("a", 0);
        readings.take_over(Readings::default());
        assert_eq!(readings.len(), 1);
    }
}
