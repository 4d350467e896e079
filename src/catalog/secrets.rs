//! Secret handles of conf.d: `env:NAME`, `file:PATH`, `exec:PROGRAM`.
//!
//! A program is an absolute path, or a name that is looked up on the engine's `PATH`. It gets no
//! arguments, no input and no environment but `PATH`; what it prints is the secret. Line ends at
//! the end of a file or output go.

use super::files::read_text;
use super::permissions::of_program;
use crate::base::limits;
use crate::conf::secrets::SecretStore;
use crate::net::words;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The environment, files and programs of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Outside;

impl SecretStore for Outside {
    fn fetch(&self, handle: &str, folder: &Path) -> Result<String, String> {
        match handle.split_once(':') {
            Some(("env", name)) => std::env::var(name).map_err(|_| format!("the environment has no variable `{name}`")),
            Some(("file", path)) => read_text(&folder.join(path), limits::SECRET_BYTES).map(without_line_end),
            Some(("exec", program)) => match of_program(handle) {
                Some(why) => Err(why),
                None => output(&found(program)?),
            },
            _ => Err("it begins with none of env:, file:, exec:".to_owned()),
        }
    }
}

fn without_line_end(text: String) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

/// The program of a handle `exec:PROGRAM`.
///
/// # Errors
/// Why there is none.
pub fn program_of(handle: &str) -> Result<PathBuf, String> {
    found(handle.strip_prefix("exec:").ok_or("it is no program")?)
}

/// The program of a name or path.
fn found(program: &str) -> Result<PathBuf, String> {
    if Path::new(program).is_absolute() {
        return Ok(program.into());
    }
    if program.is_empty() || program.contains('/') {
        return Err("the program must be an absolute path, or a name on the PATH".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.ok_or_else(|| format!("there is no program `{program}` on the PATH"))
}

/// What a program prints within its time.
fn output(program: &Path) -> Result<String, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.env_clear().env("PATH", path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("the program cannot be started: {error}"))?;
    let until = Instant::now() + limits::SECRET_TIME;
    let (sender, printed) = mpsc::channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map(|stdout| stdout.take(limits::SECRET_BYTES + 1).read_to_end(&mut bytes));
        // Nobody waits any more where the time is over.
        let _ = sender.send(read.map(|read| read.map(|_| bytes)));
    });
    let bytes = match printed.recv_timeout(limits::SECRET_TIME) {
        Ok(Some(Ok(bytes))) => bytes,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            end(&mut child);
            return Err(too_long());
        }
        Ok(_) | Err(mpsc::RecvTimeoutError::Disconnected) => {
            end(&mut child);
            return Err("the output of the program cannot be read".to_owned());
        }
    };
    if bytes.len() as u64 > limits::SECRET_BYTES {
        end(&mut child);
        return Err(format!("the program printed more than {}", words::size(limits::SECRET_BYTES)));
    }
    let status = ended(&mut child, until)?;
    if !status.success() {
        return Err(format!("the program ended with {status}"));
    }
    String::from_utf8(bytes).map(without_line_end).map_err(|_| "the output of the program is not UTF-8".to_owned())
}

/// How a program ended that has said all it had to say.
fn ended(child: &mut Child, until: Instant) -> Result<ExitStatus, String> {
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if Instant::now() >= until {
            end(child);
            return Err(too_long());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn too_long() -> String {
    format!("the program took longer than {} s", limits::SECRET_TIME.as_secs())
}

/// A child that is gone already is as good.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(handle: &str, folder: &Path) -> Result<String, String> {
        Outside.fetch(handle, folder)
    }

    #[test]
    fn handles_are_read_and_their_line_ends_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("word"), "open \r\n\n").unwrap();
        assert_eq!(fetch("file:word", folder.path()).as_deref(), Ok("open "));
        assert_eq!(fetch(&format!("file:{}", folder.path().join("word").display()), Path::new("/")).as_deref(), Ok("open "));
        assert_eq!(fetch("exec:uname", folder.path()).as_deref(), Ok("Linux"));
        assert!(fetch("env:PATH", folder.path()).is_ok());
    }

    #[test]
    fn a_handle_that_gives_nothing_says_why() {
        for (handle, why) in [
            ("vault:x", "none of env:, file:, exec:"),
            ("env:NO_SUCH_VARIABLE_HERE", "no variable `NO_SUCH_VARIABLE_HERE`"),
            ("file:no/such/file", "no such file"),
            ("exec:bin/false", "an absolute path, or a name"),
            ("exec:no-such-program-here", "on the PATH"),
            ("exec:false", "ended with exit status: 1"),
            ("exec:yes", "printed more than"),
        ] {
            let error = fetch(handle, Path::new("/")).unwrap_err();
            assert!(error.contains(why), "{handle}: {error}");
        }
    }
}
