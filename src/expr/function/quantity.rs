//! Numbers with units and separators: `85%`, `12,345`, `1.5 GiB`, `3d 4h`.
//!
//! Durations become seconds, sizes bytes, percents the number before the sign. Where a text can
//! be read in two ways (`1,5`) it is refused: better no point than one that is off by ten.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::units;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops;

pub const TABLE: &[Function] = &[
    function(
        "number",
        &[needs("value"), takes("unit"), takes("base")],
        number,
        "The number in a text with units and separators: sizes as bytes, durations as seconds. `unit` is that of a number that comes without one; bare `K`, `M`, `G` count in steps of `base` (1000).",
        ("['12,345', '85%', '1.5 KiB', '2h', '5 kB'] | map('number')", "[12345,85,1536,7200,5000]"),
    ),
    function(
        "duration",
        &[needs("value")],
        duration,
        "The seconds of a duration like `1h30m`; numbers are seconds already.",
        ("duration('1h30m')", "5400"),
    ),
    function(
        "bytes",
        &[needs("value")],
        bytes,
        "The bytes of a size like `10MiB` or `10MB`; numbers are bytes already.",
        ("bytes('10MiB')", "10485760"),
    ),
];

fn number(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let base = match arg::integer_or(args, 2, 1000)? {
        1000 => 1000.0,
        1024 => 1024.0,
        other => return Err(Fault::failed(format!("{other} is no base: 1000 or 1024"))),
    };
    let unit = match args.get(1) {
        Some(Value::Missing) | None => 1.0,
        Some(_) => named_unit(&arg::text(args, 1, cx)?, base)?,
    };
    match arg::at(args, 0) {
        Value::Text(text) => read(text.trim(), unit, base)
            .ok_or_else(|| Fault::failed(format!("{} is no number, with or without a unit", shown(arg::at(args, 0))))),
        other => Ok(scaled(ops::as_measure(other)?, unit)),
    }
}

fn named_unit(unit: &str, base: f64) -> Result<f64, Fault> {
    factor(unit.trim(), base).ok_or_else(|| Fault::failed(format!("{} is no unit of size, time or percent", shown(&unit.into()))))
}

/// What one unit is worth. `m` is a minute, not a million: durations come first.
fn factor(unit: &str, base: f64) -> Option<f64> {
    if matches!(unit, "" | "%") {
        return Some(1.0);
    }
    let word = unit.chars().all(char::is_alphabetic);
    word.then(|| units::parse_duration(&format!("1{unit}")).ok().or_else(|| units::size_factor(unit, base))).flatten()
}

fn read(text: &str, unit: f64, base: f64) -> Option<Value> {
    let (digits, rest) = split(text)?;
    let number = Number::parse(&digits)?;
    if rest.is_empty() {
        return Some(scaled(number, unit));
    }
    match factor(rest, base) {
        Some(factor) => Some(scaled(number, factor)),
        // Durations may have several parts: `3d 4h`.
        None => units::parse_duration(text).ok().map(Value::seconds),
    }
}

/// Integers stay exact, and small units divide: 3 thousandths are 0.003.
fn scaled(number: Number, factor: f64) -> Value {
    if factor == 1.0 {
        return Value::number(number);
    }
    if let (Some(n), Some(factor)) = (number.as_integer(), Number::Float(factor).as_integer())
        && let Some(exact) = n.checked_mul(factor).and_then(Number::from_integer)
    {
        return Value::number(exact);
    }
    let n = number.as_f64();
    Value::seconds(if factor < 1.0 { n / (1.0 / factor).round() } else { n * factor })
}

/// The digits without separators, and the unit.
fn split(text: &str) -> Option<(String, &str)> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = grouped(rest)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => leading_digits(after),
        None => ("", rest),
    };
    let (exponent, rest) = exponent(rest);
    let whole = if whole.is_empty() && !fraction.is_empty() { "0".to_owned() } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    (!whole.is_empty()).then(|| (format!("{sign}{whole}{point}{fraction}{exponent}"), rest.trim_start()))
}

