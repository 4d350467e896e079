//! Numbers with tags, each of them small: a run may make a million.
//!
//! What many numbers share is held once: what they are about, and a set of tags for all numbers in a row
//! that carry it. A number names both by their places and takes 16 bytes of its own that way.

use super::TagSet;
use crate::base::fingerprint::mix;
use crate::base::number::Number;
use crate::base::parts::Parts;
use std::fmt::{self, Debug};
use std::ops::Deref;
use std::sync::Arc;

/// One number of [`Numbers`]. What it is about can be read as if it were its own: `sample.name`.
#[derive(Debug)]
pub struct Tagged<'n, A> {
    /// The number.
    pub value: Number,
    /// Its tags.
    pub tags: &'n TagSet,
    /// Everything else.
    pub about: &'n Arc<A>,
}

impl<A> Clone for Tagged<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Tagged<'_, A> {}

impl<A> Deref for Tagged<'_, A> {
    type Target = A;

    fn deref(&self) -> &A {
        self.about
    }
}

/// Numbers about things of one kind, in the order in which they were added.
#[derive(Clone)]
pub struct Numbers<A> {
    all: Parts<One>,
    /// Sets of tags, each one other than that before it.
    sets: Parts<TagSet>,
    sorts: Parts<Sort<A>>,
    /// Where sorts were found lately, by their addresses; empty while there are few of them.
    lately: Vec<u32>,
}

/// A number without what it shares with others.
#[derive(Clone, Copy, Debug)]
struct One {
    bits: u64,
    /// The place of its sort.
    sort: u32,
    /// The place of its tags among the sets.
    set: u32,
}

const _: () = assert!(size_of::<One>() == 16);

/// What numbers of one metric share. The form is with it, since beside the bits it would take 8 bytes.
#[derive(Clone, Debug)]
struct Sort<A> {
    about: Arc<A>,
    form: Form,
}

/// Sorts that are looked for one by one.
const FEW: usize = 32;
/// Sorts beyond these that are found again at most; one that is not is held twice.
const LATELY: usize = 256;
/// Places that one of them may lie at.
const WAYS: usize = 4;
/// What lies at a place where there is none.
const NONE: u32 = u32::MAX;

/// What the bits of a number mean.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Int,
    Uint,
    Float,
}

impl One {
    fn value(self, form: Form) -> Number {
        match form {
            Form::Int => Number::Int(self.bits.cast_signed()),
            Form::Uint => Number::Uint(self.bits),
            Form::Float => Number::Float(f64::from_bits(self.bits)),
        }
    }
}

fn parted(value: Number) -> (u64, Form) {
    match value {
        Number::Int(n) => (n.cast_unsigned(), Form::Int),
        Number::Uint(n) => (n, Form::Uint),
        Number::Float(n) => (n.to_bits(), Form::Float),
    }
}

impl<A> Default for Numbers<A> {
    fn default() -> Self {
        Numbers { all: Parts::default(), sets: Parts::default(), sorts: Parts::default(), lately: Vec::new() }
    }
}

impl<A> FromIterator<(Number, TagSet, Arc<A>)> for Numbers<A> {
    fn from_iter<I: IntoIterator<Item = (Number, TagSet, Arc<A>)>>(all: I) -> Self {
        let mut out = Numbers::default();
        all.into_iter().for_each(|(value, tags, about)| out.push(value, &tags, about));
        out
    }
}

impl<A: Debug> Debug for Numbers<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<A> Numbers<A> {
    /// Adds a number.
    pub fn push(&mut self, value: Number, tags: &TagSet, about: Arc<A>) {
        if !self.sets.last().is_some_and(|last| last.is_same(tags)) {
            self.sets.push(tags.clone());
        }
        let (bits, form) = parted(value);
        let (sort, set) = (self.sort(about, form), place(self.sets.len() - 1));
        self.all.push(One { bits, sort, set });
    }

    /// Puts another value at a place, and says anew what it is about.
    pub fn replace(&mut self, at: usize, value: Number, about: Arc<A>) {
        let (bits, form) = parted(value);
        let sort = self.sort(about, form);
        if let Some(one) = self.all.get_mut(at) {
            *one = One { bits, sort, ..*one };
        }
    }

