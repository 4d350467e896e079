//! Values of conf.d as the types that a spec declares.

use super::secrets::{SecretStore, handle_of};
use crate::base::diag::{self, Diagnostic, Level};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::number::Number;
use crate::base::print::text_of;
use crate::base::secret::Secret;
use crate::base::span::Span;
use crate::base::suggest::{listed, nearest};
use crate::base::units::{parse_duration, parse_size};
use crate::base::value::{Text, Value};
use crate::expr::data::DataTemplate;
use crate::spec::config::{ConfigField, ConfigType, FieldType};
use crate::yaml::boolean_word;
use crate::yaml::node::{Data, Literal, Node};
use crate::yaml::read::unknown_key;
use std::path::Path;

/// What converting needs besides the value.
pub struct Converter<'c> {
    /// Where secret handles are looked up.
    pub secrets: &'c dyn SecretStore,
    /// Where relative paths start: the folder of the conf.d file.
    pub folder: &'c Path,
    /// All problems so far.
    pub problems: Vec<Diagnostic>,
}

impl Converter<'_> {
    /// The value of a node as a declared type; `None` after a problem was reported.
    pub fn convert(&mut self, key: &str, node: &Node, field: &FieldType) -> Option<Value> {
        if let Some(scalar) = node.as_scalar()
            && let Some(handle) = handle_of(&scalar.text)
        {
            return self.secret(handle, node);
        }
        self.warn_of_no_handle(node);
        let mut attempts = Vec::new();
        for config_type in &field.types {
            match self.one(key, node, *config_type, field) {
                Ok(value) => return self.checked(key, node, field, value),
                Err(problem) => attempts.push(*problem),
            }
        }
        let mut taken: Option<(Value, Vec<Diagnostic>)> = None;
        for option in &field.any_of {
            let at = self.problems.len();
            let value = self.convert(key, node, option);
            let told = self.problems.split_off(at);
            match value {
                // The type that the value is written as comes before one that it is taken for.
                Some(value) if told.is_empty() => return Some(value),
                Some(value) => taken = taken.or(Some((value, told))),
                None => attempts.extend(told.into_iter().find(|problem| problem.level == Level::Error)),
            }
        }
        if let Some((value, told)) = taken {
            self.problems.extend(told);
            return Some(value);
        }
        self.problems.push(self.no_type_fits(key, node, attempts));
        None
    }

    fn no_type_fits(&self, key: &str, node: &Node, mut attempts: Vec<Diagnostic>) -> Diagnostic {
        if attempts.len() == 1
            && let Some(only) = attempts.pop()
        {
            return only;
        }
        // A map or list of the right shape with a slip inside is nearer than all others.
        if let Some(inside) = attempts.iter().find(|attempt| attempt.span() != node.span) {
            return inside.clone();
        }
        let expected = attempts.iter().map(|p| p.title.clone()).collect::<Vec<_>>().join("; or ");
        Diagnostic::error("wrong-type", format!("`{key}` has none of its types"), node.span)
            .label(format!("found {}", node.describe()))
            .help(expected)
    }

    fn secret(&mut self, handle: &str, node: &Node) -> Option<Value> {
        match self.secrets.fetch(handle, self.folder) {
            // A handle is a secret whatever the field's type says.
            Ok(text) => Some(Value::Secret(Secret::new(text))),
            Err(why) => {
                let problem = Diagnostic::error("no-secret", format!("the secret `{handle}` cannot be read: {why}"), node.span);
                self.problems.push(problem.label("this handle").help("handles are env:NAME, file:PATH or exec:PROGRAM"));
                None
            }
        }
    }

    fn one(&mut self, key: &str, node: &Node, config_type: ConfigType, field: &FieldType) -> Result<Value, Box<Diagnostic>> {
        let wrong = |expected: &str| {
            let problem = Diagnostic::error("wrong-type", format!("`{key}` must be {expected}"), node.span);
            Box::new(problem.label(format!("found {}", node.describe())).help(format!("write {expected}")))
        };
        let text = node.as_scalar().filter(|s| s.literal != Literal::Null).map(|s| &s.text);
        let literal = node.as_scalar().map(|s| s.literal);
        match config_type {
            ConfigType::Any => {
                boolean_word::warn(node, &mut self.problems);
                Ok(self.free(node))
            }
            ConfigType::List => self.list(key, node, field).ok_or_else(|| Box::new(in_brackets(*wrong("a list"), node, text))),
            ConfigType::Map => self.map(key, node, field).ok_or_else(|| wrong("a map")),
            ConfigType::Bool => match (literal, text) {
                (Some(Literal::Bool(b)), _) => Ok(Value::Bool(b)),
                (_, Some(text)) if **text == *"true" || **text == *"false" => Ok(self.unquoted(key, node, Value::Bool(**text == *"true"))),
                (_, Some(text)) => Err(match crate::yaml::basic::meant_bool(text) {
                    Some(meant) => Box::new(wrong("true or false").help(format!("write `{meant}`")).edit(node.span, meant.to_string())),
                    None => wrong("true or false"),
                }),
                _ => Err(wrong("true or false")),
            },
            ConfigType::Int => self.number(key, node, text).and_then(exact_integer).ok_or_else(|| wrong("a whole number")),
            ConfigType::Float => self.number(key, node, text).map(Value::number).ok_or_else(|| wrong("a number")),
            ConfigType::Duration => {
                text.and_then(|t| parse_duration(t).ok()).map(Value::seconds).ok_or_else(|| wrong("a duration like `5s`"))
            }
            ConfigType::Bytes => match text.and_then(|t| parse_size(t).ok()) {
                Some(bytes) => Ok(Value::number(Number::Uint(bytes))),
                None => Err(wrong("a size like `10MiB`")),
            },
            ConfigType::Url => {
                let wrong = || match text.is_some_and(|text| text.contains("{{") || text.contains("${")) {
                    true => {
                        Box::new(wrong("an address like `https://host/path`").help("write the address itself: nothing is filled in here"))
                    }
                    false => wrong("an address like `https://host/path`"),
                };
                text.filter(|t| is_url(t)).map(|t| Value::Text(t.clone())).ok_or_else(wrong)
            }
            ConfigType::Path => text.map(|t| Value::text(self.folder.join(&**t).to_string_lossy())).ok_or_else(|| wrong("a path")),
            ConfigType::Regex => match text {
                Some(text) => crate::yaml::pattern::compile(text)
                    .map(|_| Value::Text(text.clone()))
                    .map_err(|why| Box::new(wrong("a regular expression").text(why))),
                None => Err(wrong("a regular expression")),
            },
            ConfigType::String | ConfigType::Glob => text.map(|t| Value::Text(t.clone())).ok_or_else(|| wrong("a text")),
            ConfigType::Secret => text.map(|t| Value::Secret(Secret::new(t.clone()))).ok_or_else(|| wrong("a secret")),
            ConfigType::Enum => text.and_then(|t| field.word(t)).ok_or_else(|| Box::new(not_a_word(key, node, field))),
        }
    }

    /// `"true"` and `"8"` are taken for what they say, with a warning.
    fn unquoted(&mut self, key: &str, node: &Node, value: Value) -> Value {
        let plain = node.as_scalar().map(|s| s.text.to_string()).unwrap_or_default();
        let problem = Diagnostic::warning("quoted-literal", format!("`{key}` is a text that looks like what is wanted"), node.span);
        self.problems.push(problem.label("taken for its meaning").help(format!("write `{plain}` without quotes")).edit(node.span, plain));
        value
    }

    fn number(&mut self, key: &str, node: &Node, text: Option<&Text>) -> Option<Number> {
        match node.as_scalar().map(|s| s.literal) {
            Some(Literal::Number(number)) => Some(number),
            _ => {
                let number = Number::parse(text?)?;
                self.unquoted(key, node, Value::number(number));
                Some(number)
            }
        }
    }

    fn list(&mut self, key: &str, node: &Node, field: &FieldType) -> Option<Value> {
        let items = node.as_list()?;
        let any = FieldType::plain(ConfigType::Any);
        let item_type = field.items.as_deref().unwrap_or(&any);
        let items = items.iter().filter_map(|item| self.convert(key, item, item_type)).collect();
        Some(Value::list(items))
    }

    fn map(&mut self, key: &str, node: &Node, field: &FieldType) -> Option<Value> {
        node.as_map()?;
        Some(match &field.fields {
            Some(fields) => {
                let mut map = self.fields(&format!("`{key}`"), node, fields, &[]);
                for field in fields.iter().filter(|field| map.get(&field.key).is_none()).collect::<Vec<_>>() {
                    if let Some(DataTemplate::Fixed(default)) = &field.field.default {
                        map.insert(field.key.clone(), field.field.typed(default).unwrap_or_default());
                    }
                }
                Value::map(map)
            }
            None => {
                boolean_word::warn(node, &mut self.problems);
                self.free(node)
            }
        })
    }

    /// Values are literal: what looks like a handle and is none would be sent as it is written.
    fn warn_of_no_handle(&mut self, node: &Node) {
        let Some(text) = node.as_scalar().map(|scalar| &scalar.text) else { return };
        if let Some(name) = variable_of(text) {
            let problem = Diagnostic::warning("no-handle", format!("the variable `{name}` is not filled in"), node.span);
            let help = format!("write the whole value as `\"{{{{ secret('env:{name}') }}}}\"` to read it of the environment");
            self.problems.push(problem.label("this very text is used").help(help));
            return;
        }
        if !(text.contains("{{") && text.contains("secret")) {
            return;
        }
        let problem = Diagnostic::warning("no-handle", "a text that looks like a secret handle and is none", node.span);
        self.problems.push(
            problem
                .label("this very text is used")
                .help("write the whole value as `\"{{ secret('env:NAME') }}\"`, with env:NAME, file:PATH or exec:PROGRAM"),
        );
    }

    /// A value of no declared type; secret handles count at any depth.
    fn free(&mut self, node: &Node) -> Value {
        match &node.data {
            Data::Scalar(scalar) => match handle_of(&scalar.text) {
                Some(handle) => self.secret(handle, node).unwrap_or_default(),
                None => {
                    self.warn_of_no_handle(node);
                    scalar.to_value()
                }
            },
            Data::List(items) => Value::list(items.iter().map(|item| self.free(item)).collect()),
            Data::Map(entries) => Value::map(entries.iter().map(|entry| (entry.key.clone(), self.free(&entry.value))).collect()),
        }
    }

    /// The declared fields of a map; unknown and missing ones are problems. Fields without value
    /// and default are left out.
    pub fn fields(&mut self, what: &str, node: &Node, fields: &[ConfigField], also_known: &[&str]) -> Map {
        let defaults = fields.iter().filter(|field| field.field.default.is_some() && node.entry(&field.key).is_none());
        let mut out = Map::with_capacity(node.as_map().map_or(0, <[_]>::len) + defaults.count());
        for entry in node.as_map().unwrap_or(&[]) {
            let known = fields.iter().map(|f| &*f.key).chain(also_known.iter().copied());
            if !known.clone().any(|k| k == &*entry.key) && !entry.key.starts_with("x-") {
                if self.problems.len() > limits::PROBLEMS {
                    break;
                }
                diag::add(&mut self.problems, unknown_key(entry, what, known));
            }
        }
        for field in fields {
            let given = node.entry(&field.key).filter(|entry| !entry.value.is_null());
            match given {
                Some(entry) => {
                    if let Some(why) = &field.field.deprecated {
                        let problem = Diagnostic::warning("deprecated-key", format!("`{}` is deprecated", field.key), entry.key_span);
                        self.problems.push(problem.label("given here").help(why.to_string()));
                    }
                    if let Some(value) = self.convert(&field.key, &entry.value, &field.field) {
                        out.insert(field.key.clone(), value);
                    }
                }
                None if field.field.required => self.problems.push(missing(what, field, node.span)),
                None => {}
            }
        }
        out
    }

    fn checked(&mut self, key: &str, node: &Node, field: &FieldType, value: Value) -> Option<Value> {
        let Some(what) = field.unfit(&value) else { return Some(value) };
        let problem = Diagnostic::error("out-of-range", format!("`{key}` must be {what}"), node.span);
        self.problems.push(problem.label(format!("found {}", node.describe())).help(format!("give a value that is {what}")));
        None
    }
}

