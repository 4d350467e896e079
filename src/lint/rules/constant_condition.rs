//! `constant-condition`: a condition that is always true or always false.

use crate::base::diag::{Diagnostic, Level};
use crate::base::value::Value;
use crate::expr::code::Code;
use crate::expr::tree::{Comparison, Expr};
use crate::lint::query::{constant_value, walk};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "constant-condition",
    level: Level::Warning,
    finds: "A condition that is always true or always false.",
    why: "What it guards happens always or never. Mostly a name stands in quotes by mistake, or one side of a comparison is missing.",
    bad: r#"sources:
  page: {file: {path: /tmp/state}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length, when: "'page.ok'"}
"#,
    good: "sources:
  page: {file: {path: /tmp/state}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length, when: page.ok}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for code in conditions(subject) {
        if let Some(always) = always(code) {
            let problem =
                finding(format!("this condition is always {always}"), code.span).label(if always { "always true" } else { "never true" });
            found.push(problem.help(if matches!(code.expr, Expr::List(_)) {
                "a list is true wherever it is not empty: join conditions with `and` or `or`"
            } else if always {
                "remove the condition, or compare with what is read"
            } else {
                "remove what it guards, or compare with what is read"
            }));
        }
    }
}

/// What `when`, `expect`, `until` and `stop_when` say, wherever they stand.
fn conditions<'s>(subject: &Subject<'s>) -> Vec<&'s Code> {
    let mut out = Vec::new();
    walk(subject.root, &mut |key, node| {
        if ["when", "expect", "until", "stop_when"].contains(&key) {
            out.extend(subject.code(node));
        }
    });
    out
}

/// What the condition gives whatever is read.
fn always(code: &Code) -> Option<bool> {
    match constant_value(code) {
        Some(value) => Some(value.is_true()),
        None => truth(&code.expr),
    }
}

fn truth(expr: &Expr) -> Option<bool> {
    match expr {
        // `a != 1 or a != 2` is the classic slip.
        Expr::Or(a, b) if both_unequal(a, b) => Some(true),
        Expr::And(a, b) if both_equal(a, b) => Some(false),
        _ => None,
    }
}

fn both_unequal(a: &Expr, b: &Expr) -> bool {
    differing(a, b, Comparison::Unequal)
}

fn both_equal(a: &Expr, b: &Expr) -> bool {
    differing(a, b, Comparison::Equal)
}

/// True if both compare the same thing with different constants.
fn differing(a: &Expr, b: &Expr, wanted: Comparison) -> bool {
    let (Some((left, first)), Some((right, second))) = (compared(a, wanted), compared(b, wanted)) else { return false };
    left == right && first != second
}

fn compared(expr: &Expr, wanted: Comparison) -> Option<(String, &Value)> {
    let Expr::Compare(of, others) = expr else { return None };
    match (&**of, &**others) {
        (Expr::Walk(name, steps), [(comparison, Expr::Const(value))]) if *comparison == wanted => {
            Some((format!("{name:?} {steps:?}"), value))
        }
        _ => None,
    }
}
