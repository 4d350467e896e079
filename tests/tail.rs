//! Logs that rotate while they are followed, and an engine that is killed meanwhile.
//!
//! Four programs write numbered lines and rotate in four ways; the engine is killed and started
//! again at random moments. Its accepted output must hold every line, and may hold a line twice
//! only if it belongs to the last run before a kill.
//!
//! `TAIL_LINES` is the number of lines in all, `TAIL_KILLS` that of kills, `TAIL_SEED` chooses the
//! moments.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop at its first surprise")]

use serde_json::Value as Json;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WAYS: [&str; 4] = ["rename", "copytruncate", "recreate", "gzip"];

const SPEC: &str = r#"name: follow
version: 1.0.0
config:
  instance:
    path: {type: path, required: true}
sources:
  log:
    file: {path: "{{ instance.path }}", mode: tail, optional: true}
    decode: {regex: {pattern: '^line (?P<n>\d+) '}}
metrics:
  - {from: log, name: line, value: $.n}
"#;

/// Nothing takes this long but a machine that stands still.
const PATIENCE: Duration = Duration::from_secs(120);

/// A writer is at most so many rotations ahead of the accepted output: the engine promises nothing
/// of a log that rotates dozens of times while it is down.
const AHEAD: usize = 3;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// Waits until something holds, which must come in the end.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Writes numbered lines and rotates.
struct Writer {
    way: &'static str,
    log: PathBuf,
    lines: usize,
    /// Lines of one file.
    every: usize,
    /// The highest number that was accepted.
    accepted: Arc<AtomicUsize>,
}

impl Writer {
    fn write(&self) {
        let open = || File::options().append(true).create(true).open(&self.log).expect("a log");
        let mut log = open();
        for n in 1..=self.lines {
            let line = format!("line {n} {}\n", "x".repeat(n % 200));
            // Some lines come in two pieces.
            let (first, rest) = line.split_at(if n % 10 == 0 { line.len() / 2 } else { line.len() });
            log.write_all(first.as_bytes()).expect("a written line");
            if !rest.is_empty() {
                std::thread::sleep(Duration::from_millis(2));
                log.write_all(rest.as_bytes()).expect("a written line");
            }
            if n % self.every == 0 && n < self.lines {
                until("the output", || n <= self.accepted.load(Ordering::Relaxed) + AHEAD * self.every);
                self.rotate(n / self.every, &log);
                if self.way != "copytruncate" {
                    log = open();
                }
            }
        }
    }

    fn rotate(&self, turn: usize, log: &File) {
        let old = PathBuf::from(format!("{}.{turn}", self.log.display()));
        if self.way == "copytruncate" {
            fs::copy(&self.log, &old).expect("a copy");
            log.set_len(0).expect("a truncated log");
            return;
        }
        fs::rename(&self.log, &old).expect("a renamed log");
        match self.way {
            // For a while there is no file.
            "recreate" => std::thread::sleep(Duration::from_millis(100)),
            "gzip" => {
                let packed = File::create(format!("{}.gz", old.display())).expect("a packed log");
                let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
                packer.write_all(&fs::read(&old).expect("the old log")).expect("a packed log");
                packer.finish().expect("a packed log");
                fs::remove_file(&old).expect("a removed log");
            }
            _ => {}
        }
    }
}

/// One life of the engine.
struct Life {
    child: Child,
    output: File,
    /// What was read of the last line so far.
    rest: Vec<u8>,
    /// The lines of the last run of each way, and whether that run is over.
    last: [(Vec<usize>, bool); 4],
}

impl Life {
    fn begin(folder: &Path, n: usize) -> Life {
        let path = folder.join(format!("output.{n}"));
        let output = File::options().append(true).create(true).open(&path).expect("a file for the output");
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
            command.env_remove(name);
        }
        command.args(["run", "--format", "json", "--config", "engine.yaml", "--state-dir", "state"]).current_dir(folder);
        let child = command.stdout(output).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("the program starts");
        Life { child, output: File::open(path).expect("the output"), rest: Vec::new(), last: Default::default() }
    }

    /// Takes what was written since the last time.
    fn read(&mut self, proof: &mut Proof) {
        let mut text = std::mem::take(&mut self.rest);
        self.output.read_to_end(&mut text).expect("the output");
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.rest = text.split_off(whole);
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Json = serde_json::from_slice(line).expect("a line of JSON");
            let way = line["instance"].as_u64().expect("an instance") as usize;
            let (lines, is_over) = &mut self.last[way];
            if line["name"] == "line" {
                if std::mem::take(is_over) {
                    lines.clear();
                }
                let n = line["value"].as_u64().expect("a number") as usize;
                lines.push(n);
                proof.take(way, n);
            } else if line["name"] == "engine.run.duration" {
                *is_over = true;
            } else if line["name"] == "engine.check_status" && line["status"] != "ok" {
                proof.complaints.push(line["message"].to_string());
            }
        }
    }

    /// What it wrote is accepted, its memory of that may be lost.
    fn kill(mut self, proof: &mut Proof) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("its end");
        self.read(proof);
        for (way, (lines, _)) in std::mem::take(&mut self.last).into_iter().enumerate() {
            if !lines.is_empty() {
                proof.may_repeat[way] = lines;
            }
        }
    }
}

