//! Finding a program and starting it, and why that may fail.
//!
//! The search through PATH is done here and not by the system: a child whose environment was
//! cleared would otherwise be forked and not spawned, which costs more the larger we are, and the
//! reason for a failure (nowhere found, found but not executable, a folder) would be lost.
//! Messages name the program only: arguments may be secret.

use super::ExchangeError;
use super::failure::io_words;
use crate::base::error_kind::ErrorKind;
use crate::base::print::{cut, one_line};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// The file to execute for the first item of an argv.
///
/// # Errors
/// [`ErrorKind::NotFound`], [`ErrorKind::Permission`], or [`ErrorKind::Spawn`] for what can be no
/// program.
pub fn find(program: &str, path: &OsStr, folder: &Path) -> Result<PathBuf, ExchangeError> {
    if program.is_empty() {
        return Err(ExchangeError::new(ErrorKind::Spawn, "the command is empty"));
    }
    if program.contains('/') {
        let file = folder.join(program);
        return executable(&file).map(|()| file).map_err(|problem| problem.told(program, "no program"));
    }
    let mut problem = Problem::Missing;
    for place in std::env::split_paths(path).filter(|place| place.is_absolute()) {
        let file = place.join(program);
        match executable(&file) {
            Ok(()) => return Ok(file),
            // As a shell does: a later folder may have one that works, else this is the reason.
            Err(Problem::Missing) => {}
            Err(other) => problem = other,
        }
    }
    Err(problem.told(program, "no program in PATH named"))
}

enum Problem {
    Missing,
    Folder,
    Forbidden,
}

impl Problem {
    fn told(self, program: &str, missing: &str) -> ExchangeError {
        let name = shown(program);
        match self {
            Problem::Missing => ExchangeError::new(ErrorKind::NotFound, format!("{missing} `{name}`")),
            Problem::Folder => ExchangeError::new(ErrorKind::Spawn, format!("`{name}` is a folder")),
            Problem::Forbidden => ExchangeError::new(ErrorKind::Permission, format!("`{name}` is not executable for this user")),
        }
    }
}

fn executable(file: &Path) -> Result<(), Problem> {
    let data = std::fs::metadata(file).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Problem::Forbidden,
        _ => Problem::Missing,
    })?;
    if data.is_dir() {
        return Err(Problem::Folder);
    }
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).map_err(|_| Problem::Forbidden)
}

/// A program's name in a message.
pub fn shown(program: &str) -> String {
    cut(&one_line(program), 120)
}

/// Why a program that was found did not start.
pub fn start_failure(error: &io::Error, program: &str, folder: &Path) -> ExchangeError {
    let name = shown(program);
    let (kind, message) = match error.kind() {
        _ if !folder.is_dir() => {
            (ErrorKind::Spawn, format!("the working folder `{}` of `{name}` does not exist", one_line(&folder.to_string_lossy())))
        }
        io::ErrorKind::NotFound => (ErrorKind::NotFound, format!("`{name}` names an interpreter that does not exist")),
        io::ErrorKind::PermissionDenied => (ErrorKind::Permission, format!("`{name}` may not be started by this user")),
        io::ErrorKind::InvalidInput => (ErrorKind::Spawn, format!("an argument or variable for `{name}` holds a NUL character")),
        io::ErrorKind::ArgumentListTooLong => (ErrorKind::Spawn, format!("the arguments and variables for `{name}` are too long")),
        io::ErrorKind::WouldBlock => (ErrorKind::Spawn, format!("`{name}` could not be started: too many processes")),
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            (ErrorKind::Spawn, format!("`{name}` is neither a program nor a script with a `#!` line"))
        }
        _ => (ErrorKind::Spawn, format!("`{name}` could not be started: {}", io_words(error))),
    };
    ExchangeError::new(kind, message)
}

/// What a child gets of our own environment. Everything else may be secret, and would make a check
/// work on one machine only.
pub fn kept_environment() -> Vec<(OsString, OsString)> {
    ["PATH", "LANG", "TZ"].into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?))).collect()
}

/// The name of a signal.
pub fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => "another signal",
    }
}
