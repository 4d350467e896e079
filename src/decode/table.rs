//! `table`: columns as commands print them, between white space or another separator.
//!
//! The last column takes the rest of the line, so a mount point or command line with blanks in it
//! stays whole. Blank lines are skipped, and so is a header line that comes again; a short row lacks
//! its last cells. Where cells hold blanks or may be empty, `widths` cuts at fixed places. Reports of
//! several tables with blank lines between them are read with `blocks`.
//!
//! ```yaml
//! decode:
//!   table: {columns: [device, total, used, free, pct, mount], skip: 1, types: {total: number}}
//! ```
//!
//! ```yaml
//! decode: {table: {header: true, widths: header}}      # docker ps, kubectl get
//! ```

use super::budget::Budget;
use super::by_row::{ByRow, Take};
use super::columns::Columns;
use super::csv::listed_columns;
use super::types::Types;
use super::want::Want;
use super::{DecodeError, Decoder, Options, conflict, text};
use crate::base::map::Map;
use crate::base::value::Text;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::sync::Arc;

crate::fields! {
    /// Columns between white space or another separator: a row is a map from column to text.
    pub struct Table, "decoder `table`" {
        /// The names of the columns; the last one takes the rest of each line. An empty name hides a
        /// column. Either these or `header: true`.
        pub columns: Vec<Text>;
        /// Whether the first line, after those skipped, holds the names of the columns. A name of two
        /// words, as `Mounted on` of df, makes two columns: `skip` such a line, and list `columns`.
        pub header: bool = false, "false";
        /// How many lines at the top are passed over, blank ones included: 0 for none.
        pub skip: usize = 0, "0";
        /// What stands between two cells, literally; blanks around cells go. Default: white space of
        /// any length.
        pub separator: Option<Text>;
        /// Columns of fixed width instead of a separator, in characters: a list of widths, the last of
        /// which may be left out, or `header`: each column begins where its name does, and two blanks
        /// or more stand between names, which may hold single ones. Blanks around cells go.
        pub widths: Option<Widths>;
        /// Whether blank lines divide tables: each then begins with its own lines to `skip` and its
        /// own header. A row holds the number of its table under `block`, counted from 0, and with
        /// `skip` the first of the skipped lines under `title`.
        pub blocks: bool = false, "false";
        /// The types of columns: `{used: number, at: time}`; others are texts.
        pub types: Types;
    }
}

/// Where columns of fixed width begin.
#[derive(Clone, Debug)]
pub enum Widths {
    /// Where the names in the header line do.
    Header,
    /// One after the other, by their widths in characters.
    Listed(Vec<usize>),
}

impl Field for Widths {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Words(&["header"]), Shape::List(Box::new(Shape::Integer))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_scalar() {
            Some(scalar) if &*scalar.text == "header" => Some(Widths::Header),
            Some(_) => {
                reader.mismatch(node, "`header` or a list of widths");
                None
            }
            None => Vec::read(node, reader).map(Widths::Listed),
        }
    }
}

/// Columns that rows of `blocks` have besides their own.
const BLOCK: &str = "block";
const TITLE: &str = "title";

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
        if let Some((title, help)) = self.slip() {
            conflict(title, node.span, help, reader);
            return None;
        }
        let given = if self.header { None } else { Some(listed_columns(&self.columns, &self.types, node, reader)?) };
        Some(Arc::new(Compiled { given, options: self }))
    }
}

impl Table {
    /// What is wrong with `widths` or `blocks`, and its cure.
    fn slip(&self) -> Option<(&'static str, &'static str)> {
        let n_columns = self.columns.len();
        match &self.widths {
            Some(_) if self.separator.is_some() => {
                Some(("both `separator` and `widths`", "keep one of the two: each says how a line splits"))
            }
            Some(Widths::Header) if !self.header => {
                Some(("`widths: header` without a header", "write `header: true`, or a list of widths"))
            }
            Some(Widths::Listed(widths)) if widths.contains(&0) => Some(("a width of 0", "every column has a character at least")),
            Some(Widths::Listed(widths)) if !self.header && (widths.len() > n_columns || widths.len() + 1 < n_columns) => {
                Some(("as many `widths` as `columns` are needed", "give each column a width; that of the last may be left out"))
            }
            _ if self.blocks && self.columns.iter().any(|name| matches!(&**name, BLOCK | TITLE)) => {
                Some(("a column of the name `block` or `title`", "rename it: `blocks` adds columns of these names"))
            }
            _ => None,
        }
    }
}