    /// The place of a sort, which may be new.
    fn sort(&mut self, about: Arc<A>, form: Form) -> u32 {
        let is = |sort: &Sort<A>| Arc::ptr_eq(&sort.about, &about) && sort.form == form;
        let slot = (mix(form as u64, &Arc::as_ptr(&about).addr().to_ne_bytes()) >> 32) as usize % (LATELY - WAYS);
        let known = match self.lately.get(slot..slot + WAYS) {
            Some(ways) => ways.iter().copied().find(|at| self.sorts.get(*at as usize).is_some_and(is)),
            None => self.sorts.iter().position(is).map(place),
        };
        if let Some(known) = known {
            return known;
        }
        let new = place(self.sorts.len());
        self.sorts.push(Sort { about, form });
        if self.sorts.len() > FEW {
            self.lately.resize(LATELY, NONE);
            let ways = self.lately.get_mut(slot..slot + WAYS).unwrap_or_default();
            let free = ways.iter().position(|at| *at == NONE).unwrap_or_default();
            ways.get_mut(free).into_iter().for_each(|way| *way = new);
        }
        new
    }

    /// Changes sets of tags, and what numbers are about. What numbers share is looked at once as a rule.
    pub fn amend(&mut self, tags: impl FnMut(&mut TagSet), mut about: impl FnMut(&mut Arc<A>)) {
        self.sets.iter_mut().for_each(tags);
        self.sorts.iter_mut().for_each(|sort| about(&mut sort.about));
    }

    /// The number at a place.
    pub fn get(&self, at: usize) -> Option<Tagged<'_, A>> {
        self.all.get(at).and_then(|one| self.tagged(*one))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Tagged<'_, A>> + Clone {
        self.all.iter().filter_map(|one| self.tagged(*one))
    }

    /// Hands over all of them; memory is given back as they go.
    pub fn hand_over(self, mut take: impl FnMut(Number, &TagSet, Arc<A>)) {
        let Numbers { all, sets, sorts, .. } = self;
        for one in all {
            if let (Some(tags), Some(sort)) = (sets.get(one.set as usize), sorts.get(one.sort as usize)) {
                take(one.value(sort.form), tags, sort.about.clone());
            }
        }
    }

    fn tagged(&self, one: One) -> Option<Tagged<'_, A>> {
        let Sort { about, form } = self.sorts.get(one.sort as usize)?;
        Some(Tagged { value: one.value(*form), tags: self.sets.get(one.set as usize)?, about })
    }
}

/// A place in a list: the limits of a run are far below the largest of them.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many abouts as that, each in turn with a number of each form.
    fn numbers(n_abouts: usize, n_numbers: usize) -> (Numbers<usize>, Vec<(Number, usize)>) {
        let abouts: Vec<Arc<usize>> = (0..n_abouts).map(Arc::new).collect();
        let (mut numbers, mut wanted) = (Numbers::default(), Vec::new());
        for (n, about) in (0..n_numbers).zip(abouts.iter().cycle()) {
            let value = match n % 3 {
                0 => Number::Int(-1),
                1 => Number::Uint(u64::MAX),
                _ => Number::Float(0.5),
            };
            numbers.push(value, &TagSet::new([n.to_string()]), about.clone());
            wanted.push((value, **about));
        }
        (numbers, wanted)
    }

    #[test]
    fn numbers_are_what_was_added_however_many_sorts_there_are() {
        for n_abouts in [1, 2, FEW, FEW + 1, 100, 2 * LATELY] {
            let (numbers, wanted) = numbers(n_abouts, 3000);
            let found: Vec<_> = numbers.iter().map(|one| (one.value, **one.about)).collect();
            assert_eq!(found, wanted);
            assert!(numbers.iter().enumerate().all(|(n, one)| one.tags.iter().eq([n.to_string().as_str()])));
        }
    }

    #[test]
    fn a_sort_is_held_once_where_there_are_not_too_many() {
        assert_eq!(numbers(2, 3000).0.sorts.len(), 6);
        assert!(numbers(20, 3000).0.sorts.len() <= 60 + FEW);
    }

    #[test]
    fn what_is_replaced_is_about_something_else() {
        let (mut numbers, _) = numbers(1, 3);
        numbers.replace(1, Number::Float(2.0), Arc::new(7));
        let found: Vec<_> = numbers.iter().map(|one| (one.value.as_f64(), **one.about)).collect();
        assert_eq!(found, [(-1.0, 0), (2.0, 7), (0.5, 0)]);
        numbers.amend(|_| {}, |about| *about = Arc::new(**about + 1));
        assert_eq!(numbers.iter().map(|one| **one.about).collect::<Vec<_>>(), [1, 8, 1]);
    }
}
