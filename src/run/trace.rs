//! Notes of what a run did, for `check --trace`.

use super::result::SourceResult;
use crate::base::masks::Masks;
use crate::base::print::{cut, one_line, shown};
use crate::base::span::Span;
use std::sync::{Mutex, PoisonError};

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Step {
    /// The place in the spec.
    pub span: Span,
    /// What it is about: "source `df`".
    pub what: String,
    /// Lines of detail: request, answer, rows.
    pub lines: Vec<String>,
}

/// The notes of one run, in the order of their end.
#[derive(Debug, Default)]
pub struct Trace {
    steps: Mutex<Vec<Step>>,
    masks: Masks,
}

impl Trace {
    /// A trace that shows none of the secrets of an instance, not even where a server repeats one.
    pub fn new(masks: Masks) -> Self {
        Trace { steps: Mutex::default(), masks }
    }

    /// Notes a step.
    pub fn note(&self, mut step: Step) {
        step.lines.iter_mut().for_each(|line| *line = self.masks.mask(std::mem::take(line)));
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// Notes the requests, answers and first rows of a source.
    pub fn source(&self, span: Span, name: &str, result: &SourceResult) {
        let mut lines = Vec::new();
        for request in &result.requests {
            let status = request.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
            lines.push(format!("request  {} ({:.1} ms{status})", one_line(&request.request), request.elapsed.as_secs_f64() * 1e3));
            if let Some((kind, message)) = &request.error {
                lines.push(format!("error    {}: {}", kind.word(), one_line(message)));
            }
            if !request.body.is_empty() {
                let body = String::from_utf8_lossy(&request.body);
                lines.push(format!("answer   {} bytes: {}", request.body.len(), cut(&one_line(&body), 300)));
            }
        }
        lines.push(format!("rows     {}", result.rows.len()));
        for row in result.rows.iter().take(3) {
            lines.push(format!("         {}", cut(&shown(&row.value), 300)));
        }
        if result.rows.len() > 3 {
            lines.push(format!("         … and {} more", result.rows.len() - 3));
        }
        self.note(Step { span, what: format!("source `{name}`"), lines });
    }

    /// All steps, and an empty trace afterwards.
    pub fn take(&self) -> Vec<Step> {
        std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
