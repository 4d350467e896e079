//! `get-with-body`: a GET request with a body.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "get-with-body",
    level: Level::Warning,
    finds: "A GET request with a body.",
    why: "Servers and proxies may drop the body, or refuse the request.",
    bad: r#"sources:
  page: {http: {url: "http://localhost/", method: GET, json: {a: 1}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/", json: {a: 1}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http") else { continue };
        let body = ["json", "form", "body"].iter().find_map(|key| http.entry(key));
        let get = http.entry("method").filter(|entry| constant(&entry.value).is_some_and(|method| method.eq_ignore_ascii_case("get")));
        if let (Some(body), Some(get)) = (body, get) {
            let problem = finding("a GET request with a body", get.value.span).label("GET has no body").also(body.key_span, "the body");
            found.push(problem.help("remove `method`, which makes it POST; or send the values with `query`"));
        }
    }
}
