//! The page of the language keeps its promise: every key of every section has an example, every
//! example is without problems, and what the page says comes of an answer does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::report;
use common::script::play;
use engine::base::span::Sources;
use engine::manual::parts::{kind_title, title};
use engine::manual::{examples, names, reference, scopes};
use engine::yaml::load::load;
use engine::yaml::node::Node;
use engine::yaml::shape::{FieldDoc, KindDoc, Shape};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// What has no example on purpose: keys that are accepted and not read yet.
const NOT_READ: &str = "not read by this version";

/// A fenced block: its language and its text.
type Block<'a> = (&'a str, &'a str);

fn blocks(text: &str) -> Vec<Block<'_>> {
    text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

fn yaml_blocks(text: &str) -> Vec<&str> {
    blocks(text).into_iter().filter(|(language, _)| *language == "yaml").map(|(_, block)| block).collect()
}

fn parsed(text: &str) -> Node {
    let mut sources = Sources::default();
    let file = sources.add("example", text);
    let loaded = load(&sources, file);
    assert!(loaded.problems.is_empty(), "no YAML: {text}");
    loaded.root
}

/// Sections and their keys, as an example uses them.
type Used = BTreeSet<(String, String)>;

fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    node.as_map().unwrap_or(&[]).iter().map(|entry| (&*entry.key, &entry.value))
}

/// Walks an example along the declarations.
fn walk(node: &Node, shape: &Shape, used: &mut Used) {
    match shape {
        Shape::Setting(of) => walk(node, of, used),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| walk(node, shape, used)),
        Shape::List(of) => node.as_list().unwrap_or(&[]).iter().for_each(|item| walk(item, of, used)),
        Shape::Map(of) => entries(node).for_each(|(_, value)| walk(value, of, used)),
        Shape::Struct(declared) => walk_fields(node, &title(declared.name), &(declared.fields)(), used),
        Shape::Kind(family, kind) => walk_kind(node, family, kind, used),
        Shape::Kinds(family, kinds) => {
            for (key, value) in entries(node) {
                kinds().iter().filter(|kind| kind.name == key).for_each(|kind| walk_kind(value, family, kind, used));
            }
        }
        _ => {}
    }
}

fn walk_kind(node: &Node, family: &str, kind: &KindDoc, used: &mut Used) {
    walk_fields(node, &kind_title(family, kind.name), &kind.fields, used);
    kind.short.iter().for_each(|short| walk(node, short, used));
}

/// Only a map of nothing but known keys is that struct, and not another of several shapes.
fn walk_fields(node: &Node, title: &str, fields: &[FieldDoc], used: &mut Used) {
    let field = |key: &str| fields.iter().find(|field| field.key == key);
    let shortened = |key: &str| title == "Component" || field(key).is_some();
    if !entries(node).all(|(key, _)| shortened(key)) {
        return;
    }
    for (key, value) in entries(node) {
        let Some(field) = field(key) else { continue };
        used.insert((title.to_owned(), key.to_owned()));
        walk(value, &field.shape, used);
    }
}

fn used_in(text: &str) -> Used {
    let mut used = Used::new();
    let top = engine::spec::docs::docs();
    for block in yaml_blocks(text) {
        for (key, value) in entries(&parsed(block)) {
            if let Some(field) = top.iter().find(|field| field.key == key) {
                walk(value, &field.shape, &mut used);
            }
        }
    }
    used
}

#[test]
fn every_key_of_every_struct_and_kind_has_an_example_under_its_own_heading() {
    let mut found = Vec::new();
    let parts = reference::parts();
    assert!(parts.len() > 60, "{}", parts.len());
    for part in parts {
        let used = examples::of(&part.title).map(used_in).unwrap_or_default();
        let keys = reference::own_keys(&part);
        let absent = keys.iter().filter(|field| !used.contains(&(part.title.clone(), field.key.to_owned())));
        found.extend(absent.map(|field| format!("{}: no example of `{}`", part.title, field.key)));
    }
    report(&found);
}

/// All keys of maps in a document, at any depth.
fn all_keys(node: &Node, out: &mut BTreeSet<String>) {
    for (key, value) in entries(node) {
        out.insert(key.to_owned());
        all_keys(value, out);
    }
    node.as_list().unwrap_or(&[]).iter().for_each(|item| all_keys(item, out));
}

/// The sections of the page with their titles; headings inside of blocks are none.
fn sections(page: &str) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        in_block ^= line.starts_with("```");
        match line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")).filter(|_| !in_block) {
            Some(title) => out.push((title.to_owned(), String::new())),
            None => out.iter_mut().last().into_iter().for_each(|(_, text)| *text += &format!("{line}\n")),
        }
    }
    out
}

