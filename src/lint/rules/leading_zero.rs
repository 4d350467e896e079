//! `leading-zero`: a plain number with a leading zero among data.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::leaves;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::{Literal, Style};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "leading-zero",
    level: Level::Warning,
    finds: "A plain number with a leading zero among data.",
    why: "YAML reads `007` as the number 7; the zeros are gone in what is sent.",
    bad: "metadata: {code: 0042}
metrics:
  - {name: demo.up, value: 1}
",
    good: r#"metadata: {code: "0042"}
metrics:
  - {name: demo.up, value: 1}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    leaves(subject.root, &mut |node| {
        let Some(scalar) = node.as_scalar().filter(|scalar| scalar.style == Style::Plain) else { return };
        let digits = scalar.text.strip_prefix('0').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        if digits && matches!(scalar.literal, Literal::Number(_)) {
            let problem = finding(format!("`{}` loses its zeros", scalar.text), node.span).label("a number");
            // No edit: the text is another value than the number.
            found.push(problem.help(format!("write `\"{}\"` if the digits are meant as a text", scalar.text)));
        }
    });
}
