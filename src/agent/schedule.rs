//! What is due when: pure, and driven by times that are handed in.
//!
//! The collector ticks every interval; an instance runs on those ticks for which its
//! `min_collection_interval` has passed, counted between ticks, so that jitter never halves a rate.
//! Its phase is a stable hash, so that load is spread and a restart changes nothing; few instances
//! are spread over less than an interval. A tick that comes while the instance still runs is skipped
//! and counted.
//!
//! Where the process itself stood still (it was stopped, the machine was paused), thousands of
//! instances are late at once. They are not started at once: each gets a new phase after now, its
//! missed ticks are counted as skipped, and two runs of it are never closer than its period.
//!
//! One heap holds 16 bytes for each instance; there is no task and no timer for one that waits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// One instance in the schedule.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u64,
    /// Microseconds.
    period: u64,
    /// The entry of the heap that counts; another one is of an earlier period.
    due: u64,
    skipped: u32,
    /// How many entries the heap has for it.
    queued: u16,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    /// Removed while it ran.
    Leaving,
    /// Removed; its number is free once the heap has forgotten it.
    Gone,
}

/// The times of all instances, by their number.
#[derive(Debug)]
pub struct Schedule {
    /// Microseconds since the start, and the number.
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    present: usize,
    start: Instant,
}

/// A few instances need no whole interval to be spread over, and a person who starts the engine
/// wants to see them at once.
const WINDOW_PER_INSTANCE: Duration = Duration::from_millis(50);
/// A tick that is later than this was not missed by a busy moment: the process stood still.
const LATE: Duration = Duration::from_secs(1);

/// A run that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which instance.
    pub id: u32,
    /// When it was to begin.
    pub at: Instant,
    /// When it will be due again.
    pub next: Instant,
}

impl Schedule {
    /// An empty schedule whose times count from `start`.
    pub fn new(start: Instant) -> Self {
        Schedule { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), present: 0, start }
    }

    /// Room for `n` more instances.
    pub fn make_room(&mut self, n: usize) {
        self.slots.reserve_exact(n);
        self.heap.reserve_exact(n);
    }

    /// Adds an instance as one of `n` that come together at `now`; the answer is its number and its
    /// first time. `hash` decides its phase.
    pub fn add(&mut self, hash: u64, period: Duration, n: usize, now: Instant) -> (u32, Instant) {
        let period = micros(period).max(1);
        let window = micros(WINDOW_PER_INSTANCE).saturating_mul(n as u64).min(period);
        let first = self.since(now) + share(hash, window);
        let slot = Slot { hash, period, due: first, skipped: 0, queued: 1, state: State::Waiting };
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(place) = self.slots.get_mut(id as usize) {
            *place = slot;
        }
        self.present += 1;
        self.heap.push(Reverse((first, id)));
        (id, self.instant(first))
    }

    /// Takes an instance out; its number is used again once nothing refers to it any more.
    pub fn remove(&mut self, id: u32) {
        let Some(slot) = self.slots.get_mut(id as usize) else { return };
        match slot.state {
            State::Waiting => slot.state = State::Gone,
            State::Running => slot.state = State::Leaving,
            State::Leaving | State::Gone => return,
        }
        self.present -= 1;
        self.release(id);
    }

    /// Gives an instance another period, counted from its last run; the answer is its next time.
    pub fn set_period(&mut self, id: u32, period: Duration, now: Instant) -> Option<Instant> {
        let period = micros(period).max(1);
        let now = self.since(now);
        let slot = self.slots.get_mut(id as usize)?;
        if slot.period != period {
            let last = slot.due.saturating_sub(slot.period);
            // Many instances change their period together: those that are due already are spread.
            let spread = now + share(slot.hash, micros(WINDOW_PER_INSTANCE).saturating_mul(self.present as u64).min(period));
            slot.due = if last + period > now { last + period } else { spread };
            slot.period = period;
            slot.queued = slot.queued.saturating_add(1);
            self.heap.push(Reverse((slot.due, id)));
        }
        let due = slot.due;
        Some(self.instant(due))
    }

    /// When something is due next.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| self.instant(*at))
    }

    /// The next instance that is due by `now` and not running, marked as running.
    pub fn pop(&mut self, now: Instant) -> Option<Due> {
        let now = self.since(now);
        loop {
            let Reverse((at, id)) = *self.heap.peek()?;
            if at > now {
                return None;
            }
            self.heap.pop();
            let present = self.present as u64;
            let Some(slot) = self.slots.get_mut(id as usize) else { continue };
            if slot.due != at || matches!(slot.state, State::Leaving | State::Gone) {
                slot.queued = slot.queued.saturating_sub(1);
                self.release(id);
                continue;
            }
            let late = now - at;
            if late > micros(LATE).min(slot.period / 2) {
                let window = micros(WINDOW_PER_INSTANCE).saturating_mul(present).min(slot.period);
                let moved = now + 1 + share(slot.hash, window);
                let missed = (moved - at) / slot.period;
                slot.skipped = slot.skipped.saturating_add(u32::try_from(missed).unwrap_or(u32::MAX));
                slot.due = moved;
                self.heap.push(Reverse((moved, id)));
                continue;
            }
            let next = at + slot.period;
            slot.due = next;
            self.heap.push(Reverse((next, id)));
            if slot.state == State::Running {
                slot.skipped = slot.skipped.saturating_add(1);
                continue;
            }
            slot.state = State::Running;
            return Some(Due { id, at: self.instant(at), next: self.instant(next) });
        }
    }

    /// Marks an instance as running out of turn.
    pub fn begin(&mut self, id: u32) {
        if let Some(slot) = self.slots.get_mut(id as usize).filter(|slot| slot.state == State::Waiting) {
            slot.state = State::Running;
        }
    }

    /// The instance has ended its run; false where it was removed meanwhile.
    pub fn done(&mut self, id: u32) -> bool {
        let Some(slot) = self.slots.get_mut(id as usize) else { return false };
        match slot.state {
            State::Running | State::Waiting => {
                slot.state = State::Waiting;
                true
            }
            State::Leaving => {
                slot.state = State::Gone;
                self.release(id);
                false
            }
            State::Gone => false,
        }
    }

    /// How many ticks of an instance were skipped.
    pub fn skipped(&self, id: u32) -> u32 {
        self.slots.get(id as usize).map_or(0, |slot| slot.skipped)
    }

    /// The time between two runs of an instance.
    pub fn period(&self, id: u32) -> Duration {
        Duration::from_micros(self.slots.get(id as usize).map_or(1, |slot| slot.period))
    }

    fn release(&mut self, id: u32) {
        if self.slots.get(id as usize).is_some_and(|slot| slot.state == State::Gone && slot.queued == 0) {
            self.free.push(id);
        }
    }

    fn since(&self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.start))
    }

    fn instant(&self, micros: u64) -> Instant {
        self.start + Duration::from_micros(micros)
    }
}