/// The first cells of a section's table of keys.
fn keys_of(section: &str) -> Vec<&str> {
    let rows = section.lines().skip_while(|line| !line.starts_with("| key |")).skip(2).take_while(|line| line.starts_with("| `"));
    rows.filter(|row| !row.contains(NOT_READ)).filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn every_key_of_every_table_of_the_page_has_an_example_below_it() {
    let page = reference::reference();
    let (mut found, mut n_keys) = (Vec::new(), 0);
    for (title, text) in sections(&page) {
        let mut there = BTreeSet::new();
        yaml_blocks(&text).into_iter().for_each(|block| all_keys(&parsed(block), &mut there));
        let keys = keys_of(&text);
        n_keys += keys.len();
        found.extend(keys.iter().filter(|key| !there.contains(**key)).map(|key| format!("{title}: no example of `{key}`")));
    }
    report(&found);
    assert!(n_keys > 350, "{n_keys}");
}

#[test]
fn every_member_of_a_result_has_an_example() {
    let text = examples::of("The result of a source").expect("an example");
    let absent = names::MEMBERS.iter().filter(|(member, _)| !text.contains(&format!(".{member}")));
    report(&absent.map(|(member, _)| format!("no example of `.{member}`")).collect::<Vec<_>>());
}

#[test]
fn examples_and_names_belong_to_sections_of_the_page() {
    let page = reference::reference();
    let titles: BTreeSet<String> = sections(&page).into_iter().map(|(title, _)| title).collect();
    let strangers = examples::all().map(|(title, _)| title).filter(|title| !titles.contains(*title));
    let mut found: Vec<_> = strangers.map(|title| format!("examples of `{title}`, which is no section")).collect();
    let sections = sections(&page);
    for scope in scopes::SCOPES {
        let Some((_, text)) = sections.iter().find(|(title, _)| title == scope.section) else {
            found.push(format!("names of `{}`, which is no section", scope.section));
            continue;
        };
        let keys = keys_of(text);
        found.extend(scope.keys.iter().filter(|key| !keys.contains(key)).map(|key| format!("{}: no key `{key}`", scope.section)));
    }
    report(&found);
}

/// The spec that the examples of conf.d are instances of.
const WEB: &str = "name: web\nversion: 1.0.0\nconfig: {use: [http], instance: {url: {type: url, required: true}}}\n\
    sources: {page: {http: {url: \"{{ instance.url }}\"}}}\nmetrics: [{name: web.elapsed, value: page.elapsed}]\n";

/// A spec of an example that says all but its name and version.
fn completed(name: &str, block: &str) -> String {
    format!("name: {name}\nversion: 1.0.0\n{block}")
}

/// All examples of the page, each in a file of its own, are without problems; those of conf.d may
/// have warnings, since they show keys that are there for old files.
#[test]
fn the_examples_of_the_page_are_without_problems() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |path: &str| place.path().join(path);
    for folder in ["specs/fragments", "conf.d", "web/specs", "web/conf.d"] {
        fs::create_dir_all(at(folder)).expect("a folder");
    }
    fs::write(at("web/specs/web.yaml"), WEB).expect("a spec");
    fs::write(at("web/conf.d/web-password"), "secret").expect("a secret");
    let page = reference::reference();
    let lint = |folder: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        let output = command.arg("lint").args(arguments).env("WEB_TOKEN", "a").env("PASSWORD", "a").current_dir(at(folder)).output();
        let output = output.expect("the engine starts");
        let said = [&output.stdout[..], &output.stderr].concat();
        (!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned())
    };
    let (mut found, mut n_specs) = (Vec::new(), 0);
    for block in yaml_blocks(&page) {
        let first = block.lines().next().unwrap_or_default();
        if block.contains("instances:") {
            fs::write(at("web/conf.d/web.yaml"), block).expect("instances");
            found.extend(lint("web", &["conf.d/web.yaml", "--conf-dir", "conf.d", "--spec-dir", "specs"]));
        } else if let Some(path) = first.strip_prefix("# ").filter(|path| path.starts_with("specs/")) {
            // Some are shown twice.
            fs::write(at(path), block).expect("a spec");
            found.extend(lint(".", &["--conf-dir", "conf.d", "--spec-dir", "specs", path]));
        } else {
            n_specs += 1;
            let name = format!("example_{n_specs}");
            fs::write(at(&format!("specs/{name}.yaml")), completed(&name, block)).expect("a spec");
        }
    }
    // Examples are parts of specs: what they leave unused, or send nowhere, is no slip of theirs.
    found.extend(lint(".", &["--conf-dir", "conf.d", "--spec-dir", "specs", "specs"]));
    report(&found);
    assert!(n_specs > 90, "{n_specs}");
}

/// The rows of the first source of an example with that answer, as JSON.
fn rows_of(block: &str, answer: &str) -> Result<Vec<Json>, String> {
    let spec = parsed(block);
    let sources = spec.entry("sources").ok_or("no sources")?;
    let (source, _) = entries(&sources.value).next().ok_or("no source")?;
    let logs = format!("logs: [{{from: {source}, message: \"{{{{ row | json }}}}\"}}]\n");
    let played = play(&completed("example", &(block.to_owned() + &logs)), "", &json!({source: {"body": answer}}))?;
    let outcome = played.outcomes.first().ok_or("no run")?;
    let seen = &outcome.observations;
    Ok(seen.logs.iter().map(|log| serde_json::from_str(&log.message).unwrap_or(Json::Null)).collect())
}

#[test]
fn answers_of_examples_give_the_rows_that_stand_below_them() {
    let (mut found, mut n_answers) = (Vec::new(), 0);
    for (title, text) in examples::all() {
        for window in blocks(text).windows(3) {
            let [("text", answer), ("yaml", spec), ("json", expected)] = window else { continue };
            n_answers += 1;
            let expected: Vec<Json> = expected.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            match rows_of(spec, answer) {
                Ok(rows) if rows == expected => {}
                Ok(rows) => {
                    let lines: Vec<_> = rows.iter().map(Json::to_string).collect();
                    found.push(format!("{title}: the rows are\n{}", lines.join("\n")));
                }
                Err(problem) => found.push(format!("{title}: {problem}")),
            }
        }
    }
    report(&found);
    assert!(n_answers > 15, "{n_answers}");
}
