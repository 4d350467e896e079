//! Headers of an answer, as they came: most specs never look at them, so nothing is copied until
//! somebody does.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;

/// Names in lower case with their values, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers(HeaderMap);

impl Headers {
    /// The first value of a name in lower case, if it is text.
    pub fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.0.get(name)?.as_bytes()).ok()
    }

    /// All values of a name in lower case that are text.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.get_all(name).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok()).collect()
    }

    /// Names and values; what is not UTF-8 in a value becomes U+FFFD.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
    }
}

impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        Headers(map)
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    /// What no header can be is left out.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            let parsed = (HeaderName::from_bytes(name.as_ref().as_bytes()), HeaderValue::from_bytes(value.as_ref().as_bytes()));
            if let (Ok(name), Ok(value)) = parsed {
                map.append(name, value);
            }
        }
        Headers(map)
    }
}
