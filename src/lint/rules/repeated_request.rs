//! `repeated-request`: two sources that ask for the same thing in the same way.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::SourceView;
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::Node;
use std::collections::HashMap;

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "repeated-request",
    level: Level::Warning,
    finds: "Two sources that ask for the same thing in the same way.",
    why: "The system answers twice in every run, and the two answers differ when something changes in between.",
    bad: r#"sources:
  one: {file: {path: /proc/meminfo}, decode: {key_value: {separator: ":"}}}
  two: {file: {path: /proc/meminfo}, decode: {key_value: {separator: ":"}}}
metrics:
  - {name: demo.one, value: one.count}
  - {name: demo.two, value: two.count}
"#,
    good: r#"sources:
  one: {file: {path: /proc/meminfo}, decode: {key_value: {separator: ":"}}}
metrics:
  - {name: demo.one, value: one.count}
"#,
    find: Find::Spec(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<String, &SourceView<'_>> = HashMap::new();
    for source in &subject.sources {
        let Some((_, request)) = source.request() else { continue };
        // A loop or a condition makes another request of it.
        let text = |node: &Node| crate::base::print::to_json(&node.to_value()).to_string();
        let own = |key: &str| source.node.entry(key).map(|entry| text(&entry.value)).unwrap_or_default();
        let key = [text(request), own("decode"), own("each"), own("when"), own("let"), own("cache")].join("\u{0}");
        if key.contains("{{ now") || key.contains("state.") {
            continue;
        }
        match seen.get(&key) {
            Some(first) => {
                let problem = finding(format!("`{}` and `{}` ask for the same", first.name, source.name), source.name_span);
                let problem = problem.label("the same request again").also(first.name_span, "first here");
                found.push(problem.help(format!("make one a source `from: {}` with rows of its own", first.name)));
            }
            None => {
                seen.insert(key, source);
            }
        }
    }
}
