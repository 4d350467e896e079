//! The address of a request as it was rendered, parsed when somebody first asks.
//!
//! A request that is the same in every run is kept, and its address with it: parsing takes longer than
//! everything else that comes before the first byte is sent.

use std::fmt::{self, Display};
use std::ops::Deref;
use std::sync::OnceLock;
use url::{ParseError, Url};

/// A text that is to be an absolute URL. It can be read as if it were the text.
#[derive(Clone)]
pub struct RequestUrl {
    text: String,
    parsed: OnceLock<Result<Url, ParseError>>,
}

impl RequestUrl {
    /// The URL.
    ///
    /// # Errors
    /// Why the text is none.
    pub fn parsed(&self) -> Result<&Url, ParseError> {
        self.parsed.get_or_init(|| Url::parse(&self.text)).as_ref().map_err(|why| *why)
    }
}

impl Deref for RequestUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Display for RequestUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<String> for RequestUrl {
    fn from(text: String) -> Self {
        RequestUrl { text, parsed: OnceLock::new() }
    }
}

impl From<Url> for RequestUrl {
    fn from(url: Url) -> Self {
        String::from(url).into()
    }
}
