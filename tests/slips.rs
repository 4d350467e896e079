//! Slips of the hand in the shipped specs: each is made by a generator, and told at its line or at the
//! line that contradicts it.
//!
//! A mutation that lint says nothing of is a hole. `SHOW=1 cargo test --test slips -- --nocapture`
//! prints those that are not caught.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::diag::Diagnostic;
use engine::base::span::{FileId, Sources, Span};
use engine::catalog::files::{SpecFile, all_specs};
use engine::lint::beside::Beside;
use engine::lint::{Levels, allow};
use engine::plan::compile::compile;
use engine::spec::share::{FragmentStore, assemble};
use engine::yaml::load::load;
use engine::yaml::node::{Data, Literal, Node};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The least share of mutations that lint tells at their place.
const CAUGHT: f64 = 0.95;
/// The least number of mutations.
const MUTATIONS: usize = 300;

/// Every so manieth mutation is tried; all of them with `MUTATE=all`.
const EACH: usize = 4;

/// One changed spec.
struct Mutation {
    kind: &'static str,
    text: String,
    /// Lines, from 1, of which one must be marked.
    lines: Vec<usize>,
    what: String,
}

struct Fragments(std::path::PathBuf);

impl FragmentStore for Fragments {
    fn open(&mut self, path: &str, sources: &mut Sources) -> Result<FileId, String> {
        let text = std::fs::read_to_string(self.0.join(path)).map_err(|_| "there is no such file".to_owned())?;
        Ok(sources.find(path).unwrap_or_else(|| sources.add(path, text)))
    }
}

/// The problems of a text in the place of a spec.
fn problems(spec: &SpecFile, text: &str) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("spec.yaml", text);
    let whole = assemble(load(&sources, file), &mut sources, &mut Fragments(spec.specs()));
    let root = whole.loaded.root.clone();
    let (read, mut found) = engine::spec::read::read(whole, file, &spec.name, &sources);
    if let Some(read) = read {
        let (beside, levels) = (Beside::unknown(), Levels::default());
        found.extend(engine::lint::spec(&root, &read, &sources, &beside, &levels));
        allow::apply(file, &mut found, &sources, &levels, true);
        found.extend(compile(read, "/".into()).err().unwrap_or_default());
    }
    (sources, found)
}

/// True if the tree is the same: nobody can see such a slip.
fn is_same(before: &str, after: &str) -> bool {
    let tree = |text: &str| {
        let mut sources = Sources::default();
        let file = sources.add("spec.yaml", text);
        let loaded = load(&sources, file);
        loaded.problems.is_empty().then(|| engine::base::print::to_json(&loaded.root.to_value()).to_string())
    };
    tree(after).is_some_and(|after| tree(before).is_some_and(|before| before == after))
}

/// What lint says, without places: the code, the title, and how often.
fn counted(found: &[Diagnostic]) -> BTreeMap<(&str, &str), usize> {
    let mut out = BTreeMap::new();
    for problem in found {
        *out.entry((problem.code, &*problem.title)).or_default() += 1;
    }
    out
}

/// The lines of all marks of problems that the spec did not have before.
fn new_lines(spec: &SpecFile, before: &[Diagnostic], text: &str) -> Vec<usize> {
    let (sources, found) = problems(spec, text);
    let known = counted(before);
    let now = counted(&found);
    let new = found
        .iter()
        .filter(|problem| now[&(problem.code, &*problem.title)] > known.get(&(problem.code, &*problem.title)).copied().unwrap_or(0));
    let marks = new.flat_map(|problem| &problem.labels).map(|label| label.span);
    marks.flat_map(|span| lines(&sources, span)).collect()
}

/// The first and, for a mark in one place, the last line of a span.
fn lines(sources: &Sources, span: Span) -> [usize; 2] {
    let source = sources.get(span.file).expect("a file");
    let first = source.position(span.start).line;
    let last = source.position(span.end).line;
    [first, if last.saturating_sub(first) < 2 { last } else { first }]
}

/// A key or value of a spec with the path that leads to it.
struct Spot<'n> {
    path: Vec<String>,
    key: Option<Range<usize>>,
    node: &'n Node,
}

