//! The field types of the three notations: which one a field takes is decided by its declaration,
//! never by the reader's luck.

use super::cure::looks_computed;
use super::fault::Fault;
use super::frame::Frame;
use super::names;
use super::ops::as_measure;
use super::parse::{self, Parsed};
use super::path::Step;
use super::repeated::Repeated;
use super::tree::{Expr, Part};
use crate::base::diag::Diagnostic;
use crate::base::name::NameId;
use crate::base::number::Number;
use crate::base::print::{shown, text_of};
use crate::base::secret::Secret;
use crate::base::span::Span;
use crate::base::units::{parse_duration, parse_size};
use crate::base::value::{Text, Value};
use crate::yaml::basic::{Count, Seconds, Size, meant_bool};
use crate::yaml::node::{Data, Literal, Node, Scalar};
use crate::yaml::pattern::{self, Pattern};
use crate::yaml::read::{Field, Reader, Use};
use crate::yaml::shape::Shape;

/// A compiled place of a spec: its tree, the names it uses, and where it stands.
#[derive(Clone, Debug)]
pub struct Code {
    /// The tree.
    pub expr: Expr,
    /// The names it uses, each place once.
    pub uses: Box<[Use]>,
    /// What it takes for lists.
    pub repeated: Box<[Repeated]>,
    /// Where it stands.
    pub span: Span,
}

impl Code {
    /// A constant.
    pub fn constant(value: Value, span: Span) -> Self {
        Code { expr: Expr::Const(value), uses: Box::default(), repeated: Box::default(), span }
    }

    fn of(parsed: Parsed, span: Span, reader: &mut Reader<'_>) -> Self {
        for used in &parsed.uses {
            reader.note(used.clone());
        }
        Code { expr: parsed.expr, uses: parsed.uses.into(), repeated: parsed.repeated.into(), span }
    }

    /// The value.
    ///
    /// # Errors
    /// Why the place is missing.
    pub fn eval(&self, frame: &mut Frame) -> Result<Value, Fault> {
        if let Expr::Const(value) = &self.expr {
            return Ok(value.clone());
        }
        frame.refuel();
        self.expr.eval(frame)
    }

    /// The value; a failure says what the place reads.
    ///
    /// # Errors
    /// Why the place is missing.
    pub fn sound(&self, frame: &mut Frame) -> Result<Value, Fault> {
        self.eval(frame).map_err(|fault| match fault {
            Fault::Failed(why) => Fault::failed(self.with_values(&why, frame)),
            Fault::Missing => Fault::Missing,
        })
    }

    /// The value, missing where it cannot be computed; a failure leaves a remark with the actual
    /// values.
    pub fn value(&self, frame: &mut Frame) -> Value {
        match self.eval(frame) {
            Ok(value) => value,
            Err(Fault::Missing) => Value::Missing,
            Err(Fault::Failed(why)) => {
                frame.remark(self.span, |frame| self.with_values(&why, frame));
                Value::Missing
            }
        }
    }

    /// True if the condition holds; a missing value is false, and so is a failure, with a remark.
    pub fn holds(&self, frame: &mut Frame) -> bool {
        let holds = self.value(frame).is_true();
        if holds {
            frame.reached(self.span);
        }
        holds
    }

    /// `why`, followed by the values of the names that the place reads.
    pub fn with_values(&self, why: &str, frame: &Frame) -> String {
        let values = self.values(frame);
        if values.is_empty() { why.to_owned() } else { format!("{why} ({values})") }
    }

    /// `row.used = 3, row.total is missing`: what the place reads and finds.
    pub fn values(&self, frame: &Frame) -> String {
        let mut seen: Vec<String> = Vec::new();
        self.expr.walks(&mut |name, steps| {
            let value = super::path::walk(frame.get(name), steps);
            let path = display(name, steps, frame);
            let line = match value {
                Value::Missing if frame.off.contains(&name) => format!("{path} is missing, since `{}` is off", frame.names.text(name)),
                Value::Missing => format!("{path} is missing"),
                value => format!("{path} = {}", shown(&value)),
            };
            if seen.len() < 6 && !seen.contains(&line) {
                seen.push(line);
            }
        });
        seen.join(", ")
    }

    /// True if the place uses that name.
    pub fn uses(&self, name: NameId) -> bool {
        self.uses.iter().any(|used| used.name == name)
    }

