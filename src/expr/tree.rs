//! The compiled form of all three notations: one tree, in which every name is a slot and every
//! function is found.

use super::function::Function;
use super::ops::Arithmetic;
use super::path::{Path, Step};
use crate::base::name::NameId;
use crate::base::value::{Text, Value};

/// One expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A constant.
    Const(Value),
    /// Members and items of a name: `row.a.b[0]`; no steps for the name alone.
    Walk(NameId, Box<[Step]>),
    /// A path with filters, slices or wildcards.
    On(Box<Expr>, Box<Path>),
    /// A member of any value.
    Member(Box<Expr>, Text),
    /// A computed key or index.
    Item(Box<Expr>, Box<Expr>),
    /// `[from:to:step]`
    Slice(Box<Slice>),
    /// `not`
    Not(Box<Expr>),
    /// Unary minus.
    Negate(Box<Expr>),
    /// `+ - * / // % **`
    Calculate(Arithmetic, Box<Expr>, Box<Expr>),
    /// Comparisons, chained as in `1 < x < 5`.
    Compare(Box<Expr>, Box<[(Comparison, Expr)]>),
    /// `and`
    And(Box<Expr>, Box<Expr>),
    /// `or`
    Or(Box<Expr>, Box<Expr>),
    /// `~`
    Join(Box<[Expr]>),
    /// `a if condition else b`; without `else` it is missing.
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    /// A function or filter with its arguments in the order of its parameters.
    Call(&'static Function, Box<[Expr]>),
    /// A list.
    List(Box<[Expr]>),
    /// A map.
    Map(Box<[(Expr, Expr)]>),
    /// A text with holes.
    Text(Box<[Part]>),
}

/// The parts of a slice expression.
#[derive(Clone, Debug)]
pub struct Slice {
    /// What is cut.
    pub of: Expr,
    /// First index.
    pub start: Option<Expr>,
    /// One past the last index.
    pub stop: Option<Expr>,
    /// Step.
    pub step: Option<Expr>,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

/// One part of a text with holes.
#[derive(Clone, Debug)]
pub enum Part {
    /// Plain words.
    Words(Text),
    /// `{{ … }}`
    Hole(Expr),
    /// `{% if … %}`
    If(Expr, Box<[Part]>, Box<[Part]>),
    /// `{% for … in … %}`
    For(Box<For>),
}

/// A loop of a text.
#[derive(Clone, Debug)]
pub struct For {
    /// One name, or several for items that are lists.
    pub targets: Box<[NameId]>,
    /// The slot of `loop`.
    pub counter: NameId,
    /// What is looped over.
    pub over: Expr,
    /// Items for which this is false are left out.
    pub filter: Option<Expr>,
    /// For each item.
    pub body: Box<[Part]>,
    /// If there is none.
    pub otherwise: Box<[Part]>,
}

impl Expr {
    /// The constant, if it is one.
    pub fn as_const(&self) -> Option<&Value> {
        if let Expr::Const(value) = self { Some(value) } else { None }
    }
}

impl Expr {
    /// Calls `take` for every name with its steps, for messages that show values.
    pub fn walks<'e>(&'e self, take: &mut dyn FnMut(NameId, &'e [Step])) {
        match self {
            Expr::Const(_) => {}
            Expr::Walk(name, steps) => take(*name, steps),
            Expr::On(of, _) | Expr::Member(of, _) | Expr::Not(of) | Expr::Negate(of) => of.walks(take),
            Expr::Item(a, b) | Expr::Calculate(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) => {
                a.walks(take);
                b.walks(take);
            }
            Expr::Slice(slice) => {
                slice.of.walks(take);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(|e| e.walks(take));
            }
            Expr::Compare(first, others) => {
                first.walks(take);
                others.iter().for_each(|(_, e)| e.walks(take));
            }
            Expr::Join(items) | Expr::Call(_, items) | Expr::List(items) => items.iter().for_each(|e| e.walks(take)),
            Expr::If(a, b, c) => {
                a.walks(take);
                b.walks(take);
                c.iter().for_each(|e| e.walks(take));
            }
            Expr::Map(entries) => entries.iter().for_each(|(k, v)| {
                k.walks(take);
                v.walks(take);
            }),
            Expr::Text(parts) => parts.iter().for_each(|part| part.walks(take)),
        }
    }
}

impl Expr {
    /// Calls `take` for every expression directly inside it.
    pub fn parts<'e>(&'e self, take: &mut dyn FnMut(&'e Expr)) {
        match self {
            Expr::Const(_) | Expr::Walk(..) => {}
            Expr::On(of, _) | Expr::Member(of, _) | Expr::Not(of) | Expr::Negate(of) => take(of),
            Expr::Item(a, b) | Expr::Calculate(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) => [a, b].into_iter().for_each(|e| take(e)),
            Expr::Slice(slice) => {
                take(&slice.of);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(take);
            }
            Expr::Compare(first, others) => {
                take(first);
                others.iter().for_each(|(_, e)| take(e));
            }
            Expr::Join(items) | Expr::Call(_, items) | Expr::List(items) => items.iter().for_each(take),
            Expr::If(a, b, c) => [Some(a), Some(b), c.as_ref()].into_iter().flatten().for_each(|e| take(e)),
            Expr::Map(entries) => entries.iter().for_each(|(k, v)| [k, v].into_iter().for_each(&mut *take)),
            Expr::Text(parts) => parts.iter().for_each(|part| part.parts(take)),
        }
    }
}

impl Part {
    fn parts<'e>(&'e self, take: &mut dyn FnMut(&'e Expr)) {
        match self {
            Part::Words(_) => {}
            Part::Hole(expr) => take(expr),
            Part::If(condition, yes, no) => {
                take(condition);
                yes.iter().chain(no.iter()).for_each(|part| part.parts(take));
            }
            Part::For(inner) => {
                take(&inner.over);
                inner.filter.iter().for_each(&mut *take);
                inner.body.iter().chain(inner.otherwise.iter()).for_each(|part| part.parts(take));
            }
        }
    }

    fn walks<'e>(&'e self, take: &mut dyn FnMut(NameId, &'e [Step])) {
        match self {
            Part::Words(_) => {}
            Part::Hole(expr) => expr.walks(take),
            Part::If(condition, yes, no) => {
                condition.walks(take);
                yes.iter().chain(no.iter()).for_each(|part| part.walks(take));
            }
            Part::For(inner) => inner.over.walks(take),
        }
    }
}
