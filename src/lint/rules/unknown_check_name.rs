//! `unknown-check-name`: a look at the status of a service check that the spec does not make.

use crate::base::diag::{Diagnostic, Level};
use crate::base::suggest::{listed, nearest};
use crate::expr::names::CHECKS;
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unknown-check-name",
    level: Level::Warning,
    finds: "A look at the status of a service check that the spec does not make.",
    why: "The status is missing for ever, so the event never comes.",
    bad: r#"sources:
  page: {file: {path: /tmp/state}, decode: raw, service_check: demo.state}
events:
  - {on_change: "checks['demo.stat']", title: It changed, text: look}
"#,
    good: r#"sources:
  page: {file: {path: /tmp/state}, decode: raw, service_check: demo.state}
events:
  - {on_change: "checks['demo.state']", title: It changed, text: look}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let of_sources = subject.spec.sources.iter().filter_map(|source| source.service_check.as_ref()).map(|check| check.name.as_const());
    let own = subject.family(Family::ServiceChecks).map(|check| check.get("name").and_then(constant));
    // A computed name may be any.
    let Some(known) = of_sources.chain(own).collect::<Option<Vec<&str>>>() else { return };
    for code in subject.codes() {
        for place in code.uses.iter().filter(|place| place.name == CHECKS) {
            let Some(name) = place.member.as_deref().filter(|name| !known.contains(name)) else { continue };
            let problem = finding(format!("no service check here is called `{name}`"), code.span).label("never has a status");
            found.push(problem.help(match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", listed(known.iter().copied(), 10)),
            }));
        }
    }
}
