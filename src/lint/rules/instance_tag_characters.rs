//! `instance-tag-characters`: a tag of an instance with characters or letters that backends change.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::Conf;
use crate::lint::subject::constant;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "instance-tag-characters",
    level: Level::Note,
    finds: "A tag of an instance with characters or letters that backends change.",
    why: "Backends take lower-case letters, digits and `_ - : . /`, a letter first; all else is replaced.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    tags: ["Team:Web Site"]
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    tags: ["team:web_site"]
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    let fine = |c: char| c.is_lowercase() || c.is_ascii_digit() || "_-:./".contains(c);
    for item in conf.maps().filter_map(|map| map.entry("tags")).filter_map(|entry| entry.value.as_list()).flatten() {
        let Some(text) = constant(item) else { continue };
        let first = text.chars().next().is_some_and(char::is_alphabetic);
        if !first || !text.chars().all(fine) {
            let better: String = text.to_lowercase().chars().map(|c| if fine(c) { c } else { '_' }).collect();
            let problem =
                finding(format!("backends change the tag `{text}`"), item.span).label("not lower-case letters, digits and `_ - : . /`");
            found.push(problem.help(format!("write `{better}`, which is what it becomes")));
        }
    }
}
