//! What the tests of the decoders share: options from YAML text, documents as JSON text.

use super::{Decoder, read};
use crate::base::print::to_json;
use crate::base::span::Sources;
use crate::yaml::load::load;
use crate::yaml::read::Reader;
use std::sync::Arc;

fn try_read(options: &str) -> (Option<Arc<dyn Decoder>>, Vec<String>) {
    let mut sources = Sources::default();
    let file = sources.add("test.yaml", options);
    let loaded = load(&sources, file);
    let mut reader = Reader::new(&sources, loaded.broken);
    let decoder = read(&loaded.root, &mut reader);
    let problems = loaded.problems.iter().chain(&reader.problems);
    (decoder, problems.map(|problem| problem.title.clone()).collect())
}

/// The decoder that stands under `decode:`.
pub fn decoder(options: &str) -> Arc<dyn Decoder> {
    let (decoder, problems) = try_read(options);
    assert!(problems.is_empty(), "{options}: {problems:?}");
    decoder.expect("a decoder without problems")
}

/// The titles of what is wrong with options.
pub fn problems(options: &str) -> Vec<String> {
    let (decoder, problems) = try_read(options);
    assert!(decoder.is_none() || !problems.is_empty(), "{options} has no problem");
    problems
}

/// The document as JSON.
pub fn document(options: &str, input: impl AsRef<[u8]>) -> String {
    let decoded = decoder(options).decode(input.as_ref()).expect("a document");
    to_json(&decoded.doc).to_string()
}

/// The remarks beside the document.
pub fn warnings(options: &str, input: impl AsRef<[u8]>) -> Vec<String> {
    decoder(options).decode(input.as_ref()).expect("a document").warnings
}

/// The error.
pub fn fault(options: &str, input: impl AsRef<[u8]>) -> String {
    decoder(options).decode(input.as_ref()).expect_err("an error").0
}
