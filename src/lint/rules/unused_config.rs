//! `unused-config`: a key of the configuration that the spec never reads.

use crate::base::diag::{Diagnostic, Level};
use crate::expr::names::{INIT_CONFIG, INSTANCE, STANDARD_KEYS};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "unused-config",
    level: Level::Warning,
    finds: "A key of the configuration that the spec never reads.",
    why: "Whoever sets it in conf.d expects an effect, and there is none.",
    bad: r#"config:
  instance:
    path: {type: path, default: /proc/loadavg, description: The file to read.}
    retries: {type: int, default: 3, description: How often to try.}
sources:
  load: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: load.body | length}
"#,
    good: r#"config:
  instance:
    path: {type: path, default: /proc/loadavg, description: The file to read.}
sources:
  load: {file: {path: "{{ instance.path }}"}, decode: raw}
metrics:
  - {name: demo.size, value: load.body | length}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let config = &subject.spec.config;
    for (section, name, fields) in [("instance", INSTANCE, &config.instance), ("init_config", INIT_CONFIG, &config.init_config)] {
        let uses: Vec<_> = subject.uses().filter(|place| place.name == name).map(|place| place.member.as_deref()).collect();
        if uses.contains(&None) {
            continue;
        }
        // Options that the engine declares and applies are of other files.
        let own = fields.iter().filter(|field| field.field.deprecated.is_none() && !STANDARD_KEYS.contains(&&*field.key));
        let own = own.filter(|field| subject.texts.get(field.span.file).is_some_and(|file| !file.path.starts_with("built-in/")));
        for field in own.filter(|field| !uses.contains(&Some(&*field.key)) && !applied(subject, &field.key)) {
            let problem = finding(format!("the key `{}` has no effect", field.key), field.span);
            found.push(problem.label("nothing in the spec reads this").help(format!("remove it, or use it as `{section}.{}`", field.key)));
        }
    }
}

/// True for a key that `config.use` takes over where the spec declares it anew.
fn applied(subject: &Subject<'_>, key: &str) -> bool {
    !subject.spec.config.standard.is_empty()
        && crate::spec::standard::SETS.iter().any(|(_, text)| text.contains(&format!("instance.{key}")))
}
