//! Lists: ends, order, nesting, and lists seen as sets.
//!
//! `length`, `first`, `last`, `reverse` and `list` take texts too, character by character.

use super::arg;
use super::group::{Identity, identity};
use super::{Cx, Function, function, needs, takes};
use crate::base::limits;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use std::collections::HashSet;

pub const TABLE: &[Function] = &[
    LENGTH,
    LENGTH.also("count", ("[1, 2, 3] | count", "3")),
    function(
        "first",
        &[needs("list")],
        first,
        "The first item of a list or character of a text; missing where there is none.",
        ("first([3, 1])", "3"),
    ),
    function(
        "last",
        &[needs("list")],
        last,
        "The last item of a list or character of a text; missing where there is none.",
        ("last([3, 1])", "1"),
    ),
    function(
        "reverse",
        &[needs("list")],
        reverse,
        "The items of a list or characters of a text from the end.",
        ("[1, 2] | reverse", "[2,1]"),
    ),
    function(
        "list",
        &[needs("value")],
        list,
        "A list as it is, the keys of a map, the characters of a text.",
        ("{'a': 1} | list", "[\"a\"]"),
    ),
    function(
        "flatten",
        &[needs("list"), takes("depth")],
        flatten,
        "Puts the items of inner lists in the place of those lists, one level deep or `depth` levels.",
        ("[[1, [2]], 3] | flatten", "[1,[2],3]"),
    ),
    function(
        "zip",
        &[needs("list")],
        zip,
        "Lists side by side, as long as the shortest.",
        ("zip([1, 2], ['a', 'b'])", "[[1,\"a\"],[2,\"b\"]]"),
    )
    .variadic(),
    function("chain", &[needs("list")], chain, "Lists one after the other.", ("chain([1], [2, 3])", "[1,2,3]")).variadic(),
    function(
        "range",
        &[needs("start"), takes("stop"), takes("step")],
        range,
        "The integers from `start` up to `stop`, without it; with one argument from 0 up to that.",
        ("range(1, 4)", "[1,2,3]"),
    ),
    function(
        "batch",
        &[needs("list"), needs("count"), takes("fill")],
        batch,
        "The items in lists of `count`; the last one is filled up with `fill` where that is given.",
        ("[1, 2, 3] | batch(2)", "[[1,2],[3]]"),
    ),
    function(
        "slice",
        &[needs("list"), needs("count"), takes("fill")],
        slice,
        "The items in `count` lists of nearly the same length; shorter ones are filled up with `fill` where that is given.",
        ("[1, 2, 3] | slice(2)", "[[1,2],[3]]"),
    ),
    function(
        "difference",
        &[needs("list"), needs("other")],
        difference,
        "The items that are not in the other list.",
        ("difference([1, 2, 3], [2])", "[1,3]"),
    ),
    function(
        "intersect",
        &[needs("list"), needs("other")],
        intersect,
        "The items that are in the other list too.",
        ("intersect([1, 2, 3], [2])", "[2]"),
    ),
    function("union", &[needs("list"), needs("other")], union, "The items of both lists, each once.", ("union([1, 2], [2, 3])", "[1,2,3]")),
];

const LENGTH: Function =
    function("length", &[needs("value")], length, "How many items a list, keys a map, characters a text has.", ("'größe' | length", "5"));

fn length(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    Ok(match arg::at(args, 0) {
        Value::List(items) => items.len().into(),
        Value::Map(map) => map.len().into(),
        Value::Text(_) => arg::text(args, 0, cx)?.chars().count().into(),
        other => return Err(arg::wanted("a list, map or text", other)),
    })
}

fn first(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    Ok(match arg::at(args, 0) {
        Value::List(items) => items.first().cloned().into(),
        Value::Text(text) => text.chars().next().map(|c| c.to_string().into()).into(),
        other => return Err(arg::wanted("a list", other)),
    })
}

