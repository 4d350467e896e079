//! `html`: a table of a page; a row is a map from column to text.
//!
//! The columns are named by the header: the rows of `<thead>`, or those at the top that consist of
//! `<th>` cells (of several the last names the columns), else the first row. A name that is there
//! again gets a number (`Memory`, `Memory 2`), a column without one is not shown. Further header rows
//! are no rows. A cell over several columns or rows is in each of them. White space in cells becomes
//! one blank, an image counts with its `alt` text, an empty cell is missing. The page is read as
//! browsers read it, however it is written.
//!
//! Without `table` the first table of the page is read, and a page without one has no rows; a table
//! that is asked for and not there fails the source. Encodings: a byte order mark, else the charset of
//! the HTTP answer, else that of a `<meta>` tag, else UTF-8.
//!
//! ```yaml
//! decode: {html: {table: "#workers table.status", types: {Requests: int}}}
//! ```

use super::budget::Budget;
use super::columns::Columns;
use super::csv::listed_columns;
use super::faults::Faults;
use super::html_page;
use super::html_table::{self, Line};
use super::types::Types;
use super::want::WHOLE;
use super::{DecodeError, Decoded, Decoder, Facts, Options, beginning, conflict, text};
use crate::base::diag::Diagnostic;
use crate::base::value::{Text, Value};
use crate::yaml::node::{Literal, Node};
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use scraper::{ElementRef, Html as Page, Selector};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

crate::fields! {
    /// A table of a page; a row is a map from the texts of the header row to the texts of its cells:
    /// `{html: {table: "#workers", types: {Requests: int}}}`.
    pub struct Html, "decoder `html`" {
        /// Which table: its number on the page, counted from 1 (nested ones count, too), or a CSS
        /// selector, whose first match is the table or holds it. Default: the first table; a page
        /// without one has no rows then.
        pub table: Option<Which>;
        /// Whether the first row names the columns, if there is no header of `<th>` cells. Default:
        /// true, but false where `columns` are given; true beside `columns` means that it is passed
        /// over.
        pub header: Option<bool>;
        /// The names of the columns instead of those of the header. An empty name hides a column. For
        /// tables with a name and a value in each row: `columns: [name, value]`.
        pub columns: Vec<Text>;
        /// The types of columns: `{Requests: int}`; others are texts.
        pub types: Types;
    }
}

/// A table of a page.
#[derive(Clone, Debug)]
pub enum Which {
    /// By its number, from 1.
    Number(usize),
    /// By a selector.
    Selector(Text, Selector),
}

impl Field for Which {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Integer, Shape::Text])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let scalar = node.as_scalar();
        if let Some(Literal::Number(number)) = scalar.map(|scalar| scalar.literal) {
            let number = number.as_integer().and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0);
            if number.is_none() {
                reader.mismatch(node, "the number of a table, counted from 1");
            }
            return number.map(Which::Number);
        }
        let Some(scalar) = scalar else {
            reader.mismatch(node, "the number of a table or a CSS selector");
            return None;
        };
        match Selector::parse(&scalar.text) {
            Ok(selector) => Some(Which::Selector(scalar.text.clone(), selector)),
            Err(error) => {
                let problem = Diagnostic::error("bad-selector", format!("this is no CSS selector: {error}"), node.span);
                reader.report(problem.label("here").help("write a number, as in `table: 2`, or a selector, as in `table: \"#status\"`"));
                None
            }
        }
    }
}

impl Options for Html {
    const NAME: &'static str = "html";

    fn compile(self, node: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        let given = if self.columns.is_empty() { None } else { Some(listed_columns(&self.columns, &self.types, node, reader)?) };
        if given.is_none() && self.header == Some(false) {
            conflict("columns without names", node.span, "list `columns`, or take them from the first row with `header: true`", reader);
            return None;
        }
        Some(Arc::new(Compiled { given, options: self }))
    }
}

/// The decoder with its options checked.
#[derive(Debug)]
struct Compiled {
    given: Option<Columns>,
    options: Html,
}

