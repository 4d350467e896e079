//! The rows of a document before any other row key sees them.

use super::page::Page;
use crate::base::value::Value;
use crate::expr::frame::Frame;
use crate::expr::names::{KEY, ROW};
use crate::plan::SourcePlan;
use crate::rows::pipeline::chosen;
use crate::rows::{Choose, Row};

/// What `rows` chooses of the document; without it the rows that the decoder gives, else the items
/// of a list, else the document as one row, and nothing of one that is missing.
pub fn records(source: &SourcePlan, page: &Page, frame: &mut Frame) -> Vec<Row> {
    let doc = &page.doc;
    match (doc, &source.after.rows) {
        (Value::Missing, _) => Vec::new(),
        (_, Some(Choose::Items(of))) => {
            frame.set(ROW, doc.clone());
            frame.set(KEY, Value::Missing);
            chosen(&of.0, frame).into_iter().map(|(key, value)| Row { value, key, binds: None }).collect()
        }
        (_, Some(Choose::Recurse { .. })) => vec![Row { value: doc.clone(), ..Row::default() }],
        (doc, None) => match page.decoded.as_ref().unwrap_or(doc) {
            Value::List(items) => {
                items.iter().enumerate().map(|(n, value)| Row { value: value.clone(), key: Value::from(n), binds: None }).collect()
            }
            other => vec![Row { value: other.clone(), ..Row::default() }],
        },
    }
}
