//! Tests: what stands after `is`, and what `select` and its kin are told by name.
//!
//! All of them answer true or false for a missing value too, so that `is not` works at any depth.
//! The comparisons are those of the operators: text and numbers have no common order.

use super::arg;
use super::{Cx, Function, Param, find, find_test, function, needs};
use crate::base::number::Number;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops;
use std::cmp::Ordering;

const VALUE: &[Param] = &[needs("value")];
const TWO: &[Param] = &[needs("value"), needs("other")];

type Example = (&'static str, &'static str);
type Call = fn(&[Value], &Cx<'_>) -> Result<Value, Fault>;

const fn test(name: &'static str, params: &'static [Param], call: Call, doc: &'static str, example: Example) -> Function {
    function(name, params, call, doc, example).takes_missing()
}

pub const TABLE: &[Function] = &[
    test("defined", VALUE, |args, _| answer(!first(args).is_missing()), "True if the value is there.", ("1 is defined", "true")),
    test("undefined", VALUE, |args, _| answer(first(args).is_missing()), "True if the value is missing.", ("1 is undefined", "false")),
    test("none", VALUE, |args, _| answer(first(args).is_missing()), "True if the value is missing.", ("none is none", "true")),
    test("number", VALUE, |args, _| answer(first(args).as_number().is_some()), "True for a number.", ("'1' is number", "false")),
    test(
        "integer",
        VALUE,
        |args, _| answer(matches!(first(args), Value::Int(_) | Value::Uint(_))),
        "True for an integer.",
        ("1.5 is integer", "false"),
    ),
    test(
        "float",
        VALUE,
        |args, _| answer(matches!(first(args), Value::Float(_))),
        "True for a number that is no integer of 64 bits.",
        ("1.5 is float", "true"),
    ),
    test("string", VALUE, |args, _| answer(first(args).as_text().is_some()), "True for a text.", ("'a' is string", "true")),
    test("mapping", VALUE, |args, _| answer(matches!(first(args), Value::Map(_))), "True for a map.", ("{} is mapping", "true")),
    test("sequence", VALUE, |args, _| answer(first(args).as_list().is_some()), "True for a list.", ("[] is sequence", "true")),
    test(
        "iterable",
        VALUE,
        |args, _| answer(matches!(first(args), Value::List(_) | Value::Map(_))),
        "True for a list or a map.",
        ("'abc' is iterable", "false"),
    ),
    test(
        "boolean",
        VALUE,
        |args, _| answer(matches!(first(args), Value::Bool(_))),
        "True for `true` and `false`.",
        ("1 is boolean", "false"),
    ),
    test("true", VALUE, |args, _| answer(matches!(first(args), Value::Bool(true))), "True for `true` alone.", ("1 is true", "false")),
    test(
        "false",
        VALUE,
        |args, _| answer(matches!(first(args), Value::Bool(false))),
        "True for `false` alone.",
        ("false is false", "true"),
    ),
    test(
        "time",
        VALUE,
        |args, _| answer(matches!(first(args), Value::Time(_))),
        "True for a time.",
        ("parse_time(0, 'epoch') is time", "true"),
    ),
    test("odd", VALUE, |args, _| divided(args, 2, |rest| rest == 1), "True for an odd integer.", ("3 is odd", "true")),
    test("even", VALUE, |args, _| divided(args, 2, |rest| rest == 0), "True for an even integer.", ("3 is even", "false")),
    test("divisibleby", &[needs("value"), needs("n")], divisible_by, "True for a multiple of `n`.", ("6 is divisibleby(3)", "true")),
    test(
        "lower",
        VALUE,
        |args, _| answer(is_case(first(args), char::is_uppercase)),
        "True for a text without capitals.",
        ("'ab' is lower", "true"),
    ),
    test(
        "upper",
        VALUE,
        |args, _| answer(is_case(first(args), char::is_lowercase)),
        "True for a text without small letters.",
        ("'aB' is upper", "false"),
    ),
    test(
        "startingwith",
        &[needs("value"), needs("start")],
        |args, cx| of_texts(args, cx, |text, start| text.starts_with(start)),
        "True for a text with that beginning.",
        ("'disk.sda' is startingwith('disk.')", "true"),
    ),
    test(
        "endingwith",
        &[needs("value"), needs("end")],
        |args, cx| of_texts(args, cx, |text, end| text.ends_with(end)),
        "True for a text with that end.",
        ("'a.log' is endingwith('.log')", "true"),
    ),
    test(
        "containing",
        &[needs("value"), needs("item")],
        |args, cx| of_pair(args, |value, item| held(item, value, cx)),
        "True for a list with that item, a map with that key, a text with that part.",
        ("[1, 2] is containing(2)", "true"),
    ),
    test(
        "in",
        &[needs("value"), needs("container")],
        |args, cx| of_pair(args, |item, container| held(item, container, cx)),
        "True for an item of a list, a key of a map, a part of a text.",
        ("[1, 2, 3] | select('in', [2, 3])", "[2,3]"),
    ),
    EQUAL,
    EQUAL.also("equalto", ("1 is equalto(2)", "false")),
    EQUAL.also("==", ("[1, 2] | select('==', 2)", "[2]")),
    test("sameas", TWO, same_as, "True for an equal value of the same kind.", ("1 is sameas(true)", "false")),
    NOT_EQUAL,
    NOT_EQUAL.also("!=", ("[1, 2] | select('!=', 2)", "[1]")),
    LESS,
    LESS.also("lessthan", ("1 is lessthan(2)", "true")),
    LESS.also("<", ("[1, 2] | select('<', 2)", "[1]")),
    AT_MOST,
    AT_MOST.also("<=", ("[1, 2] | select('<=', 1)", "[1]")),
    GREATER,
    GREATER.also("greaterthan", ("1 is greaterthan(2)", "false")),
    GREATER.also(">", ("[1, 2] | select('>', 1)", "[2]")),
    AT_LEAST,
    AT_LEAST.also(">=", ("[1, 2] | select('>=', 2)", "[2]")),
    ESCAPED,
    ESCAPED.also("escaped", ("'a' is escaped", "false")),
    test(
        "filter",
        VALUE,
        |args, _| answer(first(args).as_text().is_some_and(|name| find(name).is_some())),
        "True for the name of a filter.",
        ("'upper' is filter", "true"),
    ),
    test(
        "test",
        VALUE,
        |args, _| answer(first(args).as_text().is_some_and(|name| find_test(name).is_some())),
        "True for the name of a test.",
        ("'odd' is test", "true"),
    ),
];

const EQUAL: Function =
    test("eq", TWO, |args, _| of_pair(args, |a, b| Ok(ops::equal(a, b))), "True if both are equal, as `==`.", ("1 is eq(1.0)", "true"));
/// As the operator: a missing value equals nothing, so this holds for it.
const NOT_EQUAL: Function = test(
    "ne",
    TWO,
    |args, _| answer(!ops::equal(first(args), arg::at(args, 1))),
    "True if both are not equal, as `!=`.",
    ("1 is ne('1')", "true"),
);
const LESS: Function =
    test("lt", TWO, |args, _| ordered(args, Ordering::is_lt), "True if the value is below the other, as `<`.", ("1 is lt(2)", "true"));
const AT_MOST: Function =
    test("le", TWO, |args, _| ordered(args, Ordering::is_le), "True if the value is at most the other, as `<=`.", ("2 is le(2)", "true"));
const GREATER: Function =
    test("gt", TWO, |args, _| ordered(args, Ordering::is_gt), "True if the value is above the other, as `>`.", ("1 is gt(2)", "false"));
const AT_LEAST: Function =
    test("ge", TWO, |args, _| ordered(args, Ordering::is_ge), "True if the value is at least the other, as `>=`.", ("2 is ge(2)", "true"));
const ESCAPED: Function = test("safe", VALUE, |_, _| answer(false), "Never true: nothing is ever escaped.", ("'a' is safe", "false"));

fn first(args: &[Value]) -> &Value {
    arg::at(args, 0)
}

fn answer(holds: bool) -> Result<Value, Fault> {
    Ok(Value::Bool(holds))
}

/// A question about two values, which is answered with no if one is missing.
fn of_pair(args: &[Value], holds: impl Fn(&Value, &Value) -> Result<bool, Fault>) -> Result<Value, Fault> {
    match (first(args), arg::at(args, 1)) {
        (Value::Missing, _) | (_, Value::Missing) => answer(false),
        (a, b) => answer(holds(a, b)?),
    }
}

/// A long list is looked through item by item, and this is paid for.
fn held(item: &Value, container: &Value, cx: &Cx<'_>) -> Result<bool, Fault> {
    if let Value::List(items) = container {
        cx.step(items.len() / ops::ITEMS_SEEN)?;
    }
    ops::contains(item, container)
}

fn ordered(args: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, Fault> {
    of_pair(args, |a, b| ops::compare(a, b).map(holds))
}

fn same_as(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    of_pair(args, |a, b| Ok(a.kind() == b.kind() && ops::equal(a, b)))
}

fn of_texts(args: &[Value], cx: &Cx<'_>, holds: fn(&str, &str) -> bool) -> Result<Value, Fault> {
    of_pair(args, |_, _| Ok(holds(&arg::text(args, 0, cx)?, &arg::text(args, 1, cx)?)))
}

fn divisible_by(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    match arg::at(args, 1) {
        Value::Missing => answer(false),
        by => match arg::integer(by)? {
            0 => Err(Fault::failed("nothing is divisible by 0")),
            by => divided(args, by, |rest| rest == 0),
        },
    }
}

fn divided(args: &[Value], by: i64, holds: fn(i128) -> bool) -> Result<Value, Fault> {
    if first(args).is_missing() {
        return answer(false);
    }
    let number = arg::number(first(args))?;
    answer(Number::as_integer(number).is_some_and(|n| holds(n.rem_euclid(by.into()))))
}

fn is_case(value: &Value, wrong: fn(char) -> bool) -> bool {
    value.as_text().is_some_and(|text| text.chars().any(char::is_alphabetic) && !text.chars().any(wrong))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call_test, check_tests};
    use super::*;

    #[test]
    fn a_missing_value_passes_only_the_tests_that_ask_for_it() {
        let holds: Vec<_> =
            TABLE.iter().filter(|test| call_test(test.name, &[Value::Missing, 1i64.into()]) == Ok(Value::Bool(true))).collect();
        let names: Vec<_> = holds.iter().map(|test| test.name).collect();
        assert_eq!(names, ["undefined", "none", "ne", "!="]);
        assert!(TABLE.iter().all(|test| call_test(test.name, &[Value::Missing, 1i64.into()]).is_ok()));
    }

    #[test]
    fn kinds_are_told_apart() {
        check_tests(&[
            ("integer", "[18446744073709551615]", "true"),
            ("boolean", "[false]", "true"),
            ("mapping", "[{}]", "true"),
            ("string", "[1]", "false"),
            ("odd", "[-3]", "true"),
            ("even", "[2.5]", "false"),
            ("divisibleby", "[6, 0]", "nothing is divisible by 0"),
            ("escaped", "[\"a\"]", "false"),
        ]);
    }

    #[test]
    fn comparisons_are_strict() {
        check_tests(&[
            ("eq", r#"[1, "1"]"#, "false"),
            ("eq", "[1, true]", "true"),
            ("sameas", "[1, true]", "false"),
            ("<", r#"["30", 2]"#, "\"30\" and 2 have no order: a text and a number"),
            (">=", "[2, 2.0]", "true"),
            ("in", r#"["b", {"b": null}]"#, "true"),
            ("in", "[1, 2]", "1 in 2: a number holds nothing"),
            ("containing", r#"["abc", "b"]"#, "true"),
            ("startingwith", "[123, 12]", "true"),
        ]);
    }
}
