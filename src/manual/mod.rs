//! The manual: JSON Schemas for editors and the page of the language for people.
//!
//! Both are made of the declarations that the readers use, never written by hand, so they cannot
//! disagree with the engine. The texts of the page that no declaration holds stand in `text/`, its
//! examples in `examples/`. The page of a spec is made of that spec. Nothing here writes a file: the
//! results are compared with `schema/`, `docs/language.md` and `docs/specs/` by a test, which also
//! rewrites them.

pub mod conf;
pub mod engine;
pub mod examples;
pub mod limits;
pub mod lint;
pub mod names;
pub mod page;
pub mod parts;
pub mod reference;
pub mod schema;
pub mod scopes;
pub mod standard;
