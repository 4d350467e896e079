//! The guide and the README do what they show: their files are written, their commands run, and what
//! those print is what stands below them.
//!
//! Blocks of YAML that begin with `# specs/…` or `# conf.d/…` are files, `$ cat > FILE <<'END'` makes
//! others, and `$ engine …` runs; what follows is its output, in which a line `…` stands for any lines
//! and `…` at the end of a line for its rest. Times do not count. `UPDATE=1 cargo test --test guide`
//! rewrites outputs that have no `…`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

mod common;

use common::service::{Asked, Reply, Service, json, status};
use regex::Regex;
use serde_json::Value as Json;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Where the system of the guide answers, and where nothing does.
const ALIVE: &str = "127.0.0.1:8096";
const DEAD: &str = "127.0.0.1:8097";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Pages are played one after the other.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// A free port with as many digits as those of the guide, so that columns stay where they are.
fn port_of_four_digits() -> TcpListener {
    let mut ports = (8200..10_000).map(|port| TcpListener::bind(("127.0.0.1", port)));
    ports.find_map(Result::ok).expect("a free port")
}

/// Answers as `examples/guide/routes.json` says, in the way of `examples/guide/serve`.
fn routes() -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    let text = fs::read_to_string(root().join("examples/guide/routes.json")).expect("the routes");
    let routes: Vec<Json> = serde_json::from_str(&text).expect("a list of routes");
    move |asked| {
        let line = |route: &Json| format!("{} {}", route["method"].as_str().expect("a method"), route["url"].as_str().expect("a URL"));
        let of = |route: &&Json| asked.line == line(route);
        let Some(route) = routes.iter().find(of) else { return status(404) };
        let needs = route["needs"].as_object().into_iter().flatten();
        let allowed = needs.into_iter().all(|(name, value)| Some(asked.header(name)) == value.as_str());
        if allowed { json(route["answer"].clone()) } else { status(401) }
    }
}

/// One thing that the reader of a page does.
#[derive(Debug)]
enum Step {
    /// Writes a file; `more` adds to it.
    Write { path: String, text: String, more: bool },
    /// Runs the engine: its arguments, and the lines of the page that show its output.
    Run { arguments: Vec<String>, first: usize, last: usize },
}

fn steps(lines: &[&str]) -> Vec<Step> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(language) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let end = (at + 1..lines.len()).find(|line| lines[*line] == "```").expect("the end of a block");
        let inner = at + 1..end;
        match language {
            "yaml" => {
                let path = lines[inner.start].strip_prefix("# ").filter(|path| path.starts_with("specs/") || path.starts_with("conf.d/"));
                let text = lines[inner].join("\n") + "\n";
                out.extend(path.map(|path| Step::Write { path: path.to_owned(), text, more: false }));
            }
            "console" => commands(lines, inner.start, inner.end, &mut out),
            _ => {}
        }
        at = end + 1;
    }
    out
}

fn commands(lines: &[&str], start: usize, end: usize, out: &mut Vec<Step>) {
    let mut at = start;
    while at < end {
        let command = lines[at].strip_prefix("$ ").unwrap_or_else(|| panic!("line {}: no command", at + 1));
        let next = (at + 1..end).find(|line| lines[*line].starts_with("$ ")).unwrap_or(end);
        let arguments = command.strip_prefix("engine ").or_else(|| command.strip_prefix("cargo run --release -- "));
        // What runs until it is stopped is not for a test.
        if let Some(arguments) = arguments.filter(|arguments| *arguments != "run") {
            let arguments = arguments.split_whitespace().map(str::to_owned).collect();
            out.push(Step::Run { arguments, first: at + 1, last: next });
        } else if let Some((target, mark)) = command.strip_prefix("cat >").and_then(|rest| rest.split_once(" <<'")) {
            let (more, path) = target.strip_prefix('>').map_or((false, target), |path| (true, path));
            let text: String = lines[at + 1..next]
                .iter()
                .take_while(|line| **line != mark.trim_end_matches('\''))
                .map(|line| format!("{line}\n"))
                .collect();
            out.push(Step::Write { path: path.trim().to_owned(), text, more });
        }
        at = next;
    }
}

/// Times become one sign, since they differ from run to run.
fn plain(line: &str) -> String {
    let times = Regex::new(r"\d+(\.\d+)? (ms|s)\b").expect("a pattern");
    times.replace_all(line, "T").trim_end().to_owned()
}

/// True if an output is what the page shows.
fn fits(shown: &[String], found: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "…" => (0..=found.len()).any(|skipped| fits(rest, &found[skipped..])),
        Some((line, rest)) => found.split_first().is_some_and(|(other, others)| {
            let same = line.strip_suffix('…').map_or(line == other, |start| other.starts_with(start));
            same && fits(rest, others)
        }),
    }
}

fn engine(folder: &Path, arguments: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
        command.env_remove(name);
    }
    command.env("WAREHOUSE_PASSWORD", "a secret of the guide");
    let output = command.args(arguments).current_dir(folder).output().expect("the engine starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn the_guide_does_what_it_shows() {
    play("docs/guide.md", 10);
}

#[test]
fn the_readme_does_what_it_shows() {
    play("README.md", 3);
}

/// Does what a page shows: so many commands at least.
fn play(page: &str, least: usize) {
    // Nobody else may take the port at which nothing shall answer.
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let listener = port_of_four_digits();
    let alive = listener.local_addr().expect("an address").to_string();
    let dead = port_of_four_digits().local_addr().expect("an address").to_string();
    let _service = Service::on(listener, routes());
    let page = root().join(page);
    let text = fs::read_to_string(&page).expect("a page");
    let mut lines: Vec<&str> = text.lines().collect();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut wrong, mut rewritten) = (Vec::new(), Vec::new());
    let steps = steps(&lines);
    assert!(steps.iter().filter(|step| matches!(step, Step::Run { .. })).count() >= least, "{steps:?}");
    for step in &steps {
        match step {
            Step::Write { path, text, more } => {
                let file = folder.path().join(path);
                fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of a file");
                let before = if *more { fs::read_to_string(&file).unwrap_or_default() } else { String::new() };
                fs::write(file, before + &text.replace(ALIVE, &alive).replace(DEAD, &dead)).expect("a file of the guide");
            }
            Step::Run { arguments, first, last } => {
                let arguments: Vec<String> = arguments.iter().map(|word| word.replace(ALIVE, &alive)).collect();
                let found = engine(folder.path(), &arguments).replace(&alive, ALIVE).replace(&dead, DEAD);
                let found_lines: Vec<String> = found.trim_end().lines().map(plain).collect();
                let shown: Vec<String> = lines[*first..*last].iter().map(|line| plain(line)).collect();
                if fits(&shown, &found_lines) {
                    continue;
                }
                let whole = !lines[*first..*last].iter().any(|line| line.contains('…'));
                if std::env::var_os("UPDATE").is_some() && whole {
                    rewritten.push((*first, *last, found.trim_end().to_owned()));
                } else {
                    wrong.push(format!("line {first}: `engine {}` prints\n{found}", arguments.join(" ")));
                }
            }
        }
    }
    if !rewritten.is_empty() {
        for (first, last, found) in rewritten.iter().rev() {
            lines.splice(first..last, found.lines());
        }
        fs::write(&page, lines.join("\n") + "\n").expect("the guide can be written");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
