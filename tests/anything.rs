//! Anything as input: what lint is given may be half a file, another program's file, or noise. It says
//! something, never panics, never hangs, and does not fill the memory.
//!
//! `FUZZ=60 cargo test --test anything` mutates the corpus for 60 seconds instead of a few hundred
//! rounds; a text that fails is printed.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::render;
use engine::base::span::Sources;
use engine::expr::path::Path as JsonPath;
use engine::lint::beside::Beside;
use engine::lint::{Levels, allow, sarif};
use engine::spec::share::{NoFragments, assemble};
use engine::yaml::load::load;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Everything that lint does with the text of a spec; how many problems there are.
fn lint(text: &str) -> usize {
    let mut sources = Sources::default();
    let file = sources.add("specs/demo.yaml", text);
    let whole = assemble(load(&sources, file), &mut sources, &mut NoFragments);
    let root = whole.loaded.root.clone();
    let (read, mut found) = engine::spec::read::read(whole, file, "demo", &sources);
    if let Some(read) = read {
        let (beside, levels) = (Beside::unknown(), Levels::default());
        found.extend(engine::lint::spec(&root, &read, &sources, &beside, &levels));
        allow::apply(file, &mut found, &sources, &levels, true);
        found.extend(engine::plan::compile::compile(read, "/".into()).err().unwrap_or_default());
    }
    found.truncate(200);
    render::human(&found, &sources, false);
    sarif::sarif(&found, &sources);
    found.len()
}

/// Runs the program on a file of these bytes: the exit code and what it prints.
fn program(name: &str, bytes: &[u8], more: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, bytes).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    let output = command.arg("lint").args(more).arg(name).current_dir(folder.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{name}: {said}");
    (output.status.code().expect("no signal"), said)
}

const KUBERNETES: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 3\n---\napiVersion: v1\nkind: Service\n";
const HELM: &str = "{{- if .Values.enabled }}\nname: {{ .Release.Name }}\nport: {{ .Values.port | quote }}\n{{- end }}\n";

#[test]
fn files_of_other_programs_are_told_what_they_are_not() {
    for (text, code) in [(KUBERNETES, "unknown-key"), (HELM, "yaml-syntax"), ("[1, 2]", "wrong-type"), ("just words", "wrong-type")] {
        let (status, said) = program("specs/demo.yaml", text.as_bytes(), &[]);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(code) || said.contains("key-not-text"), "{text}: {said}");
    }
}

#[test]
fn binary_and_half_files_are_told() {
    let (status, said) = program("specs/demo.yaml", &[0xff, 0xfe, 0x00, 0x80, 0x0a], &[]);
    assert_eq!((status, said.contains("not UTF-8")), (1, true), "{said}");
    let text = "name: demo\nversion: 1.0.0\nmetrics:\n  - {name: demo.up, value: \"a";
    for end in 0..text.len() {
        lint(&text[..end]);
    }
    for text in [
        "\t",
        "\t- a",
        "a:\n\tb: 1\n",
        "name: demo\r\nversion: 1.0.0\r\nmetrics:\r\n  - {name: demo.up, value: 1}\r\n",
        "\u{feff}",
        "\0\0\0",
    ] {
        lint(text);
    }
}

#[test]
fn large_files_are_refused_or_read_in_bounded_memory() {
    let line = "  - {name: demo.up, value: 1, tags: [\"a:b\"]}\n";
    let head = "name: demo\nversion: 1.0.0\nmetrics:\n";
    let huge = format!("{head}{}", line.repeat(10 * 1024 * 1024 / line.len()));
    let (status, said) = program("specs/demo.yaml", huge.as_bytes(), &[]);
    assert_eq!((status, said.contains("larger than")), (1, true), "{}", &said[..said.len().min(400)]);
}

#[test]
fn deep_and_wide_texts_end() {
    // A main thread has a stack of 8 MiB, a test a quarter of that.
    let main = std::thread::Builder::new().stack_size(8 << 20).spawn(deep_and_wide_texts);
    main.expect("a thread").join().expect("no panic");
}

