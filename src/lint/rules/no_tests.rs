//! `no-tests`: a spec without tests.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "no-tests",
    level: Level::Note,
    finds: "A spec without tests.",
    why: "Whoever changes it cannot see what else changes; `engine test` needs no network.",
    bad: "# specs/untested/spec.yaml, with no folder `tests` beside it
sources:
  page: {file: {path: /tmp/state}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
",
    good: "# specs/tested/spec.yaml, with `tests/usual.yaml` beside it
sources:
  page: {file: {path: /tmp/state}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if subject.beside.has_tests == Some(false) && !subject.sources.is_empty() {
        let span = subject.root.entry("name").map_or(subject.root.span.head(), |entry| entry.value.span);
        let problem = finding("no test shows that this spec works", span).label("no folder `tests` beside it");
        found.push(problem.help("write recorded answers and what they give into `tests/NAME.yaml` beside the spec"));
    }
}
