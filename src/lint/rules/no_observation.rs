//! `no-observation`: a spec that makes nothing of what it reads.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "no-observation",
    level: Level::Warning,
    finds: "A spec that makes nothing of what it reads.",
    why: "It runs, costs time, and sends nothing.",
    bad: "sources:
  page: {file: {path: /tmp/state}, decode: raw, expect: row != ''}
  more: {from: page}
  last: {file: {path: /tmp/more}, decode: raw, when: more.count > 0, expect: last.ok}
",
    good: "metrics:
  - {name: demo.up, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let checks = subject.spec.sources.iter().any(|source| source.service_check.is_some());
    if subject.spec.mappings.is_empty() && subject.spec.metadata.is_empty() && subject.spec.topology.is_none() && !checks {
        let span = subject.root.entry("sources").map_or(subject.root.span.head(), |entry| entry.key_span);
        let problem = finding("this spec sends nothing", span).label("nothing is made of this");
        found.push(problem.help("add `metrics:`, `service_checks:` or another mapping"));
    }
}
