//! `table`: columns as commands print them, between white space or another separator.
//!
//! The last column takes the rest of the line, so a mount point or command line with blanks in it
//! stays whole. Blank lines are skipped, a short row lacks its last cells. Columns of fixed width
//! with blanks inside are not read here: `regex` can say where each ends.
//!
//! ```yaml
//! decode:
//!   table: {columns: [device, total, used, free, pct, mount], skip: 1, types: {total: number}}
//! ```

use super::budget::Budget;
use super::columns::Columns;
use super::csv::listed_columns;
use super::types::Types;
use super::{DecodeError, Decoded, Decoder, Options, conflict, text};
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// Columns between white space or another separator: a row is a map from column to text.
    pub struct Table, "decoder `table`" {
        /// The names of the columns; the last one takes the rest of each line. An empty name hides a
        /// column. Either these or `header: true`.
        pub columns: Vec<Text>;
        /// Whether the first line, after those skipped, holds the names of the columns.
        pub header: bool = false, "false";
        /// How many lines at the top are passed over, blank ones included: 0 for none.
        pub skip: usize = 0, "0";
        /// What stands between two cells, literally; blanks around cells go. Default: white space of
        /// any length.
        pub separator: Option<Text>;
        /// The types of columns: `{used: number, at: time}`; others are texts.
        pub types: Types;
    }
}

impl Options for Table {
    const NAME: &'static str = "table";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        if self.columns.is_empty() != self.header {
            let help = "list `columns` (with `skip: 1` to pass over a header line), or write `header: true`";
            conflict("a table needs either `columns` or `header: true`", node.span, help, reader);
            return None;
        }
        if self.separator.as_deref() == Some("") {
            conflict("a separator without a character", node.span, "leave `separator` out for white space", reader);
            return None;
        }
        let given = if self.header { None } else { Some(listed_columns(&self.columns, &self.types, node, reader)?) };
        Some(Arc::new(Compiled { given, options: self }))
    }
}

/// The decoder with its options checked.
#[derive(Debug)]
struct Compiled {
    given: Option<Columns>,
    options: Table,
}

impl Decoder for Compiled {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        let all = text::lines(&text).skip(self.options.skip).map(|(_, line)| line);
        let mut lines = all.filter(|line| !line.trim().is_empty());
        let columns = match &self.given {
            Some(columns) => columns.clone(),
            None => self.named_columns(lines.next())?,
        };
        let mut budget = Budget::default();
        let mut rows = Vec::new();
        for line in lines {
            budget.spend(1 + columns.len())?;
            rows.push(columns.row(self.cells(line, columns.len())));
        }
        Ok(Decoded::with(Value::list(rows), warnings))
    }
}

impl Compiled {
    fn named_columns(&self, header: Option<&str>) -> Result<Columns, DecodeError> {
        let Some(header) = header else { return Err(DecodeError("no header line: nothing is left to read".to_owned())) };
        let names = self.cells(header, usize::MAX).map(Text::from);
        let columns = Columns::new(names, &self.options.types);
        columns.map_err(|twice| DecodeError(format!("the column {} is there twice", super::beginning(&twice))))
    }

    fn cells<'l>(&'l self, line: &'l str, n_cells: usize) -> Cells<'l> {
        Cells { rest: Some(line.trim()), separator: self.options.separator.as_deref(), left: n_cells }
    }
}

/// The cells of a line, the last with all that is left.
struct Cells<'l> {
    rest: Option<&'l str>,
    separator: Option<&'l str>,
    left: usize,
}

impl<'l> Iterator for Cells<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let rest = self.rest.take()?;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Some(rest.trim());
        }
        let split = match self.separator {
            Some(separator) => rest.split_once(separator),
            None => rest.split_once(char::is_whitespace),
        };
        let Some((cell, after)) = split else { return Some(rest.trim()) };
        self.rest = Some(after.trim_start());
        Some(cell.trim())
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault, problems};

    #[test]
    fn the_last_column_takes_the_rest() {
        let df = "Filesystem 1024-blocks Used Mounted on\r\n/dev/sda1  100   7 /mnt/my disk \r\n\r\ntmpfs 5\r\n";
        let options = "{table: {columns: [device, total, used, mount], skip: 1, types: {total: number, used: number}}}";
        let rows =
            r#"[{"device":"/dev/sda1","total":100,"used":7,"mount":"/mnt/my disk"},{"device":"tmpfs","total":5,"used":null,"mount":null}]"#;
        assert_eq!(document(options, df), rows);
    }

    #[test]
    fn names_can_come_from_the_first_line() {
        let ps = "\n  PID\tCMD\n    1 /sbin/init splash\n";
        assert_eq!(document("{table: {header: true, types: {PID: int}}}", ps), r#"[{"PID":1,"CMD":"/sbin/init splash"}]"#);
        assert_eq!(fault("{table: {header: true}}", ""), "no header line: nothing is left to read");
        assert_eq!(fault("{table: {header: true}}", "a b a"), "the column \"a\" is there twice");
    }

    #[test]
    fn a_separator_is_literal_and_cells_lose_their_blanks() {
        let psql = " id | name \n 1  |  | x\n2";
        let options = "{table: {header: true, separator: '|'}}";
        assert_eq!(document(options, psql), r#"[{"id":"1","name":"| x"},{"id":"2","name":null}]"#);
        assert_eq!(document("{table: {columns: [a, b, c], separator: '::'}}", "1::::3"), r#"[{"a":"1","b":null,"c":"3"}]"#);
        assert_eq!(document("{table: {columns: [a]}}", ""), "[]");
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("table"), ["a table needs either `columns` or `header: true`"]);
        assert_eq!(problems("{table: {columns: [a], header: true}}"), ["a table needs either `columns` or `header: true`"]);
        assert_eq!(problems("{table: {columns: [a], separator: ''}}"), ["a separator without a character"]);
        assert_eq!(problems("{table: {columns: [a, a]}}"), ["the column `a` twice"]);
    }
}
