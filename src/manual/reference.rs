//! The page of the language: every key, name and function of the language in one Markdown file.
//!
//! Tables come from the declarations. What is about no single key stands in `text/` and in
//! [`super::names`], the names of single places in [`super::scopes`], examples in `examples/`.

use super::names::{ERRORS, MEMBERS, NAMES};
use super::parts::{Collector, Part, kind_title, title};
use super::schema::slug;
use super::standard::{self, StandardOption};
use super::{conf, examples, scopes};
use crate::expr::function::signature;
use crate::expr::function::{self, Function};
use crate::expr::texts::Texts;
use crate::rows::RowsSpec;
use crate::spec::source::SourceSpec;
use crate::yaml::read::Field;
use crate::yaml::shape::{FieldDoc, KindDoc, Shape};

const START: &str = include_str!("text/start.md");
const HOW_TO: &str = include_str!("text/how_to.md");
const VALUES: &str = include_str!("text/values.md");
const RULES: &str = include_str!("text/rules.md");
const TEXTS: &str = include_str!("text/texts.md");
const CONFIG: &str = include_str!("text/config.md");
const SHARING: &str = include_str!("text/sharing.md");
const SOURCES: &str = include_str!("text/sources.md");
const DECODERS: &str = include_str!("text/decoders.md");
const MAPPINGS: &str = include_str!("text/mappings.md");
const STATE: &str = include_str!("text/state.md");
const CONF: &str = include_str!("text/conf.md");

/// The keys of a spec that hold mappings, in the order of the page.
const MAPPING_KEYS: &[&str] = &["metrics", "service_checks", "events", "logs", "topology", "health"];

/// More words or kinds than this are not repeated in every table.
const INLINE: usize = 10;

/// The parts of the chapters of the page.
struct Chapters {
    texts: Vec<Part>,
    config: Vec<Part>,
    sources: Vec<Part>,
    decoders: Vec<Part>,
    mappings: Vec<Part>,
    state: Vec<Part>,
    defaults: Vec<Part>,
}

fn chapters(keys: &[FieldDoc]) -> Chapters {
    let mut collector = Collector::default();
    // A struct is described where it is met first, so what many places share is met first.
    let texts = collector.parts(&Texts::shape());
    let decoders = collector.parts(&shape_of("decode", &SourceSpec::docs()));
    let mut of = |key: &str| collector.parts(&shape_of(key, keys));
    let (config, sources) = (of("config"), of("sources"));
    let mappings: Vec<Part> = MAPPING_KEYS.iter().flat_map(|key| of(key)).collect();
    let (state, defaults) = (of("state"), of("defaults"));
    Chapters { texts, config, sources, decoders, mappings, state, defaults }
}

/// All structs and kinds that have a section of their own.
pub fn parts() -> Vec<Part> {
    let Chapters { texts, config, sources, decoders, mappings, state, defaults } = chapters(&crate::spec::docs::docs());
    [config, sources, decoders, mappings, texts, state, defaults].concat()
}

/// The keys that a section lists itself: without those that it shares with all places that have rows.
pub fn own_keys(part: &Part) -> Vec<FieldDoc> {
    without_row_keys(&part.fields).1
}

/// The page of the language.
pub fn reference() -> String {
    let keys = crate::spec::docs::docs();
    let Chapters { texts, config, sources, decoders, mappings, state, defaults } = chapters(&keys);
    let body = [
        VALUES.to_owned(),
        top_level(&keys),
        SHARING.to_owned(),
        chapter(CONFIG, &config),
        standard_options(),
        chapter(SOURCES, &sources),
        results(),
        rows(),
        chapter(DECODERS, &decoders),
        chapter(MAPPINGS, &mappings),
        chapter(TEXTS, &texts),
        chapter(STATE, &state),
        chapter("## Defaults for many\n", &defaults),
        names(),
        RULES.to_owned(),
        functions(),
        conf_d(),
    ];
    let body = joined(&body);
    joined(&[START.to_owned(), HOW_TO.to_owned(), contents(&body), body]) + "\n"
}

/// The keys of another file, and everything that they hold.
pub fn sections(heading: &str, keys: &[FieldDoc]) -> String {
    let mut collector = Collector::default();
    let parts: Vec<String> = keys.iter().flat_map(|key| collector.parts(&key.shape)).map(|one| part(&one)).collect();
    joined(&[vec![format!("### {heading}"), table(heading, keys)], parts].concat())
}

pub(super) fn joined(chapters: &[String]) -> String {
    chapters.iter().map(|chapter| chapter.trim_end()).collect::<Vec<_>>().join("\n\n")
}

/// The chapters with their sections, as links.
fn contents(body: &str) -> String {
    let mut out = "## Contents\n".to_owned();
    let outside = body.split("```").step_by(2).flat_map(str::lines);
    for line in outside {
        if let Some(chapter) = line.strip_prefix("## ") {
            out += &format!("\n- **{}**", link(chapter, chapter));
        } else if let Some(section) = line.strip_prefix("### ") {
            let sign = if out.ends_with("**") { ": " } else { ", " };
            out += &format!("{sign}{}", link(section, section));
        }
    }
    out
}

