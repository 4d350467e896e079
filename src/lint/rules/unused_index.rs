//! `unused-index`: an index that no place looks into.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::PREVIOUS;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-index",
    level: Level::Note,
    finds: "An index that no place looks into.",
    why: "It is built in every run, and whoever reads the spec looks for its use.",
    bad: "sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json, index: {id: $.id}}
metrics:
  - {name: demo.hosts, value: hosts.count}
",
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json, index: {id: $.id}}
metrics:
  - {name: demo.first, value: "hosts.by.id['1'].load"}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let mut used: Vec<&str> = Vec::new();
        let mut any = false;
        for code in subject.codes() {
            let own = code.uses.iter().filter(|place| place.name == source.read.name || place.name == PREVIOUS);
            for place in own {
                let mut keys = place.keys.iter().map(|key| &**key).skip_while(|key| *key != "by");
                // `by` alone, or the whole result, may lead to each of them.
                any |= place.keys.is_empty() && place.member.is_none() || place.member.as_deref() == Some("by") && place.keys.len() < 2;
                used.extend(keys.nth(1));
            }
        }
        for index in source.read.index.iter().filter(|index| !any && !used.contains(&&*index.name)) {
            let problem = finding(format!("the index `{}` is never used", index.name), index.span);
            found.push(
                problem
                    .label("nothing looks into this")
                    .help(format!("remove it, or look rows up with `{}.by.{}[…]`", source.name, index.name)),
            );
        }
    }
}
