//! Samples that add up are joined where a run makes very many of them.
//!
//! A log of five million lines gives five million samples of `count` with the value 1, and a dozen
//! series. A small run keeps each sample as it was submitted, for a person to see; beyond
//! [`limits::SAMPLES_APART`] a further sample is added to the one that its series has already.

use super::{About, MetricType, Samples, TagSet};
use crate::base::fingerprint::mix;
use crate::base::limits;
use crate::base::number::Number;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Where the samples that add up are among all samples of a run.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    places: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
    /// How many samples were looked at.
    n_seen: usize,
}

impl Sums {
    /// Adds the value to an earlier sample of the same series; what it is about comes back where there
    /// is none, or where samples stay apart.
    pub fn join(&mut self, samples: &mut Samples, value: Number, tags: &TagSet, about: Arc<About>) -> Option<Arc<About>> {
        if samples.len() < limits::SAMPLES_APART || !adds_up(about.metric_type) {
            return Some(about);
        }
        for (place, seen) in (self.n_seen..samples.len()).filter_map(|place| Some((place, samples.get(place)?))) {
            if adds_up(seen.metric_type) {
                self.places.entry(mixed(seen.about, seen.tags)).or_insert(place);
            }
        }
        self.n_seen = samples.len();
        let known = self.places.get(&mixed(&about, tags)).and_then(|place| Some((*place, samples.get(*place)?)));
        match known.filter(|(_, known)| known.tags == tags && is_same_metric(known.about, &about)) {
            Some((place, known)) => {
                let sum = known.value.plus(value);
                samples.replace(place, sum, about);
                None
            }
            None => Some(about),
        }
    }
}

/// True for types whose points are sums over a run, so that it does not matter whether two samples
/// come alone or together.
fn adds_up(metric_type: MetricType) -> bool {
    matches!(metric_type, MetricType::Count | MetricType::Increment | MetricType::Decrement)
}

fn is_same_metric(a: &Arc<About>, b: &Arc<About>) -> bool {
    Arc::ptr_eq(a, b)
        || (a.name == b.name
            && a.metric_type == b.metric_type
            && a.hostname == b.hostname
            && a.device == b.device
            && a.unit == b.unit
            && a.origin == b.origin)
}

/// Name, type and tags as one number. Two series that share it, which hardly ever happens, are not
/// joined any more, and nothing worse.
fn mixed(about: &About, tags: &TagSet) -> u64 {
    let host = about.hostname.iter().chain(&about.device).map(|text| text.as_bytes());
    let all = [about.name.as_bytes(), tags.as_bytes()].into_iter().chain(host);
    let mixed = all.fold(about.metric_type as u64, mix);
    mixed ^ (mixed >> 32)
}

/// A hasher for numbers that are mixed well already.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |mixed, byte| mixed << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, mixed: u64) {
        self.0 = mixed;
    }
}

#[cfg(test)]
mod tests {
    use crate::base::limits;
    use crate::base::number::Number;
    use crate::observation::{About, MetricType, Observations, TagSet};
    use jiff::Timestamp;

    fn add(made: &mut Observations, metric_type: MetricType, tag: usize, value: i64) -> bool {
        let (hostname, device, unit) = (None, None, None);
        let about = About {
            name: "m".into(),
            metric_type,
            hostname,
            device,
            unit,
            timestamp: Timestamp::UNIX_EPOCH,
            manner: None,
            origin: Default::default(),
        };
        made.add(Number::Int(value), &TagSet::new([format!("t:{tag}")]), about.into(), limits::SERIES)
    }

    fn after(n: usize, metric_type: MetricType) -> Observations {
        let mut made = Observations::default();
        (0..n).for_each(|n| assert!(add(&mut made, metric_type, n % 3, 1)));
        made
    }

    #[test]
    fn few_samples_stay_as_they_were_submitted() {
        assert_eq!(after(limits::SAMPLES_APART, MetricType::Count).samples.len(), limits::SAMPLES_APART);
    }

    #[test]
    fn beyond_that_they_add_up_and_none_is_lost() {
        let most = limits::SAMPLES_APART;
        let made = after(2 * most, MetricType::Count);
        assert_eq!(made.samples.len(), most);
        let total: f64 = made.samples.iter().map(|sample| sample.value.as_f64()).sum();
        assert_eq!(total, 2.0 * most as f64);
        assert_eq!(after(most + 5, MetricType::Gauge).samples.len(), most + 5);
    }

    #[test]
    fn a_series_that_comes_late_has_its_own_sample() {
        let mut made = after(limits::SAMPLES_APART + 1, MetricType::Count);
        let before = made.samples.len();
        for _ in 0..3 {
            assert!(add(&mut made, MetricType::Count, 99, 2));
        }
        assert_eq!(made.samples.len(), before + 1);
        assert_eq!(made.samples.get(before).unwrap().value.as_f64(), 6.0);
    }
}
