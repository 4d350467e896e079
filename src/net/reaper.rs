//! The children of this process: which ones are ours, and the end of those that are not.
//!
//! A command may leave processes behind: helpers in its group, or daemons in a session of their
//! own that keep its output open. The group dies by signal. For the rest this process makes itself
//! the one to whom orphans are handed ([`become_subreaper`]); what then appears among its children
//! without having been started here is a stray, is killed and reaped ([`reap_strays`]).
//!
//! Children belong to the process as a whole, so the table of them is the one piece of global
//! state in this layer. Processes that share our own process group are left alone: somebody else
//! in this process started them.

use rustix::process::{Pid, Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, set_child_subreaper, waitpid};
use std::collections::BTreeSet;
use std::io;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::process::{Child, Command};

/// The leaders of the groups that are running.
static LIVE: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Held for reading while a child is started and entered into [`LIVE`], for writing while strays
/// are looked for: a child that is not in the table yet must not count as one.
static STARTING: RwLock<()> = RwLock::new(());

/// How often, and how long apart, strays are looked for after a group was killed: each generation
/// of them shows only when its parents are gone.
const ROUNDS: u32 = 20;
const BETWEEN_ROUNDS: Duration = Duration::from_millis(10);

fn live() -> MutexGuard<'static, BTreeSet<i32>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Orphans of commands become children of this process from now on. For `main`, once.
///
/// # Errors
/// When the system refuses; strays then go to init and live on.
pub fn become_subreaper() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// A process group that ends with this value.
#[derive(Debug)]
pub struct Group {
    leader: Pid,
}

impl Group {
    /// Starts a command as the leader of a new group, with all three streams piped or null as the
    /// command says.
    ///
    /// # Errors
    /// Why it could not be started.
    pub fn start(command: &mut Command) -> io::Result<(Child, Group)> {
        let _starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        let child = command.process_group(0).kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let leader = leader.ok_or_else(|| io::Error::other("the child has no process id"))?;
        live().insert(leader.as_raw_pid());
        Ok((child, Group { leader }))
    }

    /// Sends a signal to every process of the group; `false` when there is none left.
    pub fn signal(&self, signal: Signal) -> bool {
        kill_process_group(self.leader, signal).is_ok()
    }
}

impl Drop for Group {
    /// Kills what is left of the group, also when the exchange is given up half way.
    fn drop(&mut self) {
        // The number of a group stays taken while it has members. Once it has none, the number
        // would have to come round again within the moment since the leader was reaped.
        let had_members = self.signal(Signal::KILL);
        live().remove(&self.leader.as_raw_pid());
        if had_members && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(end_strays());
        }
    }
}

/// Kills and reaps strays until there are none, or some refuse to die at once.
pub async fn end_strays() {
    for _ in 0..ROUNDS {
        if reap_strays() == 0 {
            return;
        }
        tokio::time::sleep(BETWEEN_ROUNDS).await;
    }
}

/// Kills strays and reaps those that are dead: one pass, without waiting. The number of strays
/// that were found. For the agent once a minute, and at its end.
pub fn reap_strays() -> usize {
    let _nobody_starts = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    let children = children_of(getpid().as_raw_pid());
    let live = live();
    let own_group = getpgrp().as_raw_pid();
    let is_stray = |child: &&Process| !live.contains(&child.id) && !live.contains(&child.group) && child.group != own_group;
    let strays = children.iter().filter(is_stray);
    strays.filter_map(|stray| Pid::from_raw(stray.id)).map(kill_and_reap).count()
}

fn kill_and_reap(stray: Pid) {
    // Both fail only when somebody was faster.
    let _ = kill_process(stray, Signal::KILL);
    let _ = waitpid(Some(stray), WaitOptions::NOHANG);
}

#[derive(Debug, PartialEq)]
struct Process {
    id: i32,
    parent: i32,
    group: i32,
}

/// The direct children of a process. `/proc/PID/task/TID/children` would say so at once, but
/// kernels without checkpointing do not have it.
fn children_of(parent: i32) -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    let processes = ids.filter_map(|id: i32| parse_stat(&std::fs::read(format!("/proc/{id}/stat")).ok()?));
    processes.filter(|process| process.parent == parent).collect()
}

/// `123 (name with ) and blanks) S parent group …`.
fn parse_stat(stat: &[u8]) -> Option<Process> {
    let text = String::from_utf8_lossy(stat);
    let (before, after) = text.rsplit_once(") ")?;
    let id = before.split(' ').next()?.parse().ok()?;
    let mut fields = after.split(' ').skip(1);
    Some(Process { id, parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_processes_may_hold_anything() {
        let stat = b"42 (a) S 1 (b) S 7 41 41 0 -1";
        assert_eq!(parse_stat(stat), Some(Process { id: 42, parent: 7, group: 41 }));
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn children_of_other_parts_of_the_program_are_left_alone() {
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        reap_strays();
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
