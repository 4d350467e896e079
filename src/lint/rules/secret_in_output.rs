//! `secret-in-output`: a secret of the configuration in a tag, a name, a message or the topology.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::shown_secret;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "secret-in-output",
    level: Level::Warning,
    finds: "A secret of the configuration in a tag, a name, a message or the topology.",
    why: "An output never shows it: asterisks are sent. So the value does not tell what it was meant to tell.",
    bad: r#"config:
  instance:
    token: {type: secret, description: The token.}
sources:
  page: {file: {path: /tmp/state}, decode: raw, expect: instance.token is defined}
metrics:
  - {name: demo.up, value: 1, when: page.ok, tags: {token: "{{ instance.token }}"}}
"#,
    good: "config:
  instance:
    token: {type: secret, description: The token.}
sources:
  page: {file: {path: /tmp/state}, decode: raw, expect: instance.token is defined}
metrics:
  - {name: demo.up, value: 1, when: page.ok}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for placed in &subject.spec.mappings {
        placed.mapped.mapping.codes(&mut |code| {
            if let Some(key) = shown_secret(subject, code) {
                let problem = finding(format!("the secret `{key}` in an output"), code.span).label("asterisks are sent");
                found.push(problem.help("leave it out; a secret belongs into the login of a request"));
            }
        });
    }
}
