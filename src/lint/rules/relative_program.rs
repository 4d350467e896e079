//! `relative-program`: a program by a relative path.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::subject::{constant, items};
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "relative-program",
    level: Level::Warning,
    finds: "A program by a relative path.",
    why: "It is searched from the folder of the spec or from `cwd`; whoever can write there decides what runs.",
    bad: "sources:
  size: {command: {argv: [bin/state, --all]}, decode: raw, service_check: demo.state}
",
    good: "sources:
  size: {command: {argv: [/usr/bin/state, --all]}, decode: raw, service_check: demo.state}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(argv) = source.of_kind("command").and_then(|command| command.entry("argv")) else { continue };
        let Some(program) = items(&argv.value).first() else { continue };
        if constant(program).is_some_and(|text| text.contains('/') && !text.starts_with('/')) {
            let problem = finding("a program by a relative path", program.span).label("which one this is depends on a folder");
            found.push(problem.help("write its whole path, or its bare name if it is in the search path"));
        }
    }
}
