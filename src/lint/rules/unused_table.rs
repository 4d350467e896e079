//! `unused-table`: a table that nothing looks into.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::TABLES;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-table",
    level: Level::Warning,
    finds: "A table that nothing looks into.",
    why: "It is dead weight, and often the sign of a look-up in another table by mistake.",
    bad: "tables: {words: {up: 1}, colours: {red: 2}}
metrics:
  - {name: demo.up, value: tables.words.up}
",
    good: "tables: {words: {up: 1}}
metrics:
  - {name: demo.up, value: tables.words.up}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut used: Vec<&str> = Vec::new();
    for place in subject.uses().filter(|place| place.name == TABLES) {
        match place.member.as_deref() {
            Some(member) => used.push(member),
            // Which one is known in a run only.
            None => return,
        }
    }
    for entry in subject.root.entry("tables").and_then(|entry| entry.value.as_map()).unwrap_or(&[]) {
        if !used.contains(&&*entry.key) {
            let problem = finding(format!("the table `{}` is never used", entry.key), entry.key_span);
            found.push(problem.label("nothing looks into this").help(format!("remove it, or read it as `tables.{}`", entry.key)));
        }
    }
}
