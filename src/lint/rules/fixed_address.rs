//! `fixed-address`: a request to an address that stands in the spec.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::{beginning, constant, items};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "fixed-address",
    level: Level::Note,
    finds: "A request to an address that stands in the spec.",
    why: "Every instance asks the same machine; the next user of the spec has another one.",
    bad: r#"sources:
  page: {http: {url: "http://web-7.example.org/state"}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"config:
  instance:
    url: {type: url, required: true, description: The address.}
sources:
  page: {http: {url: "{{ instance.url }}/state"}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(http) = source.of_kind("http") else { continue };
        for url in ["url", "base_url"].iter().filter_map(|key| http.entry(key)).flat_map(|entry| items(&entry.value)) {
            let host = beginning(url).split_once("://").map_or("", |(_, rest)| rest).split(['/', ':']).next().unwrap_or("");
            // What stands before an `@` is a matter of another rule.
            let host = if subject.text(url.span).contains('@') { "" } else { host };
            let local = ["localhost", "127.0.0.1", "", "[", "169.254.169.254"].contains(&host);
            if !local && constant(url).is_some() {
                let problem = finding(format!("the address `{host}` for every instance"), url.span).label("fixed");
                found.push(problem.help("declare it under `config.instance` with `type: url`, and write `\"{{ instance.url }}\"`"));
            }
        }
    }
}
