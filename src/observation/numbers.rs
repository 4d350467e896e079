//! Numbers with tags, each of them small: a run may make a million.
//!
//! What many numbers share is held once: what they are about behind a pointer, and a set of tags for
//! all numbers in a row that carry it. A number takes 24 bytes of its own that way.

use super::TagSet;
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
    all: Parts<One<A>>,
    /// Sets of tags, each one other than that before it.
    sets: Parts<TagSet>,
}

/// A number without its tags. Value and form stand apart, since together they would take 16 bytes.
#[derive(Clone, Debug)]
struct One<A> {
    bits: u64,
    about: Arc<A>,
    /// The place of its tags among the sets.
    set: u32,
    form: Form,
}

const _: () = assert!(size_of::<One<String>>() == 24);

/// What the bits of a number mean.
#[derive(Clone, Copy, Debug)]
enum Form {
    Int,
    Uint,
    Float,
}

impl<A> One<A> {
    fn value(&self) -> Number {
        match self.form {
            Form::Int => Number::Int(self.bits.cast_signed()),
            Form::Uint => Number::Uint(self.bits),
            Form::Float => Number::Float(f64::from_bits(self.bits)),
        }
    }

    fn set_value(&mut self, value: Number) {
        (self.bits, self.form) = parted(value);
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
        Numbers { all: Parts::default(), sets: Parts::default() }
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
        // The limits of a run are far below this number.
        let set = u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX);
        self.all.push(One { bits, about, set, form });
    }

    /// Puts another value at a place, and says anew what it is about.
    pub fn replace(&mut self, at: usize, value: Number, about: Arc<A>) {
        if let Some(one) = self.all.get_mut(at) {
            one.set_value(value);
            one.about = about;
        }
    }

    /// Changes sets of tags, and what numbers are about. What is shared by numbers in a row is looked at
    /// once.
    pub fn amend(&mut self, tags: impl FnMut(&mut TagSet), mut about: impl FnMut(&mut Arc<A>)) {
        self.sets.iter_mut().for_each(tags);
        let mut last: Option<(Arc<A>, Arc<A>)> = None;
        for one in self.all.iter_mut() {
            if let Some((_, after)) = last.as_ref().filter(|(before, _)| Arc::ptr_eq(before, &one.about)) {
                one.about = after.clone();
                continue;
            }
            let before = one.about.clone();
            about(&mut one.about);
            last = Some((before, one.about.clone()));
        }
    }

    /// The number at a place.
    pub fn get(&self, at: usize) -> Option<Tagged<'_, A>> {
        self.all.get(at).and_then(|one| self.tagged(one))
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
        self.all.iter().filter_map(|one| self.tagged(one))
    }

    /// Hands over all of them; memory is given back as they go.
    pub fn hand_over(self, mut take: impl FnMut(Number, &TagSet, Arc<A>)) {
        let Numbers { all, sets } = self;
        for one in all {
            if let Some(tags) = sets.get(one.set as usize) {
                take(one.value(), tags, one.about);
            }
        }
    }

    fn tagged<'n>(&'n self, one: &'n One<A>) -> Option<Tagged<'n, A>> {
        Some(Tagged { value: one.value(), tags: self.sets.get(one.set as usize)?, about: &one.about })
    }
}
