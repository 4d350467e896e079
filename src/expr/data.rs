//! Trees with settings as leaves: `data`, `json`, `attributes`, `headers` and their like.

use super::code::{Code, Template, read_holes};
use super::fault::Fault;
use super::frame::Frame;
use super::plain_words;
use crate::base::diag::Diagnostic;
use crate::base::map::Map;
use crate::base::name::NameId;
use crate::base::print::text_of;
use crate::base::value::{Text, Value};
use crate::yaml::boolean_word;
use crate::yaml::node::{Data, Node};
use crate::yaml::read::{Field, Reader};
use crate::yaml::shape::Shape;

/// A tree whose leaves may be computed.
#[derive(Clone, Debug)]
pub enum DataTemplate {
    /// A subtree without anything computed.
    Fixed(Value),
    /// A computed leaf: a typed value, or a text with holes.
    Leaf(Code),
    /// A list with something computed in it.
    List(Box<[DataTemplate]>),
    /// A map with something computed in it.
    Map(Box<[(Template, DataTemplate)]>),
}

impl DataTemplate {
    /// The tree with its leaves computed. What is missing is left out of maps and lists; an empty
    /// text too where `drop_empty` is set.
    pub fn eval(&self, drop_empty: bool, frame: &mut Frame) -> Value {
        match self {
            DataTemplate::Fixed(value) => value.clone(),
            DataTemplate::Leaf(code) => code.value(frame).materialize(),
            DataTemplate::List(items) => {
                let items = items.iter().map(|item| item.eval(drop_empty, frame));
                Value::list(items.filter(|v| !is_nothing(v, drop_empty)).collect())
            }
            DataTemplate::Map(entries) => {
                let mut out = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = value.eval(drop_empty, frame);
                    if is_nothing(&value, drop_empty) {
                        continue;
                    }
                    if let Some(key) = key.text(frame) {
                        out.insert(key, value);
                    }
                }
                Value::map(out)
            }
        }
    }

    /// Like [`DataTemplate::eval`], for what is asked of others: what is missing is left out, but
    /// without a part that cannot be computed it would ask for something else.
    ///
    /// # Errors
    /// Missing where the whole is; failed where a part of it cannot be computed.
    pub fn try_eval(&self, frame: &mut Frame) -> Result<Value, Fault> {
        let part = |data: &DataTemplate, frame: &mut Frame| match data.try_eval(frame) {
            Err(Fault::Missing) => Ok(Value::Missing),
            other => other,
        };
        match self {
            DataTemplate::Fixed(value) => Ok(value.clone()),
            DataTemplate::Leaf(code) => code.sound(frame).map(|value| value.materialize()),
            DataTemplate::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| part(item, frame)).collect::<Result<_, _>>()?;
                Ok(Value::list(items.into_iter().filter(|value| !value.is_missing()).collect()))
            }
            DataTemplate::Map(entries) => {
                let mut out = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = part(value, frame)?;
                    if value.is_missing() {
                        continue;
                    }
                    match key.0.sound(frame) {
                        Ok(key) => drop(text_of(&key).map(|key| out.insert(key, value))),
                        Err(Fault::Missing) => {}
                        Err(failed) => return Err(failed),
                    }
                }
                Ok(Value::map(out))
            }
        }
    }

    /// Calls `take` for every computed place.
    pub fn codes<'d>(&'d self, take: &mut dyn FnMut(&'d Code)) {
        match self {
            DataTemplate::Fixed(_) => {}
            DataTemplate::Leaf(code) => take(code),
            DataTemplate::List(items) => items.iter().for_each(|item| item.codes(take)),
            DataTemplate::Map(entries) => {
                for (key, value) in entries {
                    take(&key.0);
                    value.codes(take);
                }
            }
        }
    }

    /// True if something in it uses that name.
    pub fn uses(&self, name: NameId) -> bool {
        let mut found = false;
        self.codes(&mut |code| found |= code.uses(name));
        found
    }
}

fn is_nothing(value: &Value, drop_empty: bool) -> bool {
    value.is_missing() || (drop_empty && matches!(value, Value::Text(text) if text.is_empty()))
}

/// Without its empty texts and missing values, at any depth; empty lists stay.
pub fn without_empty(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().map(|(k, v)| (k.clone(), without_empty(v))).filter(|(_, v)| !is_nothing(v, true));
            Value::map(kept.collect())
        }
        Value::List(items) => Value::list(items.iter().map(without_empty).filter(|v| !is_nothing(v, true)).collect()),
        other => other.materialize(),
    }
}

