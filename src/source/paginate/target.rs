//! Where in a request a page number or offset stands.

use crate::net::http::HttpRequest;
use serde_json::{Value as Json, json};

crate::words! {
    /// The part of a request that says which page is wanted.
    pub enum Part {
        /// A parameter of the address.
        Query = "query",
        /// A field of the form body.
        Form = "form",
        /// A field of the JSON body; dots lead into maps.
        Json = "json",
    }
}

/// Sets a number under a name.
pub fn set_number(request: &mut HttpRequest, part: Part, name: &str, number: usize) {
    match part {
        Part::Query => request.set_query(&[(name.to_owned(), number.to_string())]),
        Part::Form => request.set_form(&[(name.to_owned(), number.to_string())]),
        Part::Json => {
            let nested = name.rsplit('.').fold(json!(number), |inner, key| {
                let mut map = serde_json::Map::new();
                map.insert(key.to_owned(), inner);
                Json::Object(map)
            });
            request.merge_json(nested);
        }
    }
}
