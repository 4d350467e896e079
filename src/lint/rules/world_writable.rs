//! `world-writable`: a program that everybody on the machine may change.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::{constant, items};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "world-writable",
    level: Level::Warning,
    finds: "A program that everybody on the machine may change.",
    why: "Whoever changes it runs commands with the rights of the engine.",
    bad: "sources:
  size: {command: {argv: [/opt/shared/state]}, decode: raw, service_check: demo.state}
",
    good: "sources:
  size: {command: {argv: [/opt/demo/state]}, decode: raw, service_check: demo.state}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(argv) = source.of_kind("command").and_then(|command| command.entry("argv")) else { continue };
        let Some(program) = items(&argv.value).first() else { continue };
        if let Some(path) = constant(program).filter(|path| path.contains('/') && subject.beside.is_world_writable(path)) {
            let problem = finding(format!("everybody may write `{path}`"), program.span).label("run by the engine");
            found.push(problem.help(format!("take that right away: `chmod o-w {path}`")));
        }
    }
}
