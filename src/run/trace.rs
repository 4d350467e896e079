//! Notes of what a run did, for `check --trace`.

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
}

impl Trace {
    /// Notes a step.
    pub fn note(&self, step: Step) {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// All steps, and an empty trace afterwards.
    pub fn take(&self) -> Vec<Step> {
        std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
