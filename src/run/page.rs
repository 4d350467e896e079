//! One decoded answer of a source.

use crate::base::error_kind::ErrorKind;
use crate::base::value::Value;
use crate::decode::{DecodeError, Decoder};
use crate::net::{Answer, ExchangeError};
use crate::rows::Row;
use std::sync::Arc;

/// One decoded answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The answer.
    pub answer: Answer,
    /// Its document; missing where the rows are read straight out of the answer.
    pub doc: Value,
    /// What reads the rows out of the answer, where no document is made of it.
    pub unread: Option<Arc<dyn Decoder>>,
    /// The rows of the decoder's own, a list, where they are not those of the document.
    pub decoded: Option<Value>,
    /// Its rows before any of the row keys but `rows`, where they had to be looked at already.
    pub records: Option<Arc<Vec<Row>>>,
    /// The request in one line, where somebody looks on.
    pub request: String,
    /// True if an earlier run has fetched it.
    pub from_cache: bool,
    /// How many rows were made of it.
    pub n_rows: usize,
}

impl Page {
    /// A page that was just fetched.
    pub fn of(answer: Answer, doc: Value) -> Self {
        Page { answer, doc, unread: None, decoded: None, records: None, request: String::new(), from_cache: false, n_rows: 0 }
    }
}

/// How much may still be reported of what is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many records fit for certain.
    pub records: usize,
    /// What there is a limit of.
    pub what: &'static str,
    /// The limit of a run.
    pub limit: usize,
}

/// Takes pages as they come.
pub trait PageSink: Send {
    /// Takes those of one exchange.
    ///
    /// # Errors
    /// What cannot be decoded; then none of them was taken.
    fn pages(&mut self, pages: Vec<Page>) -> Result<(), ExchangeError>;
    /// How many more records may come, where that is known.
    fn room(&self) -> Option<Room> {
        None
    }
}

impl PageSink for Vec<Page> {
    fn pages(&mut self, pages: Vec<Page>) -> Result<(), ExchangeError> {
        self.extend(pages);
        Ok(())
    }
}

/// The failure of an answer that is not what its decoder reads.
pub fn undecodable(answer: Answer, error: DecodeError) -> ExchangeError {
    ExchangeError { answer: Some(Box::new(answer)), ..ExchangeError::new(ErrorKind::Decode, error.0) }
}
