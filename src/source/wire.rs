//! Values as the wire takes them: secrets are opened here and nowhere before.

use super::bad_part;
use crate::base::print::{text_of, to_json};
use crate::base::secret::Secret;
use crate::base::value::{Text, Value};
use crate::expr::code::Template;
use crate::expr::data::DataMap;
use crate::expr::frame::Frame;
use crate::net::ExchangeError;

/// The text of a value; none for what has no text.
pub fn wire_text(value: &Value) -> Option<String> {
    match value {
        Value::Secret(secret) => Some(secret.reveal().to_owned()),
        other => text_of(other).map(|text| text.to_string()),
    }
}

/// The text of a place that may be absent.
pub fn maybe_text(template: &Option<Template>, frame: &mut Frame) -> Option<String> {
    template.as_ref().and_then(|t| wire_text(&t.value(frame)))
}

/// Names and values; a list repeats its name. `what` is the field in messages.
///
/// # Errors
/// Where the whole is computed and is no map.
pub fn wire_pairs(what: &str, map: &DataMap, frame: &mut Frame) -> Result<Vec<(String, String)>, ExchangeError> {
    map.entries(frame).map(wire_entries).map_err(|fault| bad_part(what, fault))
}

/// The same for a map whose values are there.
pub fn wire_entries(entries: Vec<(Text, Value)>) -> Vec<(String, String)> {
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match &value {
            Value::List(items) => pairs.extend(items.iter().filter_map(wire_text).map(|text| (key.to_string(), text))),
            other => pairs.extend(wire_text(other).map(|text| (key.to_string(), text))),
        }
    }
    pairs
}

/// What is secret among the values.
pub fn wire_secrets(entries: &[(Text, Value)]) -> impl Iterator<Item = Secret> {
    let values = entries.iter().flat_map(|(_, value)| value.as_list().map_or(std::slice::from_ref(value), |items| &items[..]));
    values.filter_map(|value| if let Value::Secret(secret) = value { Some(secret.clone()) } else { None })
}

/// A JSON body.
pub fn wire_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Secret(secret) => secret.reveal().into(),
        Value::List(items) => items.iter().map(wire_json).collect(),
        Value::Map(map) => serde_json::Value::Object(map.iter().map(|(k, v)| (k.to_string(), wire_json(v))).collect()),
        other => to_json(other),
    }
}
