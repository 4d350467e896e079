//! `raw`: the answer as one text.
//!
//! For plain words, and for answers of which only status and time matter. What is not UTF-8 becomes
//! U+FFFD with a warning; nothing is trimmed.
//!
//! ```yaml
//! decode: raw
//! ```

use super::{DecodeError, Decoded, Decoder, Options, text};
use crate::base::value::Value;
use crate::yaml::node::Node;
use crate::yaml::read::Reader;
use std::sync::Arc;

crate::fields! {
    /// The answer as one text.
    pub struct Raw, "decoder `raw`" {}
}

impl Options for Raw {
    const NAME: &'static str = "raw";

    fn compile(self, _: &Node, _: &mut Reader<'_>) -> Option<Arc<dyn Decoder>> {
        Some(Arc::new(self))
    }
}

impl Decoder for Raw {
    fn decode(&self, input: &[u8]) -> Result<Decoded, DecodeError> {
        let mut warnings = Vec::new();
        let doc = Value::text(&*text::lenient(input, &mut warnings));
        Ok(Decoded::with(doc, warnings))
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::testing::{document, warnings};

    #[test]
    fn the_text_is_kept_as_it_is() {
        assert_eq!(document("raw", b"\xef\xbb\xbf ok\r\n"), r#"" ok\r\n""#);
        assert_eq!(document("raw", b""), r#""""#);
        assert_eq!(document("raw", b"a\xff"), "\"a\u{fffd}\"");
        assert_eq!(warnings("raw", b"a\xff"), ["1 place is not UTF-8 and became U+FFFD, the first at byte 1"]);
    }
}
