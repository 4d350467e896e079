//! One value of many: sums, averages, extremes, quantiles.
//!
//! Missing items are ignored everywhere, so an empty list and a list of missing items say the
//! same. Sums of integers are exact up to 64 bits and fail beyond.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::number::Number;
use crate::base::print::shown;
use crate::base::value::Value;
use crate::expr::fault::Fault;
use crate::expr::ops::{self, Arithmetic};
use std::cmp::Ordering;

pub const TABLE: &[Function] = &[
    function(
        "sum",
        &[needs("list"), takes("attribute")],
        sum,
        "The sum of the numbers, exact for integers; 0 for none. With `attribute`, of the values under that dotted key.",
        ("sum([1, 2.5])", "3.5"),
    ),
    function("avg", &[needs("list")], avg, "The average of the numbers; missing for none.", ("avg([1, 2, 6])", "3")),
    function(
        "median",
        &[needs("list")],
        median,
        "The middle number, or the average of the two in the middle; missing for none.",
        ("median([9, 1, 3])", "3"),
    ),
    function(
        "percentile",
        &[needs("list"), needs("p")],
        percentile,
        "The smallest of the numbers that `p` percent (0 to 100) of them do not exceed: always one of them; missing for none.",
        ("percentile([10, 20, 30, 40], 75)", "30"),
    ),
    function(
        "stddev",
        &[needs("list")],
        stddev,
        "The standard deviation of a sample (divided by n - 1); missing for less than two numbers.",
        ("stddev([2, 4, 6])", "2"),
    ),
    function("min", &[needs("list")], min, "The least item of a list, or of several arguments; missing for none.", ("min([3, 1, 2])", "1"))
        .variadic()
        .takes_missing(),
    function(
        "max",
        &[needs("list")],
        max,
        "The greatest item of a list, or of several arguments; missing for none.",
        ("max(3, 1, 2)", "3"),
    )
    .variadic()
    .takes_missing(),
    function("any", &[needs("list")], any, "True if any item is true.", ("any([false, 1 > 0])", "true")),
    function("all", &[needs("list")], all, "True if every item is true, and for an empty list.", ("all([true, 1 > 2])", "false")),
];

fn sum(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    match args.get(1) {
        None => total(items)?.sum(),
        Some(_) => {
            let key = arg::text(args, 1, cx)?;
            let values: Vec<_> = items.iter().map(|item| arg::dotted(item, &key)).collect();
            total(&values)?.sum()
        }
    }
}

/// The parts of a sum: integers apart from floats, since those stay exact.
#[derive(Default)]
struct Total {
    whole: i128,
    fractions: f64,
    exact: bool,
    n_terms: i64,
}

fn total(items: &[Value]) -> Result<Total, Fault> {
    let mut total = Total { exact: true, ..Total::default() };
    for item in items.iter().filter(|item| !item.is_missing()) {
        total.n_terms += 1;
        match arg::number(item)? {
            Number::Int(n) => total.whole += i128::from(n),
            Number::Uint(n) => total.whole += i128::from(n),
            Number::Float(n) => {
                total.exact = false;
                total.fractions += n;
            }
        }
    }
    Ok(total)
}

impl Total {
    fn sum(&self) -> Result<Value, Fault> {
        if !self.exact {
            return Ok(Value::Float(self.whole as f64 + self.fractions));
        }
        let sum = Number::from_integer(self.whole);
        sum.map(Value::number).ok_or_else(|| Fault::failed(format!("the sum {} does not fit 64 bits", self.whole)))
    }
}

fn avg(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let total = total(arg::list(args, 0, cx)?)?;
    let n_terms = i128::from(total.n_terms);
    Ok(match Number::from_integer(total.whole.checked_div(n_terms).unwrap_or(0)) {
        _ if n_terms == 0 => Value::Missing,
        Some(average) if total.exact && total.whole % n_terms == 0 => Value::number(average),
        _ => Value::Float((total.whole as f64 + total.fractions) / n_terms as f64),
    })
}

fn stddev(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let numbers: Vec<f64> = arg::list(args, 0, cx)?
        .iter()
        .filter(|item| !item.is_missing())
        .map(|item| arg::number(item).map(Number::as_f64))
        .collect::<Result<_, _>>()?;
    if numbers.len() < 2 {
        return Ok(Value::Missing);
    }
    let average = numbers.iter().sum::<f64>() / numbers.len() as f64;
    // From the average, not from the sum of squares, which drowns small differences of large numbers.
    let squares: f64 = numbers.iter().map(|n| (n - average).powi(2)).sum();
    Ok(Value::Float((squares / (numbers.len() - 1) as f64).sqrt()))
}

