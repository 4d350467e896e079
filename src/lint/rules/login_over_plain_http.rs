//! `login-over-plain-http`: a login over plain HTTP to another machine.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::{beginning, items};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "login-over-plain-http",
    level: Level::Warning,
    finds: "A login over plain HTTP to another machine.",
    why: "User name, password and token pass the network as they are.",
    bad: r#"config:
  instance:
    host: {type: string, required: true, description: The host.}
    password: {type: secret, description: The password.}
sources:
  page: {http: {url: "http://{{ instance.host }}/", auth: {basic: {username: me, password: "{{ instance.password }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"config:
  instance:
    host: {type: string, required: true, description: The host.}
    password: {type: secret, description: The password.}
sources:
  page: {http: {url: "https://{{ instance.host }}/", auth: {basic: {username: me, password: "{{ instance.password }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http").filter(|http| http.entry("auth").is_some()) else { continue };
        for url in ["url", "base_url"].iter().filter_map(|key| http.entry(key)).flat_map(|entry| items(&entry.value)) {
            let text = beginning(url);
            let local =
                ["localhost", "127.", "[::1]"].iter().any(|host| text.strip_prefix("http://").is_some_and(|rest| rest.starts_with(host)));
            if text.starts_with("http://") && !local {
                let problem = finding("a login over plain HTTP", url.span).label("readable on the way");
                found.push(problem.help("write `https://`"));
            }
        }
    }
}
