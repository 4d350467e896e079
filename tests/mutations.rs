//! How good the tests of the shipped specs are: each mapping line is spoiled in turn, and the tests of
//! its spec must notice.
//!
//! The test that covers the spoiled line is asked first, and all others only where it notices nothing. All
//! of it takes minutes, so it runs where it is asked for:
//!
//! ```console
//! $ MUTATIONS=1 cargo test --test mutations -- --nocapture
//! $ MUTATIONS=cpu,http cargo test --test mutations -- --nocapture
//! ```
//!
//! It tells what survives. A change that the engine refuses is no survivor and does not count.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use engine::base::diag::has_errors;
use engine::catalog::files::specs_in;
use engine::trial::find::{Suite, tests_of};
use engine::trial::suite::{Wanted, run};
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The least part of the changes that must be noticed, in percent.
const LEAST: usize = 95;

/// What is changed, the pattern that finds it in a line, and what takes the place of its last group.
const CHANGES: &[(&str, &str, &str)] = &[
    ("path", r"\$\.([A-Za-z_]\w*)", "${1}x"),
    ("path", r"\brow\.([A-Za-z_]\w*)", "${1}x"),
    ("name", r"\bname: ([a-z][\w.]*)", "${1}x"),
    ("name", r#"^\s+"?([\w.]+)"?: \{value:"#, "${1}x"),
    ("name", r#"^\s+([\w.]+): (?:row\.|\$\.)"#, "${1}x"),
    ("name", r"\bprefix: ([\w.]+)", "x${1}"),
    ("type", r"^\s+(gauge):", "rate"),
    ("type", r"^\s+(rate):", "gauge"),
    ("type", r"^\s+(monotonic_count):", "gauge"),
    ("type", r"\btype: (gauge|rate|monotonic_count|count)\b", "histogram"),
    ("type", r"\btype: (histogram|raw)\b", "gauge"),
    ("tag", r"\btags: \{(\w+):", "${1}x"),
    ("tag", r"\btags: \{[^}]*, (\w+):", "${1}x"),
    ("tag", r"\btags: \[(\w+)\]", "${1}x"),
    ("unit", r"\bunit: (byte|mebibyte|packet|task|operation|kilobyte|percent|fraction|connection|core|millisecond|request)\b", "second"),
    ("unit", r"\bunit: (second)\b", "minute"),
    ("condition", r"\bwhen: ([^,{}]+?)(?:,|\}|$)", "not (${1})"),
    ("condition", r"\b(?:critical|warning|ok): ([^,{}]+?)(?:,|\}|$)", "not (${1})"),
    ("condition", r" (==) ", "!="),
    ("condition", r" (>=?) ", "<"),
    ("number", r" \* (\d+)", "7"),
    ("number", r" / (\d+)", "7"),
    ("number", r"\bvalue: (\d+)", "7"),
    ("operator", r" (\+) ", "-"),
    ("operator", r" (-) ", "+"),
    ("operator", r" (\*) ", "/"),
    ("operator", r" (/) ", "*"),
    ("text", r#"\b(?:title|text|message|event_type|aggregation_key|id|layer|domain): "?([A-Za-z{])"#, "Z${1}"),
    ("status", r"\b(critical): ", "warning"),
    ("status", r": (critical)\b", "warning"),
];

/// One spoiled spec.
struct Change {
    spec: usize,
    what: &'static str,
    /// The line, from 1, as it is and as it becomes.
    line: usize,
    before: String,
    after: String,
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copied(&entry, &target);
        } else {
            fs::copy(&entry, &target).expect("a copy");
        }
    }
}

/// The lines of the mappings, without descriptions and comments.
fn mapping_lines(text: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut out = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let key = line.split(':').next().unwrap_or_default();
            inside = ["metrics", "service_checks", "events", "logs", "topology", "health", "metadata"].contains(&key);
        }
        let told = line.trim_start();
        if inside && !told.starts_with('#') && !told.starts_with("description") {
            out.push((n, line.to_owned()));
        }
    }
    out
}

