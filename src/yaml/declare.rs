//! The one declaration of a YAML struct.
//!
//! ```
//! use engine::yaml::basic::Seconds;
//!
//! engine::fields! {
//!     /// How long to wait.
//!     pub struct Wait, "wait" {
//!         /// Time limit of the whole.
//!         pub timeout: Seconds = Seconds(10.0), "10s";
//!         /// Where to wait. A type that can be absent is optional.
//!         pub place: Option<String>;
//!     }
//! }
//! # use engine::yaml::read::Record;
//! assert_eq!(Wait::docs().len(), 2);
//! ```
//!
//! The doc comments become the reference page and the descriptions of the JSON Schema. A default
//! stands once, beside its written form. A macro of forty lines was chosen over `serde` with
//! `schemars` because a deserializer stops at its first error and has no place for spans, and over
//! a derive because that would be a second crate for the same forty lines.

/// Declares a struct that is read from YAML: see the [module](crate::yaml::declare).
#[macro_export]
macro_rules! fields {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $Name:ident, $what:literal {
            $( $(#[doc = $field_doc:literal])* $field_vis:vis $field:ident : $ty:ty $(= $default:expr, $written:literal)? ; )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        $vis struct $Name {
            $( $(#[doc = $field_doc])* $field_vis $field: $ty, )*
        }

        impl $crate::yaml::read::Record for $Name {
            fn docs() -> Vec<$crate::yaml::shape::FieldDoc> {
                vec![$(
                    $crate::yaml::shape::FieldDoc {
                        key: $crate::yaml::declare::key(stringify!($field)),
                        doc: $crate::yaml::declare::join(&[$($field_doc),*]),
                        shape: <$ty as $crate::yaml::read::Field>::shape(),
                        required: $crate::yaml::declare::first(&[$($written)?]).is_none()
                            && <$ty as $crate::yaml::read::Field>::absent().is_none(),
                        default: $crate::yaml::declare::first(&[$($written)?]),
                    },
                )*]
            }

            fn read_from(
                fields: &mut $crate::yaml::read::Fields<'_>,
                reader: &mut $crate::yaml::read::Reader<'_>,
            ) -> Option<Self> {
                $(
                    let $field: Option<$ty> = $crate::fields!(@take fields, reader, $field, $ty $(, $default)?);
                )*
                let _ = (&fields, &reader);
                Some($Name { $( $field: $field?, )* })
            }
        }

        impl $crate::yaml::read::Field for $Name {
            fn shape() -> $crate::yaml::shape::Shape {
                $crate::yaml::shape::Shape::Struct($crate::yaml::shape::Struct {
                    name: $what,
                    doc: concat!($($doc, "\n"),*),
                    fields: <$Name as $crate::yaml::read::Record>::docs,
                })
            }

            fn read(node: &$crate::yaml::node::Node, reader: &mut $crate::yaml::read::Reader<'_>) -> Option<Self> {
                let mut fields = $crate::yaml::read::Fields::open_record(node, $what, <$Name as $crate::yaml::read::Record>::docs, reader)?;
                let value = <$Name as $crate::yaml::read::Record>::read_from(&mut fields, reader);
                fields.finish(reader);
                value
            }
        }
    };
    (@take $fields:ident, $reader:ident, $field:ident, $ty:ty) => {
        $fields.take::<$ty>($crate::yaml::declare::key(stringify!($field)), $reader)
    };
    (@take $fields:ident, $reader:ident, $field:ident, $ty:ty, $default:expr) => {
        match $fields.node($crate::yaml::declare::key(stringify!($field))) {
            Some(_) => $fields.take::<$ty>($crate::yaml::declare::key(stringify!($field)), $reader),
            None => Some($default),
        }
    };
}

/// The YAML key of a field: its name without the `r#` of Rust's keywords.
pub fn key(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// The lines of a doc comment as one text.
pub fn join(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The first of a list that holds one text or none.
pub fn first(texts: &[&'static str]) -> Option<&'static str> {
    texts.first().copied()
}
