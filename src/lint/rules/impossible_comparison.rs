//! `impossible-comparison`: a comparison of two values of different types.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::check::Slip;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "impossible-comparison",
    level: Level::Warning,
    finds: "A comparison of two values of different types.",
    why: "Text and numbers never mix: they are never equal, and have no order. A status is a number, a cell without a type a text.",
    bad: r#"sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.used, when: row.used == "0"}
"#,
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, name: demo.used, value: row.used, when: row.used == 0}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, slip) in subject.types.slips.iter().filter(|(_, slip)| matches!(slip, Slip::Comparison(..))) {
        found.push(finding(slip.title(), *span).label(slip.label()).help(slip.help()));
    }
}