fn shape_of(key: &str, fields: &[FieldDoc]) -> Shape {
    fields.iter().find(|field| field.key == key).map_or(Shape::Any, |field| field.shape.clone())
}

fn top_level(keys: &[FieldDoc]) -> String {
    let title = "Top-level keys";
    joined(&[
        format!("## {title}"),
        "A spec is `specs/NAME.yaml`, or `specs/NAME/spec.yaml`. Its name is that of the file or folder.".to_owned(),
        table(title, keys),
        example(title),
    ])
}

/// The examples of a section, or nothing.
fn example(title: &str) -> String {
    examples::of(title).unwrap_or_default().to_owned()
}

fn chapter(intro: &str, parts: &[Part]) -> String {
    let parts: Vec<String> = parts.iter().map(part).collect();
    format!("{}\n\n{}", intro.trim_end(), parts.join("\n\n"))
}

fn part(part: &Part) -> String {
    let (shared, own) = without_row_keys(&part.fields);
    let mut blocks = vec![format!("### {}", part.title), part.doc.clone()];
    blocks.extend(shared.then(|| "It takes the keys of [rows](#rows), and these:".to_owned()));
    match (&part.short, own.is_empty()) {
        (Some(short), true) => blocks.push(format!("Its value is: {}.", accepts(short))),
        (Some(short), false) => blocks.push(format!("In short, or with these keys: {}.", accepts(short))),
        (None, true) => blocks.push("It has no keys of its own.".to_owned()),
        (None, false) => {}
    }
    blocks.extend(scopes::of_section(&part.title).map(|names| format!("*Names:* {names}")));
    blocks.extend((!own.is_empty()).then(|| table(&part.title, &own)));
    blocks.push(example(&part.title));
    joined(&blocks).trim_end().to_owned()
}

/// The row keys are described once, for all structs that take every one of them.
fn without_row_keys(fields: &[FieldDoc]) -> (bool, Vec<FieldDoc>) {
    let rows = RowsSpec::docs();
    let is_row_key = |key: &str| rows.iter().any(|row| row.key == key);
    if fields.iter().filter(|field| is_row_key(field.key)).count() < rows.len() {
        return (false, fields.to_vec());
    }
    (true, fields.iter().filter(|field| !is_row_key(field.key)).cloned().collect())
}

fn table(section: &str, fields: &[FieldDoc]) -> String {
    let told = |field: &FieldDoc| match scopes::of_key(section, field.key) {
        Some(names) => format!("{} *Names:* {names}", field.doc),
        None => field.doc.clone(),
    };
    let rows = fields.iter().map(|field| vec![code(field.key), accepts(&field.shape), default_of(field), told(field)]);
    grid(&["key", "accepts", "default", "what it does"], rows)
}

/// A Markdown table; its cells hold no line ends, and bars in them are escaped.
pub(super) fn grid(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| {
        let cells: Vec<_> =
            cells.iter().map(|cell| cell.replace('|', "\\|")).map(|cell| if cell.is_empty() { cell } else { format!(" {cell}") }).collect();
        format!("|{} |", cells.join(" |"))
    };
    let mut lines = vec![line(head.iter().map(|&h| h.to_owned()).collect()), format!("|{}", " --- |".repeat(head.len()))];
    lines.extend(rows.map(line));
    lines.join("\n")
}

