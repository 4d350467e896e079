//! `wrong-argument`: a function or filter with a value that it does not take.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::check::Slip;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "wrong-argument",
    level: Level::Warning,
    finds: "A function or filter with a value that it does not take.",
    why: "It fails in every run.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.used, value: 'df.rows | upper | length'}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.used, value: df.rows | length}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, slip) in subject.types.slips.iter().filter(|(_, slip)| matches!(slip, Slip::Argument(..))) {
        found.push(finding(slip.title(), *span).label(slip.label()).help(slip.help()));
    }
}
