//! `metric-name-characters`: a metric name with characters that backends replace.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::function::normalize_name;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "metric-name-characters",
    level: Level::Warning,
    finds: "A metric name with characters that backends replace.",
    why: "Backends take letters, digits, `_` and `.`, and a letter first; all else becomes `_`, so the name in the dashboard is another one.",
    bad: "metrics:
  - {name: demo.queue size, value: 1}
",
    good: "metrics:
  - {name: demo.queue_size, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        let Some(name) = point.name.as_deref().filter(|name| !is_fine(name)) else { continue };
        let better = normalize_name(name);
        let problem = finding(format!("backends rename the metric `{name}`"), point.name_span);
        let problem =
            problem.label("only letters, digits, `_` and `.`, a letter first").help(format!("write `{better}`, which is what it becomes"));
        let whole = subject.text(point.name_span) == name;
        found.push(if whole { problem.edit(point.name_span, better) } else { problem });
    }
}

fn is_fine(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}
