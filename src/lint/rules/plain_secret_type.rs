//! `plain-secret-type`: a configuration key for a secret whose type is not `secret`.

use crate::base::diag::{Diagnostic, Level};
use crate::base::secret_names::is_secret;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::spec::config::ConfigType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "plain-secret-type",
    level: Level::Warning,
    finds: "A configuration key for a secret whose type is not `secret`.",
    why: "Only values of type `secret` are hidden in every output and message; a text is shown.",
    bad: r#"config:
  instance:
    password: {type: string, description: The password.}
sources:
  page: {http: {url: "http://localhost/", auth: {basic: {username: me, password: "{{ instance.password }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"config:
  instance:
    password: {type: secret, description: The password.}
sources:
  page: {http: {url: "http://localhost/", auth: {basic: {username: me, password: "{{ instance.password }}"}}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let config = &subject.spec.config;
    for field in config.instance.iter().chain(&config.init_config).filter(|field| is_secret(&field.key)) {
        if field.field.types == [ConfigType::String] {
            let problem = finding(format!("`{}` would be shown", field.key), field.span).label("a text, by its type");
            found.push(problem.help("write `type: secret`"));
        }
    }
}
