//! One command: started without a shell, watched until it and all that it started are gone.
//!
//! A command runs in a process group of its own. At the time limit the group is asked to end
//! (SIGTERM) and killed after a grace; when the exchange is dropped it is killed at once. A child
//! has an almost empty environment, `/` as working folder and no input unless told otherwise.
//! Refused are empty programs and arguments with NUL; arguments never show up in a message.

use super::pipes::{Pipes, TooMuch};
use super::reaper::{self, Group};
use super::{Answer, ExchangeError, program, words};
use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::print::{cut, one_line};
use crate::base::time::Clock;
use bytes::Bytes;
use rustix::process::Signal;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

/// After a kill, the system needs this long at most; a process in a broken disk's hands is left
/// to it.
const KILL_TIME: Duration = Duration::from_millis(500);
/// How many of the last lines of standard error an exit code is explained with.
const STDERR_LINES: usize = 3;

/// A command with every template rendered and every limit a number.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables beside PATH, LANG and TZ; the same name replaces those.
    pub env: Vec<(String, String)>,
    /// The working folder, `/` by default.
    pub cwd: Option<PathBuf>,
    /// Standard input; nothing to read by default.
    pub stdin: Option<Bytes>,
    /// From the start to the end, without the wait for a free place.
    pub timeout: Duration,
    /// What counts as an answer; other exit codes are errors that hold the answer.
    pub ok_exit_codes: Vec<i32>,
    /// Most bytes of standard output.
    pub max_bytes: u64,
}

impl CommandRequest {
    /// A command with the defaults of every limit.
    pub fn of<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        CommandRequest {
            argv: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            cwd: None,
            stdin: None,
            timeout: limits::COMMAND_TIME,
            ok_exit_codes: vec![0],
            max_bytes: limits::COMMAND_BYTES,
        }
    }

    fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    fn folder(&self) -> &Path {
        self.cwd.as_deref().unwrap_or(Path::new("/"))
    }
}

/// Starts commands, [`limits::CHILDREN`] at once.
pub struct Commands {
    slots: Semaphore,
    environment: Vec<(OsString, OsString)>,
}

impl Default for Commands {
    fn default() -> Self {
        Self::new()
    }
}

impl Commands {
    /// With the environment as it is now.
    pub fn new() -> Self {
        Commands { slots: Semaphore::new(limits::CHILDREN), environment: program::kept_environment() }
    }

    /// Runs the command to its end, waiting first for a free place.
    ///
    /// # Errors
    /// One sentence on what went wrong, and the output where the command ran.
    pub async fn exchange(&self, request: &CommandRequest, clock: &dyn Clock) -> Result<Answer, ExchangeError> {
        let _slot = self.slots.acquire().await.map_err(|_| ExchangeError::new(ErrorKind::Limit, "no more commands are started"))?;
        let began = clock.instant();
        let mut running = self.start(request)?;
        let ended = running.run(request).await;
        let (body, stderr) = running.pipes.take_output();
        drop(running);
        let answer = Answer {
            elapsed: clock.instant().saturating_duration_since(began),
            ended: clock.now(),
            stderr,
            exit_code: ended.exit_code(),
            ..Answer::of(body, request.program())
        };
        judge(ended, answer, request)
    }

    fn start(&self, request: &CommandRequest) -> Result<Running, ExchangeError> {
        let file = program::find(request.program(), &self.search_path(request), request.folder())?;
        let input = if request.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut command = Command::new(file);
        command
            .arg0(request.program())
            .args(request.argv.iter().skip(1))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(request.env.iter().map(|(name, value)| (name, value)))
            .current_dir(request.folder())
            .stdin(input);
        let started = Group::start(&mut command);
        let (mut child, group) = started.map_err(|error| program::start_failure(&error, request.program(), request.folder()))?;
        let pipes = Pipes::of(&mut child, request.stdin.clone(), request.max_bytes);
        Ok(Running { group, child, pipes })
    }

    fn search_path(&self, request: &CommandRequest) -> OsString {
        let declared = request.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, path)| OsString::from(path));
        let own = || self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone());
        declared.or_else(own).unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned())
    }
}

/// A command that was started. The order of the fields is the order in which they end: the group
/// is killed before the child is handed to the runtime's collector of the dead.
struct Running {
    group: Group,
    child: Child,
    pipes: Pipes,
}

