//! Expectations as text: what `--update` writes, in a form that a person reviews line by line.

use super::expect::RunDemand;
use super::found::{self, Found, is_empty};
use super::play::PlayedRun;
use crate::base::map::Map;
use crate::base::value::Value;
use crate::observation::Topology;

/// An item that is longer stands in block form, one field on a line.
const WIDTH: usize = 180;

/// The fields of one item, each with its value in flow form.
pub type Fields = Vec<(String, String)>;

/// A key with what stands behind it, indented by two blanks for each level.
#[derive(Debug, Default)]
pub struct Lines {
    /// What is written so far.
    pub out: String,
    /// How many blanks stand before the next line.
    pub indent: usize,
}

impl Lines {
    /// One line.
    pub fn line(&mut self, text: &str) {
        self.out.push_str(&" ".repeat(self.indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A key and its items, one on a line.
    pub fn list(&mut self, key: &str, items: &[Fields]) {
        if items.is_empty() {
            return self.line(&format!("{key}: []"));
        }
        self.line(&format!("{key}:"));
        self.indent += 2;
        items.iter().for_each(|fields| self.item(fields));
        self.indent -= 2;
    }

    /// One item of a list.
    pub fn item(&mut self, fields: &Fields) {
        let flow = format!("- {}", in_flow(fields));
        if self.indent + flow.chars().count() <= WIDTH {
            return self.line(&flow);
        }
        for (n, (key, value)) in fields.iter().enumerate() {
            let dash = if n == 0 { "- " } else { "  " };
            self.line(&format!("{dash}{key}: {value}"));
        }
    }

    /// A key and the fields of its map.
    pub fn map(&mut self, key: &str, fields: &Fields) {
        let flow = format!("{key}: {}", in_flow(fields));
        if self.indent + flow.chars().count() <= WIDTH {
            return self.line(&flow);
        }
        self.line(&format!("{key}:"));
        self.indent += 2;
        fields.iter().for_each(|(key, value)| self.line(&format!("{key}: {value}")));
        self.indent -= 2;
    }
}

fn in_flow(fields: &Fields) -> String {
    format!("{{{}}}", fields.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", "))
}

/// The `expect` of all runs, its key included, indented by so many blanks.
pub fn expect(runs: &[(&RunDemand, &PlayedRun)], each: bool, indent: usize) -> String {
    let mut lines = Lines { out: String::new(), indent };
    lines.line("expect:");
    lines.indent += 2;
    if !each {
        if let Some((demand, run)) = runs.last() {
            one_run(demand, run, &mut lines);
        }
        return lines.out;
    }
    lines.line("runs:");
    for (demand, run) in runs {
        let mut inner = Lines { out: String::new(), indent: lines.indent + 4 };
        one_run(demand, run, &mut inner);
        // The first key stands behind the dash.
        let dash = format!("{}- ", " ".repeat(lines.indent + 2));
        let text = inner.out.get(dash.len()..).unwrap_or("").to_owned();
        lines.out.push_str(&dash);
        lines.out.push_str(&text);
    }
    lines.out
}

/// Whatever the run left, and what was asked for before.
fn one_run(demand: &RunDemand, run: &PlayedRun, lines: &mut Lines) {
    let o = &run.outcome.observations;
    let now = run.began;
    if let Some(error) = run.outcome.error() {
        lines.line(&format!("error: {}", scalar(&error)));
    }
    let all = |found: Vec<Found>, always: &[&str]| found.iter().map(|one| fields(one, always, now)).collect::<Vec<_>>();
    let tagged = &["tags"][..];
    lines.list("metrics", &all(o.samples.iter().map(found::metric).collect(), tagged));
    let section = |lines: &mut Lines, key: &str, wanted: bool, items: Vec<Fields>| {
        if wanted || !items.is_empty() {
            lines.list(key, &items);
        }
    };
    if demand.series.is_some() {
        lines.list("series", &all(run.points.iter().map(found::point).collect(), tagged));
    }
    section(
        lines,
        "service_checks",
        demand.service_checks.is_some(),
        all(o.service_checks.iter().map(found::service_check).collect(), tagged),
    );
    section(lines, "events", demand.events.is_some(), all(o.events.iter().map(found::event).collect(), tagged));
    section(lines, "logs", demand.logs.is_some(), all(o.logs.iter().map(found::log).collect(), tagged));
    if let Some(found) = &o.topology {
        topology(found, lines);
    }
    section(lines, "health", demand.health.is_some(), all(o.health.iter().map(found::health).collect(), &[]));
    if let Some(stream) = &o.health_stream {
        lines.line(&format!("health_stream: {}", flow(&found::stream(stream))));
    }
    if !o.metadata.is_empty() || demand.metadata.is_some() {
        let facts: Map = o.metadata.iter().map(|(key, value)| (key.clone(), value.materialize())).collect();
        lines.line(&format!("metadata: {}", flow(&Value::map(facts))));
    }
    section(lines, "warnings", demand.warnings.is_some(), all(run.outcome.warnings.iter().map(found::warning).collect(), &[]));
    if demand.state.is_some() || !run.state.is_missing() {
        lines.line(&format!("state: {}", flow(&run.state)));
    }
    if demand.requests.is_some() {
        lines.line(&format!("requests: {}", run.asked.len()));
    }
    if !demand.no_duplicates {
        lines.line("no_duplicates: false");
    }
    if demand.all_metrics_covered {
        lines.line("all_metrics_covered: true");
    }
}

fn topology(found: &Topology, lines: &mut Lines) {
    lines.line("topology:");
    lines.indent += 2;
    lines.line(&format!("instance: {}", flow(&found::topology_key(found))));
    lines.line(&format!("snapshot: {}", super::compare::snapshot(found).word()));
    let all = |found: Vec<Found>| found.iter().map(|one| fields(one, &[], None)).collect::<Vec<_>>();
    lines.list("components", &all(found.components.iter().map(found::component).collect()));
    lines.list("relations", &all(found.relations.iter().map(found::relation).collect()));
    if !found.deletes.is_empty() {
        lines.list("deletes", &all(found.deletes.iter().map(found::delete).collect()));
    }
    lines.indent -= 2;
}

/// The fields that say something, and those that are always said. The time of the run goes without
/// saying.
fn fields(found: &Found, always: &[&str], began: Option<f64>) -> Fields {
    let said = |name: &str, value: &Value| match name {
        "timestamp" => began.is_none_or(|began| value.as_number().map(|n| n.as_f64()) != Some(began)),
        "times" => *value != Value::Int(1),
        _ => always.contains(&name) || !is_empty(value),
    };
    let shown = found.fields.iter().filter(|(name, value)| said(name, value));
    shown.map(|(name, value)| ((*name).to_owned(), flow(value))).collect()
}

/// A value in flow form.
pub fn flow(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            let inner = entries.collect::<Vec<_>>().join(", ");
            // What looks like a demand is told apart.
            let words = super::demand::WORDS;
            let demand = !map.is_empty() && map.keys().all(|key| words.contains(&&**key));
            if demand { format!("{{equals: {{{inner}}}}}") } else { format!("{{{inner}}}") }
        }
        Value::Text(text) => scalar(text),
        Value::Missing => "null".to_owned(),
        Value::Lazy(lazy) => flow(&lazy.materialize()),
        Value::Time(time) => scalar(&time.to_string()),
        other => crate::base::print::text_of(other).unwrap_or_default().to_string(),
    }
}

