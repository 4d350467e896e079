//! What is due when: pure, and driven by times that are handed in.
//!
//! The collector ticks every interval; an instance runs on those ticks for which its
//! `min_collection_interval` has passed, counted between ticks, so that jitter never halves a rate.
//! Its phase is a stable hash, so that load is spread and a restart changes nothing; few instances
//! are spread over less than an interval. A tick that
//! comes while the instance still runs, or that was slept through, is skipped and counted.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// One instance in the schedule.
#[derive(Clone, Copy, Debug)]
struct Slot {
    period: Duration,
    running: bool,
    skipped: u64,
}

/// The times of all instances, by their number.
#[derive(Debug)]
pub struct Schedule {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    slots: Vec<Slot>,
    interval: Duration,
    /// First runs fall into this window after the start.
    window: Duration,
    start: Instant,
}

/// A few instances need no whole interval to be spread over, and a person who starts the engine
/// wants to see them at once.
const WINDOW_PER_INSTANCE: Duration = Duration::from_millis(50);

/// A run that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which instance.
    pub id: u32,
    /// When it was to begin.
    pub at: Instant,
}

impl Schedule {
    /// An empty schedule for so many instances, whose ticks count from `start`.
    pub fn new(interval: Duration, instances: usize, start: Instant) -> Self {
        let wanted = WINDOW_PER_INSTANCE.saturating_mul(u32::try_from(instances).unwrap_or(u32::MAX));
        Schedule { heap: BinaryHeap::new(), slots: Vec::new(), interval, window: wanted.min(interval), start }
    }

    /// Adds an instance; its number is how many there were. `hash` decides its phase.
    pub fn add(&mut self, hash: u64, min_interval: Duration) -> u32 {
        let id = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let period = period(self.interval, min_interval);
        let first = self.start + phase(hash, self.window);
        self.slots.push(Slot { period, running: false, skipped: 0 });
        self.heap.push(Reverse((first, id)));
        id
    }

    /// When the next instance is due.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The next instance that is due by `now` and not running, marked as running.
    pub fn pop(&mut self, now: Instant) -> Option<Due> {
        loop {
            let Reverse((at, id)) = *self.heap.peek()?;
            if at > now {
                return None;
            }
            self.heap.pop();
            let slot = self.slots.get_mut(id as usize)?;
            // What was slept through is skipped: the next tick is the first after now.
            let late = now.saturating_duration_since(at);
            let missed = late.as_nanos() / slot.period.as_nanos().max(1);
            let steps = u32::try_from(missed).unwrap_or(u32::MAX - 1);
            slot.skipped += u64::from(steps);
            self.heap.push(Reverse((at + slot.period * (steps + 1), id)));
            if slot.running {
                slot.skipped += 1;
                continue;
            }
            slot.running = true;
            return Some(Due { id, at: at + slot.period * steps });
        }
    }

    /// The instance has ended its run.
    pub fn done(&mut self, id: u32) {
        if let Some(slot) = self.slots.get_mut(id as usize) {
            slot.running = false;
        }
    }

    /// How many ticks of an instance were skipped.
    pub fn skipped(&self, id: u32) -> u64 {
        self.slots.get(id as usize).map_or(0, |slot| slot.skipped)
    }

    /// The time between two runs of an instance.
    pub fn period(&self, id: u32) -> Duration {
        self.slots.get(id as usize).map_or(self.interval, |slot| slot.period)
    }
}

/// The least multiple of the interval that is at least as long.
fn period(interval: Duration, min_interval: Duration) -> Duration {
    let ticks = min_interval.as_nanos().div_ceil(interval.as_nanos().max(1)).max(1);
    interval.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

fn phase(hash: u64, window: Duration) -> Duration {
    // The high bits of the hash are the well mixed ones.
    let share = (hash >> 11) as f64 / (1u64 << 53) as f64;
    window.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_secs(15);

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
        let mut schedule = Schedule::new(TICK, 1, start);
        let id = schedule.add(0, Duration::ZERO);
        assert_eq!(schedule.pop(start).map(|due| due.id), Some(id));
        assert_eq!(schedule.pop(start + TICK), None);
        assert_eq!(schedule.skipped(id), 1);
        schedule.done(id);
        assert_eq!(schedule.pop(start + 2 * TICK), Some(Due { id, at: start + 2 * TICK }));
    }

    #[test]
    fn ticks_that_were_slept_through_are_skipped_without_drift() {
        let start = Instant::now();
        let mut schedule = Schedule::new(TICK, 1, start);
        let id = schedule.add(0, Duration::ZERO);
        let late = start + 10 * TICK + Duration::from_secs(3);
        assert_eq!(schedule.pop(late), Some(Due { id, at: start + 10 * TICK }));
        assert_eq!(schedule.skipped(id), 10);
        assert_eq!(schedule.next(), Some(start + 11 * TICK));
        assert_eq!(schedule.pop(late), None);
    }

    #[test]
    fn phases_are_stable_and_spread_over_the_interval() {
        let start = Instant::now();
        let mut schedule = Schedule::new(TICK, 1000, start);
        for n in 0..1000u64 {
            schedule.add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), Duration::ZERO);
        }
        let mut due = Vec::new();
        while let Some(next) = schedule.next().filter(|next| *next < start + TICK) {
            schedule.pop(next);
            due.push(next - start);
        }
        assert_eq!(due.len(), 1000);
        let first_third = due.iter().filter(|at| **at < TICK / 3).count();
        assert!((300..370).contains(&first_third), "{first_third}");
    }
}
