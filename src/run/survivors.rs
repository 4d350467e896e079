//! `dedupe` and `limit` of a source, over the rows of all its answers.

use crate::base::limits;
use crate::base::print::text_of;
use crate::base::value::{Text, Value};
use crate::expr::code::Setting;
use crate::expr::frame::Frame;
use crate::plan::SourcePlan;
use crate::rows::pipeline::bind;
use crate::rows::{Row, RowsSpec};

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
