//! The end of a run where its output goes to sinks: one record, then the memory moves.

use crate::base::limits;
use crate::base::print::one_line;
use crate::base::span::Sources;
use crate::base::value::Text;
use crate::fold::Points;
use crate::observation::Status;
use crate::plan::Check;
use crate::report::{Facts, Origin, Report, RunStatus, without_metrics};
use crate::run::aside::{MANY, aside};
use crate::run::{Memory, Outcome};
use crate::spool::Weight;
use crate::spool::keeper::{Accepted, Keeper};
use jiff::Timestamp;
use std::time::Duration;

/// The way into the spool.
#[derive(Clone, Debug)]
pub struct Spooler {
    keeper: Keeper,
    hostname: Text,
}

/// When a run began and ended, and how often its check runs.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The start, by the wall clock.
    pub started: Timestamp,
    /// The end.
    pub ended: Timestamp,
    /// The time between two runs.
    pub period: Duration,
}

impl Spooler {
    /// Into that spool, from this host.
    pub fn new(keeper: Keeper, hostname: Text) -> Self {
        Spooler { keeper, hostname }
    }

    /// Appends what a run has left, and moves the memory with it. The answer is the number of the
    /// record, if the memory has moved by something that must outlive the process.
    ///
    /// # Errors
    /// Why nothing was taken: the next run begins where this one did.
    pub async fn take(
        &self,
        check: &Check,
        mut outcome: Outcome,
        points: Points,
        sources: &Sources,
        times: Times,
        memory: &mut Memory,
    ) -> Result<Moved, String> {
        let moved = memory.is_moved_by(&outcome.changes);
        let origin = self.origin(check, times);
        let run = status(&outcome, times.ended);
        let observations = std::mem::take(&mut outcome.observations);
        let heavy = points.len() > MANY;
        let facts = Facts { observations, points, changes: outcome.changes, run, sources };
        let report = aside(heavy, || Report::new(origin, facts));
        let accepted = self.append(&report).await?;
        aside(heavy, || {
            // With all that is in it, which takes its time as well.
            let report = report;
            memory.apply_record(accepted.sequence, report.changes);
        });
        Ok(Moved { sequence: accepted.sequence, worth_a_file: moved })
    }

    /// Appends a report; one that is too large goes without its metrics.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn append(&self, report: &Report) -> Result<Accepted, String> {
        let mut weight = weight(report);
        let heavy = report.points.len() > MANY;
        let mut bytes = aside(heavy, || {
            let mut bytes = Vec::new();
            report.encode(&mut bytes).map(|()| bytes)
        })?;
        if bytes.len() > limits::SPOOL_RECORD_BYTES
            && let Some(lighter) = without_metrics(&bytes)
        {
            let (spec, instance, size) = (&report.origin.check, &report.origin.label, bytes.len());
            tracing::error!(target: "spool", spec = %spec, instance = %instance, size, "the record of a run is too large: its metrics are dropped");
            (bytes, weight) = (lighter, weight.without_metrics());
        }
        self.keeper.append(bytes, weight).await.map_err(|error| error.to_string())
    }

    fn origin(&self, check: &Check, times: Times) -> Origin {
        let owner = check.owner();
        Origin {
            check: check.plan.spec.name.clone(),
            label: check.label().into(),
            id: owner.id,
            owner: owner.name,
            instance: check.instance.number,
            name: check.instance.name.clone(),
            hostname: check.instance.hostname.clone().unwrap_or_else(|| self.hostname.clone()),
            started: times.started,
            interval: times.period,
        }
    }

    /// The host of the engine.
    pub fn hostname(&self) -> &Text {
        &self.hostname
    }
}

/// What an accepted record has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The number of the record.
    pub sequence: u64,
    /// True if the memory holds something new that must outlive the process.
    pub worth_a_file: bool,
}

/// What the engine says of a run.
fn status(outcome: &Outcome, ended: Timestamp) -> RunStatus {
    let (status, message) = match (outcome.error(), outcome.warnings.first()) {
        (Some(error), _) => (Status::Critical, error),
        (None, Some(warning)) => (Status::Warning, one_line(&warning.message)),
        (None, None) => (Status::Ok, String::new()),
    };
    RunStatus { status, message: message.into(), duration: outcome.duration, ended }
}

fn weight(report: &Report) -> Weight {
    let topology = report.topology.as_ref().map_or(0, |t| t.components.len() + t.relations.len() + t.deletes.len());
    Weight {
        metrics: report.points.len() as u64,
        events: report.events.len() as u64,
        service_checks: report.service_checks.len() as u64,
        logs: report.logs.len() as u64,
        topology: topology as u64,
        health: report.health.len() as u64,
    }
}
