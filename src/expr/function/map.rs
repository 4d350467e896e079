//! Maps: entries, chosen keys, leaves, pairs in a text.
//!
//! Keys keep the order of the document. Keys are texts: other values print into them.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::glob;
use crate::base::limits;
use crate::base::map::Map;
use crate::base::print::{shown, text_of};
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use std::collections::HashSet;

pub const TABLE: &[Function] = &[
    function(
        "entries",
        &[needs("map")],
        entries,
        "The map as a list of `{key, value}`.",
        ("entries({'a': 1})", "[{\"key\":\"a\",\"value\":1}]"),
    ),
    function("items", &[needs("map")], items, "The map as a list of pairs.", ("{'a': 1} | items", "[[\"a\",1]]")),
    function(
        "to_map",
        &[needs("list"), takes("key"), takes("value")],
        to_map,
        "A map of entries `{key, value}` or of pairs; of rows with other names through their dotted keys. Without a key an item is left out, of the same keys the last value stays.",
        ("[{'name': 'a', 'value': 1}] | to_map('name', 'value')", "{\"a\":1}"),
    ),
    function(
        "pick",
        &[needs("map")],
        pick,
        "The map with these keys only: keys, lists of keys, globs like `disk.*`.",
        ("{'a': 1, 'b': 2} | pick('a')", "{\"a\":1}"),
    )
    .variadic(),
    function(
        "omit",
        &[needs("map")],
        omit,
        "The map without these keys: keys, lists of keys, globs like `disk.*`.",
        ("{'a': 1, 'b': 2} | omit('a')", "{\"b\":2}"),
    )
    .variadic(),
    function(
        "leaves",
        &[needs("value")],
        leaves,
        "Every value at the end of a path as `{path, keys, value}`: the dotted path, its keys and indexes, the value; missing ones are left out.",
        ("leaves({'a': {'b': 1}})", "[{\"path\":\"a.b\",\"keys\":[\"a\",\"b\"],\"value\":1}]"),
    ),
    function(
        "merge",
        &[needs("map")],
        merge,
        "Several maps as one; of the same key the last value that is there stays.",
        ("{'a': 1, 'b': 2} | merge({'b': 3}, {'c': 4})", "{\"a\":1,\"b\":3,\"c\":4}"),
    )
    .variadic(),
    function(
        "attr",
        &[needs("map"), needs("name")],
        attr,
        "The value under that very key, dots and all.",
        ("{'a.b': 1} | attr('a.b')", "1"),
    ),
    function(
        "split_kv",
        &[needs("text"), takes("pair_separator"), takes("key_separator")],
        split_kv,
        "A map of pairs in a text; separators are `,` and `=` where none are given. Blanks around keys and values go; parts without a key are left out.",
        ("'a=1, b=x' | split_kv", "{\"a\":\"1\",\"b\":\"x\"}"),
    ),
];

fn pair(names: [&str; 2], key: Value, value: Value) -> Value {
    let [first, second] = names;
    let mut map = Map::with_capacity(2);
    map.insert(first, key);
    map.insert(second, value);
    Value::map(map)
}

fn entries(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let map = arg::map(args, 0, cx)?;
    Ok(Value::list(map.iter().map(|(k, v)| pair(["key", "value"], Value::Text(k.clone()), v.clone())).collect()))
}

fn items(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let map = arg::map(args, 0, cx)?;
    Ok(Value::list(map.iter().map(|(k, v)| Value::list(vec![Value::Text(k.clone()), v.clone()])).collect()))
}

fn to_map(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let rows = arg::list(args, 0, cx)?;
    let (key, value) = (arg::text_or(args, 1, "key", cx)?, arg::text_or(args, 2, "value", cx)?);
    let mut out = Map::with_capacity(rows.len());
    for row in rows.iter() {
        let (key, value) = match row {
            Value::List(pair) if pair.len() == 2 => (row.item(0), row.item(1)),
            Value::Map(_) | Value::Lazy(_) => (arg::dotted(row, &key), arg::dotted(row, &value)),
            Value::Missing => continue,
            other => return Err(Fault::failed(format!("{} is neither an entry nor a pair", shown(other)))),
        };
        if let Some(key) = text_of(&key) {
            out.insert(key, value);
        }
    }
    Ok(Value::map(out))
}

fn pick(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    by_key(args, true, cx)
}

fn omit(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    by_key(args, false, cx)
}

fn by_key(args: &[Value], named: bool, cx: &Cx<'_>) -> Result<Value, Fault> {
    let map = arg::map(args, 0, cx)?;
    let mut keys = Vec::new();
    for place in (1..args.len()).filter(|place| !arg::at(args, *place).is_missing()) {
        keys.extend(arg::texts(args, place, cx)?);
    }
    let patterns: Vec<Text> = keys.iter().filter(|key| key.contains(['*', '?', '['])).cloned().collect();
    cx.step(keys.len() + map.len() * (1 + patterns.len()))?;
    let keys: HashSet<Text> = keys.into_iter().collect();
    let is_named = |key: &Text| keys.contains(key) || patterns.iter().any(|pattern| glob::matches(pattern, key));
    let kept = map.iter().filter(|(key, _)| is_named(key) == named);
    Ok(Value::map(kept.map(|(k, v)| (k.clone(), v.clone())).collect()))
}

