//! Why an expression has no value.

/// What ends an evaluation: the whole place is missing then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something that was calculated with, ordered or printed is missing.
    Missing,
    /// It cannot be calculated; the fragment shows the values: `"30" > 2 compares a text with a
    /// number`.
    Failed(String),
}

impl Fault {
    /// A failure with its words.
    pub fn failed(message: impl Into<String>) -> Fault {
        Fault::Failed(message.into())
    }
}
