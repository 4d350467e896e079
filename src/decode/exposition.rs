//! One line of the Prometheus and OpenMetrics text formats.
//!
//! Forgiving where servers are sloppy and nothing is lost by it: indented comments, blanks around
//! labels, trailing commas. Names in quotes (metric names beyond ASCII) are read, too. Everything
//! borrows from the text; only texts with escapes are copied.

use crate::base::number::Number;
use crate::base::value::Value;
use std::borrow::Cow;

/// The labels of one sample, in written order.
pub type Labels<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// What one line says.
#[derive(Debug)]
pub enum Line<'t> {
    /// Nothing: a blank line or a comment.
    Nothing,
    /// `# HELP name text`, escapes resolved.
    Help(Cow<'t, str>, Cow<'t, str>),
    /// `# TYPE name type`, as written.
    Type(Cow<'t, str>, &'t str),
    /// `# UNIT name unit`.
    Unit(Cow<'t, str>, &'t str),
    /// A sample; its labels are in the list given to [`read`].
    Sample(Sample<'t>),
}

/// One sample.
#[derive(Debug)]
pub struct Sample<'t> {
    /// Its name with all suffixes.
    pub name: Cow<'t, str>,
    /// Its value: a number.
    pub value: Value,
    /// Its own time as written, in milliseconds or seconds by format.
    pub timestamp: Option<Number>,
}

/// Reads one line; `labels` is emptied first, so that one list serves a whole document.
///
/// # Errors
/// What was expected, as a fragment.
pub fn read<'t>(line: &'t str, labels: &mut Labels<'t>) -> Result<Line<'t>, &'static str> {
    labels.clear();
    let mut cursor = Cursor { rest: line.trim() };
    if cursor.rest.is_empty() {
        return Ok(Line::Nothing);
    }
    if cursor.eat(b'#') { Ok(comment(cursor)) } else { sample(cursor, labels).map(Line::Sample) }
}

/// What follows `#`; anything that is no metadata is a comment.
fn comment(mut cursor: Cursor<'_>) -> Line<'_> {
    cursor.blanks();
    let keyword = cursor.word();
    cursor.blanks();
    if !matches!(keyword, "HELP" | "TYPE" | "UNIT") {
        return Line::Nothing;
    }
    let name = if cursor.eat(b'"') { cursor.quoted().unwrap_or_default() } else { Cow::Borrowed(cursor.word()) };
    let rest = cursor.rest.trim();
    match keyword {
        _ if name.is_empty() => Line::Nothing,
        "HELP" => Line::Help(name, unescaped(rest)),
        "TYPE" => Line::Type(name, rest),
        _ => Line::Unit(name, rest),
    }
}

fn sample<'t>(mut cursor: Cursor<'t>, labels: &mut Labels<'t>) -> Result<Sample<'t>, &'static str> {
    let mut name = Cow::Borrowed(cursor.name());
    cursor.blanks();
    if cursor.eat(b'{') {
        read_labels(&mut cursor, &mut name, labels)?;
    }
    if name.is_empty() {
        return Err("no metric name at its beginning");
    }
    cursor.blanks();
    let value = value(cursor.word()).ok_or("no number where the value must be")?;
    cursor.blanks();
    let timestamp = match cursor.rest.chars().next() {
        None | Some('#') => None,
        Some(_) => Some(Number::parse(cursor.word()).ok_or("no number where the timestamp must be")?),
    };
    cursor.blanks();
    // An exemplar begins with `#` and says nothing that a row holds.
    if cursor.rest.is_empty() || cursor.rest.starts_with('#') {
        Ok(Sample { name, value, timestamp })
    } else {
        Err("more after the value than a timestamp")
    }
}

fn read_labels<'t>(cursor: &mut Cursor<'t>, name: &mut Cow<'t, str>, labels: &mut Labels<'t>) -> Result<(), &'static str> {
    loop {
        cursor.blanks();
        if cursor.eat(b'}') {
            return Ok(());
        }
        if cursor.eat(b',') {
            continue;
        }
        let label = if cursor.eat(b'"') { cursor.quoted().ok_or(OPEN_QUOTE)? } else { Cow::Borrowed(cursor.name()) };
        if label.is_empty() {
            return Err("no label name where one must be");
        }
        cursor.blanks();
        if cursor.eat(b'=') {
            cursor.blanks();
            if !cursor.eat(b'"') {
                return Err("no quoted text where the value of a label must be");
            }
            labels.push((label, cursor.quoted().ok_or(OPEN_QUOTE)?));
        } else if name.is_empty() {
            // `{"a.b", x="y"}`: the first text without `=` is the name of the metric.
            *name = label;
        } else {
            return Err("a label without `=`");
        }
        cursor.blanks();
        if !matches!(cursor.rest.as_bytes().first(), Some(b',' | b'}')) {
            return Err("no comma or brace after a label");
        }
    }
}

const OPEN_QUOTE: &str = "a quote that is never closed";

fn value(word: &str) -> Option<Value> {
    if let Some(number) = Number::parse(word) {
        return Some(Value::number(number));
    }
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, word.strip_prefix('+').unwrap_or(word)),
    };
    let is = |name: &str| digits.eq_ignore_ascii_case(name);
    let special = if is("inf") || is("infinity") { sign * f64::INFINITY } else { is("nan").then_some(f64::NAN)? };
    Some(Value::Float(special))
}

