//! What may be remembered: plain values of bounded size, and never a secret.

use crate::base::limits;
use crate::base::map::Map;
use crate::base::value::Value;
use std::fmt;

/// Why a value is not remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is a secret or holds one.
    Secret,
    /// It is nested more deeply than anything that is kept.
    TooDeep,
    /// It takes more than so many bytes.
    TooLarge(usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Secret => f.write_str("it holds a secret, and what is remembered must hold none"),
            Refusal::TooDeep => write!(f, "it is nested more than {} levels deep", limits::KEPT_DEPTH),
            Refusal::TooLarge(most) => write!(f, "there is room for {most} bytes"),
        }
    }
}

/// What is left of the room for several values.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    most: usize,
    left: usize,
}

/// What a value takes besides its text, roughly: its type and its place in the file.
const NODE_BYTES: usize = 12;

impl Room {
    /// Room for values of so many bytes together.
    pub fn new(most: usize) -> Self {
        Room { most, left: most }
    }

    /// The value as it is remembered, with everything computed that is computed on demand. What is
    /// refused takes no room.
    ///
    /// # Errors
    /// Why it is not remembered.
    pub fn keep(&mut self, value: &Value) -> Result<Value, Refusal> {
        let before = self.left;
        self.plain(value, 0).inspect_err(|_| self.left = before)
    }

    fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.left = self.left.checked_sub(bytes + NODE_BYTES).ok_or(Refusal::TooLarge(self.most))?;
        Ok(())
    }

    fn plain(&mut self, value: &Value, level: usize) -> Result<Value, Refusal> {
        if level > limits::KEPT_DEPTH {
            return Err(Refusal::TooDeep);
        }
        match value {
            Value::Text(text) => self.take(text.len())?,
            Value::Missing | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) | Value::Time(_) => self.take(0)?,
            Value::Secret(_) => return Err(Refusal::Secret),
            Value::Lazy(lazy) => return self.plain(&lazy.materialize(), level),
            Value::List(items) => {
                self.take(0)?;
                let items: Vec<Value> = items.iter().map(|item| self.plain(item, level + 1)).collect::<Result<_, _>>()?;
                return Ok(Value::list(items));
            }
            Value::Map(map) => {
                self.take(0)?;
                let mut out = Map::with_capacity(map.len());
                for (key, value) in map.iter() {
                    self.take(key.len())?;
                    out.insert(key.clone(), self.plain(value, level + 1)?);
                }
                return Ok(Value::map(out));
            }
        }
        Ok(value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;

    #[test]
    fn a_secret_is_refused_at_any_depth() {
        let value = Value::list(vec!["a".into(), Value::list(vec![Value::Secret(Secret::new("x"))])]);
        assert_eq!(Room::new(1000).keep(&value), Err(Refusal::Secret));
    }

    #[test]
    fn what_is_refused_takes_no_room() {
        let mut room = Room::new(100);
        assert_eq!(room.keep(&"x".repeat(100).into()), Err(Refusal::TooLarge(100)));
        assert!(room.keep(&"x".repeat(88).into()).is_ok());
        assert_eq!(room.keep(&Value::Int(1)), Err(Refusal::TooLarge(100)));
    }

    /// The deepest value that is kept must be readable again.
    #[test]
    fn nesting_ends_before_the_reader_of_the_file_does() {
        let nested = |levels: usize| (0..levels).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
        let kept = Room::new(100_000).keep(&nested(limits::KEPT_DEPTH)).unwrap();
        // A file adds a few levels of its own.
        let text = format!("[[[[[[[[{}]]]]]]]]", serde_json::to_string(&kept).unwrap());
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
        assert!(serde_json::from_str::<Value>(&serde_json::to_string(&kept).unwrap()).is_ok());
        assert_eq!(Room::new(100_000).keep(&nested(limits::KEPT_DEPTH + 1)), Err(Refusal::TooDeep));
    }
}
