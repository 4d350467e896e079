//! A whole number with bounds, which are told where they are passed.

use crate::yaml::node::{Literal, Node};
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// A number from `LEAST` to `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<const LEAST: usize, const MOST: usize>(pub usize);

impl<const LEAST: usize, const MOST: usize> Field for Bounded<LEAST, MOST> {
    fn shape() -> Shape {
        Shape::Integer
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match node.as_scalar().map(|scalar| scalar.literal) {
            Some(Literal::Number(n)) => n.as_integer(),
            _ => None,
        };
        let found = number.and_then(|n| usize::try_from(n).ok()).filter(|n| (LEAST..=MOST).contains(n));
        if found.is_none() {
            reader.mismatch(node, &format!("a whole number from {LEAST} to {MOST}"));
        }
        found.map(Bounded)
    }
}
