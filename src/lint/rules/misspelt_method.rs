//! `misspelt-method`: an HTTP method that is nearly a known one.

use crate::base::diag::{Diagnostic, Level};
use crate::base::suggest::nearest;
use crate::lint::subject::{Subject, constant};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "misspelt-method",
    level: Level::Warning,
    finds: "An HTTP method that is nearly a known one.",
    why: "Any word may be a method, so it is sent as it stands, and the server refuses it.",
    bad: r#"sources:
  page: {http: {url: "http://localhost/", method: PSOT, json: {a: 1}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/", method: POST, json: {a: 1}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

/// Methods of RFC 9110 and 5789, of WebDAV, and those that caches, searches and stores of secrets know.
const KNOWN: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "QUERY",
    "PURGE",
    "BAN",
    "REFRESH",
    "LIST",
    "LINK",
    "UNLINK",
    "MERGE",
    "BIND",
    "NOTIFY",
    "SUBSCRIBE",
];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let written = subject.sources.iter().filter_map(|source| source.of_kind("http")?.entry("method"));
    for node in written.map(|entry| &entry.value) {
        let Some(method) = constant(node).map(str::to_uppercase).filter(|method| !KNOWN.contains(&&**method)) else { continue };
        if let Some(near) = nearest(&method, KNOWN.iter().copied()) {
            let problem = finding(format!("no server knows the method `{method}`"), node.span).label(format!("did you mean `{near}`?"));
            found.push(problem.help(format!("write `{near}`")).edit(node.span, near));
        }
    }
}
