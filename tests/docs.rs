//! What the documentation shows works: its specs and instances lint clean, its links lead
//! somewhere, and the shipped checks do on this machine what their pages say.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::span::Sources;
use engine::manual::schema::slug;
use engine::yaml::load::load;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Checks that run on any Linux machine, without a file in conf.d or with the shipped one.
const ANYWHERE: &[&str] = &["cpu", "disk", "hello", "load", "memory", "network", "process_count", "uptime"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The engine in a folder, without settings from outside.
fn engine(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
        command.env_remove(name);
    }
    for name in secrets() {
        command.env(name, "a secret of the examples");
    }
    command.args(arguments).current_dir(folder).output().expect("the engine starts")
}

/// The variables whose secrets the pages use.
fn secrets() -> BTreeSet<String> {
    let texts: String = pages().into_iter().filter_map(|page| fs::read_to_string(page).ok()).collect();
    let names = texts.split("secret('env:").skip(1).filter_map(|rest| rest.split_once('\'')).map(|(name, _)| name.to_owned());
    names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with("ENGINE_")).collect()
}

/// What a command said, if it did not end well.
fn complaint(output: &Output) -> Option<String> {
    let said = [&output.stdout[..], &output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned())
}

fn report(found: Vec<String>, rule: &str) {
    let mut message = String::new();
    for line in &found {
        let _ = writeln!(message, "  {line}");
    }
    assert!(found.is_empty(), "{rule}:\n{message}");
}

/// README.md and everything below docs/.
fn pages() -> Vec<PathBuf> {
    let mut out = vec![root().join("README.md")];
    walk(&root().join("docs"), &mut out);
    out.sort();
    out
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of pages") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            out.push(path);
        }
    }
}

/// A YAML block whose first line says which file it is.
struct Block {
    /// Page and line.
    place: String,
    /// `specs` or `conf.d`.
    folder: &'static str,
    /// The file's name.
    file: String,
    text: String,
}

