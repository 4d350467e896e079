//! Secrets in what was recorded: known ones wherever they stand, and what is called like one.
//!
//! One text becomes the same text everywhere, so a token in the answer of a login is still the one that
//! the requests after it carry when the test is played.

use super::Recording;
use crate::base::map::Map;
use crate::base::masks::forms;
use crate::base::secret::{MASK, handle_of};
use crate::base::secret_names::logs_in;
use crate::base::value::Value;
use crate::net::Answer;
use crate::source::Request;
use crate::yaml::node::{Data, Node};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regex::bytes::{Captures, Regex};
use std::sync::LazyLock;

/// A shorter text is masked where it is known to stand, but not wherever its letters occur: `no` is a part
/// of many words.
const LEAST: usize = 4;

/// The shortest text of a request that is taken for a token where only the name beside it says so.
const TOKEN: usize = 8;

/// What takes the place of secrets.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Texts and what they become, the longest first.
    known: Vec<(Vec<u8>, String)>,
}

/// Where a name and its value stand side by side: JSON, lines of settings, XML.
static PAIRS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r#"(?s)("(?P<name>(?:[^"\\]|\\.)*)"\s*:\s*")(?P<value>(?:[^"\\]|\\.)*)"#,
        r#"(?m)^([ \t]*(?P<name>[\w.-]+)[ \t]*[=:][ \t]*)(?P<value>[^\s"'{\[][^\r\n]*)"#,
        r"(<(?P<name>[\w:.-]+)>)(?P<value>[^<]+)",
    ];
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

impl Mask {
    /// The secrets of an instance and of its exchanges. `written` is the instance as it stands in conf.d,
    /// `typed` what was read of it.
    pub fn of(instances: &[(&Node, &Value)], recording: &Recording) -> Mask {
        let mut out = Mask::default();
        for (written, typed) in instances {
            out.of_config("", written, typed);
        }
        for taken in &recording.taken {
            out.of_request(&taken.request);
        }
        for taken in recording.taken.iter().filter(|taken| taken.source.ends_with(".login") || taken.source.starts_with("auth.")) {
            for answer in taken.outcome.iter().flatten().flatten() {
                out.of_login(answer, recording);
            }
        }
        out.known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        out
    }

    /// A text that is a secret, in the forms in which it may stand somewhere.
    fn add(&mut self, text: &str, becomes: &str) {
        if text.len() < LEAST || text == MASK {
            return;
        }
        for form in forms(text).into_iter().map(String::into_bytes) {
            if !self.known.iter().any(|(known, _)| *known == form) {
                self.known.push((form, becomes.to_owned()));
            }
        }
    }

    /// A handle becomes what the store of tests makes of it, another secret a mask. What the spec's own
    /// defaults say is no secret.
    fn of_config(&mut self, key: &str, written: &Node, typed: &Value) {
        match (&written.data, typed) {
            (Data::Map(entries), Value::Map(map)) => {
                entries
                    .iter()
                    .for_each(|entry| self.of_config(&entry.key, &entry.value, &map.get(&entry.key).cloned().unwrap_or_default()));
            }
            (Data::List(nodes), Value::List(items)) => {
                nodes.iter().zip(items.iter()).for_each(|(node, item)| self.of_config(key, node, item))
            }
            (Data::Scalar(scalar), Value::Secret(secret)) => match handle_of(&scalar.text) {
                Some(handle) => self.add(secret.reveal(), &crate::trial::suite::secret_of(handle)),
                None => self.add(secret.reveal(), MASK),
            },
            (Data::Scalar(scalar), _) => {
                if logs_in(key) {
                    self.add(&scalar.text, MASK);
                }
                if let Some(password) = password_of(&scalar.text) {
                    self.add(&password, MASK);
                }
            }
            _ => {}
        }
    }

