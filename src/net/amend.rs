//! Changes to a rendered request: what the next page or a login adds to it.
//!
//! What is set replaces what was there under the same name; everything else stays byte for byte.

use super::http::HttpRequest;
use crate::base::secret::Secret;
use serde_json::{Map, Value as Json};
use url::form_urlencoded::{self, Serializer};

impl HttpRequest {
    /// Sets parameters of the address. An address that is none is left for the exchange to report.
    pub fn set_query(&mut self, pairs: &[(String, String)]) {
        let Ok(mut url) = self.url.parsed().cloned() else { return };
        let query = amended(url.query().unwrap_or(""), pairs);
        url.set_query((!query.is_empty()).then_some(&query));
        self.url = url.into();
    }

    /// Sets headers.
    pub fn set_headers(&mut self, pairs: Vec<(String, Secret)>) {
        self.headers.retain(|(name, _)| !pairs.iter().any(|(set, _)| set.eq_ignore_ascii_case(name)));
        self.headers.extend(pairs);
    }

    /// Sets fields of a form body.
    pub fn set_form(&mut self, pairs: &[(String, String)]) {
        let form = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        self.body = Some(amended(&form, pairs).into_bytes().into());
        self.say_content("application/x-www-form-urlencoded");
    }

    /// Merges into a JSON body: maps key by key, anything else is replaced. A body that is no JSON
    /// is replaced as a whole.
    pub fn merge_json(&mut self, with: Json) {
        let body = self.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
        let mut json = body.unwrap_or_else(|| Json::Object(Map::new()));
        merge(&mut json, with);
        self.body = Some(json.to_string().into_bytes().into());
        self.say_content("application/json");
    }

    /// The request without parameters and body.
    pub fn bare(&self) -> HttpRequest {
        let mut bare = HttpRequest { body: None, ..self.clone() };
        if let Ok(mut url) = self.url.parsed().cloned() {
            url.set_query(None);
            bare.url = url.into();
        }
        bare
    }

    fn say_content(&mut self, kind: &str) {
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            self.headers.push(("content-type".to_owned(), Secret::new(kind)));
        }
    }
}

/// An encoded list of pairs with some of them set; the others keep their encoding.
fn amended(encoded: &str, pairs: &[(String, String)]) -> String {
    let is_set = |part: &&str| {
        let name = form_urlencoded::parse(part.as_bytes()).next().map(|(name, _)| name.into_owned());
        name.is_some_and(|name| pairs.iter().any(|(set, _)| *set == name))
    };
    let kept: Vec<&str> = encoded.split('&').filter(|part| !part.is_empty() && !is_set(part)).collect();
    let set = Serializer::new(String::new()).extend_pairs(pairs).finish();
    kept.into_iter().chain((!set.is_empty()).then_some(set.as_str())).collect::<Vec<_>>().join("&")
}

fn merge(into: &mut Json, with: Json) {
    match (into, with) {
        (Json::Object(into), Json::Object(with)) => {
            for (key, value) in with {
                merge(into.entry(key).or_insert(Json::Null), value);
            }
        }
        (into, with) => *into = with,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_parameter_is_replaced_and_the_others_keep_their_encoding() {
        let mut request = HttpRequest::get("http://h.test/a?q=x%20y&page=1&z=%2F");
        request.set_query(&pairs(&[("page", "2"), ("size", "a b")]));
        assert_eq!(&*request.url, "http://h.test/a?q=x%20y&z=%2F&page=2&size=a+b");
        assert_eq!(&*request.bare().url, "http://h.test/a");
    }

    #[test]
    fn a_json_body_is_merged_key_by_key() {
        let mut request = HttpRequest { body: Some(r#"{"a":{"b":1,"c":2}}"#.into()), ..HttpRequest::get("http://h.test/") };
        request.merge_json(json!({"a": {"c": 3}, "d": [4]}));
        assert_eq!(request.body.as_deref(), Some(&br#"{"a":{"b":1,"c":3},"d":[4]}"#[..]));
    }

    #[test]
    fn a_form_and_a_header_are_replaced() {
        let mut request = HttpRequest { body: Some("a=1&b=2".into()), ..HttpRequest::get("http://h.test/") };
        request.set_form(&pairs(&[("a", "3")]));
        assert_eq!(request.body.as_deref(), Some(&b"b=2&a=3"[..]));
        request.set_headers(vec![("Content-Type".to_owned(), Secret::new("x/y"))]);
        assert_eq!(request.headers.len(), 1);
    }
}
