//! `secret-in-address`: a secret of the configuration in the address of a request.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::{leaves, shown_secret};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "secret-in-address",
    level: Level::Warning,
    finds: "A secret of the configuration in the address of a request.",
    why: "Addresses are written into the logs of servers and proxies. A header or a login is not.",
    bad: r#"config:
  instance:
    token: {type: secret, description: The token.}
sources:
  page: {http: {url: "http://localhost/state?token={{ instance.token }}"}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"config:
  instance:
    token: {type: secret, description: The token.}
sources:
  page: {http: {url: "http://localhost/state", auth: {bearer: {token: "{{ instance.token }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http") else { continue };
        let parts = ["url", "base_url", "query"].iter().filter_map(|key| http.entry(key));
        for entry in parts {
            leaves(&entry.value, &mut |node| {
                let Some(code) = subject.code(node) else { return };
                if let Some(key) = shown_secret(subject, code) {
                    let problem = finding(format!("the secret `{key}` in an address"), code.span).label("logged by servers and proxies");
                    found.push(problem.help("send it as a header or with `auth`, if the server takes it there"));
                }
            });
        }
    }
}
