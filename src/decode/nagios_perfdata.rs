//! `nagios_perfdata`: what a Nagios plugin prints, a row for each label of its performance data.
//!
//! The document is `{text, long_text, perfdata, status}`: the first line up to the first `|`, the
//! lines of text below it, the rows once more, and with a command the word of its exit code: `ok`,
//! `warning`, `critical` or `unknown`. Data stands behind the `|` of the first line, behind the next
//! `|` further below, and in all lines after that one. A value `U` is missing. A decimal comma is read
//! as a point. Thresholds stay as written (`10:20`, `@5:`), `min` and `max` are numbers.
//!
//! ```yaml
//! command: {argv: [check_disk, -w, "20%"], ok_exit_codes: [0, 1, 2, 3]}
//! decode: nagios_perfdata
//! ```

use super::budget::Budget;
use super::faults::Faults;
use super::types::Types;
use super::{DecodeError, Decoded, Decoder, Facts, Options, beginning, text};
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::value::{Text, Value};
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// What a Nagios plugin prints; a row is a label of its performance data: `{label, value, unit,
    /// warn, crit, min, max}`, the thresholds as written. The document holds `text`, `long_text`,
    /// `perfdata` (the rows) and, with a command, `status`: `decode: nagios_perfdata`. Let the
    /// command have `ok_exit_codes: [0, 1, 2, 3]`.
    pub struct NagiosPerfdata, "decoder `nagios_perfdata`" {
        /// Whether text stands before the data, as plugins print it. `false` where the whole input is
        /// performance data, as in a file or in a part of a line.
        pub text: bool = true, "true";
        /// The types of columns: `{warn: number, crit: number}`; others are as described above.
        pub types: Types;
    }
}

const COLUMNS: [&str; 7] = ["label", "value", "unit", "warn", "crit", "min", "max"];

impl Options for NagiosPerfdata {
    const NAME: &'static str = "nagios_perfdata";

    fn compile(self, _: &Node, reader: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        let columns = COLUMNS.map(Text::from);
        self.types.check(&columns, reader).then(|| Arc::new(self) as Arc<dyn Decoder>)
    }
}

impl Decoder for NagiosPerfdata {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        self.decode_answer(input, &Facts::default())
    }

    fn decode_answer(&self, input: &[u8], facts: &Facts<'_>) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let input = text::in_utf8(input, facts, &mut warnings);
        let body = text::lenient(&input, &mut warnings);
        let (mut rows, mut bad, mut budget) = (Vec::new(), Faults::default(), Budget::default());
        let output = if self.text { Output::of(&body) } else { Output { data: text::lines(&body).collect(), ..Output::default() } };
        for (number, data) in &output.data {
            let mut points = Points { rest: data };
            while let Some(token) = points.next() {
                budget.spend(COLUMNS.len())?;
                match token.and_then(|(label, measured)| self.row(&label, measured)) {
                    Some(row) => rows.push(row),
                    None => bad.add(*number, || beginning(data)),
                }
            }
        }
        bad.warn("label cannot be read and is left out", "labels cannot be read and are left out", &mut warnings);
        let rows = Value::list(rows);
        let mut doc = Map::with_capacity(4);
        if self.text {
            doc.insert("text", output.text.into());
            doc.insert("long_text", if output.long.is_empty() { Value::Missing } else { output.long.join("\n").into() });
        }
        doc.insert("perfdata", rows.clone());
        if let Some(code) = facts.exit_code {
            doc.insert("status", status(code).into());
        }
        Ok(Decoded { rows: Some(rows), ..Decoded::with(Value::map(doc), warnings) })
    }
}

/// The plugin interface: 3 is unknown, and so is everything that it does not know.
fn status(exit_code: i32) -> &'static str {
    match exit_code {
        0 => "ok",
        1 => "warning",
        2 => "critical",
        _ => "unknown",
    }
}

/// The parts of a plugin's output.
#[derive(Debug, Default)]
struct Output<'t> {
    text: &'t str,
    long: Vec<&'t str>,
    /// Lines of performance data with their numbers.
    data: Vec<(usize, &'t str)>,
}

