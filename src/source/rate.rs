//! No more than so many requests in a time.
//!
//! ```yaml
//! rate_limit: 100/m
//! ```

use crate::base::print::text_of;
use crate::base::units::parse_duration;
use crate::base::value::Value;
use crate::expr::code::FromValue;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;
use std::time::Duration;

/// At most `requests` in any stretch of time of length `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests; at least one.
    pub requests: usize,
    /// In which time.
    pub per: Duration,
}

const EXPECTED: &str = "requests in a time, like `10/s`, `100/m`, `5000/h` or `30/10s`";

impl FromValue for Rate {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = text_of(value).unwrap_or_default();
        let rate = text.split_once('/').and_then(|(requests, per)| {
            let requests = requests.trim().parse().ok().filter(|n| *n > 0)?;
            let per = Some(per.trim()).filter(|per| !per.is_empty())?;
            let per = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
            let per = parse_duration(&per).ok().and_then(|s| Duration::try_from_secs_f64(s).ok())?;
            Some(Rate { requests, per })
        });
        rate.ok_or_else(|| EXPECTED.to_owned())
    }
}

impl Field for Rate {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let rate = Rate::from_value(&node.to_value());
        if rate.is_err() {
            reader.mismatch(node, EXPECTED);
        }
        rate.ok()
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} requests in {}", self.requests, crate::net::words::time(self.per))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_requests_in_a_time() {
        let rate = |text: &str| Rate::from_value(&Value::from(text)).ok().map(|rate| (rate.requests, rate.per.as_secs()));
        assert_eq!(rate("10/s"), Some((10, 1)));
        assert_eq!(rate("5000 / h"), Some((5000, 3600)));
        assert_eq!(rate("30/10s"), Some((30, 10)));
        for wrong in ["0/s", "10", "/s", "10/", "10/x", "-1/s"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
