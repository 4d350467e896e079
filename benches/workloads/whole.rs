//! Whole processes: what they cost from their first instruction to their last, as they say
//! themselves at their end.

use crate::meter::{own_cpu, peak};
use crate::{Outcome, child};
use std::path::Path;
use std::time::Duration;

/// What a process has cost.
pub struct Spent {
    /// User and system time.
    pub cpu: Duration,
    /// The most memory that was resident.
    pub peak: u64,
}

/// So many runs of the check `large` in a folder; the first must give so many samples, and further
/// ones go on until there is nothing left.
pub fn check(folder: &Path, samples: usize, runs: usize) -> Outcome<Spent> {
    let mut command = child::command(&["check", "large", "--format", "summary", "--times", &runs.to_string()])?;
    let output = command.current_dir(folder).output()?;
    let (said, told) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    let all = said.contains(&format!(" {samples} metrics")) && (runs == 1 || said.contains(" 0 metrics"));
    if !output.status.success() || !all {
        return Err(format!("expected {samples} metrics of {}: {said}{told}", folder.display()).into());
    }
    spent(&told)
}

/// A role of this binary with one argument.
pub fn by_hand(arguments: &[&str]) -> Outcome<Spent> {
    let output = child::command(arguments)?.output()?;
    let told = String::from_utf8(output.stderr)?;
    if output.status.success() { spent(&told) } else { Err(told.into()) }
}

fn spent(told: &str) -> Outcome<Spent> {
    let last = told.lines().next_back().ok_or("the child has not told its cost")?;
    let (nanos, peak) = last.strip_prefix("spent ").and_then(|line| line.split_once(' ')).ok_or_else(|| told.to_owned())?;
    Ok(Spent { cpu: Duration::from_nanos(nanos.parse()?), peak: peak.parse()? })
}

/// Tells what this process has cost; the last thing that a role does.
pub fn tell() -> Outcome {
    eprintln!("spent {} {}", own_cpu().as_nanos(), peak()?);
    Ok(())
}

/// The role of the engine itself: the arguments are its own.
pub fn engine() -> Outcome {
    let code = engine::cli::main();
    tell()?;
    if code == std::process::ExitCode::SUCCESS { Ok(()) } else { Err("the check has failed".into()) }
}
