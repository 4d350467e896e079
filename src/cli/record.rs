//! `engine record NAME`: runs the instances of one check for real, and keeps what they were answered as
//! tests beside the spec.

use super::check::{find, spec_of};
use super::session::{open, show, usage};
use super::style::Style;
use super::{CLEAN, Common, FAILED};
use crate::base::diag::{self, Diagnostic, has_errors};
use crate::base::limits;
use crate::base::render;
use crate::base::time::{Clock, SystemClock};
use crate::base::value::Value;
use crate::catalog::Catalog;
use crate::catalog::files::SpecFile;
use crate::plan::Check;
use crate::run::exchanger::Live;
use crate::trial::find::{Suite, folder_of};
use crate::trial::record::mask::Mask;
use crate::trial::record::write::{About, Written, with_duplicates, write};
use crate::trial::record::{Recording, Taken, Times, record};
use crate::trial::suite::{Wanted, run as run_suite};
use crate::yaml::load::load;
use crate::yaml::node::Node;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  engine record rabbitmq                       specs/rabbitmq/tests/recorded.yaml and its fixtures
  engine record rabbitmq --test one_node       under another name
  engine record cpu --times 2 --pause 15s      two runs, for rates and changes

What is called like a secret, and every secret of the instance, is masked in what is kept. Read it all the
same before you share it: names of hosts and users stay.")]
pub struct Arguments {
    /// The name of the spec.
    name: String,
    /// Only this instance, counted from 0; may be given several times.
    #[arg(long, value_name = "N")]
    instance: Vec<usize>,
    /// The name of the test; of several instances each gets its number behind it.
    #[arg(long, value_name = "NAME", default_value = "recorded", value_parser = plain_name)]
    test: String,
    /// How many times each instance runs.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=limits::TEST_RUNS as i64))]
    times: u32,
    /// The pause between two runs of an instance.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = super::check::pause)]
    pause: Duration,
    /// Replaces a test of that name.
    #[arg(long)]
    force: bool,
}

/// A name that is a file as it stands.
fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let fine = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    if fine { Ok(text.to_owned()) } else { Err("a name of letters, digits, `_` and `-`, a letter first".to_owned()) }
}

