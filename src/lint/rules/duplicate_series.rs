//! `duplicate-series`: two metrics of the same name, type and tags.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::points::Point;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use std::collections::HashMap;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "duplicate-series",
    level: Level::Warning,
    finds: "Two metrics of the same name, type and tags.",
    why: "They are one series: of a gauge the last value wins, counts add up. Mostly one was copied and not renamed.",
    bad: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.used, value: $page.used}
  - {name: demo.used, value: $page.free}
",
    good: "sources:
  page: {file: {path: /tmp/state}, decode: json}
metrics:
  - {name: demo.used, value: $page.used}
  - {name: demo.free, value: $page.free}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<String, &Point> = HashMap::new();
    for point in &subject.points {
        let Some(name) = point.name.as_deref() else { continue };
        let same_rows = |other: &Point| other.mapping == point.mapping;
        let tags = point.own("tags").or_else(|| point.get("tags")).map_or("", |node| subject.text(node.span));
        let when = point.own("when").map_or("", |node| subject.text(node.span));
        let host = point.get("hostname").map_or("", |node| subject.text(node.span));
        let key = format!("{name}\u{0}{tags}\u{0}{when}\u{0}{host}");
        match seen.get(&key) {
            Some(first) if same_rows(first) || !(first.is_conditional() || point.is_conditional()) => {
                let problem = finding(format!("the series `{name}` is sent twice"), point.name_span)
                    .label("the same name and tags again")
                    .also(first.name_span, "first here");
                found.push(problem.help("rename one, give one of them tags of its own, or remove it"));
            }
            Some(_) => {}
            None => {
                seen.insert(key, point);
            }
        }
    }
}
