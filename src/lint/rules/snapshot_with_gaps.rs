//! `snapshot-with-gaps`: a snapshot of the topology that a source with `on_error: continue` feeds.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::source::OnError;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "snapshot-with-gaps",
    level: Level::Warning,
    finds: "A snapshot of the topology that a source with `on_error: continue` feeds.",
    why: "Whenever that source fails the snapshot stays open, so nothing is ever deleted while it does, and the run does not say so.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json, on_error: continue, service_check: demo.hosts}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
"#,
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json, service_check: demo.hosts}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if !subject.spec.topology.as_ref().is_some_and(|key| key.snapshot) {
        return;
    }
    for mapping in subject.mappings.iter().filter(|mapping| mapping.family.feeds_snapshot()) {
        for input in &mapping.read.mapped.rows.from {
            let Some(source) = subject.source(input.source).filter(|source| source.read.on_error == OnError::Continue) else { continue };
            let problem =
                finding(format!("the snapshot stays open whenever `{}` fails", source.name), input.span).label("a part of the snapshot");
            let problem = match source.node.entry("on_error") {
                Some(entry) => problem.also(entry.value.span, "the run goes on without it"),
                None => problem,
            };
            found.push(problem.help("let the run fail: remove `on_error: continue`"));
        }
    }
}