/// How a command came to its end.
enum Ended {
    /// By itself, or by somebody else's signal.
    Exited(ExitStatus),
    /// We ended it at the time limit.
    OutOfTime { killed: bool },
    /// We ended it for the size of its output.
    TooMuch,
    /// The system could not tell.
    Lost(io::Error),
}

impl Ended {
    fn exit_code(&self) -> Option<i32> {
        match self {
            Ended::Exited(status) => status.code(),
            _ => None,
        }
    }
}

impl Running {
    async fn run(&mut self, request: &CommandRequest) -> Ended {
        let deadline = Instant::now() + request.timeout;
        match timeout_at(deadline, self.until_exit()).await {
            Ok(Ended::Exited(status)) => self.rest_of_output(status, deadline).await,
            Ok(other) => {
                self.kill_all().await;
                other
            }
            Err(_) => self.end_politely().await,
        }
    }

    /// Serves the pipes until the child itself has ended; what it started may still be there.
    async fn until_exit(&mut self) -> Ended {
        let mut is_open = true;
        loop {
            tokio::select! {
                status = self.child.wait() => return status.map_or_else(Ended::Lost, Ended::Exited),
                pumped = self.pipes.pump(), if is_open => match pumped {
                    Ok(()) => is_open = false,
                    Err(TooMuch) => return Ended::TooMuch,
                },
            }
        }
    }

    /// What is still in the pipes, and what those may add who inherited them: for a moment only,
    /// since a daemon that was left behind would hold them for ever.
    async fn rest_of_output(&mut self, status: ExitStatus, deadline: Instant) -> Ended {
        let moment = Instant::now() + limits::OUTPUT_GRACE;
        match timeout_at(moment.min(deadline), self.pipes.pump()).await {
            Ok(Ok(())) => {}
            Ok(Err(TooMuch)) => {
                self.kill_all().await;
                return Ended::TooMuch;
            }
            Err(_) => self.kill_all().await,
        }
        Ended::Exited(status)
    }

    async fn end_politely(&mut self) -> Ended {
        self.group.signal(Signal::TERM);
        let ended = timeout(limits::COMMAND_GRACE, self.until_exit()).await;
        self.kill_all().await;
        Ended::OutOfTime { killed: !matches!(ended, Ok(Ended::Exited(_))) }
    }

    /// Kills the group and everything that got away from it, and reads what they left.
    async fn kill_all(&mut self) {
        self.group.signal(Signal::KILL);
        // The results do not matter: whatever is not dead by then is out of anybody's hands.
        let _ = timeout(KILL_TIME, self.child.wait()).await;
        reaper::end_strays().await;
        let _ = timeout(KILL_TIME, self.pipes.pump()).await;
    }
}

fn judge(ended: Ended, answer: Answer, request: &CommandRequest) -> Result<Answer, ExchangeError> {
    let (kind, message) = match ended {
        Ended::Exited(status) => match status.code() {
            Some(code) if request.ok_exit_codes.contains(&code) => return Ok(answer),
            Some(code) => (ErrorKind::Exit, format!("exit code {code}{}", last_lines(&answer.stderr))),
            None => (ErrorKind::Exit, format!("ended by {}{}", signal_words(status), last_lines(&answer.stderr))),
        },
        Ended::OutOfTime { killed } => {
            let how = if killed { "had to be killed" } else { "was ended (SIGTERM)" };
            (ErrorKind::Timeout, format!("timed out after {} and {how}", words::time(request.timeout)))
        }
        Ended::TooMuch => (ErrorKind::TooLarge, format!("the output is larger than {} (max_bytes)", words::size(request.max_bytes))),
        Ended::Lost(error) => (ErrorKind::Spawn, format!("its end could not be seen: {}", super::failure::io_words(&error))),
    };
    // Half a flood is of no use to anybody.
    let answer = if kind == ErrorKind::TooLarge { Answer { body: Bytes::new(), ..answer } } else { answer };
    Err(ExchangeError { kind, message, answer: Some(Box::new(answer)) })
}

fn signal_words(status: ExitStatus) -> String {
    let signal = status.signal().unwrap_or_default();
    format!("signal {signal} ({})", program::signal_name(signal))
}

/// The last lines of standard error, as many as fit: `: cannot open /x; giving up`.
fn last_lines(stderr: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut room = limits::STDERR_SHOWN;
    for line in stderr.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(STDERR_LINES) {
        let shown = one_line(line);
        let length = shown.chars().count();
        if length > room && !lines.is_empty() {
            break;
        }
        lines.push(cut(&shown, room));
        room = room.saturating_sub(length);
    }
    lines.reverse();
    if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) }
}
