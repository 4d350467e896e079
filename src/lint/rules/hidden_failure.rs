//! `hidden-failure`: a source with `on_error: continue` whose failure nothing looks at.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::source::OnError;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "hidden-failure",
    level: Level::Note,
    finds: "A source with `on_error: continue` whose failure nothing looks at.",
    why: "The run goes on with a warning, and nobody learns that a part of it is missing.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json, on_error: continue}
metrics:
  - {name: demo.used, value: $page.used}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json, on_error: continue, service_check: demo.state}
metrics:
  - {name: demo.used, value: $page.used}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in subject.sources.iter().filter(|source| source.read.on_error == OnError::Continue && source.read.service_check.is_none()) {
        if let Some(entry) = source.node.entry("on_error").filter(|_| !subject.is_watched(source)) {
            let problem = finding(format!("nobody learns that `{}` failed", source.name), entry.value.span).label("the run goes on");
            found.push(
                problem.help(format!("add a `service_check` to it, or ask for `{}.ok` or `{}.error` somewhere", source.name, source.name)),
            );
        }
    }
}
