//! `reserved-tag`: a tag whose key a backend gives a meaning of its own.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::words::RESERVED;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "reserved-tag",
    level: Level::Note,
    finds: "A tag whose key a backend gives a meaning of its own.",
    why: "`host`, `device`, `source`, `service`, `env` and `version` set fields of the point in a backend, or clash with those that the agent adds.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["host:web-1"]}
"#,
    good: "metrics:
  - {name: demo.up, value: 1, hostname: web-1}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        if let Some((key, help)) = RESERVED.iter().find(|(key, _)| *key == &*tag.key) {
            let problem = finding(format!("the tag `{key}` means something of its own"), tag.span).label("reserved by backends");
            found.push(problem.help(*help));
        }
    }
}
