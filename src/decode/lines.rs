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
use super::by_row::{ByRow, Take};
use super::reused::Reused;
use super::want::{WHOLE, Want};
use super::{DecodeError, Decoded, Decoder, Options, text};
use crate::base::map::Map;
use crate::base::value::Text;
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

impl ByRow for Lines {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let (mut warnings, mut budget) = (Vec::new(), Budget::default());
        let (columns, mut reused) = (Wanted::of(want), Reused::with_columns(2));
        for (number, line) in text::lines(&text::lenient(input, &mut warnings)) {
            budget.spend(1)?;
            take(reused.row(|row| columns.fill(row, line, number)));
        }
        Ok(warnings)
    }

    fn record(&self, record: &[u8], number: usize) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(record, &mut warnings);
        let row = Reused::with_columns(2).row(|row| Wanted::of(&WHOLE).fill(row, &text, number));
        Ok(Decoded::with(row, warnings))
    }
}

/// The columns that somebody reads.
struct Wanted {
    line: Option<Text>,
    number: Option<Text>,
}

impl Wanted {
    fn of(want: &Want) -> Self {
        let column = |name: &str| want.has(name).then(|| Text::from(name));
        Wanted { line: column("line"), number: column("number") }
    }

    fn fill(&self, row: &mut Map, line: &str, number: usize) {
        if let Some(key) = &self.line {
            row.put(0, key, line.into());
        }
        if let Some(key) = &self.number {
            row.put(usize::from(self.line.is_some()), key, number.into());
        }
    }
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
