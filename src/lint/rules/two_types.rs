//! `two-types`: one metric name with two types.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::points::Point;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use std::collections::HashMap;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "two-types",
    level: Level::Warning,
    finds: "One metric name with two types.",
    why: "A backend keeps one type for a name; the values of the other are folded or shown wrongly.",
    bad: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.requests, type: rate, value: $page.requests, tags: [kind:all]}
  - {name: demo.requests, type: gauge, value: $page.open, tags: [kind:open]}
",
    good: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.requests, type: rate, value: $page.requests}
  - {name: demo.requests_open, type: gauge, value: $page.open}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Point> = HashMap::new();
    for point in &subject.points {
        let (Some(name), Some(own)) = (point.name.as_deref(), point.metric_type) else { continue };
        let first = seen.entry(name).or_insert(point);
        if let Some(other) = first.metric_type.filter(|other| *other != own) {
            let problem = finding(format!("`{name}` is a {} and a {}", other.word(), own.word()), point.name_span)
                .label(format!("a {} here", own.word()))
                .also(first.name_span, format!("a {} here", other.word()));
            found.push(problem.help("give one of them another name, or the same type"));
        }
    }
}
