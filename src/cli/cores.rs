//! The same work for many things, on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many cores there are for this process.
pub fn all() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// What `work` makes of each item, in the order of the items: one after the other on each core.
pub fn on_cores<T: Sync, R: Send>(cores: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)));
    let one_after_the_other = || {
        while let Some((at, item)) = take() {
            let result = work(item);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores.min(items.len())).map(|_| scope.spawn(one_after_the_other)).collect();
        one_after_the_other();
        for other in others {
            // Work that panicked is a fault of the engine, which must not look like a success.
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for (n, cores) in [(0, 2), (1, 2), (2, 9), (999, 1), (999, 4)] {
            let items: Vec<u32> = (0..n).collect();
            assert_eq!(on_cores(cores, &items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