/// Digits with separators after every three: `12,345`, `12 345`, `12'345`, `12_345`.
fn grouped(text: &str) -> Option<(String, &str)> {
    let (first, mut rest) = leading_digits(text);
    let mut whole = first.to_owned();
    let separator = rest.chars().next().filter(|c| matches!(c, ',' | ' ' | '\'' | '_' | '\u{a0}' | '\u{2009}' | '\u{202f}'));
    while let Some(after) = separator.and_then(|separator| rest.strip_prefix(separator)) {
        let (group, next) = leading_digits(after);
        if group.is_empty() && separator == Some(' ') {
            break;
        }
        if group.len() != 3 || first.len() > 3 {
            return None;
        }
        whole.push_str(group);
        rest = next;
    }
    Some((whole, rest))
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// `e3` is an exponent, `E` alone the unit exa.
fn exponent(text: &str) -> (&str, &str) {
    let after = text.strip_prefix(['e', 'E']).map(|after| after.strip_prefix(['-', '+']).unwrap_or(after));
    match after.map(leading_digits) {
        Some((digits, rest)) if !digits.is_empty() => text.split_at_checked(text.len() - rest.len()).unwrap_or(("", text)),
        _ => ("", text),
    }
}

fn duration(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    if value.as_number().is_some() {
        return Ok(value.clone());
    }
    let seconds = units::parse_duration(&arg::text(args, 0, cx)?);
    seconds.map(Value::seconds).map_err(|expected| Fault::failed(format!("{} is no duration: {expected}", shown(value))))
}

fn bytes(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    if value.as_number().is_some() {
        return Ok(value.clone());
    }
    let bytes = units::parse_size(&arg::text(args, 0, cx)?);
    bytes.map(|n| Value::number(Number::Uint(n))).map_err(|expected| Fault::failed(format!("{} is no size: {expected}", shown(value))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn numbers_shed_their_units_and_separators() {
        check(&[
            ("number", r#"["12,345.5"]"#, "12345.5"),
            ("number", r#"["1 234 567"]"#, "1234567"),
            ("number", r#"["1'234"]"#, "1234"),
            ("number", r#"[" 85 % "]"#, "85"),
            ("number", r#"["-5"]"#, "-5"),
            ("number", r#"[".5"]"#, "0.5"),
            ("number", r#"["9007199254740993"]"#, "9007199254740993"),
            ("number", r#"["9,007,199,254,740,993"]"#, "9007199254740993"),
            ("number", r#"["1.5 GiB"]"#, "1610612736"),
            ("number", r#"["12,345 kB"]"#, "12345000"),
            ("number", r#"["2 KiB"]"#, "2048"),
            ("number", r#"["2K"]"#, "2000"),
            ("number", r#"["2K", null, 1024]"#, "2048"),
            ("number", r#"["2kB", null, 1024]"#, "2000"),
            ("number", r#"["1e3"]"#, "1000"),
            ("number", r#"["1E"]"#, "1000000000000000000"),
            ("number", r#"["3d 4h"]"#, "273600"),
            ("number", r#"["3ms"]"#, "0.003"),
            ("number", r#"["5m"]"#, "300"),
            ("number", r#"["5M"]"#, "5000000"),
            ("number", "[true]", "1"),
            ("number", "[7.5]", "7.5"),
        ]);
    }

    #[test]
    fn a_named_unit_is_that_of_numbers_without_one() {
        check(&[
            ("number", r#"["5", "kB"]"#, "5000"),
            ("number", r#"[5, "kB"]"#, "5000"),
            ("number", r#"["5 MB", "kB"]"#, "5000000"),
            ("number", r#"[250, "ms"]"#, "0.25"),
            ("number", r#"[5, "parsec"]"#, "\"parsec\" is no unit of size, time or percent"),
            ("number", r#"["5", null, 10]"#, "10 is no base: 1000 or 1024"),
        ]);
    }

    #[test]
    fn what_is_no_number_or_has_two_readings_fails() {
        for bad in ["", "abc", "1,5", "1,2345", "1234,567", "12,345'678", "5 parsecs", "1.2.3", "- 5", "inf", "NaN", "%", "0x10", "5 5"] {
            check(&[("number", &format!("[{bad:?}]"), &format!("{bad:?} is no number, with or without a unit"))]);
        }
        check(&[("number", "[[1]]", "[1] is a list, not a number"), ("number", "[null]", "missing")]);
    }

    #[test]
    fn durations_and_sizes_are_strict() {
        check(&[
            ("duration", r#"["250ms"]"#, "0.25"),
            ("duration", "[5]", "5"),
            ("bytes", r#"["1.5 KiB"]"#, "1536"),
            ("bytes", "[[1]]", "[1] is a list, not a text"),
            (
                "duration",
                r#"["1 MB"]"#,
                "\"1 MB\" is no duration: a duration is a number with one of the units ns us ms s m h d w, like `5s` or `1h30m`",
            ),
        ]);
    }
}
