//! The page of tests and the schema of their files, from the declarations.

use super::case::file_docs;
use crate::manual::{reference, schema};
use serde_json::Value as Json;

const TEXT: &str = include_str!("text/testing.md");

/// `docs/testing.md`.
pub fn page() -> String {
    format!("{}\n\n{}\n", TEXT.trim_end(), reference::sections("A file of tests", &file_docs()))
}

/// `schema/test.schema.json`.
pub fn test_schema() -> Json {
    schema::of_fields("A file of tests", "What the sources of a spec answer, and what its runs are to leave.", &file_docs())
}
