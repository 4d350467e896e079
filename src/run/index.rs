//! `index` of a source: rows found by a printed key, for `SOURCE.by.NAME["key"]`.

use crate::base::map::Map;
use crate::base::print::{shown, text_of};
use crate::base::value::{Text, Value};
use crate::expr::frame::Frame;
use crate::rows::Row;
use crate::rows::pipeline::bind;
use crate::spec::source::Index;

/// `by` of a result: every index as a map from printed keys to rows.
pub fn of_rows(indexes: &[Index], rows: &[Row], frame: &mut Frame) -> Value {
    if indexes.is_empty() {
        return Value::Missing;
    }
    let mut by = Map::default();
    for index in indexes {
        let mut map = Map::default();
        for row in rows {
            bind(row, frame);
            let keys = match index.key.0.value(frame) {
                Value::List(keys) => keys.to_vec(),
                other => vec![other],
            };
            for key in keys.iter().filter_map(text_of) {
                add_to_index(index, &mut map, key, row, frame);
            }
        }
        by.insert(index.name.clone(), Value::map(map));
    }
    Value::map(by)
}

fn add_to_index(index: &Index, map: &mut Map, key: Text, row: &Row, frame: &mut Frame) {
    if !index.many {
        if map.insert(key.clone(), row.value.clone()).is_some() {
            frame.remark(index.span, |_| format!("two rows have the key {}: the last one is taken", shown(&Value::Text(key))));
        }
        return;
    }
    let mut list = match map.get(&key) {
        Some(Value::List(list)) => list.to_vec(),
        _ => Vec::new(),
    };
    list.push(row.value.clone());
    map.insert(key, Value::list(list));
}
