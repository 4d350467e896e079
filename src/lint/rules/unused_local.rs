//! `unused-local`: a name under `let` of a source or mapping that nothing uses.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-local",
    level: Level::Warning,
    finds: "A name under `let` of a source or mapping that nothing uses.",
    why: "It is computed for every row and thrown away.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, let: {twice: row.used * 2}, name: demo.used, value: row.used}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used], skip: 1, types: {used: number}}}}
metrics:
  - {from: df, let: {twice: row.used * 2}, name: demo.used, value: twice}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let nodes = subject.sources.iter().map(|source| source.written).chain(subject.mappings.iter().map(|mapping| &*mapping.node));
    for entry in nodes.filter_map(|node| node.entry("let")).filter_map(|entry| entry.value.as_map()).flatten() {
        if subject.name(&entry.key).is_some_and(|name| !subject.is_used(name)) {
            let problem = finding(format!("the name `{}` is never used", entry.key), entry.key_span);
            found.push(problem.label("nothing reads this").help("remove it, or use it where its value is written out"));
        }
    }
}
