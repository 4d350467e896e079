//! What the allocator of a daemon is told. It reads its settings from the environment before anything of
//! ours runs, so the process begins anew, once.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Milliseconds that freed memory stays with the process.
const VARIABLE: &str = "MIMALLOC_PURGE_DELAY";
/// The usual second suits a process that soon ends. A daemon that has read its files, or that thousands of
/// runs pass through, would hold a half more than it uses; no run is slower for this.
const DELAY: &str = "10";

/// Begins this process anew with the settings of a daemon, unless it has them. The process stays the same
/// to the outside: its number, its arguments, its open files. Where that does not work, it goes on as it is.
pub fn tell() {
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let Ok(own) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(own);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It comes back only if it fails.
    let _ = again.args(arguments).env(VARIABLE, DELAY).exec();
}