impl Decoder for Compiled {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_answer(input, &Facts::default())
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let text = text_of(input, facts, &mut warnings);
        let page = html_page::parse(&text)?;
        let Some(table) = self.table(&page)? else { return Ok(Decoded::with(Value::list(Vec::new()), warnings)) };
        let mut budget = Budget::default();
        let lines = html_table::lines(table, &mut budget)?;
        let (columns, data) = self.split(&lines)?;
        let (mut made, mut rows, mut wide) = (columns.rows(&WHOLE), Vec::new(), Faults::default());
        for line in data.iter().filter(|line| !line.header && !line.cells.is_empty()) {
            budget.spend(1)?;
            if line.cells.iter().skip(columns.len()).any(|cell| !cell.is_empty()) {
                wide.add(line.number, || format!("{} cells for {} columns", line.cells.len(), columns.len()));
            }
            rows.push(made.row(line.cells.iter().map(|cell| &**cell)));
        }
        wide.warn_at(
            "row",
            "row has cells beyond the columns, which are left out",
            "rows have cells beyond the columns, which are left out",
            &mut warnings,
        );
        Ok(Decoded::with(Value::list(rows), warnings))
    }
}

impl Compiled {
    fn table<'p>(&self, page: &'p Page) -> Result<Option<ElementRef<'p>>, DecodeError> {
        let mut tables = page.root_element().descendent_elements().filter(|element| element.value().name() == "table");
        let there = || match page.root_element().descendent_elements().filter(|element| element.value().name() == "table").count() {
            0 => "the page has no table".to_owned(),
            1 => "the page has 1 table".to_owned(),
            n => format!("the page has {n} tables"),
        };
        match &self.options.table {
            None => Ok(tables.next()),
            Some(Which::Number(number)) => match tables.nth(number - 1) {
                Some(table) => Ok(Some(table)),
                None => Err(DecodeError(format!("no table {number}: {}", there()))),
            },
            Some(Which::Selector(written, selector)) => {
                let Some(found) = page.select(selector).next() else {
                    return Err(DecodeError(format!("the selector {} matches nothing: {}", beginning(written), there())));
                };
                match html_table::within(found) {
                    Some(table) => Ok(Some(table)),
                    None => {
                        let name = found.value().name();
                        Err(DecodeError(format!(
                            "the selector {} matches `<{name}>`, which holds no table: {}",
                            beginning(written),
                            there()
                        )))
                    }
                }
            }
        }
    }

    /// The columns, and the lines below those that name them.
    fn split<'l>(&self, lines: &'l [Line]) -> Result<(Columns, &'l [Line]), DecodeError> {
        let n_headers = lines.iter().take_while(|line| line.header).count();
        let by_first = n_headers == 0 && self.options.header.unwrap_or(self.given.is_none());
        let n_names = if by_first { 1 } else { n_headers }.min(lines.len());
        let (names, data) = lines.split_at_checked(n_names).unwrap_or((lines, &[]));
        let columns = match (&self.given, names.last()) {
            (Some(given), _) => given.clone(),
            (None, Some(names)) => self.named(&names.cells)?,
            (None, None) => Columns::default(),
        };
        Ok((columns, data))
    }

    fn named(&self, cells: &[Text]) -> Result<Columns, DecodeError> {
        let mut seen: HashMap<Text, usize> = HashMap::new();
        let mut names: Vec<Text> = Vec::with_capacity(cells.len());
        for cell in cells {
            let n_before = seen.entry(cell.clone()).or_default();
            *n_before += 1;
            names.push(if *n_before == 1 || cell.is_empty() { cell.clone() } else { format!("{cell} {n_before}").into() });
        }
        let twice = |name: Text| DecodeError(format!("the column {} is there twice", beginning(&name)));
        Columns::new(names, &self.options.types).map_err(twice)
    }
}

/// The text of the bytes by the rule of this module; what is no text becomes U+FFFD.
fn text_of<'i>(input: &'i [u8], facts: &Facts<'_>, warnings: &mut Vec<String>) -> Cow<'i, str> {
    let unmarked = Encoding::for_bom(input).is_none();
    let encoding = text::charset(input, facts, warnings).or_else(|| declared(input).filter(|_| unmarked));
    match encoding {
        Some(encoding) if encoding != UTF_8 => Cow::Owned(text::converted(input, encoding, warnings)),
        _ => text::lenient(input, warnings),
    }
}

