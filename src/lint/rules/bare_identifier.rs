//! `bare-identifier`: an identifier for merging that is no URN.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::{beginning, items};
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "bare-identifier",
    level: Level::Note,
    finds: "An identifier for merging that is no URN.",
    why: "Components of all integrations are merged by identifiers; a bare host name or number may be that of something else.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name, identifiers: ["host-{{ row.name }}"]}
"#,
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name, identifiers: ["urn:host:/{{ row.address }}"]}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for component in subject.family(Family::Components) {
        for node in component.get("identifiers").into_iter().flat_map(items) {
            let own = beginning(node);
            if !own.is_empty() && !own.starts_with("urn:") {
                let problem = finding("an identifier that is no URN", node.span).label("may be that of something else");
                found.push(problem.help(format!("write `\"urn:host:/{{{{ … }}}}\"` or another URN instead of `{own}…`")));
            }
        }
    }
}
