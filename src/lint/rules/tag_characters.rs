//! `tag-characters`: a constant tag with characters or letters that backends change.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "tag-characters",
    level: Level::Note,
    finds: "A constant tag with characters or letters that backends change.",
    why: "Backends take lower-case letters, digits and `_ - : . /`, a letter first; all else is replaced, so the tag in the dashboard is another one.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["Team Name:Web"]}
"#,
    good: r#"metrics:
  - {name: demo.up, value: 1, tags: ["team_name:web"]}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        let text = format!("{}{}", tag.key, tag.fixed.as_deref().unwrap_or(""));
        let fine = |c: char| c.is_lowercase() || c.is_ascii_digit() || "_-:./".contains(c);
        let first = tag.key.chars().next().is_some_and(char::is_alphabetic);
        if tag.key.contains('{') || first && text.chars().all(fine) {
            continue;
        }
        let better: String = text.to_lowercase().chars().map(|c| if fine(c) { c } else { '_' }).collect();
        let problem =
            finding(format!("backends change the tag `{}`", tag.key), tag.span).label("not lower-case letters, digits and `_ - : . /`");
        let key = better.get(..tag.key.len()).unwrap_or(&better);
        found.push(match tag.key.split_once('=') {
            Some((key, _)) => problem.help(format!("write `:` between key and value: `{key}: …`")),
            None => problem.help(format!("write its key as `{key}`, which is what it becomes; begin with a letter")),
        });
    }
}
