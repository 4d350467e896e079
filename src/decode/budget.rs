//! The bound on how many values one document may hold.
//!
//! A body of 64 MiB can be 32 million empty lines, each of which would become a map. The bound keeps
//! the memory of a document within a small multiple of its bytes; passing it is an error, never a
//! silent cut.

use super::DecodeError;
use crate::base::limits;

/// Values left for one document.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    exhausted: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { left: limits::NODES, exhausted: false }
    }
}

impl Budget {
    /// True after the limit was passed.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// How many values are left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Pays for `n` values.
    ///
    /// # Errors
    /// When the document holds more than [`limits::NODES`].
    pub fn spend(&mut self, n: usize) -> Result<(), DecodeError> {
        match self.left.checked_sub(n) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.exhausted = true;
                Err(DecodeError(format!("more than {} values in one document, which is the limit", limits::NODES)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::fault;

    #[test]
    fn too_many_values_are_an_error_in_every_format() {
        let lines = "[]\n".repeat(2_000_001);
        assert!(fault("{ndjson: {bad_rows: skip}}", &lines).contains("more than 2000000 values"));
        assert!(fault("lines", &lines).contains("more than 2000000 values"));
        let list = format!("[{}0]", "0,".repeat(2_000_000));
        assert!(fault("json", &list).contains("more than 2000000 values"));
    }
}
