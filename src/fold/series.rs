//! Which samples of a run belong to one series.
//!
//! A series is its name, type, host, device and the set of its tags, in whatever order they come. A
//! run may have as many series as samples, so each costs a few numbers here and no text of its own.

use crate::observation::{About, Sample, Samples, TagSet};
use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;

/// The samples of a run by their series.
pub struct AllSeries<'s> {
    samples: &'s Samples,
    /// In the order in which they were first seen.
    all: Vec<Ends>,
    /// For each sample the next one of its series; its own place where it is the last.
    next: Vec<u32>,
}

/// The places of the first and the last sample of a series.
#[derive(Clone, Copy)]
struct Ends {
    first: u32,
    last: u32,
}

impl<'s> AllSeries<'s> {
    /// Finds them.
    pub fn of(samples: &'s Samples) -> Self {
        let n = samples.len();
        let mut finder = Finder { numbers: HashMap::with_capacity(n), hasher: RandomState::new(), last: None };
        let mut found = AllSeries { samples, all: Vec::with_capacity(n), next: Vec::with_capacity(n) };
        for (place, sample) in (0u32..).zip(samples.iter()) {
            found.next.push(place);
            let ends = finder.number(sample, &found).and_then(|number| found.all.get_mut(number as usize));
            match ends {
                None => found.all.push(Ends { first: place, last: place }),
                Some(ends) => {
                    found.next.get_mut(ends.last as usize).into_iter().for_each(|next| *next = place);
                    ends.last = place;
                }
            }
        }
        found
    }

    /// The samples of each series in the order of the run.
    pub fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = Sample<'s>>> {
        let after = |place: &u32| self.next.get(*place as usize).copied().filter(|next| next != place);
        self.all.iter().map(move |ends| std::iter::successors(Some(ends.first), after).filter_map(|place| self.samples.get(place as usize)))
    }

    fn first(&self, number: u32) -> Option<Sample<'s>> {
        self.all.get(number as usize).and_then(|ends| self.samples.get(ends.first as usize))
    }
}

/// Series by their numbers.
struct Finder<'s> {
    /// By the hash of what makes a series. Of two series that share one, the second has the next.
    numbers: HashMap<u64, u32>,
    hasher: RandomState,
    /// The last set of tags with its hash: the samples of a row share theirs.
    last: Option<(&'s TagSet, u64)>,
}

impl<'s> Finder<'s> {
    /// The number of the series that a sample belongs to; `None` for a new one, which has the next.
    fn number(&mut self, sample: Sample<'s>, found: &AllSeries<'s>) -> Option<u32> {
        let mut hash = self.hash(sample);
        loop {
            match self.numbers.entry(hash) {
                Entry::Vacant(free) => {
                    free.insert(u32::try_from(found.all.len()).unwrap_or(u32::MAX));
                    return None;
                }
                Entry::Occupied(known) if found.first(*known.get()).is_some_and(|first| is_same_series(first, sample)) => {
                    return Some(*known.get());
                }
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
            }
        }
    }

    fn hash(&mut self, sample: Sample<'s>) -> u64 {
        let About { name, metric_type, hostname, device, .. } = &**sample.about;
        let of_tags = match self.last {
            Some((last, hash)) if last.is_same(sample.tags) => hash,
            // A sum, so that the order does not matter.
            _ => sample.tags.iter().fold(0, |sum: u64, tag| sum.wrapping_add(self.hasher.hash_one(tag))),
        };
        self.last = Some((sample.tags, of_tags));
        of_tags.wrapping_add(self.hasher.hash_one((name, metric_type, hostname, device)))
    }
}

fn is_same_series(a: Sample<'_>, b: Sample<'_>) -> bool {
    let about = a.name == b.name && a.metric_type == b.metric_type && a.hostname == b.hostname && a.device == b.device;
    about && (a.tags == b.tags || a.tags.sorted() == b.tags.sorted())
}
