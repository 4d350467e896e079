//! What a spec reads, and what it sends besides metrics, each as a table.

use super::words::{
    at, child, code, codes, entries, items, line, occasion, pattern, patterns, scalar, sentence, short_pattern, tag_keys, text, texts,
};
use crate::manual::reference::{grid, joined};
use crate::yaml::node::Node;

/// A chapter with one table, or nothing without rows.
fn chapter(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() { String::new() } else { joined(&[format!("## {title}"), grid(head, rows.into_iter())]) }
}

/// The sources in written order.
pub(super) fn sources(root: &Node) -> String {
    let row = |name: &str, source: &Node| {
        let decoder = child(source, "decode").map(decoder).unwrap_or_default();
        vec![code(name), reads(root, source), decoder, line(text(source, "description").unwrap_or_default())]
    };
    let rows = entries(root, "sources").iter().map(|entry| row(&entry.key, &entry.value)).collect();
    chapter("What it reads", &["source", "from", "decoded as", "what it holds"], rows)
}

/// Where a source gets its rows from.
fn reads(root: &Node, source: &Node) -> String {
    let each = entries(source, "each").iter().map(|entry| format!("for each {}", code(scalar(&entry.value).unwrap_or(&entry.key))));
    let each: String = each.map(|each| format!(", {each}")).collect();
    if let Some(http) = child(source, "http") {
        let urls = urls(root, http).iter().map(|url| code(url)).collect::<Vec<_>>().join(" or ");
        let body = ["json", "form", "body"].iter().any(|key| child(http, key).is_some());
        let method = text(http, "method").unwrap_or(if body { "POST" } else { "GET" });
        format!("{} {urls}{each}", pattern(method))
    } else if let Some(command) = child(source, "command") {
        format!("the program {}{each}", code(&texts(command, "argv").join(" ")))
    } else if let Some(file) = child(source, "file") {
        let what = match text(file, "mode") {
            Some("tail") => "new lines of ",
            Some("changed") => "where it has changed, ",
            _ => "",
        };
        format!("{what}{}{each}", code(text(file, "path").unwrap_or_default()))
    } else {
        format!("rows of {}{each}", codes(&texts(source, "from")))
    }
}

/// The addresses of a source, whole where the base is known.
fn urls(root: &Node, http: &Node) -> Vec<String> {
    let default = || at(root, &["defaults", "sources"]).and_then(|defaults| text(defaults, "base_url"));
    let base = text(http, "base_url").or_else(default).unwrap_or_default();
    let urls = texts(http, "url");
    if urls.is_empty() {
        return vec![base.to_owned()];
    }
    let whole = |url: &str| if url.starts_with('/') { format!("{base}{url}") } else { url.to_owned() };
    urls.into_iter().map(whole).collect()
}

fn decoder(decode: &Node) -> String {
    let name = |node: &Node| scalar(node).map(str::to_owned).or_else(|| node.as_map()?.first().map(|entry| entry.key.to_string()));
    match decode.as_list() {
        Some(several) => several.iter().filter_map(name).collect::<Vec<_>>().join(", "),
        None => name(decode).unwrap_or_default(),
    }
}

/// The service checks, those of sources first.
pub(super) fn service_checks(root: &Node) -> String {
    let sources = entries(root, "sources").iter().filter_map(|entry| source_check(root, &entry.key, &entry.value));
    let rows = sources.chain(items(root, "service_checks").iter().map(own_check)).collect();
    chapter("Service checks", &["service check", "status", "tags", "meaning"], rows)
}

/// The can-connect check of a source.
fn source_check(root: &Node, source_name: &str, source: &Node) -> Option<Vec<String>> {
    let check = child(source, "service_check")?;
    let name = scalar(check).or_else(|| text(check, "name"))?;
    let name = name.replace("{{ spec.name }}", text(root, "name").unwrap_or_default());
    let status = format!("OK if {} worked, else CRITICAL", code(source_name));
    Some(vec![code(&pattern(&name)), status, codes(&tag_keys(child(check, "tags"))), String::new()])
}

fn own_check(check: &Node) -> Vec<String> {
    let status = child(check, "status").map(chosen).unwrap_or_default();
    let occasion = occasion(check);
    let status = if occasion.is_empty() { status } else { format!("{status}, {occasion}") };
    let meaning = line(text(check, "description").unwrap_or_default());
    vec![code(&pattern(text(check, "name").unwrap_or_default())), status, codes(&tag_keys(child(check, "tags"))), meaning]
}

