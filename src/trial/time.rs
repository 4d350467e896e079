//! The time of a test: it stands still but for pauses, which take no real time.
//!
//! A run that pauses waits here. When nothing else of it can go on, the clock moves to the end of
//! the earliest pause: retries, polls and rate limits see the time that they would see, in the same
//! order, and a test of a minute takes no longer than any other.

use crate::base::time::Clock;
use crate::run::exchanger::Pause;
use jiff::Timestamp;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// A clock that is moved by pauses only.
#[derive(Debug)]
pub struct Still {
    /// What the wall clock said, and how much had passed then.
    wall: Mutex<(Timestamp, u64)>,
    instant: Instant,
    /// Nanoseconds since the beginning.
    passed: AtomicU64,
    sleepers: Mutex<Vec<(u64, Waker)>>,
    /// Work that takes real time.
    busy: AtomicUsize,
}

impl Still {
    /// A clock that stands at a time.
    pub fn at(now: Timestamp) -> Arc<Still> {
        Arc::new(Still {
            wall: Mutex::new((now, 0)),
            instant: Instant::now(),
            passed: AtomicU64::new(0),
            sleepers: Mutex::new(Vec::new()),
            busy: AtomicUsize::new(0),
        })
    }

    /// The next run begins: the time between passes, and the wall clock says `now`.
    pub fn jump(&self, now: Timestamp) {
        let nanos = now.duration_since(self.now()).as_nanos();
        self.passed.fetch_add(u64::try_from(nanos).unwrap_or(0), Ordering::Relaxed);
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner) = (now, self.passed());
    }

    fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// A pause of that length.
    pub fn pause(&self, time: Duration) -> Pause<'_> {
        let until = self.passed().saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Box::pin(std::future::poll_fn(move |cx| {
            if self.passed() >= until {
                return Poll::Ready(());
            }
            self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push((until, cx.waker().clone()));
            Poll::Pending
        }))
    }

    /// Lets work take its real time, in which the clock does not move.
    pub async fn really<T>(&self, work: impl Future<Output = T>) -> T {
        self.busy.fetch_add(1, Ordering::Relaxed);
        let done = work.await;
        self.busy.fetch_sub(1, Ordering::Relaxed);
        done
    }

    /// Moves to the end of the earliest pause; false where nobody waits for one.
    fn advance(&self) -> bool {
        if self.busy.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(earliest) = sleepers.iter().map(|(until, _)| *until).min() else { return false };
        self.passed.fetch_max(earliest, Ordering::Relaxed);
        let (due, later) = std::mem::take(&mut *sleepers).into_iter().partition(|(until, _)| *until <= earliest);
        *sleepers = later;
        drop(sleepers);
        let due: Vec<(u64, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
        true
    }

    /// Runs a future to its end, with its pauses.
    pub async fn drive<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = Box::pin(work);
        std::future::poll_fn(|cx| self.step(work.as_mut(), cx)).await
    }

    fn step<T>(&self, mut work: Pin<&mut impl Future<Output = T>>, cx: &Context<'_>) -> Poll<T> {
        let noted = Arc::new(Noted { woken: AtomicBool::new(false), outer: cx.waker().clone() });
        let waker = Waker::from(noted.clone());
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(done);
            }
            // Who woke itself has more to do before time passes.
            if !noted.woken.swap(false, Ordering::Relaxed) && !self.advance() {
                return Poll::Pending;
            }
        }
    }
}

/// A waker that remembers that it was used.
struct Noted {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.outer.wake_by_ref();
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        let (wall, passed) = *self.wall.lock().unwrap_or_else(PoisonError::into_inner);
        wall.checked_add(Duration::from_nanos(self.passed().saturating_sub(passed))).unwrap_or(wall)
    }

    fn instant(&self) -> Instant {
        self.instant.checked_add(Duration::from_nanos(self.passed())).unwrap_or(self.instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join;

    #[test]
    fn pauses_pass_in_order_and_take_no_time() {
        let clock = Still::at(Timestamp::UNIX_EPOCH);
        let seen = Mutex::new(Vec::new());
        let wait = async |name: &str, pauses: &[u64]| {
            for seconds in pauses {
                clock.pause(Duration::from_secs(*seconds)).await;
                seen.lock().unwrap().push(format!("{name} {}", clock.now().as_second()));
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(clock.drive(join(wait("a", &[3600, 10]), wait("b", &[3605, 1]))));
        assert_eq!(*seen.lock().unwrap(), ["a 3600", "b 3605", "b 3606", "a 3610"]);
    }
}