impl Drop for Life {
    /// A test that fails leaves no engine behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was accepted.
#[derive(Default)]
struct Proof {
    /// How often each line came.
    seen: [HashMap<usize, usize>; 4],
    /// The lines of the last run before the last kill.
    may_repeat: [Vec<usize>; 4],
    accepted: [Arc<AtomicUsize>; 4],
    n_repeated: usize,
    complaints: Vec<String>,
}

impl Proof {
    fn take(&mut self, way: usize, n: usize) {
        let count = self.seen[way].entry(n).or_default();
        *count += 1;
        if *count > 1 {
            self.n_repeated += 1;
            if !self.may_repeat[way].contains(&n) {
                self.complaints.push(format!("{}: line {n} came again, though it was not in the last run before a kill", WAYS[way]));
            }
        }
        self.accepted[way].fetch_max(n, Ordering::Relaxed);
    }

    fn n_accepted(&self) -> usize {
        self.seen.iter().map(HashMap::len).sum()
    }
}

/// Numbers that are random enough.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

fn site() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("specs/follow.yaml", SPEC);
    write("engine.yaml", "interval: 1s\n");
    let instances = WAYS.map(|way| {
        fs::create_dir(folder.path().join(way)).expect("a folder");
        format!("  - {{name: {way}, path: {:?}}}\n", folder.path().join(way).join("a.log"))
    });
    write("conf.d/follow.yaml", &format!("instances:\n{}", instances.concat()));
    folder
}

fn n_states(folder: &Path) -> usize {
    let entries = fs::read_dir(folder.join("state")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "state")).count()
}

/// One instance that makes more of its lines than one run may report.
const MANY: &str = r#"name: follow
version: 1.0.0
sources:
  log:
    file: {path: ../a.log, mode: tail, start_at: beginning}
    decode: {regex: {pattern: '^line (?P<n>\d+)$'}}
logs:
  - {from: log, message: $.n}
events:
  - {from: log, when: row.n is endingwith "0", title: $.n}
"#;

/// Two kinds of events of records of several lines; the kinds share what one run may report.
const EVENTS: &str = r#"name: follow
version: 1.0.0
sources:
  log:
    file: {path: ../a.log, mode: tail, start_at: beginning, multiline: {start: '^line '}}
    decode: {regex: {pattern: '^line (?P<n>\d+)'}}
events:
  - {from: log, title: $.n}
  - {from: log, when: row.n is endingwith "0", title: "ten {{ row.n }}"}
"#;

/// Few lines make anything: one look has the events of several runs.
const RARE: &str = r#"name: follow
version: 1.0.0
sources:
  log:
    file: {path: ../a.log, mode: tail, start_at: beginning}
    decode: lines
metrics:
  - {from: log, name: lines, type: count, value: 1}
events:
  - {from: log, when: row.line is startingwith "line", title: "{{ row.line | replace('line ', '') }}"}
"#;

/// What the runs of a check reported.
#[derive(Default)]
struct Reported {
    logs: Vec<String>,
    events: Vec<String>,
    counted: f64,
    /// What the check said of itself, a text for each run.
    warnings: Vec<String>,
}

/// So many runs of a spec over a log that nobody writes to any more.
fn reported(spec: &str, log: &str, runs: usize) -> Reported {
    let folder = site();
    let path = folder.path().join("a.log");
    fs::write(&path, log).expect("a log");
    let written = std::time::SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(&path).and_then(|file| file.set_modified(written)).expect("an old log");
    fs::write(folder.path().join("specs/follow.yaml"), spec).expect("a spec");
    // Half of a run's time ends its reading, which is not what is looked at here.
    fs::write(folder.path().join("conf.d/follow.yaml"), "instances: [{run_timeout: 60s}]\n").expect("an instance");
    let mut all = Reported::default();
    for _ in 0..runs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command.args(["run", "--once", "--format", "json", "--config", "engine.yaml", "--state-dir", "state"]);
        let output = command.current_dir(folder.path()).output().expect("the program runs");
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Json = serde_json::from_slice(line).expect("a line of JSON");
            let text = |key: &str| line[key].as_str().expect("a text").to_owned();
            match (line["kind"].as_str(), line["name"].as_str()) {
                (Some("log"), _) => all.logs.push(text("message")),
                (Some("event"), _) => all.events.push(text("msg_title")),
                (_, Some("engine.check_status")) => all.warnings.push(text("message")),
                (_, Some("lines")) => all.counted += line["value"].as_f64().expect("a number"),
                _ => {}
            }
        }
    }
    all
}

