//! Equal texts of one document shared: a thousand rows hold each key once.
//!
//! A direct-mapped table: one slot per hash, the newer text wins. It needs no growth, no eviction
//! list and bounded memory, and the few texts that lose a slot are merely allocated again.

use crate::base::value::Text;

/// Longer texts seldom repeat and would cost more to compare than to copy.
const LONGEST: usize = 64;

/// Recently seen texts.
#[derive(Debug)]
pub struct Share {
    slots: Vec<Option<Text>>,
}

impl Share {
    /// A table with that many slots.
    pub fn with_slots(n_slots: usize) -> Self {
        Share { slots: vec![None; n_slots.max(1)] }
    }

    /// The text, the same one as before where it was seen lately.
    pub fn get(&mut self, text: &str) -> Text {
        if text.len() > LONGEST {
            return text.into();
        }
        let at = hash(text) % self.slots.len();
        let Some(slot) = self.slots.get_mut(at) else { return text.into() };
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }
}

/// FNV-1a: good enough for short keys, and a collision costs one allocation only.
fn hash(text: &str) -> usize {
    let mixed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (mixed ^ (mixed >> 32)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn equal_short_texts_are_one() {
        let mut share = Share::with_slots(64);
        assert!(Arc::ptr_eq(&share.get("name"), &share.get("name")));
        let long = "x".repeat(65);
        assert!(!Arc::ptr_eq(&share.get(&long), &share.get(&long)));
        let mut tiny = Share::with_slots(1);
        let (first, second) = (tiny.get("a"), tiny.get("b"));
        assert_eq!((&*first, &*second, &*tiny.get("a")), ("a", "b", "a"));
    }
}