fn leaves(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut walk = Walk { keys: Vec::new(), leaves: Vec::new() };
    walk.visit(arg::at(args, 0), cx)?;
    Ok(Value::list(walk.leaves))
}

/// A walk to the leaves of a value.
#[derive(Debug)]
struct Walk {
    keys: Vec<Value>,
    leaves: Vec<Value>,
}

impl Walk {
    fn visit(&mut self, value: &Value, cx: &Cx<'_>) -> Result<(), Fault> {
        cx.step(1)?;
        if self.keys.len() > limits::DEPTH {
            return Err(Fault::failed(format!("the value is nested deeper than {}", limits::DEPTH)));
        }
        match value {
            Value::Missing => Ok(()),
            Value::List(items) => items.iter().enumerate().try_for_each(|(n, item)| self.enter(n.into(), item, cx)),
            Value::Map(map) => map.iter().try_for_each(|(key, inner)| self.enter(Value::Text(key.clone()), inner, cx)),
            Value::Lazy(lazy) => self.visit(&lazy.materialize(), cx),
            leaf => {
                self.leaves.push(self.leaf(leaf));
                Ok(())
            }
        }
    }

    fn enter(&mut self, key: Value, inner: &Value, cx: &Cx<'_>) -> Result<(), Fault> {
        self.keys.push(key);
        let done = self.visit(inner, cx);
        self.keys.pop();
        done
    }

    fn leaf(&self, value: &Value) -> Value {
        let path: Vec<_> = self.keys.iter().filter_map(text_of).collect();
        let mut map = Map::with_capacity(3);
        map.insert("path", Value::text(path.join(".")));
        map.insert("keys", Value::list(self.keys.clone()));
        map.insert("value", value.clone());
        Value::map(map)
    }
}

fn merge(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let mut out = Map::clone(&*arg::map(args, 0, cx)?);
    for place in (1..args.len()).filter(|place| !arg::at(args, *place).is_missing()) {
        for (key, value) in arg::map(args, place, cx)?.iter().filter(|(_, value)| !value.is_missing()) {
            out.insert(key.clone(), value.clone());
        }
    }
    Ok(Value::map(out))
}

fn attr(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let name = arg::text(args, 1, cx)?;
    Ok(arg::at(args, 0).member(&name))
}

fn split_kv(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let (pair_separator, key_separator) = (arg::text_or(args, 1, ",", cx)?, arg::text_or(args, 2, "=", cx)?);
    if pair_separator.is_empty() || key_separator.is_empty() {
        return Err(Fault::failed("a separator is empty"));
    }
    let mut out = Map::default();
    for part in text.split(&*pair_separator) {
        cx.step(1)?;
        if let Some((key, value)) = part.split_once(&*key_separator).filter(|(key, _)| !key.trim().is_empty()) {
            out.insert(key.trim(), Value::text(value.trim()));
        }
    }
    Ok(Value::map(out))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn maps_are_taken_apart_and_put_together() {
        check(&[
            ("entries", r#"[{"b": 1, "a": null}]"#, r#"[{"key":"b","value":1},{"key":"a","value":null}]"#),
            ("entries", "[[1]]", "[1] is a list, not a map"),
            ("to_map", r#"[[{"key": "a", "value": 1}, ["b", 2], {"value": 3}, null]]"#, r#"{"a":1,"b":2}"#),
            ("to_map", r#"[[{"m": {"n": 1}, "v": {"x": 2}}], "m.n", "v.x"]"#, r#"{"1":2}"#),
            ("to_map", "[[1]]", "1 is neither an entry nor a pair"),
            ("pick", r#"[{"a": 1, "b.c": 2, "b.d": 3}, "b.*", "q"]"#, r#"{"b.c":2,"b.d":3}"#),
            ("omit", r#"[{"a": 1, "b": 2, "c": 3}, ["a", "b"], null]"#, r#"{"c":3}"#),
            ("omit", r#"[{"a[1]": 1, "b": 2}, "a[1]"]"#, r#"{"b":2}"#),
            ("merge", r#"[{"a": 1}, null, {"a": null, "b": 2}, {"a": 3}]"#, r#"{"a":3,"b":2}"#),
            ("merge", r#"[{"a": 1}, [2]]"#, "[2] is a list, not a map"),
            ("attr", r#"[{"a": {"b": 1}}, "a.b"]"#, "missing"),
        ]);
    }

    #[test]
    fn leaves_know_their_way() {
        check(&[
            (
                "leaves",
                r#"[{"a": [{"b": 1}, null], "c": {}, "d": "x"}]"#,
                r#"[{"path":"a.0.b","keys":["a",0,"b"],"value":1},{"path":"d","keys":["d"],"value":"x"}]"#,
            ),
            ("leaves", "[5]", r#"[{"path":"","keys":[],"value":5}]"#),
        ]);
    }

    #[test]
    fn pairs_are_read_from_a_text() {
        check(&[
            ("split_kv", r#"["a=1=2, b = x ,c,=d,a=3"]"#, r#"{"a":"3","b":"x"}"#),
            ("split_kv", r#"["a:1;b:2", ";", ":"]"#, r#"{"a":"1","b":"2"}"#),
            ("split_kv", r#"["a", ""]"#, "a separator is empty"),
        ]);
    }
}
