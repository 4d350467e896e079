//! `hard-coded-secret`: a password or token that stands in the spec itself.

use crate::base::diag::{Diagnostic, Level};
use crate::base::secret_names::is_secret;
use crate::lint::query::walk;
use crate::lint::subject::Subject;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "hard-coded-secret",
    level: Level::Warning,
    finds: "A password or token that stands in the spec itself.",
    why: "Specs are shared and kept for ever; whoever reads one has the secret, and it cannot be changed without a new spec.",
    bad: r#"sources:
  page: {http: {url: "http://localhost/", auth: {basic: {username: me, password: hunter2}}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"config:
  instance:
    password: {type: secret, description: The password.}
sources:
  page: {http: {url: "http://localhost/", auth: {basic: {username: me, password: "{{ instance.password }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let auth = subject.root.entry("auth").map(|entry| &entry.value);
    for node in
        subject.sources.iter().map(|source| source.written).chain(auth).chain(subject.root.entry("defaults").map(|entry| &entry.value))
    {
        walk(node, &mut |key, value| {
            let header = key.eq_ignore_ascii_case("authorization")
                || key.to_lowercase().ends_with("-token")
                || key.eq_ignore_ascii_case("x-api-key");
            // Under `token` of a session stands where the answer has it: an expression, not a text.
            let of_answer = |text: &str| key == "token" && ["answer.", "row.", "row[", "{"].iter().any(|start| text.starts_with(start));
            if (is_secret(key) || header) && constant(value).is_some_and(|text| !text.is_empty() && !of_answer(text)) {
                let problem =
                    finding(format!("the secret `{key}` in the spec itself"), value.span).label("everybody who has the spec has it");
                found.push(problem.help(format!(
                    "declare it under `config.instance` with `type: secret`, and write `\"{{{{ instance.{} }}}}\"`",
                    key.to_lowercase().replace('-', "_")
                )));
            }
        });
    }
}
