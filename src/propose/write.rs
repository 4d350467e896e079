//! The proposal as text: a spec, and what conf.d says of its first instance.

use super::ask::{Ask, Http, Part, Setting};
use super::find::{Found, Group, Metric, Reading, Rows, Tag, find};
use super::look::{Look, is_log, look};
use super::words::{part, singular};
use crate::base::value::{Text, Value};
use crate::net::Answer;
use crate::trial::write::scalar;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What is proposed.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// The spec.
    pub spec: String,
    /// The file of conf.d.
    pub conf: String,
    /// The decoder.
    pub decoder: &'static str,
    /// How many metrics there are.
    pub n_metrics: usize,
    /// What was seen and not proposed, in words.
    pub left: Vec<String>,
}

/// A spec for a beginning, without anything to look at.
pub fn empty(name: &str) -> Proposal {
    let spec = format!(
        "name: {name}\nversion: 1.0.0\ndescription: What {name} is and what is watched of it, in a sentence.\n\
         # Sources say where bytes come from, metrics what is made of them:\n\
         #\n\
         # sources:\n\
         #   page:\n\
         #     http: {{url: \"http://127.0.0.1:8080/status.json\"}}\n\
         #     service_check: {name}.can_connect\n\
         # metrics:\n\
         #   - {{from: page, name: {name}.uptime, value: $.uptime, unit: second}}\n\
         metrics:\n  - {{name: {name}.up, value: 1}}\n"
    );
    Proposal { spec, conf: "instances:\n  - {}\n".to_owned(), decoder: "", n_metrics: 1, left: Vec::new() }
}

/// A spec for what was asked, made of the answer.
pub fn propose(name: &str, ask: &Ask, answer: &Answer) -> Proposal {
    let look = look(answer);
    let log = matches!(ask, Ask::File(_)) && (is_log(answer) || look.name == "raw");
    let found = if log || look.name == "prometheus" { Found::default() } else { find(&look.doc, name) };
    let mut spec = String::new();
    head(name, ask, &mut spec);
    source(name, ask, &look, log, &mut spec);
    let (body, n_metrics) = match look.name {
        _ if log => (of_log(name, ask.source()), 1),
        "prometheus" => families(name, ask.source(), &look.doc),
        _ if found.groups.is_empty() => (without_numbers(name, ask), 1),
        _ => of_groups(name, ask.source(), &found),
    };
    spec.push_str(&body);
    let decoder = if log { "lines" } else { look.name };
    Proposal { spec, conf: conf(ask), decoder, n_metrics, left: found.left }
}

fn head(name: &str, ask: &Ask, out: &mut String) {
    let what = match ask {
        Ask::Url(_) => "an address that it answers at",
        Ask::Command(_) => "the output of a command",
        Ask::File(_) => "a file",
    };
    let _ = write!(out, "name: {name}\nversion: 1.0.0\ndescription: Metrics of {name}, from {what}.\n");
    match ask {
        Ask::Url(http) => {
            let url = scalar(&http.url);
            out.push_str("config:\n  use: [http]\n  instance:\n");
            let _ = writeln!(out, "    url: {{type: url, required: true, description: Where it answers., example: {url}}}");
            for Setting { part, .. } in &http.settings {
                if let Part::Parameter(parameter) = part {
                    let _ = writeln!(
                        out,
                        "    {}: {{type: secret, required: true, description: The parameter {} of the address.}}",
                        key_of(parameter),
                        scalar(parameter)
                    );
                }
            }
        }
        Ask::File(path) => {
            let path = scalar(&path.to_string_lossy());
            let _ = write!(
                out,
                "config:\n  instance:\n    path: {{type: path, required: true, description: Where the file is., example: {path}}}\n"
            );
        }
        Ask::Command(_) => {}
    }
}

/// The setting that gives a parameter.
fn key_of(parameter: &str) -> String {
    let key = part(parameter);
    if key.starts_with(|c: char| c.is_ascii_alphabetic()) { key } else { format!("parameter_{key}") }
}

fn source(name: &str, ask: &Ask, look: &Look, log: bool, out: &mut String) {
    let _ = write!(out, "sources:\n  {}:\n", ask.source());
    match ask {
        Ask::Url(http) => out.push_str(&request(http)),
        Ask::Command(argv) => {
            let argv: Vec<String> = argv.iter().map(|word| scalar(word)).collect();
            let _ = writeln!(out, "    command: {{argv: [{}]}}", argv.join(", "));
        }
        Ask::File(_) if log => out.push_str("    file: {path: \"{{ instance.path }}\", mode: tail}\n"),
        Ask::File(_) => out.push_str("    file: {path: \"{{ instance.path }}\"}\n"),
    }
    let _ = writeln!(out, "    decode: {}", if log { "lines" } else { &look.written });
    let _ = writeln!(out, "    service_check: {name}.{}", if matches!(ask, Ask::Url(_)) { "can_connect" } else { "can_read" });
}

