//! The manual: JSON Schemas for editors and the page of the language for people.
//!
//! Both are made of the declarations that the readers use, never written by hand, so they cannot
//! disagree with the engine. The texts of the page that no declaration holds stand in `text/`, its
//! examples in `examples/`. Nothing here writes a file: the results are compared with `schema/` and
//! `docs/language.md` by a test, which also rewrites them.

pub mod conf;
pub mod examples;
pub mod limits;
pub mod lint;
pub mod names;
pub mod parts;
pub mod reference;
pub mod schema;
pub mod scopes;
pub mod standard;
