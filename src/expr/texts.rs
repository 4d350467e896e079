//! Lists of texts: tags, labels, identifiers, arguments of commands.
//!
//! Map form `{node: $.name}` gives `node:value`, one for each item of a list. In list form an item
//! is a text, or exactly one path or `{{ }}` that is spliced (a list: its items; a map: `key:value`
//! each; missing: nothing), or `{each, when, text}`.

use super::code::{Code, Expression, Template, read_holes};
use super::eval::items_of;
use super::fault::Fault;
use super::frame::Frame;
use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::print::{one_line, text_of};
use crate::base::value::{Text, Value};
use crate::yaml::basic::Keyed;
use crate::yaml::boolean_word;
use crate::yaml::node::{Data, Node};
use crate::yaml::read::{Field, Reader, Record};
use crate::yaml::shape::Shape;

/// A list of texts, some of them computed.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    items: Box<[Item]>,
}

#[derive(Clone, Debug)]
enum Item {
    /// A constant.
    Fixed(Text),
    /// A text with holes.
    Template(Template),
    /// One path or hole, spliced.
    Splice(Code),
    /// `key:value`.
    Pair(Template, PairValue),
    /// `{each, when, text}`.
    Loop(Box<Loop>),
}

#[derive(Clone, Debug)]
enum PairValue {
    Fixed(Text),
    Computed(Code),
}

#[derive(Clone, Debug)]
struct Loop {
    each: Vec<(NameId, Expression)>,
    when: Option<Expression>,
    text: Template,
}

crate::fields! {
    /// An item that is repeated or conditional.
    struct WrittenLoop, "item" {
        /// Once for each item of this list.
        each: Keyed<Expression>;
        /// Only where this holds.
        when: Option<Expression>;
        /// The text.
        text: Template;
    }
}

/// What the texts become while they are computed.
pub trait TextSink {
    /// Takes one finished text.
    fn take(&mut self, text: Value);

    /// Takes `key:value`; nothing where the value is missing.
    fn pair(&mut self, key: &str, value: &Value) {
        if let Some(text) = text_of(value) {
            self.take(Value::text(format!("{key}:{text}")));
        }
    }
}

impl TextSink for Vec<Value> {
    fn take(&mut self, text: Value) {
        self.push(text);
    }
}

impl TextSink for Vec<Text> {
    /// For outputs: a secret becomes asterisks.
    fn take(&mut self, text: Value) {
        self.extend(text_of(&text));
    }
}

impl Texts {
    /// Computes the texts; what is missing is left out.
    pub fn collect(&self, frame: &mut Frame, out: &mut dyn TextSink) {
        for item in &self.items {
            match item {
                Item::Fixed(text) => out.take(Value::Text(text.clone())),
                Item::Template(template) => match template.value(frame) {
                    Value::Missing => {}
                    text => out.take(text),
                },
                Item::Splice(code) => splice(&code.value(frame), out),
                Item::Pair(key, value) => pair(key, value, frame, out),
                Item::Loop(inner) => inner.run(0, frame, out),
            }
        }
    }

    /// Like [`Texts::collect`], for what is asked of others: without an item that cannot be computed
    /// it would ask for something else.
    ///
    /// # Errors
    /// An item, or what stands in its `each`, cannot be computed.
    pub fn sound(&self, frame: &mut Frame, out: &mut dyn TextSink) -> Result<(), Fault> {
        let mut failed = Ok(());
        self.codes(&mut |code| match code.sound(frame) {
            Err(Fault::Failed(why)) if failed.is_ok() => failed = Err(Fault::Failed(why)),
            _ => {}
        });
        failed?;
        self.collect(frame, out);
        Ok(())
    }

    /// The texts for an output.
    pub fn texts(&self, frame: &mut Frame) -> Vec<Text> {
        let mut out: Vec<Text> = Vec::with_capacity(self.items.len());
        self.collect(frame, &mut out);
        out
    }

