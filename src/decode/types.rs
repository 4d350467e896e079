//! Typed columns of formats that give text: `types: {used: number, at: time}`.
//!
//! Text stays text unless this says otherwise, so that an identifier `007` is never a 7 by accident.
//! A cell that does not convert is missing; the spec decides what that means.

use crate::base::diag::Diagnostic;
use crate::base::number::Number;
use crate::base::share::Share;
use crate::base::suggest::{listed, nearest};
use crate::base::units::{parse_size, read_duration};
use crate::base::value::Value;
use crate::yaml::basic::{Keyed, meant_bool};
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use jiff::Timestamp;

/// Words of one text that are held once.
pub const TEXT_SLOTS: usize = 1024;

crate::words! {
    /// What the text of a cell becomes.
    pub enum CellType {
        /// Exactly one plain number: `12`, `-1.5e3`.
        Number = "number",
        /// A whole number; `3.0` is one.
        Int = "int",
        /// `true`, `yes`, `on`, `1` and their opposites.
        Bool = "bool",
        /// `5s`, `1h30m`, `01:02:03`, `2-03:04:05`, `P1DT2H`, or a number of seconds; becomes seconds.
        Duration = "duration",
        /// `10MiB`, or a number of bytes; becomes bytes.
        Size = "size",
        /// The same as `size`.
        Bytes = "bytes",
        /// RFC 3339, or seconds since 1970.
        Time = "time",
        /// The text itself.
        Text = "text",
    }
}

impl CellType {
    /// The same as [`CellType::convert`]; words that come again are held once.
    pub fn shared(self, cell: &str, texts: &mut Share) -> Value {
        if self == CellType::Text { Value::Text(texts.get(cell)) } else { self.convert(cell) }
    }

    /// The value of a cell; missing where it does not convert.
    pub fn convert(self, cell: &str) -> Value {
        let trimmed = cell.trim();
        match self {
            CellType::Text => Some(Value::text(cell)),
            CellType::Number => Number::parse(trimmed).map(Value::number),
            CellType::Int => integer(trimmed).map(Value::number),
            CellType::Bool => boolean(trimmed).map(Value::Bool),
            CellType::Duration => read_duration(trimmed).ok().map(Value::seconds),
            CellType::Size | CellType::Bytes => parse_size(trimmed).ok().map(|bytes| Value::number(Number::Uint(bytes))),
            CellType::Time => time(trimmed).map(Value::Time),
        }
        .unwrap_or_default()
    }
}

fn integer(text: &str) -> Option<Number> {
    Number::parse(text)?.as_integer().and_then(Number::from_integer)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        word => meant_bool(word),
    }
}

fn time(text: &str) -> Option<Timestamp> {
    match Number::parse(text) {
        Some(number) => since_epoch(number, 1),
        None => text.parse().ok(),
    }
}

/// The moment so many seconds after 1970, or milliseconds where `per_second` is 1000; `None`
/// outside of the years that can be written. Fractions count to the microsecond: a float of today's
/// seconds holds no more.
pub fn since_epoch(number: Number, per_second: i32) -> Option<Timestamp> {
    let second = 1_000_000_000_i128;
    let nanoseconds = match number.as_integer() {
        Some(whole) => whole.checked_mul(second / i128::from(per_second))?,
        None => {
            let seconds = number.as_f64() / f64::from(per_second);
            let micros = (seconds.fract() * 1e6).round();
            // Casts saturate, and NaN becomes zero: only seconds that can be a moment may pass.
            if seconds.is_nan() || seconds.abs() > 1e12 {
                return None;
            }
            seconds.trunc() as i128 * second + micros as i128 * 1000
        }
    };
    Timestamp::from_nanosecond(nanoseconds).ok()
}

/// The declared type of each column.
#[derive(Clone, Debug, Default)]
pub struct Types(Keyed<CellType>);

impl Field for Types {
    fn shape() -> Shape {
        Keyed::<CellType>::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let at = reader.problems.len();
        let types = Keyed::read(node, reader).map(Types);
        types.filter(|_| reader.problems.len() == at)
    }