fn deep_and_wide_texts() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(20_000),
        "- ".repeat(50_000),
        "name: demo\nversion: 1.0.0\nmetrics:\n  - {name: a.b, value: \"".to_owned() + &"(".repeat(5_000) + "\"}\n",
        "name: demo\nversion: 1.0.0\nmetrics:\n  - {name: a.b, value: \"".to_owned() + &"not ".repeat(5_000) + "1\"}\n",
        "name: demo\nversion: 1.0.0\nmetrics:\n  - {name: a.b, value: \"$".to_owned() + &"[?@.a".repeat(2_000) + "\"}\n",
        "name: demo\nversion: 1.0.0\nmetrics:\n  - {name: a.b, value: \"'a' | regex_match('".to_owned() + &"(".repeat(2_000) + "')\"}\n",
        chain("not ", "", "1"),
        chain("-", "", "1"),
        chain("", " + a", "a"),
        chain("", " if 1 else 1", "1"),
        chain("", "|upper", "a"),
        chain("", ".b", "a"),
        chain("", " < 1", "1"),
        "name: demo\nversion: 1.0.0\nevents:\n  - {when: run.failed, title: \"".to_owned()
            + &"{% if a %}".repeat(3_000)
            + &"{% endif %}".repeat(3_000)
            + "\"}\n",
        "# lint: allow ".repeat(10_000),
        "a: 1 # lint: allow ,,,\n".repeat(2_000),
    ] {
        lint(&text);
    }
}

/// A metric whose value is a chain.
fn chain(before: &str, behind: &str, value: &str) -> String {
    let links = 20_000;
    format!("name: demo\nversion: 1.0.0\nmetrics:\n  - {{name: a.b, value: \"{}{value}{}\"}}\n", before.repeat(links), behind.repeat(links))
}

/// The texts that are mutated: all shipped specs, and a few short ones.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let files = engine::catalog::files::all_specs(&[folder]);
    let mut out: Vec<String> = files.iter().map(|file| std::fs::read_to_string(&file.path).expect("a spec")).collect();
    out.extend([KUBERNETES, HELM].map(str::to_owned));
    out
}

/// Pieces that parsers stumble over.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "$",
    "$[",
    "[?@",
    "..",
    "*",
    "&a ",
    "*a",
    "<<: ",
    "!!",
    "|",
    ">",
    ">-",
    "\t",
    "\r\n",
    "#",
    ": ",
    "- ",
    "\"",
    "'",
    "\\",
    "\u{0}",
    "é",
    "\u{202e}",
    "1e999",
    "-",
    "~",
    "%{NUMBER:",
    "(?P<",
    "[[:",
    "{a: ",
    "? ",
    "---\n",
    "...\n",
    "# lint: allow ",
    "\u{feff}",
];

fn mutated(text: &str, rng: &mut impl FnMut(usize) -> usize, other: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=rng(4) {
        let at = floor(&text, rng(text.len() + 1));
        match rng(5) {
            0 => text.insert_str(at, PIECES[rng(PIECES.len())]),
            1 => {
                let end = floor(&text, (at + rng(40)).min(text.len()));
                text.replace_range(at..end.max(at), "");
            }
            2 => text.truncate(at),
            3 => {
                let from = floor(other, rng(other.len() + 1));
                let to = floor(other, (from + rng(200)).min(other.len()));
                text.insert_str(at, &other[from..to.max(from)]);
            }
            _ => {
                let end = floor(&text, (at + rng(80)).min(text.len()));
                let copy = text[at..end.max(at)].to_owned();
                text.insert_str(at, &copy);
            }
        }
    }
    text
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn noise_never_panics_and_never_hangs() {
    let seconds = std::env::var("FUZZ").ok().and_then(|text| text.parse::<u64>().ok());
    let corpus = corpus();
    // xorshift: the same noise each time, and other noise for another number of seconds.
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ seconds.unwrap_or(0);
    let mut rng = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).expect("a number")
    };
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let mut round = 0;
    while round < 200 || Instant::now() < until {
        round += 1;
        let (first, other) = (rng(corpus.len()), rng(corpus.len()));
        let text = mutated(&corpus[first], &mut rng, &corpus[other]);
        let caught = std::panic::catch_unwind(|| {
            let before = Instant::now();
            lint(&text);
            let _ = JsonPath::parse(text.get(..60).unwrap_or("$"));
            before.elapsed()
        });
        let took = caught.unwrap_or_else(|_| panic!("round {round} panicked with:\n{text}"));
        assert!(took < Duration::from_secs(20), "round {round} took {took:?} with:\n{text}");
    }
}
