//! Evaluates the tree under the rules of the language: a calculation with a missing value makes
//! the whole place missing, text and numbers never mix, integers stay exact.

use super::fault::Fault;
use super::frame::Frame;
use super::function::Function;
use super::ops::{calculate, compare, contains, equal};
use super::path::walk;
use super::tree::{Comparison, Expr, For, Part, Slice};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::print::{shown, text_of, write_text};
use crate::base::secret::Secret;
use crate::base::value::{Value, at};
use std::cmp::Ordering;

impl Expr {
    /// The value of the expression; missing where a field is missing and nothing is done with it.
    ///
    /// # Errors
    /// Why the whole place is missing.
    pub fn eval(&self, frame: &mut Frame) -> Result<Value, Fault> {
        match self {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Walk(name, steps) => Ok(walk(frame.get(*name), steps)),
            Expr::On(of, path) => path.find(&of.eval(frame)?),
            Expr::Member(of, key) => Ok(of.eval(frame)?.member(key)),
            Expr::Item(of, key) => item(&of.eval(frame)?, &key.eval(frame)?),
            Expr::Slice(slice) => cut(slice, frame),
            Expr::Not(of) => Ok(Value::Bool(!of.eval(frame)?.is_true())),
            Expr::Negate(of) => calculate(super::ops::Arithmetic::Sub, &Value::Int(0), &of.eval(frame)?),
            Expr::Calculate(op, left, right) => calculate(*op, &left.eval(frame)?, &right.eval(frame)?),
            Expr::Compare(first, others) => chain(first, others, frame),
            Expr::And(left, right) => {
                let left = left.eval(frame)?;
                if left.is_true() { right.eval(frame) } else { Ok(left) }
            }
            Expr::Or(left, right) => {
                let left = left.eval(frame)?;
                if left.is_true() { Ok(left) } else { right.eval(frame) }
            }
            Expr::Join(parts) => join(parts, frame),
            Expr::If(condition, yes, no) => match (condition.eval(frame)?.is_true(), no) {
                (true, _) => yes.eval(frame),
                (false, Some(no)) => no.eval(frame),
                (false, None) => Ok(Value::Missing),
            },
            Expr::Call(function, args) => call(function, args, frame),
            Expr::List(items) => Ok(Value::list(items.iter().map(|item| item.eval(frame)).collect::<Result<_, _>>()?)),
            Expr::Map(entries) => map(entries, frame),
            Expr::Text(parts) => {
                let mut out = Printer::default();
                out.parts(parts, frame)?;
                Ok(out.finish())
            }
        }
    }
}

fn item(of: &Value, key: &Value) -> Result<Value, Fault> {
    match (of, key) {
        (Value::Missing, _) | (_, Value::Missing) => Ok(Value::Missing),
        (Value::List(items), _) => match key.as_number().and_then(|n| n.as_integer()) {
            Some(index) => Ok(i64::try_from(index).ok().and_then(|i| at(items, i)).cloned().unwrap_or_default()),
            None => Err(Fault::failed(format!("{} is no index of a list", shown(key)))),
        },
        (Value::Map(_) | Value::Lazy(_), _) => Ok(text_of(key).map(|key| of.member(&key)).unwrap_or_default()),
        (Value::Text(_), Value::Int(index)) => Ok(walk(of, &[super::path::Step::Index(*index)])),
        _ => Ok(Value::Missing),
    }
}

fn cut(slice: &Slice, frame: &mut Frame) -> Result<Value, Fault> {
    let of = slice.of.eval(frame)?;
    let mut bound = |expr: &Option<Expr>| -> Result<Option<i64>, Fault> {
        let Some(expr) = expr else { return Ok(None) };
        let value = expr.eval(frame)?;
        let index = value.as_number().and_then(|n| n.as_integer()).and_then(|n| i64::try_from(n).ok());
        index.map(Some).ok_or_else(|| Fault::failed(format!("{} is no index", shown(&value))))
    };
    let (start, stop, step) = (bound(&slice.start)?, bound(&slice.stop)?, bound(&slice.step)?.unwrap_or(1));
    match &of {
        Value::Missing => Ok(Value::Missing),
        Value::List(items) => Ok(Value::list(sliced(items, start, stop, step))),
        Value::Text(text) => {
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::text(sliced(&chars, start, stop, step).into_iter().collect::<String>()))
        }
        other => Err(Fault::failed(format!("{} is a {} and has no slices", shown(other), other.kind()))),
    }
}

