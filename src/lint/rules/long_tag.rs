//! `long-tag`: a constant tag of more than 200 characters.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "long-tag",
    level: Level::Warning,
    finds: "A constant tag of more than 200 characters.",
    why: "Backends cut it, and two that begin alike become one.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["note:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}
"#,
    good: r#"metrics:
  - {name: demo.up, value: 1, tags: ["note:short"]}
"#,
    find: Find::Spec(find),
};

/// What the strictest backend takes.
const MOST: usize = 200;

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        let length = tag.key.chars().count() + tag.fixed.as_ref().map_or(0, |value| value.chars().count() + 1);
        if length > MOST {
            let problem = finding(format!("a tag of {length} characters"), tag.span).label(format!("more than {MOST}"));
            found.push(problem.help(format!("shorten it to {MOST} characters at most")));
        }
    }
}
