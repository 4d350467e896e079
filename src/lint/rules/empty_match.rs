//! `empty-match`: a pattern that matches the empty text.

use crate::base::diag::{Diagnostic, Level};
use crate::base::span::Span;
use crate::expr::tree::Expr;
use crate::lint::query::{each_part, walk};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "empty-match",
    level: Level::Warning,
    finds: "A pattern that matches the empty text.",
    why: "It matches everything, so it chooses nothing: `a*` is found in every text.",
    bad: r#"sources:
  log: {file: {path: /tmp/log}, decode: lines}
metrics:
  - {from: log, when: "regex_match(row.line, '[0-9]*')", name: demo.errors, type: count, value: 1}
"#,
    good: r#"sources:
  log: {file: {path: /tmp/log}, decode: lines}
metrics:
  - {from: log, when: "regex_match(row.line, '[0-9]+')", name: demo.errors, type: count, value: 1}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for code in subject.codes() {
        each_part(&code.expr, &mut |part| {
            if let Expr::Call(function, arguments) = part
                && function.name == "regex_match"
                && let Some(Expr::Const(value)) = arguments.get(1)
                && let Some(pattern) = value.as_text().filter(|pattern| matches_nothing(pattern))
            {
                report(pattern, code.span, found);
            }
        });
    }
    walk(subject.root, &mut |key, node| {
        if let Some(pattern) =
            node.as_scalar().filter(|_| key == "pattern" || key == "start").map(|scalar| &scalar.text).filter(|text| matches_nothing(text))
        {
            report(pattern, node.span, found);
        }
    });
}

fn matches_nothing(pattern: &str) -> bool {
    // What is anchored on both sides and may be empty is a choice.
    !(pattern.starts_with('^') && pattern.ends_with('$')) && crate::yaml::pattern::compile(pattern).is_ok_and(|regex| regex.is_match(""))
}

fn report(pattern: &str, span: Span, found: &mut Vec<Diagnostic>) {
    let problem = finding(format!("the pattern `{pattern}` matches everything"), span).label("it is found in the empty text, too");
    found.push(problem.help("demand a character: `+` for `*`; or anchor it with `^` and `$`"));
}
