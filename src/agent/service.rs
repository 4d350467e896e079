//! What the manager of services (systemd, `Type=notify`) is told: that the engine is ready, that its
//! schedule turns, and that it ends. Without `NOTIFY_SOCKET` nobody is told anything.

use sd_notify::NotifyState;

/// The schedule turns for the first time.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The schedule still turns; a manager that misses this for `WatchdogSec` starts the engine anew.
pub fn alive() {
    tell(NotifyState::Watchdog);
}

/// No new runs are begun.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState) {
    // A manager that does not listen is its own business.
    let _ = sd_notify::notify(false, &[state]);
}
