//! `lines`: a row for each line, `{line, number}`.
//!
//! Line ends are LF or CRLF and do not belong to the line; blank lines are rows like any other, and
//! the end of the last line begins no further one. Lines are not split any further: that is what
//! `regex` and `table` are for.
//!
//! ```yaml
//! decode: lines
//! ```

use super::budget::Budget;
use super::{DecodeError, Decoded, Decoder, Options, text};
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// A row for each line: `{line, number}`, counted from 1.
    pub struct Lines, "decoder `lines`" {}
}

impl Options for Lines {
    const NAME: &'static str = "lines";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Lines {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let mut budget = Budget::default();
        let keys: (Text, Text) = ("line".into(), "number".into());
        let mut rows = Vec::new();
        for (number, line) in text::lines(&text::lenient(input, &mut warnings)) {
            budget.spend(1)?;
            rows.push(row(&keys, line, number));
        }
        Ok(Decoded::with(Value::list(rows), warnings))
    }

    fn decode_record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let doc = row(&("line".into(), "number".into()), &text::lenient(record, &mut warnings), number);
        Ok(Decoded::with(doc, warnings))
    }
}

fn row((line_key, number_key): &(Text, Text), line: &str, number: usize) -> Value {
    let mut row = Map::with_capacity(2);
    row.insert(line_key.clone(), line.into());
    row.insert(number_key.clone(), number.into());
    Value::map(row)
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, warnings};

    #[test]
    fn lines_are_numbered_from_one() {
        let rows = r#"[{"line":"a","number":1},{"line":"","number":2},{"line":"b","number":3}]"#;
        assert_eq!(document("lines", b"\xef\xbb\xbfa\r\n\r\nb\r\n"), rows);
        assert_eq!(document("lines", b"a\n\nb"), rows);
        assert_eq!(document("lines", b""), "[]");
        assert_eq!(warnings("lines", b"\xe9").len(), 1);
    }
}
