//! `gauge-as-counter`: a rate or count whose name says that it is a level.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::words::ends_in;
use crate::lint::{Find, Rule, finding};
use crate::observation::MetricType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "gauge-as-counter",
    level: Level::Note,
    finds: "A rate or count whose name says that it is a level.",
    why: "The growth of a temperature or of a percentage means nothing; where it falls, a counter takes that for a restart.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.disk_usage, type: rate, value: $page.cpu}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.disk_usage, value: $page.cpu, unit: percent}
",
    find: Find::Spec(find),
};

/// Last words of names of levels.
const LEVELS: &[&str] = &["percent", "pct", "ratio", "temperature", "usage", "utilization", "celsius", "fraction", "limit", "capacity"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        let Some(metric_type) =
            point.metric_type.filter(|one| [MetricType::Rate, MetricType::MonotonicCount, MetricType::Count].contains(one))
        else {
            continue;
        };
        // CPU time is counted up, and its growth is a use.
        let cumulative = point.unit().is_some_and(|(unit, _)| unit == "percent" || unit == "core" || unit == "fraction");
        if let Some(name) = point.end.as_deref().filter(|name| ends_in(name, LEVELS) && !cumulative) {
            let problem = finding(format!("`{name}` sounds like a level and is a {}", metric_type.word()), point.name_span)
                .label("a level goes up and down");
            found.push(problem.help("make it a `gauge`, or say its `unit` if its growth is that"));
        }
    }
}
