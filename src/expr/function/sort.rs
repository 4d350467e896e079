//! Sorting: by code point, stable, and only values that have an order.
//!
//! The sort is written here because an order may fail in the middle (a text among numbers), which
//! the one of the standard library cannot say.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::print::shown;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use crate::expr::ops;
use std::cmp::Ordering;

pub const TABLE: &[Function] = &[
    function(
        "sort",
        &[needs("list"), takes("reverse"), takes("attribute")],
        sort,
        "The items in order, equal ones as they came; what is missing goes last. With `attribute`, by the values under that dotted key, or under each of a list of keys in turn; a `-` before a key turns its order around.",
        ("[{'n': 'a', 's': 1}, {'n': 'b', 's': 9}, {'n': 'c', 's': 9}] | sort(attribute=['-s', 'n']) | pluck('n')", "[\"b\",\"c\",\"a\"]"),
    ),
    function(
        "dictsort",
        &[needs("map"), takes("by"), takes("reverse")],
        dictsort,
        "The pairs of a map in the order of their keys, or of their values with `by='value'`.",
        ("{'b': 1, 'a': 2} | dictsort", "[[\"a\",2],[\"b\",1]]"),
    ),
];

/// A step pays for so many comparisons: a list of 100,000 takes 17 of them for each item, and still
/// leaves most of an evaluation's steps for what is done with it.
const COMPARISONS: usize = 8;

/// Merge sort over an order that may fail.
pub fn sorted<T>(mut items: Vec<T>, order: &impl Fn(&T, &T) -> Result<Ordering, Fault>, cx: &Cx<'_>) -> Result<Vec<T>, Fault> {
    if items.len() < 2 {
        return Ok(items);
    }
    cx.step(items.len().div_ceil(COMPARISONS))?;
    let right = sorted(items.split_off(items.len() / 2), order, cx)?;
    let left = sorted(items, order, cx)?;
    merge(left, right, order)
}

fn merge<T>(left: Vec<T>, right: Vec<T>, order: &impl Fn(&T, &T) -> Result<Ordering, Fault>) -> Result<Vec<T>, Fault> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from_right = order(a, b)? == Ordering::Greater;
        out.extend(if from_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}

fn sort(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    let reverse = arg::flag(args, 1);
    let keys: Vec<(Text, bool)> = match arg::at(args, 2) {
        Value::Missing => Vec::new(),
        _ => arg::texts(args, 2, cx)?.iter().map(|key| direction(key, reverse)).collect(),
    };
    if keys.is_empty() {
        let sorted = sorted(items.to_vec(), &|a: &Value, b: &Value| order(a, b, reverse), cx)?;
        return Ok(Value::list(sorted));
    }
    let keyed = items.iter().map(|item| (keys.iter().map(|(key, _)| arg::dotted(item, key)).collect::<Vec<_>>(), item.clone()));
    let by_keys = |a: &(Vec<Value>, Value), b: &(Vec<Value>, Value)| {
        for ((a, b), (_, reverse)) in a.0.iter().zip(&b.0).zip(&keys) {
            match order(a, b, *reverse)? {
                Ordering::Equal => {}
                other => return Ok(other),
            }
        }
        Ok(Ordering::Equal)
    };
    Ok(Value::list(sorted(keyed.collect(), &by_keys, cx)?.into_iter().map(|(_, item)| item).collect()))
}

/// A key, and whether its order is turned around.
fn direction(key: &Text, reverse: bool) -> (Text, bool) {
    match key.strip_prefix('-') {
        Some(rest) => (rest.into(), !reverse),
        None => (key.clone(), reverse),
    }
}

/// Missing values go last in either direction.
fn order(a: &Value, b: &Value, reverse: bool) -> Result<Ordering, Fault> {
    match (a.is_missing(), b.is_missing()) {
        (false, false) if reverse => ops::compare(a, b).map(Ordering::reverse),
        (false, false) => ops::compare(a, b),
        (a, b) => Ok(a.cmp(&b)),
    }
}

fn dictsort(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let by_value = match &*arg::text_or(args, 1, "key", cx)? {
        "key" => false,
        "value" => true,
        other => return Err(Fault::failed(format!("{} is neither `key` nor `value`", shown(&other.into())))),
    };
    let reverse = arg::flag(args, 2);
    let pairs = arg::map(args, 0, cx)?.iter().map(|(k, v)| (Value::Text(k.clone()), v.clone())).collect();
    let by = |pair: &(Value, Value)| if by_value { pair.1.clone() } else { pair.0.clone() };
    let sorted = sorted(pairs, &|a, b| order(&by(a), &by(b), reverse), cx)?;
    Ok(Value::list(sorted.into_iter().map(|(k, v)| Value::list(vec![k, v])).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check};
    use super::*;

    #[test]
    fn items_sort_by_code_point_with_missing_ones_last() {
        check(&[
            ("sort", r#"[["b", null, "Z", "a"]]"#, r#"["Z","a","b",null]"#),
            ("sort", r#"[["b", null, "a"], true]"#, r#"["b","a",null]"#),
            ("sort", "[[10, 9.5, -1]]", "[-1,9.5,10]"),
            (
                "sort",
                r#"[[{"n": 2, "k": 1}, {"k": 2}, {"n": 1, "k": 3}, {"n": 2, "k": 4}], false, "n"]"#,
                r#"[{"n":1,"k":3},{"n":2,"k":1},{"n":2,"k":4},{"k":2}]"#,
            ),
            (
                "sort",
                r#"[[{"n": 1, "k": 1}, {"n": 2, "k": 2}, {"n": 1, "k": 3}], true, "n"]"#,
                r#"[{"n":2,"k":2},{"n":1,"k":1},{"n":1,"k":3}]"#,
            ),
            ("dictsort", r#"[{"b": 1, "a": 2}, "value", true]"#, r#"[["a",2],["b",1]]"#),
            ("dictsort", r#"[{}, "size"]"#, "\"size\" is neither `key` nor `value`"),
        ]);
    }

    #[test]
    fn items_without_a_common_order_fail() {
        check(&[("sort", r#"[[1, "a"]]"#, "1 and \"a\" have no order: a number and a text")]);
        assert!(call("sort", &[Value::list(vec![Value::Float(f64::NAN), Value::Int(1)])]).is_err());
    }

    #[test]
    fn a_long_list_sorts_as_the_standard_library_sorts_it() {
        let mut numbers: Vec<i64> = (0..1000).map(|n| n * 7919 % 1009).collect();
        let given = Value::list(numbers.iter().map(|n| Value::Int(*n)).collect());
        numbers.sort_unstable();
        let expected = Value::list(numbers.into_iter().map(Value::Int).collect());
        assert_eq!(call("sort", &[given]), Ok(expected));
    }
}
