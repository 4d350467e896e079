//! Numbers with units and separators: `85%`, `12,345`, `1.5 GiB`, `3d 4h`, `95.21 Mbps`, `0x1F`.
//!
//! Durations become seconds, sizes bytes, rates bytes or bits per second, percents the number
//! before the sign. Where a text can be read in two ways (`1,5`) it is refused: better no point
//! than one that is off by ten.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::decimal;
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::unit::{self, Kind, Unit};
use crate::base::units;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops::{self, Arithmetic};

pub const TABLE: &[Function] = &[
    function(
        "number",
        &[needs("value"), takes("unit"), takes("base")],
        number,
        "The number in a text with units and separators: sizes as bytes, durations as seconds, `Mbit/s`, `Mbps` and `Mb/s` as bits per second, `MB/s` as bytes per second, `kHz`, `mV`, `W`, `rpm`, `°C` and `%` as such; `0x1F`, `0b101` and `0o17` too. `unit` is that of a number that comes without one; bare `K`, `M`, `G` count in steps of `base` (1000).",
        ("['12,345', '85%', '1.5 KiB', '2h', '5 kB', '95.21 Mbps', '0x1F'] | map('number')", "[12345,85,1536,7200,5000,95210000,31]"),
    ),
    function(
        "convert",
        &[needs("value"), needs("to"), takes("from")],
        convert,
        "A quantity in another unit of the same kind: the text's own unit, or `from` for a number without one, into `to`. Bits and bytes, `°C` and `°F` convert too.",
        ("['95.2 Mbps' | convert('MB/s'), 5400 | convert('h', 's'), '1.5 GiB' | convert('MiB')]", "[11.9,1.5,1536]"),
    ),
    function(
        "duration",
        &[needs("value")],
        duration,
        "The seconds of a duration: `1h30m`, `3 days, 04:05:06`, `01:02:03`, `02:03` (minutes and seconds), `2-03:04:05` as ps prints it, `P1DT2H` of ISO 8601; numbers are seconds already.",
        ("['1h30m', '01:02:03', '2-03:04:05', 'P1DT2H'] | map('duration')", "[5400,3723,183845,93600]"),
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
        other => {
            return Err(Fault::failed(format!("{other} is no base of units, which is 1000 or 1024: `int` reads digits to another base")));
        }
    };
    let unit = match args.get(1) {
        Some(Value::Missing) | None => PLAIN,
        Some(_) => named_unit(&arg::text(args, 1, cx)?, base)?,
    };
    match arg::at(args, 0) {
        Value::Text(_) => measured(&arg::text(args, 0, cx)?, unit, base).map(|(value, _)| value),
        other => Ok(in_base(ops::as_measure(other)?, unit)),
    }
}

/// No unit: the number itself.
pub const PLAIN: Unit = Unit { kind: Kind::Plain, factor: 1.0, over: 1.0 };

fn named_unit(name: &str, base: f64) -> Result<Unit, Fault> {
    unit::find(name.trim(), base)
        .ok_or_else(|| Fault::failed(format!("{} is no unit: units look like `MiB`, `Mbit/s`, `ms`, `h`, `kHz`, `%`", shown(&name.into()))))
}

/// The number in a text, in the base of its unit; `unit` is taken where the text has none.
///
/// # Errors
/// Failed where the text is no number.
pub fn measured(text: &str, unit: Unit, base: f64) -> Result<(Value, Kind), Fault> {
    read(text.trim(), unit, base).ok_or_else(|| Fault::failed(format!("{} is no number, with or without a unit", shown(&text.into()))))
}

fn read(text: &str, unit: Unit, base: f64) -> Option<(Value, Kind)> {
    if let Some(number) = with_radix(text) {
        return Some((in_base(number, unit), unit.kind));
    }
    let (digits, rest) = split(text)?;
    let number = Number::parse(&digits)?;
    if rest.is_empty() {
        return Some((in_base(number, unit), unit.kind));
    }
    match unit::find(rest, base) {
        Some(unit) => Some((in_base(number, unit), unit.kind)),
        // Durations may have several parts: `3d 4h`.
        None => units::parse_duration(text).ok().map(|seconds| (Value::seconds(seconds), Kind::Time)),
    }
}

/// `0x1F`, `0b101`, `0o17`, of up to 64 bits.
fn with_radix(text: &str) -> Option<Number> {
    let base = match text.strip_prefix('-').unwrap_or(text).get(..2)? {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => return None,
    };
    Number::with_base(text, base)
}

