//! `secret-in-arguments`: a secret of the configuration among the arguments of a command.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::{leaves, shown_secret};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "secret-in-arguments",
    level: Level::Warning,
    finds: "A secret of the configuration among the arguments of a command.",
    why: "Everybody on the machine sees the arguments of every process.",
    bad: r#"config:
  instance:
    token: {type: secret, description: The token.}
sources:
  size: {command: {argv: [state, "{{ instance.token }}"]}, decode: raw, service_check: demo.state}
"#,
    good: r#"config:
  instance:
    token: {type: secret, description: The token.}
sources:
  size: {command: {argv: [state], env: {TOKEN: "{{ instance.token }}"}}, decode: raw, service_check: demo.state}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(argv) = source.of_kind("command").and_then(|command| command.entry("argv")) else { continue };
        leaves(&argv.value, &mut |node| {
            let Some(code) = subject.code(node) else { return };
            if let Some(key) = shown_secret(subject, code) {
                let problem = finding(format!("the secret `{key}` as an argument"), code.span).label("every user of the machine sees this");
                found.push(problem.help("pass it with `env` or `stdin`"));
            }
        });
    }
}
