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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

/// After a kill, the system needs this long at most; a process in a broken disk's hands is left
/// to it.
const KILL_TIME: Duration = Duration::from_millis(500);
/// How many of the last lines of standard error an exit code is explained with.
const STDERR_LINES: usize = 3;

/// A command with every template rendered and every limit a number.
#[derive(Clone)]
pub struct CommandRequest {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The same in one line for people, secrets as asterisks.
    pub shown: String,
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
        let argv: Vec<String> = argv.into_iter().map(Into::into).collect();
        CommandRequest {
            shown: argv.join(" "),
            argv,
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

/// Without anything that may be secret.
impl std::fmt::Debug for CommandRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandRequest").field("program", &self.program()).finish_non_exhaustive()
    }
}

/// Starts commands, so many at once and no more.
pub struct Commands {
    slots: Semaphore,
    most: AtomicUsize,
    /// Places that are to go as soon as the commands that have them end.
    surplus: AtomicUsize,
    environment: Vec<(OsString, OsString)>,
    grace: Duration,
}

/// The place of a running command.
struct Slot<'s> {
    slot: Option<SemaphorePermit<'s>>,
    surplus: &'s AtomicUsize,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let one_less = self.surplus.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if let (Ok(_), Some(slot)) = (one_less, self.slot.take()) {
            slot.forget();
        }
    }
}

impl Default for Commands {
    fn default() -> Self {
        Self::new()
    }
}

impl Commands {
    /// With the environment as it is now.
    pub fn new() -> Self {
        Self::at_once(limits::CHILDREN)
    }

    /// The same with another number of children at once.
    pub fn at_once(most: usize) -> Self {
        Commands {
            slots: Semaphore::new(most),
            most: most.into(),
            surplus: 0.into(),
            environment: program::kept_environment(),
            grace: limits::COMMAND_GRACE,
        }
    }