/// The blocks of a page that begin with `# specs/NAME.yaml` or `# conf.d/NAME.yaml`.
fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(page).expect("a page");
    let shown = page.strip_prefix(root()).unwrap_or(page).display();
    let mut out = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((fence, number)) = lines.next() {
        if fence != "```yaml" {
            continue;
        }
        let inner: Vec<&str> = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```").collect();
        let first = inner.first().copied().unwrap_or_default();
        let named = ["specs", "conf.d"].into_iter().find_map(|folder| {
            let (name, _) = first.strip_prefix("# ")?.strip_prefix(folder)?.strip_prefix('/')?.split_once(".yaml")?;
            Some((folder, format!("{name}.yaml")))
        });
        if let Some((folder, file)) = named {
            out.push(Block { place: format!("{shown}:{number}"), folder, file, text: inner.join("\n") + "\n" });
        }
    }
    out
}

#[test]
fn yaml_of_the_pages_is_without_problems() {
    let mut found = Vec::new();
    let mut n_blocks = 0;
    let others: Vec<String> = ["specs"].iter().chain(EXAMPLES).map(|folder| root().join(folder).to_string_lossy().into_owned()).collect();
    let others: Vec<&str> = others.iter().flat_map(|folder| ["--spec-dir", folder]).collect();
    // The examples of the language have a test of their own: not all of them are whole files.
    for page in pages().into_iter().filter(|page| !page.ends_with("language.md")) {
        // A later block of the same name is a later state of the file; instances meet the last one.
        let work = tempfile::tempdir().expect("a folder for a page");
        for folder in ["specs", "conf.d"] {
            fs::create_dir(work.path().join(folder)).expect("a folder");
        }
        for block in blocks(&page) {
            n_blocks += 1;
            let path = format!("{}/{}", block.folder, block.file);
            let file = work.path().join(&path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of a fragment");
            fs::write(file, &block.text).expect("a file of the page");
            let own = ["lint", "--deny", "warnings", "--spec-dir", "specs", "--conf-dir", "conf.d", &path];
            let lint = [&own[..], &others].concat();
            found.extend(complaint(&engine(work.path(), &lint)).map(|said| format!("{}: {said}", block.place)));
        }
    }
    assert!(n_blocks > 10, "only {n_blocks} blocks were found");
    report(found, "examples with problems");
}

/// Folders below `examples` that hold folders of specs.
const EXAMPLES: &[&str] = &["examples/cookbook", "examples/coming-from"];

/// The folders of all these specs, from the root.
fn examples() -> Vec<String> {
    let inside = |folder: &&str| {
        let entries = fs::read_dir(root().join(folder)).expect("a folder of examples");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = EXAMPLES.iter().flat_map(inside).collect();
    all.sort();
    all
}

/// A page with the blocks that begin with `# examples/FILE` as the files are, and those files.
fn with_examples(page: &str) -> (String, Vec<String>) {
    let (mut out, mut shown) = (String::new(), Vec::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(path) = line.strip_prefix("# ").filter(|path| path.starts_with("examples/")) else { continue };
        let file = fs::read_to_string(root().join(path)).unwrap_or_else(|_| panic!("{path} is shown and does not exist"));
        let _ = write!(out, "{file}");
        shown.push(path.to_owned());
        let end = lines.find(|line| line.starts_with("```")).expect("the end of a block");
        let _ = writeln!(out, "{end}");
    }
    (out, shown)
}

#[test]
fn pages_show_the_files_of_examples_as_they_are() {
    let (mut found, mut all_shown) = (Vec::new(), Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let (wanted, shown) = with_examples(&text);
        match text == wanted {
            true => {}
            false if std::env::var_os("UPDATE").is_some() => fs::write(&page, wanted).expect("a page can be written"),
            false => found.push(page.display().to_string()),
        }
        all_shown.extend(shown);
    }
    report(found, "pages that show other files than there are (`UPDATE=1 cargo test --test docs` rewrites them)");
    let hidden = |folder: &String| !all_shown.contains(&format!("{folder}/spec.yaml"));
    report(examples().into_iter().filter(hidden).collect(), "examples that no page shows");
}

/// Every block that begins with `# engine.yaml` is one.
#[test]
fn settings_of_the_pages_are_without_problems() {
    let mut found = Vec::new();
    let mut n_blocks = 0;
    for page in pages().into_iter().filter(|page| !page.ends_with("language.md")) {
        let text = fs::read_to_string(&page).expect("a page");
        for block in text.split("```yaml\n").skip(1).filter(|block| block.starts_with("# engine.yaml")) {
            n_blocks += 1;
            let text = block.split("```").next().unwrap_or_default();
            let mut sources = Sources::default();
            let file = sources.add("engine.yaml", text);
            let (_, problems) = engine::conf::engine::read(load(&sources, file), &[], &mut sources);
            found.extend(problems.iter().map(|problem| format!("{}: {}\n{text}", page.display(), problem.title)));
        }
    }
    assert!(n_blocks > 5, "only {n_blocks} blocks were found");
    report(found, "settings with problems");
}

#[test]
fn what_is_shipped_is_without_problems() {
    let mut found: Vec<_> = complaint(&engine(root(), &["lint", "--deny", "warnings"])).into_iter().collect();
    found.extend(complaint(&engine(root(), &["lint", "--deny", "warnings", "examples/http/conf.d"])));
    for folder in EXAMPLES {
        found.extend(complaint(&engine(root(), &["lint", "--deny", "warnings", "--spec-dir", folder, folder])));
    }
    report(found, "problems in specs, conf.d or examples");
}

#[test]
fn tests_of_shipped_specs_pass_and_cover_every_line() {
    let output = engine(root(), &["test", "--coverage", "100"]);
    report(complaint(&output).into_iter().collect(), "shipped specs whose tests do not pass");
}

#[test]
fn tests_of_examples_pass_and_every_example_has_one() {
    let mut found = Vec::new();
    for folder in EXAMPLES {
        let output = engine(root(), &["test", "--coverage", "100", "--spec-dir", folder, folder]);
        found.extend(complaint(&output));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let passed = |name: &str| said.lines().any(|line| line.starts_with(&format!("ok {name}/")));
        let names = examples().into_iter().filter_map(|path| Some(path.strip_prefix(folder)?.trim_start_matches('/').to_owned()));
        found.extend(names.filter(|name| !passed(name)).map(|name| format!("{name} has no test that passes")));
    }
    report(found, "examples whose tests do not pass");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut found = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            if !file.exists() || !(anchor.is_empty() || has_heading(&file, anchor)) {
                found.push(format!("{}: {target}", page.display()));
            }
        }
    }
    report(found, "links to files or headings that do not exist");
}

