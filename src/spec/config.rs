//! What a user of a spec may say: typed fields with defaults.
//!
//! ```yaml
//! config:
//!   instance:
//!     url: {type: url, required: true, description: Address to request.}
//! ```

use crate::base::diag::Diagnostic;
use crate::base::span::Span;
use crate::base::value::{Text, Value};
use crate::expr::code::Code;
use crate::expr::data::DataTemplate;
use crate::yaml::basic::{Keyed, OneOrMany, Raw, meant_bool};
use crate::yaml::boolean_word;
use crate::yaml::node::Node;
use crate::yaml::pattern::Pattern;
use crate::yaml::read::{Field, Fields, Reader, Record};
use crate::yaml::shape::Shape;

crate::words! {
    /// The types of configuration fields.
    pub enum ConfigType {
        /// Any words.
        String = "string",
        /// A whole number.
        Int = "int",
        /// A number.
        Float = "float",
        /// `true` or `false`.
        Bool = "bool",
        /// `5s`, or a number of seconds.
        Duration = "duration",
        /// `10MiB`, or a number of bytes.
        Bytes = "bytes",
        /// An address.
        Url = "url",
        /// A path; a relative one starts at the folder of the conf.d file.
        Path = "path",
        /// A regular expression.
        Regex = "regex",
        /// A pattern of names.
        Glob = "glob",
        /// A text that is never shown.
        Secret = "secret",
        /// One of `values`.
        Enum = "enum",
        /// A list of `items`.
        List = "list",
        /// A map of `fields`, or of anything.
        Map = "map",
        /// Anything.
        Any = "any",
    }
}

crate::fields! {
    /// One field of the configuration.
    struct Written, "config field" {
        /// Its type.
        r#type: Option<ConfigType>;
        /// Several types, of which the first that fits is taken.
        any_of: Vec<FieldType>;
        /// It must be given.
        required: bool = false, "false";
        /// The value where it is not given; may use `init_config` and other fields of `instance`.
        default: Option<Fallback>;
        /// The least number.
        min: Option<f64>;
        /// The greatest number.
        max: Option<f64>;
        /// What a text must match.
        pattern: Option<Pattern>;
        /// The words of an `enum`.
        values: Vec<Text>;
        /// The type of the items of a `list`.
        items: Option<Box<FieldType>>;
        /// The fields of a `map`.
        fields: Option<Keyed<FieldType>>;
        /// What it controls.
        description: Option<Text>;
        /// An example.
        example: Option<Raw>;
        /// Why it should not be used any more, and what instead.
        deprecated: Option<Text>;
    }
}

/// A default: whether `no` can be meant as a word in it is a matter of the type.
#[derive(Clone, Debug)]
struct Fallback(DataTemplate);

impl Field for Fallback {
    fn shape() -> Shape {
        DataTemplate::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        DataTemplate::read_words(node, reader).map(Fallback)
    }
}

/// The type of a value in the configuration.
#[derive(Clone, Debug)]
pub struct FieldType {
    /// The types that fit, tried in order.
    pub types: Vec<ConfigType>,
    /// Further types with options of their own.
    pub any_of: Vec<FieldType>,
    /// It must be given.
    pub required: bool,
    /// The value where it is not given.
    pub default: Option<DataTemplate>,
    /// Bounds of numbers.
    pub min: Option<f64>,
    /// Bounds of numbers.
    pub max: Option<f64>,
    /// What a text must match.
    pub pattern: Option<Pattern>,
    /// The words of an `enum`.
    pub values: Vec<Text>,
    /// The type of items.
    pub items: Option<Box<FieldType>>,
    /// The fields of a map.
    pub fields: Option<Vec<ConfigField>>,
    /// What it controls.
    pub description: Option<Text>,
    /// An example.
    pub example: Option<Node>,
    /// Why it should not be used any more.
    pub deprecated: Option<Text>,
}

/// One named field.
#[derive(Clone, Debug)]
pub struct ConfigField {
    /// Its key.
    pub key: Text,
    /// Where it is declared.
    pub span: Span,
    /// Its type.
    pub field: FieldType,
}

/// Everything that may be said.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Under `init_config`.
    pub init_config: Vec<ConfigField>,
    /// In each instance.
    pub instance: Vec<ConfigField>,
}

crate::fields! {
    /// What `init_config` and an instance may say.
    struct WrittenConfig, "config" {
        /// Standard options, declared and applied by the engine: `http` for `username`, `password`, `headers`, `tls_verify`, `proxy`, `timeout` and the like, which hold for every `http` source that does not say otherwise.
        r#use: Option<OneOrMany<Text>>;
        /// Fields of `init_config`, shared by all instances.
        init_config: Keyed<FieldType>;
        /// Fields of each instance.
        instance: Keyed<FieldType>;
    }
}

