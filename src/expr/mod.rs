//! The three notations: paths, expressions, texts with holes.

pub mod fault;
pub mod function;
pub mod ops;
