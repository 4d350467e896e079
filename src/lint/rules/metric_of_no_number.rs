//! `metric-of-no-number`: a metric whose value is a list or a map.

use crate::base::diag::{Diagnostic, Level};
use crate::base::types::Type;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "metric-of-no-number",
    level: Level::Warning,
    finds: "A metric whose value is a list or a map.",
    why: "A metric is a number; the point is left out in every run.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.disks, value: df.rows}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.disks, value: df.count}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in subject.points.iter().filter(|point| point.get("map").is_none()) {
        if let Some(of @ (Type::List(_) | Type::Map(_))) = subject.types.values.get(&point.value) {
            let problem = finding(format!("the value of a metric is {}", of.words()), point.value).label("not a number");
            found.push(
                problem.help("make one number of it: `| length`, `| sum`, `| max`; or one metric for each item with `from` or `each`"),
            );
        }
    }
}
