//! What a user of a spec may say: typed fields with defaults.
//!
//! ```yaml
//! config:
//!   instance:
//!     url: {type: url, required: true, description: Address to request.}
//! ```

use crate::base::diag::Diagnostic;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::print::text_of;
use crate::base::span::Span;
use crate::base::suggest::listed;
use crate::base::units::{parse_duration, parse_size};
use crate::base::value::{Text, Value};
use crate::expr::code::Code;
use crate::expr::data::DataTemplate;
use crate::expr::names::{INIT_CONFIG, INSTANCE};
use crate::yaml::basic::{Keyed, KeyedEntry, OneOrMany, Raw, meant_bool};
use crate::yaml::boolean_word;
use crate::yaml::node::{Node, Scalar};
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
        /// The least number, duration or size; the fewest items of a list or characters of a text.
        min: Option<Bound>;
        /// The greatest number, duration or size; the most items of a list or characters of a text.
        max: Option<Bound>;
        /// What a text must match.
        pattern: Option<Pattern>;
        /// The values of an `enum`, words or numbers.
        values: Vec<Word>;
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

/// One value of an `enum`.
#[derive(Clone, Debug)]
struct Word(Value);

impl Field for Word {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Text, Shape::Number, Shape::Bool])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let word = node.as_scalar().map(Scalar::to_value).filter(|value| !value.is_missing());
        if word.is_none() {
            reader.mismatch(node, "a word or a number");
        }
        word.map(Word)
    }
}

/// `min` or `max` as written.
#[derive(Clone, Debug)]
pub struct Bound {
    /// In the unit of the type: seconds, bytes, items, characters.
    pub least_or_most: f64,
    /// As written, for messages.
    pub written: Text,
}

impl Field for Bound {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Number, Shape::Duration, Shape::Size])
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = node.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        // `5m` is a duration here and a size with `type: bytes`, which is known later.
        let number = parse_duration(&written).ok().or_else(|| parse_size(&written).ok().map(|n| n as f64));
        if number.is_none() {
            reader.mismatch(node, "a number, a duration or a size");
        }
        number.map(|least_or_most| Bound { least_or_most, written })
    }
}

impl Bound {
    fn in_bytes(self) -> Bound {
        let bytes = parse_size(&self.written).ok().map(|n| n as f64);
        Bound { least_or_most: bytes.unwrap_or(self.least_or_most), ..self }
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
    /// The least number, length or count.
    pub min: Option<Bound>,
    /// The greatest number, length or count.
    pub max: Option<Bound>,
    /// What a text must match.
    pub pattern: Option<Pattern>,
    /// The values of an `enum`.
    pub values: Vec<Value>,
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
    /// The standard options that the engine declares and applies.
    pub standard: Vec<Text>,
    /// Under `init_config`.
    pub init_config: Vec<ConfigField>,
    /// In each instance.
    pub instance: Vec<ConfigField>,
    /// The fields of `init_config` with defaults, each after those that its default uses.
    pub init_config_order: Vec<usize>,
    /// The same for an instance.
    pub instance_order: Vec<usize>,
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
            let read = ConfigType::read(node, reader);
            if read.is_none()
                && let Some(problem) = reader.problems.last_mut()
                && problem.edit.is_none()
            {
                let written = reader.sources.slice(node.span);
                problem.text = Some(format!("A default stands beside its type: `{{type: …, default: {written}}}`."));
            }
            // Its name is declared all the same.
            return Some(FieldType::plain(read.unwrap_or(ConfigType::Any)));
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
        let of_bytes = written.r#type == Some(ConfigType::Bytes);
        let bound = |bound: Bound| if of_bytes { bound.in_bytes() } else { bound };
        let field = FieldType {
            types: written.r#type.into_iter().collect(),
            any_of: written.any_of,
            required: written.required,
            default: written.default.map(|fallback| fallback.0),
            min: written.min.map(bound),
            max: written.max.map(bound),
            pattern: written.pattern,
            values: written.values.into_iter().map(|word| word.0).collect(),
            items: written.items,
            fields: written.fields.map(|fields| named(fields, reader)),
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
        if value.is_missing() {
            return;
        }
        let typed = self.typed(value);
        let unfit = typed.as_ref().and_then(|value| self.unfit(value));
        let place = node.entry("default").map_or(node.span, |entry| entry.value.span);
        if let Some(what) = unfit {
            let problem = Diagnostic::error("bad-default", format!("a default that is not {what}"), place);
            reader.report(
                problem.label(format!("this is {}", crate::base::print::shown(value))).help(format!("write a value that is {what}")),
            );
        }
        if typed.is_some() {
            return;
        }
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
                Some(text) => parse_duration(text).ok().map(Value::seconds),
                None => value.as_number().map(|_| value.clone()),
            },
            ConfigType::Bytes => match text {
                Some(text) => parse_size(text).ok().map(|n| Value::number(crate::base::number::Number::Uint(n))),
                None => value.as_number().map(|_| value.clone()),
            },
            ConfigType::Int => value.as_number().and_then(|n| n.as_integer()).map(|_| value.clone()),
            ConfigType::Float => value.as_number().map(|_| value.clone()),
            ConfigType::Bool => matches!(value, Value::Bool(_)).then(|| value.clone()),
            ConfigType::List => match &self.items {
                Some(of) => value.as_list()?.iter().map(|item| of.typed(item)).collect::<Option<_>>().map(Value::list),
                None => value.as_list().map(|_| value.clone()),
            },
            ConfigType::Map => self.typed_map(value.as_map()?),
            ConfigType::Secret => text.map(|text| Value::Secret(crate::base::secret::Secret::new(text))),
            ConfigType::Any => Some(value.clone()),
            ConfigType::Enum => self.word(&text_of(value)?),
            ConfigType::String | ConfigType::Url | ConfigType::Path | ConfigType::Regex | ConfigType::Glob => {
                text_of(value).filter(|_| value.as_list().is_none() && value.as_map().is_none()).map(Value::Text)
            }
        };
        let found = self.types.iter().find_map(convert);
        found.or_else(|| self.any_of.iter().find_map(|option| option.typed(value)))
    }

    /// A map with its fields as their types, and the constant defaults of those that it lacks.
    fn typed_map(&self, map: &Map) -> Option<Value> {
        let mut out = map.clone();
        for ConfigField { key, field, .. } in self.fields.iter().flatten() {
            let given = map.get(key).filter(|value| !value.is_missing());
            let value = match (given, &field.default) {
                (Some(value), _) => Some(field.typed(value)?),
                (None, Some(DataTemplate::Fixed(default))) => field.typed(default),
                (None, _) => None,
            };
            if let Some(value) = value {
                out.insert(key.clone(), value);
            }
        }
        Some(Value::map(out))
    }

    /// The value of an `enum` that prints like this.
    pub fn word(&self, text: &str) -> Option<Value> {
        self.values.iter().find(|value| text_of(value).as_deref() == Some(text)).cloned()
    }

    /// What a value of this type must be and is not: `at least 5s`.
    pub fn unfit(&self, value: &Value) -> Option<String> {
        let (size, prefix) = match value {
            Value::Text(text) => (text.chars().count() as f64, "a text whose number of characters is "),
            Value::List(items) => (items.len() as f64, "a list whose number of items is "),
            other => (other.as_number()?.as_f64(), ""),
        };
        if let Some(min) = self.min.as_ref().filter(|min| size < min.least_or_most) {
            return Some(format!("{prefix}at least {}", min.written));
        }
        if let Some(max) = self.max.as_ref().filter(|max| size > max.least_or_most) {
            return Some(format!("{prefix}at most {}", max.written));
        }
        let pattern = self.pattern.as_ref().filter(|pattern| value.as_text().is_some_and(|text| !pattern.0.is_match(text)));
        pattern.map(|pattern| format!("a text that matches `{}`", pattern.0.as_str()))
    }

    /// Calls `take` for every computed place.
    pub fn codes<'f>(&'f self, take: &mut dyn FnMut(&'f Code)) {
        self.default.iter().for_each(|default| default.codes(take));
        self.fields.iter().flatten().for_each(|field| field.field.codes(take));
        self.items.iter().for_each(|items| items.codes(take));
    }
}

