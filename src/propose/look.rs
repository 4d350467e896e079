//! Which decoder an answer needs. Unlike a source without `decode`, this looks at the bytes: what it
//! finds is written into the spec, and changes no more with the data.

use crate::base::value::Value;
use crate::decode::{self, Facts, guess, named};
use crate::net::Answer;
use crate::trial::write::flow;
use std::collections::BTreeSet;

/// A decoder with what it makes of the answer.
#[derive(Clone, Debug)]
pub struct Look {
    /// Its name.
    pub name: &'static str,
    /// What stands behind `decode:`.
    pub written: String,
    /// The document.
    pub doc: Value,
}

/// How many lines of a text are looked at.
const LINES: usize = 200;

/// The decoder of an answer; `raw` for what no other one reads as more than a text.
pub fn look(answer: &Answer) -> Look {
    let content_type = answer.header("content-type");
    let path = url::Url::parse(&answer.url).map_or_else(|_| answer.url.clone(), |url| url.path().to_owned());
    let said = guess(content_type, &path).filter(|name| !["raw", "html", "lines"].contains(name));
    let text = String::from_utf8_lossy(&answer.body);
    let plain = |name: &'static str| with(name, Value::Missing, answer);
    let seen = said.and_then(plain).or_else(|| seen(&text, answer));
    seen.or_else(|| plain("raw")).unwrap_or_else(|| Look { name: "raw", written: "raw".to_owned(), doc: Value::Missing })
}

fn with(name: &'static str, options: Value, answer: &Answer) -> Option<Look> {
    let decoder = named(name, &options).ok()?;
    let facts = Facts { exit_code: answer.exit_code, content_type: answer.header("content-type"), lists: &[] };
    let doc = decoder.decode_answer(&answer.body, &facts).ok()?.doc;
    let written = if options.is_missing() { name.to_owned() } else { format!("{{{name}: {}}}", flow(&options)) };
    Some(Look { name, written, doc })
}

/// What the bytes look like.
fn seen(text: &str, answer: &Answer) -> Option<Look> {
    let start = text.trim_start();
    let plain = |name: &'static str| with(name, Value::Missing, answer);
    if start.starts_with(['{', '[']) {
        return plain("json").or_else(|| plain("ndjson"));
    }
    if start.starts_with('<') && !start.to_lowercase().starts_with("<!doctype html") && !start.to_lowercase().starts_with("<html") {
        return plain("xml");
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    if text.contains("# TYPE ") || text.contains("# HELP ") {
        return plain("prometheus");
    }
    delimited(&lines, answer).or_else(|| pairs(&lines, answer)).or_else(|| columns(&lines, answer))
}

/// As many delimiters in each line as in the first, which names the columns.
fn delimited(lines: &[&str], answer: &Answer) -> Option<Look> {
    let (first, rest) = lines.split_first()?;
    for delimiter in [",", ";", "\t"] {
        let n = first.matches(delimiter).count();
        if n == 0 || rest.is_empty() || rest.iter().any(|line| line.matches(delimiter).count() < n) || is_number_in(first.split(delimiter))
        {
            continue;
        }
        let options = if delimiter == "," {
            Value::Missing
        } else {
            map(&[("delimiter", Value::from(if delimiter == "\t" { "tab" } else { delimiter }))])
        };
        if let Some(look) = with("csv", options, answer) {
            return Some(look);
        }
    }
    None
}

/// Most lines are a name, a separator and a value.
fn pairs(lines: &[&str], answer: &Answer) -> Option<Look> {
    for separator in [":", "="] {
        let split = |line: &&str| line.split_once(separator).map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
        let is_pair = |(key, value): &(String, String)| {
            !key.is_empty() && key.len() <= 60 && key.split_whitespace().count() <= 5 && !value.is_empty()
        };
        let found: Vec<_> = lines.iter().filter_map(split).filter(is_pair).collect();
        let keys: BTreeSet<_> = found.iter().map(|(key, _)| key).collect();
        // A log repeats what stands before its first colon.
        if found.len() >= 2 && found.len() * 3 >= lines.len() * 2 && keys.len() == found.len() {
            let options = if separator == ":" { Value::Missing } else { map(&[("separator", Value::from(separator))]) };
            return with("key_value", options, answer);
        }
    }
    None
}

/// Columns between white space below a line of names.
fn columns(lines: &[&str], answer: &Answer) -> Option<Look> {
    let (first, rest) = lines.split_first()?;
    let n = first.split_whitespace().count();
    // The last name of a header may be two words, as `Mounted on`; the last cell may be many.
    let fits = |line: &&&str| line.split_whitespace().count() + 1 >= n;
    if n < 2 || rest.is_empty() || is_number_in(first.split_whitespace()) || rest.iter().filter(fits).count() * 5 < rest.len() * 4 {
        return None;
    }
    let numbers = rest.iter().any(|line| is_number_in(line.split_whitespace()));
    let names: BTreeSet<&str> = first.split_whitespace().collect();
    (numbers && names.len() == n).then(|| with("table", map(&[("header", Value::Bool(true))]), answer)).flatten()
}

fn is_number_in<'a>(mut cells: impl Iterator<Item = &'a str>) -> bool {
    cells.any(|cell| cell.trim().parse::<f64>().is_ok())
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::map(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
}

/// True for an answer of lines, each of which is a message.
pub fn is_log(answer: &Answer) -> bool {
    decode::guess(None, &answer.url) == Some("lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoder(body: &str) -> String {
        look(&Answer::of(body.to_owned(), "")).written
    }

    #[test]
    fn the_bytes_tell_what_nobody_says() {
        for (body, expected) in [
            ("{\"a\": 1}", "json"),
            ("{\"a\": 1}\n{\"a\": 2}\n", "ndjson"),
            ("<?xml version=\"1.0\"?><a><b>1</b></a>", "xml"),
            ("# TYPE a counter\na 1\n", "prometheus"),
            ("name,used\nx,1\ny,2\n", "csv"),
            ("name;used\nx;1\n", "{csv: {delimiter: \";\"}}"),
            ("MemTotal: 10 kB\nMemFree: 5 kB\n", "key_value"),
            ("a=1\nb=2\n", "{key_value: {separator: \"=\"}}"),
            ("Filesystem 1024-blocks Used Mounted on\n/dev/sda 100 50 /\n/dev/sdb 7 3 /a b\n", "{table: {header: true}}"),
            ("hello there\n", "raw"),
            ("<html><body>1</body></html>", "raw"),
            ("", "raw"),
        ] {
            assert_eq!(decoder(body), expected, "{body}");
        }
    }

    #[test]
    fn what_the_server_says_counts_where_it_is_true() {
        let answer = |content_type: &str, body: &'static str| Answer {
            headers: [("content-type", content_type)].into_iter().collect(),
            ..Answer::of(body, "http://h/x")
        };
        assert_eq!(look(&answer("application/json", "[1]")).name, "json");
        assert_eq!(look(&answer("application/json", "a=1\nb=2")).name, "key_value");
        assert_eq!(look(&answer("text/plain", "{\"a\": 1}")).name, "json");
    }
}
