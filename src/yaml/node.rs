//! The tree of a YAML file: every node knows where it stands.

use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::span::Span;
use crate::base::value::{Text, Value};

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
}

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    /// The characters of the node, quotes included.
    pub span: Span,
    /// What it holds.
    pub data: Data,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file, merge keys already merged.
    Map(Vec<Entry>),
}

/// One scalar.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// Its text, escapes and folding resolved.
    pub text: Text,
    /// How it was written.
    pub style: Style,
    /// What the core schema makes of it: a text unless written plain.
    pub literal: Literal,
}

/// The core schema's reading of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text,
}

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: Text,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A null at a place, for files and keys without content.
    pub fn null(span: Span) -> Node {
        let scalar = Scalar { text: "".into(), style: Style::Plain, literal: Literal::Null };
        Node { span, data: Data::Scalar(scalar) }
    }

    /// True for `null`, `~` and nothing.
    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar(s) if s.literal == Literal::Null)
    }

    /// The scalar of a scalar node.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Data::Scalar(scalar) = &self.data { Some(scalar) } else { None }
    }

    /// The items of a list node.
    pub fn as_list(&self) -> Option<&[Node]> {
        if let Data::List(items) = &self.data { Some(items) } else { None }
    }

    /// The entries of a map node.
    pub fn as_map(&self) -> Option<&[Entry]> {
        if let Data::Map(entries) = &self.data { Some(entries) } else { None }
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| &*entry.key == key)
    }

    /// What the node is, as messages call it: `a map`, `the text "x"`, `nothing`.
    pub fn describe(&self) -> String {
        match &self.data {
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
            Data::Scalar(s) => match s.literal {
                Literal::Null => "nothing".to_owned(),
                Literal::Bool(b) => format!("the boolean {b}"),
                Literal::Number(_) => format!("the number {}", s.text),
                Literal::Text => format!("the text \"{}\"", crate::base::print::cut(&crate::base::print::one_line(&s.text), 60)),
            },
        }
    }

    /// The plain value of the tree: nothing in it is a path or a template.
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Scalar(scalar) => scalar.to_value(),
            Data::List(items) => Value::list(items.iter().map(Node::to_value).collect()),
            Data::Map(entries) => Value::map(entries.iter().map(|e| (e.key.clone(), e.value.to_value())).collect::<Map>()),
        }
    }
}

impl Scalar {
    /// The plain value of the scalar.
    pub fn to_value(&self) -> Value {
        match self.literal {
            Literal::Null => Value::Missing,
            Literal::Bool(b) => Value::Bool(b),
            Literal::Number(n) => Value::number(n),
            Literal::Text => Value::Text(self.text.clone()),
        }
    }
}
/// How many values a tree holds.
pub fn size_of(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(_) => 1,
        Data::List(items) => 1 + items.iter().map(size_of).sum::<usize>(),
        Data::Map(entries) => 1 + entries.iter().map(|e| size_of(&e.value)).sum::<usize>(),
    }
}
