//! `empty-tag`: a constant tag without a key or with an empty value.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "empty-tag",
    level: Level::Warning,
    finds: "A constant tag without a key or with an empty value.",
    why: "Backends drop it, or keep a tag that nobody can choose by.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["team:"]}
"#,
    good: r#"metrics:
  - {name: demo.up, value: 1, tags: ["team:web"]}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        let text = subject.text(tag.span).trim_matches(['"', '\'']);
        let empty = tag.fixed.as_ref().is_some_and(|value| value.trim().is_empty())
            && (text.ends_with(':') || !text.contains(':') && tag.key.is_empty());
        if tag.key.trim().is_empty() || empty {
            let problem =
                finding(format!("the tag `{text}` says nothing"), tag.span).label(if tag.key.is_empty() { "no key" } else { "no value" });
            found.push(problem.help("write `key:value`, or remove it"));
        }
    }
}
