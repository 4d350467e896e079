//! What tells the requests of a source apart: the `match` of each answer, and no more than is needed.

use super::mask::Mask;
use crate::base::map::Map;
use crate::base::secret_names::logs_in;
use crate::base::value::{Text, Value};
use crate::source::Request;
use crate::trial::matching::{body, query_of};
use crate::trial::write::{Fields, flow, scalar};
use std::collections::BTreeSet;

/// The ways in which requests differ, each with its key in a `match`.
const KEYS: [&str; 5] = ["url", "query", "method", "body", "argv"];

/// One request, by what could tell it apart; missing where it has nothing of that kind.
struct Traits([Value; 5]);

impl Traits {
    fn of(request: &Request, hosts: &BTreeSet<String>, mask: &Mask) -> Traits {
        let text = |text: &str| Value::text(mask.text(text));
        match request {
            Request::Http(http) => {
                let sent = http.body.as_deref().map(|bytes| value_of(&mask.bytes(bytes))).unwrap_or_default();
                let method = Value::text(&*http.method);
                let Ok(url) = http.url.parsed() else { return Traits([text(&http.url), Value::Missing, method, sent, Value::Missing]) };
                let bare = crate::net::words::without_user_info(url);
                let path = if hosts.len() > 1 { bare.as_str().split('?').next().unwrap_or("").to_owned() } else { url.path().to_owned() };
                let query = query_of(url);
                let shown = query.as_map().into_iter().flat_map(|map| map.iter()).filter(|(name, _)| !logs_in(name));
                let shown = shown.filter_map(|(name, value)| Some((name.clone(), text(value.as_text()?)))).collect::<Map>();
                Traits([text(&path), Value::map(shown), method, sent, Value::Missing])
            }
            Request::Command(command) => {
                let argv = Value::list(command.argv.iter().map(|word| text(word)).collect());
                let stdin = command.stdin.as_deref().map(|bytes| value_of(&mask.bytes(bytes))).unwrap_or_default();
                Traits([Value::Missing, Value::Missing, Value::Missing, stdin, argv])
            }
            Request::File(_) => Traits([const { Value::Missing }; 5]),
        }
    }
}

/// A body as the JSON in it, or as its text.
fn value_of(bytes: &[u8]) -> Value {
    serde_json::from_slice::<serde_json::Value>(bytes)
        .ok()
        .filter(|json| json.is_object() || json.is_array())
        .map_or_else(|| body(bytes), Value::from)
}

/// The `match` of each of several requests, and how much it says: of two that fit one request, the one
/// that says more must come first.
pub fn matches(requests: &[&Request], mask: &Mask) -> Vec<(usize, Fields)> {
    let hosts = requests.iter().filter_map(|request| if let Request::Http(http) = request { http.url.parsed().ok() } else { None });
    let hosts: BTreeSet<String> = hosts.map(crate::net::words::place).collect();
    let all: Vec<Traits> = requests.iter().map(|request| Traits::of(request, &hosts, mask)).collect();
    let differ = |n: usize| all.iter().map(|traits| shown(n, traits)).collect::<BTreeSet<_>>().len() > 1;
    let wanted: Vec<usize> = (0..KEYS.len()).filter(|n| differ(*n)).collect();
    let same = same_parameters(&all);
    let one = |traits: &Traits| {
        let mut fields = Fields::new();
        let mut weight = 0;
        for n in &wanted {
            let (Some(key), Some(value)) = (KEYS.get(*n), traits.0.get(*n)) else { continue };
            let value = match value {
                Value::Map(map) if *key == "query" => {
                    let own: Map =
                        map.iter().filter(|(name, _)| !same.contains(*name)).map(|(name, value)| (name.clone(), value.clone())).collect();
                    weight = own.len();
                    Value::map(own)
                }
                other => other.clone(),
            };
            let empty = value.is_missing() || value.as_map().is_some_and(|map| map.is_empty());
            if !empty {
                fields.push(((*key).to_owned(), value.as_text().map_or_else(|| flow(&value), scalar)));
            }
        }
        (weight, fields)
    };
    all.iter().map(one).collect()
}

fn shown(n: usize, traits: &Traits) -> String {
    traits.0.get(n).map(flow).unwrap_or_default()
}

/// The parameters that all requests have with one value.
fn same_parameters(all: &[Traits]) -> BTreeSet<Text> {
    let queries: Vec<_> = all.iter().filter_map(|traits| traits.0.get(1).and_then(Value::as_map)).collect();
    let Some(first) = queries.first() else { return BTreeSet::new() };
    let everywhere = |name: &Text, value: &Value| queries.iter().all(|query| query.get(name) == Some(value));
    first.iter().filter(|(name, value)| everywhere(name, value)).map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::command::CommandRequest;
    use crate::net::http::HttpRequest;

    fn told(requests: &[Request]) -> Vec<String> {
        let requests: Vec<&Request> = requests.iter().collect();
        let fields = |fields: &Fields| fields.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ");
        matches(&requests, &Mask::default()).iter().map(|(_, found)| fields(found)).collect()
    }

    fn get(url: &str) -> Request {
        Request::Http(Box::new(HttpRequest::get(url)))
    }

    #[test]
    fn only_what_differs_is_said() {
        assert_eq!(told(&[get("http://h/x?size=5"), get("http://h/x?size=5&page=2")]), ["", "query: {page: \"2\"}"]);
        assert_eq!(told(&[get("http://h/a"), get("http://h/b")]), ["url: /a", "url: /b"]);
        assert_eq!(told(&[get("http://h/a"), get("http://i/a")]), ["url: \"http://h/a\"", "url: \"http://i/a\""]);
        assert_eq!(told(&[get("http://h/a?token=1"), get("http://h/a?token=2")]), ["", ""]);
        assert_eq!(told(&[get("http://h/a"), get("http://h/a")]), ["", ""]);
    }

    #[test]
    fn bodies_and_arguments_tell_apart() {
        let post = |body: &'static str| Request::Http(Box::new(HttpRequest { body: Some(body.into()), ..HttpRequest::get("http://h/") }));
        assert_eq!(told(&[post("{\"id\":1}"), post("{\"id\":2}")]), ["body: {id: 1}", "body: {id: 2}"]);
        let command = |argv: [&str; 2]| Request::Command(CommandRequest::of(argv));
        assert_eq!(told(&[command(["a", "b"]), command(["a", "c"])]), ["argv: [a, b]", "argv: [a, c]"]);
    }
}
