//! Points: what the samples of a series came to, as it would be sent.

use super::Folded;
use crate::base::span::{Places, Sources};
use crate::base::time::epoch_seconds;
use crate::base::value::Text;
use crate::observation::{MetricType, Numbers, Sample, Tagged};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;

/// What backends make of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A point as it would be sent.
pub type Point<'p> = Tagged<'p, PointAbout>;

/// The points of one run.
pub type Points = Numbers<PointAbout>;

/// What the points of one metric share.
#[derive(Clone, Debug, PartialEq)]
pub struct PointAbout {
    /// The metric's name with its suffix.
    pub name: Text,
    /// The type it was folded as.
    pub metric_type: MetricType,
    /// What it is.
    pub kind: PointKind,
    /// Its unit.
    pub unit: Option<Text>,
    /// The host it is about; none for the agent's own.
    pub hostname: Option<Text>,
    /// The device it is about.
    pub device: Option<Text>,
    /// When it was true.
    pub at: Timestamp,
    /// The place in the spec that made it, as `path:line`; empty where the engine itself made it.
    pub origin: Text,
}

impl PointAbout {
    /// A gauge of the engine itself.
    pub fn own(name: &str, unit: Option<&str>, at: Timestamp) -> Self {
        PointAbout {
            name: name.into(),
            metric_type: MetricType::Gauge,
            kind: PointKind::Gauge,
            unit: unit.map(Text::from),
            hostname: None,
            device: None,
            at,
            origin: Text::default(),
        }
    }
}

impl Point<'_> {
    /// The point as `check --format json` shows it.
    pub fn to_json(&self) -> Json {
        json!({
            "name": &*self.name, "type": self.kind.word(), "value": self.value, "unit": self.unit.as_deref(),
            "tags": self.tags, "hostname": self.hostname.as_deref().unwrap_or(""),
            "device": self.device.as_deref(), "timestamp": epoch_seconds(self.at), "interval": 0,
        })
    }
}

/// Metrics that are remembered at once: those of a row come again with the next one.
const REMEMBERED: usize = 1024;

/// Makes points of what samples came to, and holds once what they share.
pub struct Maker<'s> {
    places: Places<'s>,
    /// By the address of what the samples share, and the how many-th point of its series it is.
    abouts: HashMap<(usize, usize), Arc<PointAbout>>,
    /// What was made.
    pub points: Points,
}

impl<'s> Maker<'s> {
    /// Texts of the specs, for places.
    pub fn new(sources: &'s Sources) -> Self {
        Maker { places: Places::new(sources), abouts: HashMap::new(), points: Points::default() }
    }

    /// Adds the points of one series, which are about the same as its last sample.
    pub fn add(&mut self, sample: Sample<'_>, folded: impl Iterator<Item = Folded>) {
        for (nth, folded) in folded.enumerate() {
            let key = (Arc::as_ptr(sample.about).addr(), nth);
            let known = self.abouts.get(&key).filter(|known| folded.is_about(known, sample)).cloned();
            let about = known.unwrap_or_else(|| self.remember(key, sample, &folded));
            self.points.push(folded.value, sample.tags, about);
        }
    }

    fn remember(&mut self, key: (usize, usize), sample: Sample<'_>, folded: &Folded) -> Arc<PointAbout> {
        let name = if folded.suffix.is_empty() { sample.name.clone() } else { format!("{}{}", sample.name, folded.suffix).into() };
        let about = Arc::new(PointAbout {
            name,
            metric_type: sample.metric_type,
            kind: folded.kind,
            unit: sample.unit.clone(),
            hostname: sample.hostname.clone(),
            device: sample.device.clone(),
            at: folded.at,
            origin: self.places.text(sample.origin),
        });
        if self.abouts.len() >= REMEMBERED {
            self.abouts.clear();
        }
        self.abouts.insert(key, about.clone());
        about
    }
}

impl Folded {
    /// True where a point of this kind, time and name is there already; the rest is that of the sample.
    fn is_about(&self, known: &PointAbout, sample: Sample<'_>) -> bool {
        known.kind == self.kind && known.at == self.at && known.name.strip_prefix(&*sample.name) == Some(&self.suffix)
    }
}
