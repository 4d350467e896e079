//! `long-metric-name`: a metric name of more than 200 characters.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "long-metric-name",
    level: Level::Warning,
    finds: "A metric name of more than 200 characters.",
    why: "Backends cut or refuse it.",
    bad: "metrics:
  - {name: demo.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, value: 1}
",
    good: "metrics:
  - {name: demo.short, value: 1}
",
    find: Find::Spec(find),
};

/// What the strictest backend takes.
const MOST: usize = 200;

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        if let Some(length) = point.name.as_deref().map(|name| name.chars().count()).filter(|length| *length > MOST) {
            let problem = finding(format!("a metric name of {length} characters"), point.name_span).label(format!("more than {MOST}"));
            found.push(problem.help(format!("shorten it to {MOST} characters at most; tags can say the rest")));
        }
    }
}
