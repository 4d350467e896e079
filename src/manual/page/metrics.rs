//! The table of metrics: a line for each name that the spec can make, as far as it can be known.

use super::words::{at, child, code, codes, entries, items, line, pattern, scalar, sentence, tag_keys, text, texts};
use crate::manual::reference::{grid, joined};
use crate::observation::metric_type::MetricType;
use crate::yaml::node::Node;

/// One line of the table.
struct Line {
    name: String,
    kind: String,
    unit: String,
    tags: String,
    meaning: String,
}

/// The chapter, or nothing where there are no metrics.
pub(super) fn metrics(root: &Node) -> String {
    let lines: Vec<Line> = items(root, "metrics").iter().flat_map(|mapping| lines(root, mapping)).collect();
    if lines.is_empty() {
        return String::new();
    }
    let exposition = lines.iter().any(|line| line.kind == AS_EXPOSED);
    let rows = lines.into_iter().map(|line| vec![code(&line.name), line.kind, line.unit, line.tags, line.meaning]);
    let table = grid(&["metric", "type", "unit", "tags", "meaning"], rows);
    let mut blocks = vec!["## Metrics".to_owned(), table];
    if exposition {
        blocks.push(EXPOSITION.to_owned());
    }
    blocks.extend(common_tags(root));
    joined(&blocks)
}

const AS_EXPOSED: &str = "as exposed";
const EXPOSITION: &str = "Types are those of the page: with the naming `openmetrics` counters end with `.count`, histograms are `.bucket`, `.sum` and `.count`, summaries `.quantile`, `.sum` and `.count`.";

/// The tags that everything carries.
fn common_tags(root: &Node) -> Option<String> {
    let all = [at(root, &["defaults", "tags"]), at(root, &["defaults", "metrics", "tags"])];
    let keys: Vec<String> = all.into_iter().flat_map(tag_keys).collect();
    (!keys.is_empty()).then(|| format!("Besides its own, each carries the tags {}, and those of the instance.", codes(&keys)))
}

fn lines(root: &Node, mapping: &Node) -> Vec<Line> {
    let bulk: Vec<Line> = MetricType::WORDS
        .iter()
        .flat_map(|kind| entries(mapping, kind).iter().map(move |entry| (kind, entry)))
        .flat_map(|(kind, entry)| bulk(root, mapping, kind, &entry.key, &entry.value))
        .collect();
    if !bulk.is_empty() {
        return bulk;
    }
    if let Some(flatten) = child(mapping, "flatten") {
        return vec![flattened(root, mapping, flatten)];
    }
    if let Some(families) = child(mapping, "families") {
        return exposed(root, mapping, families);
    }
    let kind = child(mapping, "type").map_or("gauge", |kind| scalar(kind).filter(|kind| !kind.contains(['{', '$'])).unwrap_or("by data"));
    let names = names(root, mapping, text(mapping, "name").unwrap_or_default());
    names.into_iter().map(|name| own(root, mapping, mapping, kind, &name)).collect()
}

/// The names that a text with holes can make: all of them where it loops over a table of the spec.
fn names(root: &Node, mapping: &Node, name: &str) -> Vec<String> {
    for loop_ in entries(mapping, "each") {
        let table = scalar(&loop_.value).and_then(|over| over.strip_prefix("tables."));
        let rows = table.and_then(|table| at(root, &["tables", table])).and_then(Node::as_list).unwrap_or(&[]);
        let fill = |row: &Node| {
            let fields = row.as_map().unwrap_or(&[]).iter();
            fields.fold(name.to_owned(), |name, field| {
                let hole = format!("{{{{ {}.{} }}}}", loop_.key, field.key);
                name.replace(&hole, scalar(&field.value).unwrap_or_default())
            })
        };
        let filled: Vec<String> = rows.iter().map(fill).filter(|filled| filled != name).collect();
        if !filled.is_empty() {
            return filled;
        }
    }
    vec![name.to_owned()]
}

fn bulk(root: &Node, mapping: &Node, kind: &str, name: &str, value: &Node) -> Vec<Line> {
    let several = value.as_list().unwrap_or(std::slice::from_ref(value));
    several.iter().map(|one| own(root, mapping, one, kind, name)).collect()
}

