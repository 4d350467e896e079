//! `json`: one JSON document.
//!
//! Strict where servers are tempted to be sloppy, because each sloppiness is read differently
//! elsewhere: `NaN`, comments, trailing commas, data behind the document, a key twice in one object
//! and integers beyond 64 bits are errors with line and column. A byte order mark goes, and UTF-16
//! is read where its mark says so. `null` is a missing value.
//!
//! ```yaml
//! decode: json
//! ```

use super::document::{Builder, KnownKeys, Merges, Part, beyond_64_bits};
use super::json_scan::Scan;
use super::want::{RowsWanted, TakeRow, WHOLE, Want};
use super::{DecodeError, Decoded, Decoder, Facts, Options, beginning, text};
use crate::base::limits;
use crate::base::print::{cut, cut_bytes, one_line};
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use serde::de::DeserializeSeed;
use std::borrow::Cow;
use std::sync::Arc;

/// Up to this byte the beginning of the text shows the fault, too.
const BEGINNING: usize = 24;

crate::fields! {
    /// One JSON document; its rows are the items of a list at the top, else the document.
    pub struct Json, "decoder `json`" {}
}

impl Options for Json {
    const NAME: &'static str = "json";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(Documents::default()))
    }
}

/// The decoder: one document after the other.
#[derive(Debug, Default)]
struct Documents {
    keys: KnownKeys,
}

impl Decoder for Documents {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_wanted(input, &Facts::default(), &WHOLE)
    }

    fn decode_wanted(&self, input: &[u8], facts: &Facts<'_>, want: &Want) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let input = text::in_utf8(input, facts, &mut warnings);
        let text = present(&input)?;
        let doc = self.keys.build(Merges::None, |builder| parse(&text, want, builder));
        doc.map(|doc| Decoded::with(doc, warnings)).map_err(|fault| not_json(&fault, &text))
    }

    fn stream(&self, input: &[u8], facts: &Facts<'_>, rows: &RowsWanted, take: &mut TakeRow<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let input = text::in_utf8(input, facts, &mut warnings);
        let text = present(&input)?;
        let read = self.keys.build(Merges::None, |builder| {
            let left = builder.budget.left();
            match Scan::new(&text, &mut builder.keys, left).rows(rows, take) {
                Some(()) => Ok(Value::Missing),
                None => strict(&text, builder),
            }
        });
        match read {
            Ok(Value::Missing) => Ok(warnings),
            Ok(_) => {
                Err(DecodeError("this JSON is read by one parser of the engine and refused by the other: a bug of the engine".to_owned()))
            }
            Err(fault) => Err(not_json(&fault, &text)),
        }
    }
}

fn present(input: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let text = text::strict(input)?;
    if text.trim().is_empty() { Err(DecodeError("the body is empty".to_owned())) } else { Ok(text) }
}

fn not_json(fault: &Fault, text: &str) -> DecodeError {
    DecodeError(format!("not JSON: {}", fault.words(text)))
}

/// What is wrong at which place of a JSON text.
#[derive(Clone, Debug)]
pub struct Fault {
    message: String,
    line: usize,
    column: usize,
}

/// The wanted parts of the value of one JSON text.
///
/// # Errors
/// The first thing that is no JSON, or that passes a limit.
pub fn parse(text: &str, want: &Want, builder: &mut Builder) -> Result<Value, Fault> {
    let mut scan = Scan::new(text, &mut builder.keys, builder.budget.left());
    let Some(value) = scan.document(want) else { return strict(text, builder) };
    let n_values = scan.n_values;
    // The scanner has not read more than was left.
    let _ = builder.budget.spend(n_values);
    Ok(value)
}

/// The whole value, for the sake of its fault: the scanner is quick and the parser can say what is
/// wrong.
pub fn strict(text: &str, builder: &mut Builder) -> Result<Value, Fault> {
    builder.rounded = false;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Part(builder).deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let value = parsed.map_err(|error| fault_of(&error))?;
    if builder.rounded { exact(text).map(|()| value) } else { Ok(value) }
}

fn fault_of(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let printed = error.to_string();
    let message = printed.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&printed);
    let message = match message.strip_prefix("EOF while parsing ") {
        Some(within) => format!("the text ends within {within}"),
        None if message.starts_with("recursion limit") => format!("nested {} levels deep or more, which is the limit", limits::DEPTH),
        None => message.to_owned(),
    };
    Fault { message, line, column }
}

/// Finds an integer beyond 64 bits. The parser gives it as a rounded float, so the text is searched
/// once more, only where a float is that large.
fn exact(text: &str) -> Result<(), Fault> {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let found = rest.get(at..).unwrap_or("");
        if found.starts_with('"') {
            rest = after_string(found);
            continue;
        }
        let end = found.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(found.len());
        let (number, after) = found.split_at_checked(end).unwrap_or((found, ""));
        if !number.contains(['.', 'e', 'E']) && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
            let before = text.get(..text.len() - found.len()).unwrap_or("");
            let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
            let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
            return Err(Fault { message: beyond_64_bits(number), line, column });
        }
        rest = after;
    }
    Ok(())
}

/// What follows a string literal that the parser has accepted.
fn after_string(text: &str) -> &str {
    let mut at = 1;
    while let Some(found) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        let stop = at + found;
        if text.as_bytes().get(stop) == Some(&b'"') {
            return text.get(stop + 1..).unwrap_or("");
        }
        at = stop + 2;
    }
    ""
}

impl Fault {
    /// The fault with its line and column, and a few characters of the text there.
    pub fn words(&self, text: &str) -> String {
        self.placed(text, &format!("line {} column {}", self.line, self.column))
    }

