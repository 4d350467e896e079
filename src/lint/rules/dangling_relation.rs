//! `dangling-relation`: a relation to an identifier that no component of the spec has.

use crate::base::diag::{Diagnostic, Level};
use crate::base::suggest::listed;
use crate::lint::subject::Subject;
use crate::lint::subject::{beginning, constant, items};
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "dangling-relation",
    level: Level::Warning,
    finds: "A relation to an identifier that no component of the spec has.",
    why: "A relation whose ends do not exist is dropped by the backend. Mostly the two identifiers are put together differently.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
topology:
  instance: {type: demo, url: here}
  snapshot: true
  components:
    - {from: hosts, id: "urn:host:/{{ row.name }}", type: host, name: $.name}
  relations:
    - {from: hosts, source: "urn:host:/{{ row.name }}", target: "urn:hosts:/{{ row.parent }}", type: runs_on}
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
    let components = || subject.family(Family::Components);
    let ids = components().filter_map(|component| component.get("id"));
    let further = components().filter_map(|component| component.get("identifiers")).flat_map(items);
    let known: Vec<(&str, bool)> = ids.chain(further).map(|node| (beginning(node), constant(node).is_some())).collect();
    // An identifier that is computed as a whole may be anything.
    if known.is_empty() || known.iter().any(|(text, whole)| text.is_empty() && !whole) {
        return;
    }
    for relation in subject.family(Family::Relations) {
        for node in ["source", "target"].iter().filter_map(|key| relation.get(key)) {
            let (own, whole) = (beginning(node), constant(node).is_some());
            let fits = |(text, fixed): &(&str, bool)| match (whole, *fixed) {
                (true, true) => own == *text,
                (true, false) => own.starts_with(text),
                (false, true) => text.starts_with(own),
                (false, false) => own.starts_with(text) || text.starts_with(own),
            };
            if !own.is_empty() && !known.iter().any(fits) {
                let problem = finding("no component has such an identifier", node.span).label(format!("begins with `{own}`"));
                let mut beginnings: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
                beginnings.dedup();
                found.push(
                    problem.help(format!("identifiers here begin with {}; if it is made by another spec, allow it", listed(beginnings, 5))),
                );
            }
        }
    }
}
