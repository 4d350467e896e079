//! The plain field types: texts, numbers, durations, sizes, lists and maps of them.

use super::node::{Literal, Node};
use super::read::{Field, Reader};
use super::shape::Shape;
use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::units::{parse_duration, parse_size};
use crate::base::value::Text;
use std::time::Duration;

/// A value with the place it was written at.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T: Field> Field for Placed<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(|value| Placed { value, span: node.span })
    }
}

impl<T: Field> Field for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Field> Field for Box<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Box::new)
    }

    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }
}

impl<T: Field> Field for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = node.as_list() else {
            let problem = Diagnostic::error("wrong-type", "expected a list", node.span).label(format!("found {}", node.describe()));
            reader.report(match in_brackets(node, reader) {
                Some(list) => problem.help(format!("write `{list}`")).edit(node.span, list),
                None => problem.help("begin each item with `- `, or write `[one, two]`"),
            });
            return None;
        };
        let read: Vec<Option<T>> = items.iter().map(|item| T::read(item, reader)).collect();
        read.into_iter().collect()
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

/// One of them, or a list.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Field> Field for OneOrMany<T> {
    fn shape() -> Shape {
        Shape::Either(vec![T::shape(), Shape::List(Box::new(T::shape()))])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_list() {
            Some(_) => Vec::read(node, reader).map(OneOrMany),
            None => T::read(node, reader).map(|one| OneOrMany(vec![one])),
        }
    }
}

/// A map with free keys, in the order of the file.
#[derive(Clone, Debug)]
pub struct Keyed<T>(pub Vec<KeyedEntry<T>>);

/// One entry of a [`Keyed`] map.
#[derive(Clone, Debug)]
pub struct KeyedEntry<T> {
    /// The key.
    pub key: Text,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: T,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Keyed(Vec::new())
    }
}

impl<T: Field> Field for Keyed<T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            let problem = Diagnostic::error("wrong-type", "expected names with their values", node.span);
            let problem = problem.label(format!("found {}", node.describe()));
            let value = reader.sources.slice(node.span);
            let value = if node.as_scalar().is_some() && value.len() < 60 { value } else { "…" };
            reader.report(problem.help(format!("write a map: `{{name: {value}}}`, with a name of your choice")));
            return None;
        };
        let read = |entry: &super::node::Entry, reader: &mut Reader<'_>| {
            let value = T::read(&entry.value, reader)?;
            Some(KeyedEntry { key: entry.key.clone(), key_span: entry.key_span, value })
        };
        let read: Vec<_> = entries.iter().map(|entry| read(entry, reader)).collect();
        // What could be read is kept, so that later checks still see its names.
        Some(Keyed(read.into_iter().flatten().collect()))
    }

    fn absent() -> Option<Self> {
        Some(Keyed::default())
    }
}

impl Field for Text {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match node.as_scalar() {
            Some(scalar) if scalar.literal != Literal::Null => Some(scalar.text.clone()),
            _ => {
                no_text(node, reader);
                None
            }
        }
    }
}

/// A scalar as a list of one, if it can be written so.
fn in_brackets(node: &Node, reader: &Reader<'_>) -> Option<String> {
    let written = reader.sources.slice(node.span).trim();
    let simple = node.as_scalar().is_some() && !written.contains('\n') && written.len() < 80;
    let quoted = written.starts_with(['"', '\'']);
    let items: Vec<&str> = if quoted { vec![written] } else { written.split(", ").map(str::trim).collect() };
    (simple && !written.is_empty()).then(|| format!("[{}]", items.join(", ")))
}

/// Reports a list or map where a text belongs.
pub fn no_text(node: &Node, reader: &mut Reader<'_>) {
    let problem = Diagnostic::error("wrong-type", "expected a text", node.span).label(format!("found {}", node.describe()));
    let only = node.as_list().and_then(|items| if let [one] = items { Some(one) } else { None }).filter(|one| one.as_scalar().is_some());
    reader.report(match only {
        Some(only) => {
            let text = reader.sources.slice(only.span).to_owned();
            problem.help(format!("write `{text}` without the brackets")).edit(node.span, text)
        }
        None => problem.help("write one text; where it has several lines, a `|` block"),
    });
}

impl Field for String {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Text::read(node, reader).map(|text| text.to_string())
    }
}

impl Field for bool {
    fn shape() -> Shape {
        Shape::Bool
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let scalar = node.as_scalar();
        if let Some(Literal::Bool(b)) = scalar.map(|s| s.literal) {
            return Some(b);
        }
        let meant = scalar.and_then(|s| meant_bool(&s.text));
        match meant {
            Some(meant) => {
                let problem = Diagnostic::error("wrong-type", "expected true or false", node.span)
                    .label(format!("found {}: in YAML 1.2 this is a word", node.describe()))
                    .help(format!("write `{meant}`"));
                reader.report(problem.edit(node.span, meant.to_string()));
            }
            None => reader.mismatch(node, "true or false"),
        }
        None
    }
}

