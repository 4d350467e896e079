//! From one kind of value to another: defaults, JSON, plain numbers, truth.
//!
//! `int` and `float` read exactly one plain number; units and separators are the business of
//! `number`, and what is neither fails unless a default is given.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::{shown, to_json};
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops;

pub const TABLE: &[Function] = &[
    DEFAULT,
    DEFAULT.also("d", ("none | d(5)", "5")),
    JSON,
    JSON.also("tojson", ("[1, 'a'] | tojson", "\"[1,\\\"a\\\"]\"")),
    function(
        "int",
        &[needs("value"), takes("default"), takes("base")],
        int,
        "A number, or a text that is exactly one plain number, without its fraction; what is neither or needs more than 64 bits is the default, or fails. A text of digits to another `base` (2 to 36) may begin with `0x`, `0o` or `0b`.",
        ("['12.9' | int, '1f' | int(base=16), '0755' | int(base=8)]", "[12,31,493]"),
    ),
    function(
        "float",
        &[needs("value"), takes("default")],
        float,
        "A number, or a text that is exactly one plain number, as a float; what is neither is the default, or fails.",
        ("'1.5e3' | float", "1500"),
    ),
    function(
        "bool",
        &[needs("value")],
        bool,
        "Whether the value is true: not false, zero, or empty. Any text with letters is, `'false'` too.",
        ("'' | bool", "false"),
    ),
];

const DEFAULT: Function = function(
    "default",
    &[needs("value"), needs("default_value"), takes("boolean")],
    default,
    "The value, or the other one where it is missing; with `boolean=true` where it is not true.",
    ("none | default('-')", "\"-\""),
)
.takes_missing();

const JSON: Function = function(
    "json",
    &[needs("value")],
    json,
    "The value as JSON, missing as `null`.",
    ("json({'a': [1, true]})", "\"{\\\"a\\\":[1,true]}\""),
)
.takes_missing();

fn default(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    let kept = if arg::flag(args, 2) { value.is_true() } else { !value.is_missing() };
    Ok(if kept { value } else { arg::at(args, 1) }.clone())
}

fn json(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = to_json(arg::at(args, 0)).to_string();
    cx.step(text.len() / 64)?;
    arg::answer(text)
}

fn int(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    let base = arg::integer_or(args, 2, 10)?;
    let radix = u32::try_from(base).ok().filter(|base| (2..=36).contains(base));
    let radix = radix.ok_or_else(|| Fault::failed(format!("{base} is no base: 2 to 36")))?;
    if let (Value::Text(text), true) = (arg::at(args, 0), radix != 10) {
        return match (Number::with_base(text.trim(), radix), arg::at(args, 1)) {
            (Some(number), _) => Ok(Value::number(number)),
            (None, Value::Missing) => Err(Fault::failed(format!("{} has other digits than those to base {base}", shown(arg::at(args, 0))))),
            (None, default) => Ok(default.clone()),
        };
    }
    let whole = |number: Number| match number {
        Number::Float(n) => Number::Float(n.trunc()).as_integer().and_then(Number::from_integer),
        exact => Some(exact),
    };
    read(args, whole, "no plain number of 64 bits")
}

fn float(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    read(args, |number| Some(Number::Float(number.as_f64())), "no plain number")
}

fn read(args: &[Value], convert: impl Fn(Number) -> Option<Number>, what: &str) -> Result<Value, Fault> {
    let value = arg::at(args, 0);
    if let Some(number) = ops::as_measure(value).ok().and_then(convert) {
        return Ok(Value::number(number));
    }
    match arg::at(args, 1) {
        Value::Missing => Err(Fault::failed(format!("{} is {what}", shown(value)))),
        default => Ok(default.clone()),
    }
}

fn bool(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    Ok(arg::at(args, 0).is_true().into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn only_plain_numbers_convert() {
        check(&[
            ("int", r#"["-3.9"]"#, "-3"),
            ("int", r#"["18446744073709551615"]"#, "18446744073709551615"),
            ("int", "[1e30]", "1e30 is no plain number of 64 bits"),
            ("int", r#"["5s"]"#, "\"5s\" is no plain number of 64 bits"),
            ("int", r#"["5s", 0]"#, "0"),
            ("int", "[true]", "1"),
            ("int", r#"["-0xff", null, 16]"#, "-255"),
            ("int", r#"["FFFFFFFFFFFFFFFF", null, 16]"#, "18446744073709551615"),
            ("int", r#"["12", null, 2]"#, "\"12\" has other digits than those to base 2"),
            ("int", r#"["12", 0, 2]"#, "0"),
            ("int", r#"["12", 0, 1]"#, "1 is no base: 2 to 36"),
            ("int", "[[1]]", "[1] is no plain number of 64 bits"),
            ("int", "[null, 1]", "missing"),
            ("float", r#"["x", "y"]"#, r#""y""#),
        ]);
        assert!(matches!(call("float", &[Value::Int(3)]), Ok(Value::Float(_))));
    }

    #[test]
    fn defaults_stand_for_what_is_missing() {
        check(&[
            ("default", "[null, 1]", "1"),
            ("default", r#"["", 1]"#, r#""""#),
            ("default", r#"["", 1, true]"#, "1"),
            ("default", "[null, null]", "missing"),
            ("json", "[null]", r#""null""#),
            ("bool", r#"["false"]"#, "true"),
        ]);
    }
}
