//! Large answers: a list of JSON items, an exposition, a log. Each is one run of `engine check` in a
//! process of its own, from its start to its end, against a loop by hand in another process that
//! reads the same bytes and does nothing else.

use crate::meter::Rounds;
use crate::server::Server;
use crate::table::{Line, Table};
use crate::whole::{self, Spent};
use crate::{Outcome, exposition, list, log};
use std::path::Path;
use tempfile::TempDir;

const ROUNDS: usize = 7;
/// The log: as large as the limit on the values of one document lets a file be that is read whole.
const LOG_BYTES: usize = 40 << 20;
/// The log that is followed.
const TAILED_BYTES: usize = 12 * LOG_BYTES;

/// One workload: what the engine does, and what it is compared with.
struct Work<'w> {
    words: [&'static str; 2],
    spec: &'w str,
    conf: String,
    limit: [String; 2],
    /// How many samples one run makes, and how large its answer is.
    samples: usize,
    bytes: usize,
    /// How many runs it takes, one more than has something to read where there are several.
    runs: usize,
    /// How many times the limit it may cost.
    most: Option<f64>,
    /// How many megabytes more than idle and answer.
    most_memory: Option<f64>,
}

/// Adds the rows of these workloads.
pub fn measure(table: &mut Table) -> Outcome {
    let server = Server::start()?;
    let url = |name: &str| format!("http://127.0.0.1:{}/{name}", server.port);
    let conf = |name: &str| format!("instances:\n  - {{url: \"{}\", max_returned_metrics: 1000000}}\n", url(name));
    let idle = idle()?;
    for (items, words) in [
        (list::FEW, ["1 MB list of 2,000 items, whole check, CPU", "- and its memory over idle and body"]),
        (list::MANY, ["20 MB list of 40,000 items, whole check, CPU", "- and its memory over idle and body"]),
    ] {
        let name = format!("list/{items}");
        let (bytes, samples) = (list::document(items).len(), 5 * items);
        let limit = ["--list".to_owned(), url(&name)];
        row(
            table,
            idle,
            &Work { words, spec: list::SPEC, conf: conf(&name), limit, samples, bytes, runs: 1, most: Some(3.0), most_memory: Some(16.0) },
        )?;
    }
    for (series, words) in [
        (exposition::FEW, ["exposition of 10,000 series, whole check, CPU", "- and its memory over idle and body"]),
        (exposition::MANY, ["exposition of 200,000 series, whole check, CPU", "- and its memory over idle and body"]),
    ] {
        let name = format!("text/{series}");
        let text = exposition::document(series);
        let (bytes, samples) = (text.len(), exposition::n_metrics(&text));
        let limit = ["--exposition".to_owned(), url(&name)];
        row(
            table,
            idle,
            &Work { words, spec: exposition::SPEC, conf: conf(&name), limit, samples, bytes, runs: 1, most: Some(6.0), most_memory: None },
        )?;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("access.log");
    std::fs::write(&path, log::lines(LOG_BYTES))?;
    let path = path.display().to_string();
    let words = ["40 MB access log, six captures, counted by two tags, whole check, CPU", "- and its memory over idle and file"];
    let limit = ["--log".to_owned(), path.clone()];
    let conf = format!("instances:\n  - {{path: \"{path}\"}}\n");
    row(
        table,
        idle,
        &Work {
            words,
            spec: log::SPEC,
            conf,
            limit,
            samples: log::SAMPLES,
            bytes: LOG_BYTES,
            runs: 1,
            most: Some(1.67),
            most_memory: Some(16.0),
        },
    )?;
    tailed(table, idle, folder.path())
}

/// The same lines in a file that is followed from its beginning, in several runs.
fn tailed(table: &mut Table, idle: u64, folder: &Path) -> Outcome {
    let path = folder.join("long.log");
    let lines = log::lines(LOG_BYTES);
    let mut file = std::fs::File::create(&path)?;
    for _ in 0..TAILED_BYTES / LOG_BYTES {
        std::io::Write::write_all(&mut file, lines.as_bytes())?;
    }
    let path = path.display().to_string();
    let spec = log::SPEC.replace("{path: \"{{ instance.path }}\"}", "{path: \"{{ instance.path }}\", mode: tail, start_at: beginning}");
    let words = ["480 MB access log, followed from its beginning, six captures, CPU", "- and its memory over idle"];
    let limit = ["--log".to_owned(), path.clone()];
    let conf = format!("instances:\n  - {{path: \"{path}\", run_timeout: 60s}}\n");
    let runs = TAILED_BYTES.div_ceil(engine::base::limits::FILE_BYTES as usize) + 2;
    let (samples, bytes) = (log::SAMPLES, 0);
    row(table, idle, &Work { words, spec: &spec, conf, limit, samples, bytes, runs, most: Some(1.67), most_memory: Some(32.0) })
}

fn row(table: &mut Table, idle: u64, work: &Work<'_>) -> Outcome {
    let folder = folder(work)?;
    let mut memory = Vec::new();
    let rounds = Rounds::run(ROUNDS, || {
        let limit = whole::by_hand(&[&work.limit[0], &work.limit[1]])?;
        let engine = whole::check(folder.path(), work.samples, work.runs)?;
        memory.push(engine.peak);
        Ok([millis(&limit), millis(&engine)])
    })?;
    table.add(Line {
        work: work.words[0],
        engine: format!("{:.1} ms", rounds.cost(1)),
        limit: format!("{:.1} ms", rounds.cost(0)),
        figure: rounds.ratio(1, 0),
        unit: " x",
        most: work.most,
    });
    let peak = memory.into_iter().max().unwrap_or_default();
    let over = peak.saturating_sub(idle + work.bytes as u64) as f64 / 1e6;
    table.add(Line {
        work: work.words[1],
        engine: format!("{:.0} MB", peak as f64 / 1e6),
        limit: format!("{:.0} MB", (idle + work.bytes as u64) as f64 / 1e6),
        figure: over,
        unit: " MB",
        most: work.most_memory,
    });
    Ok(())
}

fn millis(spent: &Spent) -> f64 {
    spent.cpu.as_secs_f64() * 1e3
}

/// The peak of a check that does next to nothing.
fn idle() -> Outcome<u64> {
    let spec = "name: large\nversion: 1.0.0\nmetrics:\n  - {name: one, value: 1}\n";
    let folder = written(spec, "instances: [{}]\n")?;
    Ok(whole::check(folder.path(), 1, 1)?.peak)
}

fn folder(work: &Work<'_>) -> Outcome<TempDir> {
    written(work.spec, &work.conf)
}

fn written(spec: &str, conf: &str) -> Outcome<TempDir> {
    let folder = tempfile::tempdir()?;
    let write = |path: &str, text: &str| -> Outcome {
        let path: &Path = &folder.path().join(path);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(std::fs::write(path, text)?)
    };
    write("specs/large.yaml", spec)?;
    write("conf.d/large.yaml", conf)?;
    Ok(folder)
}
