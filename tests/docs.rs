//! What the documentation shows works: its specs and instances lint clean, its links lead
//! somewhere, and the shipped checks do on this machine what their pages say.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::span::Sources;
use engine::yaml::load::load;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Checks that run on any Linux machine, without a file in conf.d or with the shipped one.
const ANYWHERE: &[&str] = &["cpu", "disk", "hello", "load", "memory", "network", "process_count", "uptime"];

/// Variables whose secrets examples use.
const SECRETS: &[&str] = &["ZABBIX_PASSWORD"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The engine in a folder, without settings from outside.
fn engine(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
        command.env_remove(name);
    }
    for name in SECRETS {
        command.env(name, "a secret of the examples");
    }
    command.args(arguments).current_dir(folder).output().expect("the engine starts")
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
    let shipped = root().join("specs").to_string_lossy().into_owned();
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
            let lint = ["lint", "--deny", "warnings", "--spec-dir", "specs", "--spec-dir", &shipped, "--conf-dir", "conf.d", &path];
            found.extend(complaint(&engine(work.path(), &lint)).map(|said| format!("{}: {said}", block.place)));
        }
    }
    assert!(n_blocks > 10, "only {n_blocks} blocks were found");
    report(found, "examples with problems");
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
            let (_, problems) = engine::conf::engine::read(load(&sources, file), &sources);
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
    report(found, "problems in specs, conf.d or examples");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut found = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap_or_default();
            if !page.with_file_name(file).exists() {
                found.push(format!("{}: {target}", page.display()));
            }
        }
    }
    report(found, "links to files that do not exist");
}

#[test]
fn every_spec_has_its_page() {
    let specs = fs::read_dir(root().join("specs")).expect("the shipped specs");
    let names = specs.filter_map(|entry| entry.ok()?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    let bare = names.filter(|name| !page_of(name).exists());
    report(bare.collect(), "specs without a page in docs/specs");
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
        let told = |name: &&&str| page.contains(&format!("`{}`", name.trim_end_matches(".count"))) || page.contains(&format!("`{name}`"));
        found.extend(names.iter().filter(|name| !told(name)).map(|metric| format!("{name}: its page does not name {metric}")));
    }
    report(found, "checks that do not do what their pages say");
}

/// In some containers no file system has a device, and then `disk` has nothing to report.
fn has_a_device() -> bool {
    let df = Command::new("df").args(["-P", "-k"]).output().expect("df");
    String::from_utf8_lossy(&df.stdout).lines().any(|line| line.starts_with('/'))
}
