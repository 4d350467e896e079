//! The local socket of the daemon, and how `engine status` asks through it.
//!
//! Only the user of the daemon can open it. Daemon and question find it by the same settings: in the
//! folder of the state, else in the folder of the user's sockets under a name made of the folder of
//! the instances.

use crate::base::fingerprint::fingerprint;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest path that the system takes for a socket, its end included.
const PATH_BYTES: usize = 107;
/// A daemon that is busy answers within this.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// What is read of an answer at most.
const ANSWER_BYTES: u64 = 1 << 30;

/// Where the socket is. `runtime_dir` is what XDG_RUNTIME_DIR says.
pub fn place(state_dir: Option<&Path>, conf_dir: &Path, runtime_dir: Option<PathBuf>) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let of_state = state_dir.map(|dir| absolute(dir).join("engine.sock"));
    if let Some(path) = of_state.filter(|path| path.as_os_str().len() <= PATH_BYTES) {
        return path;
    }
    let name = format!("{:016x}.sock", fingerprint(&absolute(conf_dir).to_string_lossy()));
    let folder = runtime_dir.map(|dir| dir.join("engine"));
    let own = || PathBuf::from(format!("/tmp/engine-{}", rustix::process::getuid().as_raw()));
    folder.map(|folder| folder.join(&name)).filter(|path| path.as_os_str().len() <= PATH_BYTES).unwrap_or_else(|| own().join(name))
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// No daemon listens there.
    NotRunning,
    /// One does, and something went wrong.
    Failed(String),
}

/// Asks the daemon for a path.
///
/// # Errors
/// No daemon is running, or it did not answer.
pub fn ask(socket: &Path, path: &str) -> Result<String, NoAnswer> {
    let mut stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => NoAnswer::NotRunning,
        _ => NoAnswer::Failed(error.to_string()),
    })?;
    let failed = |error: io::Error| NoAnswer::Failed(error.to_string());
    stream.set_read_timeout(Some(ANSWER_TIME)).map_err(failed)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES).read_to_string(&mut answer).map_err(failed)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| NoAnswer::Failed("the answer broke off".to_owned()))?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(NoAnswer::Failed(format!("it answered: {}", body.trim())));
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_follows_from_the_settings() {
        let runtime = Some(PathBuf::from("/run/user/7"));
        assert_eq!(place(Some(Path::new("/var/lib/e")), Path::new("/c"), runtime.clone()), Path::new("/var/lib/e/engine.sock"));
        let one = place(None, Path::new("/a/conf.d"), runtime.clone());
        assert!(one.starts_with("/run/user/7/engine") && one != place(None, Path::new("/b/conf.d"), runtime.clone()));
        let long = format!("/{}", "x".repeat(200));
        assert_eq!(place(Some(Path::new(&long)), Path::new("/a/conf.d"), runtime), one);
        assert!(place(None, Path::new("/a"), Some(long.into())).starts_with("/tmp"));
    }
}
