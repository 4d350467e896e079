//! Which run may begin: at most so many at once, so many of them against one host, and never so many
//! slow ones that quick ones wait for them.
//!
//! A host that is down makes all its instances slow. Without a bound of its own it would fill every
//! place with runs that wait for their deadline.

use std::collections::{HashMap, VecDeque};

/// A run that waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The number of the instance.
    pub id: u32,
    /// A hash of the host that it asks; 0 where it asks none.
    pub host: u32,
    /// True if its last run was slow.
    pub slow: bool,
}

/// The runs that wait, and how many there are at once.
#[derive(Debug)]
pub struct Lanes {
    ready: VecDeque<Turn>,
    of_host: HashMap<u32, Host>,
    slow: VecDeque<Turn>,
    running: usize,
    running_slow: usize,
    waiting: usize,
    most: usize,
    most_of_host: usize,
}

#[derive(Debug, Default)]
struct Host {
    running: usize,
    waiting: VecDeque<Turn>,
}

impl Lanes {
    /// No runs yet; at most `most` at once, `most_of_host` of them against one host.
    pub fn new(most: usize, most_of_host: usize) -> Self {
        Lanes {
            ready: VecDeque::new(),
            of_host: HashMap::new(),
            slow: VecDeque::new(),
            running: 0,
            running_slow: 0,
            waiting: 0,
            most: most.max(1),
            most_of_host: most_of_host.max(1),
        }
    }

    /// Other bounds from now on.
    pub fn set_most(&mut self, most: usize, most_of_host: usize) {
        (self.most, self.most_of_host) = (most.max(1), most_of_host.max(1));
    }

    /// A run is due.
    pub fn push(&mut self, turn: Turn) {
        self.waiting += 1;
        self.ready.push_back(turn);
    }

    /// The next run that may begin; it counts as running.
    pub fn begin(&mut self) -> Option<Turn> {
        while self.running < self.most {
            let turn = self.ready.pop_front()?;
            if turn.slow && self.running_slow >= self.most_slow() {
                self.slow.push_back(turn);
                continue;
            }
            if turn.host != 0 {
                let host = self.of_host.entry(turn.host).or_default();
                if host.running >= self.most_of_host {
                    host.waiting.push_back(turn);
                    continue;
                }
                host.running += 1;
            }
            self.running += 1;
            self.running_slow += usize::from(turn.slow);
            self.waiting -= 1;
            return Some(turn);
        }
        None
    }

    /// A run has ended: whoever waited for its place comes next.
    pub fn end(&mut self, turn: Turn) {
        self.running = self.running.saturating_sub(1);
        self.running_slow = self.running_slow.saturating_sub(usize::from(turn.slow));
        if self.running_slow < self.most_slow() {
            self.slow.pop_front().into_iter().for_each(|next| self.ready.push_front(next));
        }
        if let Some(host) = self.of_host.get_mut(&turn.host) {
            host.running = host.running.saturating_sub(1);
            host.waiting.pop_front().into_iter().for_each(|next| self.ready.push_front(next));
            if host.running == 0 && host.waiting.is_empty() {
                self.of_host.remove(&turn.host);
            }
        }
    }

    /// A quarter of the places is for runs that are not known to be slow.
    fn most_slow(&self) -> usize {
        (self.most * 3 / 4).max(1)
    }

    /// How many runs are in progress.
    pub fn running(&self) -> usize {
        self.running
    }

    /// How many runs wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turn(id: u32, host: u32, slow: bool) -> Turn {
        Turn { id, host, slow }
    }

    fn begun(lanes: &mut Lanes) -> Vec<u32> {
        std::iter::from_fn(|| lanes.begin()).map(|turn| turn.id).collect()
    }

    #[test]
    fn one_host_does_not_take_all_places() {
        let mut lanes = Lanes::new(8, 2);
        (0..20).for_each(|id| lanes.push(turn(id, 1, false)));
        lanes.push(turn(100, 2, false));
        assert_eq!(begun(&mut lanes), [0, 1, 100]);
        lanes.end(turn(0, 1, false));
        assert_eq!(begun(&mut lanes), [2]);
        assert_eq!((lanes.running(), lanes.waiting()), (3, 17));
    }

    #[test]
    fn slow_runs_leave_places_for_quick_ones() {
        let mut lanes = Lanes::new(4, 9);
        (0..9).for_each(|id| lanes.push(turn(id, id + 1, true)));
        (20..29).for_each(|id| lanes.push(turn(id, 0, false)));
        assert_eq!(begun(&mut lanes), [0, 1, 2, 20]);
        lanes.end(turn(20, 0, false));
        assert_eq!(begun(&mut lanes), [21]);
        lanes.end(turn(1, 2, true));
        assert_eq!(begun(&mut lanes), [3]);
    }

    proptest! {
        /// Every run gets its turn, and no bound is passed on the way.
        #[test]
        fn everybody_gets_a_turn(turns in prop::collection::vec((0u32..4, any::<bool>()), 0..80), most in 1usize..9, of_host in 1usize..4) {
            let mut lanes = Lanes::new(most, of_host);
            let turns: Vec<Turn> = turns.iter().enumerate().map(|(id, (host, slow))| turn(id as u32, *host, *slow)).collect();
            turns.iter().for_each(|turn| lanes.push(*turn));
            let (mut running, mut seen): (Vec<Turn>, usize) = (Vec::new(), 0);
            while seen < turns.len() {
                while let Some(turn) = lanes.begin() {
                    running.push(turn);
                    seen += 1;
                }
                prop_assert!(running.len() <= most && !running.is_empty());
                prop_assert!((1..4).all(|host| running.iter().filter(|turn| turn.host == host).count() <= of_host));
                lanes.end(running.remove(seen % running.len()));
            }
        }
    }
}
