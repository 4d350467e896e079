//! `answer` in expressions: what a login, or a request after it, was answered.

use crate::base::value::{Lazy, Text, Value};
use crate::decode::{self, Decoder, Facts};
use crate::net::Answer;

/// The name in expressions.
pub const NAME: &str = "answer";

/// An answer with its document.
#[derive(Debug)]
pub struct AnswerValue {
    answer: Answer,
    doc: Value,
}

/// What the value has.
pub const MEMBERS: &[&str] = &["status", "headers", "cookies", "cookie", "url", "body", "doc", "elapsed"];

impl AnswerValue {
    /// An answer and what was decoded of it.
    pub fn new(answer: Answer, doc: Value) -> Self {
        AnswerValue { answer, doc }
    }

    /// Names and values of the cookies that the answer sets, without those that it deletes.
    fn cookies(&self) -> Vec<(String, String)> {
        let set: Vec<_> =
            self.answer.headers.iter().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.into_owned()).collect();
        let mut out: Vec<(String, String)> = Vec::new();
        for cookie in set {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((&cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            out.retain(|(other, _)| *other != name);
            let deleted = attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
            if !deleted && !value.is_empty() && !name.is_empty() {
                out.push((name, value));
            }
        }
        out
    }
}

impl Lazy for AnswerValue {
    fn member(&self, name: &str) -> Value {
        let text = |(name, value): (String, String)| (Text::from(name), Value::text(value));
        match name {
            "status" => self.answer.status.map_or(Value::Missing, |status| Value::Int(status.into())),
            "headers" => Value::map(self.answer.headers.iter().map(|(name, value)| (Text::from(name), Value::from(&*value))).collect()),
            "cookies" => Value::map(self.cookies().into_iter().map(text).collect()),
            "cookie" => {
                let pairs: Vec<_> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
                if pairs.is_empty() { Value::Missing } else { Value::text(pairs.join("; ")) }
            }
            "url" => Value::from(self.answer.url.as_str()),
            "body" => Value::text(String::from_utf8_lossy(&self.answer.body)),
            "doc" => self.doc.clone(),
            "elapsed" => Value::Float(self.answer.elapsed.as_secs_f64()),
            _ => Value::Missing,
        }
    }

    fn materialize(&self) -> Value {
        Value::map(MEMBERS.iter().map(|name| (Text::from(*name), self.member(name))).collect())
    }
}

/// The document of an answer: as the decoder says, or else as content type and first character do.
///
/// # Errors
/// Why it cannot be read.
pub fn document(answer: &Answer, decoder: Option<&dyn Decoder>) -> Result<Value, String> {
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let usual = if matches!(first, Some(b'{' | b'[')) { "json" } else { "raw" };
    let guessed;
    let decoder = match decoder {
        Some(decoder) => decoder,
        None => {
            guessed = decode::named(decode::guess(answer.header("content-type"), &answer.url).unwrap_or(usual), &Value::Missing)?;
            &*guessed
        }
    };
    let facts = Facts { content_type: answer.header("content-type"), ..Facts::default() };
    decoder.decode_answer(&answer.body, &facts).map(|decoded| decoded.doc).map_err(|error| error.0)
}

/// What an answer holds, without values: they may be secrets.
pub fn shape_of(doc: &Value) -> String {
    match doc {
        Value::Map(map) if map.is_empty() => "an empty map".to_owned(),
        Value::Map(map) => format!("a map with {}", crate::base::suggest::listed(map.keys().map(|key| &**key), 10)),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Text(text) => format!("a text of {} bytes", text.len()),
        Value::Missing => "nothing".to_owned(),
        other => format!("a {}", other.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_those_that_are_set_and_not_deleted() {
        let mut answer = Answer::of("", "http://h.test/");
        let set = ["SID=a=b; Path=/; HttpOnly", "old=x", "old=; Max-Age=0", "gone=1; Secure; max-age=0", "csrf = t ", "broken", "SID=c"];
        answer.headers = set.iter().map(|value| ("set-cookie", *value)).collect();
        let value = AnswerValue::new(answer, Value::Missing);
        assert_eq!(value.member("cookie").as_text(), Some("csrf=t; SID=c"));
        assert_eq!(value.member("cookies").as_map().map(|map| map.len()), Some(2));
        assert!(AnswerValue::new(Answer::of("", ""), Value::Missing).member("cookie").is_missing());
    }

    #[test]
    fn documents_are_told_of_without_their_values() {
        let doc = Value::from(serde_json::json!({"token": "secret", "error": 1}));
        assert_eq!(shape_of(&doc), "a map with `token`, `error`");
        assert_eq!(shape_of(&Value::from("secret")), "a text of 6 bytes");
    }
}
