//! `csv`: rows of cells between delimiters, as RFC 4180 and its many relatives write them.
//!
//! Cells are texts unless `types` says otherwise; an empty cell is missing. A short row lacks its
//! last cells; a row with more cells than columns is bad, since nobody can say which cell slipped.
//! Empty cells beyond the columns count for nothing: some writers end every row with a delimiter. A
//! column name that is there twice is an error, an unnamed column shows nowhere.
//!
//! ```yaml
//! decode:
//!   csv: {trim: "# ", required: [pxname, svname], types: {scur: number}}
//! ```

use super::budget::Budget;
use super::by_row::{ByRow, Take};
use super::columns::Columns;
use super::faults::{BadRows, Faults};
use super::types::Types;
use super::want::Want;
use super::{DecodeError, Decoder, Options, conflict, text};
use crate::base::print::{cut, one_line};
use crate::base::suggest::listed;
use crate::base::value::Text;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use csv::{ReaderBuilder, StringRecord};
use std::sync::Arc;

crate::fields! {
    /// Rows of cells between delimiters: a row is a map from column to text.
    pub struct Csv, "decoder `csv`" {
        /// What stands between two cells: one character, `\t` or `tab` for a tab.
        pub delimiter: Symbol = Symbol(Some(b',')), ",";
        /// What stands around cells that hold delimiters or line ends: one character; `""` where
        /// quotes mean nothing.
        pub quote: Symbol = Symbol(Some(b'"')), "\"";
        /// Whether the first line holds the names of the columns. Default: true, but false where
        /// `columns` are given; true beside `columns` means that the first line is passed over.
        pub header: Option<bool>;
        /// The names of the columns, where the first line does not give them. An empty name hides a
        /// column.
        pub columns: Vec<Text>;
        /// What a backslash does in cells: with `true`, `\t`, `\n` and `\\` are characters and `\N` is a
        /// missing cell, as databases write their tab-separated text. It goes with `quote: ""`.
        pub escapes: bool = false, "false";
        /// Characters to remove from both ends of the column names and of the first cell of each row:
        /// `"# "` for haproxy, whose header begins with `# pxname`. Default: none.
        pub trim: String = String::new(), "\"\"";
        /// Removes blanks around every cell and name, for files with `, ` between cells.
        pub trim_cells: bool = false, "false";
        /// Columns that must be there: without one of them the source fails and names those there
        /// are. A row too short for one of them is bad.
        pub required: Vec<Text>;
        /// What happens with rows of more cells than columns, or without a required cell: `skip`
        /// leaves them out and counts them in a warning, `fail` fails the source.
        pub bad_rows: BadRows = BadRows::Skip, "skip";
        /// The types of columns: `{used: number, at: time}`; others are texts.
        pub types: Types;
    }
}

/// One ASCII character, or none.
#[derive(Clone, Copy, Debug)]
pub struct Symbol(pub Option<u8>);

impl Field for Symbol {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_scalar().map(|scalar| scalar.text.clone());
        match text.as_deref().map(str::as_bytes) {
            Some([]) => Some(Symbol(None)),
            Some(b"\\t" | b"tab") => Some(Symbol(Some(b'\t'))),
            Some([byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(Symbol(Some(*byte))),
            _ => {
                reader.mismatch(node, "one ASCII character in quotes, like \";\" or \"tab\"");
                None
            }
        }
    }
}

impl Options for Csv {
    const NAME: &'static str = "csv";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        let Some(delimiter) = self.delimiter.0 else {
            conflict("a delimiter without a character", node.span, "write `delimiter: \";\"`, or leave it out for a comma", reader);
            return None;
        };
        let given = if self.columns.is_empty() { None } else { Some(self.given_columns(node, reader)?) };
        if given.is_none() && self.header == Some(false) {
            conflict("columns without names", node.span, "list `columns`, or take them from the first line with `header: true`", reader);
            return None;
        }
        let header = self.header.unwrap_or(given.is_none());
        Some(Arc::new(Compiled { delimiter, header, given, options: self }))
    }
}

impl Csv {
    /// The columns that the spec lists, checked against everything else that names columns.
    fn given_columns(&self, node: &Node, reader: &mut Reader<'_>) -> Option<Columns> {
        let columns = listed_columns(&self.columns, &self.types, node, reader)?;
        if let Some(name) = self.required.iter().find(|name| columns.position(name).is_none()) {
            conflict(format!("the required column `{name}` is none of `columns`"), node.span, "list it there, too", reader);
            return None;
        }
        Some(columns)
    }
}