fn request(http: &Http) -> String {
    let parameters: Vec<String> = http
        .settings
        .iter()
        .filter_map(|setting| {
            if let Part::Parameter(name) = &setting.part {
                Some(format!("{}: \"{{{{ instance.{} }}}}\"", scalar(name), key_of(name)))
            } else {
                None
            }
        })
        .collect();
    if parameters.is_empty() {
        return "    http: {url: \"{{ instance.url }}\"}\n".to_owned();
    }
    let why = "# lint: allow secret-in-address the server takes it nowhere else";
    format!("    http:\n      url: \"{{{{ instance.url }}}}\"\n      query: {{{}}}  {why}\n", parameters.join(", "))
}

/// The first instance; what is secret stands there as a handle.
fn conf(ask: &Ask) -> String {
    let http = match ask {
        Ask::Command(_) => return "instances:\n  - {}\n".to_owned(),
        Ask::File(path) => return format!("instances:\n  - path: {}\n", scalar(&path.to_string_lossy())),
        Ask::Url(http) => http,
    };
    let mut out = format!("instances:\n  - url: {}\n", scalar(&http.url));
    let written = |setting: &Setting| match &setting.handle {
        Some(handle) => scalar(&format!("{{{{ secret('{handle}') }}}}")),
        None => scalar(&setting.value),
    };
    let mut headers = Vec::new();
    for setting in &http.settings {
        let line = match &setting.part {
            Part::Header(name) => {
                headers.push(format!("{}: {}", scalar(name), written(setting)));
                continue;
            }
            Part::Parameter(name) => format!("{}: {}", key_of(name), written(setting)),
            Part::User => format!("username: {}", written(setting)),
            Part::Password => format!("password: {}", written(setting)),
            Part::Bearer => format!("bearer_token: {}", written(setting)),
        };
        let _ = writeln!(out, "    {line}");
    }
    if !headers.is_empty() {
        let _ = writeln!(out, "    headers: {{{}}}", headers.join(", "));
    }
    out
}

fn of_log(name: &str, source: &str) -> String {
    format!(
        "metrics:\n  - {{name: {name}.lines, type: count, value: {source}.count, when: {source}.ok}}\n\
         logs:\n  - {{from: {source}, message: $.line, service: {name}}}\n"
    )
}

/// Whether it answers, and how fast, is always worth a metric.
fn without_numbers(name: &str, ask: &Ask) -> String {
    let source = ask.source();
    let (metric, value, unit) = match ask {
        Ask::Url(_) | Ask::Command(_) => ("response_time", "elapsed", ", unit: second"),
        Ask::File(_) => ("rows", "count", ""),
    };
    format!("metrics:\n  - {{name: {name}.{metric}, value: {source}.{value}{unit}, when: {source}.ok}}\n")
}

/// A page of metrics: every family under its own name.
fn families(name: &str, source: &str, doc: &Value) -> (String, usize) {
    let mut seen: BTreeSet<Text> = BTreeSet::new();
    let mut lines = String::new();
    for row in doc.as_list().into_iter().flat_map(|rows| rows.iter()) {
        let family = row.member("family");
        let Some(family) = family.as_text() else { continue };
        if !seen.insert(family.into()) {
            continue;
        }
        let own = part(family.strip_prefix(&format!("{name}_")).unwrap_or(family).trim_end_matches("_total"));
        let typed = row.member("type").as_text().is_some_and(|word| word != "untyped" && word != "unknown");
        let _ = match typed {
            true => writeln!(lines, "        {family}: {own}"),
            false => writeln!(lines, "        {family}: {{name: {own}, type: gauge}}"),
        };
    }
    (format!("metrics:\n  - from: {source}\n    prefix: {name}.\n    families:\n      metrics:\n{lines}"), seen.len())
}

