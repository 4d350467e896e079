//! `engine check NAME`: runs the instances of one check, shows what they would send, sends nothing.

use super::check_result::{Ran, to_json};
use super::check_text::Printer;
use super::session::{open, show, take_folder, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED, USAGE};
use crate::base::diag;
use crate::base::suggest::{listed, nearest};
use crate::base::time::{Clock, SystemClock};
use crate::base::units::parse_duration;
use crate::catalog::files::{SpecFile, all_specs, confs_of, find_spec};
use crate::catalog::{Catalog, Checks, Places};
use crate::expr::frame::Remark;
use crate::fold::Points;
use crate::plan::Check;
use crate::run::exchanger::Live;
use crate::run::reuse::Reuse;
use crate::run::trace::Trace;
use crate::run::{Memory, RunCx, run as run_check, run_time};
use crate::spec::config::{ConfigField, ConfigType};
use crate::state::folder::{Folder, Loaded, Owner};
use clap::ValueEnum;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine check disk                     run every instance once
  engine check http --instance 0        only the first instance
  engine check cpu --rate               run twice, so that rates have two readings
  engine check http --trace             show requests, answers and rows
  engine check disk --plan              show the spec with all that it uses, run nothing
  engine check disk --format json       one JSON object, for tools")]
pub struct Arguments {
    /// The name of the spec.
    name: String,
    /// Only this instance, counted from 0; may be given several times.
    #[arg(long, value_name = "N")]
    instance: Vec<usize>,
    /// How many times each instance runs.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// The pause between two runs of an instance.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = pause)]
    pause: Duration,
    /// Runs twice with a second between: what rates and counters need.
    #[arg(long)]
    rate: bool,
    /// How results are written.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Shows requests, answers, rows, and which line of the spec made what.
    #[arg(long)]
    trace: bool,
    /// Shows the whole spec with its fragments, each part with its file and line; runs nothing.
    #[arg(long, conflicts_with_all = ["instance", "times", "pause", "rate", "trace", "format"])]
    plan: bool,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// Counts and times only.
    Summary,
}

/// A pause as it is written on a command line.
///
/// # Errors
/// It is no duration.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(parse_duration(text)?).map_err(|error| error.to_string())
}

/// Finds the check, runs it, shows the results.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, mut catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let style = Style::stderr(common.color);
    if arguments.plan {
        return print_plan(&arguments.name, common, &places, &mut catalog);
    }
    let found = find(&arguments.name, &places, &mut catalog);
    diag::sort(&mut catalog.problems);
    show(&catalog.problems, &catalog.sources, style);
    let checks = match found {
        Ok(checks) => checks,
        Err(why) => return usage(&why, common),
    };
    let wanted: Vec<&Check> =
        checks.checks.iter().filter(|c| arguments.instance.is_empty() || arguments.instance.contains(&c.instance.number)).collect();
    if let Some(missing) = arguments.instance.iter().find(|n| !checks.checks.iter().any(|c| c.instance.number == **n)) {
        eprintln!(
            "{}: `{}` has no usable instance {missing}; there are {} (counted from 0)",
            style.bad("error"),
            arguments.name,
            checks.checks.len()
        );
        return USAGE;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let Ok(runtime) = runtime else {
        eprintln!("{}: the runtime cannot be started", style.bad("error"));
        return FAILED;
    };
    let (folder, _lock) = match take_folder(common.state_dir.clone(), style) {
        Ok(taken) => taken.unzip(),
        Err(why) => return usage(&why, common),
    };
    let (ran, memories) = runtime.block_on(run_all(&wanted, arguments, folder.as_ref(), &catalog));
    runtime.shutdown_timeout(Duration::from_millis(100));
    let failed = ran.iter().any(|ran| ran.outcome.failed()) || checks.broken > 0;
    let written = write(&ran, arguments, &checks, &catalog, Style::stdout(common.color));
    // A reader that has gone away is no failure of the check, but what it has not seen is not over.
    if let (Ok(()), Some(folder)) = (written, &folder) {
        save(folder, &memories, style);
    }
    if failed { FAILED } else { CLEAN }
}

/// Shows what a spec and everything that it uses come to.
fn print_plan(name: &str, common: &Common, places: &Places, catalog: &mut Catalog) -> u8 {
    let spec = match spec_of(name, places) {
        Ok(spec) => spec,
        Err(why) => return usage(&why, common),
    };
    let plan = catalog.plan(&spec);
    diag::sort(&mut catalog.problems);
    show(&catalog.problems, &catalog.sources, Style::stderr(common.color));
    if let Some(text) = catalog.print(&spec, |_| {}) {
        print!("{text}");
    }
    if plan.is_some() { CLEAN } else { FAILED }
}

/// The spec of a name, or which there are.
pub(super) fn spec_of(name: &str, places: &Places) -> Result<SpecFile, String> {
    find_spec(&places.spec_dirs, name).ok_or_else(|| {
        let specs = all_specs(&places.spec_dirs);
        let names = || specs.iter().map(|s| s.name.as_str());
        let folders = places.spec_dirs.iter().map(|d| d.display().to_string()).collect::<Vec<_>>().join(", ");
        match nearest(name, names()) {
            Some(near) => format!("there is no spec `{name}` in {folders}; did you mean `{near}`?"),
            None if specs.is_empty() => format!("there is no spec `{name}`: {folders} holds no specs"),
            None => format!("there is no spec `{name}` in {folders}; there are {}", listed(names(), 40)),
        }
    })
}

