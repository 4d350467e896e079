//! `timeout-over-interval`: a time limit of an instance that is longer than its run may take.

use crate::base::diag::{Diagnostic, Level};
use crate::base::limits;
use crate::base::units::parse_duration;
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};
use crate::spec::config::ConfigType;
use crate::yaml::node::Node;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "timeout-over-interval",
    level: Level::Warning,
    finds: "A time limit of an instance that is longer than its run may take.",
    why: "A run ends after the interval (15 seconds without one, at most 60) unless `run_timeout` says otherwise, so the limit is never reached.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    timeout: 40
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    timeout: 40
    run_timeout: 50
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    let seconds = |map: &Node, key: &str| map.entry(key)?.value.as_scalar().and_then(|scalar| parse_duration(&scalar.text).ok());
    let shared = conf.root.entry("init_config").map(|entry| &entry.value);
    for instance in conf.instances() {
        let interval = seconds(instance, "min_collection_interval").or_else(|| seconds(shared?, "min_collection_interval"));
        let usual = interval.unwrap_or(0.0).max(limits::INTERVAL_DEFAULT.as_secs_f64()).min(60.0);
        let run = seconds(instance, "run_timeout").unwrap_or(usual);
        let declared =
            conf.spec.config.instance.iter().any(|field| &*field.key == "timeout" && field.field.types.contains(&ConfigType::Duration));
        if let (Some(own), Some(entry)) = (seconds(instance, "timeout").filter(|own| declared && *own > run), instance.entry("timeout")) {
            let problem =
                finding("a time limit beyond that of the run", entry.value.span).label(format!("{own} seconds; the run has {run}"));
            found.push(problem.help("shorten it, or set `run_timeout` and `min_collection_interval` as well"));
        }
    }
}
