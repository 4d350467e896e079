//! Values as a flat list of tokens, in the order in which a person reads them.
//!
//! A list has no nesting that a reader could follow until its stack ends, whatever the bytes say;
//! the nesting of the values themselves has a limit here.

use super::codec::DecodeError;
use super::tables::{Numbered, Texts};
use crate::base::limits;
use crate::base::map::Map;
use crate::base::value::Value;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Documents have a bound for their nesting, and a mapping adds a few levels of its own.
const DEPTH: usize = 2 * limits::DEPTH;

/// One value, or the head of several.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Token {
    /// Nothing.
    Missing,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A text of the table.
    Text(u32),
    /// So many values follow.
    List(u32),
    /// So many keys follow, each before its value.
    Map(u32),
    /// The key of an entry.
    Key(u32),
    /// A moment: seconds and nanoseconds.
    Time(i64, i32),
}

/// Writes a value. What is too deep, computed on demand or secret is not there: building a report
/// has made values plain, and no document is that deep.
pub fn write<'v>(value: &'v Value, texts: &mut Numbered<&'v str>, out: &mut Vec<Token>) {
    write_at(value, 0, texts, out);
}

fn write_at<'v>(value: &'v Value, depth: usize, texts: &mut Numbered<&'v str>, out: &mut Vec<Token>) {
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match value {
        Value::Bool(b) => out.push(Token::Bool(*b)),
        Value::Int(n) => out.push(Token::Int(*n)),
        Value::Uint(n) => out.push(Token::Uint(*n)),
        Value::Float(n) => out.push(Token::Float(*n)),
        Value::Text(text) => out.push(Token::Text(texts.of(text))),
        Value::Time(time) => out.push(Token::Time(time.as_second(), time.subsec_nanosecond())),
        Value::List(items) if depth < DEPTH => {
            out.push(Token::List(length(items.len())));
            items.iter().for_each(|item| write_at(item, depth + 1, texts, out));
        }
        Value::Map(map) if depth < DEPTH => {
            out.push(Token::Map(length(map.len())));
            for (key, value) in map.iter() {
                out.push(Token::Key(texts.of(key)));
                write_at(value, depth + 1, texts, out);
            }
        }
        Value::Missing | Value::Secret(_) | Value::Lazy(_) | Value::List(_) | Value::Map(_) => out.push(Token::Missing),
    }
}

/// Reads the next value.
///
/// # Errors
/// Tokens that no value was written as.
pub fn read(tokens: &mut std::slice::Iter<'_, Token>, texts: &Texts) -> Result<Value, DecodeError> {
    read_at(tokens, 0, texts)
}

fn read_at(tokens: &mut std::slice::Iter<'_, Token>, depth: usize, texts: &Texts) -> Result<Value, DecodeError> {
    let broken = DecodeError::Broken("a value is broken");
    if depth > DEPTH {
        return Err(broken);
    }
    Ok(match *tokens.next().ok_or(broken)? {
        Token::Missing => Value::Missing,
        Token::Bool(b) => Value::Bool(b),
        Token::Int(n) => Value::Int(n),
        Token::Uint(n) => Value::Uint(n),
        Token::Float(n) => Value::Float(n),
        Token::Text(text) => Value::Text(texts.text(text)?),
        Token::Time(seconds, nanos) => Value::Time(Timestamp::new(seconds, nanos).map_err(|_| broken)?),
        Token::List(length) => {
            let items = (0..length).map(|_| read_at(tokens, depth + 1, texts));
            Value::list(items.collect::<Result<_, _>>()?)
        }
        Token::Map(length) => {
            let mut map = Map::new();
            for _ in 0..length {
                let Some(Token::Key(key)) = tokens.next() else { return Err(broken) };
                map.insert(texts.text(*key)?, read_at(tokens, depth + 1, texts)?);
            }
            Value::map(map)
        }
        Token::Key(_) => return Err(broken),
    })
}
