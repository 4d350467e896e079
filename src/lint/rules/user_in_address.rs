//! `user-in-address`: a user name and password inside an address.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::items;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "user-in-address",
    level: Level::Warning,
    finds: "A user name and password inside an address.",
    why: "It is shown wherever the address is shown, and written into the logs of proxies.",
    bad: r#"sources:
  page: {http: {url: "http://me:hunter2@localhost/"}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/"}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http") else { continue };
        for entry in ["url", "base_url", "proxy"].iter().filter_map(|key| http.entry(key)) {
            for node in items(&entry.value) {
                let text = node.as_scalar().map_or("", |scalar| &*scalar.text);
                let authority = text.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or("");
                if authority.split_once('@').is_some_and(|(user, _)| user.contains(':')) {
                    let problem = finding("a login inside an address", node.span).label("user name and password before the `@`");
                    found.push(problem.help("write `auth: {basic: {username: …, password: …}}`"));
                }
            }
        }
    }
}