impl<'t> Output<'t> {
    fn of(body: &'t str) -> Self {
        let mut output = Output::default();
        let mut only_data = false;
        for (number, line) in text::lines(body) {
            if only_data {
                output.data.push((number, line));
                continue;
            }
            let (words, data) = line.split_once('|').map_or((line, None), |(words, data)| (words, Some(data)));
            output.data.extend(data.map(|data| (number, data)));
            if number == 1 {
                output.text = words.trim();
            } else {
                output.long.extend(Some(words.trim_end()).filter(|words| data.is_none() || !words.is_empty()));
                only_data = data.is_some();
            }
        }
        output
    }
}

/// The labels of one line that are still to be read.
struct Points<'t> {
    rest: &'t str,
}

impl<'t> Points<'t> {
    /// The next label with what follows its `=`; `Some(None)` where something else stands there.
    fn next(&mut self) -> Option<Option<(String, &'t str)>> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return None;
        }
        let label = match self.rest.strip_prefix('\'') {
            Some(quoted) => self.quoted(quoted),
            None => self.bare(),
        };
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(label.zip(word.strip_prefix('=')))
    }

    /// A label in quotes; two quotes in it are one.
    fn quoted(&mut self, text: &'t str) -> Option<String> {
        let mut label = String::new();
        let mut left = text;
        while let Some((part, after)) = left.split_once('\'') {
            label.push_str(part);
            self.rest = after;
            match after.strip_prefix('\'') {
                Some(more) => {
                    label.push('\'');
                    left = more;
                }
                None => return (!label.is_empty()).then_some(label),
            }
        }
        self.rest = "";
        None
    }

    /// A label without quotes, which ends at a blank.
    fn bare(&mut self) -> Option<String> {
        let end = self.rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(self.rest.len());
        let (label, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!label.is_empty()).then(|| label.to_owned())
    }
}

impl NagiosPerfdata {
    /// The row of a label and of `value[unit];warn;crit;min;max`.
    fn row(&self, label: &str, measured: &str) -> Option<Value> {
        let mut parts = measured.split(';').map(str::trim);
        let first = parts.next()?;
        let (value, unit) = match first.strip_prefix('U') {
            Some("") => (Value::Missing, ""),
            _ => {
                let (digits, unit) = first.split_at_checked(number_end(first)).filter(|(digits, _)| !digits.is_empty())?;
                (Value::number(plain(digits)?), unit)
            }
        };
        let mut row = Map::with_capacity(COLUMNS.len());
        row.insert("label", self.types.of("label").convert(label));
        row.insert("value", value);
        row.insert("unit", self.cell("unit", unit));
        for column in ["warn", "crit"] {
            row.insert(column, self.cell(column, parts.next().unwrap_or("")));
        }
        for column in ["min", "max"] {
            let written = parts.next().unwrap_or("");
            let number = plain(written).filter(|_| !self.types.names(column)).map(Value::number);
            row.insert(column, number.unwrap_or_else(|| self.cell(column, written)));
        }
        Some(Value::map(row))
    }

    fn cell(&self, column: &str, text: &str) -> Value {
        if text.is_empty() { Value::Missing } else { self.types.of(column).convert(text) }
    }
}

/// Where the number at the beginning ends: sign, digits with a point or comma, and an exponent that
/// has digits; `5e` is 5 of the unit `e`.
fn number_end(text: &str) -> usize {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = |from: usize, also: &[u8]| {
        let rest = text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| byte.is_ascii_digit() || also.contains(byte)).count()
    };
    let mantissa = digits(sign, b".,");
    if mantissa == sign || !text.get(mantissa..).is_some_and(|rest| rest.starts_with(['e', 'E'])) {
        return if mantissa == sign { 0 } else { mantissa };
    }
    let exponent = mantissa + 1 + usize::from(text.get(mantissa + 1..).is_some_and(|rest| rest.starts_with(['-', '+'])));
    let end = digits(exponent, b"");
    if end == exponent { mantissa } else { end }
}

