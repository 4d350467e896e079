//! `retried-post`: a request that changes something and is tried again.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::Entry;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "retried-post",
    level: Level::Note,
    finds: "A request that changes something and is tried again.",
    why: "Where the answer is lost but not the request, it is done twice.",
    bad: r#"sources:
  job: {http: {url: "http://localhost/jobs", method: POST, retry: {attempts: 3}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  job: {http: {url: "http://localhost/jobs", method: POST}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http") else { continue };
        let changes = |entry: &&Entry| {
            constant(&entry.value).is_some_and(|method| ["POST", "PUT", "PATCH", "DELETE"].contains(&&*method.to_uppercase()))
        };
        if let (Some(method), Some(retry)) = (http.entry("method").filter(changes), http.entry("retry")) {
            let problem = finding("a request that may be done twice", retry.key_span)
                .label("tried again")
                .also(method.value.span, "this may change something");
            found.push(problem.help("remove `retry`, or allow it where the request only reads"));
        }
    }
}
