//! `unused-state`: a name under `state` that nothing reads.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::STATE;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-state",
    level: Level::Warning,
    finds: "A name under `state` that nothing reads.",
    why: "It is written down in every run for nobody.",
    bad: "state: {runs: {initial: 0, next: 1}}
metrics:
  - {name: demo.up, value: 1}
",
    good: "state: {seen: {initial: 0, next: state.seen}}
metrics:
  - {name: demo.seen, value: state.seen}
",
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let used: Vec<_> = subject.uses().filter(|place| place.name == STATE).map(|place| place.member.as_deref()).collect();
    for state in subject.spec.state.iter().filter(|state| !used.contains(&None) && !used.contains(&Some(&*state.name))) {
        let problem = finding(format!("the state `{}` is never read", state.name), state.span);
        found.push(problem.label("nothing reads this").help(format!("remove it, or read it as `state.{}`", state.name)));
    }
}