/// The line of one metric; what it does not say itself is that of its mapping.
fn own(root: &Node, mapping: &Node, metric: &Node, kind: &str, name: &str) -> Line {
    let said = |key: &str| text(metric, key).or_else(|| text(mapping, key)).unwrap_or_default();
    let unit = pattern(said("unit"));
    let unit = if !unit.is_empty() && matches!(kind, "rate" | "historate") { format!("{unit} per second") } else { unit };
    Line {
        name: prefixed(root, mapping, name),
        kind: kind.to_owned(),
        unit,
        tags: tags(mapping, metric),
        meaning: line(said("description")),
    }
}

fn tags(mapping: &Node, metric: &Node) -> String {
    let mut keys = tag_keys(child(mapping, "tags"));
    if !std::ptr::eq(mapping, metric) {
        keys.extend(tag_keys(child(metric, "tags")));
    }
    codes(&keys)
}

fn prefixed(root: &Node, mapping: &Node, name: &str) -> String {
    let default = || at(root, &["defaults", "metrics"]).and_then(|defaults| text(defaults, "prefix"));
    let prefix = text(mapping, "prefix").or_else(default).unwrap_or_default();
    let prefix = prefix.replace("{{ spec.name }}", text(root, "name").unwrap_or_default());
    pattern(&prefix) + &pattern(name)
}

fn flattened(root: &Node, mapping: &Node, flatten: &Node) -> Line {
    let of = text(flatten, "of").or_else(|| text(mapping, "rows")).map_or("the row".to_owned(), code);
    let include = texts(flatten, "include");
    let exclude = texts(flatten, "exclude");
    let only = if include.is_empty() { String::new() } else { format!(": {}", codes(&include)) };
    let without = if exclude.is_empty() { String::new() } else { format!(", without {}", codes(&exclude)) };
    let parts: Vec<&str> = entries(flatten, "keys_as_tags").iter().filter_map(|entry| scalar(&entry.value)).collect();
    let keys: Vec<String> = tag_keys(child(mapping, "tags")).into_iter().chain(parts.into_iter().map(str::to_owned)).collect();
    let said = text(mapping, "description").map(line).unwrap_or_default();
    let meaning = if said.is_empty() { format!("Every number of {of}{only}{without}.") } else { said };
    let kind = text(flatten, "type").unwrap_or("gauge").to_owned();
    Line { name: prefixed(root, mapping, "<path>"), kind, unit: String::new(), tags: codes(&keys), meaning }
}

fn exposed(root: &Node, mapping: &Node, families: &Node) -> Vec<Line> {
    let labels = tag_keys(child(mapping, "tags"));
    let labels = if labels.is_empty() { "its labels".to_owned() } else { format!("{} and its labels", codes(&labels)) };
    let line_of = |name: &str, kind: &str, meaning: String| Line {
        name: prefixed(root, mapping, name),
        kind: kind.to_owned(),
        unit: String::new(),
        tags: labels.clone(),
        meaning,
    };
    let said = child(families, "metrics");
    let table = said.and_then(scalar).map(|hole| hole.trim_matches(['{', '}', ' ']));
    let literal = table.and_then(|table| table.strip_prefix("tables.")).and_then(|table| at(root, &["tables", table])).or(said);
    let Some(map) = literal.and_then(Node::as_map) else {
        return vec![line_of("<name>", AS_EXPOSED, sentence(&format!("the families of {}", code(table.unwrap_or_default()))))];
    };
    let each = |family: &str, target: &Node| {
        let several = target.as_list().unwrap_or(std::slice::from_ref(target)).iter();
        let lines = several.map(|one| {
            let name = scalar(one).or_else(|| text(one, "name")).unwrap_or(family);
            let kind = text(one, "type").unwrap_or(AS_EXPOSED);
            line_of(name, kind, format!("The family {}.", code(family)))
        });
        lines.collect::<Vec<_>>()
    };
    map.iter().flat_map(|entry| each(&entry.key, &entry.value)).collect()
}