/// Python's slices: bounds from the end where negative, clamped, a negative step goes backwards.
fn sliced<T: Clone>(items: &[T], start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<T> {
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |index: i64, least: i64, most: i64| (if index < 0 { index.saturating_add(len) } else { index }).clamp(least, most);
    let mut out = Vec::new();
    if step > 0 {
        let stop = stop.map_or(len, |s| place(s, 0, len));
        let mut index = start.map_or(0, |s| place(s, 0, len));
        while index < stop {
            out.extend(at(items, index).cloned());
            index = index.saturating_add(step);
        }
    } else if step < 0 {
        let stop = stop.map_or(-1, |s| place(s, -1, len - 1));
        let mut index = start.map_or(len - 1, |s| place(s, -1, len - 1));
        while index > stop {
            out.extend(at(items, index).cloned());
            index = index.saturating_add(step);
        }
    }
    out
}

fn chain(first: &Expr, others: &[(Comparison, Expr)], frame: &mut Frame) -> Result<Value, Fault> {
    let mut left = open(first.eval(frame)?);
    for (op, right) in others {
        let right = open(right.eval(frame)?);
        if let (Comparison::In | Comparison::NotIn, Value::List(items)) = (op, &right) {
            frame.cx().step(items.len() / super::ops::ITEMS_SEEN)?;
        }
        if !holds(*op, &left, &right)? {
            return Ok(Value::Bool(false));
        }
        left = right;
    }
    Ok(Value::Bool(true))
}

/// Secrets may be compared: the answer is no secret.
fn open(value: Value) -> Value {
    match value {
        Value::Secret(secret) => Value::text(secret.reveal()),
        other => other,
    }
}

fn holds(op: Comparison, left: &Value, right: &Value) -> Result<bool, Fault> {
    match op {
        Comparison::Equal => Ok(equal(left, right)),
        Comparison::Unequal => Ok(!equal(left, right)),
        Comparison::Less => Ok(compare(left, right)? == Ordering::Less),
        Comparison::AtMost => Ok(compare(left, right)? != Ordering::Greater),
        Comparison::Greater => Ok(compare(left, right)? == Ordering::Greater),
        Comparison::AtLeast => Ok(compare(left, right)? != Ordering::Less),
        Comparison::In => contains(left, right),
        Comparison::NotIn => contains(left, right).map(|held| !held),
    }
}

fn join(parts: &[Expr], frame: &mut Frame) -> Result<Value, Fault> {
    let mut out = Printer::default();
    for part in parts {
        let value = part.eval(frame)?;
        out.print(&value)?;
    }
    Ok(out.finish())
}

fn map(entries: &[(Expr, Expr)], frame: &mut Frame) -> Result<Value, Fault> {
    let mut out = Map::with_capacity(entries.len());
    for (key, value) in entries {
        let key = text_of(&key.eval(frame)?).ok_or(Fault::Missing)?;
        out.insert(key, value.eval(frame)?);
    }
    Ok(Value::map(out))
}

/// Most functions have up to four arguments, so these need no heap.
fn call(function: &Function, args: &[Expr], frame: &mut Frame) -> Result<Value, Fault> {
    let mut secret = false;
    let mut take = |expr: &Expr, frame: &mut Frame| -> Result<Value, Fault> {
        let value = expr.eval(frame)?;
        secret |= matches!(value, Value::Secret(_));
        Ok(open(value).materialize())
    };
    let first = match args.first() {
        Some(first) => take(first, frame)?,
        None => Value::Missing,
    };
    if first.is_missing() && !function.takes_missing && !function.params.is_empty() {
        return Ok(Value::Missing);
    }
    let result = match args {
        [] => (function.call)(&[], &frame.cx())?,
        [_] => (function.call)(&[first], &frame.cx())?,
        [_, b] => {
            let b = take(b, frame)?;
            (function.call)(&[first, b], &frame.cx())?
        }
        [_, rest @ ..] => {
            let mut values = vec![first];
            for expr in rest {
                values.push(take(expr, frame)?);
            }
            (function.call)(&values, &frame.cx())?
        }
    };
    Ok(match result {
        Value::Text(text) if secret => Value::Secret(Secret::new(text)),
        other => other,
    })
}

/// Collects text; remembers whether a secret went in, since then the whole is one.
#[derive(Default)]
struct Printer {
    text: String,
    secret: bool,
}

impl Printer {
    fn print(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Missing => return Err(Fault::Missing),
            Value::Secret(secret) => {
                self.secret = true;
                self.text.push_str(secret.reveal());
            }
            other => write_text(&mut self.text, other),
        }
        if self.text.len() > limits::TEXT_BYTES {
            return Err(Fault::failed(format!("the text grows beyond {} bytes", limits::TEXT_BYTES)));
        }
        Ok(())
    }

    fn finish(self) -> Value {
        if self.secret { Value::Secret(Secret::new(self.text)) } else { Value::text(self.text) }
    }

    fn parts(&mut self, parts: &[Part], frame: &mut Frame) -> Result<(), Fault> {
        for part in parts {
            match part {
                Part::Words(words) => self.text.push_str(words),
                Part::Hole(expr) => {
                    let value = expr.eval(frame)?;
                    self.print(&value)?;
                }
                Part::If(condition, yes, no) => {
                    let chosen = if condition.eval(frame)?.is_true() { yes } else { no };
                    self.parts(chosen, frame)?;
                }
                Part::For(inner) => self.repeat(inner, frame)?,
            }
        }
        Ok(())
    }

    fn repeat(&mut self, inner: &For, frame: &mut Frame) -> Result<(), Fault> {
        let items = items_of(&inner.over.eval(frame)?);
        let before: Vec<Value> = inner.targets.iter().chain([&inner.counter]).map(|name| frame.get(*name).clone()).collect();
        let result = self.repeat_over(inner, &items, frame);
        for (name, value) in inner.targets.iter().chain([&inner.counter]).zip(before) {
            frame.set(*name, value);
        }
        result
    }

    fn repeat_over(&mut self, inner: &For, items: &[Value], frame: &mut Frame) -> Result<(), Fault> {
        let mut kept = Vec::new();
        for item in items {
            frame.cx().step(1)?;
            bind_targets(inner, item, frame);
            if inner.filter.as_ref().map_or(Ok(true), |f| f.eval(frame).map(|v| v.is_true()))? {
                kept.push(item);
            }
        }
        if kept.is_empty() {
            return self.parts(&inner.otherwise, frame);
        }
        for (index, item) in kept.iter().enumerate() {
            bind_targets(inner, item, frame);
            frame.set(inner.counter, loop_value(index, kept.len()));
            self.parts(&inner.body, frame)?;
        }
        Ok(())
    }
}

