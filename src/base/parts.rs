//! A list that grows in parts: nothing in it is ever moved to make room, so that a large list is
//! never held twice.

/// Items of one part: some ten kilobytes of what such lists are made for.
const PART: usize = 1024;
/// Room for the items of a small list at once.
const USUAL: usize = 16;

/// Items in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Parts<T> {
    /// Those of exactly [`PART`] items.
    full: Vec<Vec<T>>,
    last: Vec<T>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Parts { full: Vec::new(), last: Vec::new() }
    }
}

impl<T> Parts<T> {
    /// Adds an item.
    pub fn push(&mut self, item: T) {
        if self.last.len() == self.last.capacity() {
            self.make_room();
        }
        self.last.push(item);
    }

    #[cold]
    fn make_room(&mut self) {
        match self.last.len() {
            0 => self.last.reserve_exact(USUAL),
            PART.. => self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(PART))),
            some => self.last.reserve_exact(some.min(PART - some)),
        }
    }

    /// The item at a place.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.full.get(at / PART).unwrap_or(&self.last).get(at % PART).filter(|_| at < self.len())
    }

    /// The item at a place, to be changed.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let there = at < self.len();
        self.full.get_mut(at / PART).unwrap_or(&mut self.last).get_mut(at % PART).filter(|_| there)
    }

    /// The item that was added last.
    pub fn last(&self) -> Option<&T> {
        self.last.last()
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.full.len() * PART + self.last.len()
    }

    /// True without items.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// All items.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.full.iter().flatten().chain(&self.last)
    }

    /// All items, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.full.iter_mut().flatten().chain(&mut self.last)
    }
}

impl<T> IntoIterator for Parts<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::iter::Flatten<std::vec::IntoIter<Vec<T>>>, std::vec::IntoIter<T>>;

    /// A part is given back as soon as its last item was taken.
    fn into_iter(self) -> Self::IntoIter {
        self.full.into_iter().flatten().chain(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_like_one_list() {
        for n in [0, 1, USUAL, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 5] {
            let mut parts = Parts::default();
            (0..n).for_each(|item| parts.push(item));
            assert_eq!((parts.len(), parts.is_empty(), parts.last().copied()), (n, n == 0, n.checked_sub(1)));
            assert!(parts.iter().copied().eq(0..n), "{n}");
            assert!((0..n).all(|at| parts.get(at) == Some(&at)) && parts.get(n).is_none() && parts.get_mut(n).is_none());
            parts.iter_mut().for_each(|item| *item += 1);
            parts.get_mut(n / 2).into_iter().for_each(|item| *item += 1);
            assert!(parts.into_iter().eq((1..=n).map(|item| item + usize::from(item == n / 2 + 1))), "{n}");
        }
    }

    #[test]
    fn what_is_in_a_list_stays_where_it_is() {
        let mut parts = Parts::default();
        (0..PART).for_each(|item| parts.push(item));
        let place = std::ptr::from_ref(parts.get(PART - 1).unwrap());
        (0..9 * PART).for_each(|item| parts.push(item));
        assert!(std::ptr::eq(parts.get(PART - 1).unwrap(), place));
    }
}
