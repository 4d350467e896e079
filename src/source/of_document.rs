//! A computed place that sees the whole document of an answer as `row`.

use crate::expr::code::Expression;
use crate::yaml::node::Node;
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// A value or a condition about the whole document.
#[derive(Clone, Debug)]
pub struct OfDocument(pub Expression);

impl Field for OfDocument {
    fn shape() -> Shape {
        Expression::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (read, _) = reader.within(|reader| {
            reader.bind("row", node.span);
            Expression::read(node, reader)
        });
        read.map(OfDocument)
    }
}