/// A status or a health: a word, conditions, or a map of words.
fn chosen(choice: &Node) -> String {
    if let Some(word) = scalar(choice) {
        return if word.contains(['{', '$']) { code(word) } else { word.to_uppercase() };
    }
    if let Some(value) = text(choice, "value") {
        let mut words: Vec<(&str, Vec<String>)> = Vec::new();
        for entry in entries(choice, "map") {
            let Some(status) = scalar(&entry.value) else { continue };
            let key = if &*entry.key == "default" { "else".to_owned() } else { code(&entry.key) };
            match words.iter_mut().find(|(known, _)| *known == status) {
                Some((_, keys)) => keys.push(key),
                None => words.push((status, vec![key])),
            }
        }
        let words: Vec<String> = words.iter().map(|(status, keys)| format!("{} for {}", status.to_uppercase(), keys.join(", "))).collect();
        let by = format!("by {}", code(value));
        return if words.is_empty() { by } else { format!("{by}: {}", words.join("; ")).replace(" for else", " else") };
    }
    let conditions = choice.as_map().unwrap_or(&[]).iter().filter(|entry| &*entry.key != "default");
    let mut parts: Vec<String> =
        conditions.filter_map(|entry| Some(format!("{} if {}", entry.key.to_uppercase(), code(scalar(&entry.value)?)))).collect();
    parts.push(format!("else {}", text(choice, "default").unwrap_or("ok").to_uppercase()));
    parts.join("; ")
}

/// The events.
pub(super) fn events(root: &Node) -> String {
    let row = |event: &Node| {
        let title = text(event, "title").or_else(|| text(event, "text")).unwrap_or_default();
        let default = |key| at(root, &["defaults", "events", key]).and_then(scalar);
        let kind = text(event, "event_type").or_else(|| default("event_type")).map(|kind| code(&pattern(kind))).unwrap_or_default();
        let level = text(event, "alert_type").or_else(|| default("alert_type")).map(pattern).unwrap_or_default();
        let tags = codes(&tag_keys(child(event, "tags")));
        let meaning = line(text(event, "description").unwrap_or_default());
        vec![code(&short_pattern(title)), kind, level, tags, told(event, &meaning)]
    };
    chapter("Events", &["event", "type", "level", "tags", "when"], items(root, "events").iter().map(row).collect())
}

/// When something is sent, and what it is for.
fn told(mapping: &Node, meaning: &str) -> String {
    let occasion = sentence(&occasion(mapping));
    if meaning.is_empty() { occasion } else { format!("{meaning} {occasion}").trim().to_owned() }
}

/// The logs.
pub(super) fn logs(root: &Node) -> String {
    let row = |log: &Node| {
        let shown = |key: &str| text(log, key).map(|text| code(&short_pattern(text))).unwrap_or_default();
        let meaning = line(text(log, "description").unwrap_or_default());
        vec![shown("message"), shown("status"), shown("service"), codes(&tag_keys(child(log, "tags"))), told(log, &meaning)]
    };
    chapter("Logs", &["message", "level", "service", "tags", "when"], items(root, "logs").iter().map(row).collect())
}

/// What of a component is data that others read by name.
const SHOWN: &[&str] = &["name", "version", "layer", "domain", "environment", "environments", "labels", "tags"];

/// Components and relations.
pub(super) fn topology(root: &Node) -> String {
    let Some(topology) = child(root, "topology") else { return String::new() };
    let key = |key: &str| at(topology, &["instance", key]).and_then(scalar).map(|text| code(&pattern(text))).unwrap_or_default();
    let snapshot = text(topology, "snapshot") == Some("true");
    let complete = if snapshot { " Each run gives the full picture: what it does not name is gone." } else { "" };
    let intro = format!("Under the type {} and the URL {}.{complete}", key("type"), key("url"));
    let shown = |node: &Node, key: &str| text(node, key).map(|text| code(&pattern(text))).unwrap_or_default();
    let components = items(topology, "components").iter().map(|component| {
        let mut data: Vec<&str> = SHOWN.iter().copied().filter(|key| child(component, key).is_some()).collect();
        data.extend(entries(component, "data").iter().map(|entry| &*entry.key));
        let identifiers = patterns(component, "identifiers");
        vec![shown(component, "type"), shown(component, "id"), codes(&identifiers), data.join(", "), told(component, "")]
    });
    let relations = items(topology, "relations")
        .iter()
        .map(|relation| vec![shown(relation, "type"), shown(relation, "source"), shown(relation, "target"), told(relation, "")]);
    let (components, relations): (Vec<_>, Vec<_>) = (components.collect(), relations.collect());
    let mut blocks = vec!["## Topology".to_owned(), intro];
    if !components.is_empty() {
        blocks.push(grid(&["component", "id", "identifiers", "data", "when"], components.into_iter()));
    }
    if !relations.is_empty() {
        blocks.push(grid(&["relation", "from", "to", "when"], relations.into_iter()));
    }
    joined(&blocks)
}

/// The health states.
pub(super) fn health(root: &Node) -> String {
    let states = child(root, "health").map_or(&[][..], |health| items(health, "states"));
    let row = |state: &Node| {
        let shown = |key: &str| text(state, key).map(|text| code(&pattern(text))).unwrap_or_default();
        let meaning = line(text(state, "description").unwrap_or_default());
        vec![shown("name"), shown("element"), child(state, "health").map(chosen).unwrap_or_default(), told(state, &meaning)]
    };
    chapter("Health", &["state", "of", "health", "when"], states.iter().map(row).collect())
}

/// The facts about the instance.
pub(super) fn metadata(root: &Node) -> String {
    let keys: Vec<&str> = entries(root, "metadata").iter().map(|entry| &*entry.key).collect();
    if keys.is_empty() { String::new() } else { joined(&["## Metadata".to_owned(), format!("{}.", codes(&keys))]) }
}