/// Records and tells what was written.
pub fn run(arguments: &Arguments, common: &Common) -> u8 {
    let (places, mut catalog) = match open(common) {
        Ok(opened) => opened,
        Err(why) => return usage(&why, common),
    };
    let style = Style::stderr(common.color);
    let found = spec_of(&arguments.name, &places).and_then(|spec| Ok((spec, find(&arguments.name, &places, &mut catalog)?)));
    diag::sort(&mut catalog.problems);
    show(&catalog.problems, &catalog.sources, style);
    let (spec, checks) = match found {
        Ok(found) => found,
        Err(why) => return usage(&why, common),
    };
    if let Some(missing) = arguments.instance.iter().find(|n| !checks.checks.iter().any(|check| check.instance.number == **n)) {
        return usage(&format!("`{}` has no usable instance {missing} (counted from 0)", arguments.name), common);
    }
    let wanted: Vec<&Check> =
        checks.checks.iter().filter(|c| arguments.instance.is_empty() || arguments.instance.contains(&c.instance.number)).collect();
    let name_of = |check: &Check| match wanted.len() {
        1 => arguments.test.clone(),
        _ => format!("{}_{}", arguments.test, check.instance.number),
    };
    let path_of = |check: &Check| folder_of(&spec).join(format!("{}.yaml", name_of(check)));
    if let Some(there) = wanted.iter().map(|check| path_of(check)).find(|path| path.exists() && !arguments.force) {
        return usage(&format!("{} is there already; `--force` replaces it, `--test NAME` takes another name", there.display()), common);
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() else {
        return usage("the runtime cannot be started", common);
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let live = Live { outside: crate::source::Outside::default(), clock: clock.clone() };
    let times = Times { runs: arguments.times, pause: arguments.pause, interval: catalog.conf.interval.duration() };
    let mut failed = false;
    for check in &wanted {
        let _ = crate::net::reaper::become_subreaper();
        let recording = runtime.block_on(async {
            let recording = record(check, &live, &*clock, &catalog.engine, times).await;
            crate::net::reaper::end_strays().await;
            recording
        });
        for error in &recording.errors {
            eprintln!("{}: {} failed, and the test shows that: {error}", style.warn("warning"), check.label());
        }
        match keep(&name_of(check), &spec, check, &recording, &mut catalog) {
            Ok(kept) => failed |= !kept.tell(common),
            Err(why) => return usage(&why, common),
        }
    }
    runtime.shutdown_timeout(Duration::from_millis(100));
    if failed { FAILED } else { CLEAN }
}

/// A test that was written, and what became of it.
pub(super) struct Kept {
    paths: Vec<PathBuf>,
    warnings: Vec<String>,
    /// What is wrong with it, drawn; none where it passes.
    problems: Vec<String>,
}

impl Kept {
    /// Tells what was written, and whether it passes.
    pub(super) fn tell(&self, common: &Common) -> bool {
        let style = Style::stderr(common.color);
        self.paths.iter().for_each(|path| println!("wrote {}", path.display()));
        self.warnings.iter().for_each(|warning| eprintln!("{}: {warning}", style.warn("warning")));
        self.problems.iter().for_each(|problem| eprint!("{problem}"));
        if !self.problems.is_empty() {
            eprintln!("{}: the test does not pass as it was recorded", style.bad("error"));
        }
        self.problems.is_empty()
    }
}

/// Writes a recording as a test, lets it expect what it makes, and plays it once more.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn keep(name: &str, spec: &SpecFile, check: &Check, recording: &Recording, catalog: &mut Catalog) -> Result<Kept, String> {
    let Written { test, files, mut warnings } = written(name, spec, check, recording, catalog);
    let folder = folder_of(spec);
    let path = folder.join(format!("{name}.yaml"));
    let mut paths = vec![path.clone()];
    save(&path, test.as_bytes())?;
    for (file, bytes) in &files {
        save(&folder.join(file), bytes)?;
        paths.push(folder.join(file));
    }
    let suite = Suite { spec: spec.clone(), files: vec![path.clone()] };
    run_suite(&suite, Wanted { filter: None, update: true });
    let mut played = run_suite(&suite, Wanted::default());
    let twice = |problem: &Diagnostic| problem.code == "duplicate";
    if played.tests.iter().flat_map(|test| &test.problems).any(twice) {
        save(&path, format!("{test}{}", with_duplicates(recording.began.len())).as_bytes())?;
        warnings.insert("something is sent twice with the same tags: the test allows that with `no_duplicates: false`".to_owned());
        run_suite(&suite, Wanted { filter: None, update: true });
        played = run_suite(&suite, Wanted::default());
    }
    let problems = played.tests.iter().map(|test| &test.problems).chain([&played.problems]);
    let drawn = |problems: &Vec<Diagnostic>| has_errors(problems).then(|| render::human(problems, &played.sources, false));
    Ok(Kept { paths, warnings: warnings.into_iter().collect(), problems: problems.filter_map(drawn).collect() })
}

fn written(name: &str, spec: &SpecFile, check: &Check, recording: &Recording, catalog: &mut Catalog) -> Written {
    let root = load(&catalog.sources, check.instance.span.file).root;
    let null = Node::null(check.instance.span);
    let instances = root.entry("instances").and_then(|entry| entry.value.as_list()).unwrap_or(&[]);
    let instance = instances.iter().find(|node| node.span == check.instance.span).unwrap_or(&null);
    let init_config = root.entry("init_config").map_or(&null, |entry| &entry.value);
    let mask = Mask::of(&[(instance, &check.instance.config), (init_config, &check.instance.init_config)], recording);
    let text = catalog.print(spec, |_| {}).unwrap_or_default();
    let day = recording.began.first().map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let about = About {
        name,
        title: title_of(&check.plan.spec.name, &day, recording),
        instance: mask.config("", instance),
        init_config: mask.config("", init_config),
        vars: if text.contains("engine.vars") { catalog.engine.member("vars") } else { Value::Missing },
        spec: &text,
    };
    write(&about, recording, &mask)
}

fn title_of(name: &str, day: &str, recording: &Recording) -> String {
    let failed = |taken: &Taken| matches!(taken.outcome, Some(Err(_)));
    match recording.taken.iter().all(failed) && !recording.taken.is_empty() {
        true => format!("{name} gets no answer."),
        false => format!("What {name} was answered on {day}."),
    }
}

/// Writes a file and the folders that it lies in.
///
/// # Errors
/// What could not be written, and why.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, bytes)).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
