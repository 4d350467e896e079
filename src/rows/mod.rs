//! The one way to rows, for sources and mappings alike.
//!
//! The order is fixed: `from`, `rows`, `each`, `let`, `set`, `when`, `group`, `dedupe`, `limit`,
//! `once`. [`RowsSpec`] is what a person writes, [`pipeline`] runs it; `once` stands behind the pipeline,
//! since it needs to know what became of a row.

pub mod once;
pub mod pipeline;
pub mod read;

use crate::base::name::NameId;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::{Code, Expression, Setting};
use once::Once;
use std::sync::Arc;

/// One row with the local names of its source.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The row itself.
    pub value: Value,
    /// The last name or index of the path it came from.
    pub key: Value,
    /// Names bound by `each` and `let` of the source it comes from.
    pub binds: Option<Arc<Binds>>,
}

/// Names with their values.
pub type Binds = Vec<(NameId, Value)>;

/// The row keys of a source or mapping, read and with its names resolved.
#[derive(Clone, Debug, Default)]
pub struct RowsSpec {
    /// The sources whose rows these are, one after the other.
    pub from: Vec<Input>,
    /// Chooses new rows.
    pub rows: Option<Choose>,
    /// Nested loops, outermost first.
    pub each: Vec<Each>,
    /// Local names, those first that others need.
    pub lets: Vec<Let>,
    /// Fields added to a copy of the row.
    pub set: Vec<(Text, Expression)>,
    /// Rows for which this does not hold are left out.
    pub when: Option<Expression>,
    /// Rows with equal keys become one row.
    pub group: Vec<(Text, Expression)>,
    /// The first row of each value stays.
    pub dedupe: Option<Expression>,
    /// At most so many rows.
    pub limit: Option<Setting<usize>>,
    /// Only rows that are new or have changed since they were sent.
    pub once: Option<Once>,
}

/// One source whose rows come in.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The source.
    pub source: NameId,
    /// True for `SOURCE.requests`: one row for each of its requests.
    pub requests: bool,
    /// Where it stands.
    pub span: Span,
}

/// How `rows` chooses.
#[derive(Clone, Debug)]
pub enum Choose {
    /// A path or expression: a list gives its items, anything else one row.
    Items(Expression),
    /// The row, its children, theirs …
    Recurse {
        /// The children of a row.
        of: Expression,
        /// How deep at most.
        depth: usize,
    },
}

/// One loop of `each`.
#[derive(Clone, Debug)]
pub struct Each {
    /// The name of the item.
    pub name: NameId,
    /// What it goes over.
    pub over: Expression,
    /// The source whose rows it goes over, where it is just that.
    pub source: Option<NameId>,
}

/// One local name.
#[derive(Clone, Debug)]
pub struct Let {
    /// The name.
    pub name: NameId,
    /// Its value.
    pub value: Expression,
    /// After how many loops of `each` it can be computed.
    pub after: usize,
}

impl RowsSpec {
    /// Names that rows carry along: those of `each` and `let`, until a `group`.
    pub fn bound_names(&self) -> Vec<NameId> {
        if !self.group.is_empty() {
            return Vec::new();
        }
        self.each.iter().map(|e| e.name).chain(self.lets.iter().map(|l| l.name)).collect()
    }

    /// The names of these keys and of those that ran before them.
    pub fn bound_and(&self, before: &RowsSpec) -> Vec<NameId> {
        let names = |spec: &RowsSpec| spec.each.iter().map(|e| e.name).chain(spec.lets.iter().map(|l| l.name)).collect::<Vec<_>>();
        [names(before), names(self)].concat()
    }

    /// Calls `take` for every computed place.
    pub fn codes<'r>(&'r self, take: &mut dyn FnMut(&'r Code)) {
        match &self.rows {
            Some(Choose::Items(of) | Choose::Recurse { of, .. }) => take(&of.0),
            None => {}
        }
        self.each.iter().for_each(|e| take(&e.over.0));
        self.lets.iter().for_each(|l| take(&l.value.0));
        self.set.iter().chain(&self.group).for_each(|(_, e)| take(&e.0));
        self.when.iter().chain(&self.dedupe).for_each(|e| take(&e.0));
        self.limit.iter().filter_map(Setting::code).for_each(&mut *take);
        self.once.iter().for_each(|once| once.codes(take));
    }

    /// True if nothing is said, so that every row passes as it is.
    pub fn is_plain(&self) -> bool {
        self.rows.is_none()
            && self.each.is_empty()
            && self.lets.is_empty()
            && self.set.is_empty()
            && self.when.is_none()
            && self.group.is_empty()
            && self.dedupe.is_none()
            && self.limit.is_none()
            && self.once.is_none()
    }
}
