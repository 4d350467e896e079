//! `reserved-tag`: a tag whose key a backend gives a meaning of its own.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "reserved-tag",
    level: Level::Note,
    finds: "A tag whose key a backend gives a meaning of its own.",
    why: "`host`, `device`, `source`, `service`, `env` and `version` set fields of the point in a backend, or clash with those that the agent adds.",
    bad: r#"metrics:
  - {name: demo.up, value: 1, tags: ["host:web-1"]}
"#,
    good: "metrics:
  - {name: demo.up, value: 1, hostname: web-1}
",
    find: Find::Spec(find),
};

/// Keys with a meaning, and what says the same.
const RESERVED: &[(&str, &str)] = &[
    ("host", "use the field `hostname` if it is the host the point is about; else a longer key, like `db_host`"),
    ("hostname", "use the field `hostname` if it is the host the point is about; else a longer key"),
    ("device", "use the field `device` of metrics; else a longer key, like `disk_device`"),
    ("source", "choose a longer key, like `log_source`"),
    ("service", "let the instance say its `service`; else choose a longer key"),
    ("env", "let the instance say it under `tags`; else choose a longer key"),
    ("version", "choose a longer key, like `server_version`"),
    ("cluster_name", "choose a longer key that begins with the name of the integration"),
];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for tag in &subject.tags {
        if let Some((key, help)) = RESERVED.iter().find(|(key, _)| *key == &*tag.key) {
            let problem = finding(format!("the tag `{key}` means something of its own"), tag.span).label("reserved by backends");
            found.push(problem.help(*help));
        }
    }
}
