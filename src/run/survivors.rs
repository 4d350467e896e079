//! `dedupe`, `limit` and `once` of a source, over the rows of all its answers.

use super::RunCx;
use super::remember::place;
use super::result::SourceResult;
use crate::base::limits;
use crate::base::print::text_of;
use crate::base::value::{Text, Value};
use crate::expr::code::Setting;
use crate::expr::frame::Frame;
use crate::plan::SourcePlan;
use crate::rows::once::{Gate, Verdict};
use crate::rows::pipeline::bind;
use crate::rows::{Row, RowsSpec};
use crate::spec::source::{Origin, SourceSpec};
use std::sync::Arc;

/// `dedupe` and `limit` count over all rows of a source, so they wait until all are there.
pub fn unlimited(source: &SourcePlan) -> RowsSpec {
    RowsSpec { dedupe: None, limit: None, ..source.after.clone() }
}

pub fn limited(source: &SourcePlan, rows: Vec<Row>, frame: &mut Frame) -> Vec<Row> {
    if source.after.dedupe.is_none() && source.after.limit.is_none() {
        return rows;
    }
    let mut survivors = Survivors::new(&source.after, frame);
    let mut kept = Vec::new();
    for row in rows {
        bind(&row, frame);
        if survivors.take(&source.after, frame) {
            kept.push(row);
        }
    }
    kept
}

/// Leaves the rows that `once` lets through, and notes what it has seen.
pub fn only_new(cx: &RunCx<'_>, spec: &SourceSpec, result: &mut SourceResult, frame: &mut Frame) {
    let Some(once) = &spec.rows.once else { return };
    let place = place(cx.check.plan.names.text(spec.name));
    let mut gate = Gate::new(once, cx.memory.once(&place), frame);
    let mut kept = Vec::new();
    for row in result.rows.iter() {
        bind(row, frame);
        if let Verdict::Send(ticket) = gate.judge(frame) {
            gate.was_sent(ticket);
            kept.push(row.clone());
        }
    }
    result.once = Some(gate.finish(frame));
    if matches!(spec.origin, Origin::Derived) {
        result.doc = Value::list(kept.iter().map(|row| row.value.clone()).collect());
    }
    result.rows = Arc::new(kept);
}

/// The state of `dedupe` and `limit` over the rows of one source.
struct Survivors {
    seen: std::collections::HashSet<Text>,
    left: usize,
}

impl Survivors {
    fn new(tail: &RowsSpec, frame: &mut Frame) -> Self {
        let left = Setting::get_or(tail.limit.as_ref(), limits::NODES, frame).unwrap_or(limits::NODES);
        Survivors { seen: Default::default(), left }
    }

    fn take(&mut self, tail: &RowsSpec, frame: &mut Frame) -> bool {
        if self.left == 0 {
            return false;
        }
        let fresh = match &tail.dedupe {
            None => true,
            Some(dedupe) => {
                let value = dedupe.0.value(frame);
                self.seen.insert(text_of(&Value::list(vec![value])).unwrap_or_default())
            }
        };
        self.left -= usize::from(fresh);
        fresh
    }
}
