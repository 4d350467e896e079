//! A beat that keeps time limits punctual while a server floods us.
//!
//! The runtime hands its timers and sockets to one thread. When that thread gets a task that always
//! has more to read, such as answers of status 103 without end, which the HTTP library skips in a
//! loop, it comes back late, and the other threads sleep on: a limit of 2 s was seen to end after 7.
//! A task from outside wakes another thread, which takes the timers over. So one plain thread sends
//! an empty task ten times a second while exchanges are under way, and sleeps otherwise.
//!
//! A runtime of a single thread is not helped by this.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, Thread};
use std::time::Duration;
use tokio::runtime::Handle;

/// How late a time limit may be.
const BEAT: Duration = Duration::from_millis(100);
/// Beats without an exchange after which the thread sleeps: longer than most intervals, so that it
/// is rarely woken.
const QUIET_BEATS: u32 = 300;

/// The beat of one pool of clients.
#[derive(Default)]
pub struct Pulse {
    state: Arc<State>,
    thread: OnceLock<Option<Thread>>,
}

#[derive(Default)]
struct State {
    under_way: AtomicUsize,
    asleep: AtomicBool,
}

/// One exchange under way.
pub struct UnderWay<'a>(&'a State);

impl Pulse {
    /// Beats while the result lives.
    pub fn during(&self) -> UnderWay<'_> {
        self.state.under_way.fetch_add(1, Ordering::SeqCst);
        let thread = self.thread.get_or_init(|| start(&self.state));
        if self.state.asleep.load(Ordering::SeqCst)
            && let Some(thread) = thread
        {
            thread.unpark();
        }
        UnderWay(&self.state)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        if let Some(Some(thread)) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// Without a thread the limits still hold, only less punctually.
fn start(state: &Arc<State>) -> Option<Thread> {
    let runtime = Handle::try_current().ok()?;
    let state = Arc::downgrade(state);
    let started = thread::Builder::new().name("pulse".to_owned()).stack_size(64 << 10).spawn(move || beat(&state, &runtime));
    started.ok().map(|handle| handle.thread().clone())
}

fn beat(state: &Weak<State>, runtime: &Handle) {
    let mut quiet = 0;
    loop {
        thread::sleep(BEAT);
        let Some(state) = state.upgrade() else { return };
        if state.under_way.load(Ordering::SeqCst) > 0 {
            quiet = 0;
            drop(runtime.spawn(std::future::ready(())));
            continue;
        }
        quiet += 1;
        if quiet >= QUIET_BEATS {
            quiet = 0;
            sleep_until_needed(state);
        }
    }
}

/// Marks itself asleep first and looks second, as an exchange counts itself first and looks second:
/// one of them sees the other.
fn sleep_until_needed(state: Arc<State>) {
    state.asleep.store(true, Ordering::SeqCst);
    let is_quiet = state.under_way.load(Ordering::SeqCst) == 0;
    let weak = Arc::downgrade(&state);
    drop(state);
    if is_quiet {
        thread::park();
    }
    if let Some(state) = weak.upgrade() {
        state.asleep.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_thread_ends_with_the_pool() {
        let pulse = Pulse::default();
        drop(pulse.during());
        let state = Arc::downgrade(&pulse.state);
        assert_eq!(pulse.state.under_way.load(Ordering::SeqCst), 0);
        drop(pulse);
        assert!(state.upgrade().is_none(), "nothing but the pool keeps the state");
    }
}
