//! `default-of-required`: a configuration key that is required and has a default.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "default-of-required",
    level: Level::Warning,
    finds: "A configuration key that is required and has a default.",
    why: "Whoever leaves it out gets an error, so the default is never used.",
    bad: r#"config:
  instance:
    path: {type: path, required: true, default: /tmp/state, description: The file.}
sources:
  page: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
"#,
    good: r#"config:
  instance:
    path: {type: path, default: /tmp/state, description: The file.}
sources:
  page: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: page.body | length}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let config = &subject.spec.config;
    for field in config.instance.iter().chain(&config.init_config).filter(|field| field.field.required && field.field.default.is_some()) {
        let problem = finding(format!("the default of `{}` is never used", field.key), field.span).label("it must be given");
        found.push(problem.help("remove `required: true` or `default`"));
    }
}
