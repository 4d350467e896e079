//! `needless-braces`: a text with holes in which nothing is computed.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "needless-braces",
    level: Level::Note,
    finds: "A text with holes in which nothing is computed.",
    why: "`{{ 'web' }}` is the word `web`, said in a longer way.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: {role: "{{ 'web' }}"}}
"#,
    good: "metrics:
  - {name: demo.up, value: 1, tags: {role: web}}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for code in subject.codes().filter(|code| code.uses.is_empty()) {
        let text = subject.text(code.span).trim_matches(['"', '\'']);
        let inner = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        let quoted = inner.and_then(|inner| inner.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')));
        if let Some(word) = quoted.filter(|word| !word.contains(['\'', '{', '\\', '"', ':', '#'])) {
            let problem = finding("nothing is computed here", code.span).label(format!("the word `{word}`"));
            found.push(problem.help(format!("write `\"{word}\"`")).edit(code.span, format!("\"{word}\"")));
        }
    }
}