/// A text as YAML: plain where that is safe in any place, else in double quotes.
pub fn scalar(text: &str) -> String {
    let plain_start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ' ' | '(' | ')' | '%'));
    let word = matches!(text.to_ascii_lowercase().as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    let trimmed = text.trim() == text && !text.is_empty();
    if plain_start && plain && !word && trimmed { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::span::Sources;
    use crate::yaml::load::load;
    use proptest::prelude::*;

    fn read(text: &str) -> Value {
        let mut sources = Sources::default();
        let file = sources.add("t", format!("[{text}, {{a: {text}}}]"));
        let loaded = load(&sources, file);
        assert!(loaded.problems.is_empty(), "{text}: {:?}", loaded.problems);
        loaded.root.as_list().map(|items| items[0].to_value()).unwrap()
    }

    #[test]
    fn words_that_yaml_reads_otherwise_are_quoted() {
        for (text, written) in
            [("up", "up"), ("no", "\"no\""), ("1.5", "\"1.5\""), ("a: b", "\"a: b\""), ("", "\"\""), ("x #y", "\"x #y\"")]
        {
            assert_eq!(scalar(text), written);
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was(text in "\\PC{0,20}|[a-z :#{}\\[\\],&*!|>'\"%@`\n\t-]{0,12}") {
            prop_assert_eq!(read(&scalar(&text)), Value::text(text));
        }

        #[test]
        fn every_float_is_read_as_it_was(n in proptest::num::f64::NORMAL) {
            prop_assert_eq!(read(&flow(&Value::Float(n))).as_number().map(|n| n.as_f64()), Some(n));
        }
    }
}
