//! Clocks, and medians over rounds.

use crate::Outcome;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The CPU time of this process so far, system time included, children not.
pub fn own_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// The CPU time of this process and of all children that have ended, in ticks of 10 ms: only good
/// for sums.
pub fn tree_cpu() -> Outcome<Duration> {
    ticks("self", 4)
}

/// User and system time of a process, and behind them those of its children.
fn ticks(process: &str, fields: usize) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, after) = stat.rsplit_once(") ").ok_or("no name")?;
    let all: Vec<u64> = after.split(' ').map(|field| field.parse().unwrap_or(0)).collect();
    let ticks: u64 = all.iter().skip(11).take(fields).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The CPU time of a process so far, in ticks of 10 ms: only good for seconds.
pub fn cpu_of(process: &str) -> Outcome<Duration> {
    ticks(process, 2)
}

/// The resident memory of a process in bytes: its number, or `self`.
pub fn resident(process: &str) -> Outcome<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("no pages")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// The most memory of this process that was ever resident, in bytes.
pub fn peak() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Costs of contestants that took turns: one list of costs per contestant, in the order of rounds.
pub struct Rounds<const N: usize>(Vec<[f64; N]>);

impl<const N: usize> Rounds<N> {
    /// Lets `turn` measure all contestants, `n` times.
    pub fn run(n: usize, mut turn: impl FnMut() -> Outcome<[f64; N]>) -> Outcome<Self> {
        Ok(Rounds((0..n).map(|_| turn()).collect::<Outcome<_>>()?))
    }

    /// The median cost of one contestant.
    pub fn cost(&self, of: usize) -> f64 {
        median(self.0.iter().filter_map(|round| round.get(of).copied()).collect())
    }

    /// The median of the ratios of two contestants within a round.
    pub fn ratio(&self, of: usize, to: usize) -> f64 {
        median(self.0.iter().filter_map(|round| Some(round.get(of)? / round.get(to)?)).collect())
    }
}

impl<const N: usize> Rounds<N> {
    /// The mean cost of one contestant, for clocks too coarse for a single round.
    pub fn mean(&self, of: usize) -> f64 {
        self.0.iter().filter_map(|round| round.get(of)).sum::<f64>() / self.0.len() as f64
    }
}