impl Field for FieldType {
    fn shape() -> Shape {
        Shape::Either(vec![ConfigType::shape(), <Written as Field>::shape()])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.as_scalar().is_some() {
            // `items: string` is short for `items: {type: string}`.
            let short = ConfigType::read(node, reader)?;
            return Some(FieldType::plain(short));
        }
        let mut fields = Fields::open(node, "a config field", reader)?;
        let written = Written::read_from(&mut fields, reader);
        fields.finish(reader);
        // Its name is declared all the same, so that what uses it is no second problem.
        let Some(written) = written else { return Some(FieldType::plain(ConfigType::Any)) };
        if written.r#type.is_none() && written.any_of.is_empty() {
            let problem = Diagnostic::error("missing-key", "config field without `type`", node.span).label("`type` is needed here");
            reader.report(problem.help(format!("add `type:` with one of {}", ConfigType::WORDS.join(", "))));
            return None;
        }
        if written.r#type == Some(ConfigType::Enum) && written.values.is_empty() {
            let problem = Diagnostic::error("missing-key", "config field of type `enum` without `values`", node.span);
            reader.report(problem.label("`values` is needed here").help("add `values: [one, two]`"));
            return None;
        }
        let field = FieldType {
            types: written.r#type.into_iter().collect(),
            any_of: written.any_of,
            required: written.required,
            default: written.default.map(|fallback| fallback.0),
            min: written.min,
            max: written.max,
            pattern: written.pattern,
            values: written.values,
            items: written.items,
            fields: written.fields.map(named),
            description: written.description,
            example: written.example.map(|raw| raw.0),
            deprecated: written.deprecated,
        };
        field.check_default(node, reader);
        Some(field)
    }
}

impl FieldType {
    /// A type without options.
    pub fn plain(config_type: ConfigType) -> Self {
        FieldType {
            types: vec![config_type],
            any_of: Vec::new(),
            required: false,
            default: None,
            min: None,
            max: None,
            pattern: None,
            values: Vec::new(),
            items: None,
            fields: None,
            description: None,
            example: None,
            deprecated: None,
        }
    }

    /// True if a value is taken as it is, whatever its type.
    fn takes_anything(&self) -> bool {
        let free = |config_type: &ConfigType| match config_type {
            ConfigType::Any => true,
            ConfigType::List => self.items.as_ref().is_none_or(|items| items.takes_anything()),
            ConfigType::Map => self.fields.is_none(),
            _ => false,
        };
        self.types.iter().any(free)
    }

    fn check_default(&self, node: &Node, reader: &mut Reader<'_>) {
        if let Some(entry) = node.entry("default").filter(|_| self.takes_anything()) {
            boolean_word::warn(&entry.value, &mut reader.problems);
        }
        let Some(DataTemplate::Fixed(value)) = &self.default else { return };
        if value.is_missing() || self.typed(value).is_some() {
            return;
        }
        let place = node.entry("default").map_or(node.span, |entry| entry.value.span);
        let words = self.types.iter().map(|config_type| config_type.word()).collect::<Vec<_>>().join("` or `");
        let problem = Diagnostic::error("bad-default", format!("a default that is no `{words}`"), place);
        let problem = problem.label(format!("this is {}", crate::base::print::shown(value)));
        let meant = value.as_text().and_then(meant_bool).filter(|_| self.types.contains(&ConfigType::Bool));
        reader.report(match meant {
            Some(meant) => problem.help(format!("write `{meant}`")).edit(place, meant.to_string()),
            None => problem.help(format!("write a value of type `{words}`, or change `type`")),
        });
    }

    /// A computed or constant default as this type; `None` where it is of another.
    pub fn typed(&self, value: &Value) -> Option<Value> {
        if matches!(value, Value::Secret(_)) {
            // A secret that came through another field is one whatever the type says.
            return Some(value.clone());
        }
        let text = value.as_text();
        let convert = |config_type: &ConfigType| match config_type {
            ConfigType::Duration => match text {
                Some(text) => crate::base::units::parse_duration(text).ok().map(Value::seconds),
                None => value.as_number().map(|_| value.clone()),
            },
            ConfigType::Bytes => match text {
                Some(text) => crate::base::units::parse_size(text).ok().map(|n| Value::number(crate::base::number::Number::Uint(n))),
                None => value.as_number().map(|_| value.clone()),
            },
            ConfigType::Int => value.as_number().and_then(|n| n.as_integer()).map(|_| value.clone()),
            ConfigType::Float => value.as_number().map(|_| value.clone()),
            ConfigType::Bool => matches!(value, Value::Bool(_)).then(|| value.clone()),
            ConfigType::List => value.as_list().map(|_| value.clone()),
            ConfigType::Map => value.as_map().map(|_| value.clone()),
            ConfigType::Secret => text.map(|text| Value::Secret(crate::base::secret::Secret::new(text))),
            ConfigType::Any => Some(value.clone()),
            ConfigType::Enum => text.filter(|t| self.values.iter().any(|v| &**v == *t)).map(|_| value.clone()),
            ConfigType::String | ConfigType::Url | ConfigType::Path | ConfigType::Regex | ConfigType::Glob => {
                crate::base::print::text_of(value).filter(|_| value.as_list().is_none() && value.as_map().is_none()).map(Value::Text)
            }
        };
        let found = self.types.iter().find_map(convert);
        found.or_else(|| self.any_of.iter().find_map(|option| option.typed(value)))
    }

    /// Calls `take` for every computed place.
    pub fn codes<'f>(&'f self, take: &mut dyn FnMut(&'f Code)) {
        self.default.iter().for_each(|default| default.codes(take));
        self.fields.iter().flatten().for_each(|field| field.field.codes(take));
    }
}

fn named(keyed: Keyed<FieldType>) -> Vec<ConfigField> {
    keyed.0.into_iter().map(|entry| ConfigField { key: entry.key, span: entry.key_span, field: entry.value }).collect()
}

impl Field for Config {
    fn shape() -> Shape {
        WrittenConfig::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        // The words of `use` have become fields where the spec was put together.
        let written = WrittenConfig::read(node, reader)?;
        Some(Config { init_config: named(written.init_config), instance: named(written.instance) })
    }

    fn absent() -> Option<Self> {
        Some(Config::default())
    }
}
