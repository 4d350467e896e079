//! `optional-and-required`: a metric that is optional and required at once.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::Literal;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "optional-and-required",
    level: Level::Warning,
    finds: "A metric that is optional and required at once.",
    why: "`required` fails the run, `optional` says that it may be absent: one of them is not meant.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.used, value: $page.used, optional: true, required: true}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.used, value: $page.used, required: true}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in &subject.points {
        let is_true =
            |key: &str| point.own(key).filter(|node| node.as_scalar().is_some_and(|scalar| scalar.literal == Literal::Bool(true)));
        if let (Some(optional), Some(required)) = (is_true("optional"), is_true("required")) {
            let problem = finding("optional and required", required.span).label("fails the run").also(optional.span, "may be absent");
            found.push(problem.help("keep one of them"));
        }
    }
}
