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
            let found = chosen(&of.0, frame);
            if let Value::List(all) = doc
                && found.is_empty()
                && !all.is_empty()
                && of.0.value(frame).is_missing()
            {
                frame.remark(of.0.span, |_| meant_for_one_row(all.len()));
            }
            found.into_iter().map(|(key, value)| Row { value, key, binds: None }).collect()
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

/// A field of a list is missing, which is silent: here it is a slip, for whoever means each row.
fn meant_for_one_row(n_rows: usize) -> String {
    format!(
        "`rows` finds nothing: `row` is the whole document here, a list of {n_rows}; `$[*].NAME` chooses of each item, and so does `rows` in a source made `from` this one"
    )
}

/// The rows of a page, and how many there are for the rule that ends the paging: a filter in the
/// path of `rows` leaves rows out, but the page has them, and of a recursion the first level counts.
pub fn records_and_their_number(source: &SourcePlan, page: &Page, frame: &mut Frame) -> (Vec<Row>, usize) {
    let found = records(source, page, frame);
    let n_rows = match &source.counted {
        Some(counted) if !page.doc.is_missing() => {
            frame.set(ROW, page.doc.clone());
            chosen(counted, frame).len()
        }
        _ => found.len(),
    };
    (found, n_rows)
}