/// The decoder with its options checked.
#[derive(Debug)]
struct Compiled {
    given: Option<Columns>,
    options: Table,
}

impl ByRow for Compiled {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let text = text::lenient(input, &mut warnings);
        let lines: Vec<&str> = text::lines(&text).map(|(_, line)| line).collect();
        let mut budget = Budget::default();
        if self.options.blocks {
            let blocks = lines.split(|line| line.trim().is_empty()).filter(|block| !block.is_empty());
            for (number, block) in blocks.enumerate() {
                self.read(block, Some(number), want, &mut budget, take)?;
            }
        } else {
            self.read(&lines, None, want, &mut budget, take)?;
        }
        Ok(warnings)
    }
}

impl Compiled {
    /// Hands on the rows of one table.
    fn read(&self, lines: &[&str], block: Option<usize>, want: &Want, budget: &mut Budget, take: &mut Take<'_>) -> Result<(), DecodeError> {
        let (skipped, lines) = lines.split_at_checked(self.options.skip).unwrap_or((lines, &[]));
        let mut lines = lines.iter().copied().filter(|line| !line.trim().is_empty());
        let header = if self.given.is_some() { None } else { lines.next() };
        let columns = match (&self.given, header) {
            (Some(columns), _) => columns.clone(),
            (None, Some(header)) => self.named_columns(header)?,
            // A part of fewer lines than are skipped is no table; nothing but such parts is an error.
            (None, None) if block.is_some() => return Ok(()),
            (None, None) => return Err(DecodeError("no header line: nothing is left to read".to_owned())),
        };
        let (starts, mut rows) = (self.starts(header), columns.rows(want));
        for line in lines.filter(|line| header.is_none_or(|header| header.trim() != line.trim())) {
            budget.spend(1 + columns.len())?;
            let more = |row: &mut Map| {
                if let Some(number) = block {
                    row.insert(BLOCK, number.into());
                    if let Some(title) = skipped.first() {
                        row.insert(TITLE, title.trim().into());
                    }
                }
            };
            take(match &starts {
                Some(starts) => rows.row_and(cut(line, starts), more),
                None => rows.row_and(self.cells(line, columns.len()), more),
            });
        }
        Ok(())
    }

    fn named_columns(&self, header: &str) -> Result<Columns, DecodeError> {
        let names: Vec<Text> = match self.starts(Some(header)) {
            Some(starts) => cut(header, &starts).into_iter().map(Text::from).collect(),
            None => self.cells(header, usize::MAX).map(Text::from).collect(),
        };
        let columns = Columns::new(names, &self.options.types);
        columns.map_err(|twice| DecodeError(format!("the column {} is there twice", super::beginning(&twice))))
    }

    /// The characters at which columns of fixed width begin.
    fn starts(&self, header: Option<&str>) -> Option<Vec<usize>> {
        match self.options.widths.as_ref()? {
            Widths::Header => Some(name_starts(header.unwrap_or(""))),
            Widths::Listed(widths) => {
                let ends = widths.iter().scan(0_usize, |end, width| {
                    *end = end.saturating_add(*width);
                    Some(*end)
                });
                let n_columns = self.given.as_ref().map_or(usize::MAX, Columns::len);
                Some(std::iter::once(0).chain(ends).take(n_columns.min(widths.len() + 1)).collect())
            }
        }
    }

    fn cells<'l>(&'l self, line: &'l str, n_cells: usize) -> Cells<'l> {
        Cells { rest: Some(line.trim()), separator: self.options.separator.as_deref(), left: n_cells }
    }
}

/// Where names begin that two blanks or more stand between.
fn name_starts(header: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut n_blanks = 2;
    for (at, c) in header.chars().enumerate() {
        if c.is_whitespace() {
            n_blanks += if c == '\t' { 2 } else { 1 };
            continue;
        }
        if n_blanks >= 2 {
            starts.push(at);
        }
        n_blanks = 0;
    }
    starts
}

