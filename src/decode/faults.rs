//! Many faults of one sort as one warning: their count, and the first with its line.

use super::DecodeError;

crate::words! {
    /// What happens with rows that cannot be read.
    pub enum BadRows {
        /// They are left out and counted in a warning.
        Skip = "skip",
        /// The first of them fails the source.
        Fail = "fail",
    }
}

/// Faults of one sort.
#[derive(Debug, Default)]
pub struct Faults {
    n_faults: usize,
    first: Option<(usize, String)>,
}

impl Faults {
    /// Counts a fault; only the first is put into words.
    pub fn add(&mut self, line: usize, words: impl FnOnce() -> String) {
        self.n_faults += 1;
        if self.first.is_none() {
            self.first = Some((line, words()));
        }
    }

    /// Counts a fault or fails with it.
    ///
    /// # Errors
    /// With [`BadRows::Fail`], always.
    pub fn add_or_fail(&mut self, policy: BadRows, line: usize, words: impl FnOnce() -> String) -> Result<(), DecodeError> {
        match policy {
            BadRows::Skip => {
                self.add(line, words);
                Ok(())
            }
            BadRows::Fail => Err(DecodeError(format!("line {line}: {}", words()))),
        }
    }

    /// Fails with the first fault, for documents of which nothing else is left.
    ///
    /// # Errors
    /// Where there are faults.
    pub fn all_bad(&self, what: &str) -> Result<(), DecodeError> {
        match &self.first {
            Some((line, words)) => Err(DecodeError(format!("{what}: line {line}: {words}"))),
            None => Ok(()),
        }
    }

    /// One sentence, with words for one fault and for many: "1 row is left out", "rows are left out".
    pub fn warn(self, one: &str, many: &str, warnings: &mut Vec<String>) {
        self.warn_at("line", one, many, warnings);
    }

    /// The same for faults whose places are called otherwise than lines.
    pub fn warn_at(self, place: &str, one: &str, many: &str, warnings: &mut Vec<String>) {
        let Some((number, words)) = self.first else { return };
        warnings.push(match self.n_faults {
            1 => format!("1 {one}, {place} {number}: {words}"),
            n => format!("{n} {many}, the first is {place} {number}: {words}"),
        });
    }
}