/// What somebody who writes `yes` or `off` means.
pub fn meant_bool(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

macro_rules! integer {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            fn shape() -> Shape {
                Shape::Integer
            }

            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let number = match node.as_scalar().map(|s| s.literal) {
                    Some(Literal::Number(n)) => n.as_integer(),
                    _ => None,
                };
                let value = number.and_then(|n| <$ty>::try_from(n).ok());
                if value.is_none() {
                    let range = format!("a whole number from {} to {}", <$ty>::MIN, <$ty>::MAX);
                    let wide = <$ty>::BITS >= 32;
                    reader.mismatch(node, if wide { "a whole number" } else { &range });
                }
                value
            }
        }
    )*};
}
integer!(u8, u16, u32, u64, usize, i64);

/// A number of things of which there is one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl Count {
    /// What is expected, in messages.
    pub const WORDS: &'static str = "a whole number of at least 1";
}

impl Field for Count {
    fn shape() -> Shape {
        Shape::Integer
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match node.as_scalar().map(|s| s.literal) {
            Some(Literal::Number(n)) => n.as_integer(),
            _ => None,
        };
        let count = number.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        if count.is_none() {
            reader.mismatch(node, Count::WORDS);
        }
        count.map(Count)
    }
}

impl Field for f64 {
    fn shape() -> Shape {
        Shape::Number
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(Literal::Number(n)) = node.as_scalar().map(|s| s.literal) {
            return Some(n.as_f64());
        }
        reader.mismatch(node, "a number");
        None
    }
}

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub f64);

impl Seconds {
    /// As a standard duration; negative ones are zero.
    pub fn duration(self) -> Duration {
        Duration::try_from_secs_f64(self.0.max(0.0)).unwrap_or(Duration::MAX)
    }
}

impl Field for Seconds {
    fn shape() -> Shape {
        Shape::Duration
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
        match parse_duration(&text) {
            Ok(seconds) => Some(Seconds(seconds)),
            Err(expected) => {
                reader.report(bad_unit(node, "a duration", &expected));
                None
            }
        }
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Field for Size {
    fn shape() -> Shape {
        Shape::Size
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
        match parse_size(&text) {
            Ok(bytes) => Some(Size(bytes)),
            Err(expected) => {
                reader.report(bad_unit(node, "a size", &expected));
                None
            }
        }
    }
}

fn bad_unit(node: &Node, what: &str, expected: &str) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("expected {what}"), node.span).label(format!("found {}", node.describe())).help(expected)
}

/// Any value, kept as a tree.
#[derive(Clone, Debug)]
pub struct Raw(pub Node);

impl Field for Raw {
    fn shape() -> Shape {
        Shape::Any
    }

    fn read(node: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(Raw(node.clone()))
    }
}

/// Declares an enum of words that stand for themselves in YAML.
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])* $vis:vis enum $Name:ident { $( $(#[doc = $word_doc:literal])* $Variant:ident = $word:literal ),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $Name { $( $(#[doc = $word_doc])* $Variant ),* }

        impl $Name {
            /// All words, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word in YAML and in outputs.
            pub fn word(self) -> &'static str {
                match self { $( $Name::$Variant => $word ),* }
            }

            /// The variant of a word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $( $word => Some($Name::$Variant), )* _ => None }
            }
        }

        impl $crate::yaml::read::Field for $Name {
            fn shape() -> $crate::yaml::shape::Shape {
                $crate::yaml::shape::Shape::Words($Name::WORDS)
            }

            fn read(node: &$crate::yaml::node::Node, reader: &mut $crate::yaml::read::Reader<'_>) -> Option<Self> {
                let word = node.as_scalar().map(|s| s.text.clone());
                let found = word.as_deref().and_then($Name::from_word);
                if found.is_none() {
                    $crate::yaml::basic::unknown_word(node, $Name::WORDS, reader);
                }
                found
            }
        }
    };
}

/// Reports a word that is none of the known ones.
pub fn unknown_word(node: &Node, words: &[&str], reader: &mut Reader<'_>) {
    let expected = crate::base::suggest::listed(words.iter().copied(), 40);
    let Some(scalar) = node.as_scalar() else {
        let problem = Diagnostic::error("wrong-type", "expected one word", node.span).label(format!("found {}", node.describe()));
        reader.report(problem.help(format!("write one of {expected}")));
        return;
    };
    let problem = Diagnostic::error("unknown-word", format!("{} is not known here", node.describe()), node.span);
    let problem = match crate::base::suggest::nearest(&scalar.text, words.iter().copied()) {
        Some(near) => problem.label(format!("did you mean `{near}`?")).edit(node.span, near),
        None => problem.label("expected another word"),
    };
    reader.report(problem.help(format!("write one of {expected}")));
}