/// True if a page has a heading that this anchor leads to.
fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).expect("a page");
    let outside = text.split("```").step_by(2).flat_map(str::lines);
    let headings = outside.filter_map(|line| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()));
    headings.map(slug).any(|heading| heading == anchor)
}

#[test]
fn the_map_names_every_page() {
    let map = fs::read_to_string(root().join("docs/README.md")).expect("the map");
    let docs = root().join("docs");
    let below = |page: PathBuf| page.strip_prefix(&docs).ok().map(|path| path.display().to_string());
    let pages = pages()
        .into_iter()
        .filter_map(below)
        .filter(|page| page != "README.md" && (!page.starts_with("specs/") || page.ends_with("README.md")));
    report(pages.filter(|page| !map.contains(&format!("]({page})"))).collect(), "pages that docs/README.md does not name");
}

#[test]
fn every_page_of_a_spec_has_its_spec() {
    // The other way round is what the generated pages are compared for.
    let pages = fs::read_dir(root().join("docs/specs")).expect("the pages of the specs");
    let names = pages.filter_map(|entry| entry.ok()?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    let specs = root().join("specs");
    let gone = names
        .filter(|name| name != "README" && !specs.join(format!("{name}.yaml")).exists() && !specs.join(name).join("spec.yaml").exists());
    report(gone.collect(), "pages in docs/specs without a spec");
}

fn page_of(name: &str) -> PathBuf {
    root().join("docs/specs").join(name).with_extension("md")
}

#[test]
fn shipped_checks_work_on_this_machine_and_their_pages_name_their_metrics() {
    let mut found = Vec::new();
    for name in ANYWHERE {
        let output = engine(root(), &["check", name, "--format", "json"]);
        let Ok(result) = serde_json::from_slice::<Json>(&output.stdout) else {
            found.push(format!("{name}: {}", complaint(&output).unwrap_or_default()));
            continue;
        };
        let runs = result["runs"].as_array().cloned().unwrap_or_default();
        let well = runs.iter().filter(|run| run["status"] == "ok" && run["warnings"] == Json::Array(Vec::new()));
        if runs.is_empty() || well.count() < runs.len() {
            found.push(format!("{name}: {result}"));
        }
        let metrics = runs.iter().filter_map(|run| run["metrics"].as_array()).flatten();
        let names: Vec<&str> = metrics.filter_map(|metric| metric["name"].as_str()).collect();
        if names.is_empty() && (*name != "disk" || has_a_device()) {
            found.push(format!("{name}: no metrics"));
        }
        let page = fs::read_to_string(page_of(name)).unwrap_or_default();
        let told = |name: &&&str| page.split('`').skip(1).step_by(2).any(|shown| fits(shown, name));
        found.extend(names.iter().filter(|name| !told(name)).map(|metric| format!("{name}: its page does not name {metric}")));
    }
    report(found, "checks that do not do what their pages say");
}

/// True for a name that a page shows, as it is or with `<words>` for what is known in a run only.
fn fits(shown: &str, name: &str) -> bool {
    let Some((before, rest)) = shown.split_once('<') else { return shown == name };
    let after = rest.split_once('>').map_or("", |(_, after)| after);
    let inside = name.strip_prefix(before).unwrap_or_default();
    (1..=inside.len()).any(|end| inside.get(end..).is_some_and(|name| fits(after, name)))
}

/// In some containers no file system has a device, and then `disk` has nothing to report.
fn has_a_device() -> bool {
    let df = Command::new("df").args(["-P", "-k"]).output().expect("df");
    String::from_utf8_lossy(&df.stdout).lines().any(|line| line.starts_with('/'))
}
