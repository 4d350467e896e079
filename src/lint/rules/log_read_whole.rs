//! `log-read-whole`: a log file that is read from its beginning in every run.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "log-read-whole",
    level: Level::Note,
    finds: "A log file that is read from its beginning in every run.",
    why: "Every line counts again in each run, and the file only grows.",
    bad: "sources:
  log: {file: {path: /var/log/demo.log}, decode: lines}
metrics:
  - {from: log, name: demo.lines, type: count, value: 1}
",
    good: "sources:
  log: {file: {path: /var/log/demo.log, mode: tail}, decode: lines}
metrics:
  - {from: log, name: demo.lines, type: count, value: 1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for source in &subject.sources {
        let Some(file) = source.of_kind("file").filter(|file| file.entry("mode").is_none()) else { continue };
        let Some(path) = file.entry("path") else { continue };
        if path.value.as_scalar().is_some_and(|scalar| scalar.text.ends_with(".log")) {
            let problem = finding("a log that is read whole in every run", path.value.span).label("from its beginning each time");
            found.push(problem.help("add `mode: tail`: only what is new is read then"));
        }
    }
}
