//! `self-relation`: a relation from a component to itself.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "self-relation",
    level: Level::Warning,
    finds: "A relation from a component to itself.",
    why: "A backend drops it or draws a loop. Mostly one of the two was copied and not changed.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
  relations:
    - {from: hosts, source: "urn:host:/{{ row.name }}", target: "urn:host:/{{ row.name }}", type: runs_on}
"#,
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
  relations:
    - {from: hosts, source: "urn:host:/{{ row.name }}", target: "urn:host:/{{ row.parent }}", type: runs_on}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for relation in subject.family(Family::Relations) {
        let text = |key: &str| relation.get(key).and_then(|node| Some((node.span, &*node.as_scalar()?.text)));
        if let (Some((source, from)), Some((target, to))) = (text("source"), text("target"))
            && from == to
        {
            let problem = finding("a relation from a component to itself", target).label("the same identifier").also(source, "as here");
            found.push(problem.help("name the other component"));
        }
    }
}
