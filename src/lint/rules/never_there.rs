//! `never-there`: a field that its row, result or setting can never have.

use crate::base::diag::{Diagnostic, Level};
use crate::base::types::Type;
use crate::expr::check::Slip;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "never-there",
    level: Level::Warning,
    finds: "A field that its row, result or setting can never have.",
    why: "It is missing in every run: no such column, group of the pattern or member exists, so the point or text is left out for ever.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.usd}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.used}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, slip) in
        subject.types.slips.iter().filter(|(_, slip)| {
            matches!(slip, Slip::NoSuchKey(..) | Slip::NoMembers(_, Type::Text | Type::Number | Type::Bool | Type::Time))
        })
    {
        found.push(finding(slip.title(), *span).label(slip.label()).help(slip.help()));
    }
}