/// A number; plugins print a decimal comma in some locales, a leading `+` and points without digits.
fn plain(digits: &str) -> Option<Number> {
    let pointed;
    let mut digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.matches(',').count() == 1 && !digits.contains('.') {
        pointed = digits.replace(',', ".");
        digits = &pointed;
    }
    Number::parse(digits).or_else(|| {
        let parsed = digits.parse::<f64>().ok().filter(|number| number.is_finite());
        parsed.filter(|_| digits.starts_with(['.', '-']) || digits.ends_with('.')).map(Number::Float)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::to_json;
    use crate::decode::testing::{decoder, document, problems, warnings};

    fn rows(options: &str, input: &str) -> String {
        to_json(decoder(options).decode(input.as_bytes()).unwrap().records()).to_string()
    }

    #[test]
    fn a_row_is_a_label_with_its_thresholds_as_written() {
        let input = "DISK OK - free: /: 3326 MB (56%) | /=2643MB;5948;@10:5958;0;5968 '/my disk'=1.5%;~:80 x=0.5s;;;0.000;\n";
        let expected = r#"[{"label":"/","value":2643,"unit":"MB","warn":"5948","crit":"@10:5958","min":0,"max":5968},{"label":"/my disk","value":1.5,"unit":"%","warn":"~:80","crit":null,"min":null,"max":null},{"label":"x","value":0.5,"unit":"s","warn":null,"crit":null,"min":0,"max":null}]"#;
        assert_eq!(rows("nagios_perfdata", input), expected);
    }

    #[test]
    fn the_document_holds_text_and_status() {
        let read = |code| {
            let facts = Facts { exit_code: code, ..Facts::default() };
            decoder("nagios_perfdata").decode_answer(b"LOAD | a=1\n", &facts).unwrap().doc
        };
        let word = |code| read(Some(code)).member("status").as_text().unwrap_or_default().to_owned();
        assert_eq!([0, 1, 2, 3, 127, -1].map(word), ["ok", "warning", "critical", "unknown", "unknown", "unknown"]);
        assert_eq!(read(None).member("text").as_text(), Some("LOAD"));
        assert!(read(None).member("status").is_missing());
        assert_eq!(document("nagios_perfdata", "just words"), r#"{"text":"just words","long_text":null,"perfdata":[]}"#);
        assert_eq!(document("nagios_perfdata", ""), r#"{"text":"","long_text":null,"perfdata":[]}"#);
    }

    #[test]
    fn data_goes_on_below_the_second_bar() {
        let input = "DISK OK | /=1\r\n/ 15272 MB\n/boot 68 MB | /boot=2\n/home=3\n/var=4 x\n";
        let doc = decoder("nagios_perfdata").decode(input.as_bytes()).unwrap();
        assert_eq!(doc.doc.member("text").as_text(), Some("DISK OK"));
        assert_eq!(doc.doc.member("long_text").as_text(), Some("/ 15272 MB\n/boot 68 MB"));
        let labels: Vec<_> = doc.records().as_list().unwrap().iter().map(|row| row.member("label").as_text().unwrap().to_owned()).collect();
        assert_eq!(labels, ["/", "/boot", "/home", "/var"]);
        assert_eq!(doc.warnings, ["1 label cannot be read and is left out, line 5: \"/var=4 x\""]);
    }

    #[test]
    fn values_are_read_as_plugins_print_them() {
        let value = |text: &str| {
            let row = rows("{nagios_perfdata: {text: false}}", text);
            let row: serde_json::Value = serde_json::from_str(&row).unwrap();
            format!("{}|{}", row[0]["value"], row[0]["unit"])
        };
        assert_eq!(value("a=U"), "null|null");
        assert_eq!(value("a=1.5e-3s"), "0.0015|\"s\"");
        assert_eq!(value("a=5e"), "5|\"e\"");
        assert_eq!(value("a=-3"), "-3|null");
        assert_eq!(value("a=1,5%"), "1.5|\"%\"");
        assert_eq!(value("a=.5"), "0.5|null");
        assert_eq!(value("a=18446744073709551615B"), "18446744073709551615|\"B\"");
        assert_eq!(value("'it''s = a'=7c"), "7|\"c\"");
        assert!(rows("{nagios_perfdata: {text: false}}", "'it''s = a'=7c").contains("it's = a"));
    }

    #[test]
    fn what_is_no_label_is_counted() {
        for bad in ["a", "a=", "a=x", "=1", "a=1.2.3", "'a=1", "''=1", "'a'", "a=--1"] {
            assert_eq!(rows("{nagios_perfdata: {text: false}}", bad), "[]", "{bad}");
            assert_eq!(warnings("{nagios_perfdata: {text: false}}", bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn thresholds_become_numbers_where_types_say_so() {
        let options = "{nagios_perfdata: {text: false, types: {warn: number, max: text}}}";
        assert!(rows(options, "a=1;2;3;4;5.0").contains(r#""warn":2,"crit":"3","min":4,"max":"5.0""#));
        assert_eq!(problems("{nagios_perfdata: {types: {warm: number}}}"), ["a type for `warm`, which is no column"]);
    }
}
