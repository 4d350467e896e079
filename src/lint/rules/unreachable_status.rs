//! `unreachable-status`: a status of a service check that can never come out.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::code::Code;
use crate::expr::tree::{Comparison, Expr};
use crate::lint::query::constant_value;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::Family;
use crate::yaml::node::{Entry, Node};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unreachable-status",
    level: Level::Warning,
    finds: "A status of a service check that can never come out.",
    why: "The first condition that holds decides. What stands behind one that always holds, or is the same again, is never asked.",
    bad: "sources:
  page: {file: {path: /tmp/state}, decode: raw}
service_checks:
  - name: demo.state
    status:
      warning: page.elapsed > 2
      critical: page.elapsed > 2
",
    good: "sources:
  page: {file: {path: /tmp/state}, decode: raw}
service_checks:
  - name: demo.state
    status:
      critical: page.elapsed > 5
      warning: page.elapsed > 2
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for check in subject.family(Family::ServiceChecks) {
        let Some(entries) = check.get("status").filter(|status| status.entry("value").is_none()).and_then(Node::as_map) else { continue };
        let mut earlier: Vec<(&Entry, Option<Bound>)> = Vec::new();
        for entry in entries.iter().filter(|entry| &*entry.key != "default") {
            let Some(code) = subject.code(&entry.value) else { continue };
            let bound = Bound::of(code);
            let covers = |(first, other): &&(&Entry, Option<Bound>)| {
                let same = text(subject, &first.value) == text(subject, &entry.value);
                let always = subject.code(&first.value).and_then(constant_value).is_some_and(|value| value.is_true());
                same || always || other.as_ref().zip(bound.as_ref()).is_some_and(|(other, own)| other.covers(own))
            };
            if let Some((first, _)) = earlier.iter().find(covers) {
                let problem = finding(format!("the status `{}` never comes out", entry.key), entry.key_span)
                    .label("never asked")
                    .also(first.value.span, format!("wherever it would hold, `{}` holds first", first.key));
                found.push(problem.help("put the narrower condition first, or remove one of the two"));
            }
            earlier.push((entry, bound));
        }
    }
}

fn text<'s>(subject: &Subject<'s>, node: &Node) -> &'s str {
    subject.text(node.span).trim_matches(['"', '\''])
}

/// `x > 2`: what is compared, in which direction, with what.
struct Bound {
    of: String,
    above: bool,
    limit: f64,
}

impl Bound {
    fn of(code: &Code) -> Option<Bound> {
        let Expr::Compare(of, others) = &code.expr else { return None };
        let (Expr::Walk(name, steps), [(comparison, Expr::Const(limit))]) = (&**of, &**others) else { return None };
        let above = match comparison {
            Comparison::Greater | Comparison::AtLeast => true,
            Comparison::Less | Comparison::AtMost => false,
            Comparison::Equal | Comparison::Unequal | Comparison::In | Comparison::NotIn => return None,
        };
        Some(Bound { of: format!("{name:?} {steps:?}"), above, limit: limit.as_number()?.as_f64() })
    }

    /// True if this holds wherever the other does.
    fn covers(&self, other: &Bound) -> bool {
        let wider = if self.above { self.limit < other.limit } else { self.limit > other.limit };
        self.of == other.of && self.above == other.above && wider
    }
}