fn spots<'n>(node: &'n Node, path: &mut Vec<String>, out: &mut Vec<Spot<'n>>) {
    match &node.data {
        Data::Scalar(_) => {}
        Data::List(items) => {
            for item in items {
                path.push("[]".to_owned());
                out.push(Spot { path: path.clone(), key: None, node: item });
                spots(item, path, out);
                path.pop();
            }
        }
        Data::Map(entries) => {
            for entry in entries {
                path.push(entry.key.to_string());
                out.push(Spot { path: path.clone(), key: Some(range(entry.key_span)), node: &entry.value });
                spots(&entry.value, path, out);
                path.pop();
            }
        }
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// True where any key and any word is as good as another: nobody can know a slip there.
fn is_free(path: &[String]) -> bool {
    let free = [
        "description",
        "title",
        "tables",
        "metadata",
        "x-request",
        "data",
        "json",
        "headers",
        "query",
        "form",
        "env",
        "example",
        "default",
        "attributes",
    ];
    path.iter().any(|part| free.contains(&part.as_str()) || part.starts_with("x-"))
}

/// Names that the author chooses: keys of these maps.
fn is_name(path: &[String]) -> bool {
    let names = [
        "sources",
        "let",
        "instance",
        "init_config",
        "index",
        "each",
        "set",
        "group",
        "gauge",
        "rate",
        "monotonic_count",
        "count",
        "tags",
        "state",
        "auth",
        "types",
        "metrics",
        "map",
        "fields",
        "rename_labels",
        "tables",
    ];
    path.len() > 1 && names.contains(&path[path.len() - 2].as_str())
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The word with two letters in the middle swapped, or one doubled.
fn slip(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = (letters.len() / 2).max(1);
    if letters.len() > 2 && letters[at] != letters[at - 1] && letters[at].is_alphanumeric() && letters[at - 1].is_alphanumeric() {
        letters.swap(at, at - 1);
    } else {
        letters.insert(at.min(letters.len()), 'q');
    }
    letters.into_iter().collect()
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// The lines of a text that use a word.
fn uses(text: &str, word: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let has = |line: &str| {
        line.match_indices(word).any(|(at, _)| !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word))
    };
    text.lines().enumerate().filter(|(_, line)| has(line)).map(|(n, _)| n + 1).collect()
}

/// Where a map or list begins, whose parts may be told there.
fn around(text: &str, root: &Node, at: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut here = Some(root);
    while let Some(node) = here {
        out.push(line_of(text, node.span.start as usize));
        let inside = |node: &Node| (node.span.start as usize) <= at && at < (node.span.end as usize).max(node.span.start as usize + 1);
        here = match &node.data {
            Data::Scalar(_) => None,
            Data::List(items) => items.iter().find(|item| inside(item)),
            Data::Map(entries) => entries.iter().find(|entry| inside(&entry.value) || range(entry.key_span).contains(&at)).map(|entry| {
                out.push(line_of(text, entry.key_span.start as usize));
                &entry.value
            }),
        };
    }
    out
}

fn mutations(text: &str, root: &Node) -> Vec<Mutation> {
    let mut found = Vec::new();
    spots(root, &mut Vec::new(), &mut found);
    let mut out = Vec::new();
    for spot in found.iter().filter(|spot| !is_free(&spot.path)) {
        typos(text, root, spot, &mut out);
        types_and_units(text, root, spot, &mut out);
    }
    scopes(text, root, &mut out);
    of_lines(text, root, &mut out);
    out
}

/// A slip in a key, a reference, an expression, a path, a setting.
fn typos(text: &str, root: &Node, spot: &Spot<'_>, out: &mut Vec<Mutation>) {
    let path = spot.path.join(".");
    if let Some(key) = spot.key.clone().filter(|key| key.len() > 2 && !is_name(&spot.path)) {
        let word = &text[key.clone()];
        if word.chars().all(|c| c.is_alphanumeric() || c == '_') {
            let line = line_of(text, key.start);
            out.push(Mutation { kind: "typo in a key", text: replaced(text, key, &slip(word)), lines: vec![line], what: path.clone() });
        }
    }
    if let Some(key) = spot.key.clone().filter(|_| is_name(&spot.path) && spot.path.len() == 2) {
        // The name of a source, a let, a login: those that use it are told.
        let word = text[key.clone()].to_owned();
        let mut lines = uses(text, &word);
        lines.push(line_of(text, key.start));
        if ["sources", "let", "state", "auth"].contains(&spot.path[0].as_str()) && lines.len() > 1 {
            out.push(Mutation { kind: "typo in a name", text: replaced(text, key, &slip(&word)), lines, what: path.clone() });
        }
    }
    let Some(scalar) = spot.node.as_scalar().filter(|scalar| scalar.literal == Literal::Text) else { return };
    let span = range(spot.node.span);
    let line = line_of(text, span.start);
    let written = &text[span.clone()];
    let around = || around(text, root, span.start);
    for (prefix, kind) in [("row.", "typo in a field"), ("instance.", "typo in a setting's name"), ("tables.", "typo in a table's name")] {
        if let Some(at) = written.find(prefix) {
            let start = span.start + at + prefix.len();
            let word: String = text[start..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let typed = prefix != "row." || typed_rows(&spot.path, root);
            if word.len() > 2 && typed {
                out.push(Mutation {
                    kind,
                    text: replaced(text, start..start + word.len(), &slip(&word)),
                    lines: vec![line],
                    what: path.clone(),
                });
            }
        }
    }
    if let Some(at) = written.find(" | ") {
        let start = span.start + at + 3;
        let word: String = text[start..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        out.push(Mutation {
            kind: "typo in a filter",
            text: replaced(text, start..start + word.len(), &slip(&word)),
            lines: vec![line],
            what: path.clone(),
        });
    }
    if let Some(at) = written.find("}}") {
        let at = span.start + at;
        out.push(Mutation { kind: "a brace lost", text: replaced(text, at..at + 1, ""), lines: around(), what: path.clone() });
    }
    if spot.path.last().is_some_and(|key| ["type", "mode", "method", "status", "decode", "from", "on_error"].contains(&key.as_str()))
        && scalar.text.len() > 2
        && !written.contains(['{', '$'])
    {
        let mut lines = around();
        lines.push(line);
        out.push(Mutation { kind: "typo in a word", text: replaced(text, span.clone(), &slip(written)), lines, what: path.clone() });
    }
    if is_expression(&spot.path) && !written.starts_with(['\'', '"', '$', '>', '|']) {
        let operator = [" and ", " == ", " > ", " / ", " * ", " + ", " or "].into_iter().find(|operator| written.contains(operator));
        if let Some((at, operator)) = operator.and_then(|operator| Some((written.find(operator)?, operator))) {
            let at = span.start + at;
            out.push(Mutation {
                kind: "an operator twice",
                text: replaced(text, at..at, operator.trim_end()),
                lines: around(),
                what: path.clone(),
            });
        }
        out.push(Mutation { kind: "a bracket left open", text: replaced(text, span.end..span.end, " ("), lines: around(), what: path });
    }
}

fn is_expression(path: &[String]) -> bool {
    path.last().is_some_and(|key| ["value", "when", "expect"].contains(&key.as_str())) || path.len() == 2 && path[0] == "let"
}

/// True where the decoder says which fields there are.
fn typed_rows(path: &[String], root: &Node) -> bool {
    let _ = path;
    let sources = root.entry("sources").and_then(|entry| entry.value.as_map()).unwrap_or(&[]);
    let typed = |source: &Node| {
        let decode = source.entry("decode").map(|entry| &entry.value);
        let plain = source.entry("rows").is_none() && source.entry("from").is_none();
        plain && decode.is_some_and(|decode| decode.entry("table").is_some_and(|table| table.value.entry("columns").is_some()))
    };
    !sources.is_empty() && sources.iter().all(|entry| typed(&entry.value))
}

/// A list for a number, a word for a duration, a unit that there is not.
fn types_and_units(text: &str, root: &Node, spot: &Spot<'_>, out: &mut Vec<Mutation>) {
    let Some(scalar) = spot.node.as_scalar() else { return };
    let Some(key) = spot.path.last() else { return };
    let span = range(spot.node.span);
    let lines = || {
        let mut lines = around(text, root, span.start);
        lines.push(line_of(text, span.start));
        lines
    };
    let mut add = |kind, with: &str| {
        out.push(Mutation { kind, text: replaced(text, span.clone(), with), lines: lines(), what: spot.path.join(".") });
    };
    let settings = [
        "timeout",
        "cache",
        "max_bytes",
        "skip",
        "optional",
        "required",
        "concurrency",
        "limit",
        "snapshot",
        "repeat",
        "expiry",
        "connect_timeout",
        "min",
        "max",
    ];
    if settings.contains(&key.as_str()) && !scalar.text.contains("{{") {
        add("a list for one value", "[1, 2]");
        add("a word for a value", "sometimes");
    }
    if ["timeout", "cache", "repeat", "expiry"].contains(&key.as_str()) && !scalar.text.contains("{{") {
        add("a unit that there is not", "5 sekonds");
    }
    if ["optional", "required", "snapshot"].contains(&key.as_str()) {
        add("a number for a boolean", "7");
    }
    if ["name", "id", "prefix", "url", "path", "type"].contains(&key.as_str()) && !is_name(&spot.path) {
        add("a map for a text", "{a: b}");
        add("nothing for a text", "");
    }
    if key == "unit" {
        add("a list for a unit", "[second]");
    }
    if ["value", "when", "expect"].contains(&key.as_str()) {
        add("a map for an expression", "{a: b}");
        add("braces in an expression", "\"{{ row.a }}\"");
    }
}

/// A name where it does not exist.
fn scopes(text: &str, root: &Node, out: &mut Vec<Mutation>) {
    let mappings = ["metrics", "service_checks", "events", "logs"].into_iter().filter_map(|key| root.entry(key));
    for item in mappings.filter_map(|entry| entry.value.as_list()).flatten() {
        let Some(from) = item.entry("from") else {
            for key in ["value", "when"] {
                let Some(value) = item.entry(key).filter(|entry| entry.value.as_scalar().is_some()) else { continue };
                let span = range(value.value.span);
                let lines = vec![line_of(text, span.start)];
                out.push(Mutation {
                    kind: "a row where there is none",
                    text: replaced(text, span.clone(), "row.anything"),
                    lines: lines.clone(),
                    what: key.to_owned(),
                });
                out.push(Mutation {
                    kind: "a change where there is none",
                    text: replaced(text, span, "change.to"),
                    lines,
                    what: key.to_owned(),
                });
            }
            continue;
        };
        let span = range(from.value.span);
        if from.value.as_scalar().is_some() {
            let lines = vec![line_of(text, span.start)];
            out.push(Mutation {
                kind: "a source that there is not",
                text: replaced(text, span, "nowhere"),
                lines,
                what: "from".to_owned(),
            });
        }
        for key in ["value", "when"] {
            let Some(value) = item.entry(key).filter(|entry| entry.value.as_scalar().is_some()) else { continue };
            let span = range(value.value.span);
            let lines = vec![line_of(text, span.start)];
            out.push(Mutation {
                kind: "a cursor where there is none",
                text: replaced(text, span, "cursor.next"),
                lines,
                what: key.to_owned(),
            });
        }
    }
}

/// Lines that are deleted, doubled, or indented one more.
fn of_lines(text: &str, root: &Node, out: &mut Vec<Mutation>) {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let mut offset = 0;
    for (at, line) in all.iter().enumerate() {
        let start = offset;
        offset += line.len();
        let body = line.trim();
        let key = body.trim_start_matches("- ").split(':').next().unwrap_or("");
        let is_entry = body.contains(": ")
            && !body.starts_with('#')
            && key.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !inside_block_text(&all, at);
        if !is_entry {
            continue;
        }
        let lines_here = |extra: &[usize]| {
            let mut lines = around(text, root, start + line.len() - line.trim_start().len());
            lines.extend_from_slice(extra);
            lines
        };
        let join = |lines: &[&str]| lines.concat();
        let required = ["name", "version", "id", "type", "value", "status", "url", "argv", "path"].contains(&key);
        if required && !body.starts_with('-') && at > 0 {
            let mut less = all.clone();
            less.remove(at);
            let what = format!("line {}", at + 1);
            out.push(Mutation { kind: "a required line deleted", text: join(&less), lines: lines_here(&[at, at + 1]), what });
        }
        let free = ["description", "title"].contains(&key);
        if !body.starts_with("- ") {
            let mut more = all.clone();
            more.insert(at, line);
            out.push(Mutation { kind: "a line twice", text: join(&more), lines: vec![at + 1, at + 2], what: format!("line {}", at + 1) });
        }
        if !free && !body.starts_with("- ") && at > 0 {
            let indented = format!(" {line}");
            let mut moved = all.clone();
            moved[at] = &indented;
            let what = format!("line {}", at + 1);
            out.push(Mutation { kind: "a line indented one more", text: join(&moved), lines: lines_here(&[at, at + 1, at + 2]), what });
        }
        if body.starts_with("- {") && !body.contains('#') && body.ends_with('}') {
            let open = line.trim_end().strip_suffix('}').map(|line| format!("{line}\n")).expect("a brace");
            let mut broken = all.clone();
            broken[at] = &open;
            let what = format!("line {}", at + 1);
            out.push(Mutation { kind: "a flow map left open", text: join(&broken), lines: lines_here(&[at, at + 1, at + 2]), what });
        }
        if !line.starts_with(' ') && !body.starts_with('-') && at > 0 {
            let tab = format!("\t{line}");
            let mut moved = all.clone();
            moved[at] = &tab;
            out.push(Mutation { kind: "a tab", text: join(&moved), lines: vec![at, at + 1, at + 2], what: format!("line {}", at + 1) });
        }
    }
}

/// True for a line of a `>-` or `|` text.
fn inside_block_text(all: &[&str], at: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(all[at]);
    all[..at].iter().rev().find(|line| !line.trim().is_empty() && indent(line) < own).is_some_and(|line| {
        let end = line.trim_end();
        end.ends_with(">-") || end.ends_with('>') || end.ends_with('|') || end.ends_with("|-")
    })
}

#[test]
fn slips_of_the_hand_are_told_at_their_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut all, mut missed, mut kinds) = (0, Vec::new(), BTreeMap::<&str, (usize, usize)>::new());
    for spec in all_specs(&[root.join("specs")]) {
        let text = std::fs::read_to_string(&spec.path).expect("a shipped spec");
        let mut sources = Sources::default();
        let file = sources.add("spec.yaml", &*text);
        let tree = load(&sources, file).root;
        let (_, before) = problems(&spec, &text);
        let whole = std::env::var_os("MUTATE").is_some_and(|value| value == "all");
        for (n, mutation) in mutations(&text, &tree).into_iter().enumerate() {
            if !whole && n % EACH != 0 || is_same(&text, &mutation.text) {
                continue;
            }
            all += 1;
            let marked = new_lines(&spec, &before, &mutation.text);
            let hit = marked.iter().any(|line| mutation.lines.contains(line));
            let kind = kinds.entry(mutation.kind).or_default();
            kind.0 += 1;
            if !hit {
                kind.1 += 1;
                missed.push(format!(
                    "{}: {} at {} (lines {:?}, told at {marked:?})",
                    spec.name, mutation.kind, mutation.what, mutation.lines
                ));
            }
        }
    }
    let share = 1.0 - missed.len() as f64 / all as f64;
    if std::env::var_os("SHOW").is_some() {
        println!("{}", missed.join("\n"));
        kinds.iter().for_each(|(kind, (all, missed))| println!("{kind}: {} of {all}", all - missed));
        println!("{all} mutations, {:.1} % caught", share * 100.0);
    }
    assert!(all >= MUTATIONS, "{all} mutations only");
    assert!(share >= CAUGHT, "{:.1} % of {all} caught; not caught:\n{}", share * 100.0, missed.join("\n"));
}
