//! What an expression reads of names: for each, the steps it follows, below which it reads all.
//!
//! Plans use it to find out which parts of a document are wanted. It says too much rather than too
//! little: whatever is no plain path counts as reading the whole value that it starts from.

use super::path::{Path, Step};
use super::tree::{Expr, For, Part};
use crate::base::name::NameId;

/// Takes a name and a path below it.
pub type TakeRead<'t> = dyn FnMut(NameId, &[Step]) + 't;

impl Expr {
    /// Calls `take` for everything that is read.
    pub fn reads(&self, take: &mut TakeRead<'_>) {
        let mut all = |exprs: &[Expr]| exprs.iter().for_each(|expr| expr.reads(take));
        match self {
            Expr::Const(_) => {}
            Expr::Walk(name, steps) => take(*name, steps),
            Expr::On(of, path) => match (&**of, &**path) {
                (Expr::Walk(name, head), Path::Plain(steps)) => take(*name, &[head, &steps[..]].concat()),
                _ => of.reads(take),
            },
            Expr::Member(of, _) | Expr::Not(of) | Expr::Negate(of) => of.reads(take),
            Expr::Item(a, b) | Expr::Calculate(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) => {
                a.reads(take);
                b.reads(take);
            }
            Expr::Slice(slice) => {
                slice.of.reads(take);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(|expr| expr.reads(take));
            }
            Expr::Compare(first, others) => {
                first.reads(take);
                others.iter().for_each(|(_, expr)| expr.reads(take));
            }
            Expr::Join(items) | Expr::Call(_, items) | Expr::List(items) => all(items),
            Expr::If(a, b, c) => {
                a.reads(take);
                b.reads(take);
                c.iter().for_each(|expr| expr.reads(take));
            }
            Expr::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.reads(take);
                value.reads(take);
            }),
            Expr::Text(parts) => parts_read(parts, take),
        }
    }
}

fn parts_read(parts: &[Part], take: &mut TakeRead<'_>) {
    for part in parts {
        match part {
            Part::Words(_) => {}
            Part::Hole(expr) => expr.reads(take),
            Part::If(condition, yes, no) => {
                condition.reads(take);
                parts_read(yes, take);
                parts_read(no, take);
            }
            Part::For(inner) => {
                let For { over, filter, body, otherwise, .. } = &**inner;
                over.reads(take);
                filter.iter().for_each(|filter| filter.reads(take));
                parts_read(body, take);
                parts_read(otherwise, take);
            }
        }
    }
}
