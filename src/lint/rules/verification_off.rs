//! `verification-off`: a request that takes any certificate.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::query::walk;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::{Literal, Node};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "verification-off",
    level: Level::Warning,
    finds: "A request that takes any certificate.",
    why: "Whoever sits between can read and change everything, the login included.",
    bad: r#"sources:
  page: {http: {url: "https://localhost/", tls: {verify: false}}, decode: raw, service_check: demo.can_connect}
"#,
    good: r#"sources:
  page: {http: {url: "https://localhost/", tls: {ca_cert: /etc/demo/ca.pem}}, decode: raw, service_check: demo.can_connect}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut report = |node: &Node| {
        let problem = finding("certificates are not checked", node.span).label("any certificate will do");
        found.push(problem.help("remove it and trust the server's own authority with `ca_cert`"));
    };
    walk(subject.root, &mut |key, node| {
        if key == "tls"
            && let Some(verify) = node.entry("verify").filter(|entry| is_false(&entry.value))
        {
            report(&verify.value);
        }
        if key == "tls_verify"
            && let Some(default) = node.entry("default").filter(|entry| is_false(&entry.value))
        {
            report(&default.value);
        }
    });
}

fn is_false(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.literal == Literal::Bool(false))
}
