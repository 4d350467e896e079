//! `bare-number`: a bare number where a time or a size is wanted.

use crate::base::diag::{Diagnostic, Level};
use crate::lint::subject::Subject;
use crate::lint::{Find, Rule, finding};
use crate::yaml::node::{Literal, Node};

/// The row of the table.
pub const RULE: Rule = Rule {
    code: "bare-number",
    level: Level::Note,
    finds: "A bare number where a time or a size is wanted.",
    why: "It counts as seconds or bytes; who reads `timeout: 5` has to know that.",
    bad: "sources:
  page: {file: {path: /tmp/state, max_bytes: 1048576}, decode: raw, cache: 60}
metrics:
  - {name: demo.size, value: page.body | length}
",
    good: "sources:
  page: {file: {path: /tmp/state, max_bytes: 1MiB}, decode: raw, cache: 60s}
metrics:
  - {name: demo.size, value: page.body | length}
",
    find: Find::Spec(find),
};

/// Keys that hold a time, wherever they stand in a source, a login or a stream.
const TIMES: &[&str] = &["timeout", "connect_timeout", "cache", "every", "ttl", "repeat", "expiry"];
/// So many seconds are more likely meant as milliseconds.
const SECONDS: f64 = 1000.0;
/// Keys that hold a size.
const SIZES: &[&str] = &["max_bytes"];
/// What stands below these keys is as somebody else wants it.
const FREE: &[&str] = &["json", "form", "query", "headers", "body", "data", "env", "tables", "config", "attributes", "metadata"];

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for entry in subject.root.as_map().unwrap_or(&[]).iter().filter(|entry| !FREE.contains(&&*entry.key)) {
        visit(&entry.value, found);
    }
}

fn visit(node: &Node, found: &mut Vec<Diagnostic>) {
    node.as_list().unwrap_or(&[]).iter().for_each(|item| visit(item, found));
    for entry in node.as_map().unwrap_or(&[]).iter().filter(|entry| !FREE.contains(&&*entry.key)) {
        let number = entry
            .value
            .as_scalar()
            .and_then(|scalar| if let Literal::Number(number) = scalar.literal { Some((number, &scalar.text)) } else { None });
        match number {
            Some((number, text)) if TIMES.contains(&&*entry.key) && number.as_f64() > 0.0 => {
                let other = if number.as_f64() >= SECONDS { format!(", or `{text}ms` if it counts milliseconds") } else { String::new() };
                report("seconds", &format!("{text}s"), &other, &entry.value, found)
            }
            Some((number, _)) if SIZES.contains(&&*entry.key) && number.as_f64() >= 1024.0 => {
                report("bytes", &size(number.as_f64()), "", &entry.value, found)
            }
            _ => visit(&entry.value, found),
        }
    }
}

fn report(unit: &str, better: &str, other: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    let problem = finding(format!("a bare number, which counts as {unit}"), node.span).label("without a unit");
    found.push(problem.help(format!("write `{better}`{other}")).edit(node.span, better));
}

/// In the largest unit that leaves a whole number.
fn size(bytes: f64) -> String {
    let units = [("GiB", 1024.0 * 1024.0 * 1024.0), ("MiB", 1024.0 * 1024.0), ("KiB", 1024.0)];
    let whole = units.iter().find(|(_, factor)| bytes % factor == 0.0);
    whole.map_or_else(|| format!("{bytes}B"), |(unit, factor)| format!("{}{unit}", bytes / factor))
}
