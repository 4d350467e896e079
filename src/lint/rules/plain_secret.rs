//! `plain-secret`: a secret that stands in conf.d as it is.

use crate::base::diag::{Diagnostic, Level};
use crate::conf::secrets::handle_of;
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};
use crate::spec::config::ConfigType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "plain-secret",
    level: Level::Note,
    finds: "A secret that stands in conf.d as it is.",
    why: "Whoever reads the file, its backups or its history has it. A handle names where it is.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    password: hunter2
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    password: "{{ secret('env:DEMO_PASSWORD') }}"
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    for (fields, map) in conf.declared() {
        for field in fields.iter().filter(|field| field.field.types == [ConfigType::Secret]) {
            let Some(node) = map.entry(&field.key).map(|entry| &entry.value).filter(|node| !node.is_null()) else { continue };
            if node.as_scalar().is_some_and(|scalar| handle_of(&scalar.text).is_none()) {
                let problem =
                    finding(format!("`{}` stands here for everybody", field.key), node.span).label("readable by all who read the file");
                found.push(problem.help("write `\"{{ secret('env:NAME') }}\"` or `\"{{ secret('file:/run/secrets/NAME') }}\"`"));
            }
        }
    }
}
