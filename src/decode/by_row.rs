//! Formats that are nothing but rows: each row is handed on as soon as it is read.
//!
//! Such a decoder says how its rows are read, and is a [`Decoder`] by that. Where rows go straight to the
//! mappings, none of them is kept.

use super::want::{NOTHING, RowsWanted, TakeRow, WHOLE, Want};
use super::{DecodeError, Decoded, Decoder, Facts, text, whole_then_rows};
use crate::base::value::Value;
use std::fmt::Debug;

/// Takes a finished row.
pub type Take<'t> = dyn FnMut(Value) + 't;

/// A decoder that reads row by row.
pub trait ByRow: Send + Sync + Debug {
    /// Hands on every row, with the wanted members at least; what was left out comes back.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError>;

    /// See [`Decoder::decode_record`].
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let _ = number;
        let mut rows = Vec::new();
        let warnings = self.rows(record, &WHOLE, &mut |row| rows.push(row))?;
        Ok(Decoded::with(Value::list(rows), warnings))
    }
}

impl<D: ByRow> Decoder for D {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_wanted(input, &Facts::default(), &WHOLE)
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        self.decode_wanted(input, facts, &WHOLE)
    }

    fn decode_record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        self.record(record, number)
    }

    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, want: &Want) -> Result<Decoded, DecodeError> {
        let mut rows = Vec::new();
        let warnings = in_utf8(self, input, facts, want.items().unwrap_or(&NOTHING), &mut |row| rows.push(row))?;
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        if !rows.path.is_empty() {
            return whole_then_rows(self, input, facts, rows, take);
        }
        let mut n = 0usize;
        in_utf8(self, input, facts, &rows.want, &mut |row| {
            take(Value::from(n), row);
            n += 1;
        })
    }
}

fn in_utf8<D: ByRow>(decoder: &D, input: &[u8], facts: &Facts<'_>, want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
    let mut warnings = Vec::new();
    let input = text::in_utf8(input, facts, &mut warnings);
    warnings.extend(decoder.rows(&input, want, take)?);
    Ok(warnings)
}
