//! `unit-at-odds`: a metric whose unit is another one than its name says.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::words::unit_of_name;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unit-at-odds",
    level: Level::Warning,
    finds: "A metric whose unit is another one than its name says.",
    why: "Either the name or the unit is wrong, and a dashboard shows a value that is off by a factor.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait_seconds, value: $page.wait, unit: millisecond}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.wait_seconds, value: $page.wait, unit: second}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        let (Some((word, units)), Some((unit, span))) = (point.end.as_deref().and_then(unit_of_name), point.unit()) else { continue };
        if !units.contains(&unit) {
            let problem =
                finding(format!("the name says {word}, the unit {unit}"), span).label("the unit").also(point.name_span, "the name");
            found.push(
                problem.help(format!(
                    "write `unit: {}` and convert the value with `scale`, or rename the metric",
                    units.first().unwrap_or(&"")
                )),
            );
        }
    }
}
