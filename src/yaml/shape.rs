//! What a field accepts, as data: for messages, the JSON Schema and the reference page.

/// The shape of a value in YAML.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Words.
    Text,
    /// `5s`, or a number of seconds.
    Duration,
    /// `10MiB`, or a number of bytes.
    Size,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A path or expression: a value or a condition.
    Expression,
    /// A text with holes.
    Template,
    /// A literal of that shape, or one path or `{{ expression }}` that gives it.
    Setting(Box<Shape>),
    /// A list of these.
    List(Box<Shape>),
    /// A map with free keys to these.
    Map(Box<Shape>),
    /// Any of these.
    Either(Vec<Shape>),
    /// A struct with declared fields.
    Struct(Struct),
    /// The fields of one kind of a family, where the kind's name is one key among others.
    Kind(&'static str, Box<KindDoc>),
    /// Exactly one key, the kind, over that kind's fields; a bare word for kinds without required
    /// fields.
    Kinds(&'static str, fn() -> Vec<KindDoc>),
}

/// A declared struct.
#[derive(Clone, Copy, Debug)]
pub struct Struct {
    /// Its name in the reference.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Its fields; a function, since structs may hold each other.
    pub fields: fn() -> Vec<FieldDoc>,
}

/// One declared field.
#[derive(Clone, Debug)]
pub struct FieldDoc {
    /// The key in YAML.
    pub key: &'static str,
    /// Its doc comment.
    pub doc: String,
    /// What it accepts.
    pub shape: Shape,
    /// True if it must be given.
    pub required: bool,
    /// The default as written in the reference.
    pub default: Option<&'static str>,
}

/// One kind of a family.
#[derive(Clone, Debug)]
pub struct KindDoc {
    /// The word in YAML.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Its fields.
    pub fields: Vec<FieldDoc>,
    /// What may stand in place of the fields: a short form, or entries with free keys.
    pub short: Option<Shape>,
}

impl Shape {
    /// The shape in words, as messages say it: "a list of texts".
    pub fn words(&self) -> String {
        match self {
            Shape::Any => "any value".to_owned(),
            Shape::Bool => "true or false".to_owned(),
            Shape::Integer => "a whole number".to_owned(),
            Shape::Number => "a number".to_owned(),
            Shape::Text => "a text".to_owned(),
            Shape::Duration => "a duration like `5s`".to_owned(),
            Shape::Size => "a size like `10MiB`".to_owned(),
            Shape::Words(words) => format!("one of {}", words.join(", ")),
            Shape::Expression => "a path or an expression".to_owned(),
            Shape::Template => "a text".to_owned(),
            Shape::Setting(of) => of.words(),
            Shape::List(of) => of.plural().map_or_else(|| format!("a list (each item {})", of.words()), |all| format!("a list of {all}")),
            Shape::Map(of) => format!("a map (each value {})", of.words()),
            Shape::Either(shapes) => shapes.iter().map(Shape::words).collect::<Vec<_>>().join(", or "),
            Shape::Struct(s) => format!("a map with {}", known_keys(&(s.fields)())),
            Shape::Kind(_, kind) => format!("a map with {}", known_keys(&kind.fields)),
            Shape::Kinds(family, kinds) => {
                let names: Vec<_> = kinds().iter().map(|k| k.name).collect();
                format!("a {family}: one of {}", names.join(", "))
            }
        }
    }
}

impl Shape {
    /// Several of it in words, where one word says it.
    fn plural(&self) -> Option<&'static str> {
        match self {
            Shape::Integer => Some("whole numbers"),
            Shape::Number => Some("numbers"),
            Shape::Text | Shape::Template => Some("texts"),
            Shape::Duration => Some("durations"),
            Shape::Size => Some("sizes"),
            Shape::Expression => Some("paths or expressions"),
            Shape::Setting(of) => of.plural(),
            Shape::Any | Shape::Bool | Shape::Words(_) | Shape::List(_) | Shape::Map(_) | Shape::Either(_) => None,
            Shape::Struct(_) | Shape::Kind(..) | Shape::Kinds(..) => None,
        }
    }
}

fn known_keys(fields: &[FieldDoc]) -> String {
    crate::base::suggest::listed(fields.iter().map(|f| f.key), 12)
}
