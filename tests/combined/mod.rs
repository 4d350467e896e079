//! Combinations of the features of a source: what they are, the server that they ask, the spec that
//! says them, and a model of what comes out.

pub mod api;
pub mod combo;
pub mod model;
pub mod pairs;
pub mod spec;
