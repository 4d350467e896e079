//! The rules of the house, checked on the sources themselves: layers, module docs, length, tables of
//! kinds, places of I/O, and words that must not stay.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders and their layers: a file imports lower layers only, and siblings of one layer never
/// import each other.
const LAYERS: &[(&str, u32)] = &[
    ("base", 0),
    ("yaml", 1),
    ("net", 1),
    ("disk", 1),
    ("decode", 2),
    ("expr", 3),
    ("rows", 4),
    ("observation", 4),
    ("source", 5),
    ("map", 5),
    ("fold", 5),
    ("spool", 5),
    ("state", 6),
    ("spec", 6),
    ("report", 7),
    ("sink", 8),
    ("conf", 9),
    ("lint", 10),
    ("plan", 10),
    ("manual", 11),
    ("catalog", 11),
    ("run", 11),
    ("trial", 12),
    ("agent", 12),
    ("propose", 13),
    ("status", 13),
    ("lsp", 13),
    ("cli", 14),
];

/// Macros stand at the root of the crate; these are the folders that they belong to.
const MACROS: &[(&str, &str)] = &[("fields", "yaml"), ("words", "yaml"), ("from_words", "expr")];

/// The most lines of a file before its tests.
const LINES: usize = 500;

/// Where the outside may be touched.
const OUTSIDE: &[&str] = &["net", "disk", "source", "state", "spool", "sink", "catalog", "trial", "agent", "status", "lsp", "cli", "run"];
/// Paths that touch it.
const IO: &[&str] = &["std::fs", "std::process", "std::net", "tokio::", "std::env", "SystemTime::now", "Instant::now", "Timestamp::now"];
/// The one other file that reads clocks, so that all others can be given one.
const CLOCKS: &str = "src/base/time.rs";

/// What must not stay in the sources.
const LEFT_OVERS: &[&str] = &["todo!", "unimplemented!", "dbg!"];

/// One source file.
struct Source {
    /// Its path from the root of the crate.
    path: String,
    /// The folder below `src`; empty for `lib.rs` and `main.rs`.
    folder: String,
    /// Its lines before the tests.
    lines: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths.sort();
    paths.iter().map(|path| source(path)).collect()
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a source file");
    let path = path.strip_prefix(root()).expect("a path below the root").to_string_lossy().replace('\\', "/");
    let inner = path.strip_prefix("src/").unwrap_or(&path);
    let folder = inner.split_once('/').map_or("", |(folder, _)| folder).to_owned();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let tests = lines.windows(2).position(|pair| begins_tests(&pair[0], &pair[1]));
    let lines = lines.into_iter().take(tests.unwrap_or(usize::MAX)).collect();
    Source { path, folder, lines }
}

/// A `#[cfg(test)]` above a `mod name;` or a helper in the middle of a file does not end its code.
fn begins_tests(attribute: &str, module: &str) -> bool {
    attribute.starts_with("#[cfg(test)]") && module.starts_with("mod ") && module.ends_with('{')
}

fn layer(folder: &str) -> Option<u32> {
    LAYERS.iter().find(|(name, _)| *name == folder).map(|(_, layer)| *layer)
}

/// The line without its comment.
fn code(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") {
        return "";
    }
    line.split(" // ").next().unwrap_or(line)
}

/// The first words after `crate::` in a line; of `crate::{a, b}` both.
fn imports(line: &str) -> Vec<String> {
    let first = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let after = code(line).split("crate::").skip(1);
    let words = after.flat_map(|rest| match rest.strip_prefix('{') {
        Some(several) => several.split(',').map(first).collect::<Vec<_>>(),
        None => vec![first(rest)],
    });
    words.filter(|word| !word.is_empty()).collect()
}

fn folder_of(import: &str) -> &str {
    MACROS.iter().find(|(name, _)| *name == import).map_or(import, |(_, folder)| folder)
}

fn report(found: Vec<String>, rule: &str) {
    let mut message = String::new();
    for line in &found {
        let _ = writeln!(message, "  {line}");
    }
    assert!(found.is_empty(), "{rule}:\n{message}");
}

/// Every line of code outside of tests, with its place.
fn code_lines(sources: &[Source]) -> impl Iterator<Item = (&Source, String, &str)> {
    sources.iter().flat_map(|source| {
        let numbered = source.lines.iter().enumerate();
        numbered.map(move |(n, line)| (source, format!("{}:{}", source.path, n + 1), code(line)))
    })
}

