//! `counter-as-gauge`: a gauge whose name says that it counts up for ever.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::words::ends_in;
use crate::lint::{Find, Rule, finding};
use crate::observation::MetricType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "counter-as-gauge",
    level: Level::Note,
    finds: "A gauge whose name says that it counts up for ever.",
    why: "A backend shows the ever growing number; how much it grows in a time is what people look for.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.requests_total, value: $page.requests}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.requests, type: monotonic_count, value: $page.requests}
",
    find: Find::Spec(find),
};

/// What is counted, where the name ends so.
const COUNTED: &[&str] = &["requests", "errors", "connections", "hits", "misses", "restarts", "retries", "failures", "messages", "calls"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in subject.points.iter().filter(|point| point.metric_type == Some(MetricType::Gauge)) {
        let Some(name) = point.end.as_deref() else { continue };
        let counted = name.strip_suffix("_total").is_some_and(|what| ends_in(what, COUNTED));
        if counted {
            let problem =
                finding(format!("`{name}` sounds like a counter and is a gauge"), point.name_span).label("`_total` counts up for ever");
            found.push(problem.help("make it a `monotonic_count` or a `rate`; if it goes down too, leave `_total` out of its name"));
        }
    }
}
