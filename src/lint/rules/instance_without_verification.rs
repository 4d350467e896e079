//! `instance-without-verification`: an instance that takes any certificate.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::Literal;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "instance-without-verification",
    level: Level::Note,
    finds: "An instance that takes any certificate.",
    why: "Whoever sits between can read and change everything, the login included.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    tls_verify: false
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    for entry in conf.maps().flat_map(|map| ["tls_verify", "ssl_verify", "verify_ssl"].into_iter().filter_map(|key| map.entry(key))) {
        if entry.value.as_scalar().is_some_and(|scalar| scalar.literal == Literal::Bool(false)) {
            let problem = finding("certificates are not checked", entry.value.span).label("any certificate will do");
            found.push(problem.help("remove it and trust the server's own authority with `tls_ca_cert`"));
        }
    }
}