fn of_groups(name: &str, source: &str, found: &Found) -> (String, usize) {
    let (mut metrics, mut checks, mut n) = (String::new(), String::new(), 0);
    let mut prefixes = BTreeSet::new();
    for group in &found.groups {
        let mut prefix = prefix_of(name, group);
        while !prefixes.insert(prefix.clone()) {
            prefix.push_str("more.");
        }
        if !group.metrics.is_empty() {
            n += group.metrics.len();
            mapping(source, group, &mut metrics);
            let _ = writeln!(metrics, "    prefix: {prefix}");
            tags(group, &mut metrics);
            of_type("gauge", group, |metric| !metric.counter, &mut metrics);
            of_type("monotonic_count", group, |metric| metric.counter, &mut metrics);
        }
        if let Some((key, words)) = &group.state {
            mapping(source, group, &mut checks);
            let _ = writeln!(checks, "    name: {prefix}{}", part(key));
            tags(group, &mut checks);
            let words: Vec<String> = words.iter().map(|(word, status)| format!("{}: {status}", scalar(word))).collect();
            let _ = writeln!(
                checks,
                "    status: {{value: {}, map: {{{}, default: unknown}}}}",
                path(std::slice::from_ref(key), true),
                words.join(", ")
            );
        }
    }
    let mut out = String::new();
    if !metrics.is_empty() {
        let _ = write!(out, "metrics:\n{metrics}");
    }
    if !checks.is_empty() {
        let _ = write!(out, "service_checks:\n{checks}");
    }
    (out, n)
}

/// `shop.queue.`: one row is one of its list.
fn prefix_of(name: &str, group: &Group) -> String {
    let mut parts: Vec<String> = group.keys.iter().map(|key| part(key)).filter(|part| !part.is_empty()).collect();
    if let Some(last) = parts.last_mut() {
        *last = singular(last);
    }
    format!("{}.", [vec![name.to_owned()], parts].concat().join("."))
}

fn mapping(source: &str, group: &Group, out: &mut String) {
    let _ = writeln!(out, "  - from: {source}");
    let rows = path(&group.keys, false);
    let _ = match group.rows {
        Rows::Source if group.alike => writeln!(out, "    rows: \"$[*]\""),
        Rows::Source => Ok(()),
        Rows::Items => writeln!(out, "    rows: {}", quoted(&format!("{rows}[*]"))),
        Rows::Values => writeln!(out, "    rows: {}", quoted(&format!("{rows}.*"))),
    };
}

fn tags(group: &Group, out: &mut String) {
    if group.tags.is_empty() {
        return;
    }
    let written: Vec<String> = group
        .tags
        .iter()
        .map(|(name, tag)| match tag {
            Tag::Field(key) => format!("{name}: {}", path(std::slice::from_ref(key), true)),
            Tag::Key => format!("{name}: \"{{{{ key }}}}\""),
        })
        .collect();
    let many = group.tags.iter().any(|(_, tag)| matches!(tag, Tag::Field(key) if part(key).rsplit('_').next() == Some("id")));
    let why = if many { format!("  # lint: allow many-valued-tag one for each of {} rows", group.n_rows) } else { String::new() };
    let _ = writeln!(out, "    tags: {{{}}}{why}", written.join(", "));
}

fn of_type(metric_type: &str, group: &Group, wanted: impl Fn(&Metric) -> bool, out: &mut String) {
    let metrics: Vec<&Metric> = group.metrics.iter().filter(|metric| wanted(metric)).collect();
    if metrics.is_empty() {
        return;
    }
    let _ = writeln!(out, "    {metric_type}:");
    for metric in metrics {
        let plain = path(&metric.keys, true);
        let value = match metric.reading {
            Reading::Number => plain,
            Reading::Quantity => expression(&metric.keys, "number"),
            Reading::Length => expression(&metric.keys, "length"),
        };
        let mut more = String::new();
        if let Some(unit) = metric.unit {
            let _ = write!(more, ", unit: {unit}");
        }
        if metric.optional {
            more.push_str(", optional: true");
        }
        let _ = if more.is_empty() {
            writeln!(out, "      {}: {value}", metric.name)
        } else {
            writeln!(out, "      {}: {{value: {value}{more}}}", metric.name)
        };
    }
}

fn is_plain(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `$.a.b`, `$['a b']`; quoted for YAML where it must be.
fn path(keys: &[Text], for_yaml: bool) -> String {
    let mut out = "$".to_owned();
    for key in keys {
        if is_plain(key) {
            let _ = write!(out, ".{key}");
        } else {
            let _ = write!(out, "['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"));
        }
    }
    if for_yaml { quoted(&out) } else { out }
}

/// `row.a.b | number`, `"row['a b'] | number"`.
fn expression(keys: &[Text], filter: &str) -> String {
    let inner = path(keys, false);
    let written = format!("row{} | {filter}", inner.trim_start_matches('$'));
    if written.contains('[') { serde_json::Value::from(written).to_string() } else { written }
}

fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '.' | '_'));
    if plain { path.to_owned() } else { serde_json::Value::from(path).to_string() }
}
