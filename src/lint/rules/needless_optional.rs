//! `needless-optional`: `optional` or `required` beside a `default`.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "needless-optional",
    level: Level::Note,
    finds: "`optional` or `required` beside a `default`.",
    why: "With a default the value is never missing, so the other key has no effect.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.used, value: $page.used, default: 0, optional: true}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.used, value: $page.used, default: 0}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for point in subject.points.iter().filter(|point| point.own("default").is_some()) {
        for key in ["optional", "required"] {
            if let Some(node) = point.own(key) {
                let problem = finding(format!("`{key}` has no effect beside `default`"), node.span).label("never missing");
                found.push(problem.help(format!("remove `{key}` or `default`")));
            }
        }
    }
}
