//! `unused-let`: a name under the top-level `let` that nothing uses.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::PREVIOUS;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-let",
    level: Level::Warning,
    finds: "A name under the top-level `let` that nothing uses.",
    why: "It is dead weight for whoever reads the spec, and often the sign of a mapping that uses another name by mistake.",
    bad: "let: {factor: 1024, unused: 8}
metrics:
  - {name: demo.size, value: factor * 2}
",
    good: "let: {factor: 1024}
metrics:
  - {name: demo.size, value: factor * 2}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for entry in subject.root.entry("let").and_then(|entry| entry.value.as_map()).unwrap_or(&[]) {
        let kept = subject.uses().any(|place| place.name == PREVIOUS && place.member.as_deref() == Some(&*entry.key));
        if !kept && subject.name(&entry.key).is_some_and(|name| !subject.is_used(name)) {
            let problem = finding(format!("the name `{}` is never used", entry.key), entry.key_span);
            found.push(problem.label("nothing reads this").help("remove it, or use it where its value is written out"));
        }
    }
}
