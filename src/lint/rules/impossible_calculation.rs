//! `impossible-calculation`: a calculation with a value that is no number.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::check::Slip;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "impossible-calculation",
    level: Level::Warning,
    finds: "A calculation with a value that is no number.",
    why: "It fails in every run. Cells of a table are texts until `types` says otherwise.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.device * 2}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.used * 2}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, slip) in subject.types.slips.iter().filter(|(_, slip)| matches!(slip, Slip::Calculation(..))) {
        found.push(finding(slip.title(), *span).label(slip.label()).help(slip.help()));
    }
}
