//! `ndjson`: a JSON document on each line, also called JSON Lines.
//!
//! Blank lines are skipped, line ends are LF or CRLF. Every line is read as strictly as `json` reads
//! a document. A bad line fails the source with its number, because it mostly means a writer that
//! was cut off; `bad_rows: skip` counts such lines instead.
//!
//! ```yaml
//! decode: {ndjson: {bad_rows: skip}}
//! ```

use super::by_row::{ByRow, Take};
use super::document::{Builder, Merges};
use super::faults::{BadRows, Faults};
use super::want::Want;
use super::{DecodeError, Decoder, Options, json, text};
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// A JSON document on each line; each is a row.
    pub struct Ndjson, "decoder `ndjson`" {
        /// What happens with a line that is no JSON: `fail` fails the source, `skip` leaves the line
        /// out and counts it in a warning.
        pub bad_rows: BadRows = BadRows::Fail, "fail";
    }
}

impl Options for Ndjson {
    const NAME: &'static str = "ndjson";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl ByRow for Ndjson {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let body = text::unmarked(input);
        let mut builder = Builder::new(Merges::None);
        let mut bad = Faults::default();
        for (line, number) in body.split(|byte| *byte == b'\n').zip(1..) {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            match row(line, want, &mut builder) {
                Ok(row) => take(row),
                // A limit is no bad row: to skip from there on would cut the document.
                Err(words) if builder.budget.is_exhausted() => return Err(DecodeError(words)),
                Err(words) => bad.add_or_fail(self.bad_rows, number, || words)?,
            }
        }
        let mut warnings = Vec::new();
        bad.warn("line is left out", "lines are left out", &mut warnings);
        Ok(warnings)
    }
}

fn row(line: &[u8], want: &Want, builder: &mut Builder) -> Result<Value, String> {
    let text = std::str::from_utf8(line).map_err(|error| format!("not UTF-8 at byte {} of the line", error.valid_up_to()))?;
    json::parse(text, want, builder).map_err(|fault| format!("not JSON: {}", fault.words_in_line(text)))
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault, warnings};

    #[test]
    fn each_line_is_a_document() {
        assert_eq!(document("ndjson", b"\xef\xbb\xbf{\"a\": 1}\r\n\n[2]\nnull"), r#"[{"a":1},[2],null]"#);
        assert_eq!(document("ndjson", b""), "[]");
    }

    #[test]
    fn a_bad_line_fails_or_is_counted() {
        let input = b"{\"a\": 1}\n{\"a\": \n\xff\n2\n";
        assert_eq!(fault("ndjson", input), "line 2: not JSON: the text ends within a value at column 5; it begins \"{\"a\":\"");
        assert_eq!(document("{ndjson: {bad_rows: skip}}", input), r#"[{"a":1},2]"#);
        let remarks = warnings("{ndjson: {bad_rows: skip}}", input);
        assert!(remarks[0].starts_with("2 lines are left out, the first is line 2: not JSON"), "{remarks:?}");
        assert!(fault("ndjson", b"1 2").contains("line 1: not JSON: trailing characters"));
    }
}