/// True if the first runs said that there is more, and the others nothing.
fn told(warnings: &[String], runs: usize) -> bool {
    warnings.iter().enumerate().all(|(run, warning)| match run < runs {
        true => warning.contains("the rest follows in the next run"),
        false => warning.is_empty(),
    })
}

fn numbers(lines: usize) -> Vec<String> {
    (1..=lines).map(|n| n.to_string()).collect()
}

#[test]
fn a_run_reads_no_more_than_it_may_report() {
    let lines = numbers(12_000);
    let log: String = lines.iter().map(|n| format!("line {n}\n")).collect();
    let all = reported(MANY, &log, 6);
    assert_eq!(all.logs, lines);
    assert_eq!(all.events, lines.iter().filter(|n| n.ends_with('0')).cloned().collect::<Vec<_>>());
    assert!(told(&all.warnings, 2), "{:#?}", all.warnings);
}

#[test]
fn records_of_several_lines_wait_for_the_next_run_as_well() {
    let records = numbers(1_100);
    let log: String = records.iter().map(|n| format!("line {n}\n{}", "  more\n".repeat(n.len() - 1))).collect();
    // The last line has no end.
    let all = reported(EVENTS, log.trim_end(), 6);
    let (tens, each): (Vec<_>, Vec<_>) = all.events.into_iter().partition(|title| title.starts_with("ten "));
    assert_eq!(each, records);
    assert_eq!(tens, records.iter().filter(|n| n.ends_with('0')).map(|n| format!("ten {n}")).collect::<Vec<_>>());
    assert!(told(&all.warnings, 4), "{:#?}", all.warnings);
}

#[test]
fn a_run_that_stops_within_a_look_goes_on_there() {
    let events = numbers(1_100);
    let log: String = events.iter().map(|n| format!("{}line {n}\n", "other\n".repeat(n.len() * 9))).collect();
    let all = reported(RARE, &log, 4);
    assert_eq!(all.events, events);
    assert_eq!(all.counted, log.lines().count() as f64);
    assert!(told(&all.warnings, 2), "{:#?}", all.warnings);
}

#[test]
fn no_line_is_lost_whatever_rotates_and_whoever_is_killed() {
    let (lines, kills) = (number("TAIL_LINES", 4_000) / WAYS.len(), number("TAIL_KILLS", 6));
    let mut dice = Dice(number("TAIL_SEED", 1) as u64);
    let folder = site();
    let mut proof = Proof::default();
    let mut life = Life::begin(folder.path(), 0);
    // From the first look on every line counts.
    until("the first look", || n_states(folder.path()) == WAYS.len());
    let writers = WAYS.iter().zip(&proof.accepted).map(|(way, accepted)| {
        let log = folder.path().join(way).join("a.log");
        let writer = Writer { way, log, lines, every: (lines / 10).clamp(1, 300), accepted: accepted.clone() };
        std::thread::spawn(move || writer.write())
    });
    let writers: Vec<_> = writers.collect();
    let all = lines * WAYS.len();
    for n in 1..=kills {
        // Somewhere in its share of the lines, and then a moment later.
        let goal = (all * (n - 1) + dice.below(all)) / (kills + 1);
        until(&format!("kill {n}, with {:?} accepted", proof.accepted), || {
            life.read(&mut proof);
            proof.n_accepted() > goal
        });
        std::thread::sleep(Duration::from_millis(dice.below(300) as u64));
        life.kill(&mut proof);
        life = Life::begin(folder.path(), n);
    }
    writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
    let began = Instant::now();
    while proof.n_accepted() < all && began.elapsed() < PATIENCE {
        life.read(&mut proof);
        std::thread::sleep(Duration::from_millis(1));
    }
    life.kill(&mut proof);
    let missing = |way: usize| (1..=lines).filter(|n| !proof.seen[way].contains_key(n)).collect::<Vec<_>>();
    let lost: Vec<_> = (0..WAYS.len()).map(|way| (WAYS[way], missing(way))).filter(|(_, lost)| !lost.is_empty()).collect();
    println!("{all} lines, {kills} kills, {} lost, {} repeated", lost.iter().map(|(_, lost)| lost.len()).sum::<usize>(), proof.n_repeated);
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(proof.complaints.is_empty(), "{:#?}", proof.complaints);
}