fn exact_integer(number: Number) -> Option<Value> {
    number.as_integer().and_then(Number::from_integer).map(Value::number)
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| !url.cannot_be_a_base())
}

fn not_a_word(key: &str, node: &Node, field: &FieldType) -> Diagnostic {
    let problem = Diagnostic::error("unknown-word", format!("`{key}` cannot be {}", node.describe()), node.span);
    let words: Vec<Text> = field.values.iter().filter_map(text_of).collect();
    let near = node.as_scalar().and_then(|s| nearest(&s.text, words.iter().map(|word| &**word)));
    let problem = match near {
        Some(near) => problem.label(format!("did you mean `{near}`?")).edit(node.span, near),
        None => problem.label("expected another word"),
    };
    problem.help(format!("write one of {}", listed(words.iter().map(|word| &**word), 20)))
}

fn missing(what: &str, field: &ConfigField, span: Span) -> Diagnostic {
    let problem =
        Diagnostic::error("missing-key", format!("{what} without `{}`", field.key), span).label(format!("`{}` is needed here", field.key));
    let problem = match &field.field.description {
        Some(description) => problem.text(format!("{}: {description}", field.key)),
        None => problem,
    };
    let example = field.field.example.as_ref().and_then(|node| node.as_scalar()).map(|s| format!(" {}", s.text));
    problem.help(format!("add `{}:{}`", field.key, example.unwrap_or_else(|| " …".to_owned())))
}
/// The variable of a text like `${NAME}` or `http://$HOST/`, as shells write them.
fn variable_of(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once('$')?;
    let (name, braces) = match behind.strip_prefix('{') {
        Some(rest) => (rest.split_once('}')?.0, true),
        None => (behind.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()?, false),
    };
    let is_name =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_loud = name.len() > 2 && !name.contains(|c: char| c.is_ascii_lowercase());
    (is_name && (braces || is_loud)).then_some(name)
}

/// One value, or several with commas between them, where a list belongs.
fn in_brackets(problem: Diagnostic, node: &Node, text: Option<&Text>) -> Diagnostic {
    let Some(text) = text.filter(|text| !text.is_empty() && text.len() < 80 && !text.contains(['\n', '[', '"'])) else { return problem };
    let list = format!("[{text}]");
    problem.help(format!("write `{list}`")).edit(node.span, list)
}
