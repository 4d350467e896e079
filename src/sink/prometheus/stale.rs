//! The ends of series, as Prometheus's own scrapes tell them: a series that the last run of a check had
//! and this one has not gets a staleness marker, a NaN of certain bits, at the time of this run. So a
//! graph ends there, and an alert on its absence does not wait for five minutes.
//!
//! A check that is gone leaves no report. Its series end with the first report of another one after
//! three of its intervals, a minute at least. What is known begins anew with the process: a series that
//! ended while the engine was down ends by itself after Prometheus's look-back.

use crate::base::limits;
use crate::base::number::Number;
use crate::base::value::Text;
use crate::fold::{Point, PointAbout, PointKind};
use crate::observation::TagSet;
use crate::report::{Origin, Report};
use crate::sink::Numbered;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The NaN that means: this series has ended (Prometheus, `model/value`).
const MARKER_BITS: u64 = 0x7ff0_0000_0000_0002;
/// Intervals without a report after which a check is gone.
const INTERVALS: u32 = 3;
/// And the least time for that, and from one look for such checks to the next.
const LEAST: Duration = Duration::from_secs(60);
/// The point that every report has which still has its metrics.
const OF_EVERY_RUN: &str = "engine.run.duration";

/// What makes a series.
type Key = (Text, TagSet, Text, Option<Text>, PointKind);

/// The series that are alive, by their checks.
#[derive(Debug, Default)]
pub struct Ends {
    checks: HashMap<u64, Alive>,
    n_series: usize,
    looked: Option<Timestamp>,
}

#[derive(Debug)]
struct Alive {
    series: HashSet<Key>,
    last: Timestamp,
    interval: Duration,
}

impl Ends {
    /// Adds a marker for every series that ends with one of the reports.
    pub fn add(&mut self, reports: &mut [Numbered]) {
        for Numbered { report, .. } in reports {
            // The spool takes the metrics out of old records where it is full: that ends nothing.
            let Some(at) = report.points.iter().find(|point| &*point.name == OF_EVERY_RUN).map(|point| point.at) else { continue };
            let mut ended = self.of_check(report, at);
            ended.extend(self.of_gone(at));
            for (name, tags, host, device, kind) in ended {
                let about = PointAbout { name, kind, device, hostname: Some(host), ..PointAbout::own("", None, at) };
                report.points.push(Number::Float(f64::from_bits(MARKER_BITS)), &tags, about.into());
            }
        }
    }

    fn of_check(&mut self, report: &Report, at: Timestamp) -> Vec<Key> {
        let now: HashSet<Key> = report.points.iter().map(|point| key(point, &report.origin)).collect();
        let before = self.checks.remove(&report.origin.id).map(|alive| alive.series).unwrap_or_default();
        self.n_series = (self.n_series + now.len()).saturating_sub(before.len());
        let ended = before.difference(&now).cloned().collect();
        if self.n_series <= limits::TOTALS {
            self.checks.insert(report.origin.id, Alive { series: now, last: at, interval: report.origin.interval });
        } else {
            self.n_series -= now.len();
            tracing::warn!(target: "sinks", check = %report.origin.label, most = limits::TOTALS, "too many series: the ends of those of this check are not told");
        }
        ended
    }

    /// The series of all checks that have not reported for long.
    fn of_gone(&mut self, at: Timestamp) -> Vec<Key> {
        let past = |since: Timestamp| at.duration_since(since).unsigned_abs();
        if self.looked.is_some_and(|looked| past(looked) < LEAST) {
            return Vec::new();
        }
        self.looked = Some(at);
        let is_gone = |alive: &Alive| at > alive.last && past(alive.last) > LEAST.max(alive.interval * INTERVALS);
        let gone: Vec<u64> = self.checks.iter().filter(|(_, alive)| is_gone(alive)).map(|(id, _)| *id).collect();
        let ended: Vec<Key> = gone.iter().filter_map(|id| self.checks.remove(id)).flat_map(|alive| alive.series).collect();
        self.n_series = self.n_series.saturating_sub(ended.len());
        ended
    }
}

fn key(point: Point<'_>, origin: &Origin) -> Key {
    let host = point.hostname.as_ref().unwrap_or(&origin.hostname);
    (point.name.clone(), point.tags.sorted(), host.clone(), point.device.clone(), point.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::testing;
    use std::sync::Arc;

    /// A report of a check, so many seconds after the first.
    fn report(id: u64, seconds: u64, names: &[&str]) -> Numbered {
        let mut numbered = testing::numbered(id, &[names, &[OF_EVERY_RUN]].concat());
        numbered.report.origin.id = id;
        let later = |about: &mut Arc<PointAbout>| Arc::make_mut(about).at += Duration::from_secs(seconds);
        numbered.report.points.amend(|tags| *tags = TagSet::new([format!("check:{id}")]), later);
        numbered
    }

    /// The names that end with each report.
    fn ended(ends: &mut Ends, reports: Vec<Numbered>) -> Vec<Vec<String>> {
        let mut reports = reports;
        ends.add(&mut reports);
        let names = |numbered: &Numbered| {
            let markers = numbered.report.points.iter().filter(|point| point.value.as_f64().to_bits() == MARKER_BITS);
            let mut names: Vec<String> = markers.map(|point| point.name.to_string()).collect();
            names.sort();
            names
        };
        reports.iter().map(names).collect()
    }

    #[test]
    fn a_series_that_a_run_has_not_any_more_ends_once() {
        let mut ends = Ends::default();
        let runs =
            vec![report(1, 0, &["a", "b"]), report(2, 1, &["a"]), report(1, 15, &["b"]), report(1, 30, &["b"]), report(1, 45, &["a", "b"])];
        assert_eq!(ended(&mut ends, runs), [&[][..], &[], &["a"], &[], &[]]);
        assert_eq!(ends.n_series, 5);
    }

    #[test]
    fn the_series_of_a_check_that_is_gone_end_with_a_report_of_another() {
        let mut ends = Ends::default();
        let runs = vec![report(1, 0, &["a"]), report(2, 1, &["b"]), report(2, 50, &["b"]), report(2, 62, &["b"]), report(2, 130, &["b"])];
        assert_eq!(ended(&mut ends, runs), [&[][..], &[], &[], &["a", OF_EVERY_RUN], &[]]);
        assert_eq!(ends.checks.len(), 1);
    }

    #[test]
    fn a_record_that_has_lost_its_metrics_ends_nothing() {
        let mut ends = Ends::default();
        let mut lighter = report(1, 15, &[]);
        lighter.report.points = Default::default();
        assert_eq!(ended(&mut ends, vec![report(1, 0, &["a"]), lighter, report(1, 30, &["a"])]), [&[] as &[&str]; 3]);
    }
}
