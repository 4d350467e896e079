//! `needless-delete`: `deletes` beside `snapshot: true`.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "needless-delete",
    level: Level::Note,
    finds: "`deletes` beside `snapshot: true`.",
    why: "A snapshot deletes what it does not name by itself.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
  deletes:
    - {from: hosts, id: "urn:host:/{{ row.old }}"}
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
    let snapshot = subject.spec.topology.as_ref().is_some_and(|key| key.snapshot);
    let deletes = subject.root.entry("topology").and_then(|topology| topology.value.entry("deletes"));
    if let Some(entry) = deletes.filter(|_| snapshot && subject.family(Family::Deletes).next().is_some()) {
        let problem = finding("a snapshot deletes by itself", entry.key_span).label("nothing is left for this");
        found.push(problem.help("remove `deletes`, or `snapshot: true`"));
    }
}
