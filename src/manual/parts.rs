//! The declared structs and kinds in the order in which a reader of the reference meets them.

use super::schema::one_line;
use crate::yaml::shape::{FieldDoc, KindDoc, Shape};
use std::collections::BTreeSet;

/// One struct or kind with a table of its own.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its heading.
    pub title: String,
    /// Its doc comment.
    pub doc: String,
    /// Its keys.
    pub fields: Vec<FieldDoc>,
    /// What may stand in place of the keys.
    pub short: Option<Shape>,
}

/// Collects parts; each is given once, where it was met first.
#[derive(Debug, Default)]
pub struct Collector {
    seen: BTreeSet<String>,
}

impl Collector {
    /// What a shape holds and what that holds, as far as it was not given before.
    pub fn parts(&mut self, shape: &Shape) -> Vec<Part> {
        let mut out = Vec::new();
        self.visit(shape, &mut out);
        out
    }

    fn visit(&mut self, shape: &Shape, out: &mut Vec<Part>) {
        match shape {
            Shape::Setting(of) | Shape::List(of) | Shape::Map(of) => self.visit(of, out),
            Shape::Either(shapes) => shapes.iter().for_each(|shape| self.visit(shape, out)),
            Shape::Struct(declared) => self.add(title(declared.name), declared.doc, || (declared.fields)(), None, out),
            Shape::Kind(family, kind) => self.kind(family, kind, out),
            Shape::Kinds(family, kinds) => kinds().iter().for_each(|kind| self.kind(family, kind, out)),
            Shape::Any | Shape::Bool | Shape::Integer | Shape::Number | Shape::Text | Shape::Duration | Shape::Size => {}
            Shape::Words(_) | Shape::Expression | Shape::Template => {}
        }
    }

    fn kind(&mut self, family: &str, kind: &KindDoc, out: &mut Vec<Part>) {
        self.add(kind_title(family, kind.name), kind.doc, || kind.fields.clone(), kind.short.clone(), out);
    }

    fn add(&mut self, title: String, doc: &str, fields: impl FnOnce() -> Vec<FieldDoc>, short: Option<Shape>, out: &mut Vec<Part>) {
        if !self.seen.insert(title.clone()) {
            return;
        }
        let fields = fields();
        out.push(Part { title, doc: one_line(doc), fields: fields.clone(), short });
        fields.iter().for_each(|field| self.visit(&field.shape, out));
    }
}

/// The heading of a struct.
pub fn title(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The heading of a kind.
pub fn kind_title(family: &str, kind: &str) -> String {
    format!("{} `{kind}`", title(family))
}
