//! `unbounded-each`: one request for each row of another source, without a bound.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unbounded-each",
    level: Level::Note,
    finds: "One request for each row of another source, without a bound.",
    why: "A system with ten thousand rows is asked ten thousand times in every run.",
    bad: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json}
  detail: {each: {host: hosts}, http: {url: "http://localhost/{{ host.name }}"}, decode: json, service_check: demo.can_connect}
metrics:
  - {from: detail, name: demo.used, value: row.used}
"#,
    good: r#"sources:
  hosts: {file: {path: /tmp/hosts.json}, decode: json, limit: 100}
  detail: {each: {host: hosts}, http: {url: "http://localhost/{{ host.name }}"}, decode: json, service_check: demo.can_connect}
metrics:
  - {from: detail, name: demo.used, value: row.used}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in subject.sources.iter().filter(|source| source.request().is_some() && source.node.entry("limit").is_none()) {
        for each in &source.read.rows.each {
            let Some(over) = each.source.and_then(|name| subject.source(name)) else { continue };
            if over.read.rows.limit.is_none() {
                let problem = finding(format!("one request for each row of `{}`, however many there are", over.name), each.over.0.span);
                found
                    .push(problem.label("no bound").help(format!("give `{}` a `limit`, or ask for all of them in one request", over.name)));
            }
        }
    }
}
