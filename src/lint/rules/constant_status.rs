//! `constant-status`: a service check that always has the same status.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "constant-status",
    level: Level::Warning,
    finds: "A service check that always has the same status.",
    why: "It can never tell that something is wrong.",
    bad: "service_checks:
  - {name: demo.state, status: ok}
",
    good: "service_checks:
  - {name: demo.state, status: ok, when: not run.failed}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for check in subject.family(Family::ServiceChecks) {
        let bounded = ["when", "from", "each"].iter().any(|key| check.get(key).is_some());
        if let Some(status) = check.get("status").filter(|status| constant(status).is_some() && !bounded) {
            let problem = finding("a status that never changes", status.span).label("always this");
            found.push(problem.help("write conditions: `status: {critical: …}`; or say when it holds with `when`"));
        }
    }
}
