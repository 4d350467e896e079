//! `each-of-no-list`: a loop over a value that is no list.

use crate::base::diag::{Diagnostic, Level};
use crate::base::types::Type;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "each-of-no-list",
    level: Level::Warning,
    finds: "A loop over a value that is no list.",
    why: "A number or text is one item: the loop runs once, and mostly another value was meant.",
    bad: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.disks, each: {one: df.count}, value: one}
",
    good: "sources:
  df: {command: {argv: [df, -P]}, decode: {table: {columns: [device, used, mount], skip: 1, types: {used: number}}}}
metrics:
  - {name: demo.disks, each: {one: df.rows}, value: one.used}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for rows in
        subject.spec.sources.iter().map(|source| &source.rows).chain(subject.mappings.iter().map(|mapping| &mapping.read.mapped.rows))
    {
        for each in &rows.each {
            let span = each.over.0.span;
            let Some(of) = subject.types.values.get(&span) else { continue };
            if of.is_number() || matches!(of, Type::Bool | Type::Text | Type::Time) {
                let problem = finding(format!("a loop over {}", of.words()), span).label("one item at most");
                found.push(problem.help("loop over a list: the rows of a source, a path with `[*]`, `value | split(',')`"));
            }
        }
    }
}
