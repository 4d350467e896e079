//! `duplicate-component`: two components with the same identifier.

use crate::base::diag::{Diagnostic, Level};
use crate::base::span::Span;
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;
use std::collections::HashMap;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "duplicate-component",
    level: Level::Warning,
    finds: "Two components with the same identifier.",
    why: "The second replaces the first in the topology. Mostly one was copied and not changed.",
    bad: r#"topology:
  instance: {type: demo, url: here}
  components:
    - {id: "urn:host:/a", type: host, name: a}
    - {id: "urn:host:/a", type: host, name: b}
"#,
    good: r#"topology:
  instance: {type: demo, url: here}
  components:
    - {id: "urn:host:/a", type: host, name: a}
    - {id: "urn:host:/b", type: host, name: b}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for component in subject.family(Family::Components).filter(|component| component.get("when").is_none()) {
        let Some(id) = component.get("id") else { continue };
        let rows = component.get("from").map_or("", |from| subject.text(from.span));
        // Without anything computed it is the same whatever the row.
        let fixed = constant(id).is_some();
        let Some(text) =
            constant(id).or_else(|| id.as_scalar().map(|scalar| &*scalar.text)).filter(|_| fixed || component.get("each").is_none())
        else {
            continue;
        };
        match seen.get(text) {
            Some(first) if fixed || subject.text(*first).contains(rows) && rows.is_empty() => {
                let problem = finding(format!("the component `{text}` twice"), id.span).label("the same again").also(*first, "first here");
                found.push(problem.help("give one another identifier, or put the two together"));
            }
            Some(_) => {}
            None => {
                seen.insert(text, id.span);
            }
        }
    }
}
