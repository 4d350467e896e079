//! `instance-over-plain-http`: an instance with a login and an address of plain HTTP on another machine.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};
use crate::spec::config::ConfigType;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "instance-over-plain-http",
    level: Level::Note,
    finds: "An instance with a login and an address of plain HTTP on another machine.",
    why: "User name, password and token pass the network as they are.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: http://web-7.example.org/
    password: "{{ secret('env:DEMO_PASSWORD') }}"
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://web-7.example.org/
    password: "{{ secret('env:DEMO_PASSWORD') }}"
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    for (fields, map) in conf.declared() {
        let has_type =
            |wanted: ConfigType| fields.iter().filter(move |field| field.field.types == [wanted]).filter_map(|field| map.entry(&field.key));
        if has_type(ConfigType::Secret).next().is_none() {
            continue;
        }
        for entry in has_type(ConfigType::Url) {
            let text = entry.value.as_scalar().map_or("", |scalar| &*scalar.text);
            let host = text.strip_prefix("http://").unwrap_or("localhost");
            if !["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local)) {
                let problem = finding("a login over plain HTTP", entry.value.span).label("readable on the way");
                found.push(problem.help("write `https://`"));
            }
        }
    }
}
