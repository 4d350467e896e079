//! `nameless-component`: a component without a name.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "nameless-component",
    level: Level::Note,
    finds: "A component without a name.",
    why: "A topology shows names; without one it shows the identifier.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host}
"#,
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for component in subject.family(Family::Components) {
        let in_data = component.get("data").is_some_and(|data| data.as_scalar().is_some() || data.entry("name").is_some());
        if let Some(id) = component.node.entry("id").filter(|_| component.get("name").is_none() && !in_data) {
            let problem = finding("a component without a name", id.key_span).label("shown by this");
            found.push(problem.help("add `name:`"));
        }
    }
}