/// Columns that a spec lists under `columns`; `None` after a problem was reported.
pub fn listed_columns(names: &[Text], types: &Types, node: &Node, reader: &mut Reader<'_>) -> Option<Columns> {
    match Columns::new(names.iter().cloned(), types) {
        Ok(columns) => types.check(names, reader).then_some(columns),
        Err(twice) => {
            conflict(format!("the column `{twice}` twice"), node.span, "give each column a name of its own", reader);
            None
        }
    }
}

/// The decoder with its options checked.
#[derive(Debug)]
struct Compiled {
    delimiter: u8,
    header: bool,
    given: Option<Columns>,
    options: Csv,
}

impl ByRow for Compiled {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        let mut records = self.records(&text);
        let mut record = StringRecord::new();
        let header = self.header && next(&mut records, &mut record)?;
        let columns = match &self.given {
            Some(columns) => columns.clone(),
            None if header => self.named_columns(&record)?,
            None => return Err(DecodeError("no header line: the body is empty".to_owned())),
        };
        let required: Vec<usize> = self.options.required.iter().filter_map(|name| columns.position(name)).collect();
        let (mut budget, mut bad) = (Budget::default(), Faults::default());
        let mut rows = columns.rows(want);
        while next(&mut records, &mut record)? {
            budget.spend(1 + columns.len())?;
            match misfit(&record, &columns, &required) {
                None if self.options.escapes => {
                    let cells: Vec<String> = self.cells(&record).map(unescaped).collect();
                    take(rows.row(cells.iter().map(String::as_str)));
                }
                None => take(rows.row(self.cells(&record))),
                Some(words) => bad.add_or_fail(self.options.bad_rows, line_of(&record, &text), || words)?,
            }
        }
        bad.warn("row is left out", "rows are left out", &mut warnings);
        Ok(warnings)
    }
}

impl Compiled {
    fn records<'t>(&self, text: &'t str) -> csv::Reader<&'t [u8]> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.delimiter);
        match self.options.quote.0 {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        builder.from_reader(text.as_bytes())
    }

    fn named_columns(&self, header: &StringRecord) -> Result<Columns, DecodeError> {
        let names = header.iter().map(|name| Text::from(self.trimmed(name)));
        let twice = |name: Text| DecodeError(format!("the column `{}` is there twice", shown(&name)));
        let columns = Columns::new(names, &self.options.types).map_err(twice)?;
        let lacking: Vec<&str> = self.options.required.iter().map(|name| &**name).filter(|name| columns.position(name).is_none()).collect();
        if lacking.is_empty() {
            return Ok(columns);
        }
        let names: Vec<String> = columns.names().map(|name| shown(name)).collect();
        let (lacking, there) = (listed(lacking, 20), listed(names.iter().map(String::as_str), 40));
        Err(DecodeError(format!("no column {lacking}; there are {there}")))
    }

    fn cells<'r>(&'r self, record: &'r StringRecord) -> impl Iterator<Item = &'r str> {
        record.iter().enumerate().map(|(at, cell)| if at == 0 { self.trimmed(cell) } else { self.bare(cell) })
    }

    fn trimmed<'c>(&self, cell: &'c str) -> &'c str {
        self.bare(cell.trim_matches(|c| self.options.trim.contains(c)))
    }

    fn bare<'c>(&self, cell: &'c str) -> &'c str {
        if self.options.trim_cells { cell.trim() } else { cell }
    }
}

fn next(records: &mut csv::Reader<&[u8]>, record: &mut StringRecord) -> Result<bool, DecodeError> {
    records.read_record(record).map_err(|error| DecodeError(format!("not CSV: {error}")))
}