fn changes(spec: usize, text: &str) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    for (n, line) in mapping_lines(text) {
        let end = line.find("description:").unwrap_or(line.len());
        for (what, pattern, replacement) in CHANGES {
            let pattern = Regex::new(pattern).expect("a pattern");
            for found in pattern.captures_iter(&line) {
                let group = found.get(1).expect("a group");
                if group.start() >= end {
                    continue;
                }
                let new = replacement.replace("${1}", group.as_str());
                let after = format!("{}{new}{}", &line[..group.start()], &line[group.end()..]);
                if after != line && !out.iter().any(|known| known.line == n + 1 && known.after == after) {
                    out.push(Change { spec, what, line: n + 1, before: line.clone(), after });
                }
            }
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Refused,
    Caught,
    Survived,
}

/// What a run of tests says of a spoiled spec.
fn verdict(suite: &Suite, filter: Option<&str>) -> Fate {
    let result = run(suite, Wanted { filter, update: false });
    match () {
        () if has_errors(&result.problems) => Fate::Refused,
        () if result.tests.iter().all(engine::trial::suite::TestResult::passed) => Fate::Survived,
        () => Fate::Caught,
    }
}

/// The tests of a spec that cover a line, by its number.
type Covering = BTreeMap<usize, Vec<String>>;

fn covering(suite: &Suite) -> Covering {
    let result = run(suite, Wanted::default());
    let mut out = Covering::new();
    for line in result.coverage.iter().flat_map(|coverage| &coverage.lines) {
        let source = result.sources.get(line.span.file).expect("a file");
        out.entry(source.position(line.span.start).line).or_default().extend(line.tests.iter().cloned());
    }
    out
}

fn fate(suite: &Suite, text: &str, change: &Change, covering: &Covering) -> Fate {
    let spoiled: Vec<&str> =
        text.lines().enumerate().map(|(n, line)| if n + 1 == change.line { change.after.as_str() } else { line }).collect();
    fs::write(&suite.spec.path, spoiled.join("\n") + "\n").expect("a spoiled spec");
    // A mapping begins above its keys.
    let near = covering.range(..=change.line).next_back().or(covering.range(change.line..).next());
    if let Some(name) = near.and_then(|(_, tests)| tests.first()) {
        let own = |path: &&PathBuf| name.split('/').nth(1) == path.file_stem().and_then(|stem| stem.to_str());
        let alone = Suite { files: suite.files.iter().filter(own).cloned().collect(), ..suite.clone() };
        match verdict(&alone, Some(name)) {
            Fate::Survived => {}
            known => return known,
        }
    }
    verdict(suite, None)
}

#[test]
fn the_tests_of_the_shipped_specs_notice_a_spoiled_line() {
    let Ok(wanted) = std::env::var("MUTATIONS") else { return };
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let specs = specs_in(&shipped).into_iter().filter(|spec| !tests_of(spec).is_empty());
    let specs: Vec<_> = specs.filter(|spec| wanted == "1" || wanted.split(',').any(|name| name == spec.name)).collect();
    let texts: Vec<String> = specs.iter().map(|spec| fs::read_to_string(&spec.path).expect("a spec")).collect();
    let all: Vec<Change> = texts.iter().enumerate().flat_map(|(n, text)| changes(n, text)).collect();
    let covering: Vec<Covering> = specs.iter().map(|spec| covering(&Suite { files: tests_of(spec), spec: spec.clone() })).collect();
    let (next, fates) = (AtomicUsize::new(0), Mutex::new(vec![Fate::Refused; all.len()]));
    let work = || {
        let place = tempfile::tempdir().expect("a folder");
        copied(&shipped, place.path());
        while let Some(change) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| all.get(at).map(|change| (at, change))) {
            let (at, change) = change;
            let mut spec = specs[change.spec].clone();
            spec.path = place.path().join(spec.path.strip_prefix(&shipped).expect("below specs"));
            let suite = Suite { files: tests_of(&spec), spec };
            let fate = fate(&suite, &texts[change.spec], change, &covering[change.spec]);
            fs::write(&suite.spec.path, &texts[change.spec]).expect("the spec again");
            fates.lock().expect("a lock")[at] = fate;
            if at % 100 == 99 {
                println!("{} of {}", at + 1, all.len());
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        work();
        others.into_iter().for_each(|other| other.join().expect("a thread"));
    });
    let fates = fates.into_inner().expect("a lock");
    for (n, spec) in specs.iter().enumerate() {
        let own = || all.iter().zip(&fates).filter(|(change, _)| change.spec == n);
        let count = |fate: Fate| own().filter(|(_, found)| **found == fate).count();
        println!(
            "{}: {} caught, {} survived, {} refused by the engine",
            spec.name,
            count(Fate::Caught),
            count(Fate::Survived),
            count(Fate::Refused)
        );
        for (change, _) in own().filter(|(_, fate)| **fate == Fate::Survived) {
            println!("  {}:{} {}\n    - {}\n    + {}", spec.name, change.line, change.what, change.before.trim(), change.after.trim());
        }
    }
    let count = |fate: Fate| fates.iter().filter(|found| **found == fate).count();
    let (caught, survived) = (count(Fate::Caught), count(Fate::Survived));
    println!("{caught} of {} changes were noticed", caught + survived);
    assert!(wanted != "1" || caught + survived >= 300, "only {} changes", caught + survived);
    assert!(caught * 100 >= LEAST * (caught + survived), "{survived} of {} changes survived", caught + survived);
}
