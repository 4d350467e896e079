//! Lists of rows: where, pluck, unique, and groups by a key.
//!
//! Keys are dotted (`disk.name`), compared by value and by code point with their case. A row
//! without the key has no place in a group, since a missing value equals nothing.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::print::text_of;
use crate::base::value::{Text, Value};
use crate::expr::fault::Fault;
use crate::expr::ops;
use std::collections::{BTreeMap, HashMap, HashSet};

pub const TABLE: &[Function] = &[
    function(
        "where",
        &[needs("list"), needs("key"), takes("value")],
        filter,
        "The rows whose value under the dotted key equals `value`; without `value`, those where it is true.",
        ("[{'s': 'up', 'n': 1}, {'s': 'down', 'n': 2}] | where('s', 'up')", "[{\"s\":\"up\",\"n\":1}]"),
    ),
    function(
        "pluck",
        &[needs("list"), needs("key")],
        pluck,
        "The value under the dotted key of every row, missing where a row has none.",
        ("[{'a': {'b': 1}}, {'a': {'b': 2}}] | pluck('a.b')", "[1,2]"),
    ),
    function(
        "unique",
        &[needs("list"), takes("key")],
        unique,
        "The items without those that came before, or the first row for every value under a dotted key; missing ones are left out.",
        ("['a', 'A', 'a'] | unique", "[\"a\",\"A\"]"),
    ),
    GROUP_BY,
    GROUP_BY.also("groupby", ("[{'a': 1}] | groupby('a')", "[{\"key\":1,\"rows\":[{\"a\":1}],\"count\":1}]")),
    function(
        "index_by",
        &[needs("list"), needs("key")],
        index_by,
        "The rows as a map under the printed values of a dotted key; of several with the same key the last one stays.",
        ("[{'id': 7, 'n': 'a'}] | index_by('id')", "{\"7\":{\"id\":7,\"n\":\"a\"}}"),
    ),
];

const GROUP_BY: Function = function(
    "group_by",
    &[needs("list"), needs("key")],
    group_by,
    "The rows in groups of the same value under a dotted key, as a list of `{key, rows, count}` in the order in which the keys came.",
    ("[{'a': 1}, {'a': 1}] | group_by('a')", "[{\"key\":1,\"rows\":[{\"a\":1},{\"a\":1}],\"count\":2}]"),
);

/// What makes two values the same in a set: numbers by value, maps whatever their order.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    Missing,
    Integer(i128),
    Float(u64),
    Text(Text),
    Time(jiff::Timestamp),
    List(Vec<Identity>),
    Map(BTreeMap<Text, Identity>),
}

/// The identity of a value, such that equal values (as `==` says) have the same.
pub fn identity(value: &Value) -> Identity {
    match value {
        Value::Missing => Identity::Missing,
        Value::Bool(b) => Identity::Integer((*b).into()),
        Value::Int(n) => Identity::Integer((*n).into()),
        Value::Uint(n) => Identity::Integer((*n).into()),
        Value::Float(n) => Number::Float(*n).as_integer().map_or(Identity::Float(n.to_bits()), Identity::Integer),
        Value::Text(text) => Identity::Text(text.clone()),
        Value::Secret(secret) => Identity::Text(secret.reveal().into()),
        Value::Time(time) => Identity::Time(*time),
        Value::List(items) => Identity::List(items.iter().map(identity).collect()),
        Value::Map(map) => Identity::Map(map.iter().map(|(k, v)| (k.clone(), identity(v))).collect()),
        Value::Lazy(lazy) => identity(&lazy.materialize()),
    }
}

fn filter(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (rows, key) = (arg::list(args, 0, cx)?, arg::text(args, 1, cx)?);
    // A value that is given and missing equals nothing: it must not turn into "is true".
    let holds = |found: Value| match args.get(2) {
        Some(value) => ops::equal(&found, value),
        None => found.is_true(),
    };
    Ok(Value::list(rows.iter().filter(|row| holds(arg::dotted(row, &key))).cloned().collect()))
}

fn pluck(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (rows, key) = (arg::list(args, 0, cx)?, arg::text(args, 1, cx)?);
    Ok(Value::list(rows.iter().map(|row| arg::dotted(row, &key)).collect()))
}

fn unique(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let items = arg::list(args, 0, cx)?;
    let key = match args.get(1) {
        Some(_) => Some(arg::text(args, 1, cx)?),
        None => None,
    };
    let mut seen = HashSet::new();
    let mut is_new = |item: &Value| match key.as_ref().map_or_else(|| identity(item), |key| identity(&arg::dotted(item, key))) {
        Identity::Missing => false,
        present => seen.insert(present),
    };
    Ok(Value::list(items.iter().filter(|item| is_new(item)).cloned().collect()))
}

