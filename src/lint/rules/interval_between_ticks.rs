//! `interval-between-ticks`: a `min_collection_interval` that is no multiple of the tick of 15 seconds.

use crate::base::diag::{Diagnostic, Level};
use crate::base::limits;
use crate::base::units::parse_duration;
use crate::lint::Conf;
use crate::lint::{Find, Rule, finding};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "interval-between-ticks",
    level: Level::Note,
    finds: "A `min_collection_interval` that is no multiple of the tick of 15 seconds.",
    why: "An instance runs on ticks only: 20 seconds mean every 30 seconds.",
    bad: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    min_collection_interval: 20
"#,
    good: r#"# conf.d/demo.yaml
instances:
  - url: https://localhost/
    min_collection_interval: 30
"#,
    find: Find::Conf(find),
};

fn find(conf: &Conf<'_>, found: &mut Vec<Diagnostic>) {
    let tick = limits::INTERVAL_DEFAULT.as_secs_f64();
    for entry in conf.maps().filter_map(|map| map.entry("min_collection_interval")) {
        let Some(seconds) = entry.value.as_scalar().and_then(|scalar| parse_duration(&scalar.text).ok()) else { continue };
        if seconds > 0.0 && seconds % tick != 0.0 {
            let real = (seconds / tick).ceil() * tick;
            let problem =
                finding(format!("this runs every {real} seconds"), entry.value.span).label(format!("ticks are {tick} seconds apart"));
            found.push(problem.help(format!("write `{real}`, or set `interval` in engine.yaml")));
        }
    }
}
