//! Texts of a record, each written once: names, tag sets, places and keys are numbers everywhere
//! else.

use super::codec::DecodeError;
use crate::base::value::Text;
use crate::observation::TagSet;
use std::collections::HashMap;
use std::hash::Hash;

/// Things that are numbered in the order in which they were first met.
#[derive(Debug)]
pub struct Numbered<T> {
    numbers: HashMap<T, u32>,
    all: Vec<T>,
    last: Option<(T, u32)>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { numbers: HashMap::new(), all: Vec::new(), last: None }
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    /// The number of a thing.
    pub fn of(&mut self, thing: T) -> u32 {
        // What comes in rows mostly repeats itself.
        if let Some((last, number)) = self.last.filter(|(last, _)| *last == thing) {
            self.last = Some((last, number));
            return number;
        }
        // A run has bounds far below this number.
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(thing).or_insert(next);
        if number == next {
            self.all.push(thing);
        }
        self.last = Some((thing, number));
        number
    }

    /// All of them in order.
    pub fn into_all(self) -> Vec<T> {
        self.all
    }
}

/// The texts of a record that is read.
#[derive(Debug)]
pub struct Texts {
    texts: Vec<Text>,
    sets: Vec<TagSet>,
}

impl Texts {
    /// The tables as they were written.
    ///
    /// # Errors
    /// A tag set that is none.
    pub fn new(texts: &[&str], sets: &[&str]) -> Result<Texts, DecodeError> {
        let sets = sets.iter().map(|set| TagSet::from_text(set).ok_or(DecodeError::Broken("a tag set is broken")));
        Ok(Texts { texts: texts.iter().map(|text| Text::from(*text)).collect(), sets: sets.collect::<Result<_, _>>()? })
    }

    /// The text of a number.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, number: u32) -> Result<Text, DecodeError> {
        self.texts.get(number as usize).cloned().ok_or(DecodeError::Broken("a text is missing"))
    }

    /// The text of a number, if there is one.
    ///
    /// # Errors
    /// There is none of that number.
    pub fn maybe(&self, number: Option<u32>) -> Result<Option<Text>, DecodeError> {
        number.map(|number| self.text(number)).transpose()
    }

    /// The tag set of a number.
    ///
    /// # Errors
    /// There is none.
    pub fn tags(&self, number: u32) -> Result<&TagSet, DecodeError> {
        self.sets.get(number as usize).ok_or(DecodeError::Broken("a tag set is missing"))
    }
}
