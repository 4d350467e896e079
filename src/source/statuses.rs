//! Which HTTP statuses are fine: `200`, `[200-299, 404]`, `any`.

use crate::base::print::text_of;
use crate::base::value::Value;
use crate::expr::code::FromValue;
use crate::net::status::StatusSet;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::sync::Arc;

/// A set of statuses as written.
#[derive(Clone, Debug)]
pub struct Statuses(pub Arc<StatusSet>);

const EXPECTED: &str = "a status like 200, a range like 200-299, a list of these, or `any`";

impl FromValue for Statuses {
    fn from_value(value: &Value) -> Result<Self, String> {
        let items = match value {
            Value::List(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let words: Option<Vec<_>> = items.iter().map(text_of).collect();
        let ranges = words.and_then(|words| words.iter().map(|word| range(word)).collect::<Option<Vec<_>>>());
        ranges.map(|ranges| Statuses(Arc::new(StatusSet::of(ranges)))).ok_or_else(|| EXPECTED.to_owned())
    }
}

/// `200`, `200-299`, `2xx` or `any` as a range with both ends.
pub fn range(word: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=999).contains(code));
    if word.trim() == "any" {
        return Some((0, 999));
    }
    if let Some(class) = word.trim().strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    match word.split_once('-') {
        Some((from, to)) => code(from).zip(code(to)).filter(|(from, to)| from <= to),
        None => code(word).map(|code| (code, code)),
    }
}

impl Field for Statuses {
    fn shape() -> Shape {
        let one = Shape::Either(vec![Shape::Integer, Shape::Text]);
        Shape::Either(vec![one.clone(), Shape::List(Box::new(one))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let statuses = Statuses::from_value(&node.to_value());
        if statuses.is_err() {
            reader.mismatch(node, EXPECTED);
        }
        statuses.ok()
    }
}