    /// True if the place reads a source that is off: then a value that is missing is meant so.
    pub fn reads_off(&self, frame: &Frame) -> bool {
        self.uses.iter().any(|used| frame.off.contains(&used.name))
    }

    /// True if it reads nothing but what is the same in every run of a check.
    pub fn is_steady(&self) -> bool {
        self.uses.iter().all(|used| names::STEADY.contains(&used.name))
    }

    /// The constant, if it is one.
    pub fn as_const(&self) -> Option<&Value> {
        self.expr.as_const()
    }
}

fn display(name: NameId, steps: &[Step], frame: &Frame) -> String {
    let mut out = frame.names.text(name).to_owned();
    for step in steps {
        match step {
            Step::Key(key) if key.chars().all(|c| c.is_alphanumeric() || c == '_') => out.push_str(&format!(".{key}")),
            Step::Key(key) => out.push_str(&format!("['{key}']")),
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::All => out.push_str("[*]"),
        }
    }
    out
}

/// True for a text that is a path by the rule of the language: `$` alone, `$.`, `$[`, or `$` and a
/// name.
pub fn is_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else { return false };
    rest.chars().next().is_none_or(|c| c == '.' || c == '[' || c == '_' || c.is_alphabetic())
}

/// True for a text with holes or statements.
pub fn has_holes(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// A value or a condition: a path or an expression; a number or boolean is itself.
#[derive(Clone, Debug)]
pub struct Expression(pub Code);

impl Field for Expression {
    fn shape() -> Shape {
        Shape::Expression
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.data {
            Data::List(_) => Some(Expression(Code::constant(node.to_value(), node.span))),
            Data::Map(_) => {
                reader.mismatch(node, "a path or an expression");
                None
            }
            Data::Scalar(scalar) => read_expression(scalar, node, reader).map(Expression),
        }
    }
}

fn read_expression(scalar: &Scalar, node: &Node, reader: &mut Reader<'_>) -> Option<Code> {
    if scalar.literal != Literal::Text {
        return Some(Code::constant(scalar.to_value(), node.span));
    }
    let text = scalar.text.trim();
    if text.starts_with('$') {
        return parse::path(text, node, reader).map(|parsed| Code::of(parsed, node.span, reader));
    }
    if has_holes(text) {
        let bare = text.trim_start_matches("{{").trim_end_matches("}}").trim();
        let problem = Diagnostic::error("braces-in-expression", "braces in a field that is an expression already", node.span)
            .label("`{{ }}` belongs into texts")
            .help("write the expression without braces");
        let whole = text.starts_with("{{") && text.ends_with("}}") && !bare.contains("{{");
        reader.report(if whole { problem.edit(node.span, quoted_if_needed(bare)) } else { problem });
        return None;
    }
    parse::expression(&scalar.text, node, reader).map(|parsed| Code::of(parsed, node.span, reader))
}

fn quoted_if_needed(text: &str) -> String {
    let plain = !text.contains([':', '#', '{', '}', '[', ']', ',', '\'', '"']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// Words, always a text: plain ones, a text with holes, or a path whose value is printed.
#[derive(Clone, Debug)]
pub struct Template(pub Code);

impl Template {
    /// The printed text; a secret stays one.
    ///
    /// # Errors
    /// Missing where a hole is missing; failed where one cannot be computed.
    pub fn eval(&self, frame: &mut Frame) -> Result<Value, Fault> {
        let value = self.0.eval(frame)?;
        printed(value)
    }

    /// The printed text, missing where it cannot be printed; a failure leaves a remark.
    pub fn value(&self, frame: &mut Frame) -> Value {
        printed(self.0.value(frame)).unwrap_or_default()
    }

    /// The secrets that a text, which is one because of them, is made of; where they cannot be told
    /// from the rest of it, the whole.
    pub fn secrets(&self, text: &Secret, frame: &mut Frame) -> Vec<Secret> {
        let parts = if let Expr::Text(parts) = &self.0.expr { &parts[..] } else { &[] };
        let mut found = Vec::new();
        for part in parts {
            match part {
                Part::Words(_) => {}
                Part::Hole(expr) => {
                    if let Ok(Value::Secret(secret)) = expr.eval(frame) {
                        found.push(secret);
                    }
                }
                Part::If(..) | Part::For(_) => return vec![text.clone()],
            }
        }
        if found.is_empty() { vec![text.clone()] } else { found }
    }

    /// The text for an output: a secret becomes asterisks.
    pub fn text(&self, frame: &mut Frame) -> Option<Text> {
        text_of(&self.value(frame))
    }

    /// The text; none where it is nothing but one value, and that is missing. A text of several parts
    /// of which one is missing is no text to go on with.
    ///
    /// # Errors
    /// A part is missing or cannot be computed.
    pub fn whole(&self, frame: &mut Frame) -> Result<Option<Value>, Fault> {
        match self.eval(frame) {
            Err(Fault::Missing) if !matches!(&self.0.expr, Expr::Text(parts) if parts.len() > 1) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The text, if nothing in it is computed.
    pub fn as_const(&self) -> Option<&str> {
        self.0.as_const().and_then(Value::as_text)
    }
}

fn printed(value: Value) -> Result<Value, Fault> {
    match value {
        Value::Text(_) | Value::Secret(_) => Ok(value),
        other => text_of(&other).map(Value::Text).ok_or(Fault::Missing),
    }
}

impl Field for Template {
    fn shape() -> Shape {
        Shape::Template
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(scalar) = node.as_scalar() else {
            crate::yaml::basic::no_text(node, reader);
            return None;
        };
        if let Some(code) = read_holes(scalar, node, false, reader) {
            return code.map(Template);
        }
        warn_of_words(&scalar.text, "a text field takes words as they are", node, reader);
        Some(Template(Code::constant(Value::Text(plain_text(scalar)), node.span)))
    }
}

/// A warning for constant words that are meant as an expression.
pub(super) fn warn_of_words(text: &str, why: &str, node: &Node, reader: &mut Reader<'_>) {
    if let Some(inner) = in_single_braces(text) {
        let problem = Diagnostic::warning("words-like-expression", format!("`{{{inner}}}` is sent as it stands"), node.span);
        reader.report(problem.label("one brace means nothing here").help(format!("write `{{{{ {inner} }}}}`")));
        return;
    }
    if !looks_computed(text) && !reads_source(text, reader) {
        return;
    }
    let problem = Diagnostic::warning("words-like-expression", format!("these are the words \"{text}\", not a value"), node.span);
    let path = text.strip_prefix("row.").filter(|rest| !rest.contains('|')).map(|rest| format!(" or `$.{rest}`")).unwrap_or_default();
    reader.report(problem.label(why).help(format!("write `\"{{{{ {text} }}}}\"`{path}")));
}

/// What stands in `{row.name}`, as other languages fill texts in.
fn in_single_braces(text: &str) -> Option<&str> {
    let inner = text.split('{').skip(1).find_map(|rest| rest.split_once('}').map(|(inner, _)| inner.trim()))?;
    looks_computed(inner).then_some(inner)
}

/// `page.doc.version`, `hosts.rows[0]`: the beginning of an expression on a source. A name may well
/// be that of a metric: `bindings.count`.
fn reads_source(text: &str, reader: &Reader<'_>) -> bool {
    let Some((name, rest)) = text.split_once('.') else { return false };
    let member = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    let goes_on = rest.contains(['[', '|']);
    (member == "doc" || goes_on && ["rows", "by", "count"].contains(&member))
        && reader.source_names.iter().any(|id| reader.names.text(*id) == name)
}

/// A constant text: `$$` at its start is one dollar sign.
fn plain_text(scalar: &Scalar) -> Text {
    match scalar.text.strip_prefix("$$") {
        Some(rest) => format!("${rest}").into(),
        None => scalar.text.clone(),
    }
}

/// Paths and texts with holes; the outer `None` for constant ones.
pub fn read_holes(scalar: &Scalar, node: &Node, typed: bool, reader: &mut Reader<'_>) -> Option<Option<Code>> {
    if scalar.literal != Literal::Text {
        return None;
    }
    if is_path(&scalar.text) {
        return Some(parse::path(&scalar.text, node, reader).map(|parsed| Code::of(parsed, node.span, reader)));
    }
    if has_holes(&scalar.text) {
        return Some(parse::template(&scalar.text, node, typed, reader).map(|parsed| Code::of(parsed, node.span, reader)));
    }
    None
}

/// A literal of a type, or one path or `{{ expression }}` whose value must fit.
#[derive(Clone, Debug)]
pub enum Setting<T> {
    /// Known while reading.
    Fixed(T),
    /// Known in a run.
    Computed(Code),
}

/// A type that settings can have.
pub trait FromValue: Sized {
    /// The value as this type.
    ///
    /// # Errors
    /// What was expected.
    fn from_value(value: &Value) -> Result<Self, String>;
}

impl<T: FromValue + Clone> Setting<T> {
    /// The setting's value.
    ///
    /// # Errors
    /// Missing where it has none; failed where it has another type.
    pub fn get(&self, frame: &mut Frame) -> Result<T, Fault> {
        match self {
            Setting::Fixed(value) => Ok(value.clone()),
            Setting::Computed(code) => match code.eval(frame)? {
                Value::Missing => Err(Fault::Missing),
                value => T::from_value(&value).map_err(|expected| Fault::failed(format!("{} is not {expected}", shown(&value)))),
            },
        }
    }

    /// The value, or the default where it is missing.
    ///
    /// # Errors
    /// Failed where it has another type.
    pub fn get_or(setting: Option<&Self>, default: T, frame: &mut Frame) -> Result<T, Fault> {
        match setting.map(|setting| setting.get(frame)) {
            None | Some(Err(Fault::Missing)) => Ok(default),
            Some(result) => result,
        }
    }

    /// The names it uses.
    pub fn code(&self) -> Option<&Code> {
        if let Setting::Computed(code) = self { Some(code) } else { None }
    }
}

impl<T: Field> Field for Setting<T> {
    fn shape() -> Shape {
        Shape::Setting(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(code) = node.as_scalar().and_then(|scalar| read_holes(scalar, node, true, reader)) {
            return code.map(Setting::Computed);
        }
        T::read(node, reader).map(Setting::Fixed)
    }
}

impl FromValue for Count {
    fn from_value(value: &Value) -> Result<Self, String> {
        usize::from_value(value).ok().filter(|n| *n > 0).map(Count).ok_or_else(|| Count::WORDS.to_owned())
    }
}

/// A text that is no pattern names the slip; it is compiled anew in every run that reads it.
impl FromValue for Pattern {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = value.as_text().ok_or("a regular expression")?;
        pattern::compile(text).map(Pattern).map_err(|why| format!("a regular expression: {why}"))
    }
}

impl FromValue for Seconds {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => parse_duration(text).map(Seconds),
            other => other.as_number().map(|n| Seconds(n.as_f64())).ok_or_else(|| "a duration".to_owned()),
        }
    }
}

impl FromValue for Size {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => parse_size(text).map(Size),
            other => {
                let exact = other.as_number().and_then(|n| n.as_integer()).and_then(|n| u64::try_from(n).ok());
                exact.map(Size).ok_or_else(|| "a size".to_owned())
            }
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(b) => Ok(*b),
            Value::Text(text) => meant_bool(text).ok_or_else(|| "true or false".to_owned()),
            _ => Err("true or false".to_owned()),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, String> {
        as_measure(value).map(Number::as_f64).map_err(|_| "a number".to_owned())
    }
}

impl FromValue for usize {
    fn from_value(value: &Value) -> Result<Self, String> {
        let exact = as_measure(value).ok().and_then(Number::as_integer).and_then(|n| usize::try_from(n).ok());
        exact.ok_or_else(|| "a whole number".to_owned())
    }
}

impl FromValue for Text {
    fn from_value(value: &Value) -> Result<Self, String> {
        text_of(value).ok_or_else(|| "a text".to_owned())
    }
}

impl FromValue for Vec<Text> {
    fn from_value(value: &Value) -> Result<Self, String> {
        let texts = value.as_list().map(|items| items.iter().filter_map(text_of).collect());
        texts.ok_or_else(|| "a list of texts".to_owned())
    }
}

/// Lets words stand in settings.
#[macro_export]
macro_rules! from_words {
    ($($ty:ty),*) => {$(
        impl $crate::expr::code::FromValue for $ty {
            fn from_value(value: &$crate::base::value::Value) -> Result<Self, String> {
                let word = value.as_text().and_then(<$ty>::from_word);
                word.ok_or_else(|| format!("one of {}", <$ty>::WORDS.join(", ")))
            }
        }
    )*};
}
