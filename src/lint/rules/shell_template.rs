//! `shell-template`: something computed in the text that a shell runs.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::shell_script;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "shell-template",
    level: Level::Error,
    finds: "Something computed in the text that a shell runs.",
    why: "Whoever sets that value runs commands of his own: the shell does not know which part was meant as one.",
    bad: r#"config:
  instance:
    path: {type: path, required: true, description: The folder.}
sources:
  size: {command: {argv: [sh, -c, "du -s {{ instance.path }} | cut -f1"]}, decode: raw, service_check: demo.size}
"#,
    good: r#"config:
  instance:
    path: {type: path, required: true, description: The folder.}
sources:
  size: {command: {argv: [du, -s, "{{ instance.path }}"]}, decode: raw, service_check: demo.size}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(script) = source.of_kind("command").and_then(shell_script) else { continue };
        if subject.code(script).is_some_and(|code| !code.uses.is_empty()) {
            let problem = finding("a computed text for a shell", script.span).label("the shell takes all of this as commands");
            found.push(problem.help("call the program itself with its arguments; or keep the text fixed and pass the value behind it, as `$1`: `[sh, -c, 'du -s \"$1\"', sh, \"{{ … }}\"]`"));
        }
    }
}
