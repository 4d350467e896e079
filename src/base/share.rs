//! Equal texts shared: a thousand rows hold each key once, and each set of tags.
//!
//! A direct-mapped table: one slot per hash, the newer text wins. It needs no growth, no eviction
//! list and bounded memory, and the few texts that lose a slot are merely allocated again.

use super::fingerprint::mix;
use super::value::Text;

/// Longer texts seldom repeat, and would be mixed in vain.
const LONGEST: usize = 256;

/// Recently seen texts.
#[derive(Debug)]
pub struct Share {
    n_slots: usize,
    /// As many as there shall be, or none before the first text.
    slots: Vec<Option<Text>>,
}

impl Share {
    /// A table with that many slots.
    pub fn with_slots(n_slots: usize) -> Self {
        Share { n_slots, slots: Vec::new() }
    }

    /// The text, the same one as before where it was seen lately.
    pub fn get(&mut self, text: &str) -> Text {
        if text.len() > LONGEST {
            return text.into();
        }
        if self.slots.is_empty() {
            self.slots.resize(self.n_slots, None);
        }
        // The upper half of the hash as a part of 1, times the slots: a division would take longer than the rest.
        let at = ((mix(0, text.as_bytes()) >> 32) * self.n_slots as u64) >> 32;
        let Some(slot) = self.slots.get_mut(at as usize) else { return text.into() };
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }

    /// Gives back the texts and their table.
    pub fn forget(&mut self) {
        self.slots = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn equal_short_texts_are_one() {
        let mut share = Share::with_slots(64);
        assert!(Arc::ptr_eq(&share.get("name"), &share.get("name")));
        let long = "x".repeat(LONGEST + 1);
        assert!(!Arc::ptr_eq(&share.get(&long), &share.get(&long)));
        let mut tiny = Share::with_slots(1);
        let (first, second) = (tiny.get("a"), tiny.get("b"));
        assert_eq!((&*first, &*second, &*tiny.get("a")), ("a", "b", "a"));
    }
}
