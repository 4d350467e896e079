//! Files of one megabyte that were made to hurt: lint says something of each, and takes less than a
//! hundred times the memory that the file has.
//!
//! The memory is that of a process of its own: `--watch` keeps it alive behind its answer, so that the
//! system can be asked for the most it ever had.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const MEGABYTE: usize = 1_000_000;
/// What reading a file of that size may take beyond reading a small one, in KiB.
const MOST_KIB: usize = 100 * 1024;

const HEAD: &str = "name: demo\nversion: 1.0.0\ndescription: Made to hurt.\n";

struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What lint says of a text in the place of a spec, and the most memory that it had, in KiB.
fn linted(text: &str) -> (String, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("specs")).expect("a folder");
    std::fs::write(folder.path().join("specs/demo.yaml"), text).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["lint", "--watch"]).current_dir(folder.path()).env_remove("ENGINE_CONFIG").stdout(Stdio::piped());
    let mut child = Stopped(command.spawn().expect("it starts"));
    let mut said = String::new();
    for line in BufReader::new(child.0.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("text");
        said.push_str(line.get(..line.len().min(400)).unwrap_or("…"));
        said.push('\n');
        if line.contains(" checked: ") {
            break;
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.0.id())).expect("it is alive");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the most it had");
    (said, peak.trim().trim_end_matches(" kB").parse().expect("a number"))
}

/// Lines made of their numbers, as many as a megabyte holds.
fn filled(head: &str, line: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = format!("{HEAD}{head}");
    let mut number = 0;
    while text.len() < MEGABYTE - 100 {
        text.push_str(&line(number));
        number += 1;
    }
    text + end
}

/// One metric with a value of a megabyte.
fn value(text: &str) -> String {
    format!("{HEAD}metrics:\n  - {{name: a.b, value: \"{text}\"}}\n")
}

/// Files by what they are full of, with words that must be said.
fn files() -> Vec<(&'static str, String, &'static str)> {
    let bomb = |level: u8| {
        let (own, below) = (char::from(b'b' + level), char::from(b'a' + level));
        format!("x-{own}: &{own} [{}]\n", [format!("*{below}").as_str(); 9].join(", "))
    };
    let bomb: String = (0..12).map(bomb).collect();
    let merged: String = (0..2_000).map(|n| format!("k{n}: 1, ")).collect();
    vec![
        ("brackets", "[".repeat(MEGABYTE), "too deep"),
        ("braces", "{a: ".repeat(MEGABYTE / 4), "deep"),
        ("dashes", "- ".repeat(MEGABYTE / 2), "deep"),
        ("aliases of aliases", format!("{HEAD}x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n{bomb}"), "alias-bomb"),
        ("merged maps", filled(&format!("x-a: &a {{{merged}}}\n"), |n| format!("x-{n}: {{<<: *a, z{n}: 1}}\n"), ""), "alias-bomb"),
        ("unknown keys", filled("", |n| format!("k{n}: 1\n"), ""), "too-large-spec"),
        ("the same key", filled("", |_| "a: 1\n".to_owned(), ""), "too-many-problems"),
        ("one long line", filled("description: ", |_| "a ".to_owned(), "\n"), "duplicate-key"),
        ("a list", filled("x-a: [", |_| "1,".to_owned(), "1]\n"), "too-large-spec"),
        ("metrics", filled("metrics:\n", |n| format!("  - {{name: demo.a{n}, value: 1}}\n"), ""), "checked"),
        ("names that use the next", filled("let:\n", |n| format!("  a{n}: a{} + 1\n", n + 1), ""), "too-large-spec"),
        ("sources", filled("sources:\n", |n| format!("  s{n}: {{from: s{}}}\n", n + 1), ""), "too-large-spec"),
        ("keys of the configuration", filled("config:\n  instance:\n", |n| format!("    k{n}: {{type: int}}\n"), ""), "too-large-spec"),
        ("parentheses", value(&"(".repeat(MEGABYTE)), "bad-expression"),
        ("a sum", value(&("1".to_owned() + &" + 1".repeat(MEGABYTE / 4))), "error["),
        ("a path", value(&("$".to_owned() + &".a".repeat(MEGABYTE / 2))), "error["),
        ("filters of a path", value(&("$".to_owned() + &"[?@.a".repeat(MEGABYTE / 5))), "bad-path"),
        ("holes", format!("{HEAD}events:\n  - {{when: run.failed, title: \"{}\"}}\n", "{{".repeat(MEGABYTE / 2)), "bad-expression"),
        (
            "a pattern",
            format!("{HEAD}sources:\n  a: {{file: {{path: /a}}, decode: {{regex: {{pattern: '{}'}}}}}}\n", "(a|b)*".repeat(MEGABYTE / 6)),
            "bad-regex",
        ),
        ("zeros", "\0".repeat(MEGABYTE), "error["),
        ("quotes", "\"".repeat(MEGABYTE), "error["),
        ("comments", filled("", |_| "# lint: allow bare-metric-name x\n".to_owned(), ""), "idle-allow"),
    ]
}

#[test]
fn a_megabyte_that_hurts_takes_no_more_than_a_hundred() {
    let (_, small) = linted(&format!("{HEAD}metrics:\n  - {{name: demo.a, value: 1}}\n"));
    let mut wrong = Vec::new();
    for (name, text, words) in files() {
        assert!(text.len() <= 1 << 20, "{name}: {}", text.len());
        let (said, peak) = linted(&text);
        if !said.contains(words) {
            wrong.push(format!("{name}: not told `{words}`: {}", said.get(..said.len().min(600)).unwrap_or("…")));
        }
        if peak > small + MOST_KIB {
            wrong.push(format!("{name}: took {} MiB", (peak - small) / 1024));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
