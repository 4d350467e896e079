//! `logfmt`: `key=value` pairs, a row for each line.
//!
//! A key without `=` is true, `key=` is an empty text, and a value in double quotes may hold blanks
//! and the escapes of JSON. Values are texts unless `types` says otherwise. Blank lines are passed
//! over; of a key that is there twice in a line the last one counts. A line is bad if a quote is
//! never closed, if a pair has no key, or if something touches a closing quote.
//!
//! ```yaml
//! decode: {logfmt: {types: {duration: duration, status: int}}}
//! ```

use super::budget::Budget;
use super::by_row::{ByRow, Take};
use super::faults::{BadRows, Faults};
use super::types::Types;
use super::want::Want;
use super::{DecodeError, Decoder, Options, beginning, text};
use crate::base::map::Map;
use crate::base::share::Share;
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::borrow::Cow;
use std::sync::Arc;

/// Keys of one document that are held once.
const KEY_SLOTS: usize = 256;

crate::fields! {
    /// `key=value` pairs, a row for each line: `{logfmt: {types: {status: int}}}`. A key without `=`
    /// is true.
    pub struct Logfmt, "decoder `logfmt`" {
        /// What happens with a line that cannot be read: `skip` leaves it out and counts it in a
        /// warning, `fail` fails the source.
        pub bad_rows: BadRows = BadRows::Skip, "skip";
        /// The types of keys: `{status: int}`; others are texts.
        pub types: Types;
    }
}

impl Options for Logfmt {
    const NAME: &'static str = "logfmt";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl ByRow for Logfmt {
    fn rows(&self, input: &[u8], want: &Want, take: &mut Take<'_>) -> Result<Vec<String>, DecodeError> {
        let mut warnings = Vec::new();
        let body = text::lenient(input, &mut warnings);
        let (mut budget, mut bad, mut repeated) = (Budget::default(), Faults::default(), Faults::default());
        let mut keys = Share::with_slots(KEY_SLOTS);
        for (number, line) in text::lines(&body).filter(|(_, line)| !line.trim().is_empty()) {
            let mut row = Map::default();
            let mut pairs = Pairs { rest: line };
            let broken = loop {
                let (key, value) = match pairs.next() {
                    Ok(Some(pair)) => pair,
                    Ok(None) => break None,
                    Err(why) => break Some(why),
                };
                budget.spend(1)?;
                let value = match value {
                    // The key stays: it may be there twice.
                    _ if !want.has(key) => Value::Missing,
                    None => Value::Bool(true),
                    Some(value) => self.types.of(key).convert(&value),
                };
                if row.insert(keys.get(key), value).is_some() {
                    repeated.add(number, || beginning(key));
                }
            };
            match broken {
                None => take(Value::map(row)),
                Some(why) => bad.add_or_fail(self.bad_rows, number, || format!("{why}: {}", beginning(line)))?,
            }
        }
        bad.warn("line is left out", "lines are left out", &mut warnings);
        repeated.warn(
            "key is there twice in one line and the last one counts",
            "keys are there twice in one line and the last ones count",
            &mut warnings,
        );
        Ok(warnings)
    }
}

/// What is left of a line.
struct Pairs<'l> {
    rest: &'l str,
}

/// A key, and its value if there is one.
type Pair<'l> = (&'l str, Option<Cow<'l, str>>);

impl<'l> Pairs<'l> {
    fn next(&mut self) -> Result<Option<Pair<'l>>, &'static str> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.take(|c| c.is_whitespace() || c == '=' || c == '"');
        let Some(after) = self.rest.strip_prefix('=') else {
            return if self.rest.starts_with('"') { Err("a quote where a key must be") } else { Ok(Some((key, None))) };
        };
        if key.is_empty() {
            return Err("a value without a key");
        }
        self.rest = after;
        let value = if let Some(quoted) = after.strip_prefix('"') {
            let end = closing_quote(quoted).ok_or("a quote that is never closed")?;
            let (raw, rest) = quoted.split_at_checked(end).unwrap_or((quoted, ""));
            self.rest = rest.strip_prefix('"').unwrap_or(rest);
            if !self.rest.is_empty() && !self.rest.starts_with(char::is_whitespace) {
                return Err("more right behind a closing quote");
            }
            unescaped(raw)
        } else {
            Cow::Borrowed(self.take(char::is_whitespace))
        };
        Ok(Some((key, Some(value))))
    }

    /// Everything before the first character that ends it.
    fn take(&mut self, ends: impl Fn(char) -> bool) -> &'l str {
        let (taken, rest) = self.rest.split_at_checked(self.rest.find(ends).unwrap_or(self.rest.len())).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

/// Where the quote ends; a backslash takes the next byte with it.
fn closing_quote(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let stop = at + memchr::memchr2(b'"', b'\\', text.as_bytes().get(at..)?)?;
        if text.as_bytes().get(stop) == Some(&b'"') {
            return Some(stop);
        }
        at = stop + 2;
    }
}

/// Resolves the escapes of JSON; any other backslash stays what it is.
fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let mut chars = after.chars();
        let escape = chars.next();
        rest = chars.as_str();
        match escape {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some(c @ ('"' | '\\' | '/')) => text.push(c),
            Some('u') => match rest.get(..4).and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?)) {
                Some(c) => {
                    text.push(c);
                    rest = rest.get(4..).unwrap_or("");
                }
                None => text.push_str("\\u"),
            },
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault, warnings};

    #[test]
    fn a_row_holds_the_pairs_of_its_line() {
        let input = "level=info msg=\"hello \\\"you\\\"\\n\\u00e9\" status=200 cached empty= path=/a=b\r\n\n  x=é\n";
        let rows = r#"[{"level":"info","msg":"hello \"you\"\né","status":200,"cached":true,"empty":"","path":"/a=b"},{"x":"é"}]"#;
        assert_eq!(document("{logfmt: {types: {status: int}}}", input), rows);
        assert_eq!(document("logfmt", ""), "[]");
        assert_eq!(document("logfmt", r#"a="\d \uZZ" b="""#), r#"[{"a":"\\d \\uZZ","b":""}]"#);
    }

    #[test]
    fn bad_lines_are_counted_or_fail() {
        let input = "a=1\na=\"x\n=1\na=\"x\"y\n\"x\"\n";
        assert_eq!(document("logfmt", input), r#"[{"a":"1"}]"#);
        assert_eq!(warnings("logfmt", input), ["4 lines are left out, the first is line 2: a quote that is never closed: \"a=\"x\""]);
        assert_eq!(fault("{logfmt: {bad_rows: fail}}", "=1"), "line 1: a value without a key: \"=1\"");
        assert_eq!(fault("{logfmt: {bad_rows: fail}}", "a=\"x\"y"), "line 1: more right behind a closing quote: \"a=\"x\"y\"");
        assert_eq!(fault("{logfmt: {bad_rows: fail}}", "\"x\""), "line 1: a quote where a key must be: \"\"x\"\"");
    }

    #[test]
    fn the_last_of_equal_keys_counts_with_a_warning() {
        assert_eq!(document("logfmt", "a=1 a=2"), r#"[{"a":"2"}]"#);
        assert_eq!(warnings("logfmt", "a=1 a=2"), ["1 key is there twice in one line and the last one counts, line 1: \"a\""]);
    }
}