    /// Another number of children at once; those that run are left to end.
    pub fn set_most(&self, most: usize) {
        let before = self.most.swap(most, Ordering::SeqCst);
        // Places that were still to go stay instead.
        let stay = self.surplus.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| Some(n.saturating_sub(most.saturating_sub(before))));
        let stay = stay.unwrap_or_default().min(most.saturating_sub(before));
        self.slots.add_permits(most.saturating_sub(before) - stay);
        let fewer = before.saturating_sub(most);
        self.surplus.fetch_add(fewer - self.slots.forget_permits(fewer), Ordering::SeqCst);
    }

    /// Runs the command to its end, waiting first for a free place.
    ///
    /// # Errors
    /// One sentence on what went wrong, and the output where the command ran.
    pub async fn exchange(&self, request: &CommandRequest, clock: &dyn Clock) -> Result<Answer, ExchangeError> {
        let slot = self.slots.acquire().await.map_err(|_| ExchangeError::new(ErrorKind::Limit, "no more commands are started"))?;
        let _slot = Slot { slot: Some(slot), surplus: &self.surplus };
        let began = clock.instant();
        let mut running = self.start(request)?;
        let ended = running.run(request, self.grace).await;
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
    async fn run(&mut self, request: &CommandRequest, grace: Duration) -> Ended {
        let deadline = Instant::now() + request.timeout;
        match timeout_at(deadline, self.until_exit()).await {
            Ok(Ended::Exited(status)) => self.rest_of_output(status, deadline).await,
            Ok(other) => {
                self.kill_all().await;
                other
            }
            Err(_) => self.end_politely(grace).await,
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

    async fn end_politely(&mut self, grace: Duration) -> Ended {
        self.group.signal(Signal::TERM);
        let ended = timeout(grace, self.until_exit()).await;
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
            Some(code) => return wanted_exit(code, answer, request),
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

/// The answer of a command with a wanted exit code.
///
/// # Errors
/// Another code, with the last lines of standard error; the error holds the answer.
pub fn wanted_exit(code: i32, answer: Answer, request: &CommandRequest) -> Result<Answer, ExchangeError> {
    if request.ok_exit_codes.contains(&code) {
        return Ok(answer);
    }
    let message = format!("exit code {code}{}", last_lines(&answer.stderr));
    Err(ExchangeError { kind: ErrorKind::Exit, message, answer: Some(Box::new(answer)) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::SystemClock;

    fn shell(script: &str) -> CommandRequest {
        CommandRequest::of(["sh", "-c", script])
    }

    async fn run(request: &CommandRequest) -> Result<Answer, ExchangeError> {
        Commands::new().exchange(request, &SystemClock).await
    }

    async fn failure(request: &CommandRequest) -> (ErrorKind, String) {
        let error = run(request).await.unwrap_err();
        (error.kind, error.message)
    }

    /// Whether a process with this text in its command line appears or disappears within a second.
    async fn comes_true(text: &str, running: bool) -> bool {
        for _ in 0..200 {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
            if lines.into_iter().any(|line| String::from_utf8_lossy(&line).contains(text)) == running {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    #[test]
    fn another_number_at_once_holds_also_for_places_that_are_taken() {
        let commands = Commands::at_once(3);
        let taken: Vec<_> = (0..3).map(|_| Slot { slot: commands.slots.try_acquire().ok(), surplus: &commands.surplus }).collect();
        commands.set_most(1);
        commands.set_most(2);
        drop(taken);
        assert_eq!(commands.slots.available_permits(), 2);
        commands.set_most(5);
        assert_eq!((commands.slots.available_permits(), commands.surplus.load(Ordering::SeqCst)), (5, 0));
    }

    #[tokio::test]
    async fn the_answer_is_what_the_command_printed() {
        let answer = run(&shell("echo out; echo err >&2")).await.unwrap();
        assert_eq!((answer.body.as_ref(), answer.stderr.as_str()), (b"out\n".as_ref(), "err\n"));
        assert_eq!((answer.exit_code, answer.url.as_str(), answer.status), (Some(0), "sh", None));
        assert!(answer.elapsed > Duration::ZERO && answer.ended > jiff::Timestamp::UNIX_EPOCH);
    }

    #[tokio::test]
    async fn children_see_almost_nothing_of_us() {
        let mut request = CommandRequest::of(["env"]);
        request.env = vec![("A".to_owned(), "b c".to_owned()), ("TZ".to_owned(), "UTC".to_owned())];
        let printed = run(&request).await.unwrap().body;
        let mut names: Vec<&str> = std::str::from_utf8(&printed).unwrap().lines().filter(|line| !line.starts_with("LANG=")).collect();
        names.sort_unstable();
        assert!(names.len() == 3 && names[0] == "A=b c" && names[1].starts_with("PATH=") && names[2] == "TZ=UTC", "{names:?}");
        assert_eq!(run(&CommandRequest::of(["pwd"])).await.unwrap().body.as_ref(), b"/\n");
        assert_eq!(run(&CommandRequest::of(["cat"])).await.unwrap().body.as_ref(), b"");
    }

    #[tokio::test]
    async fn arguments_stay_as_they_are_and_input_is_given() {
        let answer = run(&CommandRequest::of(["printf", "%s|", "a b", "$(id)", "*", ""])).await.unwrap();
        assert_eq!(answer.body.as_ref(), b"a b|$(id)|*||");
        let input = Bytes::from("x".repeat(300_000));
        let answer = run(&CommandRequest { stdin: Some(input.clone()), ..CommandRequest::of(["cat"]) }).await.unwrap();
        assert_eq!(answer.body, input);
        let unread = CommandRequest { stdin: Some(input), ..CommandRequest::of(["true"]) };
        assert_eq!(run(&unread).await.unwrap().exit_code, Some(0));
    }

    #[tokio::test]
    async fn exit_codes_are_explained_with_the_end_of_standard_error() {
        let error = run(&shell("echo data; echo one >&2; echo; printf 'two\\033[2J\\n\\n' >&2; exit 3")).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Exit, "exit code 3: one; two\\u{1b}[2J"));
        let answer = error.answer.unwrap();
        assert_eq!((answer.exit_code, answer.body.as_ref()), (Some(3), b"data\n\n".as_ref()));
        let request = CommandRequest { ok_exit_codes: vec![0, 3], ..shell("exit 3") };
        assert_eq!(run(&request).await.unwrap().exit_code, Some(3));
        assert_eq!(failure(&shell("kill -9 $$")).await, (ErrorKind::Exit, "ended by signal 9 (SIGKILL)".to_owned()));
        let (_, long) = failure(&shell("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1")).await;
        assert_eq!(long.chars().count(), "exit code 1: ".len() + limits::STDERR_SHOWN + 1);
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_named_without_its_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            path.to_string_lossy().into_owned()
        };
        let plain = file("plain", "text", 0o644);
        let script = file("script", "#!/missing/interpreter\n", 0o755);
        let nothing = file("nothing", "no program", 0o755);
        let cases = [
            ("", ErrorKind::Spawn, "the command is empty".to_owned()),
            ("no-such-program", ErrorKind::NotFound, "no program in PATH named `no-such-program`".to_owned()),
            ("/no/such", ErrorKind::NotFound, "no program `/no/such`".to_owned()),
            ("/tmp", ErrorKind::Spawn, "`/tmp` is a folder".to_owned()),
            (plain.as_str(), ErrorKind::Permission, format!("`{plain}` is not executable for this user")),
            (script.as_str(), ErrorKind::NotFound, format!("`{script}` names an interpreter that does not exist")),
            (nothing.as_str(), ErrorKind::Spawn, format!("`{nothing}` is neither a program nor a script with a `#!` line")),
        ];
        for (program, kind, message) in cases {
            assert_eq!(failure(&CommandRequest::of([program, "geheim"])).await, (kind, message));
        }
        let nul = failure(&CommandRequest::of(["echo", "geheim\0"])).await;
        assert_eq!(nul, (ErrorKind::Spawn, "an argument or variable for `echo` holds a NUL character".to_owned()));
        let lost = CommandRequest { cwd: Some("/no/such".into()), ..CommandRequest::of(["echo"]) };
        assert_eq!(failure(&lost).await, (ErrorKind::Spawn, "the working folder `/no/such` of `echo` does not exist".to_owned()));
    }

    #[tokio::test]
    async fn output_has_a_limit_and_standard_error_a_tail() {
        let flood = CommandRequest { max_bytes: 1 << 20, ..CommandRequest::of(["cat", "/dev/zero"]) };
        assert_eq!(failure(&flood).await, (ErrorKind::TooLarge, "the output is larger than 1 MiB (max_bytes)".to_owned()));
        let answer = run(&shell("head -c 500000 /dev/zero >&2; echo end >&2")).await.unwrap();
        assert!(answer.stderr.len() == limits::STDERR_BYTES && answer.stderr.ends_with("end\n"));
    }

    #[tokio::test]
    async fn the_time_limit_ends_the_whole_group() {
        let request = CommandRequest { timeout: Duration::from_millis(50), ..shell("sleep 71.5 & echo begun; sleep 71.5") };
        let error = run(&request).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Timeout, "timed out after 50ms and was ended (SIGTERM)"));
        assert_eq!(error.answer.unwrap().body.as_ref(), b"begun\n");
        assert!(comes_true("sleep\x0071.5", false).await);
    }

    #[tokio::test]
    async fn who_ignores_the_signal_is_killed() {
        let commands = Commands { grace: Duration::from_millis(20), ..Commands::new() };
        let request = CommandRequest { timeout: Duration::from_millis(300), ..shell("trap '' TERM; while true; do sleep 71.25; done") };
        let error = commands.exchange(&request, &SystemClock).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Timeout, "timed out after 300ms and had to be killed"));
        assert!(comes_true("sleep\x0071.25", false).await);
    }

    #[tokio::test]
    async fn a_run_that_is_given_up_leaves_nothing() {
        reaper::become_subreaper().unwrap();
        let request = shell("sleep 72.5 & sleep 72.5");
        let commands = Commands::new();
        {
            let exchange = commands.exchange(&request, &SystemClock);
            tokio::pin!(exchange);
            tokio::select! {
                _ = &mut exchange => panic!("it ended"),
                begun = comes_true("sleep\x0072.5", true) => assert!(begun),
            }
        }
        assert!(comes_true("sleep\x0072.5", false).await);
    }

    #[tokio::test]
    async fn daemons_that_hold_the_output_are_ended() {
        reaper::become_subreaper().unwrap();
        let request = CommandRequest { timeout: Duration::from_millis(300), ..shell("setsid sleep 73.5 & echo done") };
        assert_eq!(run(&request).await.unwrap().body.as_ref(), b"done\n");
        assert!(comes_true("sleep\x0073.5", false).await);
    }
}