#[test]
fn a_file_imports_lower_layers_only() {
    let sources = sources();
    let mut found = Vec::new();
    for (source, place, line) in code_lines(&sources) {
        let Some(own) = layer(&source.folder) else { continue };
        for import in imports(line) {
            let folder = folder_of(&import);
            match layer(folder) {
                _ if folder == source.folder => {}
                None => found.push(format!("{place}: `crate::{import}` is in no layer")),
                Some(other) if other < own => {}
                Some(other) => found.push(format!("{place}: `{}` (layer {own}) imports `{folder}` (layer {other})", source.folder)),
            }
        }
    }
    report(found, "a file may import lower layers only, and no sibling of its layer; move what both need further down");
}

#[test]
fn the_rules_see_what_they_look_for() {
    assert_eq!(imports("use crate::yaml::node::Node;"), ["yaml"]);
    assert_eq!(imports("use crate::{base::span, rows};"), ["base", "rows"]);
    assert_eq!(imports("    let a = crate::base::print::shown(crate::expr::a());"), ["base", "expr"]);
    assert_eq!(imports("/// As in [`crate::cli`]."), Vec::<String>::new());
    assert_eq!(folder_of("from_words"), "expr");
    assert!(layer("conf") < layer("lint"));
    assert!(begins_tests("#[cfg(test)]", "mod tests {") && !begins_tests("#[cfg(test)]", "mod testing;"));
    assert!(sources().len() > 100);
}

#[test]
fn every_folder_has_a_layer() {
    let unknown = sources().into_iter().filter(|source| !source.folder.is_empty() && layer(&source.folder).is_none());
    report(unknown.map(|source| source.path).collect(), "folders without a layer; give them one in tests/house.rs");
}

#[test]
fn every_file_begins_with_its_module_doc() {
    let bare = sources().into_iter().filter(|source| !source.lines.first().is_some_and(|line| line.starts_with("//! ")));
    report(
        bare.map(|source| format!("{}:1", source.path)).collect(),
        "files without a module doc; begin with `//!` and one sentence what the file is",
    );
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let mut found = Vec::new();
    for source in sources() {
        if source.lines.len() > LINES {
            found.push(format!("{}: {} lines before its tests, at most {LINES}", source.path, source.lines.len()));
        }
    }
    report(found, "files that are too long; find the second idea in them and give it a file");
}

#[test]
fn every_kind_stands_in_its_table() {
    let sources = sources();
    let mut found = Vec::new();
    for folder in ["src/source", "src/source/auth", "src/source/paginate", "src/decode", "src/sink"] {
        let table = &format!("{folder}/mod.rs");
        let listed = kinds_table(&sources, table);
        let below = |source: &&Source| source.path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder);
        let kinds = sources.iter().filter(below).filter(|source| source.path != *table && is_kind(source));
        for source in kinds {
            let module = source.path.rsplit('/').next().and_then(|file| file.strip_suffix(".rs")).unwrap_or_default();
            if !listed.contains(&format!("{module}::")) {
                found.push(format!("{}: `{module}` is not in KINDS of {table}", source.path));
            }
        }
    }
    report(found, "kinds that nobody can use");
}

fn kinds_table(sources: &[Source], path: &str) -> String {
    let table = sources.iter().find(|source| source.path == path).expect(path);
    let text = table.lines.join("\n");
    let (_, after) = text.split_once("pub const KINDS").expect("a table KINDS");
    after.split_once("];").expect("the end of KINDS").0.to_owned()
}

/// A file that declares a kind: a source's `KIND`, or the options of a decoder.
fn is_kind(source: &Source) -> bool {
    source.lines.iter().any(|line| line.starts_with("pub const KIND:") || line.starts_with("impl Options for "))
}

#[test]
fn nothing_is_left_over() {
    let sources = sources();
    let found = code_lines(&sources).flat_map(|(_, place, line)| {
        let words = LEFT_OVERS.iter().filter(move |word| line.contains(*word));
        words.map(move |word| format!("{place}: `{word}`"))
    });
    report(found.collect(), "left-overs; finish them or take them out");
}

#[test]
fn the_outside_is_touched_in_its_layers_only() {
    let sources = sources();
    let mut found = Vec::new();
    for (source, place, line) in code_lines(&sources) {
        if OUTSIDE.contains(&source.folder.as_str()) || source.path == "src/main.rs" {
            continue;
        }
        for word in IO.iter().filter(|word| line.contains(*word)) {
            let clock = word.ends_with("::now");
            if !(is_plain_address(line) || clock && source.path == CLOCKS) {
                found.push(format!("{place}: `{word}`"));
            }
        }
    }
    report(found, "I/O, clocks or the environment outside of the layers for them; take what is read as an argument");
}

/// `std::net` holds plain addresses too, which touch nothing.
fn is_plain_address(line: &str) -> bool {
    line.contains("std::net::IpAddr") || line.contains("std::net::SocketAddr")
}
