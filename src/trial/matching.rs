//! Which requests an answer is for.

use super::demand::{Demand, Words};
use super::given::Match;
use crate::base::map::Map;
use crate::base::value::{Text, Value};
use crate::net::http::HttpRequest;
use crate::source::Request;
use url::Url;

/// True if a request is like that.
pub fn fits(wanted: &Match, request: &Request) -> bool {
    match request {
        Request::Http(http) => fits_http(wanted, http),
        Request::Command(command) => {
            let argv = Value::list(command.argv.iter().map(|word| Value::text(word.as_str())).collect());
            let of_http = wanted.url.is_some() || wanted.method.is_some() || !wanted.query.0.is_empty() || !wanted.headers.0.is_empty();
            let stdin = command.stdin.as_deref().map(body);
            !of_http
                && wanted.path.is_none()
                && wanted.argv.as_ref().is_none_or(|want| want.0.fits(&argv))
                && wanted.body.as_ref().is_none_or(|want| fits_body(&want.0, stdin.clone().unwrap_or_default()))
        }
        Request::File(file) => {
            let path = Value::text(file.pattern.to_string_lossy());
            let other = wanted.url.is_some() || wanted.argv.is_some() || wanted.body.is_some() || wanted.method.is_some();
            !other && wanted.path.as_ref().is_none_or(|want| want.0.fits(&path))
        }
    }
}

fn fits_http(wanted: &Match, http: &HttpRequest) -> bool {
    let url = http.url.parsed().ok();
    let query = url.map(query_of).unwrap_or_default();
    let headers = headers_of(http);
    let sent = http.body.as_deref().map(body).unwrap_or_default();
    wanted.argv.is_none()
        && wanted.path.is_none()
        && wanted.url.as_ref().is_none_or(|want| fits_url(want, &http.url, url))
        && wanted.method.as_ref().is_none_or(|want| want.0.fits(&Value::text(&*http.method)))
        && wanted.query.0.iter().all(|entry| fits_text(&entry.value.0, &query.member(&entry.key)))
        && wanted.headers.0.iter().all(|entry| entry.value.0.fits(&headers.member(&entry.key.to_lowercase())))
        && wanted.body.as_ref().is_none_or(|want| fits_body(&want.0, sent))
}

/// A number or boolean in a query is the text that it is written as.
fn fits_text(want: &Demand, found: &Value) -> bool {
    match want.exact().and_then(crate::base::print::text_of) {
        Some(text) => found.as_text() == Some(&*text),
        None => want.fits(found),
    }
}

/// A URL as a whole, or from its path on.
fn fits_url(want: &Words, text: &str, url: Option<&Url>) -> bool {
    let whole = |text: &str| want.0.fits(&Value::text(text));
    let bare = url.map(crate::net::words::without_user_info);
    let Some(url) = bare else { return whole(text) };
    let path = url.path();
    let with_query = url.query().map(|query| format!("{path}?{query}"));
    whole(text)
        || whole(url.as_str())
        || (want.0.exact().is_some() && (whole(path) || with_query.is_some_and(|from_path| whole(&from_path)) || same(want, &url)))
}

/// The same address in other words: with the slash of an empty path, with escapes.
fn same(want: &Words, url: &Url) -> bool {
    want.0.exact().and_then(Value::as_text).and_then(|text| Url::parse(text).ok()).is_some_and(|wanted| wanted == *url)
}

/// The query of a URL as a map; of a repeated name the last.
pub fn query_of(url: &Url) -> Value {
    Value::map(url.query_pairs().map(|(name, value)| (Text::from(&*name), Value::text(&*value))).collect::<Map>())
}

/// The headers of a request, names in lower case.
pub fn headers_of(http: &HttpRequest) -> Value {
    let all = http.headers.iter().map(|(name, value)| (Text::from(name.to_lowercase()), Value::text(value.reveal())));
    Value::map(all.collect::<Map>())
}

/// The bytes of a body as a text.
pub fn body(bytes: &[u8]) -> Value {
    Value::text(String::from_utf8_lossy(bytes))
}

/// A body as it was sent, or the value that is in it.
pub fn fits_body(want: &Demand, sent: Value) -> bool {
    if want.fits(&sent) {
        return true;
    }
    let parsed = sent.as_text().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    parsed.is_some_and(|json| want.fits(&json.into()))
}
