//! `shell-command`: a command that goes through a shell.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::shell_script;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "shell-command",
    level: Level::Note,
    finds: "A command that goes through a shell.",
    why: "The shell is one more program that must be there, and splits, expands and quotes by rules of its own. The exit code of a pipe is that of its last part.",
    bad: r#"sources:
  size: {command: {argv: [sh, -c, "du -s /tmp | cut -f1"]}, decode: raw, service_check: demo.size}
"#,
    good: "sources:
  size: {command: {argv: [du, -s, /tmp]}, decode: {regex: {pattern: '^(?P<used>[0-9]+)'}}, service_check: demo.size}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(script) = source.of_kind("command").and_then(shell_script) else { continue };
        // What is computed is told as an error already.
        if subject.code(script).is_none_or(|code| code.uses.is_empty()) {
            let problem = finding("a command through a shell", script.span).label("run by a shell");
            found.push(problem.help("call the program itself, and take its output apart with a decoder"));
        }
    }
}