    /// The same for a text of one line, whose number the caller knows.
    pub fn words_in_line(&self, text: &str) -> String {
        self.placed(text, &format!("column {}", self.column))
    }

    fn placed(&self, text: &str, place: &str) -> String {
        let at = self.offset(text);
        let about_a_word = ["expected", "invalid number", "number out of range"].iter().any(|start| self.message.starts_with(start));
        let word = if about_a_word { bare_word(text, at) } else { None };
        let found = word.map(|word| format!(", found `{}`", cut(word, 40)));
        let shown = if at <= BEGINNING { format!("it begins {}", beginning(text)) } else { format!("near \"{}\"", around(text, at)) };
        format!("{}{} at {place}; {shown}", self.message, found.unwrap_or_default())
    }

    /// The byte of the place: the parser counts bytes of a line from 1.
    fn offset(&self, text: &str) -> usize {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let start = if self.line <= 1 { 0 } else { ends.take(self.line - 1).last().map_or(0, |end| end + 1) };
        (start + self.column.saturating_sub(1)).min(text.len())
    }
}

/// A word without quotes at a place, like `NaN` or `undefined`; the parser stops within it.
fn bare_word(text: &str, at: usize) -> Option<&str> {
    let of_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let before = text.get(..at)?;
    let start = before.trim_end_matches(of_word).len();
    let from_start = text.get(start..)?;
    let end = from_start.find(|c| !of_word(c)).unwrap_or(from_start.len());
    let word = from_start.get(..end)?;
    (word.contains(char::is_alphabetic) && !before.ends_with('"')).then_some(word)
}

fn around(text: &str, at: usize) -> String {
    let mut start = at.saturating_sub(20);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let part = cut_bytes(text.get(start..).unwrap_or(""), 200);
    cut(&one_line(part), 40)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::{decoder, document, fault};

    #[test]
    fn documents_keep_their_order_and_their_64_bits() {
        let text = r#"{"b": 18446744073709551615, "a": [-9223372036854775808, 1.5, true, null, "é\n"]}"#;
        assert_eq!(document("json", text), r#"{"b":18446744073709551615,"a":[-9223372036854775808,1.5,true,null,"é\n"]}"#);
        assert_eq!(document("json", b"\xef\xbb\xbf 1 \r\n"), "1");
        assert_eq!(document("json", b"\xff\xfe[\0]\0"), "[]");
        assert!(decoder("json").decode(b"null").unwrap().doc.is_missing());
    }

    #[test]
    fn numbers_that_cannot_be_held_are_errors() {
        let big = fault("json", "{\"s\": \"1 \\\" 99999999999999999999\",\n \"n\": 18446744073709551616}");
        assert!(big.starts_with("not JSON: the integer 18446744073709551616 is beyond 64 bits at line 2 column 7"), "{big}");
        assert!(fault("json", "-9223372036854775809").contains("beyond 64 bits"));
        assert!(fault("json", "1e999").contains("number out of range, found `1e999` at line 1"));
        assert_eq!(document("json", "[1e20, -1e19, -0]"), "[1e+20,-1e+19,0]");
    }

    #[test]
    fn words_that_are_no_json_are_named_with_their_place() {
        assert!(fault("json", "{\"a\": NaN}").contains("found `NaN` at line 1 column 7"));
        assert!(fault("json", "[1,\n-Infinity]").contains("found `-Infinity` at line 2 column"));
        let html = fault("json", "<html>\n<body>");
        assert_eq!(html, "not JSON: expected value at line 1 column 1; it begins \"<html>\\n<body>\"");
    }

    #[test]
    fn a_key_twice_is_an_error_with_its_line() {
        let twice = fault("json", "{\"a\": {\"k\": 1},\n\"b\": {\"k\": 1, \"k\": 2}}");
        assert!(twice.contains("the key `k` twice in one map at line 2 column"), "{twice}");
    }

    #[test]
    fn what_is_cut_off_trailing_or_empty_is_an_error() {
        assert_eq!(fault("json", " \n"), "the body is empty");
        assert_eq!(fault("json", b"\xef\xbb\xbf"), "the body is empty");
        assert!(fault("json", "[1, 2").contains("the text ends within a list at line 1 column 5"));
        assert!(fault("json", "{} {}").contains("trailing characters at line 1 column 4"));
        assert!(fault("json", "[1,]").contains("trailing comma"));
        assert_eq!(fault("json", b"{\"a\": \"\xff\"}"), "not UTF-8: byte 0xff at offset 7");
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(document("json", nested(127)).len(), 254);
        assert!(fault("json", nested(128)).contains("nested 128 levels deep or more"));
        assert!(fault("json", "[".repeat(1_000_000)).contains("nested 128 levels"));
    }

    #[test]
    fn a_fault_far_inside_shows_its_surroundings() {
        let text = format!("[{}\n\u{1b}[2J!]", "1,".repeat(50));
        let words = fault("json", &text);
        assert!(words.contains("at line 2 column 1; near \"") && !words.contains('\u{1b}'), "{words}");
    }

    #[test]
    fn equal_keys_share_their_text() {
        let doc = decoder("json").decode(br#"[{"name": 1}, {"name": 2}]"#).unwrap().doc;
        let keys: Vec<_> = doc.as_list().unwrap().iter().map(|row| row.as_map().unwrap().keys().next().unwrap().clone()).collect();
        assert!(Arc::ptr_eq(&keys[0], &keys[1]));
    }

    #[test]
    fn equal_keys_of_later_documents_are_the_same_text() {
        let decoder = decoder("json");
        let key = || decoder.decode(br#"{"name": 1}"#).unwrap().doc.as_map().unwrap().keys().next().unwrap().clone();
        assert!(Arc::ptr_eq(&key(), &key()));
    }
}
