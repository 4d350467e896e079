//! `constant-rate`: a rate or growing counter of a constant.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::constant_value;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::observation::MetricType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "constant-rate",
    level: Level::Warning,
    finds: "A rate or growing counter of a constant.",
    why: "The growth of a constant is 0 for ever.",
    bad: "metrics:
  - {name: demo.runs, type: rate, value: 1}
",
    good: "metrics:
  - {name: demo.runs, type: count, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        let growth = [MetricType::Rate, MetricType::MonotonicCount, MetricType::Historate];
        let Some(metric_type) = point.metric_type.filter(|one| growth.contains(one)) else { continue };
        let Some(code) = subject.code_at(point.value) else { continue };
        if constant_value(code).is_some() {
            let problem = finding(format!("the {} of a constant", metric_type.word()), point.value).label("never grows");
            found.push(problem.help("use `type: count` for one more each time, or read a value that grows"));
        }
    }
}
