//! `needless-after`: `after` for a source that is needed anyway.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "needless-after",
    level: Level::Note,
    finds: "`after` for a source that is needed anyway.",
    why: "Sources run in order of need by themselves; the key says nothing more.",
    bad: r#"sources:
  one: {file: {path: /tmp/one}, decode: raw}
  two: {file: {path: "/tmp/{{ one.body }}"}, decode: raw, after: one}
metrics:
  - {name: demo.size, value: two.body | length}
"#,
    good: r#"sources:
  one: {file: {path: /tmp/one}, decode: raw}
  two: {file: {path: "/tmp/{{ one.body }}"}, decode: raw}
metrics:
  - {name: demo.size, value: two.body | length}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        for (name, span) in &source.read.after {
            let mut needed = false;
            source.read.codes(&mut |code| needed |= code.uses(*name));
            needed |= source.read.rows.from.iter().any(|input| input.source == *name);
            if needed {
                let problem = finding(format!("`{}` comes after `{}` anyway", source.name, subject.spec.names.text(*name)), *span);
                found.push(problem.label("it is read by this source").help("remove it from `after`"));
            }
        }
    }
}
