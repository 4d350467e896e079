//! Filters and tests applied to every item: map, select, reject.
//!
//! The filter or test is named by a text, so a slip in it shows only when it runs; the failure
//! then names the nearest one.

use super::arg;
use super::{Cx, Function, apply, find, find_test, function, names, needs, takes, test_names};
use crate::base::print::shown;
use crate::base::suggest::nearest;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[
    function(
        "map",
        &[needs("list"), takes("filter"), takes("attribute"), takes("default")],
        map,
        "A filter applied to every item, with the further values as its arguments; or with `attribute=` the value under that dotted key, `default=` where there is none.",
        ("['a', 'b'] | map('upper')", "[\"A\",\"B\"]"),
    )
    .variadic(),
    function(
        "select",
        &[needs("list"), takes("test")],
        select,
        "The items that pass a test, with the further values as its arguments; without a test, those that are true.",
        ("[1, 2, 3] | select('odd')", "[1,3]"),
    )
    .variadic(),
    function(
        "reject",
        &[needs("list"), takes("test")],
        reject,
        "The items that do not pass a test; without a test, those that are not true.",
        ("[1, 2, 3] | reject('odd')", "[2]"),
    )
    .variadic(),
    function(
        "selectattr",
        &[needs("list"), needs("attribute"), takes("test")],
        select_attribute,
        "The rows whose value under a dotted key passes a test; without a test, those where it is true.",
        ("[{'n': 1}, {'n': 5}] | selectattr('n', 'gt', 3)", "[{\"n\":5}]"),
    )
    .variadic(),
    function(
        "rejectattr",
        &[needs("list"), needs("attribute"), takes("test")],
        reject_attribute,
        "The rows whose value under a dotted key does not pass a test; without a test, those where it is not true.",
        ("[{'n': 1}, {'n': 5}] | rejectattr('n', 'gt', 3)", "[{\"n\":1}]"),
    )
    .variadic(),
];

fn map(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    if arg::at(args, 1).is_missing() {
        if args.len() < 3 {
            return Err(Fault::failed("`map` needs a filter or `attribute=`"));
        }
        let key = arg::text(args, 2, cx)?;
        let value = |item: &Value| match arg::dotted(item, &key) {
            Value::Missing => arg::at(args, 3).clone(),
            found => found,
        };
        return Ok(Value::list(items.iter().map(value).collect()));
    }
    let name = arg::text(args, 1, cx)?;
    let filter = find(&name).ok_or_else(|| unknown("filter", &name, nearest(&name, names())))?;
    let further = arg::from(args, 2);
    items.iter().map(|item| call(filter, item, further, cx)).collect::<Result<Vec<_>, _>>().map(Value::list)
}

/// Calls with the arguments that fit; a call with too few or too many is a slip.
fn call(function: &Function, first: &Value, further: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let n_args = 1 + further.len();
    let n_required = function.params.iter().filter(|param| param.required).count();
    if n_args < n_required || (n_args > function.params.len() && !function.variadic) {
        return Err(Fault::failed(format!("`{}` takes other arguments: {}", function.name, super::signature(function))));
    }
    match further {
        [] => apply(function, std::slice::from_ref(first), cx),
        _ => apply(function, &[std::slice::from_ref(first), further].concat(), cx),
    }
}

fn unknown(what: &str, name: &Text, near: Option<&str>) -> Fault {
    let near = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
    Fault::failed(format!("{} is no {what}{near}", shown(&Value::Text(name.clone()))))
}

fn select(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let test = Test::read(args, 1, cx)?;
    chosen(args, cx, |item| test.holds(item, cx))
}

fn reject(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let test = Test::read(args, 1, cx)?;
    chosen(args, cx, |item| test.holds(item, cx).map(|holds| !holds))
}

fn select_attribute(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (key, test) = (arg::text(args, 1, cx)?, Test::read(args, 2, cx)?);
    chosen(args, cx, |item| test.holds(&arg::dotted(item, &key), cx))
}

fn reject_attribute(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (key, test) = (arg::text(args, 1, cx)?, Test::read(args, 2, cx)?);
    chosen(args, cx, |item| test.holds(&arg::dotted(item, &key), cx).map(|holds| !holds))
}

fn chosen(args: &[Value], cx: &Cx<'_>, wanted: impl Fn(&Value) -> Result<bool, Fault>) -> Result<Value, Fault> {
    let mut out = Vec::new();
    for item in arg::list(args, 0, cx)?.iter() {
        if wanted(item)? {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

/// A test by name with its arguments; none asks whether the value is true.
struct Test<'a>(Option<(&'static Function, &'a [Value])>);

impl Test<'_> {
    fn read<'a>(args: &'a [Value], place: usize, cx: &Cx<'_>) -> Result<Test<'a>, Fault> {
        if args.len() <= place {
            return Ok(Test(None));
        }
        let name = arg::text(args, place, cx)?;
        let test = find_test(&name).ok_or_else(|| unknown("test", &name, nearest(&name, test_names())))?;
        Ok(Test(Some((test, arg::from(args, place + 1)))))
    }

    fn holds(&self, value: &Value, cx: &Cx<'_>) -> Result<bool, Fault> {
        match self.0 {
            None => Ok(value.is_true()),
            Some((test, further)) => call(test, value, further, cx).map(|answer| answer.is_true()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn filters_apply_to_every_item() {
        check(&[
            ("map", r#"[["a-b", null], "replace", "-", "+"]"#, r#"["a+b",null]"#),
            ("map", r#"[[1.25], "round", 1]"#, "[1.3]"),
            ("map", r#"[[null, 1], "default", 0]"#, "[0,1]"),
            ("map", r#"[[{"a": {"b": 1}}, {}], null, "a.b", 0]"#, "[1,0]"),
            ("map", r#"[["a"], "uper"]"#, "\"uper\" is no filter: did you mean `upper`?"),
            ("map", r#"[["a"], "replace", "a"]"#, "`replace` takes other arguments: replace(text, old, new)"),
            ("map", r#"[["a"], "upper", "a"]"#, "`upper` takes other arguments: upper(text)"),
            ("map", r#"[["a"]]"#, "`map` needs a filter or `attribute=`"),
        ]);
    }

    #[test]
    fn tests_choose_items() {
        check(&[
            ("select", "[[0, 1, null, \"a\"]]", r#"[1,"a"]"#),
            ("select", r#"[[1, 2, 3], ">=", 2]"#, "[2,3]"),
            ("reject", r#"[["a", null, 1], "string"]"#, "[null,1]"),
            ("select", r#"[["a"], "strin"]"#, "\"strin\" is no test: did you mean `string`?"),
            ("selectattr", r#"[[{"a": 1}, {}], "a"]"#, r#"[{"a":1}]"#),
            ("rejectattr", r#"[[{"a": 1}, {}], "a", "defined"]"#, "[{}]"),
            ("selectattr", r#"[[{"s": "up"}, {"s": "down"}], "s", "in", ["up", "idle"]]"#, r#"[{"s":"up"}]"#),
        ]);
    }
}
