//! `check-name-characters`: the name of a service check with characters that backends replace.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "check-name-characters",
    level: Level::Warning,
    finds: "The name of a service check with characters that backends replace.",
    why: "Backends take letters, digits, `_`, `-` and `.`; all else becomes `_`, so a monitor on the name as written never fires.",
    bad: "service_checks:
  - {name: demo state/all, status: ok, when: not run.failed}
",
    good: "service_checks:
  - {name: demo.state_all, status: ok, when: not run.failed}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let of_sources = subject.sources.iter().filter_map(|source| source.node.entry("service_check")).map(|entry| &entry.value);
    let of_sources = of_sources.map(|node| node.entry("name").map_or(node, |name| &name.value));
    let own = subject.family(Family::ServiceChecks).filter_map(|check| check.get("name"));
    for node in of_sources.chain(own) {
        let Some(name) = constant(node).filter(|name| !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))) else {
            continue;
        };
        let better: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' }).collect();
        let problem =
            finding(format!("backends rename the service check `{name}`"), node.span).label("only letters, digits, `_`, `-` and `.`");
        found.push(problem.help(format!("write `{better}`, which is what it becomes")).edit(node.span, better));
    }
}
