//! YAML with spans, and the one declaration of what a YAML struct accepts.
//!
//! [`load::load`] turns any text into a tree and a list of problems. [`read`] turns nodes into typed
//! structs, again with all problems at once. A struct is declared once with [`crate::fields!`]; the
//! reader, the check for unknown keys, the JSON Schema and the reference page all come from that
//! declaration.

#[macro_use]
pub mod declare;
pub mod basic;
pub mod boolean_word;
pub mod kind;
pub mod load;
pub mod locate;
pub mod node;
pub mod pattern;
pub mod read;
mod scan;
pub mod shape;
