//! `fraction-as-percent`: a percentage that is a quotient, from 0 to 1.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::ops::Arithmetic;
use crate::expr::tree::Expr;
use crate::lint::query::each_part;
use crate::lint::subject::Subject;
use crate::lint::words::ends_in;
use crate::lint::{Find, Rule, finding};
use crate::observation::MetricType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "fraction-as-percent",
    level: Level::Warning,
    finds: "A percentage that is a quotient, from 0 to 1.",
    why: "A dashboard shows 0.42 % where 42 % are meant.",
    bad: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {from: page, name: demo.used_percent, value: row.used / row.total, unit: percent}
",
    good: "sources:
  page: {file: {path: /tmp/state.json}, decode: json}
metrics:
  - {from: page, name: demo.used_percent, value: row.used / row.total * 100, unit: percent}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let gauges = subject.points.iter().filter(|point| point.metric_type == Some(MetricType::Gauge));
    for point in gauges.filter(|point| point.own("scale").or_else(|| point.get("scale")).is_none()) {
        let percent = match point.unit() {
            Some((unit, _)) => unit == "percent",
            None => point.end.as_deref().is_some_and(|name| ends_in(name, &["percent", "pct"])),
        };
        let Some(code) = subject.code_at(point.value).filter(|_| percent) else { continue };
        if let Expr::Calculate(Arithmetic::Div, above, below) = &code.expr
            && !is_number(above)
            && !is_number(below)
            && !has_hundred(above)
        {
            let problem = finding("a quotient as a percentage", code.span).label("between 0 and 1");
            found.push(problem.help("multiply with 100, or write `scale: 100`; if it is meant from 0 to 1, write `unit: fraction`"));
        }
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(_))
}

fn has_hundred(expr: &Expr) -> bool {
    let mut found = false;
    each_part(expr, &mut |part| {
        found |= part.as_const().and_then(|value| value.as_number()).is_some_and(|number| number.as_f64() >= 100.0)
    });
    found
}