/// The line that a record begins on: its position counts the blank lines before it as its own.
fn line_of(record: &StringRecord, text: &str) -> usize {
    let position = record.position();
    let counted = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let (line, byte) = position.map_or((1, 0), |at| (counted(at.line()), counted(at.byte())));
    let blank = text.as_bytes().get(byte..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    line + blank.filter(|byte| **byte == b'\n').count()
}

/// Why a record is no row of these columns.
fn misfit(record: &StringRecord, columns: &Columns, required: &[usize]) -> Option<String> {
    if record.iter().skip(columns.len()).any(|cell| !cell.is_empty()) {
        return Some(format!("{} cells for {} columns", record.len(), columns.len()));
    }
    let lacking = required.iter().find(|at| **at >= record.len());
    lacking.map(|at| format!("{} cells, and the required column is number {}", record.len(), at + 1))
}

/// A cell with the characters that stand behind its backslashes; nothing for `\N`.
fn unescaped(cell: &str) -> String {
    if cell == "\\N" {
        return String::new();
    }
    let mut out = String::with_capacity(cell.len());
    let mut rest = cell.chars();
    while let Some(c) = rest.next() {
        let behind = if c == '\\' { rest.next() } else { None };
        out.push(match behind {
            None => c,
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some(other) => other,
        });
    }
    out
}

fn shown(name: &str) -> String {
    cut(&one_line(name), 40)
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault, problems, warnings};

    #[test]
    fn rows_are_maps_of_texts_and_empty_cells_are_missing() {
        let input = b"\xef\xbb\xbfid,name\r\n1,\"a \"\"b\"\",\nc\"\r\n2,\r\n\r\n3\r\n";
        assert_eq!(document("csv", input), r#"[{"id":"1","name":"a \"b\",\nc"},{"id":"2","name":null},{"id":"3","name":null}]"#);
        assert_eq!(document("csv", "a,b\n"), "[]");
        assert_eq!(document("csv", "a,b\nx\0y,1\n"), r#"[{"a":"x\u0000y","b":"1"}]"#);
    }

    #[test]
    fn ragged_rows_are_counted_or_fail() {
        let input = "a,b\n1,2,3\n4,5,\n6,7,8\n";
        assert_eq!(document("csv", input), r#"[{"a":"4","b":"5"}]"#);
        assert_eq!(warnings("csv", input), ["2 rows are left out, the first is line 2: 3 cells for 2 columns"]);
        assert_eq!(fault("{csv: {bad_rows: fail}}", input), "line 2: 3 cells for 2 columns");
        assert_eq!(fault("{csv: {bad_rows: fail}}", "a\n\r\n\n1,2\n"), "line 4: 2 cells for 1 columns");
        let short = warnings("{csv: {required: [b]}}", "a,b\n1,2\n3\n");
        assert_eq!(short, ["1 row is left out, line 3: 1 cells, and the required column is number 2"]);
    }

    #[test]
    fn a_header_can_be_trimmed_as_haproxy_needs_it() {
        let input = "# pxname,svname,scur,\nweb,FRONTEND,3,\n";
        let options = "{csv: {trim: '# ', required: [pxname], types: {scur: number}}}";
        assert_eq!(document(options, input), r#"[{"pxname":"web","svname":"FRONTEND","scur":3}]"#);
        assert_eq!(fault("{csv: {required: [pxname, id]}}", input), "no column `pxname`, `id`; there are `# pxname`, `svname`, `scur`");
    }

    #[test]
    fn columns_can_be_given_and_symbols_chosen() {
        assert_eq!(document("{csv: {columns: [a, b], delimiter: '\\t', quote: ''}}", "\"x\ty\n"), r#"[{"a":"\"x","b":"y"}]"#);
        assert_eq!(document("{csv: {columns: [a, ''], header: true, delimiter: tab}}", "A\tB\nx\ty\n"), r#"[{"a":"x"}]"#);
        assert_eq!(document("{csv: {columns: [a]}}", ""), "[]");
    }

    #[test]
    fn a_body_without_header_or_with_a_doubled_one_is_an_error() {
        assert_eq!(fault("csv", ""), "no header line: the body is empty");
        assert_eq!(fault("csv", "a,b,a\n1,2,3\n"), "the column `a` is there twice");
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("{csv: {header: false}}"), ["columns without names"]);
        assert_eq!(problems("{csv: {columns: [a, a]}}"), ["the column `a` twice"]);
        assert_eq!(problems("{csv: {columns: [a], required: [b]}}"), ["the required column `b` is none of `columns`"]);
        assert_eq!(problems("{csv: {delimiter: ab}}"), ["expected one ASCII character in quotes, like \";\" or \"tab\""]);
        assert_eq!(problems("{csv: {delimiter: ''}}"), ["a delimiter without a character"]);
    }
}
