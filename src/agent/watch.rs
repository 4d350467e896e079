//! When all files are read again: at SIGHUP, when one of them has changed and rests, and when secrets
//! are due to be read anew.

use super::load::{Loaded, Look};
use crate::base::limits;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Looking at files takes at most this part of the time: ten thousand of them are looked at less often.
const LOOK_SHARE: u32 = 200;
/// A file that was changed must rest this long: half of a file is not worth a reading.
const REST: Duration = Duration::from_millis(500);

/// How the files are read and looked at; both block.
pub trait Read: Clone + Send + 'static {
    /// Reads everything.
    ///
    /// # Errors
    /// Why there is nothing to read.
    fn read(&self) -> Result<Loaded, String>;
    /// Looks at all files from outside, and says how long that took.
    fn look(&self) -> (Look, Duration);
}

/// What a reading came to, and why the files were read.
pub type Attempt = (Result<Loaded, String>, &'static str);

/// Sends a reading of all files whenever there is a reason for one: at each `hangup` and so on.
/// `refresh` is the time between two readings of secrets, zero for none; a reading may change it.
pub async fn watch_files(files: impl Read, mut hangup: Signal, mut refresh: Duration, readings: mpsc::Sender<Attempt>) {
    let (mut known, mut took) = look(&files).await;
    let mut before = known.clone();
    let mut next_refresh = Instant::now() + refresh;
    loop {
        let resting = before == known;
        let pause = if resting { limits::RELOAD_LOOK } else { REST };
        let mut reason = tokio::select! {
            signalled = hangup.recv() => match signalled {
                Some(()) => Some("SIGHUP"),
                None => return,
            },
            () = tokio::time::sleep(pause.max(took * LOOK_SHARE)) => None,
        };
        let now;
        (now, took) = look(&files).await;
        if now == before && now != known {
            reason = reason.or(Some("files"));
        }
        before.clone_from(&now);
        if !refresh.is_zero() && Instant::now() >= next_refresh {
            next_refresh = Instant::now() + refresh;
            reason = reason.or(Some("secrets"));
        }
        let Some(reason) = reason else { continue };
        known = now;
        let reader = files.clone();
        let read = tokio::task::spawn_blocking(move || reader.read()).await;
        let read = read.unwrap_or_else(|_| Err("the engine itself failed while it read the files: this is a bug of the engine".to_owned()));
        if let Some(loaded) = read.as_ref().ok().filter(|loaded| !loaded.broken_settings) {
            let wanted = loaded.conf.secrets().refresh.duration();
            if std::mem::replace(&mut refresh, wanted) != wanted {
                next_refresh = Instant::now() + wanted;
            }
        }
        if readings.send((read, reason)).await.is_err() {
            return;
        }
    }
}

async fn look(files: &impl Read) -> (Look, Duration) {
    let files = files.clone();
    tokio::task::spawn_blocking(move || files.look()).await.unwrap_or_default()
}
