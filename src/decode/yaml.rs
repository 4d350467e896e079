//! `yaml`: one YAML document of a server or file.
//!
//! This reads data, not specs: what people write for the engine is read with places by
//! [`crate::yaml`]. Aliases are followed within a bound, merge keys (`<<`) are resolved, tags of the
//! writer's own are dropped. A key twice in one map and integers beyond 64 bits are errors, and so is
//! a second document, unless `documents: many` says that each one is a row; empty ones are none.
//!
//! ```yaml
//! decode: yaml
//! decode: {yaml: {documents: many}}
//! ```

use super::document::{Builder, Merges, Part};
use super::{DecodeError, Decoded, Decoder, Options, beginning, text};
use crate::base::limits;
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use serde::de::DeserializeSeed;
use std::sync::Arc;

crate::fields! {
    /// One YAML document; its rows are the items of a list at the top, else the document.
    pub struct Yaml, "decoder `yaml`" {
        /// How many documents there are, divided by `---`: `one` makes a second one an error, `many`
        /// makes each of them a row: `{yaml: {documents: many}}`.
        pub documents: Documents = Documents::One, "one";
    }
}

crate::words! {
    /// How many documents a text holds.
    pub enum Documents {
        /// One.
        One = "one",
        /// Any number of them, each a row.
        Many = "many",
    }
}

impl Options for Yaml {
    const NAME: &'static str = "yaml";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Yaml {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let text = text::strict(input)?;
        if text.trim().is_empty() {
            return Err(DecodeError("the body is empty".to_owned()));
        }
        let parsed = match self.documents {
            Documents::One => one(&text),
            Documents::Many => many(&text),
        };
        parsed.map(Decoded::of).map_err(|why| DecodeError(format!("not YAML: {why}; it begins {}", beginning(&text))))
    }
}

fn one(text: &str) -> Result<Value, String> {
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else { return Ok(Value::Missing) };
    let value = Part(&mut Builder::new(Merges::Yaml)).deserialize(first).map_err(|error| words(&error))?;
    match documents.next() {
        None => Ok(value),
        Some(_) => Err("a second document begins after the first; `documents: many` makes each a row".to_owned()),
    }
}

fn many(text: &str) -> Result<Value, String> {
    let mut builder = Builder::new(Merges::Yaml);
    let mut rows = Vec::new();
    for (document, number) in serde_yaml::Deserializer::from_str(text).zip(1..) {
        let row = Part(&mut builder).deserialize(document).map_err(|error| format!("document {number}: {}", words(&error)))?;
        rows.extend(Some(row).filter(|row| !row.is_missing()));
    }
    Ok(Value::list(rows))
}

fn words(error: &serde_yaml::Error) -> String {
    let printed = error.to_string();
    if printed.contains("recursion limit exceeded") {
        return format!("nested {} levels deep or more, which is the limit", limits::DEPTH);
    }
    if printed.contains("repetition limit exceeded") {
        return "too much is repeated through aliases".to_owned();
    }
    printed
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, fault};

    #[test]
    fn scalars_are_those_of_yaml_1_2() {
        let text = "\u{feff}a: 1\r\nb: [1.5, true, no, ~, 'x', 007]\n1: key\nbig: 18446744073709551615\n";
        assert_eq!(document("yaml", text), r#"{"a":1,"b":[1.5,true,"no",null,"x","007"],"1":"key","big":18446744073709551615}"#);
        assert_eq!(document("yaml", "!mine {a: !!str 1}"), r#"{"a":"1"}"#);
    }

    #[test]
    fn merge_keys_and_aliases_are_resolved() {
        let text = "base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}\nboth: {<<: [*b, {z: 4}]}\n";
        assert_eq!(document("yaml", text), r#"{"base":{"x":1,"y":2},"own":{"y":3,"x":1},"both":{"x":1,"y":2,"z":4}}"#);
    }

    #[test]
    fn bombs_depth_and_doubles_are_errors() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let before = format!("*a{}, ", n - 1).repeat(10);
            bomb.push_str(&format!("a{n}: &a{n} [{before}]\n"));
        }
        assert!(fault("yaml", bomb).contains("too much is repeated through aliases"));
        assert!(fault("yaml", "[".repeat(200) + &"]".repeat(200)).contains("nested 128 levels"));
        assert!(fault("yaml", "a: 1\nb: 2\na: 3\n").contains("the key `a` twice in one map"));
        assert!(fault("yaml", "n: 18446744073709551616").contains("beyond 64 bits"));
        assert!(fault("yaml", "a: 1\n---\nb: 2\n").contains("a second document"));
        assert!(fault("yaml", "a: &a [*a]").starts_with("not YAML"));
    }

    #[test]
    fn several_documents_can_be_rows() {
        let text = "---\na: 1\n---\n# nothing\n---\n- b\n...\n";
        assert_eq!(document("{yaml: {documents: many}}", text), r#"[{"a":1},["b"]]"#);
        assert_eq!(document("{yaml: {documents: many}}", "a: 1\n"), r#"[{"a":1}]"#);
        assert!(fault("{yaml: {documents: many}}", "a: 1\n---\nb: [\n").starts_with("not YAML: document 2: "));
    }

    #[test]
    fn what_is_broken_or_empty_is_an_error() {
        assert_eq!(fault("yaml", "\n"), "the body is empty");
        assert!(fault("yaml", "a: [1\nb: 2").starts_with("not YAML: "));
        assert_eq!(document("yaml", "# nothing\n"), "null");
        assert_eq!(document("yaml", "--- 1\n...\n"), "1");
    }
}