    /// What a request carries: cookies and tokens that another answer gave.
    fn of_request(&mut self, request: &Request) {
        let Request::Http(http) = request else { return };
        let mut found = Vec::new();
        for (_, value) in http.headers.iter().filter(|(name, _)| logs_in(name) || name.to_lowercase().starts_with("x-auth")) {
            // `Bearer TOKEN`, `a=TOKEN; b=TOKEN`
            let parts = value.reveal().split([' ', ';', ',']).map(|part| part.split_once('=').map_or(part, |(_, value)| value));
            found.extend(parts.map(|part| part.trim_matches('"').to_owned()));
        }
        if let Ok(url) = http.url.parsed() {
            found.extend(url.query_pairs().filter(|(name, _)| logs_in(name)).map(|(_, value)| value.into_owned()));
        }
        if let Some(body) = &http.body {
            match serde_json::from_slice::<serde_json::Value>(body) {
                Ok(json) => leaves("", &json.into(), &mut |name, text| found.extend(carries_token(name).then(|| text.to_owned()))),
                Err(_) => found
                    .extend(url::form_urlencoded::parse(body).filter(|(name, _)| carries_token(name)).map(|(_, value)| value.into_owned())),
            }
        }
        found.iter().filter(|text| text.len() >= TOKEN).for_each(|text| self.add(text, MASK));
    }

    /// The parts of the answer of a login that later requests carry.
    fn of_login(&mut self, answer: &Answer, recording: &Recording) {
        let mut texts = Vec::new();
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&answer.body) {
            leaves("", &json.into(), &mut |_, text| texts.push(text.to_owned()));
        }
        texts.extend(answer.headers.iter().map(|(_, value)| value.into_owned()));
        let carried = |text: &str| recording.taken.iter().any(|taken| carries(&taken.request, text));
        texts.iter().filter(|text| text.len() >= LEAST && carried(text)).for_each(|text| self.add(text, MASK));
    }

    /// Bytes without secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for (secret, becomes) in &self.known {
            out = replaced(&out, secret, becomes.as_bytes());
        }
        for pair in PAIRS.iter() {
            let masked = pair.replace_all(&out, |found: &Captures<'_>| {
                let part = |name: &str| found.name(name).map_or(&b""[..], |part| part.as_bytes());
                let whole = found.get(0).map_or(&b""[..], |part| part.as_bytes());
                let secret = logs_in(&String::from_utf8_lossy(part("name")));
                if !secret || part("value").is_empty() || part("value").starts_with(b"secret of ") {
                    return whole.to_vec();
                }
                [whole.get(..whole.len() - part("value").len()).unwrap_or(&[]), MASK.as_bytes()].concat()
            });
            out = masked.into_owned();
        }
        out
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The settings of an instance as a test may show them: handles stay.
    pub fn config(&self, key: &str, written: &Node) -> Value {
        match &written.data {
            Data::Map(entries) => {
                Value::map(entries.iter().map(|entry| (entry.key.clone(), self.config(&entry.key, &entry.value))).collect::<Map>())
            }
            Data::List(items) => Value::list(items.iter().map(|item| self.config(key, item)).collect()),
            Data::Scalar(scalar) if handle_of(&scalar.text).is_some() => scalar.to_value(),
            Data::Scalar(scalar) if logs_in(key) && !scalar.text.is_empty() => Value::from(MASK),
            Data::Scalar(scalar) => match scalar.to_value() {
                Value::Text(text) => Value::text(self.text(&text)),
                other => other,
            },
        }
    }
}

/// The password in an address.
fn password_of(text: &str) -> Option<String> {
    let url = text.contains("://").then(|| url::Url::parse(text).ok()).flatten()?;
    let password = percent_encoding::percent_decode_str(url.password()?).decode_utf8_lossy().into_owned();
    Some(password)
}

fn carries(request: &Request, text: &str) -> bool {
    let Request::Http(http) = request else { return false };
    let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    http.headers.iter().any(|(_, value)| value.reveal().contains(text))
        || http.url.contains(text)
        || http.url.contains(&encoded)
        || http.body.as_ref().is_some_and(|body| String::from_utf8_lossy(body).contains(text))
}

