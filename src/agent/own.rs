//! What the engine reports of itself: ordinary metrics, through the same spool to the same sinks.

use super::board::{Board, Summary};
use super::spooler::Spooler;
use crate::base::number::Number;
use crate::base::span::Sources;
use crate::base::time::Clock;
use crate::base::value::Text;
use crate::fold::{PointAbout, Points};
use crate::observation::{Observations, Status, TagSet};
use crate::report::{Facts, Origin, Report, RunStatus};
use crate::state::Changes;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The name under which the engine reports itself.
const NAME: &str = "engine";

/// Reports of the engine itself.
pub struct Own {
    /// What it knows of itself.
    pub board: Arc<Board>,
    /// The way into the spool.
    pub spooler: Spooler,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The collector's tick.
    pub interval: Duration,
    /// The tags of every observation.
    pub tags: Vec<Text>,
}

impl Own {
    /// Reports once in an interval, as long as the process lives.
    pub async fn run(self) {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let report = self.report();
            if let Err(why) = self.spooler.append(&report).await {
                tracing::error!(target: "spool", why, "what the engine reports of itself was dropped");
            }
        }
    }

    fn report(&self) -> Report {
        let now = self.clock.now();
        let origin = Origin {
            check: NAME.into(),
            label: NAME.into(),
            id: 0,
            owner: NAME.into(),
            instance: 0,
            name: None,
            hostname: self.spooler.hostname().clone(),
            started: now,
            interval: self.interval,
        };
        let run = RunStatus { status: Status::Ok, message: Text::from(""), duration: Duration::ZERO, ended: now };
        let points = points(&self.board.summary(), &self.tags, now);
        let facts = Facts { observations: Observations::default(), points, changes: Changes::default(), run, sources: &Sources::default() };
        Report::new(origin, facts)
    }
}

/// The figures as points.
fn points(summary: &Summary, tags: &[Text], now: Timestamp) -> Points {
    let mut out = Points::default();
    let mut add = |name: &str, value: f64, more: Option<String>| {
        let all = tags.iter().map(|tag| tag.to_string()).chain(more);
        out.push(Number::Float(value), &TagSet::new(all), PointAbout::own(name, None, now).into());
    };
    add("engine.up", 1.0, None);
    for (status, n) in &summary.by_status {
        add("engine.instances", *n as f64, Some(format!("status:{status}")));
    }
    let totals = &summary.totals;
    for (name, value) in [
        ("engine.runs", totals.runs),
        ("engine.run.errors", totals.errors),
        ("engine.run.warnings", totals.warnings),
        ("engine.runs.skipped", totals.skipped),
        ("engine.observations", totals.observations),
        ("engine.clock_jumps", totals.clock_jumps),
        ("engine.reloads", summary.configuration.reloads),
    ] {
        add(name, value as f64, None);
    }
    add("engine.runs.in_progress", summary.running as f64, None);
    if let Some(spool) = &summary.spool {
        add("engine.spool.bytes", spool.bytes as f64, None);
        add("engine.spool.damaged", spool.damaged as f64, None);
    }
    for sink in &summary.sinks {
        let of_sink = || Some(format!("sink:{}", sink.name));
        add("engine.sink.delivered", sink.delivered as f64, of_sink());
        add("engine.sink.dropped", sink.dropped as f64, of_sink());
        let lag = sink.oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
        add("engine.sink.lag", lag, of_sink());
    }
    out
}
