//! Documents inside values: a path that comes from the configuration, a text that is JSON or CSV.

use super::arg;
use super::{Cx, Function, function, needs, takes};
use crate::base::value::Value;
use crate::decode;
use crate::expr::fault::Fault;

pub const TABLE: &[Function] = &[
    function(
        "path",
        &[needs("value"), needs("query")],
        path,
        "What a JSONPath finds in the value: the value where it can match once, else a list.",
        ("path({'a': {'b': 7}}, '$.a.b')", "7"),
    ),
    function(
        "decode",
        &[needs("text"), needs("decoder"), takes("options")],
        decoded,
        "The rows that a decoder makes of a text; of json, yaml, toml, ini and xml the document. The options are those of the decoder.",
        ("'{\"a\": [1, 2]}' | decode('json')", "{\"a\":[1,2]}"),
    ),
];

fn path(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let query = arg::text(args, 1, cx)?;
    cx.step(1)?;
    cx.cache.path(&query)?.find(arg::at(args, 0))
}

fn decoded(args: &[Value], cx: &Cx<'_>) -> Result<Value, Fault> {
    let text = arg::text(args, 0, cx)?;
    let name = arg::text(args, 1, cx)?;
    cx.step(1 + text.len() / 64)?;
    let decoder = decode::named(&name, arg::at(args, 2)).map_err(Fault::failed)?;
    decoder.decode(text.as_bytes()).map(|decoded| decoded.records().clone()).map_err(|error| Fault::failed(error.0))
}