    /// True without items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Calls `take` for every computed place.
    pub fn codes<'t>(&'t self, take: &mut dyn FnMut(&'t Code)) {
        for item in &self.items {
            match item {
                Item::Fixed(_) => {}
                Item::Template(template) => take(&template.0),
                Item::Splice(code) => take(code),
                Item::Pair(key, value) => {
                    take(&key.0);
                    if let PairValue::Computed(code) = value {
                        take(code);
                    }
                }
                Item::Loop(inner) => {
                    inner.each.iter().for_each(|(_, over)| take(&over.0));
                    inner.when.iter().for_each(|when| take(&when.0));
                    take(&inner.text.0);
                }
            }
        }
    }

    /// True if nothing in it depends on a run: only on constants and on the instance.
    pub fn is_static(&self) -> bool {
        let mut fixed = true;
        self.codes(&mut |code| fixed &= code.is_steady());
        fixed && !self.items.iter().any(|item| matches!(item, Item::Loop(_)))
    }

    /// Both lists, this one first.
    pub fn and(self, other: Texts) -> Texts {
        Texts { items: self.items.into_iter().chain(other.items).collect() }
    }
}

impl Loop {
    fn run(&self, level: usize, frame: &mut Frame, out: &mut dyn TextSink) {
        let Some((name, over)) = self.each.get(level) else {
            if self.when.as_ref().is_none_or(|when| when.0.holds(frame)) {
                match self.text.value(frame) {
                    Value::Missing => {}
                    text => out.take(text),
                }
            }
            return;
        };
        for item in items_of(&over.0.value(frame)) {
            frame.set(*name, item);
            self.run(level + 1, frame, out);
        }
    }
}

fn splice(value: &Value, out: &mut dyn TextSink) {
    match value.materialize() {
        Value::Missing => {}
        Value::List(items) => items.iter().filter_map(printable).for_each(|text| out.take(text)),
        Value::Map(map) => {
            for (key, value) in map.iter() {
                out.pair(key, value);
            }
        }
        other => printable(&other).into_iter().for_each(|text| out.take(text)),
    }
}

fn printable(value: &Value) -> Option<Value> {
    match value {
        Value::Secret(_) | Value::Text(_) => Some(value.clone()),
        other => text_of(other).map(Value::Text),
    }
}

fn pair(key: &Template, value: &PairValue, frame: &mut Frame, out: &mut dyn TextSink) {
    let computed;
    let key = match key.as_const() {
        Some(key) => key,
        None => match key.text(frame) {
            Some(key) => {
                computed = key;
                &computed
            }
            None => return,
        },
    };
    match value {
        PairValue::Fixed(text) => out.pair(key, &Value::Text(text.clone())),
        PairValue::Computed(code) => match code.value(frame) {
            Value::List(items) => items.iter().for_each(|item| out.pair(key, item)),
            other => out.pair(key, &other),
        },
    }
}

impl Field for Texts {
    fn shape() -> Shape {
        let item = Shape::Either(vec![Shape::Template, WrittenLoop::shape()]);
        let value = Shape::Either(vec![Shape::Template, Shape::List(Box::new(Shape::Text))]);
        Shape::Setting(Box::new(Shape::Either(vec![Shape::List(Box::new(item)), Shape::Map(Box::new(value))])))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let read: Vec<Option<Item>> = match &node.data {
            Data::List(items) => items.iter().map(|item| read_item(item, reader)).collect(),
            Data::Map(entries) => entries.iter().map(|entry| read_pair(entry, reader)).collect(),
            Data::Scalar(scalar) => match read_holes(scalar, node, true, reader) {
                Some(code) => vec![code.map(Item::Splice)],
                None => {
                    let written = reader.sources.slice(node.span).trim().to_owned();
                    let problem = Diagnostic::error("wrong-type", "expected a list of texts, or a map", node.span);
                    let problem = problem.label(format!("found {}", node.describe()));
                    reader.report(
                        problem.help(format!("write `[{written}]`, or a map like `{{env: prod}}`")).edit(node.span, format!("[{written}]")),
                    );
                    vec![None]
                }
            },
        };
        let items: Option<Vec<Item>> = read.into_iter().collect();
        items.map(|items| Texts { items: items.into() })
    }

