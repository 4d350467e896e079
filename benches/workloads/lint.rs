//! Linting a thousand specs of two hundred lines with all rules, against parsing them: what reading,
//! resolving and the rules cost. The same by the command on all cores, and one spec from a cold process.

use crate::meter::{Rounds, own_cpu};
use crate::table::{Line, Table};
use crate::{Outcome, child, cold};
use engine::base::span::Sources;
use engine::lint::Levels;
use engine::lint::beside::Beside;
use engine::spec::share::{NoFragments, assemble};
use engine::yaml::load::load;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SPECS: usize = 1_000;
const ROUNDS: usize = 3;
/// Metrics of a spec; each takes a line.
const METRICS: usize = 150;

/// Adds the rows of this workload.
pub fn measure(table: &mut Table) -> Outcome {
    let text = spec("demo");
    let rounds = Rounds::run(ROUNDS, || Ok([bare(&text), linted(&text)?]))?;
    table.add(Line {
        work: "1,000 specs of 200 lines: lint with all rules against a bare parse, CPU",
        engine: format!("{:.0} ms", rounds.cost(1)),
        limit: format!("{:.0} ms", rounds.cost(0)),
        figure: rounds.ratio(1, 0),
        unit: " x",
        most: Some(5.0),
    });
    let parse = rounds.cost(0);
    let folder = specs()?;
    let rounds = Rounds::run(ROUNDS, || Ok([cold::wall(engine(folder.path(), "specs"))?]))?;
    let cores = std::thread::available_parallelism()?;
    table.add(Line {
        work: "`engine lint` of 1,000 specs of 200 lines, wall, against the CPU of a bare parse",
        engine: format!("{:.0} ms on {cores} cores", rounds.cost(0)),
        limit: format!("{parse:.0} ms"),
        figure: rounds.cost(0),
        unit: " ms",
        most: Some(1000.0),
    });
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rounds = Rounds::run(21, || Ok([cold::wall(child::command(&["--nothing"])?)?, cold::wall(engine(root, "specs/zabbix.yaml"))?]))?;
    table.add(Line {
        work: "`engine lint` of one spec against a process that does nothing, wall",
        engine: format!("{:.1} ms", rounds.cost(1)),
        limit: format!("{:.1} ms", rounds.cost(0)),
        figure: rounds.cost(1),
        unit: " ms",
        most: Some(20.0),
    });
    Ok(())
}

fn engine(folder: &Path, path: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(["lint", path]).current_dir(folder);
    command
}

/// A folder with all the specs.
fn specs() -> Outcome<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("specs"))?;
    for n in 0..SPECS {
        let name = format!("demo-{n}");
        std::fs::write(folder.path().join(format!("specs/{name}.yaml")), spec(&name))?;
    }
    Ok(folder)
}

/// A spec as people write them: a source of each kind, and many metrics.
fn spec(name: &str) -> String {
    let mut out = format!("name: {name}\nversion: 1.0.0\ndescription: A spec of two hundred lines.\nconfig:\n  instance:\n");
    for n in 0..20 {
        let _ = writeln!(out, "    key_{n}: {{type: string, default: a, description: The key number {n}.}}");
    }
    out.push_str("let:\n");
    for n in 0..20 {
        let _ = writeln!(out, "  name_{n}: instance.key_{n} | upper");
    }
    out.push_str("sources:\n  page:\n    http: {url: \"http://localhost/\", timeout: 5s}\n    decode: json\n    service_check: demo.can_connect\nmetrics:\n");
    for n in 0..METRICS {
        let _ = writeln!(
            out,
            "  - {{from: page, name: demo.metric_{n}, value: row.a.b{n} / row.total * 100, unit: percent, tags: {{k: \"{{{{ name_{} }}}}\"}}}}",
            n % 20
        );
    }
    out
}

/// CPU milliseconds of parsing alone.
fn bare(text: &str) -> f64 {
    let before = own_cpu();
    for _ in 0..SPECS {
        let mut sources = Sources::default();
        let file = sources.add("demo.yaml", text);
        black_box(load(&sources, file));
    }
    (own_cpu() - before).as_secs_f64() * 1e3
}

/// CPU milliseconds of parsing, reading, resolving and all rules.
fn linted(text: &str) -> Outcome<f64> {
    let before = own_cpu();
    for _ in 0..SPECS {
        let mut sources = Sources::default();
        let file = sources.add("demo.yaml", text);
        let whole = assemble(load(&sources, file), &mut sources, &mut NoFragments);
        let root = whole.loaded.root.clone();
        let (read, problems) = engine::spec::read::read(whole, file, "demo", &sources);
        let Some(read) = read else { return Err(format!("{problems:?}").into()) };
        let found = engine::lint::spec(&root, &read, &sources, &Beside::unknown(), &Levels::default());
        if !black_box(found).is_empty() {
            return Err("the spec is not clean".into());
        }
    }
    Ok((own_cpu() - before).as_secs_f64() * 1e3)
}
