//! `undescribed-config`: a configuration key without a description.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "undescribed-config",
    level: Level::Note,
    finds: "A configuration key without a description.",
    why: "Who writes conf.d sees the description in the editor and in the reference, and nothing else of the spec.",
    bad: r#"config:
  instance:
    path: {type: path, required: true}
sources:
  page: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
"#,
    good: r#"config:
  instance:
    path: {type: path, required: true, description: The file to read.}
sources:
  page: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let config = &subject.spec.config;
    let own = config
        .instance
        .iter()
        .chain(&config.init_config)
        .filter(|field| field.field.description.is_none() && field.field.deprecated.is_none());
    for field in own {
        let problem = finding(format!("nothing says what `{}` controls", field.key), field.span).label("no description");
        found.push(problem.help("add `description:` with what it controls and when to change it"));
    }
}
