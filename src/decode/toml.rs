//! `toml`: one TOML document.
//!
//! Tables are maps and arrays are lists. A moment with an offset is a time; dates and times without
//! one name no moment and stay texts. A key twice, integers beyond 64 bits and everything else that
//! TOML forbids are errors with line and column.
//!
//! ```yaml
//! decode: toml
//! ```

use super::budget::Budget;
use super::{DecodeError, Decoded, Decoder, Options, beginning, text};
use crate::base::map::Map;
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;
use toml::de::Error;
use toml::value::Datetime;

crate::fields! {
    /// One TOML document, which is the only row: `decode: toml`. Tables are maps, arrays are lists,
    /// moments with an offset are times.
    pub struct Toml, "decoder `toml`" {}
}

impl Options for Toml {
    const NAME: &'static str = "toml";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Toml {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let text = text::strict(input)?;
        let table: toml::Table = text.parse().map_err(|error: Error| DecodeError(format!("not TOML: {}", words(&error, &text))))?;
        let mut budget = Budget::default();
        Ok(Decoded::of(map(table, &mut budget)?))
    }
}

/// Nesting needs no count here: the parser refuses more than 80 levels, in dotted keys, too.
fn map(table: toml::Table, budget: &mut Budget) -> Result<Value, DecodeError> {
    let mut map = Map::with_capacity(table.len());
    for (key, item) in table {
        map.insert(key, value(item, budget)?);
    }
    Ok(Value::map(map))
}

fn value(value: toml::Value, budget: &mut Budget) -> Result<Value, DecodeError> {
    budget.spend(1)?;
    Ok(match value {
        toml::Value::String(text) => Value::text(text),
        toml::Value::Integer(number) => Value::Int(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => moment(&time),
        toml::Value::Array(items) => {
            let items = items.into_iter().map(|item| self::value(item, budget));
            Value::list(items.collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => map(table, budget)?,
    })
}

fn moment(time: &Datetime) -> Value {
    let written = time.to_string();
    let moment = time.offset.and_then(|_| written.parse().ok());
    moment.map_or_else(|| Value::text(written), Value::Time)
}

/// The message in one line, with the place and what stands there.
fn words(error: &Error, text: &str) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    if message.contains("recursion limit") || message.contains("recurse") {
        return "nested more than 80 levels deep, which is the limit".to_owned();
    }
    let Some(span) = error.span() else { return format!("{message}; it begins {}", beginning(text)) };
    let before = text.get(..span.start).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    let column = before.get(start..).unwrap_or("").chars().count() + 1;
    let shown = text.get(start..).unwrap_or("").lines().next().unwrap_or("");
    format!("{message} at line {line} column {column}; the line is {}", beginning(shown))
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{decoder, document, fault};

    #[test]
    fn tables_are_maps_in_order_and_arrays_are_lists() {
        let text = "\u{feff}title = \"a\"\r\n[b.c]\r\nn = 9223372036854775807\nf = 1.5\nt = true\n[[list]]\nx = [1, {y = 'z'}]\n[[list]]\n";
        let expected = r#"{"title":"a","b":{"c":{"n":9223372036854775807,"f":1.5,"t":true}},"list":[{"x":[1,{"y":"z"}]},{}]}"#;
        assert_eq!(document("toml", text), expected);
        assert_eq!(document("toml", ""), "{}");
    }

    #[test]
    fn moments_are_times_and_local_dates_are_texts() {
        let text = "at = 1979-05-27 00:32:00.5-07:00\nday = 1979-05-27\nclock = 07:32:00\nlocal = 1979-05-27T07:32:00\n";
        let doc = decoder("toml").decode(text.as_bytes()).unwrap().doc;
        assert!(matches!(doc.member("at"), crate::base::value::Value::Time(_)));
        let expected = r#"{"at":"1979-05-27T07:32:00.5Z","day":"1979-05-27","clock":"07:32:00","local":"1979-05-27T07:32:00"}"#;
        assert_eq!(document("toml", text), expected);
    }

    #[test]
    fn faults_have_line_and_column() {
        let words = fault("toml", "a = 1\nb = \n");
        assert!(words.starts_with("not TOML: ") && words.contains("at line 2 column"), "{words}");
        assert!(fault("toml", "a = 1\na = 2\n").contains("at line 2 column 1; the line is \"a = 2\""));
        assert!(fault("toml", "n = 9223372036854775808").contains("line 1"));
        assert!(fault("toml", b"a = \"\xff\"").contains("not UTF-8"));
    }

    #[test]
    fn nesting_is_bounded_in_every_way_of_writing_it() {
        assert!(fault("toml", format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000))).contains("which is the limit"));
        assert!(fault("toml", format!("a = {}", "{a = ".repeat(100_000))).contains("which is the limit"));
        assert!(fault("toml", format!("{}a = 1", "a.".repeat(100_000))).contains("which is the limit"));
        assert!(fault("toml", format!("[{}a]", "a.".repeat(100_000))).contains("which is the limit"));
        assert!(fault("toml", format!("x = {{ {}a = 1 }}", "a.".repeat(100_000))).contains("which is the limit"));
    }
}