/// The encoding that a `<meta>` tag near the top names. One that can be read byte by byte is not in
/// UTF-16, whatever it says.
fn declared(input: &[u8]) -> Option<&'static Encoding> {
    let top = input.get(..1024.min(input.len()))?.to_ascii_lowercase();
    let meta = top.get(memchr::memmem::find(&top, b"<meta")?..)?;
    let named = meta.get(memchr::memmem::find(meta, b"charset=")? + "charset=".len()..)?;
    let named = named.strip_prefix(b"\"").or_else(|| named.strip_prefix(b"'")).unwrap_or(named);
    let end =
        named.iter().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | b':')).unwrap_or(named.len());
    Encoding::for_label(named.get(..end)?).filter(|encoding| *encoding != UTF_16BE && *encoding != UTF_16LE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::decode::testing::{decoder, document, fault, problems, warnings};

    #[test]
    fn the_header_row_names_the_columns() {
        let page = "<h1>x</h1><table class=a><thead><tr><th>Name<th>Requests / s</tr></thead>\n<tbody><tr><td> web&nbsp;1 <b>a</b>b<br>c</td><td>7</td></tr><tr><td>db<td></tbody></table>";
        assert_eq!(
            document("{html: {types: {'Requests / s': int}}}", page),
            r#"[{"Name":"web 1 ab c","Requests / s":7},{"Name":"db","Requests / s":null}]"#
        );
        assert_eq!(document("html", "<table><tr><td>a<td>b<tr><td>1<td>2</table>"), r#"[{"a":"1","b":"2"}]"#);
        let repeated = "<table><tr><th>a</tr><tr><td>1</td></tr><tr><th>a</th></tr><tr><td>2</td></tr><tr></tr></table>";
        assert_eq!(document("html", repeated), r#"[{"a":"1"},{"a":"2"}]"#);
    }

    #[test]
    fn a_table_is_chosen_by_number_or_selector() {
        let page = "<table><tr><th>a<tr><td>1</table><div id=s><p>x</p><table class='b c'><tr><th>b<tr><td>2<table><tr><td>n<tr><td>3</table></table></div>";
        assert_eq!(document("{html: {table: 1}}", page), r#"[{"a":"1"}]"#);
        assert_eq!(document("{html: {table: 2}}", page), r#"[{"b":"2 n 3"}]"#);
        assert_eq!(document("{html: {table: 3}}", page), r#"[{"n":"3"}]"#);
        for selector in
            ["#s", "table.b", ".c", "div > table", "#s > table > tbody", "table:nth-of-type(1).b", "[class~=b]", "nav table, .c"]
        {
            assert_eq!(document(&format!("{{html: {{table: '{selector}'}}}}"), page), r#"[{"b":"2 n 3"}]"#, "{selector}");
        }
        assert_eq!(fault("{html: {table: 4}}", page), "no table 4: the page has 3 tables");
        assert_eq!(fault("{html: {table: '#t'}}", page), "the selector \"#t\" matches nothing: the page has 3 tables");
        assert_eq!(fault("{html: {table: p}}", page), "the selector \"p\" matches `<p>`, which holds no table: the page has 3 tables");
        assert_eq!(fault("{html: {table: 1}}", "words"), "no table 1: the page has no table");
        assert_eq!(document("html", "words"), "[]");
        assert_eq!(document("html", ""), "[]");
    }

    #[test]
    fn cells_that_span_are_in_each_column_and_row() {
        let page = "<table><tr><th rowspan=2>Host<th colspan=2>Memory<tr><th>used<th>free<tr><td rowspan=2>a<td>1<td>2<tr><td colspan=2>none<tr><td>b<td>3<td>4</table>";
        let rows = r#"[{"Host":"a","used":"1","free":"2"},{"Host":"a","used":"none","free":"none"},{"Host":"b","used":"3","free":"4"}]"#;
        assert_eq!(document("html", page), rows);
        let doubled = "<table><tr><th>a<th colspan=2>m<th><tr><td>1<td>2<td>3<td>4</table>";
        assert_eq!(document("html", doubled), r#"[{"a":"1","m":"2","m 2":"3"}]"#);
        let whole = "<table><tr><th>a<th>b<tr><td rowspan=0>x<td>1<tr><td>2</table>";
        assert_eq!(document("html", whole), r#"[{"a":"x","b":"1"},{"a":"x","b":"2"}]"#);
        let late = "<table><tr><th>a<th>b<th>c<tr><td>1<td>2<td rowspan=2>3<tr><td>4</table>";
        assert_eq!(document("html", late), r#"[{"a":"1","b":"2","c":"3"},{"a":"4","b":null,"c":"3"}]"#);
    }

    #[test]
    fn columns_can_be_given() {
        let page = "<table><tr><th>Uptime<td>3d<tr><th>Load<td>0.5</table>";
        assert_eq!(document("{html: {columns: [name, value]}}", page), r#"[{"name":"Uptime","value":"3d"},{"name":"Load","value":"0.5"}]"#);
        let headed = "<table><tr><th>A<th>B<tr><td>1<td>2</table>";
        assert_eq!(document("{html: {columns: ['', b], types: {b: int}}}", headed), r#"[{"b":2}]"#);
        let plain = "<table><tr><td>A<td>B<tr><td>1<td>2</table>";
        assert_eq!(document("{html: {columns: [a, b], header: true}}", plain), r#"[{"a":"1","b":"2"}]"#);
        let wide = "<table><tr><th>a<tr><td>1<td>2<tr><td>3</table>";
        assert_eq!(document("html", wide), r#"[{"a":"1"},{"a":"3"}]"#);
        assert_eq!(warnings("html", wide), ["1 row has cells beyond the columns, which are left out, row 2: 2 cells for 1 columns"]);
    }

    #[test]
    fn what_is_not_seen_is_not_read() {
        let page = "<table><tr><th>a<tr><td><script>x<y</script><!-- c --><style>z</style>1<img src=i alt=ok> &lt;&#233;&eacute;<template>t</template></table>";
        assert_eq!(document("html", page), r#"[{"a":"1 ok <éé"}]"#);
    }

    #[test]
    fn encodings_are_marked_said_by_http_or_by_the_page() {
        let latin = b"<meta charset='iso-8859-1'><table><tr><th>a<tr><td>\xe9</table>";
        assert_eq!(document("html", latin), r#"[{"a":"é"}]"#);
        let older = b"<meta http-equiv=Content-Type content=\"text/html; charset=windows-1252\"><table><tr><th>a<tr><td>\x80</table>";
        assert_eq!(document("html", older), r#"[{"a":"€"}]"#);
        let facts = Facts { content_type: Some("text/html; charset=windows-1252"), ..Facts::default() };
        let said = decoder("html").decode_answer(b"<meta charset=utf-8><table><tr><th>a<tr><td>\x80</table>", &facts).unwrap();
        assert_eq!(to_json(&said.doc).to_string(), r#"[{"a":"€"}]"#);
        assert_eq!(warnings("html", b"<table><tr><th>a<tr><td>\xe9</table>").len(), 1);
    }

    #[test]
    fn pages_beyond_the_limits_are_errors() {
        let beyond = |page: String, words: &str| {
            let found = fault("html", page);
            assert!(found.contains(words) && found.contains("which is the limit"), "{found}");
        };
        beyond("<div>".repeat(100_000), "nested more than 1000 levels deep");
        beyond(format!("<table>{}", "<div>".repeat(100_000)), "nested more than 1000 levels deep");
        beyond(format!("{}</body>{}", "<div>".repeat(500), "<!-- --><div>".repeat(10_000)), "nested more than 1000 levels deep");
        beyond("<b></b>".repeat(300_000) + &"<i></i>".repeat(300_000), "more than 500000 nodes");
        beyond(" ".repeat((8 << 20) + 1), "more than 8 MiB");
        let attributes: String = (0..100_000).map(|n| format!(" a{n}")).collect();
        beyond(format!("<p{attributes}>"), "one tag or comment has more than 10000 parts");
        let quoted: String = (0..100_000).map(|n| format!("a{n}=''")).collect();
        beyond(format!("<p {quoted}>"), "one tag or comment has more than 10000 parts");
        let cell = "<td colspan=1000 rowspan=0>".repeat(1000);
        assert!(fault("html", format!("<table>{}</table>", format!("<tr>{cell}</tr>").repeat(3))).contains("more than 2000000 values"));
        assert_eq!(document("html", "<p>word ".repeat(20_000)), "[]");
        assert_eq!(document("html", "<p>".to_owned() + &"word ".repeat(200_000)), "[]");
    }

    #[test]
    fn options_that_make_no_sense_are_problems() {
        assert_eq!(problems("{html: {table: 0}}"), ["expected the number of a table, counted from 1"]);
        assert!(problems("{html: {table: 'a['}}")[0].starts_with("this is no CSS selector"));
        assert_eq!(problems("{html: {header: false}}"), ["columns without names"]);
        assert_eq!(problems("{html: {columns: [a, a]}}"), ["the column `a` twice"]);
    }
}
