//! Words for problems that only the whole of a spec explains: keys that belong elsewhere, and names
//! that are unknown because what declares them could not be read.

use super::docs::docs;
use crate::base::diag::Diagnostic;
use crate::yaml::node::Node;
use crate::yaml::shape::{FieldDoc, Shape};
use std::sync::LazyLock;

/// Says where unknown keys belong, and drops what follows from a part that could not be read.
pub fn explain(problems: &mut Vec<Diagnostic>, root: &Node) {
    problems.retain(|problem| !follows_from_unread(problem, root));
    for problem in problems.iter_mut().filter(|problem| problem.code == "unknown-key") {
        let key = quoted(&problem.title).to_owned();
        // A key that exists is rather in a wrong place than another one with letters changed.
        let is_typo = problem.edit.as_ref().is_some_and(|edit| strsim::osa_distance(&edit.replacement, &key) * 3 <= key.len());
        let places: Vec<&str> = PLACES.iter().filter(|(_, known)| *known == key).map(|(place, _)| place.as_str()).collect();
        if let Some(help) = told_by_place(&problem.title, &key) {
            problem.edit = None;
            problem.help = Some(help);
            continue;
        }
        if is_typo || places.is_empty() || problem.title.contains("too high") {
            continue;
        }
        let most = places.len().min(2);
        let places = places.get(..most).unwrap_or_default().join(", or of ");
        problem.edit = None;
        if let Some(label) = problem.labels.first_mut() {
            label.text = format!("this is a key of {places}");
        }
        problem.help = Some(format!("move it there, or remove it: `{key}` has no meaning here"));
    }
}

/// What is meant by a key that may be any word, by the place it stands in.
fn told_by_place(title: &str, key: &str) -> Option<String> {
    if title.ends_with(" in config") {
        return Some(format!("move it below `instance:`, where an instance may say it: `instance: {{{key}: {{type: …}}}}`"));
    }
    let is_metric = title.ends_with(" in metric") && key.contains('.');
    is_metric.then(|| format!("write `name: {key}` and `value: …`, or put it below its type: `gauge: {{{key}: …}}`"))
}

/// What stands in the first backticks.
fn quoted(title: &str) -> &str {
    title.split('`').nth(1).unwrap_or("")
}

/// True for a name that is written where it should be declared, and could not be read there: that is
/// told already.
fn follows_from_unread(problem: &Diagnostic, root: &Node) -> bool {
    match problem.code {
        "unknown-source" => root.entry("sources").is_some_and(|sources| sources.value.as_map().is_none()),
        "unknown-member" => {
            let mut names = problem.title.split('`').skip(1).step_by(2);
            let (Some(section @ ("instance" | "init_config")), Some(key)) = (names.next(), names.next()) else { return false };
            let Some(config) = root.entry("config") else { return false };
            let declared = |node: &Node| node.entry(key).is_some();
            declared(&config.value) || config.value.entry(section).is_some_and(|fields| declared(&fields.value))
        }
        _ => false,
    }
}

/// Every key of the language with the thing that has it, outer things first.
static PLACES: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let (mut out, mut open) = (Vec::new(), vec![("the top of a spec".to_owned(), docs())]);
    let mut seen: Vec<String> = Vec::new();
    while let Some((place, fields)) = (!open.is_empty()).then(|| open.remove(0)) {
        if seen.contains(&place) {
            continue;
        }
        seen.push(place.clone());
        out.extend(fields.iter().map(|field| (place.clone(), field.key)));
        fields.iter().for_each(|field| below(&field.shape, field.key, &mut open));
    }
    out
});

fn below(shape: &Shape, key: &str, open: &mut Vec<(String, Vec<FieldDoc>)>) {
    match shape {
        Shape::Setting(of) | Shape::List(of) | Shape::Map(of) => below(of, key, open),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| below(shape, key, open)),
        Shape::Struct(of) if of.name.ends_with('s') => open.push((format!("`{key}`"), (of.fields)())),
        Shape::Struct(of) => open.push((format!("{} {}", article(of.name), of.name), (of.fields)())),
        Shape::Kind(_, kind) => open.push((format!("`{}`", kind.name), kind.fields.clone())),
        Shape::Kinds(_, kinds) => open.extend(kinds().into_iter().map(|kind| (format!("`{}`", kind.name), kind.fields))),
        Shape::Any | Shape::Bool | Shape::Integer | Shape::Number | Shape::Text | Shape::Duration | Shape::Size => {}
        Shape::Words(_) | Shape::Expression | Shape::Template => {}
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_places() {
        let of = |key: &str| PLACES.iter().filter(|(_, known)| *known == key).map(|(place, _)| place.as_str()).collect::<Vec<_>>();
        assert!(of("sources").contains(&"the top of a spec"), "{:?}", of("sources"));
        assert!(of("alert_type").contains(&"an event"), "{:?}", of("alert_type"));
        assert!(of("url").contains(&"`http`"), "{:?}", of("url"));
        assert!(of("banana").is_empty());
    }
}