fn group_by(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (rows, key) = (arg::list(args, 0, cx)?, arg::text(args, 1, cx)?);
    let mut places = HashMap::new();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for row in rows.iter() {
        let found = arg::dotted(row, &key);
        if found.is_missing() {
            continue;
        }
        let place = *places.entry(identity(&found)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, rows)) => rows.push(row.clone()),
            None => groups.push((found, vec![row.clone()])),
        }
    }
    Ok(Value::list(groups.into_iter().map(|(key, rows)| group(key, rows)).collect()))
}

fn group(key: Value, rows: Vec<Value>) -> Value {
    let mut map = Map::with_capacity(3);
    let count = rows.len().into();
    map.insert("key", key);
    map.insert("rows", Value::list(rows));
    map.insert("count", count);
    Value::map(map)
}

fn index_by(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let (rows, key) = (arg::list(args, 0, cx)?, arg::text(args, 1, cx)?);
    let keyed = rows.iter().filter_map(|row| Some((text_of(&arg::dotted(row, &key))?, row.clone())));
    Ok(Value::map(keyed.collect()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, check, value};
    use super::*;

    #[test]
    fn rows_are_chosen_by_a_dotted_key() {
        let rows = r#"[{"a": {"s": "up"}}, {"a": {"s": "down"}}, {}]"#;
        check(&[
            ("where", &format!(r#"[{rows}, "a.s", "up"]"#), r#"[{"a":{"s":"up"}}]"#),
            ("where", &format!(r#"[{rows}, "a.s"]"#), r#"[{"a":{"s":"up"}},{"a":{"s":"down"}}]"#),
            ("where", &format!(r#"[{rows}, "a.s", null]"#), "[]"),
            ("pluck", &format!(r#"[{rows}, "a.s"]"#), r#"["up","down",null]"#),
        ]);
    }

    #[test]
    fn values_are_told_apart_by_value_and_case() {
        check(&[
            ("unique", r#"[["a", "A", 1, 1.0, "1", null, [1], [1.0], null]]"#, r#"["a","A",1,"1",[1]]"#),
            ("unique", r#"[[{"i": 1, "n": 1}, {"i": 1, "n": 2}, {}], "i"]"#, r#"[{"i":1,"n":1}]"#),
            (
                "group_by",
                r#"[[{"k": "b"}, {"k": "a"}, {"k": "b", "n": 1}, {}], "k"]"#,
                r#"[{"key":"b","rows":[{"k":"b"},{"k":"b","n":1}],"count":2},{"key":"a","rows":[{"k":"a"}],"count":1}]"#,
            ),
            ("index_by", r#"[[{"k": 1.0}, {"k": "1", "n": 2}, {}], "k"]"#, r#"{"1":{"k":"1","n":2}}"#),
        ]);
    }

    #[test]
    fn maps_are_the_same_whatever_the_order_of_their_keys() {
        assert_eq!(identity(&value(r#"{"a": 1, "b": [2]}"#)), identity(&value(r#"{"b": [2.0], "a": 1}"#)));
        assert_ne!(identity(&value("0.1")), identity(&value("0.2")));
    }

    /// Each of these within the steps of one evaluation, which none could do that looked at every
    /// pair of items.
    #[test]
    fn lists_of_a_hundred_thousand_are_no_trouble() {
        let n = 100_000;
        let row = |i: i64| {
            let mut map = Map::with_capacity(2);
            map.insert("id", Value::Int(i * 7_919 % n));
            map.insert("k", Value::Int(i % 500));
            Value::map(map)
        };
        let rows = Value::list((0..n).map(row).collect());
        let ids = Value::list((0..n).map(Value::Int).collect());
        let length = |value: &Value| value.as_list().map(|items| items.len()).or(value.as_map().map(|map| map.len()));
        for (name, further, expected) in [
            ("unique", vec!["id".into()], n),
            ("group_by", vec!["k".into()], 500),
            ("index_by", vec!["id".into()], n),
            ("sort", vec![Value::Missing, "id".into()], n),
            ("where", vec!["k".into(), Value::Int(7)], n / 500),
            ("to_map", vec!["id".into(), "k".into()], n),
            ("pluck", vec!["id".into()], n),
        ] {
            let found = call(name, &[vec![rows.clone()], further].concat()).unwrap();
            assert_eq!(length(&found), Some(expected as usize), "{name}");
        }
        for name in ["difference", "intersect", "union"] {
            assert!(call(name, &[ids.clone(), ids.clone()]).is_ok(), "{name}");
        }
        let keys = call("index_by", &[rows, "id".into()]).unwrap();
        assert_eq!(length(&call("pick", &[keys, ids]).unwrap()), Some(n as usize));
    }
}
