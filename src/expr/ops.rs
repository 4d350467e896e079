//! The operators: exact on integers, strict between text and numbers.
//!
//! Python and Jinja answer `'30' > 2` and `'9' * 2`; here text and numbers never mix by accident,
//! and an integer never turns into a float that is off by one.

use super::fault::Fault;
use crate::base::decimal;
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::Value;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Ordering;

/// `==`: by value, numbers of any kind with each other, and a missing value equals nothing.
pub fn equal(a: &Value, b: &Value) -> bool {
    !a.is_missing() && !b.is_missing() && (a == b || bool_as_number(a, b))
}

fn bool_as_number(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(x), other) | (other, Value::Bool(x)) => other.as_number().is_some_and(|n| n == Number::Int((*x).into())),
        _ => false,
    }
}

/// The order of two values.
///
/// # Errors
/// Missing where one is missing; failed where they have no common order (text with number).
pub fn compare(a: &Value, b: &Value) -> Result<Ordering, Fault> {
    match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => Err(Fault::Missing),
        (Value::Text(x), Value::Text(y)) => Ok(x.cmp(y)),
        (Value::Time(x), Value::Time(y)) => Ok(x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => Ok(x.cmp(y)),
        (Value::List(x), Value::List(y)) => compare_lists(x, y),
        _ => match (number_like(a), number_like(b)) {
            (Some(x), Some(y)) => x.compare(y).ok_or_else(|| Fault::failed("NaN has no order")),
            _ => Err(Fault::failed(format!("{} and {} have no order: a {} and a {}", shown(a), shown(b), a.kind(), b.kind()))),
        },
    }
}

fn compare_lists(x: &[Value], y: &[Value]) -> Result<Ordering, Fault> {
    for (a, b) in x.iter().zip(y) {
        match compare(a, b)? {
            Ordering::Equal => {}
            other => return Ok(other),
        }
    }
    Ok(x.len().cmp(&y.len()))
}

/// Numbers, and booleans as 1 and 0.
fn number_like(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(b) => Some(Number::Int((*b).into())),
        other => other.as_number(),
    }
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: exact where it comes out even, else a float.
    Div,
    /// `//`: rounded down.
    FloorDiv,
    /// `%`: with the sign of the divisor's floor division.
    Rem,
    /// `**`
    Pow,
}

impl Arithmetic {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Sub => "-",
            Arithmetic::Mul => "*",
            Arithmetic::Div => "/",
            Arithmetic::FloorDiv => "//",
            Arithmetic::Rem => "%",
            Arithmetic::Pow => "**",
        }
    }
}

/// Calculates. `+` also joins two lists; times minus times are seconds, times plus and minus
/// numbers move by seconds.
///
/// # Errors
/// Missing where one is missing; failed for text, for division by zero, and where an integer
/// result needs more than 64 bits.
pub fn calculate(op: Arithmetic, a: &Value, b: &Value) -> Result<Value, Fault> {
    if a.is_missing() || b.is_missing() {
        return Err(Fault::Missing);
    }
    if let (Some(x), Some(y)) = (number_like(a), number_like(b)) {
        return numbers(op, x, y).ok_or_else(|| refused(op, a, b)).map(Value::number);
    }
    match (op, a, b) {
        (Arithmetic::Sub, Value::Time(x), Value::Time(y)) => Ok(Value::seconds(x.duration_since(*y).as_secs_f64())),
        (Arithmetic::Add, Value::Time(time), other) | (Arithmetic::Add, other, Value::Time(time)) => shift(op, *time, other, 1.0, a, b),
        (Arithmetic::Sub, Value::Time(time), other) => shift(op, *time, other, -1.0, a, b),
        (Arithmetic::Add, Value::List(x), Value::List(y)) => Ok(Value::list(x.iter().chain(y.iter()).cloned().collect())),
        _ => Err(refused(op, a, b)),
    }
}

fn shift(op: Arithmetic, time: Timestamp, by: &Value, sign: f64, a: &Value, b: &Value) -> Result<Value, Fault> {
    let seconds = by.as_number().map(|n| n.as_f64() * sign);
    let moved = seconds.and_then(|s| SignedDuration::try_from_secs_f64(s).ok()).and_then(|d| time.checked_add(d).ok());
    moved.map(Value::Time).ok_or_else(|| refused(op, a, b))
}

