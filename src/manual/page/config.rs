//! What the instances of a spec may say, and one of them as an example.

use super::words::{at, code, codes, entries, items, line, scalar, sentence, text, texts};
use crate::expr::names::STANDARD_KEYS;
use crate::manual::reference::{grid, joined};
use crate::manual::standard;
use crate::spec::print;
use crate::yaml::node::{Data, Entry, Literal, Node, Scalar, Style};

/// The chapter: fields of instances, those of `init_config`, and what every instance understands.
pub(super) fn configuration(root: &Node) -> String {
    let config = |section: &str| at(root, &["config", section]).and_then(Node::as_map).unwrap_or(&[]);
    let standard: Vec<String> =
        at(root, &["config"]).map(|config| texts(config, "use")).unwrap_or_default().into_iter().map(standard_options).collect();
    let mut blocks = vec!["## Configuration".to_owned()];
    let own = |section: &str| config(section).iter().filter(|field| !is_standard(section, field)).cloned().collect::<Vec<_>>();
    let (instance, init) = (rows(&own("instance"), ""), rows(&own("init_config"), ""));
    match (instance.is_empty(), standard.is_empty()) {
        (true, true) => blocks.push("There is nothing of its own to set.".to_owned()),
        (true, false) => {}
        (false, _) => blocks.extend(["Under each of `instances`:".to_owned(), table(instance)]),
    }
    if !init.is_empty() {
        blocks.extend(["Under `init_config`:".to_owned(), table(init)]);
    }
    blocks.extend(standard);
    blocks.push(format!("Every instance also understands {}.", codes(STANDARD_KEYS)));
    joined(&blocks)
}

/// True for a field that `config.use` has declared: the page of the language describes it.
fn is_standard(section: &str, field: &Entry) -> bool {
    let said = text(&field.value, "description");
    let mut options = standard::sets().into_iter().flat_map(|(_, options)| options);
    options.any(|option| option.section == section && option.key == *field.key && said.is_none_or(|said| said == option.doc))
}

fn standard_options(set: &str) -> String {
    format!("And the [standard options of `{set}`](../language.md#standard-options-of-{set}).")
}

fn table(rows: Vec<Vec<String>>) -> String {
    grid(&["key", "type", "default", "what it does"], rows.into_iter())
}

/// A line for each field, those inside of maps and lists below the field that holds them.
fn rows(fields: &[Entry], above: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for field in fields.iter().filter(|field| !field.value.is_null()) {
        let path = format!("{above}{}", field.key);
        let required = text(&field.value, "required") == Some("true");
        let default = at(&field.value, &["default"]).filter(|default| !default.is_null());
        let default =
            default.map_or_else(|| if required { "**required**".to_owned() } else { String::new() }, |node| code(&default_of(node)));
        out.push(vec![code(&path), types(&field.value), default, what(&field.value)]);
        out.extend(rows(entries(&field.value, "fields"), &format!("{path}.")));
        if let Some(item) = at(&field.value, &["items"]) {
            out.extend(rows(entries(item, "fields"), &format!("{path}[].")));
        }
    }
    out
}

/// A default as it is written, texts without quotes.
fn default_of(node: &Node) -> String {
    scalar(node).filter(|text| !text.trim().is_empty()).map_or_else(|| yaml(node), str::to_owned)
}

/// The type of a field in words; a field may be a type alone.
fn types(field: &Node) -> String {
    let several = items(field, "any_of");
    if !several.is_empty() {
        return several.iter().map(types).collect::<Vec<_>>().join(" or ");
    }
    match (scalar(field).or_else(|| text(field, "type")).unwrap_or("any"), at(field, &["items"])) {
        ("list", Some(item)) => format!("list of {}", types(item)),
        (kind, _) => kind.to_owned(),
    }
}

/// What a field does, with its bounds.
fn what(field: &Node) -> String {
    let mut parts = vec![line(text(field, "description").unwrap_or_default())];
    let values: Vec<&str> = texts(field, "values");
    if !values.is_empty() {
        parts.push(format!("One of {}.", codes(&values)));
    }
    let bound = |key: &str, word: &str| text(field, key).map(|bound| format!("{word} {}", code(bound)));
    let bounds: Vec<String> =
        [bound("min", "at least"), bound("max", "at most"), bound("pattern", "matching")].into_iter().flatten().collect();
    parts.push(sentence(&bounds.join(", ")));
    parts.extend(text(field, "deprecated").map(|why| format!("Deprecated: {}", sentence(why))));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The chapter with an instance that says what is required, and what the spec has examples of.
pub(super) fn example(name: &str, root: &Node) -> String {
    let fields = at(root, &["config", "instance"]).and_then(Node::as_map).unwrap_or(&[]);
    let lines: Vec<String> = fields.iter().filter_map(|field| Some(format!("{}: {}", field.key, sample(name, field)?))).collect();
    let instance = if lines.is_empty() { "instances: [{}]".to_owned() } else { format!("instances:\n  - {}", lines.join("\n    ")) };
    joined(&["## Example".to_owned(), format!("```yaml\n# conf.d/{name}.yaml\n{instance}\n```")])
}

/// A value for a field, if the example should have one.
fn sample(spec: &str, field: &Entry) -> Option<String> {
    let node = &field.value;
    let required = text(node, "required") == Some("true") && at(node, &["default"]).is_none();
    match at(node, &["example"]) {
        Some(example) if !example.is_null() => Some(yaml(example)),
        _ => required.then(|| made_up(spec, &field.key, node)),
    }
}

/// A value of a field's type, where the spec has no example.
fn made_up(spec: &str, key: &str, field: &Node) -> String {
    let inner = |node: &Node| match at(node, &["example"]) {
        Some(example) => yaml(example),
        None => made_up(spec, key, node),
    };
    let kind = scalar(field).or_else(|| text(field, "type")).unwrap_or("any");
    match kind {
        "url" => "http://localhost/".to_owned(),
        "path" => format!("/path/of/{key}"),
        "int" | "float" => text(field, "min").unwrap_or("1").to_owned(),
        "bool" => "true".to_owned(),
        "duration" => "5s".to_owned(),
        "bytes" => "10MiB".to_owned(),
        "secret" => format!("\"{{{{ secret('env:{}_{}') }}}}\"", spec.to_uppercase(), key.to_uppercase()),
        "enum" => items(field, "values").first().map(yaml).unwrap_or_default(),
        "list" => format!("[{}]", at(field, &["items"]).map_or_else(|| key.to_owned(), inner)),
        "map" => {
            let required = entries(field, "fields").iter().filter(|field| text(&field.value, "required") == Some("true"));
            let parts: Vec<String> = required.map(|field| format!("{}: {}", field.key, inner(&field.value))).collect();
            format!("{{{}}}", parts.join(", "))
        }
        _ => items(field, "any_of").first().map_or_else(|| key.to_owned(), inner),
    }
}

/// A value as YAML in one line.
fn yaml(node: &Node) -> String {
    match &node.data {
        Data::Scalar(own) => print::scalar(own),
        Data::List(list) => format!("[{}]", list.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Data::Map(map) => {
            let key = |entry: &Entry| print::scalar(&Scalar { text: entry.key.clone(), style: Style::Plain, literal: Literal::Text });
            format!("{{{}}}", map.iter().map(|entry| format!("{}: {}", key(entry), yaml(&entry.value))).collect::<Vec<_>>().join(", "))
        }
    }
}