fn named(keyed: Keyed<FieldType>, reader: &mut Reader<'_>) -> Vec<ConfigField> {
    let named = |entry: KeyedEntry<FieldType>| ConfigField { key: entry.key, span: entry.key_span, field: entry.value };
    let mut fields: Vec<ConfigField> = keyed.0.into_iter().map(named).collect();
    reader.bounded(&mut fields, "configuration keys", |field| field.span);
    fields
}

impl Field for Config {
    fn shape() -> Shape {
        WrittenConfig::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = WrittenConfig::read(node, reader)?;
        let (init_config, instance) = (named(written.init_config, reader), named(written.instance, reader));
        Some(Config {
            // These words have become fields where the spec was put together.
            standard: written.r#use.map(|words| words.0).unwrap_or_default(),
            init_config_order: order(&init_config, INIT_CONFIG, reader),
            instance_order: order(&instance, INSTANCE, reader),
            init_config,
            instance,
        })
    }

    fn absent() -> Option<Self> {
        Some(Config::default())
    }
}

/// The fields with defaults, each after those whose values its default uses.
fn order(fields: &[ConfigField], own: NameId, reader: &mut Reader<'_>) -> Vec<usize> {
    let used = |field: &ConfigField| {
        let mut keys: Vec<Text> = Vec::new();
        let mut note = |code: &Code| keys.extend(code.uses.iter().filter(|used| used.name == own).filter_map(|used| used.member.clone()));
        field.field.default.iter().for_each(|default| default.codes(&mut note));
        keys
    };
    let with_default = fields.iter().enumerate().filter(|(_, field)| field.field.default.is_some());
    let mut pending: Vec<(usize, &ConfigField, Vec<Text>)> = with_default.map(|(at, field)| (at, field, used(field))).collect();
    let mut out = Vec::new();
    while !pending.is_empty() {
        let ready = pending.iter().position(|(_, _, used)| !pending.iter().any(|(_, other, _)| used.contains(&other.key)));
        let Some(next) = ready else {
            reader.problems.extend(pending.first().map(|(_, first, used)| circular_defaults(first, used)));
            out.extend(pending.iter().map(|(at, _, _)| *at));
            break;
        };
        out.push(pending.remove(next).0);
    }
    out
}

fn circular_defaults(field: &ConfigField, used: &[Text]) -> Diagnostic {
    let title = format!("the default of `{}` waits for itself", field.key);
    let problem = Diagnostic::error("circular-defaults", title, field.span).label("none of these can be computed first");
    let names = listed(used.iter().map(|key| &**key), 9);
    problem.text(format!("It uses {names}, and what they use leads back.")).help("give one of them a default that uses no other")
}