/// The cells that begin at these characters; what stands before the first belongs to it.
fn cut<'l>(line: &'l str, starts: &[usize]) -> Vec<&'l str> {
    let mut places = line.char_indices().map(|(byte, _)| byte).enumerate();
    let mut cells = Vec::with_capacity(starts.len());
    let mut from = 0;
    for start in starts.iter().skip(1) {
        let to = places.find(|(at, _)| at == start).map_or(line.len(), |(_, byte)| byte);
        cells.push(line.get(from..to).unwrap_or("").trim());
        from = to;
    }
    cells.push(line.get(from..).unwrap_or("").trim());
    cells
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
    fn columns_of_fixed_width_may_be_empty_and_hold_blanks() {
        let line = |cells: [&str; 4]| format!("{:<15}{:<10}{:<11}{}\n", cells[0], cells[1], cells[2], cells[3]);
        let docker = line(["CONTAINER ID", "IMAGE", "PORTS", "NAMES"])
            + &line(["f00", "nginx é", "", "web 1"])
            + &line(["ba4", "x", "80/tcp", "db"])
            + "nginx é\n";
        let rows = r#"[{"CONTAINER ID":"f00","IMAGE":"nginx é","PORTS":null,"NAMES":"web 1"},{"CONTAINER ID":"ba4","IMAGE":"x","PORTS":"80/tcp","NAMES":"db"},{"CONTAINER ID":"nginx é","IMAGE":null,"PORTS":null,"NAMES":null}]"#;
        assert_eq!(document("{table: {header: true, widths: header}}", docker), rows);
        assert_eq!(
            document("{table: {columns: [a, b], widths: [2], types: {b: int}}}", "éx 1\ny\n"),
            r#"[{"a":"éx","b":1},{"a":"y","b":null}]"#
        );
        assert_eq!(document("{table: {columns: [a, b], widths: [1, 1]}}", "xyz"), r#"[{"a":"x","b":"yz"}]"#);
        assert_eq!(document("{table: {header: true, widths: [2]}}", "a b\n1 2\n"), r#"[{"a":"1","b":"2"}]"#);
    }

    #[test]
    fn blank_lines_divide_blocks_and_repeated_headers_are_no_rows() {
        let report = "\nrpc:\ncalls bad\n1 2\n\n\nnfs v3:\nread  write\n3 4\n5 6\n\nend\n";
        let rows = r#"[{"calls":"1","bad":"2","block":0,"title":"rpc:"},{"read":"3","write":"4","block":1,"title":"nfs v3:"},{"read":"5","write":"6","block":1,"title":"nfs v3:"}]"#;
        assert_eq!(document("{table: {header: true, skip: 1, blocks: true}}", report), rows);
        assert_eq!(document("{table: {columns: [a], blocks: true}}", "1\n\n2"), r#"[{"a":"1","block":0},{"a":"2","block":1}]"#);
        assert_eq!(document("{table: {header: true}}", "r  b\n1 2\n\nr  b\n3 4\n"), r#"[{"r":"1","b":"2"},{"r":"3","b":"4"}]"#);
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("{table: {columns: [a], widths: header}}"), ["`widths: header` without a header"]);
        assert_eq!(problems("{table: {columns: [a], widths: [1, 2]}}"), ["as many `widths` as `columns` are needed"]);
        assert_eq!(problems("{table: {columns: [a], widths: [0]}}"), ["a width of 0"]);
        assert_eq!(problems("{table: {columns: [a], widths: wide}}"), ["expected `header` or a list of widths"]);
        assert_eq!(problems("{table: {columns: [a], widths: [1], separator: x}}"), ["both `separator` and `widths`"]);
        assert_eq!(problems("{table: {columns: [block], blocks: true}}"), ["a column of the name `block` or `title`"]);
        assert_eq!(problems("table"), ["a table needs either `columns` or `header: true`"]);
        assert_eq!(problems("{table: {columns: [a], header: true}}"), ["a table needs either `columns` or `header: true`"]);
        assert_eq!(problems("{table: {columns: [a], separator: ''}}"), ["a separator without a character"]);
        assert_eq!(problems("{table: {columns: [a, a]}}"), ["the column `a` twice"]);
    }
}