fn median(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let sorted = sorted_numbers(args, cx)?;
    let middle = sorted.len() / 2;
    match (middle.checked_sub(1).and_then(|n| sorted.get(n)), sorted.get(middle)) {
        (Some(low), Some(high)) if sorted.len() % 2 == 0 => {
            let both = ops::calculate(Arithmetic::Add, low, high)?;
            ops::calculate(Arithmetic::Div, &both, &Value::Int(2))
        }
        (_, middle) => Ok(middle.cloned().into()),
    }
}

/// The nearest rank: no interpolation, so that the answer was really measured.
fn percentile(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let percent = arg::number(arg::at(args, 1))?.as_f64();
    if !(0.0..=100.0).contains(&percent) {
        return Err(Fault::failed(format!("{} is no percentage: 0 to 100", shown(arg::at(args, 1)))));
    }
    let sorted = sorted_numbers(args, cx)?;
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    Ok(sorted.get(rank.saturating_sub(1)).cloned().into())
}

fn sorted_numbers(args: &[Value], cx: &Cx<'_>) -> Result<Vec<Value>, Fault> {
    let present = arg::list(args, 0, cx)?.iter().filter(|item| !item.is_missing());
    let numbers = present.map(|item| arg::number(item).map(Value::number)).collect::<Result<Vec<_>, _>>()?;
    super::sort::sorted(numbers, &|a, b| ops::compare(a, b), cx)
}

fn min(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    extreme(args, Ordering::Less, cx)
}

fn max(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    extreme(args, Ordering::Greater, cx)
}

fn extreme(args: &[Value], side: Ordering, cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = match args {
        [] | [Value::Missing] => return Ok(Value::Missing),
        [_] => arg::list(args, 0, cx)?,
        several => several,
    };
    cx.step(items.len())?;
    let mut best = &Value::Missing;
    for item in items.iter().filter(|item| !item.is_missing()) {
        if best.is_missing() || ops::compare(item, best)? == side {
            best = item;
        }
    }
    Ok(best.clone())
}

fn any(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    Ok(arg::list(args, 0, cx)?.iter().any(Value::is_true).into())
}

fn all(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    Ok(arg::list(args, 0, cx)?.iter().all(Value::is_true).into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn sums_are_exact_and_missing_items_are_ignored() {
        check(&[
            ("sum", "[[]]", "0"),
            ("sum", "[[9007199254740993, null, 1, true]]", "9007199254740995"),
            ("sum", "[[18446744073709551615, -1]]", "18446744073709551614"),
            ("sum", "[[18446744073709551615, 1]]", "the sum 18446744073709551616 does not fit 64 bits"),
            ("sum", r#"[[1, "2"]]"#, "\"2\" is a text, not a number: `| number` converts it"),
            ("sum", r#"[[{"a": {"b": 2}}, {}], "a.b"]"#, "2"),
            ("sum", "[{\"a\": 1}]", "{\"a\":1} is a map, not a list"),
            ("sum", "[null]", "missing"),
            ("avg", "[[1, 2]]", "1.5"),
            ("avg", "[[null]]", "missing"),
        ]);
    }

    #[test]
    fn quantiles_are_of_the_sorted_numbers() {
        check(&[
            ("median", "[[4, 1, 3, 2]]", "2.5"),
            ("median", "[[]]", "missing"),
            ("percentile", "[[5, 1, 4, 2, 3], 50]", "3"),
            ("percentile", "[[5, 1, null], 0]", "1"),
            ("percentile", "[[5, 1], 100]", "5"),
            ("percentile", "[[], 50]", "missing"),
            ("percentile", "[[1], 101]", "101 is no percentage: 0 to 100"),
        ]);
    }

    #[test]
    fn extremes_are_of_one_list_or_of_several_values() {
        check(&[
            ("min", r#"[["b", "a", null]]"#, "\"a\""),
            ("min", "[null, 3]", "3"),
            ("max", "[3, null, 4]", "4"),
            ("max", "[null]", "missing"),
            ("max", "[[]]", "missing"),
            ("max", r#"[[1, "a"]]"#, "\"a\" and 1 have no order: a text and a number"),
            ("max", "[3]", "3 is a number, not a list"),
            ("any", "[[0, \"\", null]]", "false"),
            ("all", "[[]]", "true"),
        ]);
    }
}
