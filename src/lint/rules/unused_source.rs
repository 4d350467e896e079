//! `unused-source`: a source that nothing reads.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::PREVIOUS;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-source",
    level: Level::Warning,
    finds: "A source that nothing reads.",
    why: "It is asked in every run, costs time and load on the system, and its answer is thrown away. Mostly a mapping names another source by mistake.",
    bad: r#"sources:
  load: {file: {path: /proc/loadavg}, decode: raw}
  uptime: {file: {path: /proc/uptime}, decode: raw}
metrics:
  - {name: demo.load, value: "load.body | regex_find('^[0-9.]+')"}
"#,
    good: r#"sources:
  load: {file: {path: /proc/loadavg}, decode: raw}
metrics:
  - {name: demo.load, value: "load.body | regex_find('^[0-9.]+')"}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let rows = || subject.spec.sources.iter().map(|source| &source.rows).chain(subject.mappings.iter().map(|m| &m.read.mapped.rows));
    let after = || subject.spec.sources.iter().flat_map(|source| &source.after).map(|(name, _)| *name);
    for source in &subject.sources {
        let name = source.read.name;
        let kept = subject.uses().any(|place| place.name == PREVIOUS && place.member.as_deref() == Some(source.name));
        let used = kept
            || subject.is_used(name)
            || rows().any(|rows| rows.from.iter().any(|input| input.source == name))
            || after().any(|n| n == name);
        if !used && source.read.service_check.is_none() {
            let problem = finding(format!("the source `{}` is never read", source.name), source.name_span);
            found.push(
                problem
                    .label("no mapping and no other source uses this")
                    .help(format!("remove it, or make something of it: `from: {}`", source.name)),
            );
        }
    }
}