/// Resolves `\\`, `\"` and `\n`; any other backslash stays what it is.
fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some(escaped @ ('\\' | '"')) => text.push(escaped),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    Cow::Owned(text)
}

/// A place in a line.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Lines are many and their parts short, so single bytes are compared, not patterns.
    fn blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.rest.as_bytes().first() {
            self.rest = self.rest.get(1..).unwrap_or("");
        }
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&wanted);
        if found {
            self.rest = self.rest.get(1..).unwrap_or("");
        }
        found
    }

    /// Everything before the byte `end`.
    fn take(&mut self, end: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Up to the next blank.
    fn word(&mut self) -> &'t str {
        let end = self.rest.bytes().position(|byte| byte == b' ' || byte == b'\t');
        self.take(end.unwrap_or(self.rest.len()))
    }

    /// A name without quotes; empty where there is none.
    fn name(&mut self) -> &'t str {
        if self.rest.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return "";
        }
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
        let end = self.rest.bytes().position(|byte| !of_name(byte));
        self.take(end.unwrap_or(self.rest.len()))
    }

    /// The text up to the closing quote, which goes, too; `None` where there is no such quote.
    fn quoted(&mut self) -> Option<Cow<'t, str>> {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        loop {
            let stop = at + memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
            if bytes.get(stop) == Some(&b'"') {
                let raw = self.take(stop);
                self.eat(b'"');
                return Some(unescaped(raw));
            }
            at = stop + 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let mut labels = Labels::new();
        match read(line, &mut labels) {
            Ok(Line::Sample(sample)) => {
                let value = crate::base::print::text_of(&sample.value).unwrap();
                let time = sample.timestamp.map(|number| format!(" at {number}")).unwrap_or_default();
                format!("{}{labels:?} = {value}{time}", sample.name)
            }
            Ok(other) => format!("{other:?}"),
            Err(why) => why.to_owned(),
        }
    }

    #[test]
    fn samples_are_name_labels_value_and_time() {
        assert_eq!(shown("up 1"), "up[] = 1");
        assert_eq!(shown(r#"a_b:c{x="1",y="2"} 1.5e3 1395066363000"#), r#"a_b:c[("x", "1"), ("y", "2")] = 1500 at 1395066363000"#);
        assert_eq!(shown("a -Inf"), "a[] = -Inf");
        assert_eq!(shown("a +inf"), "a[] = +Inf");
        assert_eq!(shown("a nan"), "a[] = NaN");
        assert_eq!(shown("a 18446744073709551615"), "a[] = 18446744073709551615");
        assert_eq!(shown("a_bucket{le=\"1\"} 7 # {trace_id=\"x\"} 0.5 1.5"), r#"a_bucket[("le", "1")] = 7"#);
        assert_eq!(shown("a 7 1.25 # {} 1"), "a[] = 7 at 1.25");
    }

    #[test]
    fn sloppy_blanks_and_commas_are_read() {
        assert_eq!(shown("\t a { x = \"1\" , } 1 "), r#"a[("x", "1")] = 1"#);
        assert_eq!(shown("a{}1"), "a[] = 1");
        assert_eq!(shown("  #  TYPE a  counter "), r#"Type("a", "counter")"#);
        assert_eq!(shown("#TYPE a counter"), r#"Type("a", "counter")"#);
        assert_eq!(shown("# just words"), "Nothing");
        assert_eq!(shown("# HELP"), "Nothing");
        assert_eq!(shown(" "), "Nothing");
    }

    #[test]
    fn escapes_and_quoted_names_are_resolved() {
        assert_eq!(shown(r#"a{x="\\ \" \n \d é"} 1"#), r#"a[("x", "\\ \" \n \\d é")] = 1"#);
        assert_eq!(shown(r#"{"my.metric", "my label"="}"} 1"#), r#"my.metric[("my label", "}")] = 1"#);
        assert_eq!(shown(r#"# HELP "my.metric" one\ntwo"#), r#"Help("my.metric", "one\ntwo")"#);
    }

    #[test]
    fn what_is_no_sample_says_why() {
        assert_eq!(shown("<html>"), "no metric name at its beginning");
        assert_eq!(shown("9a 1"), "no metric name at its beginning");
        assert_eq!(shown("a"), "no number where the value must be");
        assert_eq!(shown("a 1 2 3"), "more after the value than a timestamp");
        assert_eq!(shown("a 1 x"), "no number where the timestamp must be");
        assert_eq!(shown("a{x=\"1} 1"), "a quote that is never closed");
        assert_eq!(shown("a{x=\"1\\"), "a quote that is never closed");
        assert_eq!(shown("a{x=1} 1"), "no quoted text where the value of a label must be");
        assert_eq!(shown("a{x} 1"), "a label without `=`");
        assert_eq!(shown("a{x=\"1\" y=\"2\"} 1"), "no comma or brace after a label");
        assert_eq!(shown("a{=\"1\"} 1"), "no label name where one must be");
    }
}
