//! `bare-metric-name`: a metric name without a part before a dot.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "bare-metric-name",
    level: Level::Note,
    finds: "A metric name without a part before a dot.",
    why: "Names of all integrations live in one space; without the name of the integration in front, two of them collide.",
    bad: "metrics:
  - {name: queue_size, value: 1}
",
    good: "metrics:
  - {name: demo.queue_size, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        if let Some(name) = point.name.as_deref().filter(|name| !name.contains('.')) {
            let problem = finding(format!("the metric `{name}` does not say where it comes from"), point.name_span).label("one word");
            found.push(
                problem.help(format!(
                    "write `{}.{name}`, or set `defaults: {{metrics: {{prefix: {}.}}}}`",
                    subject.spec.name, subject.spec.name
                )),
            );
        }
    }
}
