//! Counters as backends keep them that only know totals: what was counted so far, per series.
//!
//! A report says how many since the last point. Totals begin at zero with the process, which such
//! backends take for a reset, as they must. They are added up while batches are cut, so a batch that
//! is sent again says the same again.

use super::Numbered;
use crate::base::limits;
use crate::base::number::Number;
use crate::base::value::Text;
use crate::fold::{Point, PointKind};
use crate::observation::TagSet;
use crate::report::{Origin, Report};
use jiff::Timestamp;
use std::collections::HashMap;

/// What makes a series here: name, tags and host.
type Key = (Text, TagSet, Text, Option<Text>);

fn key(point: Point<'_>, origin: &Origin) -> Key {
    let host = point.hostname.as_ref().unwrap_or(&origin.hostname);
    (point.name.clone(), point.tags.sorted(), host.clone(), point.device.clone())
}

/// When the counting of a point began: an interval before it.
pub fn start(point: Point<'_>, origin: &Origin) -> Timestamp {
    let interval = jiff::SignedDuration::try_from(origin.interval).unwrap_or_default();
    point.at.checked_sub(interval).unwrap_or(point.at)
}

/// A total, and when it began.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Total {
    value: Number,
    /// When it was zero.
    since: Timestamp,
    /// The report that was added last.
    seen: u64,
}

/// The totals of one sink.
#[derive(Debug, Default)]
pub struct Totals {
    all: HashMap<Key, Total>,
}

impl Totals {
    /// Puts the total in the place of every count.
    pub fn add(&mut self, reports: &mut [Numbered]) {
        for Numbered { sequence, report } in reports {
            let Report { origin, points, .. } = report;
            for at in 0..points.len() {
                let Some(point) = points.get(at).filter(|point| point.kind == PointKind::Count) else { continue };
                let new = || Total { value: Number::Int(0), since: start(point, origin), seen: 0 };
                let total = self.all.entry(key(point, origin)).or_insert_with(new);
                total.value = total.value.plus(point.value);
                total.seen = *sequence;
                let about = point.about.clone();
                points.replace(at, total.value, about);
            }
        }
        self.forget();
    }

    /// When the total of a point was zero.
    pub fn since(&self, point: Point<'_>, origin: &Origin) -> Timestamp {
        self.all.get(&key(point, origin)).map_or_else(|| start(point, origin), |total| total.since)
    }

    /// Forgets series that were not seen for long, where there are very many.
    fn forget(&mut self) {
        if self.all.len() <= limits::TOTALS {
            return;
        }
        let mut seen: Vec<u64> = self.all.values().map(|total| total.seen).collect();
        seen.sort_unstable();
        let oldest_kept = seen.get(seen.len() / 2).copied().unwrap_or_default();
        self.all.retain(|_, total| total.seen >= oldest_kept);
    }
}
