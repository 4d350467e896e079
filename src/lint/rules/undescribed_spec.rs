//! `undescribed-spec`: a spec without a description.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "undescribed-spec",
    level: Level::Note,
    finds: "A spec without a description.",
    why: "Lists of specs show it; a name alone does not say what is monitored.",
    bad: "name: demo
version: 1.0.0
metrics:
  - {name: demo.up, value: 1}
",
    good: "name: demo
version: 1.0.0
description: Says that the engine runs.
metrics:
  - {name: demo.up, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if subject.spec.description.as_deref().is_none_or(|text| text.trim().is_empty()) {
        let span = subject.root.entry("name").map_or(subject.root.span.head(), |entry| entry.value.span);
        let problem = finding("nothing says what this spec monitors", span).label("no `description`");
        found.push(problem.help("add `description:` with what it monitors, in a sentence"));
    }
}
