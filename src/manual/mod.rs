//! The manual: JSON Schemas for editors and the reference page for people.
//!
//! Both are made of the declarations that the readers use, never written by hand, so they cannot
//! disagree with the engine. The texts of the reference that no declaration holds (the rules that
//! are not about one key) stand in `text/`. Nothing here writes a file: the results are compared
//! with the folder `schema/` by a test, which also rewrites it.

pub mod conf;
pub mod names;
pub mod parts;
pub mod reference;
pub mod schema;
pub mod standard;
