//! `no-instances`: a file of conf.d without instances.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::Node;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "no-instances",
    level: Level::Warning,
    finds: "A file of conf.d without instances.",
    why: "Nothing runs because of it.",
    bad: r#"# conf.d/demo.yaml
init_config: {}
instances: []
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    let instances = conf.root.entry("instances");
    // What stands in no place that is read is told by the reader.
    let others =
        conf.root.as_list().is_some() || conf.root.as_map().is_some_and(|entries| entries.iter().any(|e| &*e.key != "init_config"));
    if instances.is_none() && others {
        return;
    }
    if instances.is_none_or(|entry| entry.value.is_null() || entry.value.as_list().is_some_and(<[Node]>::is_empty)) {
        let span = instances.map_or(conf.root.span.head(), |entry| entry.key_span);
        let problem = finding("a file without instances", span).label("nothing runs");
        found.push(problem.help("write `instances:` and a list below it; `- {}` for one with all defaults"));
    }
}
