//! When all files are read again: at SIGHUP, when one of them has changed and rests, and when secrets
//! are due to be read anew.

use super::dispatcher::Message;
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

/// Sends a reading of all files whenever there is a reason for one: at each `hangup` and so on.
/// `refresh` is the time between two readings of secrets; zero for none.
pub async fn watch_files(files: impl Read, mut hangup: Signal, refresh: Duration, messages: mpsc::Sender<Message>) {
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
        match tokio::task::spawn_blocking(move || reader.read()).await {
            Ok(Ok(loaded)) => {
                if messages.send(Message::Loaded(Box::new(loaded), reason)).await.is_err() {
                    return;
                }
            }
            Ok(Err(why)) => tracing::error!(target: "reload", reason, why, "the files cannot be read again: nothing was changed"),
            Err(_) => {
                tracing::error!(target: "reload", reason, "the engine itself failed while it read the files: this is a bug of the engine")
            }
        }
    }
}

async fn look(files: &impl Read) -> (Look, Duration) {
    let files = files.clone();
    tokio::task::spawn_blocking(move || files.look()).await.unwrap_or_default()
}
