//! Every pair of values of any two dimensions, in few rows.

use std::collections::BTreeSet;

/// Rows of one value for each dimension, such that every pair of values of two dimensions stands in
/// one of them at least. Greedy, and the same rows every time; another `turn` gives other rows.
pub fn pairwise(sizes: &[usize], turn: usize) -> Vec<Vec<usize>> {
    let mut open = Open::new(sizes);
    let mut rows = Vec::new();
    while let Some((first, second)) = open.next() {
        let mut row: Vec<Option<usize>> = vec![None; sizes.len()];
        row[first.0] = Some(first.1);
        row[second.0] = Some(second.1);
        for dimension in 0..sizes.len() {
            if row[dimension].is_none() {
                let gain = |value: &usize| open.gain(&row, (dimension, *value));
                // Of equal gains, another one in each row.
                let turned = (0..sizes[dimension]).map(|value| (value + rows.len() + turn) % sizes[dimension]);
                row[dimension] = turned.rev().max_by_key(gain);
            }
        }
        let row: Vec<usize> = row.into_iter().map(|value| value.expect("every dimension has a value")).collect();
        open.close(&row);
        rows.push(row);
    }
    rows
}

/// A dimension and one of its values.
type Choice = (usize, usize);

/// The pairs that no row has yet.
struct Open {
    pairs: BTreeSet<(Choice, Choice)>,
}

impl Open {
    fn new(sizes: &[usize]) -> Self {
        let choices = |dimension: usize| (0..sizes[dimension]).map(move |value| (dimension, value));
        let mut pairs = BTreeSet::new();
        for first in 0..sizes.len() {
            for second in first + 1..sizes.len() {
                pairs.extend(choices(first).flat_map(|one| choices(second).map(move |other| (one, other))));
            }
        }
        Open { pairs }
    }

    fn next(&self) -> Option<(Choice, Choice)> {
        self.pairs.first().copied()
    }

    fn gain(&self, row: &[Option<usize>], choice: Choice) -> usize {
        let chosen = row.iter().enumerate().filter_map(|(dimension, value)| Some((dimension, (*value)?)));
        chosen.filter(|other| self.pairs.contains(&(choice.min(*other), choice.max(*other)))).count()
    }

    fn close(&mut self, row: &[usize]) {
        for first in 0..row.len() {
            for second in first + 1..row.len() {
                self.pairs.remove(&((first, row[first]), (second, row[second])));
            }
        }
    }
}