/// The least multiple of the interval that is at least as long.
pub fn period(interval: Duration, min_interval: Duration) -> Duration {
    let ticks = min_interval.as_nanos().div_ceil(interval.as_nanos().max(1)).max(1);
    interval.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX >> 8)
}

/// A part of a window, spread evenly over all hashes.
fn share(hash: u64, window: u64) -> u64 {
    // The high bits of the hash are the well mixed ones.
    ((u128::from(hash) * u128::from(window)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TICK: Duration = Duration::from_secs(15);

    fn mixed(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn an_instance_runs_on_the_first_tick_after_its_least_interval() {
        assert_eq!(period(TICK, Duration::ZERO), TICK);
        assert_eq!(period(TICK, Duration::from_secs(15)), TICK);
        assert_eq!(period(TICK, Duration::from_secs(20)), 2 * TICK);
        assert_eq!(period(TICK, Duration::from_secs(31)), 3 * TICK);
    }

    #[test]
    fn a_running_instance_is_skipped_and_counted_and_never_stacked() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let (id, first) = schedule.add(0, TICK, 1, start);
        assert_eq!((schedule.pop(start).map(|due| due.id), first), (Some(id), start));
        assert_eq!(schedule.pop(start + TICK), None);
        assert_eq!(schedule.skipped(id), 1);
        assert!(schedule.done(id));
        assert_eq!(schedule.pop(start + 2 * TICK), Some(Due { id, at: start + 2 * TICK, next: start + 3 * TICK }));
    }

    #[test]
    fn a_busy_moment_moves_no_phase() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let (id, _) = schedule.add(0, TICK, 1, start);
        let late = start + Duration::from_millis(900);
        assert_eq!(schedule.pop(late), Some(Due { id, at: start, next: start + TICK }));
        assert_eq!(schedule.skipped(id), 0);
    }

    #[test]
    fn after_a_pause_nobody_is_stacked_and_all_are_spread_anew() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        for n in 0..1000 {
            schedule.add(mixed(n), TICK, 1000, start);
        }
        let woken = start + 10 * TICK;
        assert_eq!(schedule.pop(woken), None);
        let mut starts = Vec::new();
        while let Some(next) = schedule.next().filter(|next| *next <= woken + TICK + Duration::from_millis(1)) {
            starts.extend(schedule.pop(next).map(|due| due.at));
        }
        assert_eq!(starts.len(), 1000);
        let first_third = starts.iter().filter(|at| **at < woken + TICK / 3).count();
        assert!((300..370).contains(&first_third), "{first_third}");
        assert!((0..1000).all(|id| (9..=11).contains(&schedule.skipped(id))));
    }

    /// 15,000 instances at 1,000 runs a second: the busiest 10 ms hold at most four times the even share.
    #[test]
    fn phases_are_stable_and_spread_over_the_interval() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        for n in 0..15_000 {
            schedule.add(mixed(n + 7), TICK, 15_000, start);
        }
        let mut of_ten_ms = vec![0; 1500];
        while let Some(next) = schedule.next().filter(|next| *next < start + TICK) {
            schedule.pop(next);
            of_ten_ms[(next - start).as_millis() as usize / 10] += 1;
        }
        assert_eq!(of_ten_ms.iter().sum::<i32>(), 15_000);
        assert!(of_ten_ms.iter().all(|n| *n <= 40), "{:?}", of_ten_ms.iter().max());
    }

    #[test]
    fn a_number_is_used_again_when_nothing_refers_to_it() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let (a, _) = schedule.add(0, TICK, 1, start);
        let (b, _) = schedule.add(u64::MAX, TICK, 1, start);
        schedule.pop(start);
        schedule.remove(a);
        schedule.remove(b);
        let (c, _) = schedule.add(0, 10 * TICK, 1, start);
        assert!(c != a && c != b);
        // Both entries of the heap are forgotten; `a` still runs.
        assert_eq!(schedule.pop(start).map(|due| due.id), Some(c));
        assert_eq!(schedule.pop(start + TICK), None);
        assert_eq!(schedule.add(0, TICK, 1, start).0, b);
        assert!(!schedule.done(a));
        assert_eq!(schedule.add(0, TICK, 1, start).0, a);
    }

    #[test]
    fn another_period_counts_from_the_last_run() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start);
        let (id, _) = schedule.add(0, 4 * TICK, 1, start);
        schedule.pop(start);
        schedule.done(id);
        assert_eq!(schedule.set_period(id, TICK, start), Some(start + TICK));
        assert_eq!(schedule.pop(start + TICK).map(|due| due.next), Some(start + 2 * TICK));
        schedule.done(id);
        // The entry of the longer period is forgotten.
        let n = (2..=8)
            .filter(|n| {
                schedule
                    .pop(start + *n * TICK)
                    .inspect(|due| {
                        schedule.done(due.id);
                    })
                    .is_some()
            })
            .count();
        assert_eq!(n, 7);
    }

    /// A run that began so many milliseconds after the start.
    type Steps = Vec<(u64, u8)>;

    proptest! {
        /// However the time goes on and however long runs take: an instance never runs twice at once,
        /// and in any window there are at most as many runs as periods fit in, and one.
        #[test]
        fn runs_in_any_window_are_bounded(
            steps in prop::collection::vec((0u64..40_000, 0u8..3), 1..120),
            hashes in prop::collection::vec(any::<u64>(), 1..6),
        ) {
            let steps: Steps = steps;
            let start = Instant::now();
            let mut schedule = Schedule::new(start);
            let periods = [TICK, 2 * TICK, Duration::from_secs(1)];
            for (n, hash) in hashes.iter().enumerate() {
                schedule.add(*hash, periods[n % 3], hashes.len(), start);
            }
            let mut runs = vec![Vec::new(); hashes.len()];
            let mut running = vec![false; hashes.len()];
            let mut now = start;
            for (pause, ends) in steps {
                now += Duration::from_millis(pause);
                while let Some(due) = schedule.pop(now) {
                    let at = due.id as usize;
                    prop_assert!(due.at <= now && !running[at]);
                    running[at] = true;
                    runs[at].push(due.at);
                }
                for (id, runs) in running.iter_mut().enumerate() {
                    if *runs && !(id + usize::from(ends)).is_multiple_of(3) {
                        *runs = false;
                        schedule.done(id as u32);
                    }
                }
            }
            for (n, runs) in runs.iter().enumerate() {
                for pair in runs.windows(2) {
                    prop_assert!(pair[1] - pair[0] >= periods[n % 3], "{:?}", pair[1] - pair[0]);
                }
            }
        }
    }
}