fn refused(op: Arithmetic, a: &Value, b: &Value) -> Fault {
    let zero = b.as_number().is_some_and(|n| n.as_f64() == 0.0);
    let texts = matches!(a, Value::Text(_)) || matches!(b, Value::Text(_));
    let why = match op {
        Arithmetic::Div | Arithmetic::FloorDiv | Arithmetic::Rem if zero => "divides by zero",
        _ if texts && op == Arithmetic::Add => "adds a text: join texts with `~`, make numbers of them with `| number`",
        _ if texts => "calculates with a text: `| number` converts it",
        _ if number_like(a).is_some() && number_like(b).is_some() => "does not fit 64 bits",
        _ => {
            return Fault::failed(format!(
                "{} {} {} cannot be calculated: a {} and a {}",
                shown(a),
                op.sign(),
                shown(b),
                a.kind(),
                b.kind()
            ));
        }
    };
    Fault::failed(format!("{} {} {} {why}", shown(a), op.sign(), shown(b)))
}

fn numbers(op: Arithmetic, a: Number, b: Number) -> Option<Number> {
    if let (Some(x), Some(y)) = (integer(a), integer(b)) {
        return integers(op, x, y);
    }
    floats(op, a.as_f64(), b.as_f64())
}

/// Only numbers that were integers: 3.0 stays a float, so that its results are floats.
fn integer(n: Number) -> Option<i128> {
    match n {
        Number::Int(n) => Some(n.into()),
        Number::Uint(n) => Some(n.into()),
        Number::Float(_) => None,
    }
}

fn integers(op: Arithmetic, x: i128, y: i128) -> Option<Number> {
    let exact = match op {
        Arithmetic::Add => x.checked_add(y),
        Arithmetic::Sub => x.checked_sub(y),
        Arithmetic::Mul => x.checked_mul(y),
        Arithmetic::Div if y != 0 && x % y == 0 => Some(x / y),
        Arithmetic::Div => return floats(op, x as f64, y as f64),
        Arithmetic::FloorDiv => floor_div(x, y),
        Arithmetic::Rem => floor_div(x, y).map(|q| x - q * y),
        Arithmetic::Pow => match u32::try_from(y) {
            Ok(y) => x.checked_pow(y),
            Err(_) => return floats(op, x as f64, y as f64),
        },
    };
    exact.and_then(Number::from_integer)
}

fn floor_div(x: i128, y: i128) -> Option<i128> {
    let quotient = x.checked_div(y)?;
    Some(if x % y != 0 && (x < 0) != (y < 0) { quotient - 1 } else { quotient })
}

fn floats(op: Arithmetic, x: f64, y: f64) -> Option<Number> {
    let divides = matches!(op, Arithmetic::Div | Arithmetic::FloorDiv | Arithmetic::Rem);
    if divides && y == 0.0 {
        return None;
    }
    Some(Number::Float(match op {
        Arithmetic::Add => x + y,
        Arithmetic::Sub => x - y,
        Arithmetic::Mul => decimal::product(x, y),
        Arithmetic::Div => x / y,
        Arithmetic::FloorDiv => (x / y).floor(),
        Arithmetic::Rem => x - (x / y).floor() * y,
        Arithmetic::Pow => x.powf(y),
    }))
}

/// A step of an evaluation pays for so many items of a list that `in` looks at.
pub const ITEMS_SEEN: usize = 16;

/// `a in b`: an item of a list, a key of a map, a part of a text.
///
/// # Errors
/// Failed where `b` is none of these. A missing `b` holds nothing.
pub fn contains(item: &Value, container: &Value) -> Result<bool, Fault> {
    match (item, container) {
        (Value::Missing, _) | (_, Value::Missing) => Ok(false),
        (_, Value::List(items)) => Ok(items.iter().any(|other| equal(item, other))),
        (Value::Text(part), Value::Text(whole)) => Ok(whole.contains(&**part)),
        (Value::Text(key), Value::Map(map)) => Ok(map.get(key).is_some()),
        (_, Value::Map(map)) => Ok(crate::base::print::text_of(item).is_some_and(|key| map.get(&key).is_some())),
        (_, Value::Lazy(lazy)) => contains(item, &lazy.materialize()),
        _ => Err(Fault::failed(format!("{} in {}: a {} holds nothing", shown(item), shown(container), container.kind()))),
    }
}

/// What a `value` of a metric makes of any value: numbers, text that is exactly one plain number,
/// booleans as 1 and 0, times as epoch seconds.
///
/// # Errors
/// Missing for a missing value; failed for anything that is no number.
pub fn as_measure(value: &Value) -> Result<Number, Fault> {
    match value {
        Value::Missing => Err(Fault::Missing),
        Value::Bool(b) => Ok(Number::Int((*b).into())),
        Value::Time(time) => Ok(Number::Float(crate::base::time::epoch_seconds(*time))),
        Value::Text(text) => Number::parse(text)
            .ok_or_else(|| Fault::failed(format!("{} is not a plain number: `| number` reads units and separators", shown(value)))),
        other => other.as_number().ok_or_else(|| Fault::failed(format!("{} is a {}, not a number", shown(other), other.kind()))),
    }
}