    fn absent() -> Option<Self> {
        Some(Texts::default())
    }
}

fn read_item(node: &Node, reader: &mut Reader<'_>) -> Option<Item> {
    match &node.data {
        Data::Scalar(scalar) => match read_holes(scalar, node, true, reader) {
            Some(code) => match code? {
                code @ Code { expr: super::tree::Expr::Text(_), .. } => Some(Item::Template(Template(code))),
                code => Some(Item::Splice(code)),
            },
            None => Template::read(node, reader)?.as_const().map(|text| Item::Fixed(text.into())),
        },
        Data::Map(_) => read_loop(node, reader),
        Data::List(_) => {
            reader.mismatch(node, "a text");
            None
        }
    }
}

fn read_loop(node: &Node, reader: &mut Reader<'_>) -> Option<Item> {
    if let Some(problem) = split_at_colon(node, reader) {
        reader.report(problem);
        return None;
    }
    let (read, _) = reader.within(|reader| {
        for entry in node.entry("each").and_then(|e| e.value.as_map()).unwrap_or(&[]) {
            reader.bind(&entry.key, entry.key_span);
        }
        let mut fields = crate::yaml::read::Fields::open(node, "an item", reader)?;
        let written = WrittenLoop::read_from(&mut fields, reader);
        fields.finish(reader);
        let written = written?;
        let each = written.each.0.into_iter().map(|entry| (reader.names.intern(&entry.key), entry.value)).collect();
        Some(Loop { each, when: written.when, text: written.text })
    });
    read.map(|inner| Item::Loop(Box::new(inner)))
}

/// `- state: up` in a list is a map, where `state:up` was meant.
fn split_at_colon(node: &Node, reader: &Reader<'_>) -> Option<Diagnostic> {
    let [entry] = node.as_map()? else { return None };
    let known = WrittenLoop::docs().iter().any(|field| field.key == &*entry.key);
    let value = entry.value.as_scalar().filter(|_| !known && !entry.value.is_null())?;
    let written = reader.sources.slice(node.span);
    let problem = Diagnostic::error("wrong-type", "expected a text, found a map", node.span).label("`: ` makes this a map in YAML");
    Some(problem.help(format!("write `{}:{}` without a blank, or put `{}` in quotes", entry.key, value.text, one_line(written.trim_end()))))
}

fn read_pair(entry: &crate::yaml::node::Entry, reader: &mut Reader<'_>) -> Option<Item> {
    let key = Node { span: entry.key_span, data: Data::Scalar(super::data::key_scalar(&entry.key)) };
    let key = Template::read(&key, reader);
    let value = match entry.value.as_scalar() {
        Some(scalar) => match read_holes(scalar, &entry.value, true, reader) {
            Some(code) => code.map(PairValue::Computed),
            None => {
                boolean_word::warn(&entry.value, &mut reader.problems);
                Template::read(&entry.value, reader)?.as_const().map(|text| PairValue::Fixed(text.into()))
            }
        },
        None => match entry.value.as_list() {
            Some(_) => {
                boolean_word::warn(&entry.value, &mut reader.problems);
                Some(PairValue::Computed(Code::constant(entry.value.to_value(), entry.value.span)))
            }
            None => {
                reader.mismatch(&entry.value, "a text");
                None
            }
        },
    };
    // A pair without anything computed is one constant.
    match (key?, value?) {
        (key, PairValue::Fixed(value)) => Some(match key.as_const() {
            Some(constant) => Item::Fixed(format!("{constant}:{value}").into()),
            None => Item::Pair(key, PairValue::Fixed(value)),
        }),
        (key, value) => Some(Item::Pair(key, value)),
    }
}
