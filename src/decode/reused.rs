//! Rows made of rows that nobody holds any more.
//!
//! A row that goes straight to the mappings is free again when the next but one comes: the names of a run
//! still hold the one before. A row that is kept stays what it is, and the next one is new.

use crate::base::map::Map;
use crate::base::value::Value;
use std::sync::Arc;

/// Rows of the same columns, one after the other.
#[derive(Debug)]
pub struct Reused {
    n_columns: usize,
    /// The row before the last one, and the last.
    made: [Arc<Map>; 2],
}

impl Reused {
    /// Rows of so many columns.
    pub fn with_columns(n_columns: usize) -> Self {
        Reused { n_columns, made: Default::default() }
    }

    /// The next row. `fill` sets every column, in the same order each time: it finds them with the values
    /// of an earlier row, or not at all.
    pub fn row(&mut self, fill: impl FnOnce(&mut Map)) -> Value {
        self.made.reverse();
        let [_, next] = &mut self.made;
        match Arc::get_mut(next) {
            Some(free) => fill(free),
            None => {
                let mut row = Map::with_capacity(self.n_columns);
                fill(&mut row);
                *next = Arc::new(row);
            }
        }
        Value::Map(next.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(reused: &mut Reused, n: i64) -> Value {
        reused.row(|row| row.put(0, &"n".into(), Value::Int(n)))
    }

    #[test]
    fn rows_that_are_kept_stay_what_they_are() {
        let mut reused = Reused::with_columns(1);
        let rows: Vec<Value> = (0..9).map(|n| row(&mut reused, n)).collect();
        assert!(rows.iter().zip(0..).all(|(row, n)| row.member("n") == Value::Int(n)));
    }

    #[test]
    fn a_row_that_nobody_holds_is_the_next_but_one() {
        let mut reused = Reused::with_columns(1);
        let address = |row: &Value| row.as_map().map(|row| Arc::as_ptr(row).addr());
        let first = address(&row(&mut reused, 0));
        let second = row(&mut reused, 1);
        assert_eq!(address(&row(&mut reused, 2)), first);
        assert_ne!(address(&row(&mut reused, 3)), address(&second));
    }
}
