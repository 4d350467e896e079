//! This binary started again in another role.

use crate::{Outcome, cold, exposition, list, log, memory, server, whole};
use std::process::{Child, ChildStdin, Command, Stdio};

/// What a role does.
type Role = fn() -> Outcome;

/// The roles by their first argument.
const ROLES: &[(&str, Role)] = &[
    ("--serve", server::serve),
    ("--nothing", cold::nothing),
    ("--get", cold::get_and_parse),
    ("--idle", memory::hold),
    ("--list", list::by_hand),
    ("--exposition", exposition::by_hand),
    ("--log", log::by_hand),
    ("check", whole::engine),
    ("run", whole::engine),
];

/// The role that the arguments ask for.
pub fn role(arguments: &[String]) -> Option<Role> {
    let first = arguments.first()?;
    ROLES.iter().find(|(name, _)| name == first).map(|(_, role)| *role)
}

/// A command that starts this binary with these arguments.
pub fn command(arguments: &[&str]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

/// A child that ends with this value: its standard input closes.
pub struct Kept {
    child: Child,
    input: Option<ChildStdin>,
}

impl Kept {
    /// Starts the child; its standard output is piped.
    pub fn start(arguments: &[&str]) -> Outcome<(Kept, std::process::ChildStdout)> {
        let mut child = command(arguments)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no pipe")?;
        let input = child.stdin.take();
        Ok((Kept { child, input }, output))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.input.take());
        // Nothing depends on how it ended.
        let _ = self.child.wait();
    }
}
