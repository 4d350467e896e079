//! Bytes to a document.
//!
//! A decoder gives one [`Value`]: a list where the format consists of records, a map or a text
//! otherwise. The rows are the items of a list, or else the document as one row; so `.doc` of a
//! source and its rows can never disagree.
//!
//! Adding a decoder: one file with its options (declared with [`crate::fields!`]) and its
//! [`Decoder`], and one line in [`KINDS`].

use crate::base::value::Value;
use crate::yaml::kind::Kind;
use std::fmt::Debug;
use std::sync::Arc;

/// What decoding gave.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// The document.
    pub doc: Value,
    /// What was left out, one sentence for each kind of fault with its count: "3 lines are no
    /// samples, the first is line 7: …".
    pub warnings: Vec<String>,
}

impl Decoded {
    /// A document without remarks.
    pub fn of(doc: Value) -> Self {
        Decoded { doc, warnings: Vec::new() }
    }
}

/// Why bytes could not be decoded: a sentence fragment with line and column where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub String);

/// One decoder with its options.
pub trait Decoder: Send + Sync + Debug {
    /// The document of a whole answer.
    ///
    /// # Errors
    /// When the bytes are not what this decoder reads, or pass one of its limits.
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError>;
}

/// Every decoder by its name in YAML.
pub const KINDS: &[Kind<Arc<dyn Decoder>>] = &[];