fn convert(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let to = named_unit(&arg::text(args, 1, cx)?, 1000.0)?;
    let from = match args.get(2) {
        Some(Value::Missing) | None => PLAIN,
        Some(_) => named_unit(&arg::text(args, 2, cx)?, 1000.0)?,
    };
    let given = arg::at(args, 0);
    let (value, kind) = match given {
        Value::Text(text) => measured(text, from, 1000.0)?,
        other => (in_base(ops::as_measure(other)?, from), from.kind),
    };
    let base = match (kind, to.kind) {
        (from, to) if from == to => value,
        (Kind::Bits, Kind::Bytes) | (Kind::BitRate, Kind::ByteRate) => calculate(Arithmetic::Div, &value, 8.0)?,
        (Kind::Bytes, Kind::Bits) | (Kind::ByteRate, Kind::BitRate) => calculate(Arithmetic::Mul, &value, 8.0)?,
        (Kind::Celsius, Kind::Fahrenheit) => calculate(Arithmetic::Add, &calculate(Arithmetic::Mul, &value, 1.8)?, 32.0)?,
        (Kind::Fahrenheit, Kind::Celsius) => calculate(Arithmetic::Div, &calculate(Arithmetic::Sub, &value, 32.0)?, 1.8)?,
        (Kind::Plain, _) => return Err(Fault::failed(format!("{} has no unit: say it with `from`", shown(given)))),
        _ => {
            return Err(Fault::failed(format!(
                "{} does not convert into {}: they measure different things",
                shown(given),
                shown(arg::at(args, 1))
            )));
        }
    };
    let whole = calculate(Arithmetic::Mul, &base, to.over)?;
    if to.factor < 1.0 {
        calculate(Arithmetic::Mul, &whole, (1.0 / to.factor).round())
    } else {
        calculate(Arithmetic::Div, &whole, to.factor)
    }
}

/// Calculates with a whole number where it is one, so that integers stay exact.
fn calculate(op: Arithmetic, value: &Value, n: f64) -> Result<Value, Fault> {
    let n = Number::Float(n);
    ops::calculate(op, value, &Value::number(n.as_integer().and_then(Number::from_integer).unwrap_or(n)))
}

/// The number in the base of the kind of its unit.
fn in_base(number: Number, unit: Unit) -> Value {
    let times = scaled(number, unit.factor);
    calculate(Arithmetic::Div, &times, unit.over).unwrap_or(times)
}

/// Integers stay exact, and 3 thousandths are 0.003.
fn scaled(number: Number, factor: f64) -> Value {
    if factor == 1.0 {
        return Value::number(number);
    }
    if let (Some(n), Some(factor)) = (number.as_integer(), Number::Float(factor).as_integer())
        && let Some(exact) = n.checked_mul(factor).and_then(Number::from_integer)
    {
        return Value::number(exact);
    }
    Value::seconds(decimal::product(number.as_f64(), factor))
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
    let seconds = units::read_duration(&arg::text(args, 0, cx)?);
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
            ("number", r#"[5, "parsec"]"#, "\"parsec\" is no unit: units look like `MiB`, `Mbit/s`, `ms`, `h`, `kHz`, `%`"),
            ("number", r#"["5", null, 10]"#, "10 is no base of units, which is 1000 or 1024: `int` reads digits to another base"),
        ]);
    }

    #[test]
    fn rates_and_physical_units_come_in_their_base() {
        check(&[
            ("number", r#"["95.21 Mbps"]"#, "95210000"),
            ("number", r#"["95.21 Mbit/s"]"#, "95210000"),
            ("number", r#"["1000 MB"]"#, "1000000000"),
            ("number", r#"["12 MB/s"]"#, "12000000"),
            ("number", r#"["120 kB/min"]"#, "2000"),
            ("number", r#"["5600 RPM"]"#, "5600"),
            ("number", r#"["45 degrees C"]"#, "45"),
            ("number", r#"["12.06 Volts"]"#, "12.06"),
            ("number", r#"["250 mA"]"#, "0.25"),
            ("number", r#"["2.4 GHz"]"#, "2400000000"),
            ("number", r#"["0xff"]"#, "255"),
            ("number", r#"["-0b101"]"#, "-5"),
            ("number", r#"["0xFFFFFFFFFFFFFFFF"]"#, "18446744073709551615"),
        ]);
    }

    #[test]
    fn quantities_convert_within_their_kind() {
        check(&[
            ("convert", r#"["1 Gbit/s", "MB/s"]"#, "125"),
            ("convert", r#"["8 bit", "B"]"#, "1"),
            ("convert", r#"[250, "ms", "s"]"#, "250000"),
            ("convert", r#"["250 ms", "s"]"#, "0.25"),
            ("convert", r#"["212 °F", "°C"]"#, "100"),
            ("convert", r#"[9007199254740993, "B", "B"]"#, "9007199254740993"),
            ("convert", r#"["5 MB", "s"]"#, "\"5 MB\" does not convert into \"s\": they measure different things"),
            ("convert", r#"[5, "s"]"#, "5 has no unit: say it with `from`"),
        ]);
    }

    #[test]
    fn what_is_no_number_or_has_two_readings_fails() {
        for bad in [
            "",
            "abc",
            "1,5",
            "1,2345",
            "1234,567",
            "12,345'678",
            "5 parsecs",
            "1.2.3",
            "- 5",
            "inf",
            "NaN",
            "%",
            "0x",
            "0x+1",
            "0xG",
            "5 5",
        ] {
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
                "\"1 MB\" is no duration: a duration looks like `5s`, `1h30m`, `3 days, 04:05:06`, `01:02:03`, `2-03:04:05` or `P1DT2H`",
            ),
        ]);
    }
}