fn last(args: &[Value], _: &Cx<'_>) -> Result<Value, Fault> {
    Ok(match arg::at(args, 0) {
        Value::List(items) => items.last().cloned().into(),
        Value::Text(text) => text.chars().next_back().map(|c| c.to_string().into()).into(),
        other => return Err(arg::wanted("a list", other)),
    })
}

fn reverse(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    match arg::at(args, 0) {
        Value::Text(_) => arg::answer(arg::text(args, 0, cx)?.chars().rev().collect::<String>()),
        _ => Ok(Value::list(arg::list(args, 0, cx)?.iter().rev().cloned().collect())),
    }
}

fn list(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    match arg::at(args, 0) {
        Value::Map(_) => Ok(Value::list(arg::map(args, 0, cx)?.keys().cloned().map(Value::Text).collect())),
        Value::Text(text) => {
            cx.step(text.len())?;
            Ok(Value::list(text.chars().map(|c| c.to_string().into()).collect()))
        }
        _ => Ok(Value::List(arg::list(args, 0, cx)?.clone())),
    }
}

fn flatten(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let depth = arg::count_or(args, 1, 1)?;
    let mut out = Vec::new();
    flatten_into(&mut out, arg::list(args, 0, cx)?, depth.min(limits::DEPTH), cx)?;
    Ok(Value::list(out))
}

fn flatten_into(out: &mut Vec<Value>, items: &[Value], depth: usize, cx: &Cx<'_>) -> Result<(), Fault> {
    cx.step(items.len())?;
    for item in items {
        match item {
            Value::List(inner) if depth > 0 => flatten_into(out, inner, depth - 1, cx)?,
            other => out.push(other.clone()),
        }
    }
    Ok(())
}

fn zip(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let lists = (0..args.len()).map(|place| arg::list(args, place, cx)).collect::<Result<Vec<_>, _>>()?;
    let shortest = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let side_by_side = |n| Value::list(lists.iter().filter_map(|list| list.get(n)).cloned().collect());
    Ok(Value::list((0..shortest).map(side_by_side).collect()))
}

fn chain(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let lists = (0..args.len()).map(|place| arg::list(args, place, cx)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::list(lists.into_iter().flat_map(|list| list.iter().cloned()).collect()))
}

fn range(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (start, stop) = match args.get(1) {
        None => (0, arg::integer(arg::at(args, 0))?),
        // `range(3, step=2)`, where the second is not given either.
        Some(Value::Missing) if args.len() > 2 => (0, arg::integer(arg::at(args, 0))?),
        Some(stop) => (arg::integer(arg::at(args, 0))?, arg::integer(stop)?),
    };
    let step = match arg::integer_or(args, 2, 1)? {
        0 => return Err(Fault::failed("a range with step 0 has no end")),
        step => step,
    };
    let distance = (i128::from(stop) - i128::from(start)) * i128::from(step.signum());
    let n_items = (distance.max(0) as u128).div_ceil(u128::from(step.unsigned_abs()));
    if n_items > limits::RANGE_ITEMS.unsigned_abs().into() {
        return Err(Fault::failed(format!("a range of {n_items} items is longer than {}", limits::RANGE_ITEMS)));
    }
    cx.step(n_items as usize)?;
    let next = |n: &i64| n.checked_add(step);
    Ok(Value::list(std::iter::successors(Some(start), next).take(n_items as usize).map(Value::Int).collect()))
}

fn batch(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    let size = arg::count(arg::at(args, 1), 1)?;
    let batches = items.chunks(size).map(|batch| filled(batch, size, args.get(2), cx));
    batches.collect::<Result<Vec<_>, _>>().map(Value::list)
}

fn slice(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut rest = arg::list(args, 0, cx)?.as_slice();
    let n_slices = arg::count(arg::at(args, 1), 1)?;
    cx.step(n_slices)?;
    let longest = rest.len().div_ceil(n_slices);
    let (least, n_longer) = (rest.len() / n_slices, rest.len() % n_slices);
    let mut out = Vec::new();
    for n in 0..n_slices {
        let (slice, after) = rest.split_at_checked(least + usize::from(n < n_longer)).unwrap_or((rest, &[]));
        out.push(filled(slice, longest, args.get(2), cx)?);
        rest = after;
    }
    Ok(Value::list(out))
}

