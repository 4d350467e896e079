//! `missing-unit`: a metric whose name ends in a unit and that says none.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::words::unit_of_name;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "missing-unit",
    level: Level::Note,
    finds: "A metric whose name ends in a unit and that says none.",
    why: "A backend draws axes by the unit; a name it cannot read.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait_seconds, value: $page.wait}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait_seconds, value: $page.wait, unit: second}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in subject.points.iter().filter(|point| point.get("unit").is_none()) {
        let Some((_, units)) = point.end.as_deref().and_then(unit_of_name) else { continue };
        let Some(unit) = units.first() else { continue };
        let problem =
            finding(format!("`{}` without its unit", point.end.as_deref().unwrap_or("")), point.name_span).label("ends in a unit");
        found.push(problem.help(format!("add `unit: {unit}`")));
    }
}