impl Field for DataTemplate {
    fn shape() -> Shape {
        Shape::Any
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        boolean_word::warn(node, &mut reader.problems);
        DataTemplate::read_words(node, reader)
    }
}

impl DataTemplate {
    /// Reads a tree in which `no` and `on` are as good as other words.
    pub fn read_words(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::Scalar(scalar) => match read_holes(scalar, node, true, reader) {
                Some(code) => code.map(DataTemplate::Leaf),
                None => {
                    plain_words::warn(&scalar.text, "data takes words as they are", node, reader);
                    Some(DataTemplate::Fixed(fixed(scalar.to_value())))
                }
            },
            Data::List(items) => {
                let read: Vec<_> = items.iter().map(|item| DataTemplate::read_words(item, reader)).collect();
                Some(list(read.into_iter().collect::<Option<Vec<_>>>()?))
            }
            Data::Map(entries) => {
                let mut read = Vec::new();
                for entry in entries {
                    let key = Node { span: entry.key_span, data: Data::Scalar(key_scalar(&entry.key)) };
                    let key = Template::read(&key, reader);
                    let value = DataTemplate::read_words(&entry.value, reader);
                    read.push(key.zip(value));
                }
                Some(map(read.into_iter().collect::<Option<Vec<_>>>()?))
            }
        }
    }
}

/// `$$` at the start of a constant text is one dollar sign.
fn fixed(value: Value) -> Value {
    match &value {
        Value::Text(text) if text.starts_with("$$") => Value::text(text.get(1..).unwrap_or("")),
        _ => value,
    }
}

/// Keys are texts even where they look like numbers.
pub fn key_scalar(key: &Text) -> crate::yaml::node::Scalar {
    use crate::yaml::node::{Literal, Scalar, Style};
    Scalar { text: key.clone(), style: Style::Plain, literal: Literal::Text }
}

fn list(items: Vec<DataTemplate>) -> DataTemplate {
    let fixed: Option<Vec<Value>> = items.iter().map(as_fixed).collect();
    fixed.map_or_else(|| DataTemplate::List(items.into()), |values| DataTemplate::Fixed(Value::list(values)))
}

fn map(entries: Vec<(Template, DataTemplate)>) -> DataTemplate {
    let constant = |(key, value): &(Template, DataTemplate)| Some((Text::from(key.as_const()?), as_fixed(value)?));
    let fixed: Option<Map> = entries.iter().map(constant).collect();
    fixed.map_or_else(|| DataTemplate::Map(entries.into()), |map| DataTemplate::Fixed(Value::map(map)))
}

fn as_fixed(data: &DataTemplate) -> Option<Value> {
    if let DataTemplate::Fixed(value) = data { Some(value.clone()) } else { None }
}

/// A map of texts to computed values: `headers`, `query`, `form`, `env`; or one `"{{ map }}"`.
#[derive(Clone, Debug)]
pub struct DataMap(pub DataTemplate);

impl DataMap {
    /// The entries, without those that are missing.
    ///
    /// # Errors
    /// Failed where the whole is computed and is no map.
    pub fn entries(&self, frame: &mut Frame) -> Result<Vec<(Text, Value)>, Fault> {
        match self.0.try_eval(frame)? {
            Value::Map(map) => Ok(map.iter().filter(|(_, v)| !v.is_missing()).map(|(k, v)| (k.clone(), v.clone())).collect()),
            Value::Missing => Ok(Vec::new()),
            other => Err(Fault::failed(format!("{} is a {}, not a map", crate::base::print::shown(&other), other.kind()))),
        }
    }
}

impl Field for DataMap {
    fn shape() -> Shape {
        Shape::Setting(Box::new(Shape::Map(Box::new(Shape::Any))))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::List(_) => {
                let problem = Diagnostic::error("wrong-type", "expected names with their values", node.span);
                reader.report(problem.label("found a list").help("write each as `name: value`, without `- ` and brackets"));
                None
            }
            Data::Scalar(scalar) if !super::code::has_holes(&scalar.text) && !super::code::is_path(&scalar.text) => {
                reader.mismatch(node, "a map, or one `\"{{ map }}\"`");
                None
            }
            Data::Scalar(_) | Data::Map(_) => DataTemplate::read_words(node, reader).map(DataMap),
        }
    }
}