    fn absent() -> Option<Self> {
        Some(Types::default())
    }
}

impl Types {
    /// The type of a column: text where nothing is said.
    pub fn of(&self, column: &str) -> CellType {
        self.0.0.iter().find(|entry| &*entry.key == column).map_or(CellType::Text, |entry| entry.value)
    }

    /// True if the type of a column is declared.
    pub fn names(&self, column: &str) -> bool {
        self.0.0.iter().any(|entry| &*entry.key == column)
    }

    /// Reports types of columns that do not exist; for decoders that know their columns beforehand.
    /// True where all is well.
    pub fn check<'c>(&self, columns: impl IntoIterator<Item = &'c (impl AsRef<str> + ?Sized + 'c)>, reader: &mut Reader<'_>) -> bool {
        let columns: Vec<&str> = columns.into_iter().map(AsRef::as_ref).collect();
        let strangers = self.0.0.iter().filter(|entry| !columns.contains(&&*entry.key));
        let problems: Vec<_> = strangers
            .map(|entry| {
                let problem =
                    Diagnostic::error("unknown-column", format!("a type for `{}`, which is no column", entry.key), entry.key_span);
                let problem = match nearest(&entry.key, columns.iter().copied()) {
                    Some(near) => problem.label(format!("did you mean `{near}`?")).edit(entry.key_span, near),
                    None => problem.label("there is no column of that name"),
                };
                problem.help(format!("use one of {}", listed(columns.iter().copied(), 40)))
            })
            .collect();
        let well = problems.is_empty();
        reader.problems.extend(problems);
        well
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::print::text_of;
    use crate::decode::testing::problems;

    fn printed(to: CellType, cell: &str) -> String {
        text_of(&to.convert(cell)).map_or_else(|| "missing".to_owned(), |text| text.to_string())
    }

    #[test]
    fn cells_convert_or_are_missing() {
        let cases = [
            (CellType::Number, " 12 ", "12"),
            (CellType::Number, "-1.5e3", "-1500"),
            (CellType::Number, "18446744073709551615", "18446744073709551615"),
            (CellType::Number, "12 kB", "missing"),
            (CellType::Number, "", "missing"),
            (CellType::Int, "3.0", "3"),
            (CellType::Int, "3.5", "missing"),
            (CellType::Bool, "Yes", "true"),
            (CellType::Bool, "0", "false"),
            (CellType::Bool, "maybe", "missing"),
            (CellType::Duration, "1h30m", "5400"),
            (CellType::Duration, "soon", "missing"),
            (CellType::Size, "1KiB", "1024"),
            (CellType::Bytes, "2kB", "2000"),
            (CellType::Time, "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00Z"),
            (CellType::Time, "1700000000", "2023-11-14T22:13:20Z"),
            (CellType::Time, "1700000000.123", "2023-11-14T22:13:20.123Z"),
            (CellType::Time, "yesterday", "missing"),
            (CellType::Time, "1e300", "missing"),
            (CellType::Text, " x ", " x "),
        ];
        for (to, cell, expected) in cases {
            assert_eq!(printed(to, cell), expected, "{to:?} of {cell:?}");
        }
    }

    #[test]
    fn moments_before_1970_and_in_milliseconds_are_exact() {
        let at = |number, per_second| since_epoch(number, per_second).map(|time| time.to_string());
        assert_eq!(at(Number::Float(-0.5), 1).as_deref(), Some("1969-12-31T23:59:59.5Z"));
        assert_eq!(at(Number::Int(1_395_066_363_000), 1000).as_deref(), Some("2014-03-17T14:26:03Z"));
        assert_eq!(at(Number::Float(f64::NAN), 1), None);
        assert_eq!(at(Number::Int(i64::MAX), 1), None);
    }

    #[test]
    fn unknown_types_and_types_of_no_column_are_problems() {
        assert_eq!(problems("{csv: {columns: [a], types: {a: nubmer}}}"), ["the text \"nubmer\" is not known here"]);
        assert_eq!(problems("{csv: {columns: [used], types: {usd: number}}}"), ["a type for `usd`, which is no column"]);
    }
}
