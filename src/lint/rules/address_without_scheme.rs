//! `address-without-scheme`: an address of a request that does not begin with `http://` or `https://`.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::{Subject, beginning, items};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "address-without-scheme",
    level: Level::Warning,
    finds: "An address of a request that does not begin with `http://` or `https://`.",
    why: "No request can be made of it, so every run fails.",
    bad: r#"sources:
  page: {http: {url: "localhost/status"}, decode: json, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "http://localhost/status"}, decode: json, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

const SCHEMES: &[&str] = &["http://", "https://"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for http in subject.sources.iter().filter_map(|source| source.of_kind("http")) {
        let base = http.entry("base_url");
        for url in base.into_iter().chain(http.entry("url")).flat_map(|entry| items(&entry.value)) {
            let fixed = beginning(url).to_lowercase();
            let begins = |scheme: &&str| fixed.starts_with(*scheme) || scheme.starts_with(&fixed);
            if SCHEMES.iter().any(begins) || base.is_some() && fixed.starts_with('/') {
                continue;
            }
            let problem = finding("an address without `http://` or `https://`", url.span).label("no request can be made of this");
            found.push(problem.help("begin it with `http://` or `https://`, or with a setting that holds the whole: `{{ instance.url }}`"));
        }
    }
}
