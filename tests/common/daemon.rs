//! A running daemon in a folder of its own.

#![allow(dead_code)]

use serde_json::Value as Json;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with settings, specs and instances.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// A folder with that engine.yaml.
    pub fn new(settings: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder") };
        site.write("engine.yaml", settings);
        site
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file the way editors do: aside, then renamed.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let aside = path.with_extension("new");
        fs::write(&aside, text).expect("a file");
        fs::rename(aside, path).expect("a file");
    }

    /// The engine with these arguments, without settings from outside.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ENGINE_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path()).env("NO_COLOR", "1").env("XDG_RUNTIME_DIR", self.path().join("run"));
        command
    }

    /// Exit code and output of `engine status`.
    pub fn status(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(&[&["status"], arguments].concat()).output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

/// A daemon; it ends with the test.
pub struct Daemon<'s> {
    site: &'s Site,
    child: Mutex<Child>,
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl<'s> Daemon<'s> {
    /// `engine run` in the folder; what it writes goes to files there.
    pub fn start(site: &'s Site) -> Daemon<'s> {
        Daemon::start_with(site, &[])
    }

    /// Reads all files again and waits until it has.
    pub fn reload(&self) -> Json {
        let reloads = |status: &Json| status["configuration"]["reloads"].as_u64().unwrap_or(0);
        let before = reloads(&self.status_when(|_| true));
        self.signal("HUP");
        self.status_when(|status| reloads(status) > before)
    }

    /// The engine as another program starts it, which finds its path as the last argument.
    pub fn start_by(site: &'s Site, program: &[&str]) -> Daemon<'s> {
        let engine = site.command(&[]);
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(engine.get_program()).current_dir(site.path()).env("NO_COLOR", "1");
        Daemon::spawn(site, command)
    }

    /// The same with variables of the environment.
    pub fn start_with(site: &'s Site, environment: &[(&str, &Path)]) -> Daemon<'s> {
        let mut command = site.command(&["run"]);
        command.envs(environment.iter().copied());
        Daemon::spawn(site, command)
    }

    fn spawn(site: &'s Site, mut command: Command) -> Daemon<'s> {
        let file = |name: &str| File::options().append(true).create(true).open(site.path().join(name)).expect("a file");
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        Daemon { site, child: Mutex::new(command.spawn().expect("the program runs")) }
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.lock().expect("no panic before").id();
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().expect("kill runs");
        assert!(sent.success(), "{}", self.said());
    }

    /// The memory that it takes.
    pub fn resident_kib(&self) -> u64 {
        let id = self.child.lock().expect("no panic before").id();
        let about = fs::read_to_string(format!("/proc/{id}/status")).expect("a process");
        let line = about.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Kills it, without a chance for last words.
    pub fn kill(&self) {
        let mut child = self.child.lock().expect("no panic before");
        child.kill().expect("a child");
        child.wait().expect("an end");
    }

    /// Sends a signal and waits for the end.
    pub fn end(&self, signal: &str) -> Option<i32> {
        self.signal(signal);
        let mut child = self.child.lock().expect("no panic before");
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = child.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("still running: {}", self.said());
    }

    /// The status, as soon as it is like that.
    pub fn status_when(&self, wanted: impl Fn(&Json) -> bool) -> Json {
        let end = Instant::now() + PATIENCE;
        let mut last = String::new();
        while Instant::now() < end {
            last = self.site.status(&["--format", "json"]).1;
            if let Some(status) = serde_json::from_str(&last).ok().filter(&wanted) {
                return status;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{last}{}", self.said());
    }

    /// What it wrote to standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(self.site.path().join("stderr")).unwrap_or_default()
    }

    /// The lines of its output.
    pub fn output(&self) -> Vec<Json> {
        let text = fs::read_to_string(self.site.path().join("stdout")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

/// Waits for a condition.
pub fn until(condition: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "it never happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// The answer to a raw request.
pub fn http(port: u16, request: &str) -> String {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    stream.write_all(request.as_bytes()).expect("a connection");
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
