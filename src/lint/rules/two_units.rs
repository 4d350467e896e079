//! `two-units`: one metric name with two units.

use crate::base::diag::{Diagnostic, Level};
use crate::base::span::Span;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use std::collections::HashMap;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "two-units",
    level: Level::Warning,
    finds: "One metric name with two units.",
    why: "A backend keeps one unit for a name, so half of the values are off by a factor.",
    bad: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.wait, value: $page.read, unit: second, tags: [kind:read]}
  - {name: demo.wait, value: $page.write, unit: millisecond, tags: [kind:write]}
",
    good: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.wait, value: $page.read, unit: second, tags: [kind:read]}
  - {name: demo.wait, value: row.write / 1000, from: page, unit: second, tags: [kind:write]}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, (&str, Span)> = HashMap::new();
    for point in &subject.points {
        let (Some(name), Some((unit, span))) = (point.name.as_deref(), point.unit()) else { continue };
        let (first, at) = *seen.entry(name).or_insert((unit, span));
        if first != unit {
            let problem = finding(format!("`{name}` is measured in {first} and in {unit}"), span)
                .label(format!("{unit} here"))
                .also(at, format!("{first} here"));
            found.push(problem.help(format!("use one unit: convert with `scale`, and write `unit: {first}`")));
        }
    }
}
