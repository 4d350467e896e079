//! One decoded answer of a source.

use crate::base::value::Value;
use crate::net::Answer;
use crate::rows::Row;

/// One decoded answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The answer.
    pub answer: Answer,
    /// Its document.
    pub doc: Value,
    /// The rows of the decoder's own, a list, where they are not those of the document.
    pub decoded: Option<Value>,
    /// Its rows before any of the row keys but `rows`, where they had to be looked at already.
    pub records: Option<Vec<Row>>,
    /// The request in one line, where somebody looks on.
    pub request: String,
    /// True if an earlier run has fetched it.
    pub from_cache: bool,
}

impl Page {
    /// A page that was just fetched.
    pub fn of(answer: Answer, doc: Value) -> Self {
        Page { answer, doc, decoded: None, records: None, request: String::new(), from_cache: false }
    }
}

/// Takes pages as they come.
pub trait PageSink: Send {
    /// Takes one.
    fn page(&mut self, page: Page);
}

impl PageSink for Vec<Page> {
    fn page(&mut self, page: Page) {
        self.push(page);
    }
}
