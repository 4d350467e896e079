//! `empty-snapshot`: a snapshot of the topology without components.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "empty-snapshot",
    level: Level::Warning,
    finds: "A snapshot of the topology without components.",
    why: "A snapshot deletes what it does not name: this one deletes everything under its key.",
    bad: "topology:
  instance: {type: demo, url: here}
  snapshot: true
",
    good: r#"topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {id: "urn:host:/a", type: host, name: a}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(key) = subject.spec.topology.as_ref().filter(|key| key.snapshot) else { return };
    if subject.family(Family::Components).next().is_none() {
        let entry = subject.root.entry("topology").and_then(|topology| topology.value.entry("snapshot"));
        let problem =
            finding("a snapshot of nothing", entry.map_or(key.span, |entry| entry.value.span)).label("deletes what it does not name");
        found.push(problem.help("add `components:`, or remove `snapshot: true`"));
    }
}
