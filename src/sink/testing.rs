//! Small reports for the tests of sinks.

use super::Numbered;
use crate::base::number::Number;
use crate::base::span::{Sources, Span};
use crate::base::value::{Text, Value};
use crate::fold::{PointAbout, Points};
use crate::observation::{self, Component, Observations, Status, TagSet};
use crate::report::{Facts, Origin, Report, RunStatus};
use crate::state::Changes;
use jiff::Timestamp;
use std::time::Duration;

fn report(sequence: u64, points: Points, observations: Observations) -> Numbered {
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let origin = Origin {
        check: "spec".into(),
        label: "spec[0]".into(),
        id: 1,
        owner: "spec".into(),
        instance: 0,
        name: None,
        hostname: "mon-01".into(),
        started: at,
        interval: Duration::from_secs(15),
    };
    let run = RunStatus { status: Status::Ok, message: Text::default(), duration: Duration::ZERO, ended: at };
    let facts = Facts { observations, points: Points::default(), changes: Changes::default(), run, sources: &Sources::default() };
    let mut report = Report::new(origin, facts);
    // What the engine adds of itself is not counted here.
    report.points = points;
    report.service_checks.pop();
    Numbered { sequence, report }
}

/// A report with gauges of these names.
pub fn numbered(sequence: u64, names: &[&str]) -> Numbered {
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let mut points = Points::default();
    for name in names {
        let about = PointAbout { origin: "specs/spec.yaml:7".into(), ..PointAbout::own(name, None, at) };
        points.push(Number::Int(1), &TagSet::new(["t:1"]), about.into());
    }
    report(sequence, points, Observations::default())
}

/// A report with a full picture of components.
pub fn with_components(sequence: u64, ids: &[&str]) -> Numbered {
    let component =
        |id: &&str| Component { id: (*id).into(), component_type: "host".into(), data: Value::Missing, origin: Span::default() };
    let topology = observation::Topology {
        start_snapshot: true,
        stop_snapshot: true,
        components: ids.iter().map(component).collect(),
        ..observation::Topology::default()
    };
    let mut observations = Observations::default();
    observations.topology = Some(topology);
    report(sequence, Points::default(), observations)
}
