//! `reserved-instance-tag`: a tag of an instance whose key has a field of its own.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "reserved-instance-tag",
    level: Level::Note,
    finds: "A tag of an instance whose key has a field of its own.",
    why: "`host`, `device` and `service` set fields of a point in a backend, or clash with those that the engine adds.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    tags: ["service:web"]
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    service: web
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    for item in conf.maps().filter_map(|map| map.entry("tags")).filter_map(|entry| entry.value.as_list()).flatten() {
        let text = item.as_scalar().map_or("", |scalar| &*scalar.text);
        let help = match text.split_once(':').map(|(key, _)| key) {
            Some("host" | "hostname") => "write `hostname: …` beside `tags`, if it is the host that the points are about",
            Some("service") => "write `service: …` beside `tags`",
            Some("device" | "source") => "choose a longer key",
            _ => continue,
        };
        found.push(finding("a tag with a meaning of its own", item.span).label("reserved by backends").help(help));
    }
}
