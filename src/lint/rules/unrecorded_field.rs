//! `unrecorded-field`: a field that no recorded answer of the tests has.

use crate::base::diag::{Diagnostic, Level};
use crate::base::types::Type;
use crate::expr::check::Slip;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unrecorded-field",
    level: Level::Note,
    finds: "A field that no recorded answer of the tests has.",
    why: "Either the name is wrong, or no test shows the case in which the field is there.",
    bad: "sources:
  # the answers in its tests have `name` and `mem_used`
  recorded: {file: {path: /tmp/a.json}, decode: json}
metrics:
  - {from: recorded, name: demo.used, value: $.mem_usd}
",
    good: "sources:
  # the answers in its tests have `name` and `mem_used`
  recorded: {file: {path: /tmp/a.json}, decode: json}
metrics:
  - {from: recorded, name: demo.used, value: $.mem_used}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (span, slip) in
        subject.types.slips.iter().filter(|(_, slip)| matches!(slip, Slip::NotRecorded(..) | Slip::NoMembers(_, Type::List(_))))
    {
        found.push(finding(slip.title(), *span).label(slip.label()).help(slip.help()));
    }
}