/// The name of a field of a request that holds a token.
fn carries_token(name: &str) -> bool {
    logs_in(name) || name.eq_ignore_ascii_case("auth")
}

/// Every text of a value, with the name that it stands under.
fn leaves(name: &str, value: &Value, take: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Text(text) => take(name, text),
        Value::List(items) => items.iter().for_each(|item| leaves(name, item, take)),
        Value::Map(map) => map.iter().for_each(|(name, item)| leaves(name, item, take)),
        _ => {}
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(behind) => {
                out.extend_from_slice(to);
                rest = behind;
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::base::span::Sources;
    use crate::base::value::Text;
    use crate::net::http::HttpRequest;
    use crate::trial::record::Taken;
    use crate::yaml::load::load;

    fn node(text: &str) -> Node {
        let mut sources = Sources::default();
        let file = sources.add("t", text);
        load(&sources, file).root
    }

    fn taken(source: &str, http: HttpRequest, body: &str) -> Taken {
        let answer = Answer::of(body.to_owned(), "");
        Taken { run: 0, source: source.into(), request: Request::Http(Box::new(http)), outcome: Some(Ok(vec![answer])) }
    }

    #[test]
    fn what_is_called_like_a_secret_is_masked_in_every_form() {
        let mask = Mask::default();
        for (text, masked) in [
            (r#"{"user": "a", "api_key": "x\"y", "tokens": 3}"#, r#"{"user": "a", "api_key": "****", "tokens": 3}"#),
            ("db_password = hunter2\nname = x\n", "db_password = ****\nname = x\n"),
            ("<user>a</user><password>b</password>", "<user>a</user><password>****</password>"),
            (r#"{"token": ""}"#, r#"{"token": ""}"#),
        ] {
            assert_eq!(mask.text(text), masked);
        }
    }

    #[test]
    fn secrets_of_the_instance_go_wherever_they_stand() {
        let written = node("user: me\npassword: \"{{ secret('env:P') }}\"\nlogin: {token: plain-one}\nurl: http://u:pass%20word@h/");
        let secret = |text: &str| Value::Secret(Secret::new(text));
        let login = Value::map([(Text::from("token"), secret("plain-one"))].into_iter().collect());
        let entries = [("password", secret("hunter2")), ("login", login), ("url", Value::from("http://u:pass%20word@h/"))];
        let typed = Value::map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect());
        let mask = Mask::of(&[(&written, &typed)], &Recording::default());
        assert_eq!(mask.text("a hunter2 plain-one"), "a secret of env:P ****");
        // `me:hunter2`, as a server repeats a basic login.
        assert!(!mask.text("Basic bWU6aHVudGVyMg==").contains("aHVudGVyM"));
        assert_eq!(
            crate::trial::write::flow(&mask.config("", &written)),
            "{user: me, password: \"{{ secret('env:P') }}\", login: {token: \"****\"}, url: \"http://u:****@h/\"}"
        );
    }

    #[test]
    fn a_token_is_masked_in_the_login_and_after_it() {
        let carrying =
            HttpRequest { headers: vec![("Authorization".into(), Secret::new("Bearer tok-1234"))], ..HttpRequest::get("http://h/x") };
        let posted = HttpRequest { body: Some("{\"auth\":\"other-9\"}".into()), ..HttpRequest::get("http://h/y") };
        let login = taken("x.login", HttpRequest::get("http://h/l"), "{\"result\": \"other-9\", \"name\": \"visible\"}");
        let recording = Recording { taken: vec![login, taken("x", carrying, ""), taken("y", posted, "")], ..Recording::default() };
        let mask = Mask::of(&[], &recording);
        assert_eq!(mask.text("tok-1234 other-9 visible Bearer"), "**** **** visible Bearer");
    }
}