fn filled(items: &[Value], size: usize, fill: Option<&Value>, cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut items = items.to_vec();
    if let Some(fill) = fill {
        cx.step(size)?;
        items.resize(size.max(items.len()), fill.clone());
    }
    Ok(Value::list(items))
}

fn difference(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let others = set(args, 1, cx)?;
    keep(args, cx, |item| !others.contains(&item))
}

fn intersect(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let others = set(args, 1, cx)?;
    keep(args, cx, |item| others.contains(&item))
}

fn set(args: &[Value], place: usize, cx: &Cx<'_>) -> Result<HashSet<Identity>, Fault> {
    Ok(arg::list(args, place, cx)?.iter().map(identity).collect())
}

/// Missing items are in no list.
fn keep(args: &[Value], cx: &Cx<'_>, wanted: impl Fn(Identity) -> bool) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?.iter();
    Ok(Value::list(items.filter(|item| !item.is_missing() && wanted(identity(item))).cloned().collect()))
}

fn union(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (a, b) = (arg::list(args, 0, cx)?, arg::list(args, 1, cx)?);
    let mut seen = HashSet::new();
    let items = a.iter().chain(b.iter());
    Ok(Value::list(items.filter(|item| !item.is_missing() && seen.insert(identity(item))).cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn lists_and_texts_have_ends_and_lengths() {
        check(&[
            ("length", r#"["äß"]"#, "2"),
            ("count", r#"[{"a": 1}]"#, "1"),
            ("count", "[5]", "5 is a number, not a list, map or text"),
            ("first", "[[]]", "missing"),
            ("last", r#"["äß"]"#, r#""ß""#),
            ("reverse", r#"["aß"]"#, r#""ßa""#),
            ("list", r#"["ab"]"#, r#"["a","b"]"#),
        ]);
    }

    #[test]
    fn lists_are_nested_and_unnested() {
        check(&[
            ("flatten", "[[1, [2, [3]]], 2]", "[1,2,3]"),
            ("flatten", "[[[1, [2]]], 0]", "[[1,[2]]]"),
            ("zip", "[[1, 2], [3], [4, 5]]", "[[1,3,4]]"),
            ("batch", "[[1, 2, 3], 2, 0]", "[[1,2],[3,0]]"),
            ("batch", "[[1], 0]", "0 is below 1"),
            ("slice", "[[1, 2, 3, 4, 5], 3]", "[[1,2],[3,4],[5]]"),
            ("slice", "[[1, 2, 3, 4, 5], 3, 0]", "[[1,2],[3,4],[5,0]]"),
        ]);
    }

    #[test]
    fn ranges_have_a_limit_and_an_end() {
        check(&[
            ("range", "[3]", "[0,1,2]"),
            ("range", "[5, 0, -2]", "[5,3,1]"),
            ("range", "[5, null, 2]", "[0,2,4]"),
            ("range", "[3, 1]", "[]"),
            ("range", "[0, 1, 0]", "a range with step 0 has no end"),
            ("range", "[9223372036854775807, -9223372036854775807]", "[]"),
            ("range", "[1000000]", "a range of 1000000 items is longer than 100000"),
        ]);
    }

    #[test]
    fn lists_are_sets_of_values_in_which_missing_is_in_none() {
        check(&[
            ("difference", r#"[["a", null, "A", 1], ["A", 1.0, null]]"#, r#"["a"]"#),
            ("difference", "[[1], null]", "missing"),
            ("intersect", r#"[["a", null, 1], [1.0, null, true]]"#, "[1]"),
            ("union", r#"[[1, 2, 1], [2.0, [3]]]"#, "[1,2,[3]]"),
        ]);
    }
}
