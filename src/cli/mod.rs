//! The command line: one file per command.
//!
//! Nothing but what was asked for goes to standard output: observations, and the problems of `lint`.
//! Everything else goes to standard error.

// Those of the standard library panic where who reads has seen enough, as in `engine lint | head`.
macro_rules! print {
    ($($text:tt)*) => { $crate::cli::say(format_args!($($text)*)) };
}
macro_rules! println {
    () => { $crate::cli::say(format_args!("\n")) };
    ($($text:tt)*) => { $crate::cli::say(format_args!("{}\n", format_args!($($text)*))) };
}

mod allocator;
pub mod check;
pub mod check_result;
pub mod check_text;
pub mod completions;
mod cores;
pub mod explain;
pub mod flare;
mod in_force;
pub mod lint;
mod lint_fix;
mod lint_target;
pub mod man;
pub mod new;
pub mod record;
mod redact;
pub mod run;
pub mod schema;
pub mod session;
pub mod status;
pub mod style;
pub mod test;
pub mod test_report;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::process::ExitCode;

/// Writes to standard output; that nobody reads it any more is no fault.
fn say(text: std::fmt::Arguments<'_>) {
    if let Err(error) = std::io::stdout().write_fmt(text)
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("standard output cannot be written to: {error}");
    }
}

/// Declarative monitoring checks: describe a check in YAML, run it everywhere.
#[derive(Debug, Parser)]
#[command(name = "engine", version, about, propagate_version = true, disable_help_subcommand = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "Examples:
  engine new shop --from URL      look at an answer and propose a spec
  engine run                      run every configured instance, until it is stopped
  engine check disk               run one check once and show what it would send
  engine lint specs/disk.yaml     find mistakes in a spec
  engine test specs/disk.yaml     run the tests that lie beside a spec";

/// What all commands understand.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// The settings of the engine (engine.yaml); searched in this folder and in /etc/engine.
    #[arg(long, global = true, env = "ENGINE_CONFIG", value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// The folder of the instances.
    #[arg(long, global = true, env = "ENGINE_CONF_DIR", value_name = "DIR")]
    pub conf_dir: Option<std::path::PathBuf>,
    /// A folder of specs; may be given several times, the first that has a spec wins.
    #[arg(long, global = true, env = "ENGINE_SPEC_DIR", value_name = "DIR", value_delimiter = ':')]
    pub spec_dir: Vec<std::path::PathBuf>,
    /// The folder of what is remembered between runs; for `run` also ENGINE_STATE_DIR or `state_dir` of engine.yaml. `check` uses none unless it is given here.
    // Not `env`: `check` must not touch the memory of a daemon by accident.
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<std::path::PathBuf>,
    /// The name of this host in all observations.
    #[arg(long, global = true, env = "ENGINE_HOSTNAME", value_name = "NAME")]
    pub hostname: Option<String>,
    /// The collector's tick, at least 1s.
    #[arg(long, global = true, env = "ENGINE_INTERVAL", value_name = "TIME", hide = true)]
    pub interval: Option<String>,
    /// Colour in what people read.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find mistakes in specs, instances and settings.
    Lint(lint::Arguments),
    /// Say what a problem means and how it is cured, by its code.
    Explain(explain::Arguments),
    /// Run the instances of one check and show what they would send; sends nothing.
    Check(check::Arguments),
    /// Write a spec to begin with, by looking at a real answer.
    New(new::Arguments),
    /// Run the tests that lie beside the specs.
    Test(test::Arguments),
    /// Run the instances of one check for real, and keep what they were answered as a test.
    Record(record::Arguments),
    /// Run every configured instance on the shared schedule, until it is stopped.
    Run(run::Arguments),
    /// Show what the running engine knows: instances, errors, files.
    Status(status::Arguments),
    /// Collect what somebody who helps wants to see, without secrets, in one file.
    Flare(flare::Arguments),
    /// Print the JSON Schema of specs, conf.d, engine.yaml or tests, for editors.
    Schema(schema::Arguments),
    /// Print what a shell needs to complete commands and options.
    Completions(completions::Arguments),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(man::Arguments),
}

/// The whole program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let code = match arguments.command {
        Command::Lint(own) => lint::run(&own, &arguments.common),
        Command::Explain(own) => explain::run(&own, &arguments.common),
        Command::Check(own) => check::run(&own, &arguments.common),
        Command::Test(own) => test::run(&own, &arguments.common),
        Command::New(own) => new::run(&own, &arguments.common),
        Command::Record(own) => record::run(&own, &arguments.common),
        Command::Run(own) => run::run(&own, &arguments.common),
        Command::Status(own) => status::run(&own, &arguments.common),
        Command::Flare(own) => flare::run(&own, &arguments.common),
        Command::Schema(own) => schema::run(&own),
        Command::Completions(own) => completions::run(&own, Arguments::command()),
        Command::Man(own) => man::run(&own, Arguments::command()),
    };
    ExitCode::from(code)
}

/// All is well.
pub const CLEAN: u8 = 0;
/// Errors were found, or a run failed.
pub const FAILED: u8 = 1;
/// The command was used wrongly, or what it names does not exist.
pub const USAGE: u8 = 2;