fn bind_targets(inner: &For, item: &Value, frame: &mut Frame) {
    match (&*inner.targets, item) {
        ([one], item) => {
            frame.set(*one, item.clone());
        }
        (many, Value::List(values)) => {
            for (n, name) in many.iter().enumerate() {
                frame.set(*name, values.get(n).cloned().unwrap_or_default());
            }
        }
        (many, _) => {
            for name in many {
                frame.set(*name, Value::Missing);
            }
        }
    }
}

fn loop_value(index: usize, length: usize) -> Value {
    let entries = [
        ("index", Value::from(index + 1)),
        ("index0", Value::from(index)),
        ("first", Value::Bool(index == 0)),
        ("last", Value::Bool(index + 1 == length)),
        ("length", Value::from(length)),
    ];
    Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// What a loop goes over: the items of a list, the keys of a map, nothing for a missing value,
/// the value itself otherwise.
pub fn items_of(value: &Value) -> Vec<Value> {
    match value {
        Value::Missing => Vec::new(),
        Value::List(items) => items.to_vec(),
        Value::Map(map) => map.keys().map(|key| Value::Text(key.clone())).collect(),
        Value::Lazy(lazy) => match lazy.member("rows") {
            Value::List(rows) => rows.to_vec(),
            _ => vec![value.clone()],
        },
        other => vec![other.clone()],
    }
}
