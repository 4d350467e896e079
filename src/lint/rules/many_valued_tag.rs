//! `many-valued-tag`: a tag of a metric with an id, an address with its path, or a mail address.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::ROW;
use crate::lint::subject::Subject;
use crate::lint::words::ends_in;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "many-valued-tag",
    level: Level::Note,
    finds: "A tag of a metric with an id, an address with its path, or a mail address.",
    why: "Each value is a series. That may be meant where there are few of them; where they come and go, the backend fills up.",
    bad: "sources:
  users: {file: {path: /tmp/users.json}, decode: json}
metrics:
  - {from: users, name: demo.logins, value: row.logins, tags: {user_id: $.user_id}}
",
    good: "sources:
  users: {file: {path: /tmp/users.json}, decode: json}
metrics:
  - {from: users, name: demo.logins, value: row.logins, tags: {group: $.group}}
",
    find: Find::Spec(find),
};

/// Last words of fields that have many values.
const WORDS: &[&str] = &["id", "email", "mail", "ip", "session", "pid", "query", "sql", "message", "description"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        let metrics = subject.mappings.get(tag.mapping).is_some_and(|mapping| mapping.family == Family::Metrics);
        let Some(code) = tag.value.filter(|_| metrics).and_then(|span| subject.code_at(span)) else { continue };
        let many = code.uses.iter().filter(|place| place.name == ROW).filter_map(|place| place.keys.last()).any(|key| ends_in(key, WORDS));
        if many {
            let problem =
                finding(format!("the tag `{}` may have very many values", tag.key), tag.span).label("one series for each of them");
            found.push(problem.help("tag with what they are grouped by, or allow it where there are few"));
        }
    }
}
