//! The version of HTTP: `1.1` or `2`.

use crate::base::print::text_of;
use crate::base::value::Value;
use crate::expr::code::FromValue;
use crate::net::client::HttpVersion;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// A version as written.
#[derive(Clone, Copy, Debug)]
pub struct Version(pub HttpVersion);

const EXPECTED: &str = "1.1 or 2";

impl FromValue for Version {
    fn from_value(value: &Value) -> Result<Self, String> {
        match text_of(value).as_deref() {
            Some("1" | "1.1") => Ok(Version(HttpVersion::One)),
            Some("2" | "2.0") => Ok(Version(HttpVersion::Two)),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

impl Field for Version {
    fn shape() -> Shape {
        Shape::Number
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let version = Version::from_value(&node.to_value());
        if version.is_err() {
            reader.mismatch(node, EXPECTED);
        }
        version.ok()
    }
}
