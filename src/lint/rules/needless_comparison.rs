//! `needless-comparison`: a comparison with `true` or `false`.

use crate::base::diag::{Diagnostic, Level};
use crate::base::value::Value;
use crate::expr::path::Step;
use crate::expr::tree::{Comparison, Expr};
use crate::lint::query::each_part;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "needless-comparison",
    level: Level::Note,
    finds: "A comparison with `true` or `false`.",
    why: "A condition is true or false already.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.up, value: 1, when: page.ok == true}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {name: demo.up, value: 1, when: page.ok}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for code in subject.codes() {
        each_part(&code.expr, &mut |part| {
            let Expr::Compare(of, others) = part else { return };
            // What data holds may be anything; what the language gives is a boolean.
            let Expr::Walk(name, steps) = &**of else { return };
            let known = subject.source(*name).is_some()
                && steps.last().is_some_and(|step| matches!(step, Step::Key(key) if ["ok", "ran", "capped"].contains(&&**key)));
            if let [(Comparison::Equal | Comparison::Unequal, Expr::Const(Value::Bool(right)))] = &**others
                && known
            {
                let problem = finding(format!("a comparison with {right}"), code.span).label("true or false already");
                found.push(problem.help("leave the comparison out; `not` says the opposite"));
            }
        });
    }
}
