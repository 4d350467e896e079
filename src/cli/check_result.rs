//! What one run of `check` gave, and its stable JSON form.

use crate::base::print::one_line;
use crate::base::span::Sources;
use crate::expr::frame::Remark;
use crate::fold::Points;
use crate::observation::json;
use crate::plan::Check;
use crate::run::Outcome;
use crate::run::trace::Step;
use serde_json::{Value as Json, json};

/// One run with what belongs to it.
pub struct Ran<'c> {
    /// The check.
    pub check: &'c Check,
    /// The how many-th run of its instance.
    pub run: u32,
    /// What it left.
    pub outcome: Outcome,
    /// The points of its samples, as they would be sent.
    pub points: Points,
    /// What it did, where that was asked for.
    pub trace: Vec<Step>,
}

/// The stable JSON form.
pub fn to_json(name: &str, ran: &[Ran<'_>], sources: &Sources) -> Json {
    let runs = ran.iter().map(|ran| {
        let outcome = &ran.outcome;
        let mut out = json!({
            "instance": ran.check.instance.number,
            "run": ran.run,
            "status": if outcome.failed() { "error" } else { "ok" },
            "error": outcome.error(),
            "warnings": outcome.warnings.iter().map(|warning| warning_line(warning, sources)).collect::<Json>(),
            "duration_s": outcome.duration.as_secs_f64(),
        });
        if let Some(map) = out.as_object_mut() {
            map.extend(json::observations(&outcome.observations, sources));
            map.insert("series".into(), ran.points.iter().map(|point| point.to_json()).collect());
            if !ran.trace.is_empty() {
                map.insert(
                    "trace".into(),
                    ran.trace
                        .iter()
                        .map(|step| json!({"origin": sources.origin(step.span), "what": step.what, "lines": step.lines}))
                        .collect(),
                );
            }
        }
        out
    });
    json!({"check": name, "runs": runs.collect::<Json>()})
}

/// A warning in one line, with its place and how often it was met.
pub fn warning_line(warning: &Remark, sources: &Sources) -> String {
    let times = if warning.count > 1 { format!(" ({} times)", warning.count) } else { String::new() };
    format!("{}: {}{times}", sources.origin(warning.span), one_line(&warning.message))
}