pub(super) fn default_of(field: &FieldDoc) -> String {
    match field.default {
        Some(default) => code(default),
        None if field.required => "**required**".to_owned(),
        None => String::new(),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// What a key accepts, in words with links.
pub(super) fn accepts(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::Size => "size".to_owned(),
        Shape::Words(words) => words.iter().map(|word| code(word)).collect::<Vec<_>>().join(" "),
        Shape::Expression => "path or expression".to_owned(),
        Shape::Template => "text with holes".to_owned(),
        Shape::Setting(of) => setting(of),
        Shape::List(of) => format!("list of {}", grouped(of)),
        Shape::Map(of) => format!("map to {}", grouped(of)),
        Shape::Either(shapes) => shapes.iter().map(one_of).collect::<Vec<_>>().join(", or "),
        Shape::Struct(declared) => link(&title(declared.name), &title(declared.name).to_lowercase()),
        Shape::Kind(family, kind) => link(&kind_title(family, kind.name), "its keys"),
        Shape::Kinds(family, kinds) => family_links(family, &kinds()),
    }
}

/// One of several shapes: a long list of words is told of where it stands alone.
fn one_of(shape: &Shape) -> String {
    match shape {
        Shape::Words(words) if words.len() > INLINE => "one word".to_owned(),
        other => accepts(other),
    }
}

/// A small family stands there itself, a large one has a chapter.
fn family_links(family: &str, kinds: &[KindDoc]) -> String {
    if kinds.len() > INLINE {
        return link(&format!("{family}s"), family);
    }
    let links = kinds.iter().map(|kind| link(&kind_title(family, kind.name), &code(kind.name)));
    links.collect::<Vec<_>>().join(" ")
}

fn setting(of: &Shape) -> String {
    let inner = accepts(of);
    // Lists of texts are described once, for all the keys that take them.
    if inner == setting_inner(&Texts::shape()) {
        return "[texts](#lists-of-texts)".to_owned();
    }
    if inner.starts_with("setting: ") { inner } else { format!("setting: {inner}") }
}

fn setting_inner(shape: &Shape) -> String {
    if let Shape::Setting(of) = shape { accepts(of) } else { String::new() }
}

fn grouped(of: &Shape) -> String {
    let inner = accepts(of);
    if matches!(of, Shape::Either(_)) { format!("({inner})") } else { inner }
}

fn link(heading: &str, text: &str) -> String {
    format!("[{text}](#{})", slug(heading))
}

/// What `config.use` may name.
fn standard_options() -> String {
    let set = |(name, options): (&str, Vec<StandardOption>)| {
        let rows = options.into_iter().map(|option| {
            let default = if option.default.is_empty() { String::new() } else { code(&option.default) };
            vec![code(&option.key), code(&option.section), option.types, default, option.doc]
        });
        let table = grid(&["key", "under", "type", "default", "what it does"], rows);
        let title = format!("Standard options of `{name}`");
        joined(&[format!("### {title}"), include_str!("text/standard.md").to_owned(), table, example(&title)])
    };
    standard::sets().into_iter().map(set).collect::<Vec<_>>().join("\n\n")
}

fn results() -> String {
    let members = grid(&["member", "what it is"], MEMBERS.iter().map(|(member, doc)| vec![code(member), (*doc).to_owned()]));
    let errors = grid(&["kind", "when"], ERRORS.iter().map(|(kind, doc)| vec![code(kind.word()), (*doc).to_owned()]));
    format!(
        "### The result of a source\n\nThe name of a source is a name everywhere in the spec: `page.status`, `hosts.rows`.\n\n{members}\n\nKinds of errors, as in `page.error.kind == \"timeout\"`:\n\n{errors}\n\n{}",
        example("The result of a source")
    )
}

fn rows() -> String {
    let keys = table("Rows", &RowsSpec::docs());
    format!(
        "## Rows\n\nSources and mappings make rows in the same way, with these keys, which apply in this order whatever their order in the file:\n\n{keys}\n\n{}\n\n{}",
        include_str!("text/rows.md").trim_end(),
        example("Rows")
    )
}

fn names() -> String {
    let rows = NAMES.iter().map(|(name, place, doc)| vec![code(name), (*place).to_owned(), (*doc).to_owned()]);
    format!("{}\n\n{}", include_str!("text/names.md").trim_end(), grid(&["name", "where", "what it is"], rows))
}

fn functions() -> String {
    let families = function::families().map(|(title, table)| family(title, table.iter()));
    let tests = family("Tests, after `is`", function::all_tests());
    let sections: Vec<String> = families.chain([tests]).collect();
    format!("{}\n\n{}", include_str!("text/functions.md").trim_end(), sections.join("\n\n"))
}

fn family(title: &str, functions: impl Iterator<Item = &'static Function>) -> String {
    let entries: Vec<_> = functions.map(entry).collect();
    format!("### {title}\n\n{}", entries.join("\n"))
}

fn entry(function: &Function) -> String {
    let (example, result) = function.example;
    format!("- **`{}`** {}\n  For example {} gives {}.", signature(function), function.doc, fenced(example), fenced(result))
}

/// Code that may hold backticks itself.
fn fenced(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { code(text) }
}

fn conf_d() -> String {
    let section = |mark: &str, title: &str, intro: &str, fields: &[FieldDoc]| {
        let blocks = [format!("{mark} {title}"), intro.to_owned(), table(title, fields), example(title)];
        joined(&blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>())
    };
    joined(&[
        CONF.to_owned(),
        section("###", "A file of conf.d", "", &conf::file_docs()),
        section("###", "Standard keys of an instance", "", &conf::instance_docs()),
        "## engine.yaml\n\nWhat the engine itself may be told stands on [a page of its own](engine-yaml.md).".to_owned(),
    ])
}

#[cfg(test)]
mod tests {
    use super::DECODERS;
    use crate::decode::grok_patterns::LIBRARY;

    #[test]
    fn every_grok_pattern_is_on_the_page() {
        let absent: Vec<_> = LIBRARY.iter().map(|(name, _)| *name).filter(|name| !DECODERS.contains(&format!("`{name}`"))).collect();
        assert!(absent.is_empty(), "{absent:?}");
    }
}
