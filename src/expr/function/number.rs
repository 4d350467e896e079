//! Arithmetic on single numbers.
//!
//! Integers stay exact and whole results are integers; a text that looks like a number is refused.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops::{self, Arithmetic};

pub const TABLE: &[Function] = &[
    function(
        "round",
        &[needs("value"), takes("precision"), takes("method")],
        round,
        "Rounds to `precision` (0) decimals, halves away from zero; `method` is `common`, `ceil` or `floor`. Without decimals the result is an integer; a negative precision rounds to tens, hundreds and so on.",
        ("round(2.345, 1)", "2.3"),
    ),
    function("floor", &[needs("value")], floor, "The next integer below.", ("floor(-1.5)", "-2")),
    function("ceil", &[needs("value")], ceil, "The next integer above.", ("ceil(1.2)", "2")),
    function("abs", &[needs("value")], abs, "The number without its sign.", ("abs(-3)", "3")),
    function("sqrt", &[needs("value")], sqrt, "The square root.", ("sqrt(9)", "3")),
    function("pow", &[needs("value"), needs("exponent")], pow, "The number to a power, as `**`.", ("pow(2, 10)", "1024")),
    function("log", &[needs("value"), takes("base")], log, "The logarithm: the natural one, or that to `base`.", ("log(1024, 2)", "10")),
];

#[derive(Clone, Copy)]
enum Method {
    Common,
    Ceil,
    Floor,
}

fn round(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let method = match &*arg::text_or(args, 2, "common", cx)? {
        "common" => Method::Common,
        "ceil" => Method::Ceil,
        "floor" => Method::Floor,
        other => return Err(Fault::failed(format!("{} is no method of rounding: `common`, `ceil` or `floor`", shown(&other.into())))),
    };
    // Doubles have no more than 17 significant digits and no more than 308 before the point.
    let precision = i32::try_from(arg::integer_or(args, 1, 0)?.clamp(-308, 18)).unwrap_or(0);
    rounded(arg::at(args, 0), precision, method)
}

fn floor(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    rounded(arg::at(args, 0), 0, Method::Floor)
}

fn ceil(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    rounded(arg::at(args, 0), 0, Method::Ceil)
}

fn rounded(value: &Value, precision: i32, method: Method) -> Result<Value, Fault> {
    let number = arg::number(value)?;
    if precision < 0 {
        return to_power_of_ten(value, number, precision.unsigned_abs(), method);
    }
    let Number::Float(n) = number else { return Ok(Value::number(number)) };
    let factor = 10f64.powi(precision);
    let scaled = n * factor;
    if !scaled.is_finite() || precision > 15 {
        return Ok(Value::Float(n));
    }
    let whole = step(scaled, method);
    if precision > 0 {
        return Ok(Value::Float(whole / factor));
    }
    Ok(Number::Float(whole).as_integer().and_then(Number::from_integer).map_or(Value::Float(whole), Value::number))
}

fn step(n: f64, method: Method) -> f64 {
    match method {
        Method::Common => n.round(),
        Method::Ceil => n.ceil(),
        Method::Floor => n.floor(),
    }
}

/// Integers are rounded as integers: those of 64 bits are no floats.
fn to_power_of_ten(value: &Value, number: Number, digits: u32, method: Method) -> Result<Value, Fault> {
    let (Some(n), Some(unit)) = (number.as_integer(), 10i128.checked_pow(digits).filter(|_| digits < 38)) else {
        let unit = 10f64.powi(i32::try_from(digits).unwrap_or(308));
        return Ok(Value::Float(step(number.as_f64() / unit, method) * unit));
    };
    let down = n.div_euclid(unit);
    let rest = n.rem_euclid(unit);
    let up = match method {
        Method::Common if n < 0 => rest * 2 > unit,
        Method::Common => rest * 2 >= unit,
        Method::Ceil => rest > 0,
        Method::Floor => false,
    };
    let whole = (down + i128::from(up)).checked_mul(unit).and_then(Number::from_integer);
    whole.map(Value::number).ok_or_else(|| beyond(value))
}

fn beyond(value: &Value) -> Fault {
    Fault::failed(format!("the result for {} does not fit 64 bits", shown(value)))
}

fn abs(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    match arg::number(arg::at(args, 0))? {
        Number::Int(n) => Ok(Value::number(Number::Uint(n.unsigned_abs()))),
        Number::Uint(n) => Ok(Value::Uint(n)),
        Number::Float(n) => Ok(Value::Float(n.abs())),
    }
}

fn sqrt(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    let n = arg::number(value)?.as_f64();
    if n < 0.0 {
        return Err(Fault::failed(format!("{} is negative and has no square root", shown(value))));
    }
    Ok(Value::Float(n.sqrt()))
}

fn pow(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    ops::calculate(Arithmetic::Pow, arg::at(args, 0), arg::at(args, 1))
}

fn log(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    let n = arg::number(value)?.as_f64();
    let base = match args.get(1) {
        Some(base) => Some(arg::number(base)?.as_f64()),
        None => None,
    };
    if n <= 0.0 || base.is_some_and(|base| base <= 0.0 || base == 1.0) {
        return Err(Fault::failed(format!("{} has no logarithm to that base: only numbers above 0 have one", shown(value))));
    }
    // The special cases come out even where the quotient of two logarithms is off by one bit.
    Ok(Value::Float(match base {
        None => n.ln(),
        Some(2.0) => n.log2(),
        Some(10.0) => n.log10(),
        Some(base) => n.log(base),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn numbers_are_rounded_without_losing_integers() {
        check(&[
            ("round", "[2.5]", "3"),
            ("round", "[-2.5]", "-3"),
            ("round", "[9007199254740993]", "9007199254740993"),
            ("round", "[18446744073709551615, 2]", "18446744073709551615"),
            ("round", "[3.14159, 2]", "3.14"),
            ("round", r#"[3.14159, 2, "ceil"]"#, "3.15"),
            ("round", r#"[1250, -2]"#, "1300"),
            ("round", r#"[-1250, -2]"#, "-1300"),
            ("round", r#"[-1250, -2, "floor"]"#, "-1300"),
            ("round", r#"[1250.7, -2, "floor"]"#, "1200"),
            ("round", "[1e300, 10]", "1e+300"),
            ("round", r#"[1, 0, "up"]"#, "\"up\" is no method of rounding: `common`, `ceil` or `floor`"),
            ("floor", "[-0.5]", "-1"),
            ("ceil", "[0.1]", "1"),
        ]);
    }

    #[test]
    fn what_cannot_be_calculated_fails_with_its_value() {
        check(&[
            ("sqrt", "[-1]", "-1 is negative and has no square root"),
            ("log", "[0]", "0 has no logarithm to that base: only numbers above 0 have one"),
            ("log", "[8, 1]", "8 has no logarithm to that base: only numbers above 0 have one"),
            ("log", "[1000, 10]", "3"),
            ("abs", r#"["3"]"#, "\"3\" is a text, not a number: `| number` converts it"),
            ("abs", "[[3]]", "[3] is a list, not a number"),
            ("pow", "[2, 100]", "2 ** 100 does not fit 64 bits"),
            ("pow", "[2, null]", "missing"),
        ]);
        assert_eq!(call("abs", &[Value::Int(i64::MIN)]), Ok(Value::Uint(1 << 63)));
    }
}
