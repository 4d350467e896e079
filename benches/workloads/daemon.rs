//! `engine run` as a process of its own, in a folder of its own, looked at from outside.

use crate::meter::{cpu_of, resident};
use crate::server::get;
use crate::{Outcome, child, setup, status};
use serde_json::Value as Json;
use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than a hundred thousand instances take to load on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon; it is stopped with this value.
pub struct Daemon {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Daemon {
    /// A daemon with `n` instances of the spec of the HTTP workload, one request each against `server`
    /// under `path`; `settings` are lines of engine.yaml. It is there when it shows its status.
    pub fn start(n: usize, server: u16, path: &str, settings: &str) -> Outcome<Daemon> {
        let folder = setup::written("status", status::SPEC, &status::conf(n, server, path))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = format!("{settings}status: {{listen: \"127.0.0.1:{port}\"}}\nlogging: {{level: error}}\n");
        std::fs::write(folder.path().join("engine.yaml"), settings)?;
        let mut command = child::command(&["run"])?;
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ENGINE_")) {
            command.env_remove(name);
        }
        let said = File::create(folder.path().join("said"))?;
        let child = command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn()?;
        let daemon = Daemon { folder, child, port };
        let begun = Instant::now();
        while daemon.status().is_err() {
            if begun.elapsed() > PATIENCE {
                return Err(daemon.said().into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(daemon)
    }

    /// Its status without the instances, which costs it next to nothing.
    pub fn status(&self) -> Outcome<Json> {
        Ok(serde_json::from_str(&get(self.port, "/status.json?check=-")?)?)
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> Outcome<u64> {
        resident(&self.child.id().to_string())
    }

    /// The CPU time that it has used.
    pub fn cpu(&self) -> Outcome<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// So many runs have ended, all of them well.
    pub fn runs(&self) -> Outcome<u64> {
        self.total("runs")
    }

    /// So many ticks were left out, since the run before had not ended: the machine is too busy.
    pub fn skipped(&self) -> Outcome<u64> {
        self.total("skipped")
    }

    fn total(&self, name: &str) -> Outcome<u64> {
        let status = self.status()?;
        let of = |name: &str| status.pointer(&format!("/totals/{name}")).and_then(Json::as_u64).unwrap_or_default();
        if of("errors") + of("warnings") + of("overtime") == 0 { Ok(of(name)) } else { Err(format!("{status}{}", self.said()).into()) }
    }

    /// What it wrote to standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Its folder goes with it, so it needs no time for its last words.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