/// The checks of a name, or why there are none.
pub(super) fn find(name: &str, places: &Places, catalog: &mut Catalog) -> Result<Checks, String> {
    let spec = spec_of(name, places)?;
    let Some(plan) = catalog.plan(&spec) else { return Err(format!("the spec `{name}` has errors")) };
    let confs = confs_of(&places.conf_dir, name);
    if confs.is_empty() {
        let problems = catalog.problems.len();
        let checks = catalog.default_check(&plan);
        if checks.checks.is_empty() {
            // The slips of an instance that nobody wrote would only confuse.
            catalog.problems.truncate(problems);
            let path = places.conf_dir.join(format!("{name}.yaml"));
            return Err(format!(
                "`{name}` has no instances: write {}, for example\n\n{}",
                path.display(),
                example(&plan.spec.config.instance)
            ));
        }
        return Ok(checks);
    }
    let checks = catalog.checks(&plan, &confs);
    match (checks.checks.len(), checks.broken, checks.disabled) {
        (0, 0, 0) => Err(format!("{} has no instances", confs.first().map_or(String::new(), |c| c.path.display().to_string()))),
        (0, 0, disabled) => Err(format!("all instances of `{name}` are switched off ({disabled} say `enabled: false`)")),
        (0, _, _) => Err(format!("no instance of `{name}` is without errors")),
        _ => Ok(checks),
    }
}

/// A conf.d file with what an instance must say.
fn example(fields: &[ConfigField]) -> String {
    let required = fields.iter().filter(|field| field.field.required);
    let line = |field: &ConfigField| {
        let given = field.field.example.as_ref().and_then(|node| node.as_scalar()).map(|scalar| scalar.text.to_string());
        let usual = match field.field.types.first() {
            Some(ConfigType::Url) => "http://127.0.0.1:8080",
            Some(ConfigType::Secret) => "\"{{ secret('env:TOKEN') }}\"",
            Some(ConfigType::Int | ConfigType::Float) => "1",
            Some(ConfigType::Bool) => "true",
            Some(ConfigType::List) => "[]",
            Some(ConfigType::Map) => "{}",
            _ => "…",
        };
        format!("{}: {}", field.key, given.unwrap_or_else(|| usual.to_owned()))
    };
    format!("instances:\n  - {}", required.map(line).collect::<Vec<_>>().join("\n    "))
}

/// Trouble with the folder is told once.
fn save(folder: &Folder, memories: &[(Owner, Memory)], style: Style) {
    let failed = memories.iter().find_map(|(owner, memory)| folder.save(owner, memory).err());
    if let Some(why) = failed {
        eprintln!("{}: state is not saved: {why}", style.bad("error"));
    }
}

/// What the runs came to, and the memories that have moved.
async fn run_all<'c>(
    checks: &[&'c Check],
    arguments: &Arguments,
    folder: Option<&Folder>,
    catalog: &Catalog,
) -> (Vec<Ran<'c>>, Vec<(Owner, Memory)>) {
    let _ = crate::net::reaper::become_subreaper();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let live = Live { outside: crate::source::Outside::default(), clock: clock.clone() };
    let times = if arguments.rate { arguments.times.max(2) } else { arguments.times };
    let (mut out, mut memories) = (Vec::new(), Vec::new());
    for (at, check) in checks.iter().enumerate() {
        let owner = check.owner();
        let Loaded { mut memory, mut warning } = match folder {
            Some(_) if checks.iter().take(at).any(|other| other.id == check.id) => Loaded::twin(),
            Some(folder) => folder.load(&owner, clock.now()),
            None => Loaded::default(),
        };
        let reuse = Reuse::default();
        let mut moved = false;
        for n in 1..=times {
            if n > 1 {
                tokio::time::sleep(arguments.pause).await;
            }
            let trace = Trace::new(check.masks().clone());
            let interval = check.instance.min_interval.max(catalog.conf.interval.duration());
            let cx = RunCx {
                check,
                memory: &memory,
                exchanger: &live,
                clock: &*clock,
                engine: &catalog.engine,
                interval,
                deadline: clock.instant() + run_time(&check.instance, interval),
                reuse: &reuse,
                requests: Default::default(),
                trace: arguments.trace.then_some(&trace),
            };
            let mut outcome = patiently(&check.label(), run_check(&cx)).await;
            outcome.warnings.extend(warning.take().map(|message| Remark { span: check.instance.span, message, count: 1 }));
            // Counts need no points.
            let points = if arguments.format == Format::Summary { Points::default() } else { outcome.fold(&memory, &catalog.sources) };
            moved |= memory.is_moved_by(&outcome.changes);
            outcome.remember(&mut memory);
            out.push(Ran { check, run: n, outcome, points, trace: trace.take() });
        }
        if moved {
            memories.push((owner, memory));
        }
    }
    crate::net::reaper::end_strays().await;
    (out, memories)
}

/// After a second a person at a terminal is told what is going on.
async fn patiently<T>(label: &str, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    let watched = std::io::stderr().is_terminal();
    let mut seconds = 0u32;
    loop {
        tokio::select! {
            done = &mut work => {
                if seconds > 0 && watched {
                    eprint!("\r\u{1b}[2K");
                }
                return done;
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                seconds += 1;
                if watched {
                    eprint!("\r{label} is running, {seconds} s");
                    let _ = std::io::stderr().flush();
                }
            }
        }
    }
}

fn write(ran: &[Ran<'_>], arguments: &Arguments, checks: &Checks, catalog: &Catalog, style: Style) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{:#}", to_json(&arguments.name, ran, &catalog.sources)),
        Format::Human => write!(out, "{}", Printer::new(&catalog.sources, style).all(ran, checks)),
        Format::Summary => write!(out, "{}", Printer::new(&catalog.sources, Style { color: false }).summary(ran)),
    }?;
    out.flush()
}
