//! What an evaluation sees: the slots of one run, and what it may spend.

use super::function::{Cache, Cx};
use super::names;
use crate::base::limits;
use crate::base::name::{NameId, Names};
use crate::base::span::Span;
use crate::base::value::{MISSING, Value};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The values of all names at one moment of a run, and the remarks it has made so far.
#[derive(Clone, Debug)]
pub struct Frame {
    slots: Vec<Value>,
    /// The texts of the names, for messages.
    pub names: Arc<Names>,
    /// Patterns and paths compiled on first use.
    pub cache: Arc<Cache>,
    fuel: Cell<u32>,
    /// What was left out, once per place.
    pub remarks: Vec<Remark>,
    /// Where it is noted which places were reached; none where nobody wants to know.
    pub marks: Option<Arc<Marks>>,
    /// Sources that are off, and names of the run that are missing because of them.
    pub off: Vec<NameId>,
}

/// The places of a spec that a run has reached: conditions that held, branches that were taken.
#[derive(Debug, Default)]
pub struct Marks(Mutex<BTreeSet<Span>>);

impl Marks {
    /// Every place so far.
    pub fn take(&self) -> BTreeSet<Span> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Something that was left out of a run, for one place of the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// The place.
    pub span: Span,
    /// What was left out and the values of the first time.
    pub message: String,
    /// How often.
    pub count: usize,
}

impl Frame {
    /// A frame in which every name is missing.
    pub fn new(names: Arc<Names>, cache: Arc<Cache>) -> Self {
        let slots = vec![Value::Missing; names.len().max(names::BUILT_IN.len())];
        Frame { slots, names, cache, fuel: Cell::new(limits::FUEL), remarks: Vec::new(), marks: None, off: Vec::new() }
    }

    /// The same names and values, without the remarks.
    pub fn fresh(&self) -> Frame {
        Frame {
            slots: self.slots.clone(),
            names: self.names.clone(),
            cache: self.cache.clone(),
            fuel: self.fuel.clone(),
            remarks: Vec::new(),
            marks: self.marks.clone(),
            off: self.off.clone(),
        }
    }

    /// Notes that a place was reached, where somebody wants to know.
    pub fn reached(&self, span: Span) {
        if let Some(marks) = &self.marks {
            marks.0.lock().unwrap_or_else(PoisonError::into_inner).insert(span);
        }
    }

    /// The same names without any values, for a place that reads none.
    pub fn blank(&self) -> Frame {
        Frame {
            slots: Vec::new(),
            names: self.names.clone(),
            cache: self.cache.clone(),
            fuel: self.fuel.clone(),
            remarks: Vec::new(),
            marks: self.marks.clone(),
            off: self.off.clone(),
        }
    }

    /// The value of a name.
    pub fn get(&self, name: NameId) -> &Value {
        self.slots.get(name.slot()).unwrap_or(&MISSING)
    }

    /// Sets a name; the earlier value comes back.
    pub fn set(&mut self, name: NameId, value: Value) -> Value {
        match self.slots.get_mut(name.slot()) {
            Some(slot) => std::mem::replace(slot, value),
            None => Value::Missing,
        }
    }

    /// Gives back all steps: each evaluation has its own budget.
    pub fn refuel(&self) {
        self.fuel.set(limits::FUEL);
    }

    /// The context of a function call.
    pub fn cx(&self) -> Cx<'_> {
        Cx { cache: &self.cache, fuel: &self.fuel }
    }

    /// Notes that something was left out; the first message of a place stays, the others count.
    pub fn remark(&mut self, span: Span, message: impl FnOnce(&Frame) -> String) {
        self.remark_many(span, 1, message);
    }

    /// Notes that something was left out so many times.
    pub fn remark_many(&mut self, span: Span, count: usize, message: impl FnOnce(&Frame) -> String) {
        if let Some(known) = self.remarks.iter_mut().find(|r| r.span == span) {
            known.count += count;
        } else if self.remarks.len() < limits::WARNINGS {
            let message = message(self);
            self.remarks.push(Remark { span, message, count });
        }
    }

    /// True if something was left out at that place already.
    pub fn has_remark(&self, span: Span) -> bool {
        self.remarks.iter().any(|remark| remark.span == span)
    }

    /// Takes over the remarks of another frame of the same run.
    pub fn absorb(&mut self, remarks: Vec<Remark>) {
        for remark in remarks {
            match self.remarks.iter_mut().find(|r| r.span == remark.span) {
                Some(known) => known.count += remark.count,
                None => self.remarks.push(remark),
            }
        }
    }
}
